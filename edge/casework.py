"""From a finding to a case: what the lead will say, which clip it needs, and when its post-roll is in."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from cameras import CameraSettings, ClipReservation, Frame, PacketRing
from detector.facts import Facts
from detector.passage import Passage
from edge.acts import ActBook
from edge.clock import clock_error_ms
from edge.evidence.desk import Case, EvidenceDesk
from edge.evidence.draft import Draft
from edge.outbox import ActPlace
from edge.rules import Finding, Known, RuleBook
from edge.rules.base import Check as Tried
from edge.second_look import SecondLookDesk
from edge.settings import EvidenceSettings, PlaceSettings
from leads import (
    Act,
    CameraRef,
    Check,
    ModelRef,
    PassageRef,
    Plate,
    RegistryRef,
    Vehicle,
    WeighRef,
    deterministic_ulid,
)

ON_LEADS = {"road_code", "stake", "lane", "direction"}
"""What a lead says of its camera's place, besides the name."""


@dataclass(frozen=True, slots=True)
class BoxFacts:
    """What every lead of this box says alike."""

    site: str
    box: str
    models: tuple[ModelRef, ...]
    book: RuleBook


@dataclass(slots=True)
class _Open:
    case: Case
    until_s: float
    passage: Passage
    facts: Facts = field(default_factory=Facts)
    """As far as they are known."""
    asked: Passage | None = None
    """The whole passage, handed to the second look: its answer closes the case."""
    patience: float = math.inf
    """Monotonic time after which the case is closed without that answer."""


@dataclass(slots=True)
class CaseCounts:
    """Counters for the metrics."""

    findings: int = 0
    repeats: int = 0
    """Findings that were an act known already."""


