"""What stands in sealed evidence, held against what truly happened on the road."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from cameras import Image
from edge.evidence.seal import Sealed, Sealer
from edge.evidence.verify import verify_folder
from edge.outbox import ChainHead
from leads import Lead, load_private_key, parse_json, verify
from tests.unit.edge.boxes import Scene, json_of, lead_of, manifest_of, watch
from tests.world import HEIGHT, LENGTH, TALL, WIDTH, Drive, picture, write_site, write_video

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
SEALED_AT = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
CLOSED_FROM, CLOSED_TO = 0.25 * WIDTH, 0.8 * WIDTH
DRAFT_FILES = ("draft.json", "track.json", "clip.mp4", "close-up.jpg")


def seconds(moment: datetime) -> float:
    """Seconds of the video."""
    return (moment - BEGAN).total_seconds()


def read(path: Path) -> Image:
    image = cv2.imread(str(path))
    assert image is not None
    return image.astype(np.uint8)


def frames_of(clip: Path) -> list[tuple[float, bool, Image]]:
    """Seconds, whether it is a keyframe, and the picture, of every frame."""
    with av.open(str(clip)) as container:
        return [
            (frame.time or 0.0, frame.key_frame, frame.to_ndarray(format="bgr24").astype(np.uint8))
            for frame in container.decode(video=0)
        ]


def entered_s(drive: Drive) -> float:
    """When the middle of the vehicle's lower edge came into the closed zone."""
    return drive.starts_s + (CLOSED_FROM + LENGTH / 2) / drive.speed


def vehicle_middle(path: Path) -> float:
    """Column of the middle of what is red."""
    image = read(path).astype(int)
    return float(np.nonzero((image[:, :, 2] - image[:, :, 0] > 100).any(axis=0))[0].mean())


def truth_box(drive: Drive, t_s: float) -> NDArray[np.float64]:
    left = drive.left(t_s)
    assert left is not None
    return np.array([max(left, 0), 124, min(left + LENGTH, WIDTH), 124 + TALL])


def test_each_lead_is_valid_signed_and_names_its_files(sealed_scene: Scene) -> None:
    before = "0" * 64
    for number, folder in enumerate(sealed_scene.folders, start=1):
        verify(parse_json((folder / "lead.json").read_bytes()), sealed_scene.key)
        lead, manifest = lead_of(folder), manifest_of(folder)
        assert lead.evidence.folder == folder.relative_to(sealed_scene.evidence).as_posix()
        assert (lead.evidence.chain_seq, lead.evidence.chain_prev) == (number, before)
        before = lead.evidence.manifest_sha256
        assert before == sha256((folder / "manifest.json").read_bytes()).hexdigest()
        assert lead.evidence.files == manifest.files
        for file in manifest.files:
            data = (folder / file.name).read_bytes()
            assert (file.sha256, file.bytes) == (sha256(data).hexdigest(), len(data))
        assert {f.proof for f in lead.facts} == {"panorama-2.jpg"}


def test_each_lead_says_what_truly_happened(sealed_scene: Scene) -> None:
    for folder, drive in zip(sealed_scene.folders, sealed_scene.drives, strict=True):
        lead = lead_of(folder)
        assert (lead.act.rule_id, lead.act.zone, lead.vehicle.vehicle_class) == ("TR-01", "lower-lane", "truck")
        assert lead.vehicle.plate is None
        assert seconds(lead.occurred_at) == pytest.approx(entered_s(drive), abs=0.2)
        assert (lead.passage.entry, lead.passage.exit) == ("left", "right")
        gone_s = drive.starts_s + (WIDTH + LENGTH) / drive.speed
        assert seconds(lead.passage.first_seen) == pytest.approx(drive.starts_s, abs=0.2)
        assert seconds(lead.passage.last_seen) == pytest.approx(gone_s, abs=0.2)
        assert (lead.evidence_grade, lead.evidence.complete, lead.evidence.missing) == ("A", True, ())
        facts = {f.name: f.value for f in lead.facts}
        assert facts["time_in_zone"] == pytest.approx(0.8, abs=0.3)


