"""The law of space: the oldest closed video goes first, and never one that an open lead points to."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge.disk import KEPT, DiskQuota
from edge.evidence.manifest import LEAD, MANIFEST, RETIRED, SIGNATURE, Retired
from edge.evidence.verify import verify_tree
from tests.unit.edge.boxes import Scene, lead_of, manifest_of


@dataclass
class Disk:
    """A disk that holds the scene's files and nothing else."""

    scene: Scene
    size: int = 0
    closed: list[str] = field(default_factory=list)
    quota: DiskQuota = field(init=False)

    def __post_init__(self) -> None:
        self.size = self.size or used(self.scene)
        self.quota = DiskQuota(self.scene.evidence, 1000, lambda: self.closed, lambda _: self.size - used(self.scene))


def used(scene: Scene) -> int:
    return sum(p.stat().st_size for p in scene.evidence.rglob("*") if p.is_file())


def ids(scene: Scene) -> list[str]:
    return [f.name for f in scene.folders]


def retired(scene: Scene) -> list[str]:
    return [f.name for f in scene.folders if (f / RETIRED).exists()]


def test_with_space_enough_nothing_is_deleted(scene: Scene) -> None:
    disk = Disk(scene, used(scene) + 1000, ids(scene))
    assert disk.quota.make_room()
    assert retired(scene) == []
    assert disk.quota.free_bytes == 1000


def test_the_oldest_closed_video_goes_first_and_no_more_than_is_needed(scene: Scene) -> None:
    first, second, third, fourth = ids(scene)
    disk = Disk(scene, closed=[second, third, fourth])
    assert disk.quota.make_room()
    assert retired(scene) == [second]
    disk.size = used(scene)
    assert disk.quota.make_room()
    assert retired(scene) == [second, third]
    assert disk.quota.retired == 2
    assert len(list((scene.evidence / "20260301" / first).iterdir())) == 12


def test_the_evidence_of_an_open_lead_is_never_deleted(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    disk = Disk(scene, closed=ids(scene)[2:])
    disk.size -= 1_000_000
    assert not disk.quota.make_room()
    assert disk.quota.full
    assert retired(scene) == ids(scene)[2:]
    assert not disk.quota.make_room()
    assert caplog.text.count("every video belongs to an open lead") == 1, "said once per burst"
    disk.size += 2_000_000
    assert disk.quota.make_room()
    assert not disk.quota.full


def test_manifest_signature_and_lead_stay_so_that_the_chain_is_still_proved(scene: Scene) -> None:
    disk = Disk(scene, closed=ids(scene))
    disk.size -= 1_000_000
    files = {f.name: {r.name for r in manifest_of(f).files} for f in scene.folders}
    disk.quota.make_room()
    for folder in scene.folders:
        assert {p.name for p in folder.iterdir()} == {MANIFEST, SIGNATURE, LEAD, RETIRED} == KEPT
        note = Retired.model_validate_json((folder / RETIRED).read_bytes())
        assert set(note.files) == files[folder.name]
        assert lead_of(folder).lead_id == folder.name
    verdicts, chain = verify_tree(scene.evidence, scene.key)
    assert chain == []
    assert [v.problems for v in verdicts] == [()] * 4
    assert all("deleted to make room" in v.notes[0] for v in verdicts)


def test_a_deletion_cut_short_is_taken_up_again_and_never_looks_like_tampering(scene: Scene) -> None:
    folder = scene.folders[0]
    note = Retired(at=datetime(2026, 3, 2, tzinfo=UTC), files=tuple(r.name for r in manifest_of(folder).files))
    (folder / RETIRED).write_text(note.model_dump_json())
    (folder / "clip.mp4").unlink()
    assert all(v.problems == () for v in verify_tree(scene.evidence, scene.key)[0])
    disk = Disk(scene, closed=[folder.name])
    disk.size -= 1_000_000
    disk.quota.make_room()
    assert {p.name for p in folder.iterdir()} == KEPT
    assert Retired.model_validate_json((folder / RETIRED).read_bytes()) == note
    assert all(v.problems == () for v in verify_tree(scene.evidence, scene.key)[0])


def test_nothing_is_deleted_before_the_note_of_it_is_written(scene: Scene) -> None:
    folder = scene.folders[0]
    (folder / f".{RETIRED}.part").mkdir()
    disk = Disk(scene, closed=[folder.name])
    with pytest.raises(IsADirectoryError):
        disk.quota.make_room()
    assert (folder / "clip.mp4").is_file()
    assert {r.name for r in manifest_of(folder).files} <= {p.name for p in folder.iterdir()}


def test_a_closed_lead_whose_folder_is_gone_is_passed_over(scene: Scene) -> None:
    first, second = ids(scene)[:2]
    shutil.rmtree(scene.evidence / "20260301" / first)
    disk = Disk(scene, closed=[first, second])
    assert disk.quota.make_room()
    assert retired(scene) == [second]


def test_the_real_disk_tells_its_free_space(tmp_path: Path) -> None:
    assert DiskQuota(tmp_path, 1, list).free_bytes == pytest.approx(shutil.disk_usage(tmp_path).free, rel=0.1)
