"""What all rules have in common: how they are written down, and how one is tried on what is known of a pass."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from edge.rules.known import Known
from edge.rules.numbers import Confidence, Seconds, Share
from leads import Fact
from models.taxonomy import VEHICLES

Level = Literal["low", "medium", "high"]
Stage = Literal["in view", "read", "whole"]
"""When a rule is judged: while the vehicle is in view, by its way alone; as soon as its plate is read; or when all that
is to be known of its pass is known."""
Outcome = Literal["fires", "holds off", "unknown"]
"""`unknown`: nothing speaks against an offence, but something that it needs is not known."""


class Hours(BaseModel):
    """A span of the day in local time; it may run over midnight. Written "HH:MM-HH:MM"."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: time
    end: time

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        if isinstance(value, str):
            start, dash, end = value.partition("-")
            if not dash:
                raise ValueError(f"hours are written HH:MM-HH:MM, for example 22:00-06:00; found {value!r}")
            return {"start": start.strip(), "end": "00:00" if end.strip() == "24:00" else end.strip()}
        return value

    def __contains__(self, moment: time) -> bool:
        if self.start < self.end:
            return self.start <= moment < self.end
        return moment >= self.start or moment < self.end

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}"


class Title(BaseModel):
    """Name of a rule."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zh: str
    """On leads and orders."""
    en: str
    """For who reads no Chinese."""


class ProofTerms(BaseModel):
    """What the evidence of a case without stopping the vehicle has to show, besides a panorama, for the best grade.

    Pictures of head, side and tail with plates and wheels are asked for as well.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    least_video: Seconds
    """How long the clip lasts."""
    most_clock_error: Seconds
    """How far the clock may be off."""


@dataclass(frozen=True, slots=True)
class Check:
    """One condition of a rule, as it was tried."""

    what: str
    """The condition, in words."""
    met: bool | None
    """Whether it is met; None where that is not known."""
    found: str = ""
    """What was found."""
    wanted: str = ""
    """What the rule asks for."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule and what speaks for it having been broken. Times `_s` are stream seconds."""

    rule: RuleBase
    zone: str | None
    """Where, if the rule is about a place."""
    from_s: float
    """When the act began."""
    proven_s: float
    """When it was proven; the act may go on."""
    occurred_at: datetime
    """UTC time of the act's beginning."""
    facts: tuple[Fact, ...]
    summary: str
    """One line for a person, worded as a suspicion."""
    level: Level
    checks: tuple[Check, ...] = ()
    """Why it fired."""
    conditions: tuple[Check, ...] = ()
    """What the grade of the evidence hangs on, besides pictures and clip."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of one rule for one pass."""

    rule: RuleBase
    outcome: Outcome
    checks: tuple[Check, ...]
    finding: Finding | None = None
    """There where it fires."""


@dataclass(slots=True)
class Trial:
    """One rule on one pass: conditions are tried in turn, and the first that is not met ends it."""

    rule: RuleBase
    known: Known
    checks: list[Check] = field(default_factory=list)

    def check(self, what: str, met: bool | None, found: object = "", wanted: object = "") -> bool:
        """Try a condition and write down what was found. True only if it is surely met."""
        self.checks.append(Check(what, met, str(found), str(wanted)))
        return met is True

    def ends(self) -> Judgement:
        """It does not fire: by the last condition tried."""
        outcome: Outcome = "unknown" if self.checks and self.checks[-1].met is None else "holds off"
        return Judgement(self.rule, outcome, tuple(self.checks))

    def fires(
        self,
        text: str,
        from_s: float,
        proven_s: float,
        *,
        facts: Iterable[Fact] = (),
        zone: str | None = None,
        level: Level | None = None,
        conditions: Sequence[Check] = (),
    ) -> Judgement:
        """All conditions are met. `text`: what was seen, in Chinese, to stand behind `疑似` and the rule's title."""
        finding = Finding(
            rule=self.rule,
            zone=zone,
            from_s=from_s,
            proven_s=proven_s,
            occurred_at=self.known.at(from_s),
            facts=tuple(facts),
            summary=f"疑似{self.rule.title.zh}：{text}",
            level=level or self.rule.level,
            checks=tuple(self.checks),
            conditions=tuple(conditions),
        )
        return Judgement(self.rule, "fires", tuple(self.checks), finding)


