"""Rules about how load, boards and axles look: suspicions, which ask for a stop and a weighing."""

from __future__ import annotations

from typing import Literal, TypeAlias

from detector.axles import Axles
from edge.registry.entries import VehicleEntry
from edge.rules.base import Check, Judgement, Level, Trial
from edge.rules.known import Known
from edge.rules.limits import is_combination, tonnes
from edge.rules.mass import ScaleTerms, mass_known, mass_of, weigh_conditions
from edge.rules.numbers import Kilograms, Metres, Share
from edge.rules.passes import PassRule
from leads import Fact

ASK = "建议拦检称重"
LOW: Level = "low"
UNWEIGHED = (Check("was weighed", False, wanted="a certified scale: a camera cannot weigh"),)
"""No grade of evidence that is worth more than a suspicion without a scale."""
Loaded = Literal["level", "heaped", "covered"]


class LooseLoadRule(PassRule):
    """A load heaped above the boards and not covered."""

    kind: Literal["loose_load"]

    def tries(self, trial: Trial) -> Judgement:
        """Whether the load surely looks heaped, which one under a cover does not."""
        load = trial.known.facts.load
        heaped = load.value == "heaped" if load.sure else None
        if not trial.check("load is heaped and open", heaped, load.value or load.doubt):
            return trial.ends()
        return self.told(trial, f"货物堆装高出栏板，未见苫盖；{ASK}")


class RaisedBoardsRule(PassRule):
    """Boards built higher than they were made."""

    kind: Literal["raised_boards"]
    least_above: Metres
    """How much higher than registered the vehicle surely is before its measured height supports the look."""

    def tries(self, trial: Trial) -> Judgement:
        """Whether the boards look raised, and the measured height, where it tells, does not contradict it."""
        raised = trial.known.facts.raised_boards
        if not trial.check("boards look raised", raised.value if raised.sure else None, raised.doubt):
            return trial.ends()
        entry, above, level, text = own_entry(trial.known), self._above(trial.known), LOW, "栏板疑似加高"
        if above is not None:
            least, most = above
            wanted = f"{self.least_above.value:g} m"
            if not trial.check("is higher than registered", most > 0, f"{least:+.2f} to {most:+.2f} m", wanted):
                return trial.ends()
            if least > self.least_above.value:
                level, text = self.level, f"{text}，车高比登记的至少高 {least:.2f} m"
        boards = entry.board_height_m if entry else None
        facts = [] if boards is None else [Fact(name="board_height_registered_m", value=boards, unit="m")]
        text += "" if boards is None else f"，登记栏板高 {boards:g} m"
        return self.told(trial, f"{text}；建议拦检，现场核量栏板", *facts, level=level)

    @staticmethod
    def _above(known: Known) -> tuple[float, float] | None:
        """Metres above the registered height, at least and at most; only boards, no heap, may be the highest part."""
        load, measured, entry = known.facts.load, known.facts.measured, own_entry(known)
        height = measured.height_m if measured else None
        if not (load.sure and load.value in ("empty", "level") and height and entry and entry.height_m):
            return None
        return height.low - entry.height_m, height.high - entry.height_m


