"""What is decided by stands on the screen, in both languages, on a small one and on a phone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from hub.accounts.roles import Role
from tests.integration.console.conftest import Console, opened, playing, until

IMPORTANT = ("#lead-title", "#stage", "#timeline", "#shots", "#actions button", ".facts .summary", ".facts .figures")


def _on_screen(page: Page, selector: str) -> bool:
    box = page.locator(selector).first.bounding_box()
    size = page.viewport_size
    assert box is not None, selector
    assert size is not None
    return (
        box["x"] >= 0
        and box["y"] >= 0
        and box["x"] + box["width"] <= size["width"] + 0.5
        and box["y"] + box["height"] <= size["height"] + 0.5
    )


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("height", [768, 640])
def test_nothing_that_is_decided_by_lies_below_the_fold(
    console: Console, album: Path, language: str, height: int
) -> None:
    for number in range(1, 9):
        console.lead(number, plate=f"闽H3178{number}", level=("high", "medium", "low")[number % 3])
    page = console.operator(size=(1366, height), language=language)
    page.wait_for_selector('#viewer[data-ready="yes"]')
    playing(page)
    page.keyboard.press(" ")
    page.wait_for_timeout(300)
    page.screenshot(path=album / f"queue-{language}-{height}.png")
    assert [selector for selector in IMPORTANT if not _on_screen(page, selector)] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for key in ("z", "?"):
        page.keyboard.press(key)
        page.wait_for_timeout(300)
        page.screenshot(path=album / f"queue-{language}-{height}-{'plate' if key == 'z' else 'keys'}.png")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_on_a_phone_the_list_leads_to_a_lead_with_large_buttons(console: Console, album: Path, language: str) -> None:
    console.lead(1)
    console.lead(2, plate="闽H31783")
    page = console.operator(size=(390, 844), phone=True, language=language)
    page.wait_for_selector("#rows .row")
    page.screenshot(path=album / f"phone-list-{language}.png")
    assert page.locator("#viewer").is_hidden()
    page.locator('#rows .row[data-number="2"]').tap()
    opened(page, 2)
    playing(page)
    page.wait_for_timeout(300)
    page.screenshot(path=album / f"phone-lead-{language}.png")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for action in ("confirm", "reject"):
        button = page.locator(f'[data-action="{action}"]').bounding_box()
        assert button is not None
        assert button["height"] >= 44
        assert button["width"] >= 150
        assert button["y"] + button["height"] <= 844
    page.go_back()
    until(lambda: page.locator("#list").is_visible() and page.locator("#viewer").is_hidden(), "the list again")
    page.locator('#rows .row[data-number="2"]').tap()
    opened(page, 2)
    page.locator('[data-action="confirm"]').tap()
    opened(page, 1)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_one_entry_has_a_page_of_its_own_and_asks_what_for(console: Console, album: Path, language: str) -> None:
    console.lead()
    page = console.page(console.world.user(Role.LEGAL), "/entries/1", language=language)
    page.screenshot(path=album / f"entry-purpose-{language}.png")
    assert page.locator("#viewer").count() == 0, "a clue does not wait for a legal reviewer"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    opened(page, 1)
    playing(page)
    page.wait_for_timeout(300)
    page.screenshot(path=album / f"entry-{language}.png")
    links = [str(link.get_attribute("href")) for link in page.locator(".exports a").all()]
    assert links == [
        "/entries/1/export.pdf?purpose=appeal",
        "/entries/1/export.zip?purpose=appeal&originals=0",
        "/entries/1/export.zip?purpose=appeal&originals=1",
    ]
