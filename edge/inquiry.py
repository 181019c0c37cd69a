"""Inquiries: of every vehicle that has passed, gather all that is to be known, and have it judged.

A pass is judged by its way while it is in view. When it is over, its facts come from the second look, its weigh record
from the scale, and with its plate what registers, watch list and the box's own memory hold. Then the other rules judge.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from cameras import ClipReservation
from detector.facts import Facts
from detector.passage import Passage
from detector.plan import ZoneSettings
from edge.identity import identity_of, trailer_identity
from edge.lookups import Found, LookupDesk, Question
from edge.people import boardings, people_in_bed
from edge.rules import Finding, Known, Place, RuleBook, judge, known_way
from edge.rules.known import EVERYTHING, Identity, WatchHit, Weighing
from edge.settings import SiteCamera, SiteSettings
from edge.weighing.desk import Settled, WeighDesk

PEOPLE_KEPT_S = 600.0
"""How long people are remembered who may have got on a vehicle that is still to leave."""


class Watched(Protocol):
    """The vehicles under watch; see `edge.watchlist`."""

    def hits(self, identity: Identity, at: datetime) -> tuple[WatchHit, ...]:
        """Those that a vehicle may be."""


@dataclass(frozen=True, slots=True)
class Post:
    """A camera, as inquiries know it."""

    place: Place
    zones: Mapping[str, ZoneSettings]
    recorded: bool = False
    """Whether its video can wait for slow registers."""

    @staticmethod
    def of(site: SiteSettings, camera: SiteCamera) -> Post:
        """Of a camera of a site."""
        zones = {zone.id: zone for zone in camera.plan.zones}
        return Post(site.place_of(camera), zones, recorded=camera.source.mode == "replay")


@dataclass(slots=True)
class _Inquiry:
    passage: Passage
    clip: ClipReservation | None
    looking: bool
    """Whether the second look's answer is awaited."""
    scales: int
    """How many scales have not told its weighing yet."""
    weighing: Weighing | None = None
    asked: bool = False
    """Whether registers and memory were asked."""
    known: Known | None = None
    read: set[str] = field(default_factory=set)
    """Rules that fired as soon as the plate was read."""


