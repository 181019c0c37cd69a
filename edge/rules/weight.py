"""Rules that a certified scale can prove: over the road's limit, over the registered mass, a scale that was evaded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from edge.registry.entries import VehicleEntry
from edge.rules.base import Check, Judgement, RuleBase, Trial
from edge.rules.known import Known
from edge.rules.limits import RoadLimits, carrier_of, is_combination, road_limit, tonnes
from edge.rules.mass import Mass, ScaleTerms, axles_on_ground, mass_of, matched, weigh_conditions, weighed
from edge.rules.numbers import Kilograms, Number, Percent, Yuan
from leads import Fact


class MassRule(RuleBase):
    """A rule about a vehicle's mass."""

    scale: ScaleTerms

    def judge(self, known: Known) -> Judgement:
        """Try the rule on the vehicle's weigh record."""
        trial = Trial(self, known)
        weighing = weighed(trial, self.scale) if self.concerns(trial) else None
        if weighing is None or not self.in_hours(trial, weighing.at_s):
            return trial.ends()
        return self.with_mass(trial, mass_of(weighing, self.scale))

    def with_mass(self, trial: Trial, mass: Mass) -> Judgement:
        """Try what is the rule's own on a mass."""
        raise NotImplementedError

    def over_kg(self, trial: Trial, mass: Mass, limit_kg: float) -> float:
        """Kilograms over a limit, by that condition; 0 where it is not over."""
        over = round(mass.effective_kg - limit_kg, 1)
        found = f"{mass.effective_kg:g} kg: {mass.measured_kg:g} kg less {mass.tolerance:g} %"
        return over if trial.check("mass", over > 0, found, f"over {limit_kg:g} kg") else 0.0

    def too_heavy(self, trial: Trial, mass: Mass, text: str, facts: Iterator[Fact], *more: Check) -> Judgement:
        """It fires. `text`: over which limit, and how far; doubts about the weighing are told behind it."""
        known, weighing = trial.known, mass.weighing
        if mass.faults:
            text += f"；仅作嫌疑，须复称（{'、'.join(mass.faults)}）"
        weighed_as = (
            Fact(name="mass_kg", value=mass.measured_kg, unit="kg", confidence=round(weighing.confidence, 4)),
            Fact(name="mass_effective_kg", value=mass.effective_kg, unit="kg"),
            Fact(name="scale_class", value=weighing.scale_class or "unknown"),
            Fact(name="scale_tolerance", value=mass.tolerance, unit="%"),
        )
        at_s = min(max(weighing.at_s, known.first_s), known.last_s)
        # Nobody has said yet that it has no permit and is not exempt.
        unasked = self.level == "high" and known.registry.answered != "found"
        return trial.fires(
            f"称重 {tonnes(mass.measured_kg)}，扣除误差 {mass.tolerance:g}% 后 {tonnes(mass.effective_kg)}，{text}",
            at_s,
            at_s,
            facts=(*weighed_as, *facts),
            level="low" if mass.faults else "medium" if unasked else self.level,
            conditions=(*weigh_conditions(known, weighing, self.scale), *more),
        )


class Fine(BaseModel):
    """What the law names for so much over the limit; what is imposed, the bureau's own scale of discretion decides."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    warning_up_to: Kilograms
    per_tonne: Yuan
    most: Yuan
    begun_tonne: Literal["counts", "is dropped"]
    """Whether the last tonne that is not full counts."""
    first_tonne: Literal["counts", "is free"]
    """Whether the tonne up to which there is a warning is fined as well."""

    def named(self, over_kg: float) -> Fact:
        """The fine as a fact, in yuan, or the word for a warning."""
        if over_kg <= self.warning_up_to.value:
            return Fact(name="fine_by_law", value="警告")
        tonnes_over = over_kg // 1000 + (self.begun_tonne == "counts" and over_kg % 1000 > 0)
        fined = tonnes_over - (self.first_tonne == "is free")
        return Fact(name="fine_by_law", value=min(self.most.value, fined * self.per_tonne.value), unit="CNY")


class OverLimitRule(MassRule):
    """Heavier, with its load, than the road allows for its axles (超限)."""

    kind: Literal["over_limit"]
    limits: RoadLimits
    fine: Fine

    def with_mass(self, trial: Trial, mass: Mass) -> Judgement:
        """Whether the mass less the scale's error is over the limit of its axles, permits and the section."""
        axles = axles_on_ground(trial, mass.weighing, self.scale)
        if axles is None:
            return trial.ends()
        limit = road_limit(self.limits, carrier_of(trial.known, axles, self.limits))
        notes = "；".join(limit.notes)
        held = False if limit.exempt else None if limit.kg is None else True
        if not trial.check("is held to a limit that is known", held, notes):
            return trial.ends()
        assert limit.kg is not None
        over = self.over_kg(trial, mass, limit.kg)
        if not over:
            return trial.ends()
        percent = round(100 * over / limit.kg, 2)
        text = f"{notes}，超限 {over:g} kg（{percent:g}%）"
        alike = Check("scale and camera do not differ on the axles", self._counted_alike(trial.known, mass))
        return self.too_heavy(trial, mass, text, self._facts(mass, axles, limit.kg, over, percent, notes), alike)

    def _facts(
        self, mass: Mass, axles: int, limit_kg: float, over: float, percent: float, notes: str
    ) -> Iterator[Fact]:
        yield Fact(name="limit_kg", value=limit_kg, unit="kg")
        yield Fact(name="limit_by", value=notes)
        yield Fact(name="limit_axles", value=axles)
        yield Fact(name="over_kg", value=over, unit="kg")
        yield Fact(name="over_percent", value=percent, unit="%")
        if not mass.faults:
            yield self.fine.named(over)

    @staticmethod
    def _counted_alike(known: Known, mass: Mass) -> bool:
        seen, counted = known.facts.axles, mass.weighing.record.axle_count
        return not (seen.sure and seen.value and counted) or seen.value.count == counted


