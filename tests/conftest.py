"""For all tests: properties are tried on the same examples every time, however slow the machine is."""

from hypothesis import settings

from tests.hub_worlds import either_hub, hub, hub_on_postgres, postgres_server, sqlite_template

__all__ = ["either_hub", "hub", "hub_on_postgres", "postgres_server", "sqlite_template"]

settings.register_profile("lushao", derandomize=True, deadline=None)
settings.load_profile("lushao")
