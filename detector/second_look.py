"""The second look: the best shots of a vehicle in, the facts of its passage out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from weakref import WeakKeyDictionary

from detector.axle_facts import axle_fact
from detector.body_facts import body_fact, colour_fact, load_fact, raised_boards_fact, taxi_lamp_fact
from detector.body_look import BodySight, BodySource, shows_load
from detector.dangerous_goods import GoodsTable, diamond_facts, panel_fact, signs_fact
from detector.detections import Detections
from detector.facts import Facts
from detector.measuring import Meter
from detector.passage import Passage
from detector.plate_facts import plate_facts
from detector.shots import Shot
from detector.sights import FeatureFinder, Sight, SignSource, see
from detector.sign import Sign
from detector.sought import plates_sought, sides_seen


class SecondLook:
    """Looks at shots with the networks of the second look; not thread-safe.

    What was seen in a shot is kept as long as the shot is: a vehicle may be asked for again, with some shots more.
    """

    def __init__(
        self,
        features: FeatureFinder,
        reader: SignSource | None,
        goods: GoodsTable | None,
        meters: Mapping[str, Meter] | None = None,
        bodies: BodySource | None = None,
    ) -> None:
        """Without a `reader` plates, panels and diamonds stay unknown; without `goods`, what a UN number stands for;
        without `bodies`, what a vehicle's body is, and whether it is empty.

        `meters`: the calibrated cameras, by id; of vehicles before others nothing is measured.
        """
        self._features = features
        self._reader = reader
        self._goods = goods
        self._meters = meters or {}
        self._bodies = bodies
        self._looks: WeakKeyDictionary[Shot, BodySight] = WeakKeyDictionary()
        self._seen: WeakKeyDictionary[Shot, tuple[Detections, tuple[Sign, ...]]] = WeakKeyDictionary()
        self.shots = 0
        """Shots looked at so far."""

    def look(self, passage: Passage) -> Passage:
        """The passage with its facts; of people nothing is read."""
        if passage.class_name == "person":
            return passage
        sights = [self._see(shot) for shot in passage.shots]
        meter = self._meters.get(passage.camera)
        looks = self._look_at_bodies(passage.shots)
        panel, diamonds, load = panel_fact(sights), diamond_facts(sights), load_fact(sights, looks)
        body = body_fact(passage, load, looks)
        measured = meter.measure(passage) if meter else None
        facts = Facts(
            looked_at=tuple(s.t_s for s in passage.shots),
            plates=plate_facts(passage, sights),
            plate_sought=plates_sought(passage, sights, measured),
            sides=sides_seen(passage, passage.shots, measured),
            axles=axle_fact(passage, sights),
            load=load,
            panel=panel,
            diamonds=diamonds,
            signs_agree=signs_fact(panel, diamonds, self._goods),
            colour=colour_fact(passage, sights),
            body=body,
            raised_boards=raised_boards_fact(body, looks),
            taxi_lamp=taxi_lamp_fact(sights),
            measured=measured,
            speed_certified=meter is not None and meter.certified_at(passage.last_at),
        )
        return replace(passage, facts=facts)

    def _look_at_bodies(self, shots: Sequence[Shot]) -> list[tuple[Shot, BodySight]]:
        if self._bodies is None:
            return []
        for shot in shots:
            if shot in self._looks or not shows_load(shot):
                continue
            if (look := self._bodies.look(shot.crop, shot.own_box)) is not None:
                self._looks[shot] = look
        return [(shot, self._looks[shot]) for shot in shots if shot in self._looks]

    def _see(self, shot: Shot) -> Sight:
        if shot not in self._seen:
            sight = see(shot, self._features, self._reader)
            self._seen[shot] = (sight.features, sight.signs)
            self.shots += 1
        # A sight holds its shot: kept itself, it would keep the shot for ever.
        return Sight(shot, self._features.class_names, *self._seen[shot])
