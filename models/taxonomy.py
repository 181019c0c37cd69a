"""The words for what is seen: the one place that lists them, and how other networks' words map onto them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal

Task = Literal["vehicles", "features"]

VEHICLES = ("car", "van", "bus", "truck", "tank_truck", "motorcycle", "three_wheeler", "person")
"""What the first look finds: road users, one box each."""

FEATURES = (
    "wheel",
    "lifted_wheel",
    "plate",
    "orange_panel",
    "diamond",
    "heaped_load",
    "covered_load",
    "taxi_lamp",
)
"""What the second look finds on a vehicle."""

VEHICLE_GROUPS: Mapping[str, str] = MappingProxyType(
    {
        "car": "vehicle",
        "van": "vehicle",
        "bus": "vehicle",
        "truck": "vehicle",
        "tank_truck": "vehicle",
        "three_wheeler": "vehicle",
        "motorcycle": "motorcycle",
        "person": "person",
    }
)
"""Classes of one group are readings of the same thing: a car may turn out a van, a person never a truck."""

_COCO80 = (
    "person,bicycle,car,motorcycle,airplane,bus,train,truck,boat,traffic light,fire hydrant,stop sign,"
    "parking meter,bench,bird,cat,dog,horse,sheep,cow,elephant,bear,zebra,giraffe,backpack,umbrella,"
    "handbag,tie,suitcase,frisbee,skis,snowboard,sports ball,kite,baseball bat,baseball glove,skateboard,"
    "surfboard,tennis racket,bottle,wine glass,cup,fork,knife,spoon,bowl,banana,apple,sandwich,orange,"
    "broccoli,carrot,hot dog,pizza,donut,cake,chair,couch,potted plant,bed,dining table,toilet,tv,laptop,"
    "mouse,remote,keyboard,cell phone,microwave,oven,toaster,sink,refrigerator,book,clock,vase,scissors,"
    "teddy bear,hair drier,toothbrush"
)
COCO80 = tuple(_COCO80.split(","))
"""The 80 classes of COCO 2017 in their usual order (Lin et al. 2014)."""


def classes_of(task: Task) -> tuple[str, ...]:
    """All classes a network of this task may report."""
    return VEHICLES if task == "vehicles" else FEATURES


def default_map(names: Sequence[str], task: Task) -> dict[str, str]:
    """Map a network's own names onto the taxonomy where the word is the same but for capitals and spaces.

    Others are left out: for COCO that keeps car, bus, truck, motorcycle and person.
    """
    known = set(classes_of(task))
    words = {name: name.strip().lower().replace(" ", "_").replace("-", "_") for name in names}
    return {name: word for name, word in words.items() if word in known}


def group_of(name: str) -> str:
    """Group of a class; a feature is a group of its own."""
    return VEHICLE_GROUPS.get(name, name)


def group_ids(names: Sequence[str]) -> tuple[int, ...]:
    """Group number of each class, counted from 0 in order of appearance."""
    seen: dict[str, int] = {}
    return tuple(seen.setdefault(group_of(name), len(seen)) for name in names)
