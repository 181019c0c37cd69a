"""Evidence comes to the hub whole, the most wanted first, whatever happens on the way."""

from __future__ import annotations

import os
import random
import threading
import time
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.outbox import Outbox
from edge.uploads.tally import Tally
from edge.uploads.uploader import Uploader
from leads.base import UNKNOWN
from tests.unit.edge.offices import wait_until
from tests.unit.edge.outboxes import accepted, put
from tests.unit.edge.uploads.conftest import Post
from tests.unit.edge.uploads.hubs import ScriptedHub, serving
from tests.unit.leads.samples import NOON

CLIP = random.Random(1).randbytes(300_000)
PICTURE = random.Random(2).randbytes(40_000)


def problems(uploader: Uploader) -> str:
    return "; ".join(uploader.tally.problems())


# What comes


def test_all_that_the_hub_wants_comes_whole_in_its_order(post: Post) -> None:
    post.want("panorama-1.jpg", PICTURE)
    post.want("clip.mp4", CLIP)
    post.want("track.json", b"")
    post.want("clip.mp4", CLIP[::-1], number=2)
    uploader = post.start(chunk_bytes=65_536)
    wait_until(lambda: not post.hub.still_wanted())
    first = list(dict.fromkeys((s.name, s.offset == 0) for s in post.hub.sent if s.offset == 0))
    assert [name for name, _ in first] == ["panorama-1.jpg", "clip.mp4", "track.json"]
    assert max(s.size for s in post.hub.sent) <= 65_536, "a clip is never read in one piece"
    wait_until(lambda: uploader.tally.counts.files == 4)
    assert uploader.tally.counts.bytes == len(PICTURE) + 2 * len(CLIP)
    assert sum(s.size for s in post.hub.sent) == len(PICTURE) + 2 * len(CLIP), "nothing goes twice"


def test_what_has_no_size_by_its_lead_goes_in_one_piece(post: Post) -> None:
    post.want("manifest.json", PICTURE, bytes=None)
    post.want("manifest.sig", b"signature", bytes=None, sha256=None)
    post.start(chunk_bytes=4096)
    wait_until(lambda: not post.hub.still_wanted())
    assert [(s.name, s.size) for s in post.hub.sent] == [("manifest.json", len(PICTURE)), ("manifest.sig", 9)]


def test_a_file_that_was_whole_but_for_the_hubs_last_word_is_finished_without_a_byte(post: Post) -> None:
    file = post.want("clip.mp4", CLIP)
    post.hub.files[file.lead_id, file.name] = CLIP
    post.hub.unchecked.add("clip.mp4")
    uploader = post.start()
    wait_until(lambda: uploader.tally.counts.files == 1)
    assert [(s.offset, s.size) for s in post.hub.sent] == [(len(CLIP), 0)]


def test_the_thread_is_of_low_priority(post: Post) -> None:
    uploader = post.start()
    wait_until(lambda: bool(post.hub.requests))
    (thread,) = [t for t in threading.enumerate() if t.name == "uploads"]
    assert thread.native_id is not None
    assert os.getpriority(os.PRIO_PROCESS, thread.native_id) >= 10
    uploader.stop()
    assert not thread.is_alive()


# Breaks


@pytest.mark.parametrize("keeps_part", [False, True])
def test_a_connection_cut_in_the_middle_of_a_piece_goes_on_where_the_hub_stands(post: Post, keeps_part: bool) -> None:
    post.want("clip.mp4", CLIP)
    post.hub.keeps_part = keeps_part
    uploader = post.start(most_bytes_per_s=400_000, chunk_bytes=65_536)
    wait_until(lambda: len(post.hub.pieces("clip.mp4")) >= 2)
    post.hub.cut_after = 10_000
    wait_until(lambda: not post.hub.still_wanted())
    assert uploader.tally.failures["broken"] == 1
    taken = sum(s.size for s in post.hub.pieces("clip.mp4"))
    assert taken == len(CLIP) - (10_000 if keeps_part else 0), "what the hub has is not sent again"
    assert not problems(uploader)


