"""How acts are planted in the traffic: each with the rules it truly breaks, each near miss with none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.accuracy.day_world import County, Drive

EACH, NEAR_EACH = 24, 16
"""Times that each act and each near miss is planted."""
NEEDS: Mapping[str, tuple[str, ...]] = {
    "OL-01": ("weighed",), "OL-02": ("weighed", "plate"), "OL-03": ("weighed",), "OL-04": ("load", "raised"),
    "SZ-01": ("size",), "LD-01": ("load",), "LD-02": ("raised",), "LD-03": ("axles", "lifted"),
    "LD-04": ("axles", "plate"), "NP-01": ("plate", "people"), "NP-02": ("plate",), "NP-03": ("plate",),
    "NP-04": ("plate",), "NP-05": ("plate",), "NP-06": ("people",), "NP-07": ("plate", "lamp"), "NP-08": ("plate",),
    "NP-09": ("plate",), "NP-10": ("plate",), "NP-11": ("riders",), "DG-01": ("plate", "sides"),
    "DG-02": ("plate", "sign"), "DG-03": ("plate",), "DG-04": ("plate", "panel"), "DG-05": ("speed", "dangerous"),
    "DG-06": ("dangerous",), "DG-07": ("plate", "panel"), "DG-08": ("signs",), "PL-01": ("bare",), "PL-02": ("plate",),
    "PL-03": ("plate",), "PL-04": ("plate",), "WL-01": ("plate",), "TR-01": (), "TR-02": (), "TR-03": (),
}  # fmt: skip
"""What has to be seen of a vehicle before a rule can be expected to find it, see `day_eyes.Sight.right`."""


@dataclass(frozen=True)
class Act:
    """Something that is planted."""

    story: str
    rules: tuple[str, ...]
    """Rules that it breaks; none for a near miss."""
    needs: Mapping[str, tuple[str, ...]]
    make: Callable[[County], Drive]


ACTS: list[Act] = []
Maker = Callable[[County], Drive]


def act(*rules: str, **needs: tuple[str, ...]) -> Callable[[Maker], Maker]:
    """Plant what a function makes; `needs`: where it differs from NEEDS, with `_` for `-`."""

    def note(make: Maker) -> Maker:
        other = {name.replace("_", "-"): words for name, words in needs.items()}
        ACTS.append(Act(make.__name__, rules, {rule: other.get(rule, NEEDS[rule]) for rule in rules}, make))
        return make

    return note


near_miss = act()
"""Plant what looks like an offence, and is none."""


def planted(county: County) -> list[Drive]:
    """All acts and near misses, each some times."""
    drives = []
    for one in ACTS:
        for _ in range(EACH if one.rules else NEAR_EACH):
            drive = one.make(county)
            drive.story, drive.broken, drive.needs = one.story, frozenset(one.rules), one.needs
            drives.append(drive)
    return drives
