"""What a simulated day tells of every rule: how much it finds, how much of that is right, why the rest came about."""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.rules.base import Judgement, RuleBase
from edge.rules.numbers import Quantity
from tests.accuracy.day_eyes import Sight
from tests.accuracy.day_run import Day

BASELINE = Path(__file__).parent / "baselines/day.json"


@dataclass(frozen=True)
class Figures:
    """What is told of one rule."""

    planted: int
    found: int
    seen: int
    """Of the planted, those of which the eyes told right what the rule needs."""
    found_of_seen: int
    fired: int
    right: int
    mean_us: float
    p99_us: float
    missed: Counter[str]
    """Why, of those that were not found."""
    wrong: Counter[str]
    """What fired and should not have."""

    @property
    def precision(self) -> float:
        """Share of right findings."""
        return self.right / self.fired if self.fired else 1.0

    @property
    def recall(self) -> float:
        """Share of the planted that was found."""
        return self.found / self.planted if self.planted else 1.0

    @property
    def recall_seen(self) -> float:
        """The same of what the eyes could see."""
        return self.found_of_seen / self.seen if self.seen else 1.0


def figures(day: Day) -> dict[str, Figures]:
    """By rule, in order of their names."""
    times = _times(day)
    return {rule.id: _of(day, rule, times[rule.id]) for rule in sorted(day.rules, key=lambda r: r.id)}


def _of(day: Day, rule: RuleBase, took_ns: NDArray[np.int64]) -> Figures:
    broken = {name for name, sight in day.sights.items() if rule.id in sight.drive.broken}
    seen = {name for name in broken if _could_see(day.sights[name], rule)}
    found = {name for name in broken if day.told(name, rule)}
    fired = {name for name, rules in day.fired.items() if rule.id in rules}
    return Figures(
        len(broken), len(found), len(seen), len(found & seen), len(fired), len(fired & broken),
        float(took_ns.mean()) / 1e3, float(np.percentile(took_ns, 99)) / 1e3,
        Counter(_why_missed(day, name, rule) for name in sorted(broken - found)),
        Counter(_why_wrong(day, name) for name in sorted(fired - broken)),
    )  # fmt: skip


def _could_see(sight: Sight, rule: RuleBase) -> bool:
    votes, drive = sight.bare.votes, sight.drive
    share = sum(votes.get(word, 0.0) for word in rule.classes) if rule.classes else 1.0
    clear: Quantity | None = getattr(rule, "least_share", None)
    as_it_is = clear is None or votes.get(drive.kind, 0.0) >= clear.value
    least = rule.least_class_share.value if rule.least_class_share else 0.0
    return as_it_is and share >= least and sight.right.issuperset(drive.needs[rule.id])


def _why_missed(day: Day, name: str, rule: RuleBase) -> str:
    known = day.known.get(name)
    if known is None:
        return "never judged"
    judged: Judgement = rule.judge(known)
    if judged.outcome == "fires":
        return "fires on what was known at the end"
    last = judged.checks[-1]
    seen = "seen right" if _could_see(day.sights[name], rule) else "not seen"
    return f"{seen}: {last.what}" + (f": {last.found}" if seen == "seen right" else "")


def _why_wrong(day: Day, name: str) -> str:
    drive, known = day.sights[name].drive, day.known.get(name)
    who = known.identity if known else None
    other = who is not None and who.sure and who.plate != drive.plate
    return f"{drive.story} ({drive.kind}{', another plate read' if other else ''})"


def _times(day: Day) -> dict[str, NDArray[np.int64]]:
    """Nanoseconds that each rule takes for each vehicle."""
    took: dict[str, list[int]] = {rule.id: [] for rule in day.rules}
    clock = time.perf_counter_ns
    for known in day.known.values():
        for rule in day.rules:
            before = clock()
            rule.judge(known)
            took[rule.id].append(clock() - before)
    return {name: np.array(ns, np.int64) for name, ns in took.items()}


def whole(found: Mapping[str, Figures]) -> dict[str, float]:
    """All rules together."""
    planted, fired, seen = (sum(getattr(f, n) for f in found.values()) for n in ("planted", "fired", "seen"))
    return {
        "planted": planted,
        "precision": round(sum(f.right for f in found.values()) / fired, 4),
        "recall": round(sum(f.found for f in found.values()) / planted, 4),
        "recall of seen": round(sum(f.found_of_seen for f in found.values()) / seen, 4),
    }


def by_level(day: Day) -> dict[str, tuple[int, int]]:
    """Findings, and right ones, by how strongly their proof supports them."""
    told: dict[str, list[bool]] = defaultdict(list)
    for name, findings in day.fired.items():
        for rule_id, finding in findings.items():
            told[finding.level].append(rule_id in day.sights[name].drive.broken)
    return {level: (len(right), sum(right)) for level, right in sorted(told.items())}


def near_misses(day: Day) -> tuple[int, int]:
    """Planted near misses, and those of which there is a finding."""
    near = [n for n, s in day.sights.items() if s.drive.story != "traffic" and not s.drive.broken]
    return len(near), sum(bool(day.fired.get(name)) for name in near)


def kept(found: Mapping[str, Figures]) -> dict[str, dict[str, float]]:
    """What the baseline holds."""
    by_rule = {
        name: {"planted": f.planted, "precision": round(f.precision, 4), "recall": round(f.recall, 4),
               "recall of seen": round(f.recall_seen, 4)}
        for name, f in found.items()
    }  # fmt: skip
    return {"all": whole(found)} | by_rule


def baseline() -> dict[str, dict[str, float]]:
    """As stored."""
    stored: dict[str, dict[str, float]] = json.loads(BASELINE.read_text(encoding="utf-8"))
    return stored


def table(found: Mapping[str, Figures]) -> Iterator[str]:
    """For people: a line per rule, and below why some were missed and some are wrong."""
    yield "rule    planted found  fired right  precision  recall  of seen   mean µs  p99 µs"
    for name, f in found.items():
        yield (
            f"{name:7} {f.planted:7} {f.found:5} {f.fired:6} {f.right:5}  {f.precision:9.1%} {f.recall:7.1%} "
            f"{f.recall_seen:8.1%} {f.mean_us:9.1f} {f.p99_us:7.1f}"
        )
    yield f"all: {whole(found)}"
    for name, f in found.items():
        for word, counts in (("missed", f.missed), ("wrong", f.wrong)):
            if counts:
                yield f"{name} {word}: " + "; ".join(f"{n} {why}" for why, n in counts.most_common(4))
