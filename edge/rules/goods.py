"""Dangerous goods: signs, register, panel and waybill held against each other.

An unread sign is no missing one, and a vehicle seen from one side alone may wear its signs on the others.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from edge.registry.entries import VehicleEntry, Waybill
from edge.rules.base import Judgement, Trial
from edge.rules.goods_places import DangerousPlaceRule, DangerousSpeedRule, DangerousStopRule, NightBanRule
from edge.rules.known import Known
from edge.rules.numbers import Hour, Number
from edge.rules.passes import PassRule, count
from edge.rules.permits import DANGEROUS, LOW, by_register, graded, standing, sure
from edge.rules.signs import any_sign, entries, panel_un, sign_facts, signs
from leads import Fact


class UnsignedRule(PassRule):
    """A tank vehicle registered for dangerous goods that wears no sign on any side that was well seen.

    The rear must bear both kinds of signs: seen alone, it makes a low suspicion; any other side alone makes none.
    """

    kind: Literal["unsigned_dangerous_goods"]
    tank_types: tuple[str, ...]
    """Vehicle types by GA/T 16.4 that are tankers."""
    sides: Number
    """Sides of the vehicle that must have been seen well for more than a low suspicion."""
    shots_per_side: Number
    """Shots that must have shown a side well: two views at least, even of one side."""

    def tries(self, trial: Trial) -> Judgement:
        """Whether it is registered for dangerous goods, a tanker, and bare on enough sides."""
        known = trial.known
        registered = [e for e in entries(known) if e.dangerous_goods]
        answered = True if registered else False if entries(known) else None
        if not trial.check("registered for dangerous goods", answered, known.registry.answered):
            return trial.ends()
        tank = self._is_tanker(known, registered)
        types = ", ".join(e.vehicle_type for e in registered if e.vehicle_type) or "of unknown type"
        look = f"body {known.facts.body.value or 'unknown'}, {known.share(('tank_truck',)):.0%} of the vote"
        if not trial.check("is a tanker", tank, f"registered {types}, {look}"):
            return trial.ends()
        if not trial.check("shows no sign", not any_sign(known)):
            return trial.ends()
        least = self.shots_per_side.value
        seen = sorted(side for side, shots in known.sides_seen.items() if shots >= least)
        looked = "facts" in known.looked_for and (len(seen) >= self.sides.value or "rear" in seen)
        wanted = f"{self.sides.value:g} sides, or the rear, in {least:g} shots each"
        if not trial.check("sides seen well", True if looked else None, ", ".join(seen) or "none", wanted):
            return trial.ends()
        return self.told(
            trial,
            f"登记为危险货物运输车辆，{len(seen)} 个侧面均未见矩形、菱形标志牌",
            Fact(name="sides_seen", value=", ".join(seen), shots=sum(known.sides_seen[s] for s in seen)),
            Fact(name="registered_dangerous_goods", value=True),
            level=graded(known, self.level if len(seen) >= self.sides.value else "low"),
            conditions=by_register(known),
        )

    def _is_tanker(self, known: Known, registered: list[VehicleEntry]) -> bool | None:
        body, least = known.facts.body, self.least_class_share
        if any(e.vehicle_type in self.tank_types for e in registered) or (body.sure and body.value == "tank"):
            return True
        return True if least is not None and known.share(("tank_truck",)) >= least.value else None


class NotRegisteredRule(PassRule):
    """Wears signs of dangerous goods, and has no permit to carry them, or one that has run out."""

    kind: Literal["unregistered_dangerous_goods"]
    lag: Hour
    """Time by which the register may lag behind the permit office."""

    def tries(self, trial: Trial) -> Judgement:
        """Whether a sign was surely read, and the register is sure that there is no permit."""
        known, seen = trial.known, signs(trial.known)
        if not trial.check("wears signs of goods", True if seen else None, ", ".join(seen) or "none is sure"):
            return trial.ends()
        stands = standing(known, DANGEROUS, self.lag.value)
        met = None if stands == "unknown" else stands in ("none", "withdrawn", "lapsed")
        if not trial.check("has no valid permit", met, f"{stands} ({known.registry.answered})"):
            return trial.ends()
        word = {"none": "未查到危险货物运输许可", "withdrawn": "许可已被暂停或撤销", "lapsed": "许可已过期"}[stands]
        return self.told(
            trial,
            f"悬挂危险货物标志（{'、'.join(seen)}），{word}；须现场核验证件",
            *sign_facts(known),
            Fact(name="permit", value=stands),
            # A misread number is in no register either.
            level="low" if known.registry.answered == "absent" else graded(known, self.level),
            conditions=by_register(known),
        )


class WaybillRule(PassRule):
    """Carries dangerous goods without a waybill for this trip, or with one for other goods or another vehicle."""

    kind: Literal["waybill"]

    def tries(self, trial: Trial) -> Judgement:
        """Hold the panel against the waybill that holds at the moment; none counts where all are on record."""
        known = trial.known
        un = panel_un(known)
        if not trial.check("panel tells of goods", None if un is None else un != "", un or known.facts.panel.doubt):
            return trial.ends()
        lookup = known.waybill
        if not trial.check("plate read without doubt", True if sure(known.identity) else None):
            return trial.ends()
        if not trial.check("waybills were asked for", True if lookup.answered in ("found", "absent") else None):
            return trial.ends()
        if not trial.check("answer is fresh", None if lookup.stale else True, lookup.source):
            return trial.ends()
        bill = lookup.entry
        if bill is None:
            complete = "dangerous_goods" in lookup.complete_for
            if not trial.check("no waybill for this trip", True if complete else None, "none", "a complete record"):
                return trial.ends()
            return self._says(trial, f"标志牌为 UN {un}，未查到本次运输的电子运单")
        return self._compare(trial, bill, un or "")

    def _compare(self, trial: Trial, bill: Waybill, un: str) -> Judgement:
        known, identity = trial.known, trial.known.identity
        now = known.at(known.first_s)
        over = (bill.starts_at is not None and now < bill.starts_at) or (
            bill.ends_at is not None and bill.ends_at < now
        )
        if not trial.check("waybill is for this moment", None if over else True):
            return trial.ends()
        assert identity is not None
        if (bill.plate, bill.plate_type) != (identity.plate, identity.plate_type):
            trial.check("waybill names another vehicle", True)
            return self._says(trial, "运单所载车号与号牌不符", Fact(name="waybill", value=bill.number))
        told = {bill.un, *bill.also_un}
        if not trial.check("waybill tells of other goods", un not in told, f"panel {un}, waybill {bill.un}"):
            return trial.ends()
        facts = Fact(name="waybill", value=bill.number), Fact(name="waybill_un", value=bill.un)
        return self._says(trial, f"标志牌为 UN {un}，电子运单为 UN {bill.un}{bill.goods}", *facts)

    def _says(self, trial: Trial, text: str, *facts: Fact) -> Judgement:
        return self.told(trial, f"{text}；须现场核对", *sign_facts(trial.known), *facts)


class SignsDisagreeRule(PassRule):
    """Panel and diamond tell of different goods."""

    kind: Literal["signs_disagree"]

    def tries(self, trial: Trial) -> Judgement:
        """Whether both were read without doubt, and do not go together by the table of UN numbers."""
        said = trial.known.facts.signs_agree
        differ = said.value == "disagree" if said.sure else None
        if not trial.check("panel and diamond tell of different goods", differ, said.value or said.doubt):
            return trial.ends()
        seen = signs(trial.known)
        return self.told(
            trial,
            f"矩形标志牌与菱形标志牌所示货物不一致（{'、'.join(seen)}）",
            *sign_facts(trial.known),
            count("shots_alike", said.shots),
            level=self.level if said.shots > 1 else LOW,
        )


GoodsRule: TypeAlias = (
    UnsignedRule
    | NotRegisteredRule
    | DangerousPlaceRule
    | NightBanRule
    | DangerousSpeedRule
    | DangerousStopRule
    | WaybillRule
    | SignsDisagreeRule
)
