"""Whatever is done to evidence after it was sealed is named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge.evidence.manifest import Retired
from edge.evidence.verify import verify_folder, verify_tree
from leads import generate_key, sign_bytes
from tests.unit.edge.boxes import Scene, json_of, manifest_of

FILES = (
    "clip.mp4",
    "close-up.jpg",
    "close-up.overlay.jpg",
    "draft.json",
    "lead.json",
    "manifest.json",
    "manifest.sig",
    "panorama-1.jpg",
    "panorama-1.overlay.jpg",
    "panorama-2.jpg",
    "panorama-2.overlay.jpg",
    "track.json",
)


def problems_of(scene: Scene) -> list[str]:
    """All that is wrong in a tree, folder by folder and in the chain."""
    verdicts, chain = verify_tree(scene.evidence, scene.key)
    return [f"{v.folder.name}: {p}" for v in verdicts for p in v.problems] + chain


def test_what_a_box_sealed_is_whole(sealed_scene: Scene) -> None:
    verdicts, chain = verify_tree(sealed_scene.evidence, sealed_scene.key)
    assert [(v.problems, v.notes) for v in verdicts] == [((), ())] * 4
    assert chain == []
    assert [manifest_of(f).chain_seq for f in sealed_scene.folders] == [1, 2, 3, 4]
    assert {p.name for p in sealed_scene.folders[0].iterdir()} == set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_a_changed_byte_anywhere_in_a_file_is_named(scene: Scene, name: str) -> None:
    folder = scene.folders[1]
    path = folder / name
    whole = path.read_bytes()
    for at in {0, len(whole) // 3, len(whole) // 2, len(whole) - 1}:
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        told = "manifest.json" if name == "manifest.sig" else name
        assert any(p.startswith(f"{told}: ") for p in verify_folder(folder, scene.key).problems), (name, at)
    path.write_bytes(whole)
    assert verify_folder(folder, scene.key).problems == ()


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(scene: Scene, name: str) -> None:
    newest = scene.folders[-1]
    (newest / name).unlink()
    assert any(p.startswith(f"{newest.name}: {name}: ") for p in problems_of(scene))


def test_a_file_put_there_afterwards_is_named(scene: Scene) -> None:
    folder = scene.folders[0]
    (folder / "panorama-3.jpg").write_bytes(b"made up")
    (folder / "more").mkdir()
    assert verify_folder(folder, scene.key).problems == (
        "more: not in the manifest: it was put there afterwards",
        "panorama-3.jpg: not in the manifest: it was put there afterwards",
    )


def test_a_folder_taken_away_leaves_a_gap_in_the_chain(scene: Scene) -> None:
    folders = scene.folders
    shutil.rmtree(folders[1])
    assert problems_of(scene) == [f"link 2 missing before {folders[2].name}: a folder was taken away"]
    shutil.rmtree(folders[0])
    assert problems_of(scene) == [f"links 1 to 2 missing before {folders[2].name}: a folder was taken away"]


def test_two_folders_that_changed_places_are_named(scene: Scene) -> None:
    first, second = scene.folders[:2]
    aside = first.with_name("aside")
    first.rename(aside)
    second.rename(first)
    aside.rename(second)
    told = problems_of(scene)
    assert len(told) == 2
    assert all("was sealed under another name" in p for p in told)


def test_a_folder_standing_twice_is_named(scene: Scene) -> None:
    first, second = scene.folders[:2]
    shutil.rmtree(second)
    shutil.copytree(first, second)
    assert [p for p in problems_of(scene) if p.startswith("link ")] == [
        f"link 1 stands twice: {second.name}",
        f"link 2 missing before {scene.folders[-2].name}: a folder was taken away",
    ]


def test_a_manifest_made_to_fit_an_edited_file_has_no_signature(scene: Scene) -> None:
    folder = scene.folders[1]
    path = folder / "manifest.json"
    told = json_of(path)
    old = next(f for f in told["files"] if f["name"] == "track.json")
    (folder / "track.json").write_text("{}")
    old["sha256"] = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    path.write_text(json.dumps(told))
    found = problems_of(scene)
    assert any("manifest.json: the signature does not fit" in p for p in found)
    assert any("lead.json: speaks of another manifest" in p for p in found)
    assert f"link 3 ({scene.folders[2].name}) does not continue link 2: one of the two was replaced" in found


def test_a_signature_by_another_key_is_refused(scene: Scene, tmp_path: Path) -> None:
    folder = scene.folders[0]
    other = generate_key(tmp_path / "other.key")
    data = (folder / "manifest.json").read_bytes()
    (folder / "manifest.sig").write_text(sign_bytes(data, other).model_dump_json())
    (problem,) = verify_folder(folder, scene.key).problems
    assert problem.startswith("manifest.json: the signature does not fit: signed by key")


def test_evidence_of_another_box_is_refused(sealed_scene: Scene, tmp_path: Path) -> None:
    other = generate_key(tmp_path / "other.key").public_key()
    problems = verify_folder(sealed_scene.folders[0], other).problems
    assert [p.partition(":")[0] for p in problems] == ["manifest.json", "lead.json"]


@pytest.mark.parametrize(
    "edit",
    [
        lambda lead: lead | {"suspect_level": "high"},
        lambda lead: lead | {"vehicle": lead["vehicle"] | {"class_score": 0.99}},
        lambda lead: lead | {"signature": None},
        lambda lead: [lead],
        lambda lead: "lead",
    ],
)
def test_an_edited_lead_is_named(scene: Scene, edit: Callable[[dict[str, object]], object]) -> None:
    path = scene.folders[0] / "lead.json"
    path.write_text(json.dumps(edit(json_of(path)), ensure_ascii=False), encoding="utf8")
    (problem,) = verify_folder(path.parent, scene.key).problems
    assert problem.startswith("lead.json: changed: ")


def test_a_lead_of_another_folder_is_named(scene: Scene) -> None:
    first, second = scene.folders[:2]
    shutil.copy(second / "lead.json", first / "lead.json")
    assert verify_folder(first, scene.key).problems == ("lead.json: speaks of another manifest than the one beside it",)


def test_a_retired_clip_is_a_note_and_no_problem(scene: Scene) -> None:
    folder = scene.folders[0]
    (folder / "clip.mp4").unlink()
    note = Retired(at=datetime(2026, 3, 2, tzinfo=UTC), files=("clip.mp4",))
    (folder / "retired.json").write_text(note.model_dump_json())
    verdict = verify_folder(folder, scene.key)
    assert verdict.problems == ()
    assert verdict.notes == ("deleted to make room, hashes kept: clip.mp4",)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"files": 1}', '{"files": [[1]]}', '{"files": ["track.json"]}'])
def test_a_note_of_deletion_that_says_something_else_excuses_nothing(scene: Scene, text: str) -> None:
    folder = scene.folders[0]
    (folder / "clip.mp4").unlink()
    (folder / "retired.json").write_text(text)
    assert "clip.mp4: missing" in verify_folder(folder, scene.key).problems


def test_drafts_do_not_count_as_evidence(scene: Scene) -> None:
    shutil.copytree(scene.folders[0], scene.evidence / "pending" / scene.folders[0].name)
    assert problems_of(scene) == []


def test_no_folder_at_all_says_so(tmp_path: Path, sealed_scene: Scene) -> None:
    verdict = verify_folder(tmp_path / "nowhere", sealed_scene.key)
    assert verdict.problems == ("manifest.json: No such file or directory",)
