"""Who may take a case file out, what for, and what is written down of it."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from hub.accounts.roles import Role
from hub.export import check_export
from hub.export.paper import PaperError
from hub.store.tables import access, audit
from tests.hub_worlds import HubWorld
from tests.unit.hub.casework import Bureau
from tests.unit.hub.export_cases import open_case, with_key


@pytest.fixture(autouse=True)
def quick_paper(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paper of one word; the real one has tests of its own."""
    monkeypatch.setattr("hub.export.take_out.make_paper", lambda *told: told[-1].write_bytes(b"%PDF paper"))


def steps(world: HubWorld) -> list[Any]:
    with world.parts.database.read() as connection:
        return list(connection.execute(sa.select(audit).where(audit.c.action == "export").order_by(audit.c.seq)))


def looks(world: HubWorld) -> list[Any]:
    with world.parts.database.read() as connection:
        return list(connection.execute(sa.select(access).where(access.c.what.like("export%")).order_by(access.c.id)))


@pytest.mark.parametrize(
    ("role", "originals", "status"),
    [
        (Role.LEGAL, 1, 200),
        (Role.LEGAL, 0, 200),
        (Role.REVIEWER, 0, 200),
        (Role.REVIEWER, 1, 403),
        (Role.AUDITOR, 0, 200),
        (Role.AUDITOR, 1, 403),
        (Role.OPERATOR, 0, 403),
        (Role.DISPATCHER, 0, 403),
        (Role.UNIT, 0, 403),
        (Role.ADMIN, 0, 403),
    ],
)
def test_a_case_file_is_for_those_who_may(hub: HubWorld, role: Role, originals: int, status: int) -> None:
    bureau = Bureau(hub)
    number = bureau.report()
    answer = hub.client(bureau.people[role]).get(f"/entries/{number}/export.zip?purpose=audit&originals={originals}")
    assert answer.status_code == status
    assert len(looks(hub)) == len(steps(hub)) == (status == 200)


def test_nobody_takes_a_case_file_out_without_logging_in(hub: HubWorld) -> None:
    number = Bureau(hub).report()
    assert hub.client().get(f"/entries/{number}/export.zip?purpose=audit").status_code == 303


@pytest.mark.parametrize("purpose", ["", "?purpose=", "?purpose=curiosity"])
def test_without_a_purpose_nothing_goes_out(hub: HubWorld, purpose: str) -> None:
    bureau = Bureau(hub)
    number = bureau.report()
    answer = hub.client(bureau.people[Role.LEGAL]).get(f"/entries/{number}/export.pdf{purpose}")
    assert answer.status_code == 422
    assert steps(hub) == looks(hub) == []


def test_what_there_is_not_is_not_found(hub: HubWorld) -> None:
    bureau = Bureau(hub)
    answer = hub.client(bureau.people[Role.LEGAL]).get("/entries/999/export.zip?purpose=audit")
    assert answer.status_code == 404
    assert list((hub.parts.settings.evidence.folder / "exports").iterdir()) == []


def test_what_was_sent_is_what_was_written_down(either_hub: HubWorld, tmp_path: Path) -> None:
    world = with_key(either_hub, tmp_path)
    bureau, number = open_case(world)
    person = bureau.people[Role.LEGAL]
    answer = world.client(person).get(f"/entries/{number}/export.zip?purpose=appeal&originals=1")
    digest = hashlib.sha256(answer.content)
    assert answer.headers["content-disposition"] == 'attachment; filename="case-2026-00001.zip"'
    assert answer.headers["repr-digest"] == f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"
    assert answer.headers["content-type"] == "application/zip"
    (step,) = steps(world)
    told = json.loads(step.body)
    assert (step.actor, step.number) == (person.name, number)
    assert (told["sha256"], told["bytes"]) == (digest.hexdigest(), len(answer.content))
    (look,) = looks(world)
    assert (look.user_id, look.number, look.what, look.purpose) == (person.id, number, "export.zip+originals", "appeal")
    assert look.until_ms == look.at_ms
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert packed.testzip() is None
    assert list((world.parts.settings.evidence.folder / "exports").iterdir()) == []


def test_a_report_of_another_source_is_taken_out_too(hub: HubWorld, tmp_path: Path) -> None:
    world = with_key(hub, tmp_path)
    bureau = Bureau(world)
    number = bureau.report()
    answer = world.client(bureau.people[Role.AUDITOR]).get(f"/entries/{number}/export.zip?purpose=audit")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        names = {name.partition("/")[2] for name in packed.namelist()}
        packed.extractall(tmp_path / "out")
    assert {"box/report.json", "case.json", "check.py", "SHA256SUMS.sig"} <= names
    assert check_export.main(next((tmp_path / "out").iterdir())) == 0


def test_what_cannot_be_made_is_said_and_not_written_down(hub: HubWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise PaperError("PDFs cannot be made (no Pango): install it")

    monkeypatch.setattr("hub.export.take_out.make_paper", broken)
    bureau = Bureau(hub)
    number = bureau.report()
    answer = hub.client(bureau.people[Role.LEGAL]).get(f"/entries/{number}/export.pdf?purpose=audit")
    assert answer.status_code == 503
    assert "install it" in answer.json()["detail"]
    assert steps(hub) == looks(hub) == []


def test_a_full_disk_refuses_before_anything_is_written(hub: HubWorld) -> None:
    bureau = Bureau(hub)
    number = bureau.report()
    evidence = hub.parts.settings.evidence.model_copy(update={"min_free_mib": 1 << 40})
    object.__setattr__(hub.parts, "settings", hub.parts.settings.model_copy(update={"evidence": evidence}))
    answer = hub.client(bureau.people[Role.LEGAL]).get(f"/entries/{number}/export.zip?purpose=audit")
    assert answer.status_code == 503
    assert "too full" in answer.json()["detail"]


def test_while_two_case_files_are_made_a_third_is_told_to_wait(hub: HubWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    bureau = Bureau(hub)
    number = bureau.report()
    going, made = threading.Barrier(3, timeout=10), threading.Event()

    def slow_paper(*told: Any) -> None:
        going.wait()
        made.wait(10)
        told[-1].write_bytes(b"%PDF paper")

    monkeypatch.setattr("hub.export.take_out.make_paper", slow_paper)
    client, address = hub.client(bureau.people[Role.LEGAL]), f"/entries/{number}/export.pdf?purpose=audit"
    with ThreadPoolExecutor(2) as pool:
        first = [pool.submit(hub.client(bureau.people[Role.LEGAL]).get, address) for _ in range(2)]
        going.wait()
        refused = client.get(address)
        made.set()
        assert [answer.result().status_code for answer in first] == [200, 200]
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "20")
    monkeypatch.setattr("hub.export.take_out.make_paper", lambda *told: told[-1].write_bytes(b"%PDF paper"))
    assert client.get(address).status_code == 200
