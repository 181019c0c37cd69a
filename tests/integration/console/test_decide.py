"""Leads are decided by key, and what the hub does not take is told of."""

from __future__ import annotations

import time

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page

from hub.accounts.roles import Role
from hub.cases.desk import Wish, take_step
from hub.cases.machine import Action, State
from hub.store.tables import entries, steps
from tests.integration.console.conftest import Console, opened, playing, until

NEXT_MS = 300
"""Within this the next lead can be decided once a key has decided one (on an idle machine it takes a tenth of it)."""
TIME_TO_NEXT = """() => {
  window.spent = [];
  addEventListener('keydown', (event) => {
    if (event.key !== 'y') return;
    const began = performance.now();
    const viewer = document.querySelector('#viewer');
    const before = viewer.dataset.open;
    const look = () => {
      const there = viewer.dataset.open !== before && viewer.dataset.ready === 'yes';
      if (there) window.spent.push(performance.now() - began);
      else setTimeout(look, 1);
    };
    setTimeout(look);
  }, true);
}"""


def state(console: Console, number: int) -> str:
    """Where an entry stands, by the store."""
    with console.world.parts.database.read() as connection:
        return str(connection.scalar(sa.select(entries.c.state).where(entries.c.number == number)))


def last_step(console: Console, number: int) -> sa.Row[tuple[object, ...]]:
    """The last step of an entry, by the store."""
    with console.world.parts.database.read() as connection:
        return connection.execute(
            sa.select(steps).where(steps.c.number == number).order_by(steps.c.seq.desc()).limit(1)
        ).one()


def confirmed(console: Console, number: int) -> None:
    """Wait until an entry is confirmed, by the store."""
    until(lambda: state(console, number) == State.TECHNICAL_REVIEW, f"the confirmation of {number}")


def told(page: Page, words: str) -> None:
    """Wait for words at the edge of the page."""
    until(lambda: words in page.locator("#toasts").inner_text(), f"the page says {words}")


def test_a_lead_is_decided_within_five_seconds_of_opening_the_page_without_a_mouse(console: Console) -> None:
    console.lead()
    operator = console.world.user(Role.OPERATOR)
    began = time.monotonic()
    page = console.page(operator)
    opened(page, 1)
    playing(page)
    page.keyboard.press("y")
    confirmed(console, 1)
    assert time.monotonic() - began < 5


def test_the_next_lead_is_open_at_once_when_one_is_decided(console: Console) -> None:
    for number in range(1, 6):
        console.lead(number, plate=f"闽H3178{number}")
    page = console.operator()
    opened(page, 1)
    page.evaluate(TIME_TO_NEXT)
    for number in (1, 2, 3):
        opened(page, number)
        playing(page)
        page.wait_for_timeout(700)
        page.keyboard.press("y")
        opened(page, number + 1)
        confirmed(console, number)
    spent = page.evaluate("window.spent")
    assert len(spent) == 3
    assert sorted(spent)[1] < NEXT_MS, spent


def test_a_rejection_takes_two_keys_and_bears_its_reason(console: Console) -> None:
    console.lead()
    page = console.operator()
    opened(page, 1)
    page.keyboard.press("n")
    page.keyboard.press("3")
    until(lambda: state(console, 1) == State.FALSE_ALARM, "the rejection")
    assert last_step(console, 1).reason == "wrong_class"


def test_a_note_goes_with_the_reason(console: Console) -> None:
    console.lead()
    page = console.operator()
    opened(page, 1)
    page.keyboard.press("n")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type("3 axles, not 4")
    page.keyboard.press("Enter")
    until(lambda: state(console, 1) == State.FALSE_ALARM, "the rejection")
    assert (last_step(console, 1).reason, last_step(console, 1).note) == ("wrong_vehicle", "3 axles, not 4")


def test_a_question_can_be_left_and_keys_belong_to_the_page_again(console: Console) -> None:
    console.lead(1)
    console.lead(2, plate="闽H31783")
    page = console.operator()
    opened(page, 1)
    for key in ("n", "d", "m", "e"):
        page.keyboard.press(key)
        page.wait_for_selector("#ask[open]")
        page.keyboard.press("Escape")
        page.wait_for_selector("#ask:not([open])", state="attached")
    page.keyboard.press("j")
    opened(page, 2)
    assert (state(console, 1), state(console, 2)) == (State.CLUE, State.CLUE)


def test_undo_takes_the_last_step_back_and_opens_its_lead(console: Console) -> None:
    console.lead(1)
    console.lead(2, plate="闽H31783")
    page = console.operator()
    opened(page, 1)
    page.keyboard.press("y")
    opened(page, 2)
    page.keyboard.press("u")
    until(lambda: state(console, 1) == State.CLUE, "the step taken back")
    opened(page, 1)
    until(lambda: page.locator("#rows .row").count() == 2, "both leads in the list")
    assert [row.get_attribute("data-number") for row in page.locator("#rows .row").all()] == ["1", "2"]


def test_a_repeat_is_offered_with_the_likely_entry(console: Console) -> None:
    console.lead(1)
    console.lead(2)
    page = console.operator()
    opened(page, 1)
    page.keyboard.press("j")
    opened(page, 2)
    page.keyboard.press("d")
    assert page.locator("#ask input[name=other]").input_value() == "1"
    page.keyboard.press("Enter")
    until(lambda: state(console, 2) == State.DUPLICATE, "the duplicate")


