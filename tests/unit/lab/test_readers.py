"""Each format gives the boxes its makers drew, in pixels of the picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from models.lab.labelled import Picture, as_boxes, cut_out, day_or_night, shrunk
from models.lab.plates import read_plates
from models.lab.readers import read
from models.lab.renderings import read_rendered
from models.manifest import ModelError
from tests.unit.lab.sets import photo, save_yolo, source

PLATES = {
    "task": "features",
    "format": "plates",
    "names": ["plate"],
    "map": {"plate": "plate"},
    "left_out": {},
    "labelled": ["plate"],
}
RENDERED = {
    "task": "features",
    "format": "rendered_crops",
    "names": ["wheel", "plate"],
    "map": {"wheel": "wheel", "plate": "plate"},
    "left_out": {},
    "labelled": ["wheel", "plate"],
    "folder": ".",
    "scenes": {"by": "seed"},
}


def test_yolo_shares_become_pixels_and_squeezed_pictures_get_their_width_back(tmp_path: Path) -> None:
    save_yolo(tmp_path / "set", {"a_12": (photo(1), "0 0.5 0.5 0.25 0.5\n1 0.25 0.25 0.5 0.5\n")})
    (as_is,) = read(source(), tmp_path)
    assert as_is.words == ("auto", "tractor")
    assert as_is.boxes == pytest.approx(as_boxes([[24, 12, 40, 36], [0, 0, 32, 24]]))
    assert as_is.order == 12
    (wide,) = read(source(stretch=2), tmp_path)
    assert wide.image.shape == (48, 128, 3)
    assert wide.boxes == pytest.approx(as_is.boxes * [2, 1, 2, 1])


def test_a_source_takes_only_the_pictures_with_its_words(tmp_path: Path) -> None:
    save_yolo(tmp_path / "set", {"a": (photo(1), "0 .5 .5 .5 .5\n"), "b": (photo(2), "1 .5 .5 .5 .5\n")})
    assert [p.stem for p in read(source(only_with=["tractor"]), tmp_path)] == ["b"]
    assert [p.stem for p in read(source(without=["tractor"]), tmp_path)] == ["a"]


def test_a_box_that_somebody_looked_at_bears_the_corrected_word_and_a_doubtful_picture_is_left_out(
    tmp_path: Path,
) -> None:
    two = "0 .2 .5 .2 .5\n0 .7 .5 .2 .5\n"
    save_yolo(tmp_path / "set", {"a": (photo(1), two), "b": (photo(2), two), "c": (photo(3), two)})
    taken = read(source(corrections={"a": {1: "tractor"}}, skip=["b"]), tmp_path)
    assert [(p.stem, p.words) for p in taken] == [("a", ("auto", "tractor")), ("c", ("auto", "auto"))]


@pytest.mark.parametrize("labels", ["2 .5 .5 .5 .5\n", "0 .5 .5 .5\n"])
def test_a_label_of_no_class_or_no_box_is_named(tmp_path: Path, labels: str) -> None:
    save_yolo(tmp_path / "set", {"a": (photo(1), labels)})
    with pytest.raises(ModelError, match=r"a\.txt"):
        list(read(source(), tmp_path))


def test_of_a_film_every_other_frame_of_a_stretch_is_taken_with_its_own_boxes(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "film.mp4"), "w") as film:
        stream = film.add_stream("libx264", rate=5)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(8):
            film.mux(stream.encode(av.VideoFrame.from_ndarray(photo(number), format="bgr24")))
        film.mux(stream.encode(None))
    rows = "".join(f"{n},auto,sedan,0.5,0.5,0.{n}5,0.5\n" for n in range(1, 8))
    (tmp_path / "film.boxes.csv").write_text(f"frame,class,source_class,x_centre,y_centre,width,height\n{rows}")
    declared = source(format="video", video="film.mp4", every=2, numbers=[0, 6], scenes={"by": "order"})
    taken = list(read(declared, tmp_path))
    assert [p.order for p in taken] == [0, 2, 4]
    assert [len(p.words) for p in taken] == [0, 1, 1]
    assert taken[2].boxes[0, 2] - taken[2].boxes[0, 0] == pytest.approx(0.45 * 64)


def test_a_plate_is_in_each_of_its_cut_outs_whole_and_at_the_same_place_of_the_photo(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    image = np.zeros((400, 600, 3), np.uint8)
    cv2.rectangle(image, (280, 240), (359, 264), (255, 80, 0), cv2.FILLED)
    cv2.imwrite(str(tmp_path / "images/s.png"), image)
    plate = {"x_centre": 320, "y_centre": 252.5, "width": 25, "height": 80, "rotation": -90}
    (tmp_path / "plates.json").write_text(json.dumps([{"image": "s.png", "plates": [plate]}]))
    whole, *fronts = read_plates(source(**PLATES), tmp_path)
    assert whole.boxes == pytest.approx(as_boxes([[280, 240, 360, 265]]), abs=0.6)
    assert len(fronts) == 2
    for front in fronts:
        x0, y0, x1, y1 = (int(v) for v in np.rint(front.boxes[0]))
        assert (x1 - x0, y1 - y0) == (80, 25)
        assert (front.image[y0 + 1 : y1 - 1, x0 + 1 : x1 - 1] == (255, 80, 0)).all()
        assert front.scene == whole.scene


def truth(**light: str) -> dict[str, Any]:
    wheels = [
        {"class": "wheel", "box": [120, 150, 160, 190], "visible": 1.0},
    ]
    plate = {"class": "plate", "box": [500, 100, 520, 110], "visible": 1.0}
    objects = [
        {"class": "truck", "box": [100, 100, 300, 200], "visible": 0.9, "parts": wheels},
        {"class": "car", "box": [480, 80, 540, 120], "visible": 1.0, "parts": [plate]},
        {"class": "person", "box": [400, 50, 500, 200], "visible": 1.0, "parts": []},
    ]
    frames = [{"objects": objects}]
    return {"scene": "s7", "width": 640, "height": 360, "light": light, "frames": frames}


def save_rendering(folder: Path, **light: str) -> None:
    cv2.imwrite(str(folder / "a.jpg"), photo(1, 640, 360))
    (folder / "a.json").write_text(json.dumps(truth(**light)))


def test_a_rendering_bears_all_that_its_truth_tells(tmp_path: Path) -> None:
    save_rendering(tmp_path, time="night", weather="rain")
    vehicles = {
        "format": "rendered",
        "names": ["truck", "car", "person"],
        "map": {word: word for word in ("truck", "car", "person")},
        "left_out": {},
        "scenes": {"by": "seed"},
    }
    (whole,) = read_rendered(source(**vehicles), tmp_path)
    assert whole.words == ("truck", "car", "person")
    assert (whole.condition, whole.scene) == ("night rain", "s7")


def test_a_vehicle_cut_out_bears_the_parts_that_show_and_one_too_small_is_not_cut_out(tmp_path: Path) -> None:
    save_rendering(tmp_path, time="day", weather="clear")
    (truck,) = read_rendered(source(**RENDERED), tmp_path)
    assert truck.image.shape == (116, 232, 3)  # 8 % of 100 and of 200 on each side
    assert truck.words == ("wheel",)
    assert truck.boxes == pytest.approx(as_boxes([[36, 58, 76, 98]]))
    assert truck.condition == "day"


def test_a_rendering_without_truth_it_needs_is_named(tmp_path: Path) -> None:
    save_rendering(tmp_path, time="day")
    with pytest.raises(ModelError, match=r"a\.json"):
        list(read_rendered(source(**RENDERED), tmp_path))


def test_a_picture_shrinks_with_its_boxes_and_never_grows() -> None:
    picture = Picture("a", photo(1, 640, 480), as_boxes([[64, 48, 128, 96]]), ("auto",), "day")
    small = shrunk(picture, 320)
    assert small.image.shape == (240, 320, 3)
    assert small.boxes == pytest.approx(as_boxes([[32, 24, 64, 48]]))
    assert shrunk(picture, 1000) is picture


def test_a_cut_out_leaves_off_what_lies_mostly_outside() -> None:
    boxes = as_boxes([[0, 0, 20, 20], [5, 0, 25, 20], [15, 0, 35, 20]])
    picture = Picture("a", photo(1), boxes, ("in", "three quarters", "a quarter"), "day")
    part = cut_out(picture, (-10, -10, 20, 30), "a-0", 0.6)
    assert part.image.shape == (30, 20, 3)
    assert part.words == ("in", "three quarters")
    assert part.boxes == pytest.approx(as_boxes([[0, 0, 20, 20], [5, 0, 20, 20]]))


def test_bars_do_not_make_night_of_day() -> None:
    day = np.pad(photo(1, 320, 60), ((200, 200), (0, 0), (0, 0)))
    assert day_or_night(day) == "day"
    assert day_or_night((photo(1, 320, 240) * 0.2).astype(np.uint8)) == "night"
