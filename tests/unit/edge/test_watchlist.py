"""The watch list: what the hub says of a vehicle is known when its plate is, and over restarts."""

from __future__ import annotations

import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

from edge.outbox import Outbox
from edge.rules.known import Identity
from edge.settings import load_site
from edge.watchlist import MOST_BYTES, VehiclesUnderWatch, watchlist_path
from edge.watchlist_commands import watchlist
from leads import WatchEntry, encode, sign, watch_shard
from leads.topics import watchlist_topic
from tests.unit.edge.outboxes import put, queue
from tests.unit.edge.watchlists import HUB_KEY, entry, listed, say, shard_of
from tests.unit.leads.samples import NOON
from tests.world import convoy, write_site, write_video

CAR = Identity("闽H12345", "02")
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))


@contextmanager
def watching(folder: Path, *, keys: bool = True) -> Iterator[VehiclesUnderWatch]:
    """A watch list that may come and go; its file stays."""
    watch = VehiclesUnderWatch(folder / "watchlist.db", (HUB_KEY.public_key(),) if keys else ())
    watch.RETRY_S = 0.01
    watch.start()
    try:
        yield watch
    finally:
        watch.stop()


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[VehiclesUnderWatch]:
    with watching(tmp_path) as watch:
        yield watch


def found(
    watch: VehiclesUnderWatch, plate: str, plate_type: str = "02", *, sure: bool = True
) -> list[tuple[str, bool]]:
    """Numbers that a vehicle may be, and whether it surely is."""
    hits = watch.hits(Identity(plate, plate_type, sure), NOON)
    return [(hit.entry.plate, hit.exact) for hit in hits]


def test_a_vehicle_under_watch_is_known_with_colour_reason_and_what_came_before(watch: VehiclesUnderWatch) -> None:
    say(watch, shard_of(entry("闽H12345", colour="red", reason="多次超限", prior_count=4)))
    (hit,) = watch.hits(CAR, NOON)
    assert hit.exact
    assert (hit.entry.colour, hit.entry.reason, hit.entry.prior_count) == ("red", "多次超限", 4)
    assert watch.hits(Identity("闽H54321", "02"), NOON) == ()


@pytest.mark.parametrize(
    ("plate", "plate_type", "sure", "hits"),
    [
        ("闽H12345", "02", True, [("闽H12345", True)]),
        ("闽H12345", "01", True, []),
        ("闽H12345", "unknown", True, [("闽H12345", False)]),
        ("闽H12345", "02", False, [("闽H12345", False)]),
        ("闽H1-345", "02", True, [("闽H12345", False), ("闽H1A345", False)]),
        ("-H12345", "02", True, [("赣H12345", False), ("闽H12345", False)]),
        ("闽H1234-", "01", True, []),
        ("闽H1234-", "unknown", True, [("闽H12345", False), ("闽H12346", False)]),
        ("闽H12--5", "02", True, []),
        ("闽H1234", "02", True, []),
    ],
    ids=[
        "number and type",
        "another type",
        "type unknown",
        "doubtful",
        "one unread",
        "province unread",
        "one unread, another type",
        "one unread, type unknown",
        "two unread",
        "cut short",
    ],
)
def test_only_a_sure_and_whole_identity_is_a_hit_and_one_unread_character_a_clue(
    watch: VehiclesUnderWatch, plate: str, plate_type: str, sure: bool, hits: list[tuple[str, bool]]
) -> None:
    listed(watch, [entry("闽H12345"), entry("闽H1A345"), entry("赣H12345"), entry("闽H12346")])
    assert sorted(found(watch, plate, plate_type, sure=sure)) == sorted(hits)


def test_the_gravest_colour_comes_first(watch: VehiclesUnderWatch) -> None:
    colours = {"闽H12341": "blue", "闽H12342": "red", "闽H12343": "yellow", "闽H12344": "orange"}
    listed(watch, [entry(plate, colour=colour) for plate, colour in colours.items()])
    hits = watch.hits(Identity("闽H1234-", "02"), NOON)
    assert [hit.entry.colour for hit in hits] == ["red", "orange", "yellow", "blue"]


@pytest.mark.parametrize(
    ("since_h", "until_h", "holds"),
    [(-2, None, True), (-2, 1, True), (-2, -1, False), (1, None, False), (-2, 0, False)],
)
def test_an_entry_holds_from_its_beginning_to_its_end(
    watch: VehiclesUnderWatch, since_h: int, until_h: int | None, holds: bool
) -> None:
    until = None if until_h is None else NOON + timedelta(hours=until_h)
    say(watch, shard_of(entry("闽H12345", since=NOON + timedelta(hours=since_h), until=until)))
    assert bool(watch.hits(CAR, NOON)) is holds


