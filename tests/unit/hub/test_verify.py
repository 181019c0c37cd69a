"""Whoever touches what the hub holds is found out: what came in, what was decided, the log itself."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import typer
import yaml
from typer.testing import CliRunner

from hub.accounts.roles import Role
from hub.cases.commands import verify as verify_command
from hub.cases.machine import Action
from hub.intake.take import take
from hub.store.audit import AuditLog
from hub.store.tables import audit, entries, head, payloads, steps, updates
from hub.verify import Findings, verify
from leads import write_public_key
from tests.hub_worlds import CASES, HUB_KEY, HubWorld
from tests.unit.hub.casework import TO_LEGAL, TO_THE_END, Bureau
from tests.unit.hub.intakes import judged, signed_update

A, R = Action, Role


def _busy(hub: HubWorld) -> Bureau:
    """Entries 1 to 4 of a working day: filed, taken back and rejected, corrected, untouched; and an update."""
    bureau = Bureau(hub)
    bureau.go(bureau.lead("闽H00001"), *TO_THE_END)
    second = bureau.go(bureau.lead("闽H00002"), *TO_LEGAL)
    bureau.do(R.LEGAL, second, A.PASS_LEGAL)
    bureau.do(R.LEGAL, second, A.UNDO)
    bureau.do(R.LEGAL, second, A.REJECT)
    bureau.do(R.OPERATOR, bureau.lead("闽H00003"), A.CORRECT, plate="闽H33333", note="看清了")
    bureau.report("闽H00004")
    take(hub.parts, [judged(signed_update())])
    return bureau


def _verify(hub: HubWorld, **told: Any) -> Findings:
    return verify(hub.parts, [HUB_KEY.public_key()], **told)


def test_what_nobody_touched_holds(either_hub: HubWorld) -> None:
    _busy(either_hub)
    seen: list[tuple[int, int]] = []
    found = _verify(either_hub, evidence=True, progress=lambda done, total: seen.append((done, total)))
    assert (found.faults, found.entries, found.updates) == ([], 4, 1)
    assert seen == [(step, found.steps) for step in range(1, found.steps + 1)]


def test_an_empty_hub_holds(hub: HubWorld) -> None:
    assert (_verify(hub).faults, _verify(hub).head) == ([], "0" * 64)


def _change(table: sa.Table, number: int | None = None, **values: Any) -> Callable[[sa.Connection], None]:
    def change(connection: sa.Connection) -> None:
        where = [] if number is None else [table.c.number == number]
        assert connection.execute(sa.update(table).where(*where).values(**values)).rowcount

    return change


def _append(connection: sa.Connection) -> None:
    row = connection.execute(sa.select(entries).where(entries.c.number == 4)).one()._asdict()
    connection.execute(sa.insert(entries).values(row | {"number": 9, "entry_id": "0" * 26, "payload_sha256": "0" * 64}))


def _remove(connection: sa.Connection) -> None:
    connection.execute(sa.delete(payloads).where(payloads.c.number == 4))


def _forget_steps(connection: sa.Connection) -> None:
    connection.execute(sa.delete(steps).where(steps.c.number == 2))


@pytest.mark.parametrize(
    ("touch", "named"),
    [
        (_change(entries, 1, state="false_alarm", outcome="false_alarm"), "entry 1: state is 'false_alarm'"),
        (_change(entries, 1, case_number="2026-00009"), "entry 1: case_number"),
        (_change(entries, 2, state="opened"), "entry 2: state is 'opened', but by the log it is 'false_alarm'"),
        (_change(entries, 3, plate="闽H12345"), "entry 3: plate is '闽H12345', but by the log it is '闽H33333'"),
        (_change(entries, 4, plate="闽H12345"), "entry 4: plate"),
        (_change(entries, 4, level=3), "entry 4: level"),
        (_change(entries, 4, occurred_ms=1), "entry 4: occurred_ms"),
        (_change(entries, 4, kind="lead"), "entry 4: "),
        (_change(entries, 2, decided_ms=5), "entry 2: decided_ms"),
        (_change(payloads, 4, payload=b"{}"), "entry 4: what came in was changed"),
        (_change(updates, payload=b"{}"), "update"),
        (_change(steps, 1, user_name="another"), "entry 1: its table of steps"),
        (_change(steps, 2, undone_by=None), "entry 2: its table of steps"),
        (_forget_steps, "entry 2: its table of steps"),
        (_remove, "entry 4 ("),
        (_append, "entry 9 came in by no step of the log"),
        (_change(head, last_number=7), "the hub counts 7"),
    ],
)
def test_what_was_touched_by_hand_is_named(hub: HubWorld, touch: Callable[[sa.Connection], None], named: str) -> None:
    _busy(hub)
    with hub.parts.database.write() as connection:
        touch(connection)
    (fault,) = (fault for fault in _verify(hub).faults if not fault.startswith("entry 1: outcome"))
    assert fault.startswith(named) or named in fault


def _rewrite_log(hub: HubWorld, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
    """Write the log anew, links and all, as somebody with the whole database but without the hub's key could."""
    with hub.parts.database.write() as connection:
        old = [row._asdict() for row in connection.execute(sa.select(audit).order_by(audit.c.seq))]
        connection.execute(sa.text("DROP TRIGGER audit_no_delete"))
        connection.execute(sa.delete(audit))
        connection.execute(sa.update(head).values(audit_seq=0, audit_sha256="0" * 64))
    forger = AuditLog(hub.parts.database, None, hub.clock)
    with forger.begin() as books:
        for step in change(old):
            books.at_ms = step["at_ms"]
            books.add(step["actor"], step["action"], step["number"], yaml.safe_load(step["body"]))