class LiftedAxleRule(PassRule):
    """An axle lifted while the vehicle is heavy."""

    kind: Literal["lifted_axle"]
    scale: ScaleTerms
    most_per_axle: Kilograms
    """Weighed mass per axle on the ground above which no axle is lifted."""
    loaded: tuple[Loaded, ...]
    """Looks of a load that count as heavy where the mass is not known."""

    def tries(self, trial: Trial) -> Judgement:
        """Whether an axle is lifted, and mass or else load speak for heaviness."""
        axles = sure_axles(trial.known)
        lifted = None if axles is None else axles.lifted > 0
        if not trial.check("an axle is lifted", lifted, "unknown" if axles is None else axles.lifted):
            return trial.ends()
        assert axles is not None
        text = f"{axles.lifted} 根车轴提升离地，着地 {axles.count} 轴"
        weighing = trial.known.weighing
        if mass_known(trial.known, self.scale.least_match) and weighing is not None:
            mass = mass_of(weighing, self.scale)
            each, most = mass.effective_kg / axles.count, self.most_per_axle.value
            if not trial.check("mass per axle on the ground", each > most, f"{each:.0f} kg", f"over {most:g} kg"):
                return trial.ends()
            doubt = f"；仅作嫌疑，须复称（{'、'.join(mass.faults)}）" if mass.faults else ""
            return self.told(
                trial,
                f"{text}，称重 {tonnes(mass.measured_kg)}，着地各轴平均 {tonnes(each)}{doubt}；{ASK}",
                Fact(name="mass_kg", value=mass.measured_kg, unit="kg"),
                Fact(name="mass_per_axle_kg", value=round(each), unit="kg"),
                level="low" if mass.faults else self.level,
                conditions=weigh_conditions(trial.known, weighing, self.scale),
            )
        load = trial.known.facts.load
        heavy = load.value in self.loaded if load.sure else None
        if not trial.check("looks loaded", heavy, load.value or load.doubt, ", ".join(self.loaded)):
            return trial.ends()
        return self.told(trial, f"{text}，车厢看似装载；{ASK}", level="low", conditions=UNWEIGHED)


class AxlesDifferRule(PassRule):
    """More or fewer axles than registered."""

    kind: Literal["axles_differ"]
    least_match: Share
    """Least confidence that a weigh record and the vehicle belong together."""

    def tries(self, trial: Trial) -> Judgement:
        """Whether camera, and scale where there is one, count other axles than motor vehicle and trailer have."""
        known = trial.known
        axles = sure_axles(known)
        if not trial.check("axles are seen", None if axles is None else True, known.facts.axles.doubt):
            return trial.ends()
        assert axles is not None
        registered, seen = registered_axles(known), axles.count + axles.lifted
        if not trial.check("registered axles are known", None if registered is None else True):
            return trial.ends()
        if not trial.check("axles", seen != registered, f"{seen} seen", f"other than {registered}"):
            return trial.ends()
        record = known.weighing.record if known.weighing else None
        sure = known.weighing is not None and known.weighing.confidence >= self.least_match.value
        weighed = record.axle_count if record is not None and sure else None
        # A camera alone may miss an axle behind another vehicle; it sees none that is not there.
        alone = weighed is None and registered is not None and seen > registered
        agree = True if weighed == axles.count or alone else None
        if not trial.check(
            "scale counts the same on the ground, or more are seen", agree, weighed or "unknown", axles.count
        ):
            return trial.ends()
        return self.told(
            trial,
            f"实见 {seen} 轴，登记 {registered} 轴；建议拦检核查",
            Fact(name="axles_registered", value=registered or 0),
            Fact(name="axles_seen", value=seen),
            level="low" if weighed is None else self.level,
        )


def sure_axles(known: Known) -> Axles | None:
    """The axles as the camera surely counted them."""
    return known.facts.axles.value if known.facts.axles.sure else None


def own_entry(known: Known) -> VehicleEntry | None:
    """What is registered of the vehicle, if its plate was surely read."""
    return known.entry if known.identity is not None and known.identity.sure else None


def registered_axles(known: Known) -> int | None:
    """Axles that motor vehicle and trailer have by the register; None where one of them is not known.

    A vehicle seen with more axles than it has may tow a trailer whose plate was not read.
    """
    entry, axles = own_entry(known), sure_axles(known)
    if entry is None or entry.axles is None or axles is None:
        return None
    if known.trailer is not None:
        trailer = known.trailer_registry.entry if known.trailer.sure else None
        return None if trailer is None or trailer.axles is None else entry.axles + trailer.axles
    seen = axles.count + axles.lifted
    alone = seen <= entry.axles or is_combination(known, seen) is False
    return entry.axles if alone else None


LoadRule: TypeAlias = LooseLoadRule | RaisedBoardsRule | LiftedAxleRule | AxlesDifferRule
