"""The real console in a real browser: the application on a port of its own, Chromium before it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from hub.accounts.roles import Role
from hub.accounts.user import User
from hub.web.app import create_app
from hub.web.deps import cookie_name
from leads.uploads import CHUNK_BYTES
from tests.hub_worlds import HubWorld
from tests.integration.console.films import TIPPER, Pass, seal_pass
from tests.unit.hub.sealed import Box, SealedLead, arrive

CHROMIUM: Final = os.environ.get("LUSHAO_CHROMIUM", "/usr/bin/chromium")
EXPECTED: Final = ("net::ERR_", "status of 401", "status of 403", "status of 409")
"""What a browser says on its console of answers that a test asks for: of refusals, and while the hub is away."""


class Served:
    """The application on 127.0.0.1; it can go away and come back at the same address."""

    def __init__(self, world: HubWorld) -> None:
        self.world = world
        self.port = 0
        self.start()

    def start(self) -> None:
        """Serve; returns when it does."""
        app = create_app(self.world.parts)
        config = uvicorn.Config(app, "127.0.0.1", self.port, log_level="critical", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        until(lambda: self._server.started, "the console serves")
        self.port = self._server.servers[0].sockets[0].getsockname()[1]

    def stop(self) -> None:
        """Go away, with every connection cut."""
        self._server.should_exit = True
        self._thread.join(20)

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self.port}"


def until(true: Callable[[], Any], what: str, timeout_s: float = 20.0) -> Any:
    """Wait for something; what it is, in the end."""
    ends = time.monotonic() + timeout_s
    while not (found := true()):
        assert time.monotonic() < ends, f"not within {timeout_s:g} s: {what}"
        time.sleep(0.02)
    return found


@dataclass
class Console:
    """A hub, its console, and people before it."""

    world: HubWorld
    served: Served
    browser: Browser
    faults: list[str] = field(default_factory=list)
    _contexts: list[BrowserContext] = field(default_factory=list)

    def lead(self, number: int = 1, passed: Pass = TIPPER, *, clip: bool = True, **told: Any) -> SealedLead:
        """A lead comes in with its evidence, but for the clip where it is still at the box."""
        sealed = seal_pass(number, passed, **told)
        arrive(self.world, sealed)
        self.keep(sealed, *(name for name in sealed.contents if clip or name != "clip.mp4"))
        return sealed

    def keep(self, sealed: SealedLead, *names: str) -> None:
        """Files of a lead come in, at the door for boxes."""
        with httpx.Client(base_url=self.served.url) as client:
            box = Box(self.world, client=client)
            for name in names:
                content = sealed.contents[name]
                for at in range(0, len(content), CHUNK_BYTES):
                    answer = box.send(sealed.lead.lead_id, name, content[at : at + CHUNK_BYTES], at)
                    assert answer.is_success, answer.text

    def page(
        self,
        user: User,
        path: str = "/queue",
        *,
        size: tuple[int, int] = (1366, 768),
        language: str = "zh",
        phone: bool = False,
    ) -> Page:
        """A page that a person has opened."""
        context = self.browser.new_context(
            viewport={"width": size[0], "height": size[1]}, is_mobile=phone, has_touch=phone, locale="zh-CN"
        )
        self._contexts.append(context)
        token, _ = self.world.session(user)
        context.add_cookies(
            [
                {"name": cookie_name(self.world.parts), "value": token, "url": self.served.url},
                {"name": "lushao_language", "value": language, "url": self.served.url},
            ]
        )
        page = context.new_page()
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", self._hear)
        page.goto(self.served.url + path)
        return page

    def operator(self, name: str = "wang", **given: Any) -> Page:
        """The queue as an operator has it."""
        return self.page(self.world.user(Role.OPERATOR, name=name), **given)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(word in message.text for word in EXPECTED):
            self.faults.append(message.text)

    def close(self) -> None:
        """All leave."""
        for context in self._contexts:
            context.close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def console(hub: HubWorld, chromium: Browser) -> Iterator[Console]:
    """A console; in the end no script of it may have failed, nor anything have broken its rules of content."""
    served = Served(hub)
    console = Console(hub, served, chromium)
    try:
        yield console
    finally:
        console.close()
        served.stop()
    assert console.faults == []


@pytest.fixture
def album(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go, to be looked at: the folder that LUSHAO_SCREENSHOTS names, or a temporary one."""
    given = os.environ.get("LUSHAO_SCREENSHOTS")
    folder = Path(given) if given else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


# ---- looking at a page


def opened(page: Page, number: int) -> None:
    """Wait until an entry is open and can be decided."""
    page.wait_for_selector(f'#viewer[data-open="{number}"][data-ready="yes"]')


def playing(page: Page) -> None:
    """Wait until its film is on the stage."""
    page.wait_for_selector('#stage[data-shows="video"]')
    page.wait_for_function("document.querySelector('video').readyState >= 2")


def at(page: Page) -> float:
    """Time of the frame on the stage, in seconds of the clip."""
    return float(page.locator("#stage canvas").get_attribute("data-at") or "nan")