class CaseWorker:
    """Opens and closes the cases of one camera. Called from the box's main thread alone."""

    GRACE_S = 10.0
    """How long after the post-roll should be in a live camera's case is closed without it."""
    FACTS_WAIT_S = 5.0
    """How long after the post-roll a live camera's case waits for the facts of its vehicle."""

    def __init__(
        self,
        facts: BoxFacts,
        source: CameraSettings,
        place: PlaceSettings,
        evidence: EvidenceSettings,
        ring: PacketRing,
        acts: ActBook,
        desk: EvidenceDesk,
        now: Callable[[Passage], Passage | None],
        monotonic: Callable[[], float] = time.monotonic,
        second_look: SecondLookDesk | None = None,
    ) -> None:
        """`now(passage)`: the passage as known at this moment; None when its vehicle is no longer followed.

        `second_look` is asked for what is on the vehicle; its answers come back through `known`.
        """
        self._facts = facts
        self._source = source
        self._camera = CameraRef(id=source.id, place=place.name, **place.model_dump(include=ON_LEADS))
        self._evidence = evidence
        self._ring = ring
        self._acts = acts
        self._desk = desk
        self._now = now
        self._monotonic = monotonic
        self._second_look = second_look
        self._open: list[_Open] = []
        self._in_view: dict[str, Passage] = {}
        """Vehicles of acts, as far as they are still followed."""
        self.counts = CaseCounts()

    def hold(self, passage: Passage) -> ClipReservation:
        """Keep the video of a vehicle that has left, for as long as it is not known whether it broke a rule."""
        settings = self._evidence
        first_s = max(passage.first_s, passage.last_s - settings.longest_act_s)
        start_s = max(first_s - settings.pre_s, 0.0)  # nothing is older than its stream
        return self._ring.reserve(passage.session, start_s, passage.last_s + settings.post_s)

    def found(
        self, finding: Finding, passage: Passage, known: Known | None = None, held: ClipReservation | None = None
    ) -> str | None:
        """A rule seems broken: open a case and tell the id of its lead; None if a lead was made of this act.

        `known`: what is known of the pass, where it was judged after its end; else the plate that the second look
        reads stands for its identity. `held`: its video, see `hold`. Whether another camera's lead is of the same act
        and vehicle is looked up when the case is sealed, for then it is known.
        """
        self.counts.findings += 1
        self._in_view = {p.id: p for was in self._in_view.values() if (p := self._now(was)) is not None}
        for followed in self._in_view.values():
            self._acts.seen(followed)
        self._in_view[passage.id] = passage
        if self._acts.same_act(finding, passage) is not None:
            self.counts.repeats += 1
            return None
        settings = self._evidence
        first_s = max(finding.from_s, finding.proven_s - settings.longest_act_s)
        until_s = finding.proven_s + settings.post_s
        # Of an act of one moment, such as a weighing, the other picture is from a second before.
        shown_s = first_s if finding.proven_s > first_s else max(passage.first_s, first_s - 1.0)
        draft = self._draft(finding, passage, (shown_s, finding.proven_s), known)
        self._acts.begin(draft.lead_id, finding, passage)
        start_s = first_s - settings.pre_s
        kept = held is not None and held.covers(start_s, until_s)
        clip = held if kept and held is not None else self._ring.reserve(passage.session, start_s, until_s)
        live = self._source.mode == "live"
        deadline = self._monotonic() + settings.post_s + self.GRACE_S if live else math.inf
        identity = known.identity if known else None
        case = Case(draft, passage, clip, deadline, contradicted=identity is not None and not identity.sure)
        self._open.append(_Open(case, until_s, passage, passage.facts))
        self._desk.open(case)
        if not passage.facts.looked_at:
            self._ask(passage)
        return draft.lead_id

    def passed(self, passage: Passage) -> None:
        """A vehicle has left: remember where, and what its cases need of the whole passage."""
        self._in_view.pop(passage.id, None)
        for lead_id, seen_at, box in self._acts.seen(passage):
            self._desk.seen_again(lead_id, seen_at, box)
        for entry in self._open:
            if entry.passage.id == passage.id:
                entry.passage = passage

    def time_is(self, frame: Frame) -> None:
        """Close the cases whose post-roll this frame ends, or whose stream was cut."""
        if not self._open:
            return
        waiting = [e for e in self._open if e.asked is None]
        self._end([e for e in waiting if e.passage.session != frame.session or e.until_s <= frame.pts_s])
        now = self._monotonic()
        for entry in [e for e in self._open if e.patience < now]:
            self._close(entry)

    def known(self, passage: Passage) -> None:
        """The second look has answered: a case that waits for nothing else is closed."""
        for entry in [e for e in self._open if e.passage.id == passage.id]:
            entry.facts = passage.facts
            self._desk.known(entry.case, replace(entry.passage, facts=entry.facts))
            if entry.asked is not None and passage.last_s >= entry.asked.last_s:
                self._close(entry)

    def finish(self) -> None:
        """The stream has ended: close all. With a second look, what waits for it is closed by `known` or `give_up`."""
        self._end([e for e in self._open if e.asked is None])

    def give_up(self) -> None:
        """No more answers will come: close what waits for them."""
        for entry in list(self._open):
            self._close(entry)

    def _end(self, entries: Sequence[_Open]) -> None:
        """The post-roll is in: ask for the facts of the passage as it is now, and close what gets no answer."""
        for entry in entries:
            entry.passage = self._now(entry.passage) or entry.passage
            if not entry.passage.facts.looked_at and self._ask(entry.passage):
                entry.asked = entry.passage
                if self._source.mode == "live":
                    entry.patience = self._monotonic() + self.FACTS_WAIT_S
            else:
                self._close(entry)

    def _ask(self, passage: Passage) -> bool:
        wait = self._source.mode == "replay"
        return self._second_look is not None and self._second_look.ask(passage, urgent=True, wait=wait)

    def _close(self, entry: _Open) -> None:
        self._open.remove(entry)
        self._desk.close(entry.case, replace(entry.asked or entry.passage, facts=entry.facts))

    def _draft(self, finding: Finding, passage: Passage, moments_s: tuple[float, float], known: Known | None) -> Draft:
        rule = finding.rule
        place = ActPlace(rule.id, passage.camera, finding.zone)
        identity = known.identity if known else None
        if identity is not None and identity.sure:
            place = place.named(identity.plate, identity.plate_type)
        act_key = f"{rule.id}|{self._facts.box}|{passage.id}"
        return Draft(
            lead_id=deterministic_ulid(finding.occurred_at, act_key),
            act_key=act_key,
            place=place,
            site_id=self._facts.site,
            box_id=self._facts.box,
            occurred_at=finding.occurred_at,
            camera=self._camera,
            passage=PassageRef(
                id=passage.id,
                first_seen=passage.first_at,
                last_seen=passage.last_at,
                entry=passage.entry,
                exit=passage.exit,
            ),
            vehicle=Vehicle(
                vehicle_class=passage.class_name,
                class_score=round(min(passage.class_score, 1.0), 4),
                plate=_scales_plate(known) if known else None,
            ),
            act=Act(
                rule_id=rule.id,
                rule_version=str(rule.version),
                code=rule.id,
                title=rule.title.zh,
                summary=finding.summary,
                zone=finding.zone,
                legal_basis=rule.legal_basis,
                confidence=rule.confidence,
                offence=rule.offence,
                unit=self._facts.book.unit(rule),
            ),
            suspect_level=finding.level,
            facts=finding.facts,
            checks=_told(finding.checks),
            conditions=_told(finding.conditions),
            proof=rule.proof,
            weigh=weigh_ref(known) if known else None,
            registry=registry_ref(known) if known else None,
            prior_count=_priors(known) if known else None,
            models=self._facts.models,
            rules_sha256=self._facts.book.sha256,
            clock_error_ms=clock_error_ms(),
            anchor_at=passage.first_at,
            anchor_s=passage.first_s,
            act_from_s=finding.from_s,
            act_proven_s=finding.proven_s,
            moments_s=moments_s,
            one_act_within_s=rule.same_act_within.value if rule.one_act_per == "site" else None,
        )