def test_a_log_written_anew_lacks_the_signatures(hub: HubWorld) -> None:
    _busy(hub)
    noted = _verify(hub).head
    _rewrite_log(hub, lambda old: old[:-1])
    faults = _verify(hub, known_heads=[noted]).faults
    assert sum("is not signed" in fault for fault in faults) == len(faults) - 2
    assert faults[-1] == "1 updates are held, the log tells of 0"
    assert any(noted in fault for fault in faults)


def test_even_unsigned_a_forged_step_must_follow_the_rules_of_the_desk(hub: HubWorld) -> None:
    bureau = Bureau(hub)
    number = bureau.go(bureau.lead(), *TO_LEGAL)

    def skip_the_technical_review(old: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [step for step in old if step["action"] != "case.pass_technical"]

    bureau.go(number, A.PASS_LEGAL)
    _rewrite_log(hub, skip_the_technical_review)
    faults = verify(hub.parts).faults
    assert any("is pass_legal from legal_review, but the entry stood at technical_review" in fault for fault in faults)


def test_one_person_who_took_both_reviews_in_the_log_is_named(hub: HubWorld) -> None:
    bureau = Bureau(hub)
    bureau.go(bureau.lead(), *TO_LEGAL)

    def same_person(old: list[dict[str, Any]]) -> list[dict[str, Any]]:
        me = f'"user_id":{bureau.people[R.OPERATOR].id}'
        return [s | {"body": s["body"].replace(f'"user_id":{bureau.people[R.REVIEWER].id}', me)} for s in old]

    _rewrite_log(hub, same_person)
    assert any("were taken by one person" in fault for fault in verify(hub.parts).faults)


def test_signatures_of_a_box_without_a_key_are_said_to_be_unchecked(hub: HubWorld) -> None:
    _busy(hub)
    shutil.move(hub.folder / "boxes/box-1.pub", hub.folder / "boxes/box-9.pub")
    found = _verify(hub)
    assert (found.faults, found.unchecked) == ([], {"box-1": 4})


def test_the_signature_of_another_key_does_not_hold(hub: HubWorld) -> None:
    _busy(hub)
    (hub.folder / "boxes/box-1.pub").unlink()
    write_public_key(hub.folder / "boxes/box-1.pub", HUB_KEY.public_key())
    assert sum("box's signature does not hold" in fault for fault in _verify(hub).faults) == 4


# ---- the command


@pytest.fixture
def settings_file(hub: HubWorld) -> Path:
    """Settings of the hub, without its private key, as an auditor has them."""
    path = hub.folder / "hub.yaml"
    told = {
        "hub_id": "hub-1",
        "store": {"sqlite": "hub.db"},
        "evidence": {"folder": "evidence"},
        "cases": str(CASES),
        "box_keys": "boxes",
    }
    path.write_text(yaml.safe_dump(told), encoding="utf-8")
    write_public_key(hub.folder / "hub.pub", HUB_KEY.public_key())
    return path


def _run(*arguments: object) -> tuple[int, str]:
    app = typer.Typer()
    app.command()(verify_command)
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.output


def test_the_command_says_that_all_holds_and_prints_the_head(hub: HubWorld, settings_file: Path) -> None:
    _busy(hub)
    code, output = _run(settings_file, "--key", hub.folder / "hub.pub", "--head", _verify(hub).head, "--evidence")
    assert (code, f"head {_verify(hub).head}" in output, "as it was written" in output) == (0, True, True)


def test_the_command_fails_and_names_what_was_touched(hub: HubWorld, settings_file: Path) -> None:
    _busy(hub)
    with hub.parts.database.write() as connection:
        _change(entries, 4, plate="闽H99999")(connection)
    code, output = _run(settings_file)
    assert (code, "entry 4: plate is '闽H99999'" in output) == (1, True)
    assert "for want of the hub's key" in output
    assert _run(settings_file, "--head", "ab" * 32)[0] == 1


def test_the_command_does_not_take_a_wrong_file_for_an_empty_hub(settings_file: Path) -> None:
    text = settings_file.read_text(encoding="utf-8").replace("hub.db", "other.db")
    settings_file.write_text(text, encoding="utf-8")
    code, output = _run(settings_file)
    assert (code, "there is no" in output) == (1, True)
    assert not settings_file.with_name("other.db").exists()
