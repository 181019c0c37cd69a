"""The door for boxes: evidence comes in whole and once, from the box it belongs to, whatever happens on the way."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from hub.evidence.check import check_entry
from hub.evidence.files import ask_for, evidence_of
from hub.store.tables import audit, entries, files
from hub.wall.view import note_watcher
from leads.uploads import CHUNK_BYTES, FRAME_BYTES, OFFSET_HEADER, sign_request
from tests.hub_worlds import BOX_KEY, HubWorld
from tests.unit.hub.intakes import OTHER_KEY
from tests.unit.hub.sealed import Box, SealedLead, arrive, column, seal

JPEG = b"\xff\xd8\xff\xe0 picture \xff\xd9"


def arrived(world: HubWorld, number: int = 1, **told: Any) -> tuple[int, SealedLead, Box]:
    sealed = seal(number, **told)
    return arrive(world, sealed)[0], sealed, Box(world)


def steps(world: HubWorld, action: str) -> list[Any]:
    with world.parts.database.read() as connection:
        return list(connection.execute(sa.select(audit).where(audit.c.action == action)))


def parts_of(world: HubWorld) -> list[str]:
    folder = world.parts.settings.evidence.folder / "parts"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_all_evidence_of_a_lead_comes_and_is_written_down_once(either_hub: HubWorld) -> None:
    number, sealed, box = arrived(either_hub)
    assert column(either_hub, number, "evidence") == 1
    assert box.wanted(sealed.lead.lead_id).held == ()
    assert box.names() == ["panorama-1.jpg", "track.json", "clip.mp4", "manifest.json", "manifest.sig"]
    box.send_all(sealed)
    assert column(either_hub, number, "evidence") == 2
    assert [(step.number, step.actor) for step in steps(either_hub, "evidence")] == [(number, "hub:hub-1")]
    assert box.names() == []
    assert box.wanted(sealed.lead.lead_id).held == (sealed.lead.lead_id,)
    assert parts_of(either_hub) == []
    assert check_entry(either_hub.parts, number) == []


def test_a_large_file_comes_in_pieces(hub: HubWorld) -> None:
    clip = os.urandom(2 * CHUNK_BYTES + 5)
    _, sealed, box = arrived(hub, files={"clip.mp4": clip})
    lead_id = sealed.lead.lead_id
    at = 0
    while at < len(clip):
        answer = box.send(lead_id, "clip.mp4", clip[at : at + CHUNK_BYTES], at)
        assert answer.status_code == 204
        at = int(answer.headers[OFFSET_HEADER])
        assert box.offset(lead_id, "clip.mp4") == at
    assert box.names() == ["manifest.json", "manifest.sig"]


def test_a_piece_that_does_not_fit_on_is_told_where_to_go_on(hub: HubWorld) -> None:
    _, sealed, box = arrived(hub, files={"clip.mp4": b"0123456789"})
    lead_id = sealed.lead.lead_id
    box.send(lead_id, "clip.mp4", b"0123")
    for at in (0, 3, 5, 10):
        answer = box.send(lead_id, "clip.mp4", b"4", at)
        assert (answer.status_code, answer.headers[OFFSET_HEADER]) == (409, "4")
    assert box.send(lead_id, "clip.mp4", b"456789", 4).status_code == 204


def test_sent_again_it_does_no_harm(either_hub: HubWorld) -> None:
    number, sealed, box = arrived(either_hub)
    box.send_all(sealed)
    answer = box.send(sealed.lead.lead_id, "track.json", sealed.contents["track.json"])
    assert (answer.status_code, answer.headers[OFFSET_HEADER]) == (204, "2")
    assert len(steps(either_hub, "evidence")) == 1
    assert column(either_hub, number, "evidence") == 2


def test_a_wrong_file_is_dropped_and_written_down_and_after_three_times_not_asked_for(either_hub: HubWorld) -> None:
    number, sealed, box = arrived(either_hub)
    wrong = b"x" * len(sealed.contents["clip.mp4"])
    for time in range(3):
        assert "clip.mp4" in box.names()
        answer = box.send(sealed.lead.lead_id, "clip.mp4", wrong)
        assert answer.status_code == 422
        assert "SHA-256" in answer.json()["detail"]
        assert box.offset(sealed.lead.lead_id, "clip.mp4") == 0
        assert len(steps(either_hub, "evidence_refused")) == time + 1
    assert "clip.mp4" not in box.names()
    assert box.send(sealed.lead.lead_id, "clip.mp4", wrong).status_code == 422
    assert len(steps(either_hub, "evidence_refused")) == 3  # who goes on with it does not make the log grow
    with either_hub.parts.database.read() as connection:
        evidence = evidence_of(connection, number)
    assert evidence is not None
    clip = evidence.file("clip.mp4")
    assert clip is not None
    ask_for(either_hub.parts, number, clip)
    assert box.names()[0] == "clip.mp4"
    box.send_all(sealed)
    assert column(either_hub, number, "evidence") == 2


def test_a_signature_of_another_is_refused(hub: HubWorld) -> None:
    _, sealed, box = arrived(hub)
    lead_id = sealed.lead.lead_id
    assert box.send(lead_id, "manifest.sig", sealed.contents["manifest.sig"]).status_code == 503
    assert box.send(lead_id, "manifest.json", sealed.contents["manifest.json"]).status_code == 204
    for forged in (b"", b"{}", sealed.contents["manifest.sig"].replace(b'"value":"', b'"value":"AA')[:-2] + b'"}'):
        assert box.send(lead_id, "manifest.sig", forged).status_code == 422


def test_a_manifest_that_is_not_the_leads_is_refused(hub: HubWorld) -> None:
    _, sealed, box = arrived(hub)
    other = seal(2).contents["manifest.json"]
    assert box.send(sealed.lead.lead_id, "manifest.json", other).status_code == 422


def test_an_empty_file_comes_with_an_empty_piece(hub: HubWorld) -> None:
    _, sealed, box = arrived(hub, files={"track.json": b""})
    assert box.send(sealed.lead.lead_id, "track.json", b"").status_code == 204
    assert "track.json" not in box.names()


def test_what_a_crash_left_whole_is_finished_when_the_box_asks(hub: HubWorld) -> None:
    number, sealed, box = arrived(hub)
    folder = hub.parts.settings.evidence.folder / "parts"
    folder.mkdir(parents=True)
    content = sealed.contents["clip.mp4"]
    (folder / f"{number}.clip.mp4").write_bytes(content)
    assert box.offset(sealed.lead.lead_id, "clip.mp4") == len(content)
    assert "clip.mp4" not in box.names()
    assert parts_of(hub) == []


def test_an_entry_whose_row_a_crash_left_behind_is_settled(either_hub: HubWorld) -> None:
    number, sealed, box = arrived(either_hub)
    box.send_all(sealed)
    with either_hub.parts.database.write() as connection:
        connection.execute(sa.update(entries).values(evidence=1, fetched=0))
    assert box.names() == []
    assert column(either_hub, number, "evidence") == 2


def test_two_who_send_the_same_file_at_once_do_no_harm(either_hub: HubWorld) -> None:
    clip = os.urandom(200_000)
    number, sealed, _ = arrived(either_hub, files={"clip.mp4": clip})
    lead_id = sealed.lead.lead_id

    def send() -> None:
        box = Box(either_hub)
        at = 0
        for _ in range(200):
            answer = box.send(lead_id, "clip.mp4", clip[at : at + 20_000], at)
            assert answer.status_code in (204, 409), answer.text
            at = int(answer.headers[OFFSET_HEADER])
            if at == len(clip):
                return
        raise AssertionError("it never came to an end")

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert check_entry(either_hub.parts, number) == []
    assert parts_of(either_hub) == []


def test_a_file_the_box_has_deleted_is_not_asked_for_until_somebody_asks(either_hub: HubWorld) -> None:
    number, sealed, box = arrived(either_hub)
    target = f"/boxes/v1/files/{sealed.lead.lead_id}/clip.mp4/gone"
    for _ in range(2):
        assert box.ask("PUT", target).status_code == 204
    assert "clip.mp4" not in box.names()
    box.send_all(sealed)
    assert box.names() == []
    assert column(either_hub, number, "evidence") == 1
    assert len(steps(either_hub, "evidence_gone")) == 1
    with either_hub.parts.database.read() as connection:
        evidence = evidence_of(connection, number)
    assert evidence is not None
    clip = evidence.file("clip.mp4")
    assert clip is not None
    assert clip.gone_ms is not None
    ask_for(either_hub.parts, number, clip)
    assert [(f.name, f.urgent) for f in box.wanted().files] == [("clip.mp4", True)]


def test_only_the_kinds_that_are_set_come_by_themselves(hub: HubWorld) -> None:
    evidence = hub.parts.settings.evidence.model_copy(update={"fetch": ("picture", "track")})
    object.__setattr__(hub.parts, "settings", hub.parts.settings.model_copy(update={"evidence": evidence}))
    number, sealed, box = arrived(hub)
    box.send_all(sealed)
    assert box.names() == []
    assert (column(hub, number, "evidence"), column(hub, number, "fetched")) == (1, 3)
    with hub.parts.database.read() as connection:
        found = evidence_of(connection, number)
    assert found is not None
    ask_for(hub.parts, number, found.files[[f.name for f in found.files].index("clip.mp4")])
    box.send_all(sealed)
    assert column(hub, number, "evidence") == 2


def test_the_urgent_comes_first_then_what_is_looked_at_then_the_gravest(either_hub: HubWorld) -> None:
    leads = [seal(n, suspect_level=level) for n, level in enumerate(("low", "high", "medium", "low"), start=1)]
    numbers = arrive(either_hub, *leads)
    box = Box(either_hub)
    with either_hub.parts.database.write() as connection:
        connection.execute(sa.update(entries).where(entries.c.number == numbers[2]).values(looked_ms=5))
    with either_hub.parts.database.read() as connection:
        first = evidence_of(connection, numbers[0])
    assert first is not None
    ask_for(either_hub.parts, numbers[0], first.files[2])
    found = box.wanted().files
    assert [f.urgent for f in found][:2] == [True, False]
    order = list(dict.fromkeys(f.lead_id for f in found))
    assert order == [leads[i].lead.lead_id for i in (0, 2, 1, 3)]
    assert len({(f.lead_id, f.name) for f in found}) == len(found)


def test_the_list_has_an_end(hub: HubWorld) -> None:
    arrive(hub, *(seal(n) for n in range(1, 12)))
    assert len(Box(hub).names()) == 20


def test_nothing_is_fetched_onto_a_full_disk(hub: HubWorld) -> None:
    _, sealed, box = arrived(hub)
    evidence = hub.parts.settings.evidence.model_copy(update={"min_free_mib": 1 << 40})
    object.__setattr__(hub.parts, "settings", hub.parts.settings.model_copy(update={"evidence": evidence}))
    answer = box.wanted()
    assert (answer.files, answer.ask_again_s) == ((), 60)
    refused = box.send(sealed.lead.lead_id, "track.json", b"{}")
    assert (refused.status_code, "full" in refused.json()["detail"]) == (503, True)
    assert "Retry-After" in refused.headers


def test_a_file_larger_than_the_hub_takes_is_neither_wanted_nor_taken(hub: HubWorld) -> None:
    evidence = hub.parts.settings.evidence.model_copy(update={"most_mib": 1})
    object.__setattr__(hub.parts, "settings", hub.parts.settings.model_copy(update={"evidence": evidence}))
    _, sealed, box = arrived(hub, files={"clip.mp4": b"x" * ((1 << 20) + 1)})
    assert box.names() == ["manifest.json", "manifest.sig"]
    assert box.send(sealed.lead.lead_id, "clip.mp4", b"x").status_code == 413


def test_nothing_beyond_the_end_of_a_file_is_taken(hub: HubWorld) -> None:
    _, sealed, box = arrived(hub, files={"clip.mp4": b"0123456789"})
    assert box.send(sealed.lead.lead_id, "clip.mp4", b"0123456789x").status_code == 413
    assert box.offset(sealed.lead.lead_id, "clip.mp4") == 0
    too_much = box.send(sealed.lead.lead_id, "clip.mp4", b"x" * (CHUNK_BYTES + 1))
    assert too_much.status_code == 413


# ---- who may


def test_another_box_finds_nothing(either_hub: HubWorld) -> None:
    (keys,) = {either_hub.parts.settings.box_keys}
    (keys / "box-2.pub").write_bytes((keys / "box-1.pub").read_bytes())
    _, sealed, _ = arrived(either_hub)
    for who in (("site-1", "box-2"), ("site-2", "box-1")):
        other = Box(either_hub, who)
        assert other.names(sealed.lead.lead_id) == []
        assert other.send(sealed.lead.lead_id, "track.json", b"{}").status_code == 404
        assert other.ask("HEAD", f"/boxes/v1/files/{sealed.lead.lead_id}/track.json").status_code == 404
        assert other.ask("PUT", f"/boxes/v1/files/{sealed.lead.lead_id}/track.json/gone").status_code == 404


def changed(proof: str, part: int, value: str) -> str:
    words = proof.split(" ")
    words[part] = value
    return " ".join(words)


TARGET = "/boxes/v1/wanted"
BAD_PROOFS: list[tuple[str, Callable[[str], str]]] = [
    ("none", lambda _: ""),
    ("another scheme", lambda proof: proof.replace("Lushao", "Bearer")),
    ("too short", lambda proof: proof.rpartition(" ")[0]),
    ("too long", lambda proof: proof + " x"),
    ("another box", lambda proof: changed(proof, 1, "site-1/box-9")),
    ("no box", lambda proof: changed(proof, 1, "site-1")),
    ("a path for a box", lambda proof: changed(proof, 1, "site-1/../box-1")),
    ("no time", lambda proof: changed(proof, 2, "now")),
    ("a long time", lambda proof: changed(proof, 2, "9" * 5000)),
    ("digits of another script", lambda proof: changed(proof, 2, "\u0661")),
    ("another time", lambda proof: changed(proof, 2, str(int(proof.split(" ")[2]) + 1))),
    ("another hash", lambda proof: changed(proof, 3, "0" * 64)),
    ("no hash", lambda proof: changed(proof, 3, "xyz")),
    ("no key id", lambda proof: changed(proof, 4, "?")),
    ("no signature", lambda proof: changed(proof, 5, "AAAA")),
]


@pytest.mark.parametrize(("why", "change"), BAD_PROOFS, ids=[why for why, _ in BAD_PROOFS])
def test_who_cannot_prove_who_they_are_is_refused(hub: HubWorld, why: str, change: Callable[[str], str]) -> None:
    proof = change(sign_request("GET", TARGET, b"", ("site-1", "box-1"), hub.clock(), BOX_KEY))
    answer = hub.client().get(TARGET, headers={b"Authorization": proof.encode()})
    assert answer.status_code == 401
    assert answer.json()["detail"]


def test_another_key_method_path_query_or_content_is_refused(hub: HubWorld) -> None:
    _, sealed, _ = arrived(hub)
    client, who, now = hub.client(), ("site-1", "box-1"), hub.clock()
    target = f"/boxes/v1/files/{sealed.lead.lead_id}/track.json"

    def asked(proof: str, method: str = "PATCH", path: str = target, content: bytes = b"{}") -> int:
        headers = {"Authorization": proof, OFFSET_HEADER: "0"}
        return client.request(method, path, content=content, headers=headers).status_code

    proof = sign_request("PATCH", target, b"{}", who, now, BOX_KEY)
    assert asked(sign_request("PATCH", target, b"{}", who, now, OTHER_KEY)) == 401
    assert asked(proof, method="HEAD", content=b"") == 401
    assert asked(proof, path=target.replace("track.json", "clip.mp4")) == 401
    assert asked(proof, path=target + "?x=1") == 401
    assert asked(proof, content=b"[]") == 400
    assert asked(proof, content=b"{") == 400
    assert asked(proof) == 204


def test_a_request_of_another_hour_is_refused_and_says_why(hub: HubWorld) -> None:
    for off in (-301, 301):
        proof = sign_request("GET", TARGET, b"", ("site-1", "box-1"), hub.clock() + off * 1000, BOX_KEY)
        answer = hub.client().get(TARGET, headers={"Authorization": proof})
        assert (answer.status_code, "set the clock" in answer.json()["detail"]) == (401, True)


def test_a_request_overheard_and_sent_again_does_no_harm(hub: HubWorld) -> None:
    number, sealed, box = arrived(hub, files={"clip.mp4": b"0123456789"})
    target = f"/boxes/v1/files/{sealed.lead.lead_id}/clip.mp4"
    headers = {
        "Authorization": sign_request("PATCH", target, b"01234", box.who, hub.clock(), BOX_KEY),
        OFFSET_HEADER: "0",
    }
    assert [box.client.patch(target, content=b"01234", headers=headers).status_code for _ in range(3)] == [
        204,
        409,
        409,
    ]
    box.send(sealed.lead.lead_id, "clip.mp4", b"56789", 5)
    assert box.client.patch(target, content=b"01234", headers=headers).status_code == 204
    assert check_entry(hub.parts, number) == []
    hub.clock.go(301)
    assert box.client.patch(target, content=b"01234", headers=headers).status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "{lead}/..%2f..%2fhub.db",
        "{lead}/%2fetc%2fpasswd",
        "{lead}/track.json%00",
        "{lead}/%00",
        "{lead}/..",
        "{lead}/%2e%2e",
        "{lead}/\uff0e\uff0e",
        "{lead}/track\u202ejson",
        "{lead}/TRACK.JSON",
        "..%2f{lead}/track.json",
        "%00/track.json",
        "01M83KTZA0TSDJW4QAW639V63P/track.json",
        "' OR 1=1 --/track.json",
    ],
)
def test_no_path_leads_astray(either_hub: HubWorld, path: str) -> None:
    _, sealed, box = arrived(either_hub)
    raw = box.client.build_request("GET", "/boxes/v1/files/" + path.format(lead=sealed.lead.lead_id)).url.raw_path
    for method in ("HEAD", "PATCH"):
        answer = box.ask(method, raw.decode(), at=0)
        assert answer.status_code in (404, 405), (method, answer.text)
    assert parts_of(either_hub) == []
    assert rows(either_hub, files) == []


def test_the_lead_itself_is_not_replaced(hub: HubWorld) -> None:
    number, sealed, box = arrived(hub)
    assert box.offset(sealed.lead.lead_id, "lead.json") == len(sealed.payload)
    answer = box.send(sealed.lead.lead_id, "lead.json", b"{}")
    assert answer.headers[OFFSET_HEADER] == str(len(sealed.payload))
    assert check_entry(hub.parts, number) == []
    assert rows(hub, files) == []


def rows(world: HubWorld, table: sa.Table) -> list[Any]:
    with world.parts.database.read() as connection:
        return list(connection.execute(sa.select(table)))


@pytest.mark.parametrize("offset", ["", "-1", "x", "1e3", "0x0", " 1 2", "\u0661", "9" * 400])
def test_an_offset_that_is_no_number_is_refused(hub: HubWorld, offset: str) -> None:
    _, sealed, box = arrived(hub)
    target = f"/boxes/v1/files/{sealed.lead.lead_id}/track.json"
    proof = sign_request("PATCH", target, b"{}", box.who, hub.clock(), BOX_KEY)
    headers = {b"Authorization": proof.encode(), OFFSET_HEADER.encode(): offset.encode()}
    assert box.client.patch(target, content=b"{}", headers=headers).status_code == 400


def test_a_box_key_that_cannot_be_read_is_the_hubs_fault(hub: HubWorld) -> None:
    (hub.parts.settings.box_keys / "box-1.pub").write_text("no key")
    assert Box(hub).ask("GET", TARGET).status_code == 503


def test_many_or_odd_leads_may_be_named(either_hub: HubWorld) -> None:
    _, sealed, box = arrived(either_hub)
    box.send_all(sealed)
    answer = box.ask("GET", f"/boxes/v1/wanted?leads=%00,,{'x' * 30},{sealed.lead.lead_id}")
    assert json.loads(answer.content)["held"] == [sealed.lead.lead_id]


# ---- pictures for the wall


def test_a_picture_of_a_camera_is_kept(either_hub: HubWorld) -> None:
    box = Box(either_hub)
    assert box.ask("PUT", "/boxes/v1/frames/gate", JPEG).status_code == 204
    with either_hub.parts.database.read() as connection:
        row = connection.execute(sa.text("SELECT site_id, box_id, camera_id, frame FROM cameras")).one()
    assert (row.site_id, row.box_id, row.camera_id, bytes(row.frame)) == ("site-1", "box-1", "gate", JPEG)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 415),
        (b"GIF89a", 415),
        (JPEG[:-1], 415),
        (b"<svg/>" + JPEG, 415),
        (b"\xff\xd8\xff" + b"x" * FRAME_BYTES, 413),
    ],
)
def test_what_is_no_small_picture_is_refused(hub: HubWorld, content: bytes, status: int) -> None:
    assert Box(hub).ask("PUT", "/boxes/v1/frames/gate", content).status_code == status


@pytest.mark.parametrize("camera", ["..%2fx", "%00", "-", "a" * 65])
def test_a_camera_has_a_proper_name(either_hub: HubWorld, camera: str) -> None:
    assert Box(either_hub).ask("PUT", f"/boxes/v1/frames/{camera}", JPEG).status_code == 404


def test_pictures_are_wanted_often_while_somebody_watches(hub: HubWorld) -> None:
    box = Box(hub)
    assert box.wanted().frames_every_s == 60
    note_watcher(hub.parts, hub.user().id)
    assert box.wanted().frames_every_s == 2
