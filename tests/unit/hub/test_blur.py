"""What stands beside the subject vehicle cannot be made out in copies; the vehicle itself can."""

from __future__ import annotations

import socket
from pathlib import Path

import cv2
import numpy as np
import pytest

from hub.evidence.pictures import PictureError, picture_size
from hub.export.blur import BlurError, Veil, blur_clip, blur_picture
from hub.export.subject import Kept, Subject
from tests.unit.hub.export_pictures import (
    HEIGHT,
    OTHER,
    OWN,
    WIDTH,
    Picture,
    decoded,
    film,
    frames_of,
    jpeg,
    plates_in,
    road,
)
from tests.unit.hub.export_subjects import DRAFT, track_json

VEHICLE = (300.0, 300.0, 900.0, 800.0)


@pytest.mark.parametrize("width", [100, 160, 400])
def test_a_plate_beside_the_vehicle_cannot_be_read_in_a_copy_and_its_own_can(width: int) -> None:
    picture = road((OWN, 160, (500, 700)), (OTHER, width, (1200, 500)))
    assert plates_in(picture) == {OWN.text, OTHER.text}
    copy = decoded(blur_picture(jpeg(picture), lambda _: Kept((VEHICLE,), WIDTH)))
    assert plates_in(copy) == {OWN.text}


def test_a_plate_is_not_read_after_the_copy_has_been_sharpened() -> None:
    copy = decoded(blur_picture(jpeg(road((OTHER, 160, (1200, 500)))), lambda _: Kept()))
    soft = cv2.GaussianBlur(copy, (0, 0), 20)
    sharpened = np.clip(copy.astype(np.float32) * 9 - soft.astype(np.float32) * 8, 0, 255).astype(np.uint8)
    assert plates_in(np.asarray(sharpened)) == set()


def face(seed: int) -> Picture:
    """A face 100 px wide as far as its light goes: an oval with eyes, brows, nose and mouth of its own."""
    rng = np.random.default_rng(seed)
    drawn = np.full((130, 100), 105, np.uint8)
    cv2.ellipse(drawn, (50, 65), (48, 63), 0, 0, 360, 180, -1)
    for x, y, wide, tall in (
        (30, 48, 11, 5),
        (70, 48, 11, 5),
        (30, 36, 13, 3),
        (70, 36, 13, 3),
        (50, 70, 5, 14),
        (50, 98, 20, 6),
    ):
        dx, dy, grown = rng.integers(-6, 7), rng.integers(-6, 7), rng.uniform(0.6, 1.4)
        cv2.ellipse(drawn, (x + int(dx), y + int(dy)), (round(wide * grown), round(tall * grown)), 0, 0, 360, 70, -1)
    return drawn


def test_a_face_of_a_hundred_pixels_is_not_told_from_others() -> None:
    faces = [face(seed) for seed in range(20)]

    def seen(number: int, rng: np.random.Generator) -> Picture:
        plane = np.full((HEIGHT, WIDTH), 105, np.uint8)
        plane[500:630, 800:900] = faces[number]
        return Veil(rng).over(plane, WIDTH)[440:700, 720:980]

    class Silent:
        """No noise: what somebody would compare with who knows all the faces and the place."""

        def normal(self, _mean: float, _deviation: float, size: tuple[int, int]) -> Picture:
            return np.zeros(size, np.uint8)

    known = [seen(number, Silent()).astype(float) for number in range(len(faces))]  # type: ignore[arg-type]
    tries = [(number, np.random.default_rng(lot)) for number in range(len(faces)) for lot in range(4)]
    hits = 0
    for number, rng in tries:
        shown = seen(number, rng).astype(float)
        hits += int(np.argmin([np.abs(shown - k).sum() for k in known])) == number
    # One in twenty by guessing.
    assert hits / len(tries) < 0.15


def test_no_colour_is_left_outside_the_vehicle() -> None:
    picture = road()
    picture[:, 1000:] = (0, 0, 255)
    copy = decoded(blur_picture(jpeg(picture), lambda _: Kept((VEHICLE,), WIDTH)))
    assert np.ptp(copy[:, 1100:].astype(int), axis=2).max() <= 4


def test_no_two_copies_have_the_same_veil() -> None:
    picture = jpeg(road())
    assert blur_picture(picture, lambda _: Kept()) != blur_picture(picture, lambda _: Kept())


def test_a_crop_is_veiled_as_coarsely_as_the_frame_it_was_cut_out_of() -> None:
    picture = road((OTHER, 160, (60, 40)), size=(400, 300))
    assert plates_in(picture) == {OTHER.text}
    in_frame = decoded(blur_picture(jpeg(picture), lambda _: Kept((), WIDTH)))
    by_itself = decoded(blur_picture(jpeg(picture), lambda _: Kept()))
    assert plates_in(in_frame) == set()

    def roughness(image: Picture) -> float:
        return float(np.abs(np.diff(image.astype(int), axis=1)).mean())

    assert roughness(in_frame) < roughness(by_itself) / 2