def test_a_box_that_starts_anew_goes_on_where_the_hub_stands(post: Post) -> None:
    post.want("clip.mp4", CLIP)
    before = post.start(most_bytes_per_s=300_000, chunk_bytes=32_768)
    wait_until(lambda: len(post.hub.pieces("clip.mp4")) >= 3)
    before.stop()
    held, pieces = len(next(iter(post.hub.files.values()))), len(post.hub.sent)
    assert 0 < held < len(CLIP)
    post.start()
    wait_until(lambda: not post.hub.still_wanted())
    assert post.hub.sent[pieces].offset == held
    assert sum(s.size for s in post.hub.sent) == len(CLIP)


def test_a_hub_that_is_away_is_tried_until_it_is_there(post: Post) -> None:
    away = ScriptedHub(post.hub.keys)
    with serving(away):
        pass
    post.hub = away
    uploader = post.start()
    wait_until(lambda: uploader.tally.failures["broken"] >= 2)
    post.want("clip.mp4", CLIP)
    with serving(away):
        wait_until(lambda: not away.still_wanted())
        uploader.stop()


def test_a_hub_that_stops_in_the_middle_and_comes_back_gets_the_rest(post: Post) -> None:
    other = ScriptedHub(post.hub.keys)
    post.hub = other
    post.want("clip.mp4", CLIP)
    with serving(other):
        uploader = post.start(most_bytes_per_s=600_000, chunk_bytes=32_768, timeout_s=0.2)
        wait_until(lambda: len(other.sent) >= 3)
    wait_until(lambda: uploader.tally.failures["broken"] >= 1)
    held = len(next(iter(other.files.values())))
    with serving(other):
        wait_until(lambda: not other.still_wanted())
        uploader.stop()
    assert 0 < held < len(CLIP)


def test_a_hub_that_is_silent_is_given_up_after_the_time_out_and_tried_again(post: Post) -> None:
    post.hub.silent.set()
    uploader = post.start(timeout_s=0.1)
    wait_until(lambda: uploader.tally.failures["broken"] >= 2)
    post.want("clip.mp4", CLIP)
    post.hub.silent.clear()
    wait_until(lambda: not post.hub.still_wanted())


def test_stop_is_prompt_before_a_hub_that_is_silent(post: Post) -> None:
    post.hub.silent.set()
    uploader = post.start(timeout_s=30)
    wait_until(lambda: bool(post.hub.requests))
    began = time.monotonic()
    uploader.stop()
    assert time.monotonic() - began < 3
    assert not problems(uploader)


def test_a_slow_link_gets_small_pieces(post: Post) -> None:
    post.want("clip.mp4", CLIP)
    post.hub.bytes_per_s = 20_000
    post.start()
    wait_until(lambda: len(post.hub.sent) >= 2)
    assert post.hub.sent[0].size == 4096
    assert post.hub.sent[1].size <= 20_000, "a piece takes about a second"


@pytest.mark.parametrize("status", [500, 503, 429, 408])
def test_a_hub_that_is_busy_is_left_alone_for_a_while(post: Post, status: int) -> None:
    post.want("clip.mp4", CLIP)
    post.hub.answers.extend([status] * 3)
    uploader = post.start()
    wait_until(lambda: not post.hub.still_wanted())
    assert uploader.tally.failures == {"broken": 3, "refused": 0, "gone": 0, "changed": 0, "picture": 0}


def test_a_file_that_the_hub_cannot_take_now_lets_the_others_go_first(post: Post) -> None:
    post.want("manifest.sig", PICTURE)
    post.want("clip.mp4", CLIP)
    post.want("panorama-1.jpg", PICTURE)
    post.hub.refuses["manifest.sig"] = 503
    began = time.monotonic()
    uploader = post.start()
    wait_until(lambda: post.hub.whole("clip.mp4") and post.hub.whole("panorama-1.jpg"))
    assert not uploader.nothing_left(began), "it is tried again"
    del post.hub.refuses["manifest.sig"]
    wait_until(lambda: not post.hub.still_wanted())


def test_a_hub_that_fails_at_each_piece_is_not_hammered(post: Post) -> None:
    post.want("clip.mp4", CLIP)
    uploader = post.uploader()
    uploader.BACKOFF_S = (0.01, 60.0)
    post.hub.refuses["clip.mp4"] = 503
    uploader.start()
    time.sleep(0.7)
    assert len(post.hub.requests) < 25, "waits double, though the hub answers when it is asked what it wants"


