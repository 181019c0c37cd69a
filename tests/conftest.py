"""For all tests: properties are tried on the same examples every time, however slow the machine is."""

from hypothesis import settings

settings.register_profile("lushao", derandomize=True, deadline=None)
settings.load_profile("lushao")
