"""Where the subject vehicle is, by the box's notes: in frames, panoramas, crops and their overlays."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.export.subject import MARGIN, Box, Kept, Subject
from tests.unit.hub.export_subjects import DRAFT, DRAFT_FACTS, track_json

ROWS = [[10.0, 100.0, 100.0, 200.0, 200.0, 0.9, 1], [10.2, 200.0, 100.0, 300.0, 200.0, 0.9, 1]]
SIZE = (1280, 720)


def subject(rows: list[list[float]] = ROWS, corrected: tuple[tuple[float, Box], ...] = ()) -> Subject:
    return Subject.read(DRAFT, track_json(rows), corrected)


def wide(box: Box) -> Box:
    mx, my = MARGIN * (box[2] - box[0]), MARGIN * (box[3] - box[1])
    return (box[0] - mx, box[1] - my, box[2] + mx, box[3] + my)


@pytest.mark.parametrize(
    ("t_s", "box"),
    [
        (10.0, (100.0, 100.0, 200.0, 200.0)),
        (10.1, (150.0, 100.0, 250.0, 200.0)),
        (10.21, (200.0, 100.0, 300.0, 200.0)),
    ],
    ids=["at a look", "between two looks", "at the look nearest to the frame"],
)
def test_the_vehicle_is_where_the_track_says(t_s: float, box: Box) -> None:
    assert subject().at(t_s) == pytest.approx(wide(box))


@pytest.mark.parametrize("t_s", [9.9, 10.3, 0.0, 99.0])
def test_before_and_after_its_pass_the_vehicle_is_nowhere(t_s: float) -> None:
    assert subject().at(t_s) is None


def test_a_box_that_was_filled_in_is_not_believed() -> None:
    hidden = [[10.1, 150.0, 100.0, 250.0, 200.0, 0.0, 0]]
    assert subject(ROWS + hidden).at(10.1) is None
    assert subject(ROWS + hidden).at(10.05) is None
    assert subject(ROWS + hidden).at(10.2) is not None


def test_between_looks_far_apart_the_vehicle_is_nowhere() -> None:
    assert subject([ROWS[0], [11.0, *ROWS[1][1:]]]).at(10.5) is None


def test_a_panorama_keeps_the_vehicle_at_its_moment_and_moments_outside_the_clip_do_not_count() -> None:
    kept = subject().in_picture("panorama-1.jpg", SIZE)
    assert kept.boxes[0] == pytest.approx(wide((200.0, 100.0, 300.0, 200.0)))
    assert kept.frame_px == 1280


def test_a_panorama_of_twice_the_size_keeps_twice_the_box() -> None:
    kept = subject().in_picture("panorama-1.jpg", (2560, 1440))
    assert kept.boxes[0] == pytest.approx([2 * v for v in wide((200.0, 100.0, 300.0, 200.0))])


def test_of_a_panorama_without_the_vehicle_nothing_is_kept() -> None:
    assert subject().in_picture("panorama-2.jpg", SIZE) == Kept()
    assert subject().in_picture("panorama-3.jpg", SIZE) == Kept()


def crop_of(box: Box, margin: float, frame: tuple[int, int] = SIZE) -> tuple[tuple[int, int], tuple[int, int]]:
    """Corner and size of a crop, as the box cuts it."""
    mx, my = (box[2] - box[0]) * margin, (box[3] - box[1]) * margin
    left, top = max(int(box[0] - mx), 0), max(int(box[1] - my), 0)
    right, bottom = min(int(box[2] + mx) + 1, frame[0]), min(int(box[3] + my) + 1, frame[1])
    return (left, top), (right - left, bottom - top)


@given(
    x=st.floats(0, 1100),
    y=st.floats(0, 600),
    size=st.tuples(st.floats(40, 400), st.floats(40, 300)),
    margin=st.sampled_from([0.0, 0.05, 0.08, 0.2]),
)
def test_a_crop_is_found_in_its_frame_whatever_its_margin(
    x: float, y: float, size: tuple[float, float], margin: float
) -> None:
    box = (x, y, min(x + size[0], 1280.0), min(y + size[1], 720.0))
    corner, crop = crop_of(box, margin)
    track = track_json([[10.3, *box, 0.9, 1]])
    kept = Subject.read(DRAFT, track).in_picture("close-up.jpg", crop)
    own = [v - corner[i % 2] for i, v in enumerate(wide(box))]
    assert kept.boxes[0] == pytest.approx(own, abs=0.05 * max(crop) + 2)


def test_what_a_crop_proves_stays_too() -> None:
    facts = DRAFT_FACTS | {"pictures": [DRAFT_FACTS["pictures"][0] | {"boxes": [[5, 6, 30, 16]]}]}
    box = (100.0, 100.0, 200.0, 200.0)
    track = track_json([[10.3, *box, 0.9, 1]])
    kept = Subject.read(json.dumps(facts).encode(), track).in_picture("close-up.jpg", crop_of(box, 0.08)[1])
    assert kept.boxes[1] == (5.0, 6.0, 30.0, 16.0)


def test_a_crop_whose_place_cannot_be_told_is_not_kept() -> None:
    assert subject().in_picture("close-up.jpg", (600, 90)) == Kept()
    assert subject().in_picture("shot-1.jpg", (108, 108)) == Kept()
    assert subject().in_picture("somebody.jpg", (108, 108)) == Kept()


def test_an_overlay_keeps_what_its_picture_keeps_and_its_strip() -> None:
    kept = subject().in_picture("panorama-1.overlay.jpg", (1280, 757), SIZE)
    assert kept.boxes == subject().in_picture("panorama-1.jpg", SIZE).boxes
    assert kept.strip_from == 720


def test_of_an_overlay_without_its_picture_nothing_is_kept() -> None:
    assert subject().in_picture("panorama-1.overlay.jpg", (1280, 757)) == Kept()


def test_a_box_put_right_a_little_holds_at_its_moment_alone() -> None:
    put_right = subject(corrected=((0.1, (140.0, 90.0, 260.0, 210.0)),))
    assert put_right.at(10.1) == pytest.approx(wide((140.0, 90.0, 260.0, 210.0)))


def test_a_box_put_right_to_another_vehicle_takes_the_track_away() -> None:
    rows = [[10.0 + i / 10, 100.0, 100.0, 200.0, 200.0, 0.9, 1] for i in range(30)]
    put_right = subject(rows, ((1.0, (800.0, 400.0, 900.0, 500.0)),))
    assert put_right.at(11.0) == pytest.approx(wide((800.0, 400.0, 900.0, 500.0)))
    assert put_right.at(10.0) is None
    assert put_right.at(12.9) is None


@pytest.mark.parametrize("draft", [None, b"{}", b"[", b'{"anchor_at": 3}'])
def test_without_notes_that_can_be_read_the_vehicle_is_nowhere(draft: bytes | None) -> None:
    nowhere = Subject.read(draft, track_json(ROWS))
    assert nowhere.at(10.0) is None
    assert nowhere.in_picture("panorama-1.jpg", SIZE) == Kept()