@pytest.mark.parametrize("text", [b"<html>", b'{"files": [{"name": "../x"}]}', b"{}" + b" " * (5 << 20)])
def test_an_answer_that_is_no_hubs_is_none(post: Post, text: bytes) -> None:
    post.hub.says = text
    uploader = post.start()
    wait_until(lambda: uploader.tally.failures["broken"] >= 2)
    post.want("clip.mp4", CLIP)
    post.hub.says = None
    wait_until(lambda: not post.hub.still_wanted())


def test_a_hub_that_takes_nothing_for_ten_minutes_is_a_problem_until_it_does() -> None:
    now = [0.0]
    tally = Tally("https://hub.example", lambda: now[0])
    tally.failed("broken")
    now[0] = 590.0
    tally.failed("broken")
    assert list(tally.problems()) == []
    now[0] = 610.0
    assert list(tally.problems()) == ["the hub https://hub.example has taken no evidence for 610 s: see the log"]
    tally.worked()
    assert list(tally.problems()) == []


# What overtakes and what waits


def test_what_somebody_waits_for_overtakes_a_clip_under_way(post: Post) -> None:
    post.want("clip.mp4", CLIP)
    post.start(most_bytes_per_s=300_000, chunk_bytes=16_384)
    wait_until(lambda: len(post.hub.pieces("clip.mp4")) >= 2)
    asked = time.monotonic()
    urgent = post.file("panorama-1.jpg", PICTURE, number=2, urgent=True)
    post.hub.wanted.insert(0, urgent)
    wait_until(lambda: post.hub.whole("panorama-1.jpg"))
    assert time.monotonic() - asked < 0.9
    assert not post.hub.whole("clip.mp4")
    wait_until(lambda: not post.hub.still_wanted())
    offsets = [s.offset for s in post.hub.pieces("clip.mp4")]
    assert offsets == sorted(set(offsets)), "the clip goes on where it stood"


def test_what_is_merely_named_first_does_not_break_into_a_file_under_way(post: Post) -> None:
    post.want("clip.mp4", CLIP)
    post.start(most_bytes_per_s=400_000, chunk_bytes=16_384)
    wait_until(lambda: len(post.hub.pieces("clip.mp4")) >= 2)
    post.hub.wanted.insert(0, post.file("panorama-1.jpg", PICTURE, number=2))
    wait_until(lambda: not post.hub.still_wanted())
    names = [s.name for s in post.hub.sent]
    assert names == sorted(names), "first all of the clip"


def test_a_file_that_is_no_longer_wanted_is_left(post: Post) -> None:
    post.want("clip.mp4", CLIP)
    post.start(most_bytes_per_s=200_000, chunk_bytes=16_384)
    wait_until(lambda: len(post.hub.sent) >= 2)
    post.hub.wanted.clear()
    time.sleep(0.15)
    pieces = len(post.hub.sent)
    time.sleep(0.2)
    assert len(post.hub.sent) == pieces


def test_the_link_is_not_taken_for_more_than_its_share(post: Post) -> None:
    post.want("clip.mp4", CLIP[:100_000])
    began = time.monotonic()
    post.start(most_bytes_per_s=125_000, chunk_bytes=10_000)
    wait_until(lambda: not post.hub.still_wanted())
    assert 0.7 < time.monotonic() - began < 5


def test_clips_wait_for_their_hours_unless_somebody_asks(post: Post) -> None:
    post.want("clip.mp4", CLIP)
    post.want("clip.mp4", PICTURE, number=2, urgent=True)
    post.want("panorama-1.jpg", PICTURE)
    began = time.monotonic()
    uploader = post.start(clip_hours=["22:00-24:00"])
    wait_until(lambda: uploader.nothing_left(began))
    assert [f.bytes for f in post.hub.still_wanted()] == [len(CLIP)]
    uploader.stop()
    post.start(clip_hours=["12:00-13:00", "23:00-01:00"])
    wait_until(lambda: not post.hub.still_wanted())


# Refusals


