"""What is not in the queue is found by its plate, place, time, class or state."""

from __future__ import annotations

from pathlib import Path

from tests.integration.console.conftest import Console, opened, until


def test_a_plate_is_found_and_its_entry_opened_by_key(console: Console, album: Path) -> None:
    console.lead(1, clip=False)
    console.lead(2, plate="闽H62905", clip=False)
    page = console.operator(path="/search")
    until(lambda: page.locator("#results tbody tr").count() == 2, "all entries at first")
    page.keyboard.type("629")
    page.keyboard.press("Enter")
    until(lambda: page.locator("#results tbody tr").count() == 1, "the one that fits")
    assert page.url.endswith("/search?plate=629"), "what is asked stands in the address"
    page.screenshot(path=album / "search-zh.png")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    opened(page, 2)


def test_a_search_is_kept_under_a_name(console: Console, album: Path) -> None:
    console.lead(1, clip=False)
    console.lead(2, plate="闽H62905", level="low", clip=False)
    page = console.operator(path="/search?level=1", language="en")
    until(lambda: page.locator("#results tbody tr").count() == 1, "the low one")
    page.locator("#keep").click()
    page.keyboard.type("low ones")
    page.keyboard.press("Enter")
    page.wait_for_selector("#saved li")
    page.goto(page.url.partition("?")[0])
    until(lambda: page.locator("#results tbody tr").count() == 2, "all")
    page.get_by_role("button", name="low ones", exact=True).click()
    until(lambda: page.locator("#results tbody tr").count() == 1, "the kept search")
    page.screenshot(path=album / "search-en.png")


def test_nothing_found_is_said(console: Console) -> None:
    page = console.operator(path="/search?plate=000")
    until(lambda: "没有找到" in page.locator("#count").inner_text(), "that nothing was found")
