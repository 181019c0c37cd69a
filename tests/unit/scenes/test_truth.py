"""What is to be seen of a vehicle, and the file that says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from models.lab.signs.spec import PlateSpec
from scripts.scenes.motion import Pose
from scripts.scenes.projection import projection_of
from scripts.scenes.seen import STEP, PartShape, Seen, Shape, look
from scripts.scenes.spec import (
    CameraSpec,
    LightSpec,
    PlacedPerson,
    PlacedVehicle,
    RoadSpec,
    SceneSpec,
    VehicleSpec,
    Waypoint,
)
from scripts.scenes.truth import Violation, frame_truth, read_truth, scene_truth, write_truth

SIDE = CameraSpec("side", (0.0, -20.0, 2.0), (0.0, 0.0, 2.0), 40.0, 640, 360)
HERE = Pose(0.0, 0.0, 0.0)
BODY = STEP
PLATE = STEP + 1


def wall(width_m: float, height_m: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points and normals of an upright face that looks to the right of the road, where the camera is."""
    x, z = np.meshgrid(np.linspace(-width_m / 2, width_m / 2, 21), np.linspace(2 - height_m / 2, 2 + height_m / 2, 21))
    points = np.stack([x.ravel(), np.zeros(x.size), z.ravel()], axis=1)
    return points, np.tile([0.0, -1.0, 0.0], (x.size, 1))


def truck(plate_m: tuple[float, float] = (1.6, 0.5)) -> Shape:
    """A truck as a face of 8 x 3 m with a large plate in its middle."""
    points, _ = wall(8.0, 3.0)
    plate, normals = wall(*plate_m)
    facts = {"text": "闽H12345", "type": "large_car", "colour": "yellow", "lines": 1}
    return Shape("truck", BODY, points, (PartShape(PLATE, "plate", plate, normals, facts),))


def painted(shape: Shape) -> NDArray[np.int32]:
    """The picture of object numbers when nothing stands before the truck."""
    numbers = np.zeros((SIDE.height, SIDE.width), np.int32)
    for number, points in ((BODY, shape.points), *((part.number, part.points) for part in shape.parts)):
        pixels = projection_of(SIDE).pixels(points)[0]
        (x0, y0), (x1, y1) = np.floor(pixels.min(axis=0)).astype(int), np.ceil(pixels.max(axis=0)).astype(int)
        numbers[max(0, y0) : y1 + 1, max(0, x0) : x1 + 1] = number
    return numbers


def seen(numbers: NDArray[np.int32], shape: Shape, pose: Pose = HERE) -> dict[str, Seen]:
    return look(numbers, projection_of(SIDE), [(shape, pose)])


def test_a_truck_in_the_open_is_seen_whole() -> None:
    found = seen(painted(truck()), truck())["truck"]
    assert found.visible == 1.0
    assert [part.word for part in found.parts] == ["plate"]
    assert found.parts[0].visible == 1.0


def test_the_box_of_a_vehicle_holds_its_parts_too() -> None:
    x0, y0, x1, y1 = seen(painted(truck()), truck())["truck"].box
    part = seen(painted(truck()), truck())["truck"].parts[0].box
    assert x0 <= part[0] < part[2] <= x1
    assert y0 <= part[1] < part[3] <= y1