def test_a_file_that_the_hub_refuses_is_left_alone_and_the_rest_goes_on(
    post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    post.want("clip.mp4", CLIP)
    post.want("panorama-1.jpg", PICTURE)
    post.hub.refuses["clip.mp4"] = 404
    uploader = post.start()
    wait_until(lambda: post.hub.whole("panorama-1.jpg"))
    time.sleep(0.2)
    assert sum("clip.mp4" in request for request in post.hub.requests) == 1
    assert uploader.tally.failures["refused"] == 1
    assert "the hub has refused 1 evidence files since the start" in problems(uploader)
    assert caplog.text.count("clip.mp4 of lead") == 1


def test_a_file_that_is_not_what_its_lead_names_is_refused_once(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    post.want("panorama-1.jpg", PICTURE, sha256="0" * 64)
    uploader = post.start()
    wait_until(lambda: uploader.tally.failures["refused"] == 1)
    time.sleep(0.2)
    assert sum(s.size for s in post.hub.sent) == len(PICTURE)
    assert "status 422: its SHA-256 is not that of the lead" in caplog.text


def test_a_file_that_was_changed_on_the_box_is_not_sent(post: Post) -> None:
    post.want("clip.mp4", CLIP, bytes=len(CLIP) + 1)
    post.want("panorama-1.jpg", PICTURE)
    uploader = post.start()
    wait_until(lambda: post.hub.whole("panorama-1.jpg"))
    assert post.hub.pieces("clip.mp4") == []
    assert "1 evidence files are not as their leads name them: see lushao edge verify" in problems(uploader)


def test_of_a_file_that_was_deleted_to_make_room_the_hub_is_told(post: Post) -> None:
    file = post.want("clip.mp4", CLIP)
    post.want("panorama-1.jpg", PICTURE)
    (post.root / file.folder / file.name).unlink()
    uploader = post.start()
    wait_until(lambda: not post.hub.still_wanted())
    assert post.hub.gone == ["clip.mp4"]
    assert uploader.tally.failures["gone"] == 1
    assert not problems(uploader)


def test_a_clip_that_is_deleted_while_it_goes_is_gone(post: Post) -> None:
    file = post.want("clip.mp4", CLIP)
    post.start(most_bytes_per_s=300_000, chunk_bytes=16_384)
    wait_until(lambda: len(post.hub.sent) >= 2)
    (post.root / file.folder / file.name).unlink()
    wait_until(lambda: post.hub.gone == ["clip.mp4"])


def test_nothing_but_what_is_in_the_leads_own_folder_is_ever_sent(post: Post) -> None:
    secret = post.file("clip.mp4", b"a key", number=2)
    post.want("clip.mp4", b"a key", number=1, folder=secret.folder)
    (post.root / "box.pub").write_bytes(b"a key")
    post.want("box.pub", b"a key", number=3, folder="keys")
    uploader = post.start()
    wait_until(lambda: uploader.tally.failures["refused"] == 2)
    assert post.hub.sent == []


@pytest.mark.parametrize("more", [1, 10_000])
def test_a_hub_that_holds_more_than_there_is_gets_no_more(post: Post, more: int) -> None:
    file = post.want("clip.mp4", CLIP)
    post.hub.files[file.lead_id, file.name] = bytes(len(CLIP) + more)
    uploader = post.start()
    wait_until(lambda: uploader.tally.failures["refused"] == 1)
    assert post.hub.sent == []


def test_a_hub_that_forgets_what_it_takes_is_not_fed_for_ever(post: Post) -> None:
    post.want("clip.mp4", CLIP)
    post.hub.stuck = True
    uploader = post.start()
    wait_until(lambda: uploader.tally.failures["refused"] == 1)
    time.sleep(0.2)
    assert len(post.hub.sent) == 1


def test_a_hub_that_stands_elsewhere_than_the_box_thought_is_believed(post: Post) -> None:
    file = post.want("clip.mp4", CLIP)
    post.start(most_bytes_per_s=300_000, chunk_bytes=16_384)
    wait_until(lambda: len(post.hub.sent) >= 2)
    post.hub.files[file.lead_id, file.name] = CLIP[:5_000]
    wait_until(lambda: not post.hub.still_wanted())


def test_a_hub_that_does_not_know_the_box_is_a_problem_until_it_does(post: Post) -> None:
    post.want("panorama-1.jpg", PICTURE)
    post.hub.keys, known = (), post.hub.keys
    began = time.monotonic()
    uploader = post.start()
    wait_until(lambda: uploader.tally.problem is not None)
    told = "the hub refuses the evidence of this box: status 401: the hub knows no key of this box"
    assert told in problems(uploader)
    assert uploader.nothing_left(began), "who waits for the hub need not wait"
    post.hub.keys = known
    wait_until(lambda: not post.hub.still_wanted())
    wait_until(lambda: not problems(uploader))


def test_a_key_that_is_not_the_boxs_is_refused(post: Post) -> None:
    uploader = post.start(Ed25519PrivateKey.generate())
    wait_until(lambda: "not by" in problems(uploader))


def test_a_clock_that_is_off_is_told_with_the_remedy(post: Post) -> None:
    post.want("panorama-1.jpg", PICTURE)
    post.hub.off_s = 3600
    uploader = post.start()
    wait_until(lambda: "is off by -3600 s: set the clock of the box" in problems(uploader))
    post.hub.off_s = 0
    wait_until(lambda: not post.hub.still_wanted())


@pytest.mark.parametrize("status", [404, 301])
def test_an_address_that_is_no_hubs_is_told(post: Post, status: int) -> None:
    post.hub.answers.extend([status] * 20)
    uploader = post.start()
    wait_until(lambda: "is uploads.url the address of the hub?" in problems(uploader))


# What the hub holds


def test_evidence_that_the_hub_holds_in_full_may_be_deleted(post: Post) -> None:
    leads = [put(post.outbox, number) for number in range(1, 6)]
    post.outbox.settle([accepted(lead) for lead in leads[:4]])
    long_ago = NOON - timedelta(days=90)
    assert post.outbox.closed_leads(long_ago) == []
    post.hub.held = {leads[0].lead_id, leads[2].lead_id, leads[4].lead_id}
    post.start()
    held = [leads[0].lead_id, leads[2].lead_id]
    wait_until(lambda: post.outbox.closed_leads(long_ago) == held)
    assert post.hub.leads_asked[0] == [lead.lead_id for lead in leads[:4]]
    post.hub.held.add(leads[3].lead_id)
    wait_until(lambda: post.outbox.closed_leads(long_ago) == [*held, leads[3].lead_id])
    assert post.outbox.depth() == 1, "a lead without a receipt stays in the queue"


def test_of_many_leads_the_hub_is_asked_in_turn(post: Post) -> None:
    leads = [put(post.outbox, number) for number in range(1, 121)]
    post.outbox.settle([accepted(lead) for lead in leads])
    uploader = post.start()
    for _ in range(4):
        answers = len(post.hub.leads_asked)
        uploader.ask_soon()
        wait_until(lambda answers=answers: len(post.hub.leads_asked) > answers)  # type: ignore[misc]
    asked = post.hub.leads_asked
    assert all(len(some) <= 50 for some in asked)
    assert {lead for some in asked[:3] for lead in some} == {lead.lead_id for lead in leads}


def test_what_the_hub_says_of_leads_it_was_not_asked_about_counts_for_nothing(post: Post, tmp_path: object) -> None:
    lead = put(post.outbox, 1)
    post.hub.says = f'{{"schema_version": "1.1", "held": ["{lead.lead_id}"]}}'.encode()
    uploader = post.start()
    began = time.monotonic()
    uploader.ask_soon()
    wait_until(lambda: uploader.nothing_left(began))
    post.outbox.settle([accepted(lead)])
    assert post.outbox.evidence_not_held("", 9) == [lead.lead_id]


def test_a_fault_of_the_uploads_own_is_told_and_leaves_the_box_alone(
    post: Post, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(self: Outbox, after: str, limit: int) -> list[str]:
        raise ZeroDivisionError(UNKNOWN)

    monkeypatch.setattr(Outbox, "evidence_not_held", broken)
    uploader = post.start()
    wait_until(lambda: "uploads have ended by a fault" in problems(uploader))
    assert "ZeroDivisionError" in caplog.text