def test_plate_axles_and_box_are_put_right_beside_the_film(console: Console) -> None:
    console.lead()
    page = console.operator()
    opened(page, 1)
    playing(page)
    page.keyboard.press("e")
    page.keyboard.type("闽H31780")
    page.locator("#ask input[name=axle_count]").fill("5")
    stage = page.locator("#stage").bounding_box()
    assert stage is not None
    page.mouse.move(stage["x"] + 200, stage["y"] + 150)
    page.mouse.down()
    page.mouse.move(stage["x"] + 400, stage["y"] + 300, steps=4)
    page.mouse.up()
    page.wait_for_function("/\\d/.test(document.querySelector('#ask .box-told').textContent)")
    page.locator("#ask button.primary").click()
    until(lambda: state(console, 1) == State.CLUE and "闽H·31780" in page.locator("#lead-title").inner_text(), "it")
    step = last_step(console, 1)
    assert step.action == Action.CORRECT
    assert '"axle_count":5' in step.correction
    assert '"box":[' in step.correction
    assert "31782 → 闽H31780" in page.locator("#facts").inner_text()


def test_who_was_first_is_told_where_somebody_else_decided(console: Console) -> None:
    console.lead(1)
    console.lead(2, plate="闽H31783")
    page = console.operator()
    other = console.world.user(Role.OPERATOR, name="zhao")
    opened(page, 1)
    page.route("**/api/live", lambda route: route.abort())
    take_step(console.world.parts, other, 1, Wish(Action.REJECT, 1, reason="not_the_act"))
    page.keyboard.press("y")
    told(page, "Zhao")
    assert state(console, 1) == State.FALSE_ALARM


def test_a_decision_without_connection_is_refused_and_nothing_is_lost(console: Console) -> None:
    console.lead(1)
    console.lead(2, plate="闽H31783")
    page = console.operator()
    opened(page, 1)
    page.context.set_offline(True)
    page.wait_for_selector('#link-state[data-state="off"]')
    page.keyboard.press("y")
    told(page, "第 1 号")
    assert page.locator("#viewer").get_attribute("data-open") == "1"
    assert state(console, 1) == State.CLUE
    page.context.set_offline(False)
    page.wait_for_selector('#link-state[data-state="live"]')
    page.keyboard.press("y")
    confirmed(console, 1)


def test_a_decision_that_the_hub_does_not_answer_comes_back_to_the_list(console: Console) -> None:
    console.lead(1)
    console.lead(2, plate="闽H31783")
    page = console.operator()
    opened(page, 1)
    page.route("**/actions", lambda route: route.abort())
    page.keyboard.press("y")
    opened(page, 2)
    told(page, "第 1 号")
    page.wait_for_selector('#rows .row.not_sent[data-number="1"]')
    assert state(console, 1) == State.CLUE


def test_an_auditor_sees_all_and_decides_nothing(console: Console) -> None:
    console.lead()
    page = console.page(console.world.user(Role.AUDITOR), "/entries/1?purpose=audit")
    opened(page, 1)
    assert page.locator("#actions button").count() == 0
    page.keyboard.press("y")
    page.keyboard.press("n")
    assert page.locator("#ask").is_hidden()
    answer = page.evaluate(
        """async () => {
          const token = document.querySelector('meta[name=csrf]').content;
          const headers = {'Content-Type': 'application/json', 'X-CSRF-Token': token};
          const body = JSON.stringify({action: 'confirm', version: 1});
          return (await fetch('/api/entries/1/actions', {method: 'POST', headers, body})).status;
        }"""
    )
    assert answer == 403
    assert state(console, 1) == State.CLUE


@pytest.mark.parametrize("key", ["p", "y"])
def test_a_reviewer_passes_what_an_operator_confirmed(console: Console, key: str) -> None:
    console.lead()
    operator, reviewer = console.world.user(Role.OPERATOR), console.world.user(Role.REVIEWER)
    take_step(console.world.parts, operator, 1, Wish(Action.CONFIRM, 1))
    page = console.page(reviewer)
    opened(page, 1)
    page.keyboard.press(key)
    until(lambda: state(console, 1) == State.LEGAL_REVIEW, "the technical review")


def test_who_confirmed_may_not_pass_the_review_too(console: Console) -> None:
    console.lead()
    both = console.world.user(Role.OPERATOR, Role.REVIEWER)
    page = console.page(both)
    opened(page, 1)
    page.keyboard.press("y")
    confirmed(console, 1)
    page.reload()
    opened(page, 1)
    assert page.locator('[data-action="pass_technical"]').is_disabled()
    page.keyboard.press("p")
    told(page, "双人复核")
    assert state(console, 1) == State.TECHNICAL_REVIEW


def test_opening_a_case_asks_once_more(console: Console) -> None:
    console.lead()
    parts = console.world.parts
    take_step(parts, console.world.user(Role.OPERATOR), 1, Wish(Action.CONFIRM, 1))
    take_step(parts, console.world.user(Role.REVIEWER), 1, Wish(Action.PASS_TECHNICAL, 2))
    page = console.page(console.world.user(Role.LEGAL))
    opened(page, 1)
    page.keyboard.press("p")
    page.wait_for_selector("#ask[open]")
    assert state(console, 1) == State.LEGAL_REVIEW
    page.keyboard.press("Enter")
    until(lambda: state(console, 1) == State.OPENED, "the case")