class Inquiries:
    """All open inquiries of a box. Called from its main thread alone."""

    def __init__(
        self,
        posts: Mapping[str, Post],
        book: RuleBook,
        timezone: ZoneInfo,
        lookups: LookupDesk,
        on_finding: Callable[[Finding, Known, Passage, ClipReservation | None], None],
        on_known: Callable[[Known, Passage], None],
        scales: WeighDesk | None = None,
        watched: Watched | None = None,
    ) -> None:
        """`on_finding` is called at most once per rule and pass; `on_known` when all of a pass is known and judged."""
        self._posts = posts
        self._book = book
        self._timezone = timezone
        self._lookups = lookups
        self._on_finding = on_finding
        self._on_known = on_known
        self._scales = scales
        self._watched = watched
        self._open: dict[str, _Inquiry] = {}
        self._people: defaultdict[str, deque[Passage]] = defaultdict(deque)
        """By camera, each by its own clock."""
        self._ending = False

    @property
    def open(self) -> int:
        """Passes not yet judged as a whole."""
        return len(self._open)

    def passed(self, passage: Passage, clip: ClipReservation | None, *, looking: bool) -> None:
        """A vehicle has left. `clip`: what its evidence would be cut from; `looking`: its facts are still to come."""
        scales = self._scales.passed(passage, facts_follow=looking) if self._scales is not None else 0
        self._open[passage.id] = _Inquiry(passage, clip, looking, scales)
        if not looking:
            self.looked(passage)

    def looked(self, passage: Passage) -> None:
        """The second look has answered, or there is none: what hangs on the plate alone is judged at once."""
        inquiry = self._open.get(passage.id)
        if inquiry is None:
            return
        inquiry.passage, inquiry.looking = passage, False
        known = self._known_so_far(inquiry)
        self._judge_read(inquiry, known)
        if self._scales is not None and inquiry.scales:
            self._scales.known(passage)
        self._ask_if_ready(inquiry)

    def time_is(self, now: datetime, camera: str) -> None:
        """The pictures of a camera have come up to this moment (UTC): take what scales and registers say."""
        if self._scales is not None:
            self._weighed(self._scales.tick(now, camera))
        self._take(self._lookups.found())

    def finish(self) -> None:
        """Nothing more will come: judge what is open by what is known."""
        self._ending = True
        for inquiry in [i for i in self._open.values() if i.looking]:
            self.looked(inquiry.passage)
        if self._scales is not None:
            self._weighed(self._scales.finish())
        self._take(self._lookups.found(wait=True))

    def _weighed(self, settled: Iterable[Settled]) -> None:
        for one in settled:
            inquiry = self._open.get(one.passage_id)
            if inquiry is not None:
                inquiry.weighing, inquiry.scales = one.weighing or inquiry.weighing, inquiry.scales - 1
                self._ask_if_ready(inquiry)

    def _take(self, answers: Iterable[Found]) -> None:
        for found in answers:
            inquiry = self._open.pop(found.passage_id, None)
            if inquiry is not None:
                self._judge(inquiry, found)

    def seen_person(self, person: Passage) -> None:
        """A person has left, or was lost from sight: at the door of a vehicle, it may be."""
        people = self._people[person.camera]
        people.append(replace(person, shots=()))  # pictures of ten minutes of people are too many to hold
        while (person.last_at - people[0].last_at).total_seconds() > PEOPLE_KEPT_S:
            people.popleft()

    def _known_so_far(self, inquiry: _Inquiry) -> Known:
        """What is known without registers and memory."""
        passage, weighing = inquiry.passage, inquiry.weighing
        post, people = self._posts[passage.camera], self._people[passage.camera]
        record = weighing.record if weighing else None
        identity = identity_of(passage.facts, record, weighing.confidence if weighing else 0.0)
        watched = self._watched.hits(identity, passage.last_at) if identity and self._watched else ()
        return replace(
            known_way(passage, post.zones, post.place, self._timezone),
            identity=identity,
            trailer=trailer_identity(passage.facts),
            facts=passage.facts,
            sides_seen=asdict(passage.facts.sides),
            plate_sought={sought.end: (sought.shots, sought.found) for sought in passage.facts.plate_sought},
            boardings=boardings(passage, people),
            people_in_bed=people_in_bed(passage, people),
            weighing=weighing,
            watched=watched,
            looked_for=frozenset({"track", "facts"}),
        )

    def _ask_if_ready(self, inquiry: _Inquiry) -> None:
        if inquiry.looking or inquiry.scales or inquiry.asked:
            return
        inquiry.asked = True
        known = inquiry.known = self._known_so_far(inquiry)
        self._lookups.ask(
            Question(
                inquiry.passage.id,
                known.identity,
                known.trailer,
                known.first_at,
                waybill=_may_be_dangerous(known.facts, known),
            ),
            wait=self._ending or self._posts[inquiry.passage.camera].recorded,
        )

    def _judge(self, inquiry: _Inquiry, found: Found) -> None:
        assert inquiry.known is not None, "it is asked for once it is known"
        known = replace(
            inquiry.known,
            registry=found.registry,
            trailer_registry=found.trailer_registry,
            waybill=found.waybill,
            history=found.history,
            looked_for=EVERYTHING if found.asked else EVERYTHING - {"registry", "history"},
        )
        # The scale's camera may have read a plate that the box did not.
        self._judge_read(inquiry, known)
        for finding in judge(known, self._book, "whole"):
            self._on_finding(finding, known, inquiry.passage, inquiry.clip)
        self._on_known(known, inquiry.passage)

    def _judge_read(self, inquiry: _Inquiry, known: Known) -> None:
        for finding in judge(known, self._book, "read"):
            if finding.rule.id not in inquiry.read:
                inquiry.read.add(finding.rule.id)
                self._on_finding(finding, known, inquiry.passage, inquiry.clip)


def _may_be_dangerous(facts: Facts, known: Known) -> bool:
    """Whether a waybill of dangerous goods may exist for it."""
    return (
        facts.panel.known
        or bool(facts.diamonds)
        or known.votes.get("tank_truck", 0.0) > 0
        or facts.body.value == "tank"
    )