class Band(BaseModel):
    """Points for so much over."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    least: Percent
    """From this percentage on."""
    points: Number


class OverMassRule(MassRule):
    """Heavier than the mass it is registered for (超载)."""

    kind: Literal["over_mass"]
    percent_of: Literal["registered mass", "rated load"]
    """What the percentage is reckoned of: 最大允许总质量, or, before April 2022, 核定载质量."""
    bands: tuple[Band, ...] = Field(min_length=1)
    """In rising order."""

    def with_mass(self, trial: Trial, mass: Mass) -> Judgement:
        """Whether the mass less the scale's error is over the registered one."""
        known, entry = trial.known, trial.known.entry
        named = known.identity is not None and known.identity.sure
        if not trial.check("plate is surely read", True if named else None):
            return trial.ends()
        if not trial.check("is registered", True if entry else None, f"register: {known.registry.answered}"):
            return trial.ends()
        assert entry is not None
        limit = self._registered(trial, mass, entry)
        if limit is None:
            return trial.ends()
        over = self.over_kg(trial, mass, limit)
        if not over:
            return trial.ends()
        whole = limit if self.percent_of == "registered mass" else self._rated_load(entry, limit)
        if not trial.check("whole of the percentage is known", True if whole else None, self.percent_of):
            return trial.ends()
        assert whole
        percent = 100 * over / whole
        if known.registry.stale:
            mass = replace(mass, faults=(*mass.faults, "登记信息未更新"))
        text = f"登记最大允许总质量 {tonnes(limit)}，超过 {over:g} kg（{round(percent, 2):g}%）"
        return self.too_heavy(trial, mass, text, self._facts(limit, over, percent))

    def _facts(self, limit_kg: float, over: float, percent: float) -> Iterator[Fact]:
        yield Fact(name="registered_mass_kg", value=limit_kg, unit="kg")
        yield Fact(name="over_kg", value=over, unit="kg")
        yield Fact(name="over_percent", value=round(percent, 2), unit="%")
        yield Fact(name="over_percent_of", value=self.percent_of)
        points = [band.points.value for band in self.bands if band.least.value <= percent]
        if points:
            yield Fact(name="points_by_law", value=int(points[-1]))

    def _registered(self, trial: Trial, mass: Mass, entry: VehicleEntry) -> float | None:
        """The mass it is registered for, by that condition: of a combination the tractor's own and what it may tow."""
        record, seen = mass.weighing.record, trial.known.facts.axles
        counts = [c for c in (record.axle_count, seen.value.count if seen.sure and seen.value else None) if c]
        combination = is_combination(trial.known, max(counts, default=None))
        whole = {True: entry.train_mass_kg, False: entry.max_mass_kg, None: None}[combination]
        if combination is None and entry.max_mass_kg and entry.train_mass_kg:
            whole = max(entry.max_mass_kg, entry.train_mass_kg)
        form = {True: "as a combination", False: "alone", None: "whether it tows a trailer is unknown"}[combination]
        return whole if trial.check("registered mass is known", True if whole else None, form) else None

    @staticmethod
    def _rated_load(entry: VehicleEntry, registered_kg: float) -> float | None:
        """核定载质量 of a vehicle alone; of combinations the register does not tell it."""
        if entry.kerb_mass_kg is None or registered_kg != entry.max_mass_kg:
            return None
        return registered_kg - entry.kerb_mass_kg


class ScaleEvadedRule(RuleBase):
    """Passed the scale so that it could not be weighed: a clue."""

    kind: Literal["scale_evaded"]
    scale: ScaleTerms

    def judge(self, known: Known) -> Judgement:
        """Whether the scale says that it evaded, or it straddled the lanes."""
        trial = Trial(self, known)
        weighing = matched(trial, self.scale) if self.concerns(trial) else None
        if weighing is None:
            return trial.ends()
        escaped, straddling = weighing.record.escape is True, weighing.straddling
        found = (
            "scale says so" if escaped else {True: "straddled lanes", False: "on one lane", None: "unknown"}[straddling]
        )
        if not trial.check("passed so that it could not be weighed", True if escaped else straddling, found):
            return trial.ends()
        if not self.in_hours(trial, weighing.at_s):
            return trial.ends()
        how = "衡器报告其逃避称重" if escaped else "跨车道通过称重区，称重结果不可靠"
        at_s = min(max(weighing.at_s, known.first_s), known.last_s)
        told = Fact(name="evaded_by", value="escape" if escaped else "straddling")
        return trial.fires(
            f"{how}；建议拦检称重", at_s, at_s, facts=(told,), conditions=weigh_conditions(known, weighing, self.scale)
        )


WeightRule: TypeAlias = OverLimitRule | OverMassRule | ScaleEvadedRule
