"""A day of 20,000 vehicles with planted offences, through the box's own parts from passages to findings."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from cameras import ClipReservation
from detector.passage import Passage
from edge.inquiry import Inquiries, Post
from edge.knowledge import Knowledge
from edge.rules import Finding, Known, RuleBook, judge, known_way
from edge.rules.base import RuleBase
from leads import WeighRecord, encode
from leads.topics import weigh_topic
from tests.accuracy import day_acts_goods, day_acts_people
from tests.accuracy.day_acts import planted
from tests.accuracy.day_eyes import Eyes, Sight, names
from tests.accuracy.day_scale import records
from tests.accuracy.day_site import book, open_box, settings
from tests.accuracy.day_world import TODAY, County, traffic

SEED = 20261123
PLANTED_IN = (day_acts_goods, day_acts_people)
LOOK_TAKES = 3
"""Vehicles that pass before the second look tells of one."""
RECORD_TAKES = timedelta(seconds=1)
"""From scale to box."""


@dataclass
class Day:
    """What came of it."""

    book: RuleBook
    sights: dict[str, Sight]
    fired: dict[str, dict[str, Finding]] = field(default_factory=lambda: defaultdict(dict))
    """By passage and rule."""
    known: dict[str, Known] = field(default_factory=dict)
    took_s: dict[str, float] = field(default_factory=dict)

    @property
    def rules(self) -> tuple[RuleBase, ...]:
        """Rules in force."""
        return self.book.in_force(TODAY)

    def told(self, name: str, rule: RuleBase) -> bool:
        """Whether an act was found by its rule, or by one that tells it better."""
        return bool({rule.id, *rule.gives_way_to} & set(self.fired.get(name, ())))


def run(seed: int = SEED) -> Day:
    """Draw the day and let the box see it."""
    begun = time.perf_counter()
    county = County(seed)
    drives = sorted(traffic(county, planted(county)), key=lambda d: d.at)
    eyes = Eyes(seed)
    sights = [eyes.see(n, drive) for n, drive in enumerate(drives)]
    day = Day(book(), names(sights))
    with TemporaryDirectory() as name:
        folder = Path(name)
        drawn = time.perf_counter()
        weighed = records(sights, settings(folder).scales[0], seed)
        knowledge = open_box(folder, drives)
        opened = time.perf_counter()
        try:
            _drive(day, sights, weighed, knowledge, folder)
        finally:
            knowledge.stop()
    ended = time.perf_counter()
    day.took_s = {"drawing": drawn - begun, "opening": opened - drawn, "judging": ended - opened}
    return day


def _drive(
    day: Day, sights: Sequence[Sight], weighed: Sequence[WeighRecord], knowledge: Knowledge, folder: Path
) -> None:
    """Let everything come by in the order in which it leaves, as the cameras and the box's main thread have it."""
    site = settings(folder)
    topic = weigh_topic(site.site)
    scale = knowledge.listeners()[topic]
    posts = {camera.source.id: Post.of(site, camera) for camera in site.cameras}

    def found(finding: Finding, known: Known, passage: Passage, clip: ClipReservation | None) -> None:
        day.fired[passage.id].setdefault(finding.rule.id, finding)

    def over(known: Known, passage: Passage) -> None:
        day.known[passage.id] = known
        knowledge.remember(known, passage.id)

    inquiries = Inquiries(
        posts, day.book, site.zone_info, knowledge.lookups, found, over, knowledge.scales, knowledge.watched
    )
    looking: deque[Sight] = deque()
    for passage, sight in _leaving(sights, weighed):
        if isinstance(passage, WeighRecord):
            scale(topic, encode(passage))
            continue
        if sight is None:
            inquiries.seen_person(passage)
            continue
        post = posts[passage.camera]
        for view in (sight.half, passage):
            for finding in judge(known_way(view, post.zones, post.place, site.zone_info), day.book, "in view"):
                day.fired[passage.id].setdefault(finding.rule.id, finding)
        inquiries.passed(passage, None, looking=True)
        looking.append(sight)
        if len(looking) > LOOK_TAKES:
            inquiries.looked(looking.popleft().passage)
        inquiries.time_is(passage.last_at, passage.camera)
        # As many vehicles pass in a minute of the run as in hours: wait for the register, as the road would.
        while knowledge.lookups.waiting:
            time.sleep(0)
    inquiries.finish()


def _leaving(
    sights: Sequence[Sight], weighed: Sequence[WeighRecord]
) -> Iterator[tuple[Passage | WeighRecord, Sight | None]]:
    """Vehicles and people in the order in which they are seen last, people of a vehicle before it; weigh records."""
    everything: list[tuple[datetime, bool, Passage | WeighRecord, Sight | None]] = [
        (person.last_at, False, person, None) for sight in sights for person in sight.people
    ]
    everything += [(sight.bare.last_at, True, sight.bare, sight) for sight in sights]
    everything += [(record.weighed_at + RECORD_TAKES, False, record, None) for record in weighed]
    for _, _, one, sight in sorted(everything, key=lambda e: e[:2]):
        yield one, sight