@pytest.mark.parametrize("written", ["闽H·12345", "闽h12345", " 闽H 12345", "闽H12O45"])
def test_a_number_is_found_however_the_hub_writes_it(watch: VehiclesUnderWatch, written: str) -> None:
    say(watch, shard_of(entry(written)))
    assert found(watch, "闽H12045" if "O" in written else "闽H12345") == [(written, True)]


def test_a_new_revision_replaces_the_shard_and_an_older_one_counts_for_nothing(
    watch: VehiclesUnderWatch, caplog: pytest.LogCaptureFixture
) -> None:
    mine = [p for n in range(200) if watch_shard(p := f"闽H1{n:04d}", "02") == "a"]
    first, second, third = (entry(plate) for plate in mine[:3])
    say(watch, shard_of(first, revision=5))
    say(watch, shard_of(second, revision=7))
    assert (found(watch, first.plate), found(watch, second.plate)) == ([], [(second.plate, True)])
    for revision in (6, 7, 0):
        say(watch, shard_of(third, revision=revision))
    assert found(watch, third.plate) == []
    assert (watch.counts.taken, watch.counts.old) == (2, 3)
    assert caplog.text.count("counts for nothing") == 1
    say(watch, shard_of(shard="a", revision=8))
    assert found(watch, second.plate) == []


def test_what_comes_again_with_each_connection_is_not_written_again(watch: VehiclesUnderWatch) -> None:
    for _ in range(3):
        say(watch, shard_of(entry("闽H12345")))
    assert (watch.counts.taken, watch.counts.same) == (1, 2)


def test_what_is_no_list_of_the_hub_counts_for_nothing_and_is_logged_once(
    watch: VehiclesUnderWatch, caplog: pytest.LogCaptureFixture
) -> None:
    good = shard_of(entry("闽H12345"))
    say(watch, good, key=None)
    say(watch, good, key=OTHER_KEY)
    other = next(shard for shard in "01" if shard != good.shard)
    for topic, payload in (
        (watchlist_topic(good.shard), b""),
        (watchlist_topic(good.shard), encode(good)[:-9]),
        (watchlist_topic(other), encode(good)),
        (watchlist_topic("g"), encode(good)),
        (watchlist_topic(good.shard), b" " * (MOST_BYTES + 1)),
    ):
        watch.heard(topic, payload)
        assert watch.wait(5)
    assert (watch.counts.bad, watch.counts.taken, watch.hits(CAR, NOON)) == (7, 0, ())
    assert caplog.text.count("watch list") == 1


def test_a_box_without_the_hubs_key_takes_what_comes(tmp_path: Path) -> None:
    with watching(tmp_path, keys=False) as watch:
        say(watch, shard_of(entry("闽H12345")), key=None)
        assert found(watch, "闽H12345") == [("闽H12345", True)]


def test_a_shard_under_another_topic_is_not_taken(tmp_path: Path) -> None:
    good = shard_of(entry("闽H12345"))
    with watching(tmp_path, keys=False) as watch:
        watch.heard(watchlist_topic(next(s for s in "01" if s != good.shard)), encode(good))
        assert watch.wait(5)
        assert (watch.counts.bad, watch.counts.taken) == (1, 0)


def test_the_list_is_there_at_once_after_a_restart_without_a_broker(tmp_path: Path) -> None:
    with watching(tmp_path) as watch:
        listed(watch, [entry("闽H12345"), entry("闽H12346")])
    watch = VehiclesUnderWatch(tmp_path / "watchlist.db")
    assert found(watch, "闽H12345") == [("闽H12345", True)]
    assert len(found(watch, "闽H1234-")) == 2
    watch.stop()


KILLED = """
import sys
from pathlib import Path
from edge.watchlist import VehiclesUnderWatch
from tests.unit.edge.watchlists import entry, say, shard_of
watch = VehiclesUnderWatch(Path(sys.argv[1]) / "watchlist.db")
watch.start()
for revision in range(1, 1000):
    say(watch, shard_of(entry("闽H12345", prior_count=revision), revision=revision))
    print(revision, flush=True)
"""


def test_what_was_taken_is_whole_after_kill_9(tmp_path: Path) -> None:
    box = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert box.stdout is not None
    for _ in range(10):
        said = int(box.stdout.readline())
    box.send_signal(signal.SIGKILL)
    box.wait()
    said = max([said, *(int(line) for line in box.stdout if line.endswith("\n"))])
    box.stdout.close()
    watch = VehiclesUnderWatch(tmp_path / "watchlist.db")
    (hit,) = watch.hits(CAR, NOON)
    (state,) = watch.shards()
    assert hit.entry.prior_count == state.revision
    assert state.revision >= said
    watch.stop()


