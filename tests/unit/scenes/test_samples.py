"""The sample clips' stories: what is shown, weighed, registered and broken fits together."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from leads import WeighRecord
from scripts.scenes.motion import pose_at, speed_kmh
from scripts.scenes.records import write_records
from scripts.scenes.samples import SAMPLES, Sample

STORIES = {name: build() for name, build in SAMPLES.items()}
each_story = pytest.mark.parametrize("story", STORIES.values(), ids=STORIES.keys())


def weighed(story: Sample, folder: Path) -> list[dict[str, Any]]:
    write_records(story, folder / "clip")
    records: list[dict[str, Any]] = json.loads((folder / "clip.weigh.json").read_text(encoding="utf-8"))
    return records


@each_story
def test_a_story_is_told_the_same_each_time(story: Sample) -> None:
    assert SAMPLES[story.scene.identity]() == story


def test_the_clips_together_stay_short() -> None:
    assert sum(story.seconds * story.fps for story in STORIES.values()) <= 450


@each_story
def test_who_breaks_a_rule_is_in_the_clip_while_it_runs(story: Sample) -> None:
    vehicles = {placed.vehicle.identity for placed in story.scene.vehicles}
    for violation in story.violations:
        assert violation.vehicle in vehicles
        assert 0 <= violation.from_s < violation.to_s <= story.seconds


@each_story
def test_the_lawful_break_nothing(story: Sample) -> None:
    guilty = {violation.vehicle for violation in story.violations}
    assert not {name for name in guilty if "lawful" in name or name in ("car", "coach", "taxi", "oncoming")}


@each_story
def test_every_vehicle_is_registered_under_its_plate(story: Sample, tmp_path: Path) -> None:
    write_records(story, tmp_path / "clip")
    with (tmp_path / "clip.registry.csv").open(encoding="utf-8") as file:
        plates = [row["plate"] for row in csv.DictReader(file)]
    assert len(set(plates)) == len(plates)
    for placed in story.scene.vehicles:
        plate = placed.vehicle.front_plate or placed.vehicle.rear_plate
        assert plate is not None
        assert plate.text in plates


@each_story
def test_vehicles_of_one_direction_do_not_run_into_one_another(story: Sample) -> None:
    for tenth in range(round(story.seconds * 10)):
        poses = [(pose_at(placed.way, tenth / 10), placed.vehicle) for placed in story.scene.vehicles]
        for number, (one, first) in enumerate(poses):
            for other, second in poses[number + 1 :]:
                beside = abs(one.y_m - other.y_m) > (first.width_m + second.width_m) / 2
                apart = abs(one.x_m - other.x_m) > (first.length_m + second.length_m) / 2
                assert beside or apart, (tenth / 10, first.identity, second.identity)


def test_the_scale_weighs_all_that_pass_and_says_who_is_over(tmp_path: Path) -> None:
    story = STORIES["overload-checkpoint"]
    records = weighed(story, tmp_path)
    assert len(records) == 4
    over = {record["plate_front"]["text"] for record in records if record["over_kg"]}
    guilty = {violation.vehicle for violation in story.violations if violation.rule == "OL-01"}
    plates = {
        placed.vehicle.front_plate.text
        for placed in story.scene.vehicles
        if placed.vehicle.identity in guilty and placed.vehicle.front_plate
    }
    assert over == plates
    assert len(over) == 2


def test_weighings_are_weigh_records_of_the_wire(tmp_path: Path) -> None:
    for record in weighed(STORIES["overload-checkpoint"], tmp_path):
        t_s = record.pop("t_s")
        read = WeighRecord.model_validate(record)
        assert sum(read.axle_kg) == read.total_kg
        assert len(read.axle_kg) == read.axle_count
        assert len(read.axle_spacing_m) == len(read.axle_kg) - 1
        started = STORIES["overload-checkpoint"].started_at
        assert (read.weighed_at - started).total_seconds() == pytest.approx(t_s, abs=0.001)


def test_vehicles_pass_the_scale_slowly(tmp_path: Path) -> None:
    assert all(20 <= record["speed_kmh"] <= 40 for record in weighed(STORIES["overload-checkpoint"], tmp_path))


def test_nothing_is_weighed_where_there_is_no_scale(tmp_path: Path) -> None:
    assert weighed(STORIES["passenger-hub"], tmp_path) == []


def test_the_minivan_stands_while_people_board_and_then_drives_off() -> None:
    story = STORIES["passenger-hub"]
    van = next(placed for placed in story.scene.vehicles if placed.vehicle.identity == "minivan")
    boarded = [person.until_s for person in story.scene.persons if person.until_s is not None]
    assert len(boarded) == 2
    assert all(speed_kmh(van.way, until) < 0.01 for until in boarded)
    assert speed_kmh(van.way, story.seconds - 0.2) > 15


def test_shuttling_is_known_from_earlier_days() -> None:
    story = STORIES["passenger-hub"]
    assert {sighting.plate for sighting in story.sightings} == {"闽H6T283"}
    assert len({sighting.at[:10] for sighting in story.sightings}) >= 3
    assert all(sighting.at < f"{story.started_at:%Y-%m-%d}" for sighting in story.sightings)


def test_only_the_unsigned_tank_truck_shows_no_sign() -> None:
    tanks = [p.vehicle for p in STORIES["dangerous-goods"].scene.vehicles if p.vehicle.kind == "tank_truck"]
    assert [tank.identity for tank in tanks if tank.panel is None and not tank.diamonds] == ["tank-bare"]