def test_the_clip_begins_with_a_keyframe_and_its_times_are_those_of_the_act(sealed_scene: Scene) -> None:
    for folder, drive in zip(sealed_scene.folders, sealed_scene.drives, strict=True):
        clip = manifest_of(folder).clip
        assert clip is not None
        frames = frames_of(folder / clip.file)
        assert frames[0][1], "the first frame is a keyframe"
        assert clip.complete
        assert clip.missing is None
        assert frames[-1][0] + 0.1 == pytest.approx(clip.duration_s, abs=0.01)
        began_s = entered_s(drive) - clip.act_from_s
        assert began_s == pytest.approx(round(began_s), abs=0.12), "a keyframe comes every second"
        assert clip.act_from_s - clip.offset_s == pytest.approx(2.0), "pre_s"
        assert clip.act_proven_s - clip.act_from_s == pytest.approx(0.9, abs=0.2)
        assert clip.duration_s - clip.act_proven_s >= 1.0 - 0.02, "post_s"
        for t_s, _, image in frames[:: len(frames) // 5]:
            truth = picture(sealed_scene.drives, round(began_s) + t_s)[:, :, ::-1]
            assert np.abs(image.astype(int) - truth).mean() < 3


def test_the_clip_holds_the_packets_of_the_video_untouched(sealed_scene: Scene) -> None:
    def packets(path: Path) -> list[bytes]:
        with av.open(str(path)) as container:
            return [bytes(p) for p in container.demux(video=0) if p.size]

    whole = packets(sealed_scene.root / "road.mp4")
    for folder in sealed_scene.folders:
        part = packets(folder / "clip.mp4")
        start = whole.index(part[0])
        assert whole[start : start + len(part)] == part


def test_panoramas_are_frames_of_the_clip_at_two_moments_of_the_act(sealed_scene: Scene) -> None:
    for folder, drive in zip(sealed_scene.folders, sealed_scene.drives, strict=True):
        clip = manifest_of(folder).clip
        assert clip is not None
        frames = frames_of(folder / clip.file)
        for name, moment in (("panorama-1", clip.act_from_s), ("panorama-2", clip.act_proven_s)):
            image = next(image for t_s, _, image in frames if abs(t_s - moment) < 0.05)
            _, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 95])
            assert (folder / f"{name}.jpg").read_bytes() == jpeg.tobytes()
            assert CLOSED_FROM <= vehicle_middle(folder / f"{name}.jpg") <= CLOSED_TO
        moved = vehicle_middle(folder / "panorama-2.jpg") - vehicle_middle(folder / "panorama-1.jpg")
        assert moved == pytest.approx((clip.act_proven_s - clip.act_from_s) * drive.speed, abs=3)


def test_an_overlay_is_the_picture_with_a_box_and_a_strip_below_it(sealed_scene: Scene) -> None:
    folder, drive = sealed_scene.folders[0], sealed_scene.drives[0]
    lead, clip = lead_of(folder), manifest_of(folder).clip
    assert clip is not None
    for name, moment in (("panorama-1", clip.act_from_s), ("panorama-2", clip.act_proven_s)):
        original, overlay = read(folder / f"{name}.jpg"), read(folder / f"{name}.overlay.jpg")
        assert original.shape == (HEIGHT, WIDTH, 3)
        assert overlay.shape[1] == WIDTH
        assert overlay.shape[0] > HEIGHT
        at_s = seconds(lead.occurred_at) + moment - clip.act_from_s
        x0, y0, x1, y1 = (round(v) for v in truth_box(drive, at_s))
        changed = np.abs(overlay[:HEIGHT].astype(int) - original).max(axis=2) > 100
        rows, columns = np.nonzero(changed)
        assert (columns.min(), rows.min(), columns.max(), rows.max()) == pytest.approx((x0, y0, x1, y1), abs=4)
        assert not changed[y0 + 8 : y1 - 8, x0 + 8 : x1 - 8].any(), "only the edge is drawn"
        strip = overlay[HEIGHT:]
        assert (strip < 40).mean() > 0.6
        assert (strip > 200).mean() > 0.02


def test_the_track_holds_the_boxes_of_the_whole_passage(sealed_scene: Scene) -> None:
    for folder, drive in zip(sealed_scene.folders, sealed_scene.drives, strict=True):
        track = json_of(folder / "track.json")
        rows = np.array(track["boxes"])
        assert (track["width"], track["height"], track["votes"]) == (WIDTH, HEIGHT, {"truck": 1.0})
        assert np.diff(rows[:, 0]) == pytest.approx(0.1)
        assert rows[:, 0].max() - rows[:, 0].min() > (WIDTH - 20) / drive.speed
        truth = np.array([truth_box(drive, t_s) for t_s in rows[:, 0]])
        assert np.abs(rows[:, 1:5] - truth).max() <= 4
        assert rows[:, 6].all(), "seen in every frame"


def test_the_close_up_shows_the_vehicle_large(sealed_scene: Scene) -> None:
    for folder in sealed_scene.folders:
        image = read(folder / "close-up.jpg")
        assert image.shape[0] == pytest.approx(TALL, abs=12)
        assert image.shape[1] == pytest.approx(LENGTH, abs=16)
        red = image[:, :, 2].astype(int) - image[:, :, 0] > 100
        assert red.mean() > 0.6


def sealer(scene: Scene) -> Sealer:
    key = load_private_key(scene.root / "keys/box-1.key")
    return Sealer(scene.evidence, key, ZoneInfo("Asia/Shanghai"), 95, lambda: SEALED_AT)


def as_draft(folder: Path, names: Sequence[str] = DRAFT_FILES) -> Path:
    """Turn a sealed folder back into the draft it was."""
    pending = folder.parent.parent / "pending" / folder.name
    pending.mkdir()
    for name in names:
        shutil.copy(folder / name, pending)
    shutil.rmtree(folder)
    return pending


