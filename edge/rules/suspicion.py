"""The suspicion that a vehicle that no scale has weighed is overloaded: by several marks that its look gives."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from edge.rules.base import Hours, Judgement, Level, Trial
from edge.rules.known import Known
from edge.rules.limits import oversize_permits
from edge.rules.loads import ASK, UNWEIGHED, Loaded, registered_axles, sure_axles
from edge.rules.mass import mass_known
from edge.rules.numbers import Metres, Number, Share
from edge.rules.passes import PassRule
from leads import Fact

Cue = Literal["heaped", "raised_boards", "lifted_axle", "axles_differ", "over_height", "plate_hidden", "night"]
WORDS: dict[Cue, str] = {
    "heaped": "货物高出栏板",
    "raised_boards": "栏板疑似加高",
    "lifted_axle": "装载时车轴提升",
    "axles_differ": "轴数与登记不符",
    "over_height": "车货总高超过限值",
    "plate_hidden": "号牌未见",
    "night": "夜间行驶",
}


class Weights(BaseModel):
    """How much each mark speaks for an overload; the sum is the score."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    heaped: Share
    raised_boards: Share
    lifted_axle: Share
    axles_differ: Share
    over_height: Share
    plate_hidden: Share
    night: Share

    def of(self, cue: Cue) -> float:
        """Weight of a mark."""
        share: Share = getattr(self, cue)
        return share.value


class LooksOverloadedRule(PassRule):
    """Looks overloaded by several marks together, and was not weighed."""

    kind: Literal["looks_overloaded"]
    least_match: Share
    """Least confidence that a weigh record and the vehicle belong together."""
    weights: Weights
    least_marks: Number
    """Marks that must come together."""
    least_score: Share
    """Score from which it is a suspicion at all."""
    medium_score: Share
    high_score: Share
    loaded: tuple[Loaded, ...]
    """Looks of a load with which a lifted axle is a mark."""
    most_height: Metres
    night: Hours
    least_plate_shots: Number
    """Shots that would have shown the plate before a missing one is a mark."""

    def tries(self, trial: Trial) -> Judgement:
        """Whether it was not weighed, and the marks that are surely seen weigh enough together."""
        known = trial.known
        weighed = mass_known(known, self.least_match)
        if not trial.check("its mass is not known from a scale", None if weighed is None else not weighed):
            return trial.ends()
        cues = {cue: self._shows(cue, known) for cue in WORDS}
        found = [cue for cue, shown in cues.items() if shown]
        open_ = [cue for cue, shown in cues.items() if shown is None]
        score = sum(map(self.weights.of, found))
        enough = self._enough(found)
        told = f"{score:.2f} by {', '.join(found) or 'none'}; unknown: {', '.join(open_) or 'none'}"
        wanted = f"{self.least_score.value:g} by {self.least_marks.value:g}"
        if not trial.check("marks", True if enough else None if self._enough(found + open_) else False, told, wanted):
            return trial.ends()
        return self.told(
            trial,
            f"{'、'.join(WORDS[cue] for cue in found)}；{ASK}",
            Fact(name="marks", value=", ".join(found)),
            Fact(name="marks_score", value=round(score, 2)),
            level=self._level(score),
            conditions=UNWEIGHED,
        )

    def _enough(self, cues: list[Cue]) -> bool:
        score = round(sum(map(self.weights.of, cues)), 6)
        return len(cues) >= self.least_marks.value and score >= self.least_score.value

    def _level(self, score: float) -> Level:
        score = round(score, 6)
        return "high" if score >= self.high_score.value else "medium" if score >= self.medium_score.value else "low"

    def _shows(self, cue: Cue, known: Known) -> bool | None:
        """Whether the vehicle shows a mark; None where that is not known."""
        facts = known.facts
        if cue == "heaped":
            return facts.load.value == "heaped" if facts.load.sure else None
        if cue == "raised_boards":
            return facts.raised_boards.value if facts.raised_boards.sure else None
        if cue == "lifted_axle":
            return self._lifted(known)
        if cue == "axles_differ":
            axles, registered = sure_axles(known), registered_axles(known)
            return None if axles is None or registered is None else axles.count + axles.lifted != registered
        if cue == "over_height":
            height = facts.measured.height_m if facts.measured else None
            over = None if height is None else height.surely_over(self.most_height.value)
            return over and not oversize_permits(known)
        if cue == "plate_hidden":
            return self._plate_hidden(known)
        return known.local(known.first_s).time() in self.night

    def _lifted(self, known: Known) -> bool | None:
        axles, load = sure_axles(known), known.facts.load
        if axles is None or (axles.lifted and not load.sure):
            return None
        return axles.lifted > 0 and load.value in self.loaded

    def _plate_hidden(self, known: Known) -> bool | None:
        looked = [found for shots, found in known.plate_sought.values() if shots >= self.least_plate_shots.value]
        return not all(looked) if looked else None