def first_act(judgements: Sequence[Judgement]) -> Judgement:
    """Of several tries of one rule: the act that began first, else the try that came farthest. Not for none."""
    acts = [j for j in judgements if j.finding is not None]
    if acts:
        return min(acts, key=lambda j: j.finding.from_s if j.finding else 0.0)
    return max(judgements, key=lambda j: (j.outcome == "unknown", len(j.checks)))


class RuleBase(BaseModel):
    """What is written down of every rule."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: ClassVar[Stage] = "whole"
    id: str = Field(pattern=r"^[A-Z]{2}-\d{2}$")
    """Name of the rule, for example TR-01."""
    version: int = Field(ge=1)
    """Counts up with each change of the rule's text or numbers."""
    title: Title
    """What an operator reads first."""
    offence: str
    """The class of the catalogue it belongs to, see configs/rules/classes.yaml."""
    unit: str | None = None
    """Receiving unit, where it is another than that of its class."""
    level: Level
    """How strongly the proof supports the suspicion."""
    legal_basis: tuple[str, ...]
    """Articles, as they are cited."""
    confidence: Confidence
    """Whether the legal basis was checked against the official text."""
    jurisdiction: str
    """Where the rule holds."""
    effective_from: date
    """First day in force."""
    effective_to: date | None = None
    """First day no longer in force; none while it is open."""
    classes: tuple[str, ...] = ()
    """Vehicle classes it holds for; none: all."""
    hours: tuple[Hours, ...] | None = None
    """Hours of the day it holds in, local time; none: all day."""
    least_class_share: Share | None = None
    """Share of the class vote that has to fall on `classes`."""
    same_act_within: Seconds
    """A vehicle that is found breaking it again this soon is still at the same act."""
    proof: ProofTerms | None = None
    """What its evidence has to show; none: a panorama and all that was to be kept."""
    one_act_per: Literal["camera", "site"] = "camera"
    """Whether the same vehicle before another camera of the site is at the same act, too: known by its plate."""
    gives_way_to: tuple[str, ...] = ()
    """Rules that tell the same act better: where one of them fires, this one makes no lead of its own."""

    @field_validator("classes")
    @classmethod
    def _known_classes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [name for name in value if name not in VEHICLES]
        if unknown:
            raise ValueError(f"unknown vehicle classes {unknown}; use some of {', '.join(VEHICLES)}")
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.effective_to is not None and self.effective_to <= self.effective_from:
            raise ValueError(f"rule {self.id}: effective_to must be after effective_from")
        if bool(self.classes) != (self.least_class_share is not None):
            raise ValueError(f"rule {self.id}: classes and least_class_share go together: give both or neither")
        return self

    def dated(self, day: date) -> bool:
        """Whether the rule holds on a local day."""
        return self.effective_from <= day and (self.effective_to is None or day < self.effective_to)

    def judge(self, known: Known) -> Judgement:
        """Try the rule on what is known."""
        raise NotImplementedError

    def concerns(self, trial: Trial) -> bool:
        """The condition that the vehicle is of one of the rule's classes."""
        if not self.classes or self.least_class_share is None:
            return True
        share = trial.known.share(self.classes)
        wanted = self.least_class_share.value
        classes = ", ".join(self.classes)
        return trial.check(f"vehicle is one of {classes}", share >= wanted, f"{share:.0%}", f"at least {wanted:.0%}")

    def in_hours(self, trial: Trial, t_s: float) -> bool:
        """The condition that a second of the stream lies in the rule's hours, local time."""
        if self.hours is None:
            return True
        local = trial.known.local(t_s).time()
        wanted = ", ".join(map(str, self.hours))
        return trial.check("hours", any(local in span for span in self.hours), f"{local:%H:%M}", wanted)