def seal_again(scene: Scene, pending: Path) -> Sealed:
    sealed = sealer(scene).seal(pending, None)
    assert verify_folder(sealed.folder, scene.key).problems == ()
    return sealed


def test_sealing_a_draft_again_gives_the_same_files(scene: Scene) -> None:
    folder = scene.folders[0]
    before = manifest_of(folder)
    sealed = seal_again(scene, as_draft(folder))
    assert sealed.folder == folder
    assert manifest_of(folder) == before.model_copy(update={"made_at": SEALED_AT})
    assert sealed.lead.made_at == SEALED_AT


def test_a_lead_continues_the_chain_at_its_head(scene: Scene) -> None:
    head = ChainHead(41, "ab" * 32)
    sealed = sealer(scene).seal(as_draft(scene.folders[0]), head)
    assert sealed.chain.seq == 42
    assert sealed.lead.evidence.chain_prev == "ab" * 32
    assert sealed.chain.hash == sha256((sealed.folder / "manifest.json").read_bytes()).hexdigest()


def test_what_a_try_cut_short_left_behind_does_not_look_tampered_with(scene: Scene) -> None:
    folder = scene.folders[0]
    pending = as_draft(folder)
    for name in (".track.json.part", ".clip.mp4.part", "panorama-2.jpg", "panorama-2.overlay.jpg", "manifest.json"):
        (pending / name).write_bytes(b"half")
    (pending / "clip.mp4").unlink()
    files = {f.name for f in seal_again(scene, pending).lead.evidence.files}
    assert files == {"draft.json", "track.json", "close-up.jpg", "close-up.overlay.jpg"}


def test_a_clip_that_cannot_be_decoded_is_kept_and_said(scene: Scene) -> None:
    pending = as_draft(scene.folders[0])
    clip = pending / "clip.mp4"
    data = clip.read_bytes()
    media = data.index(b"mdat") + 4
    clip.write_bytes(data[:media] + bytes(len(data) - media))
    lead = seal_again(scene, pending).lead
    assert "clip.mp4" in {f.name for f in lead.evidence.files}
    assert lead.evidence_grade == "C"
    assert [m.partition(": ")[0] for m in lead.evidence.missing] == ["panoramas"]
    assert "cannot be decoded" in lead.evidence.missing[0]


@pytest.mark.parametrize(
    ("without", "grade", "missing"),
    [
        ("clip.mp4", "C", ["panoramas: there is no clip to take them from"]),
        ("close-up.jpg", "B", ["close-up: no whole view of the vehicle was had"]),
    ],
)
def test_a_part_that_is_missing_is_said_and_lowers_the_grade(
    scene: Scene, without: str, grade: str, missing: list[str]
) -> None:
    lead = seal_again(scene, as_draft(scene.folders[0], [n for n in DRAFT_FILES if n != without])).lead
    assert (lead.evidence_grade, lead.evidence.complete) == (grade, False)
    assert list(lead.evidence.missing) == missing
    assert {f.proof for f in lead.facts} == ({"track.json"} if grade == "C" else {"panorama-2.jpg"})


def sealed_lead(root: Path, video: Path) -> Lead:
    site = write_site(root, video)
    watch(site, leads=1)
    scene = Scene(root)
    (folder,) = scene.folders
    assert verify_folder(folder, scene.key).problems == ()
    return lead_of(folder)


def test_a_video_that_begins_just_before_the_act_says_what_of_the_clip_is_missing(tmp_path: Path) -> None:
    drive = Drive(starts_s=-0.5, lane=1)
    lead = sealed_lead(tmp_path, write_video(tmp_path / "late.mp4", [drive], seconds=6))
    late_s = 2.0 - entered_s(drive)
    assert lead.evidence_grade == "B"
    (missing,) = lead.evidence.missing
    assert missing.startswith("clip in part: begins ")
    assert float(missing.split()[4]) == pytest.approx(late_s, abs=0.15)


def test_a_video_that_ends_within_the_post_roll_says_so(tmp_path: Path) -> None:
    lead = sealed_lead(tmp_path, write_video(tmp_path / "short.mp4", [Drive(3.0, 1)], seconds=5.2))
    assert lead.evidence_grade == "B"
    (missing,) = lead.evidence.missing
    assert missing.startswith("clip in part: ends ")
    assert missing.endswith("early (the stream ended)")


def test_a_folder_of_pictures_gives_leads_without_a_clip(tmp_path: Path) -> None:
    drive = replace(Drive(0.0, 1), speed=60.0)
    frames = tmp_path / "pictures"
    frames.mkdir()
    for index in range(70):
        cv2.imwrite(str(frames / f"{index:04d}.png"), picture([drive], index / 10)[:, :, ::-1])
    lead = sealed_lead(tmp_path, frames)
    assert lead.evidence_grade == "C"
    assert [m.partition(": ")[0] for m in lead.evidence.missing] == ["clip", "panoramas"]
    assert [f.kind for f in lead.evidence.files] == ["draft", "track", "close_up", "overlay"]
