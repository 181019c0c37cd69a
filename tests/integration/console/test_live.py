"""The queue changes by itself and disturbs nobody; people see each other; the hub may go away and come back."""

from __future__ import annotations

from playwright.sync_api import Page

from hub.accounts.roles import Role
from hub.cases.desk import Wish, take_step
from hub.cases.machine import Action
from hub.intake.reports import judge_report
from hub.intake.take import take
from leads import Report, encode
from tests.integration.console.conftest import Console, opened, until
from tests.unit.leads.samples import NOON, sample_lead


def _numbers(page: Page) -> list[str | None]:
    return [row.get_attribute("data-number") for row in page.locator("#rows .row").all()]


def test_a_new_lead_slides_in_and_what_one_looks_at_stays_where_it_is(console: Console) -> None:
    for number in range(1, 13):
        console.lead(number, plate=f"闽H4{number:04}", level="medium", clip=False)
    page = console.operator()
    opened(page, 1)
    for number in (2, 3, 4):
        page.keyboard.press("j")
        opened(page, number)
    row = page.locator('#rows .row[data-number="4"]')
    before = row.bounding_box()
    console.lead(13, plate="闽H50000", level="high", clip=False)
    until(lambda: "13" in _numbers(page), "the new lead in the list")
    assert _numbers(page)[0] == "13", "the gravest is the first"
    assert row.bounding_box() == before
    assert page.locator("#viewer").get_attribute("data-open") == "4"
    assert page.locator("#new-above").is_visible()


def test_a_lead_comes_to_an_empty_queue_and_opens(console: Console) -> None:
    page = console.operator()
    page.wait_for_selector("#rows .empty")
    console.lead()
    opened(page, 1)


def test_people_see_who_else_has_a_lead_open(console: Console) -> None:
    console.lead()
    page = console.operator("wang")
    opened(page, 1)
    other = console.operator("zhao")
    opened(other, 1)
    until(lambda: "Zhao" in page.locator("#also").inner_text(), "the other's name in the head")
    until(lambda: "Zhao" in page.locator("#rows").inner_text(), "and in the list")
    assert "Wang" not in page.locator("#also").inner_text()
    other.close()
    console.world.clock.go(20)
    until(lambda: page.locator("#also").is_hidden(), "nobody else there")


def test_it_is_told_at_once_when_another_has_decided_the_open_lead(console: Console) -> None:
    console.lead(1)
    console.lead(2, plate="闽H31783")
    page = console.operator()
    opened(page, 1)
    zhao = console.world.user(Role.OPERATOR, name="zhao")
    take_step(console.world.parts, zhao, 1, Wish(Action.REJECT, 1, reason="not_the_act"))
    until(lambda: "Zhao" in page.locator("#banner").inner_text(), "who decided it")
    assert page.locator("#viewer").get_attribute("data-open") == "1", "it is not taken away"
    page.keyboard.press("j")
    opened(page, 2)
    until(lambda: _numbers(page) == ["2"], "it leaves the list")


def test_the_page_says_when_the_hub_is_away_and_goes_on_when_it_is_back(console: Console) -> None:
    console.lead(1)
    page = console.operator()
    opened(page, 1)
    page.wait_for_selector('#link-state[data-state="live"]')
    console.served.stop()
    page.wait_for_selector('#link-state[data-state="off"]')
    console.served.start()
    page.wait_for_selector('#link-state[data-state="live"]', timeout=20_000)
    console.lead(2, plate="闽H31783")
    until(lambda: "2" in _numbers(page), "the lead that came afterwards")


def test_a_log_in_that_is_over_is_said_with_the_way_back(console: Console) -> None:
    console.lead()
    user = console.world.user(Role.OPERATOR)
    page = console.page(user)
    opened(page, 1)
    console.world.clock.go(13 * 3600)
    page.keyboard.press("y")
    page.wait_for_selector('#toasts a[href="/login?next=%2Fqueue"]')


def test_a_report_of_another_source_stands_in_the_same_queue_and_is_decided_alike(console: Console) -> None:
    told = Report(
        report_id=sample_lead(7, box="hotline").lead_id,
        occurred_at=NOON,
        offence="overload",
        title="货车超载",
        summary="群众举报：货车明显超载 <b>今日</b>",
        place="岭下",
        reference="12345-7",
    )
    take(console.world.parts, [judge_report("hotline", encode(told))])
    page = console.operator()
    opened(page, 1)
    assert "<b>今日</b>" in page.locator(".facts .summary").inner_text(), "text is text"
    assert "12345-7" in page.locator("#facts").inner_text()
    page.keyboard.press("n")
    page.keyboard.press("1")
    page.wait_for_selector("#rows .empty")