def test_the_text_strip_below_an_overlay_stays() -> None:
    picture = road(size=(640, 400))
    picture[360:] = 0
    cv2.putText(picture, "2026-11-23", (10, 390), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (255, 255, 255), 2)
    copy = decoded(blur_picture(jpeg(picture), lambda _: Kept((), 1280, 360)))
    assert np.abs(copy[368:].astype(int) - picture[368:]).mean() < 4


@pytest.mark.parametrize("data", [b"", b"no picture", b"\xff\xd8\xff\xe0" + b"\0" * 40])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(PictureError, match="no picture"):
        blur_picture(data, lambda _: Kept())


def test_a_picture_of_too_many_pixels_is_refused_undecoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.evidence.pictures.MOST_PIXELS", 1000)
    with pytest.raises(PictureError, match="64x32 pixels are more"):
        blur_picture(jpeg(road(size=(64, 32))), lambda _: Kept())
    assert picture_size(jpeg(road(size=(64, 32)))) == (64, 32)


def moving(seen: bool = True) -> Subject:
    """A vehicle that stands in a box of a 640 x 360 frame from second 10.0 to 10.6 of the stream."""
    rows = [[10.0 + i / 10, 100.0, 100.0, 300.0, 260.0, 0.9, int(seen)] for i in range(7)]
    return Subject.read(DRAFT, track_json(rows, size=(640, 360)))


def test_in_a_clip_the_vehicle_alone_is_seen_and_every_frame_keeps_its_time(tmp_path: Path) -> None:
    picture = road((OWN, 120, (130, 150)), (OTHER, 120, (420, 150)), size=(640, 360))
    assert plates_in(picture) == {OWN.text, OTHER.text}
    made = film(tmp_path / "clip.mp4", picture, (0, 100, 230, 300, 480, 600, 900, 1000))
    done: list[float] = []
    blur_clip(made.path, tmp_path / "copy.mp4", moving(), done.append)
    frames = frames_of(tmp_path / "copy.mp4")
    assert [at for at, _ in frames] == list(made.times)
    assert plates_in(frames[2][1]) == {OWN.text}
    # The draft's clip begins at 10.0 s; after 10.6 s the vehicle was not seen any more.
    assert plates_in(frames[7][1]) == set()
    assert done[-1] == 1.0
    assert done == sorted(done)


def test_frames_in_which_the_vehicle_was_not_seen_are_veiled_whole(tmp_path: Path) -> None:
    picture = road((OWN, 120, (130, 150)), size=(640, 360))
    made = film(tmp_path / "clip.mp4", picture, (0, 100))
    blur_clip(made.path, tmp_path / "copy.mp4", moving(seen=False))
    assert all(plates_in(shown) == set() for _, shown in frames_of(tmp_path / "copy.mp4"))


def test_a_clip_without_notes_on_the_vehicle_is_veiled_whole(tmp_path: Path) -> None:
    made = film(tmp_path / "clip.mp4", road((OWN, 120, (130, 150)), size=(640, 360)), (0, 100))
    blur_clip(made.path, tmp_path / "copy.mp4", Subject())
    assert all(plates_in(shown) == set() for _, shown in frames_of(tmp_path / "copy.mp4"))


def test_the_veil_of_a_clip_stands_for_half_a_second(tmp_path: Path) -> None:
    made = film(tmp_path / "clip.mp4", road((OTHER, 120, (130, 150)), size=(640, 360)), tuple(range(0, 1000, 100)))
    blur_clip(made.path, tmp_path / "copy.mp4", Subject())
    shown = [picture.astype(int) for _, picture in frames_of(tmp_path / "copy.mp4")]
    assert np.abs(shown[1] - shown[4]).mean() < 1.0


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"no video at all" * 10)
    with pytest.raises(BlurError, match="cannot be decoded"):
        blur_clip(tmp_path / "clip.mp4", tmp_path / "copy.mp4", Subject())


def test_a_clip_of_too_many_or_too_large_frames_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    film(tmp_path / "clip.mp4", road(size=(320, 240)), (0, 100, 200, 300, 400))
    for name, most in (("MOST_FRAMES", 4), ("MOST_PIXELS", 320 * 240 - 1)):
        with monkeypatch.context() as less:
            less.setattr(f"hub.evidence.clips.{name}", most)
            with pytest.raises(BlurError, match="more than"):
                blur_clip(tmp_path / "clip.mp4", tmp_path / "copy.mp4", Subject())
    blur_clip(tmp_path / "clip.mp4", tmp_path / "copy.mp4", Subject())


@pytest.mark.parametrize("name", ["clip.mp4", "clip.m3u8", "clip.sdp"])
def test_a_list_that_leads_to_other_files_and_addresses_is_no_clip(tmp_path: Path, name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        (tmp_path / name).write_text(
            "v=0\r\nm=video 5004 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
            if name.endswith("sdp")
            else f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://{address}/x.ts\n#EXT-X-ENDLIST\n"
        )
        with pytest.raises(BlurError):
            blur_clip(tmp_path / name, tmp_path / "copy.mp4", Subject())
        with pytest.raises(TimeoutError):
            listener.accept()