def test_a_full_disk_keeps_the_list_as_it_was_until_there_is_space(tmp_path: Path) -> None:
    with watching(tmp_path) as watch:
        old, new = entry("闽H12345"), [entry(f"闽H{n:05d}") for n in range(2000)]
        say(watch, shard_of(old))
        shard = watch_shard(*old.identity)
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, ((tmp_path / "watchlist.db-wal").stat().st_size, hard))
        try:
            watch.heard(watchlist_topic(shard), encode_signed(old, *new, revision=2))
            deadline = time.monotonic() + 10
            while not watch.counts.unwritten:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            assert found(watch, "闽H12345") == [("闽H12345", True)]
            assert any("cannot be written" in problem for problem in watch.problems())
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        assert watch.wait(10)
        assert (watch.counts.taken, list(watch.problems())) == (2, [])
        assert len(watch.shards()) == 1


def encode_signed(*entries: WatchEntry, revision: int) -> bytes:
    return encode(sign(shard_of(*entries, revision=revision), HUB_KEY))


@pytest.mark.parametrize("damage", ["first page", "every page but the first", "cut short", "no database"])
def test_a_damaged_file_does_not_end_the_box_and_the_list_comes_again(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "watchlist.db"
    everything = [entry(f"闽H{n:05d}") for n in range(500)]
    with watching(tmp_path) as watch:
        listed(watch, everything)
    data = bytearray(path.read_bytes())
    match damage:
        case "first page":
            data[100:4096] = bytes(3996)
        case "every page but the first":
            data[4096:] = random.Random(1).randbytes(len(data) - 4096)
        case "cut short":
            del data[len(data) // 3 :]
        case "no database":
            data[:] = b"this is a letter" * 1000
    path.write_bytes(bytes(data))
    with watching(tmp_path) as watch:
        watch.hits(Identity("闽H00007", "02"), NOON)
        listed(watch, everything)
        listed(watch, everything)
        assert [found(watch, e.plate) for e in everything] == [[(e.plate, True)] for e in everything]
        assert watch.begun_anew == 1
    assert "begun anew" in caplog.text
    kept = list(tmp_path.glob("watchlist.db.damaged-*"))
    assert len(kept) == (1 if damage == "no database" else 0)


def test_another_file_in_its_place_is_left_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "watchlist.db"
    with Outbox(path) as outbox:
        lead = put(outbox, 1)
    with watching(tmp_path) as watch:
        watch.heard(watchlist_topic("a"), encode_signed(entry("闽H12345"), revision=1))
        assert watch.hits(CAR, NOON) == ()
    assert "another kind of file" in caplog.text
    with Outbox(path) as outbox:
        assert queue(outbox) == [lead.lead_id]


def test_looking_up_takes_less_than_a_frame_while_new_shards_come(watch: VehiclesUnderWatch) -> None:
    plates = [f"闽H{n:05d}" for n in range(4000)]
    listed(watch, [entry(plate) for plate in plates])
    chance = random.Random(1)
    times_s = []
    watch.heard(watchlist_topic("a"), encode_signed(*(entry(p) for p in plates), revision=2))
    for number in range(300):
        plate = chance.choice(plates)
        asked = plate.replace(plate[chance.randrange(7)], "-", 1) if number % 2 else plate
        began = time.perf_counter()
        hits = watch.hits(Identity(asked, "02"), NOON)
        times_s.append(time.perf_counter() - began)
        assert plate in [hit.entry.plate for hit in hits]
    assert sorted(times_s)[150] < 0.001


def test_the_command_shows_revision_age_and_colours(tmp_path: Path) -> None:
    site = write_site(tmp_path, write_video(tmp_path / "road.mp4", convoy(1), seconds=1))
    app = typer.Typer()
    app.command()(watchlist)
    runner = CliRunner()
    assert "has not come yet" in runner.invoke(app, [str(site)]).stderr
    path = watchlist_path(load_site(site).outbox)
    with watching(path.parent) as watch:
        say(watch, shard_of(entry("闽H12345", colour="red"), revision=42))
    done = runner.invoke(app, [str(site)])
    assert done.exit_code == 0
    row = next(line for line in done.stdout.splitlines() if "42" in line)
    assert watch_shard("闽H12345", "02") in row
    assert "1" in row
    assert "not come yet: shards 0, 1" in done.stderr
    assert runner.invoke(app, [str(tmp_path / "none.yaml")]).exit_code == 1
