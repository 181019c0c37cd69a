"""People of a hub who have passwords, and browsers that log in as they do."""

from __future__ import annotations

import re
from dataclasses import dataclass

import sqlalchemy as sa
from httpx2 import Response
from starlette.testclient import TestClient

from hub.accounts import passwords
from hub.accounts.roles import Role
from hub.accounts.user import User
from hub.store.tables import audit, sessions, users
from hub.web.app import create_app
from hub.web.deps import cookie_name
from tests.hub_worlds import HubWorld

PASSWORD = "a quiet road at noon"
HASH = passwords.hashed(PASSWORD)


def person(hub: HubWorld, *roles: Role, name: str = "zhang.wei", **columns: object) -> User:
    """Somebody whose password is PASSWORD."""
    user = hub.user(*roles, name=name)
    with hub.parts.database.write() as connection:
        connection.execute(sa.update(users).where(users.c.id == user.id).values(password=HASH, **columns))
    return user


@dataclass
class Browser:
    """A browser before the hub: it keeps cookies and sends the forms that it was shown."""

    hub: HubWorld
    client: TestClient

    @classmethod
    def at(cls, hub: HubWorld, address: str = "192.0.2.7") -> Browser:
        """A new one, with no cookies, at an address."""
        client = TestClient(
            create_app(hub.parts),
            base_url="http://127.0.0.1:8080",
            follow_redirects=False,
            client=(address, 50000),
            headers={"accept": "text/html"},
        )
        return cls(hub, client)

    def send(self, page: str, to: str, **fields: object) -> Response:
        """Open a page and send a form of it, with what the page hides in it."""
        shown = self.client.get(page)
        return self.client.post(to, data={"csrf": hidden(shown, "csrf"), **fields})

    def log_in(self, name: str = "zhang.wei", password: str = PASSWORD, next: str = "") -> Response:
        """Send the log-in form."""
        return self.send(f"/login?next={next}" if next else "/login", "/login", name=name, password=password, next=next)

    def give_code(self, shown: Response, code: str) -> Response:
        """Send the form for the one-time code that was shown."""
        fields = {name: hidden(shown, name) for name in ("csrf", "ticket", "next")}
        return self.client.post("/login/code", data={**fields, "code": code})

    @property
    def token(self) -> str | None:
        """What the session's cookie holds."""
        return self.client.cookies.get(cookie_name(self.hub.parts))

    def is_in(self) -> bool:
        """Whether the browser is logged in."""
        return self.client.get("/account/password").status_code == 200


def hidden(shown: Response, name: str) -> str:
    """A hidden field of a form."""
    found = re.search(rf'name="{name}" value="([^"]*)"', shown.text)
    assert found is not None, shown.text
    return found[1]


def row(hub: HubWorld, name: str = "zhang.wei") -> sa.Row[*tuple[object, ...]]:
    """An account's row."""
    with hub.parts.database.read() as connection:
        return connection.execute(sa.select(users).where(users.c.name == name)).one()


def logged(hub: HubWorld) -> list[str]:
    """The steps of the log, in their order."""
    with hub.parts.database.read() as connection:
        return list(connection.execute(sa.select(audit.c.action).order_by(audit.c.seq)).scalars())


def sessions_held(hub: HubWorld) -> int:
    """How many sessions there are."""
    with hub.parts.database.read() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(sessions)).scalar_one()
