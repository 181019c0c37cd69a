"""The second look: the best shots of a vehicle in, the facts of its passage out."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace

from detector.axle_facts import axle_fact
from detector.body_facts import body_fact, colour_fact, load_fact, taxi_lamp_fact
from detector.dangerous_goods import GoodsTable, diamond_facts, panel_fact, signs_fact
from detector.facts import Facts
from detector.passage import Passage
from detector.plate_facts import plate_facts
from detector.shots import Shot
from detector.sights import FeatureFinder, Sight, SignFinder, see


class SecondLook:
    """Looks at shots with the networks of the second look; not thread-safe.

    What was seen in a shot is kept a while: a vehicle in view may be asked for again when it has a few shots more.
    """

    REMEMBERED = 64
    """Shots. Their crops are kept with them: those of vehicles in view are in memory anyway."""

    def __init__(self, features: FeatureFinder, reader: SignFinder | None, goods: GoodsTable | None) -> None:
        """Without a `reader` plates, panels and diamonds stay unknown; without `goods`, what a UN number stands for."""
        self._features = features
        self._reader = reader
        self._goods = goods
        self._seen: OrderedDict[Shot, Sight] = OrderedDict()
        self.shots = 0
        """Shots looked at so far."""

    def look(self, passage: Passage) -> Passage:
        """The passage with its facts."""
        sights = [self._see(shot) for shot in passage.shots]
        panel, diamonds, load = panel_fact(sights), diamond_facts(sights), load_fact(sights)
        facts = Facts(
            looked_at=tuple(s.t_s for s in passage.shots),
            plates=plate_facts(passage, sights),
            axles=axle_fact(passage, sights),
            load=load,
            panel=panel,
            diamonds=diamonds,
            signs_agree=signs_fact(panel, diamonds, self._goods),
            colour=colour_fact(sights),
            body=body_fact(passage, load),
            taxi_lamp=taxi_lamp_fact(sights),
        )
        if passage.over:
            for shot in passage.shots:
                self._seen.pop(shot, None)
        return replace(passage, facts=facts)

    def _see(self, shot: Shot) -> Sight:
        sight = self._seen.get(shot)
        if sight is None:
            sight = see(shot, self._features, self._reader)
            self.shots += 1
            self._seen[shot] = sight
            while len(self._seen) > self.REMEMBERED:
                self._seen.popitem(last=False)
        return sight