def test_half_hidden_is_half_seen_and_boxed_by_the_half() -> None:
    numbers = painted(truck())
    whole = seen(numbers, truck())["truck"].box
    numbers[:, : SIDE.width // 2] = 3 * STEP
    found = seen(numbers, truck())["truck"]
    assert found.visible == pytest.approx(0.5, abs=0.05)
    assert found.box[0] == SIDE.width // 2
    assert found.box[2] == whole[2]


def test_a_part_hidden_by_its_own_vehicle_is_not_seen() -> None:
    numbers = painted(truck())
    numbers[numbers == PLATE] = BODY
    assert seen(numbers, truck())["truck"].parts == ()


def test_a_part_that_shows_less_than_a_quarter_is_left_out() -> None:
    numbers = painted(truck())
    rows, columns = np.nonzero(numbers == PLATE)
    cut = columns.min() + int(0.8 * (columns.max() - columns.min()))
    numbers[rows[columns < cut], columns[columns < cut]] = BODY
    assert seen(numbers, truck())["truck"].parts == ()


def test_a_part_smaller_than_four_pixels_is_left_out() -> None:
    small = truck(plate_m=(1.0, 0.04))
    assert seen(painted(small), small)["truck"].parts == ()


def test_what_turns_its_back_on_the_camera_hides_its_front() -> None:
    shape = truck()
    assert seen(np.full((SIDE.height, SIDE.width), BODY, np.int32), shape, Pose(0.0, 0.0, 180.0))["truck"].parts == ()


def test_a_truck_nearly_out_of_the_picture_counts_while_it_fills_much_of_it() -> None:
    numbers = painted(truck())
    x0, _, x1, _ = seen(numbers, truck())["truck"].box
    numbers[:, : x1 - (x1 - x0) // 5] = 0
    assert seen(numbers, truck())["truck"].visible == pytest.approx(0.2, abs=0.05)
    numbers[:, : x1 - 6] = 0
    assert seen(numbers, truck()) == {}


def scene() -> SceneSpec:
    vehicle = VehicleSpec(
        "truck",
        "tipper",
        1,
        8.0,
        2.5,
        3.5,
        (2.5, -2.0, -3.3),
        (1, 2),
        load="heaped",
        front_plate=PlateSpec("闽H12345", "large_car"),
        mass_kg=31_000.0,
        limit_kg=25_000.0,
    )
    way = (Waypoint(0.0, 0.0, -1.9), Waypoint(10.0, 100.0, -1.9))
    return SceneSpec(
        "test",
        7,
        RoadSpec("checkpoint"),
        LightSpec("night", "rain"),
        SIDE,
        (PlacedVehicle(vehicle, way, 1),),
        (PlacedPerson("officer", 2, (Waypoint(0.0, 1.0, -6.0),)),),
    )


def test_a_small_plate_is_marked_unreadable_though_its_text_is_known() -> None:
    near, far = truck((1.6, 0.5)), truck((0.8, 0.3))
    for shape, readable in ((near, True), (far, False)):
        plate = frame_truth(scene(), 0.0, seen(painted(shape), shape)).objects[0].parts[0]
        assert plate.facts["text"] == "闽H12345"
        assert plate.facts["readable"] is readable


def test_truth_says_where_a_vehicle_is_and_how_fast() -> None:
    thing = frame_truth(scene(), 5.0, seen(painted(truck()), truck())).objects[0]
    assert (thing.word, thing.kind, thing.lane) == ("truck", "tipper", 1)
    assert (thing.x_m, thing.y_m, thing.speed_kmh) == (50.0, -1.9, 36.0)


def test_persons_are_called_persons() -> None:
    person = {"officer": Seen("officer", (1, 2, 30, 90), 1.0, ())}
    assert [(thing.identity, thing.word) for thing in frame_truth(scene(), 0.0, person).objects] == [
        ("officer", "person")
    ]


def test_truth_read_back_is_the_truth_written(tmp_path: Path) -> None:
    frame = frame_truth(scene(), 0.0, seen(painted(truck()), truck()))
    violation = Violation("OL-01", "truck", 1.0, 2.5, "6 000 kg over its limit")
    truth = scene_truth(scene(), 10.0, (frame, frame), (violation,))
    write_truth(tmp_path / "a.json", truth)
    assert read_truth(tmp_path / "a.json") == truth


def test_a_file_of_another_kind_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text('{"frames": [], "violations": []}')
    with pytest.raises(ValueError, match=r"other\.json is no truth of a scene"):
        read_truth(tmp_path / "other.json")