def _told(checks: Sequence[Tried]) -> tuple[Check, ...]:
    return tuple(Check(what=c.what, met=c.met, found=c.found, wanted=c.wanted) for c in checks)


def weigh_ref(known: Known) -> WeighRef | None:
    """The vehicle's weigh record as a lead tells it."""
    weighing = known.weighing
    if weighing is None:
        return None
    record = weighing.record
    return WeighRef(
        pass_id=record.pass_id,
        device_id=record.scale.device_id,
        weighed_at=record.weighed_at,
        total_kg=record.total_kg,
        axle_count=record.axle_count,
        match_confidence=round(weighing.confidence, 4),
        scale_class=weighing.scale_class,
        certified=weighing.certified,
        announced=weighing.announced,
    )


def registry_ref(known: Known) -> RegistryRef | None:
    """What the register said of the vehicle, as a lead tells it."""
    asked, entry = known.registry, known.entry
    if asked.answered == "not_asked":
        return None
    day = known.local(known.first_s).date()
    return RegistryRef(
        plate=known.identity.plate if known.identity else "",
        source=asked.source,
        answered=asked.answered,
        as_of=asked.as_of,
        stale=asked.stale,
        use_nature=(entry.use_nature or None) if entry else None,
        permits=tuple(p.kind for p in entry.permits if p.holds_on(day)) if entry else (),
    )


def _scales_plate(known: Known) -> Plate | None:
    """The plate that the scale's camera read, where the vehicle is known by that."""
    identity, weighing = known.identity, known.weighing
    by_scale = identity is not None and identity.sure and identity.source == "scale"
    return weighing.record.plate_front if weighing is not None and by_scale else None


def _priors(known: Known) -> int | None:
    """Acts of the vehicle in the last year, as far as the hub has told of them with its watch list."""
    return next((h.entry.prior_count for h in known.watched if h.exact and h.entry.prior_count is not None), None)
