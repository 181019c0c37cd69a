"""What can be had again is taken away when nobody needs it; what cannot stays."""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path

import pytest

from hub.keeper import Keeper
from hub.settings import EvidenceSettings
from hub.store.database import StoreError
from hub.tidy import tidy

NOW_S = 1_800_000_000.0
DAY_S = 86_400.0


@pytest.fixture
def settings(tmp_path: Path) -> EvidenceSettings:
    return EvidenceSettings(folder=tmp_path / "evidence", min_free_mib=0)


def lay(settings: EvidenceSettings, name: str, days: float) -> Path:
    """A file that was last used so many days ago."""
    path = settings.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    os.utime(path, (NOW_S - days * DAY_S,) * 2)
    return path


@pytest.mark.parametrize(
    ("name", "days", "stays"),
    [
        ("viewing/ab/abc.mp4", 29, True),
        ("viewing/ab/abc.mp4", 31, False),
        ("viewing/ab/abc.fault", 31, False),
        ("viewing/busy.lock", 31, True),
        ("thumbs/ab/abc.jpg", 31, False),
        ("blurred/ab/abc.mp4", 31, False),
        ("parts/1.clip.mp4", 13, True),
        ("parts/1.clip.mp4", 15, False),
        ("files/ab/abc", 10_000, True),
        ("anything", 10_000, True),
    ],
)
def test_what_is_old_and_can_be_had_again_goes(settings: EvidenceSettings, name: str, days: float, stays: bool) -> None:
    path = lay(settings, name, days)
    assert tidy(settings, NOW_S) == (0 if stays else 1)
    assert path.exists() == stays


def test_while_space_is_short_copies_go_but_those_just_used_and_no_evidence(settings: EvidenceSettings) -> None:
    short = settings.model_copy(update={"min_free_mib": 1 << 40})
    seen, unused = lay(short, "viewing/ab/a.mp4", 0.01), lay(short, "thumbs/ab/b.jpg", 1)
    evidence, part = lay(short, "files/ab/c", 1), lay(short, "parts/1.clip.mp4", 1)
    assert tidy(short, NOW_S) == 1
    assert [path.exists() for path in (seen, unused, evidence, part)] == [True, False, True, True]


def test_a_part_that_somebody_is_writing_to_stays(settings: EvidenceSettings) -> None:
    path = lay(settings, "parts/1.clip.mp4", 100)
    with path.open("rb+") as writing:
        fcntl.flock(writing, fcntl.LOCK_EX)
        assert tidy(settings, NOW_S) == 0
    assert tidy(settings, NOW_S) == 1


def test_work_that_an_export_left_goes_after_a_day(settings: EvidenceSettings) -> None:
    works = [settings.folder / "exports" / name for name in ("left", "running")]
    for work, days in zip(works, (2, 0.5), strict=True):
        lay(settings, f"exports/{work.name}/case.zip", days)
        os.utime(work, (NOW_S - days * DAY_S,) * 2)
    tidy(settings, NOW_S)
    assert [work.exists() for work in works] == [False, True]


def test_no_link_leads_out_of_the_folders_of_copies(settings: EvidenceSettings, tmp_path: Path) -> None:
    evidence = lay(settings, "files/ab/abc", 1000)
    (settings.folder / "viewing").mkdir()
    (settings.folder / "viewing/all").symlink_to(settings.folder / "files")
    tidy(settings, NOW_S)
    assert evidence.exists()


def test_a_keeper_goes_on_after_a_fault_and_ends_when_told() -> None:
    times = 0
    again = threading.Event()

    def work(_: threading.Event) -> None:
        nonlocal times
        times += 1
        if times == 1:
            raise StoreError("away")
        again.set()

    keeper = Keeper("test", 0.001, work)
    keeper.start()
    assert again.wait(5.0)
    keeper.stop()
