"""What several shots say of one sign: their probabilities are joined place by place, and read once as one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from detector.shots import Shot
from detector.sign import UNREAD, Chances, Logs, Sign
from detector.sign_grammar import Text, decode

SAME_SIGN = 2.0
"""Reads of plates that differ in no more characters are of one plate."""
TOGETHER = 0.4
"""n equal shots count as n to this power that know nothing of each other, as they share blur, dirt and light. Of 1,200
drawn tracks 0.5 tells 441 rightly and 17 wrongly without doubt, 0.4 tells 422 and 12, 0.3 tells 394 and 8; of 448 with
real plates made small 101 and 6, 96 and 5, 84 and 5. Votes of texts told 192 and 2, and 30 and 0."""
LEAST_CHANCE = 0.01
"""Share of a shot's probabilities that is spread over all characters: one shot alone rules nothing out."""
WEAK = 0.8
"""Characters that a shot reads less surely may differ from what all shots say together."""
MOST_WEAK = 2
"""So many of them: a shot that differs in more supports something else."""
ENOUGH = 2
"""Shots that must support what is told."""
SURE = 0.8
"""Confidence below which a sign is doubtful. Of a hundred plates told at 0.8, at most twenty are wrong somewhere."""


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """One sign, read in one shot."""

    sign: Sign
    shot: Shot
    weight: float
    """Its height in pixels times its sharpness times its score."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the reads of one sign say together."""

    text: str
    """UNREAD stands where even together they do not tell."""
    colour: str
    """As of a `Sign`."""
    confidence: float
    """Probability that the characters that are read are all right, 0 to 1."""
    shots: int
    """Shots that support the text: each reads it, or differs where it reads weakly."""
    best: Read
    """The weightiest of those, or of all where there is none: the frame that proves it."""
    weight: float
    """Of all its reads."""
    doubt: str


def agree(reads: Iterable[Read], most_apart: float = SAME_SIGN) -> list[Agreed]:
    """Put reads together that are as long and differ by at most `most_apart` characters, and join each group.

    Those without doubt come first, and of them the weightiest.
    """
    groups: list[list[Read]] = []
    for read in sorted(reads, key=lambda r: -r.weight):
        text = read.sign.text
        if not text.strip(UNREAD):
            continue
        group = next((g for g in groups if _alike(text, g[0].sign.text, most_apart)), None)
        if group is None:
            groups.append([read])
        elif all(other.shot is not read.shot for other in group):
            group.append(read)
    agreed = [a for a in map(_agreed, groups) if a is not None]
    return sorted(agreed, key=lambda a: (bool(a.doubt), -a.weight))


def distance(a: str, b: str) -> float:
    """Characters that must be changed, added or left out to make one of the other (Levenshtein 1966).

    An unread character is half a change.
    """
    row = [float(j) for j in range(len(b) + 1)]
    for i, ca in enumerate(a, start=1):
        before, row = row, [float(i)]
        for j, cb in enumerate(b, start=1):
            change = 0.0 if ca == cb else 0.5 if UNREAD in (ca, cb) else 1.0
            row.append(min(before[j] + 1, row[j - 1] + 1, before[j - 1] + change))
    return row[-1]


def joined(reads: Sequence[Read]) -> Chances:
    """What the reads of one sign, at least one, say together: a product of experts (Hinton, 2002), each with the power
    of its weight, and all tempered by what they share."""
    shares = np.array([read.weight for read in reads], np.float32)
    shares = shares / shares.max() if shares.max() > 0 else np.ones_like(shares)
    shares *= shares.sum() ** (TOGETHER - 1)
    return Chances(
        _product([read.sign.chances.slots for read in reads], shares),
        _product([read.sign.chances.kinds for read in reads], shares),
    )


def _product(logs: Sequence[Logs], powers: Logs) -> Logs:
    spread = LEAST_CHANCE / logs[0].shape[-1]
    product = sum(
        power * np.log((1 - LEAST_CHANCE) * np.exp(one) + spread) for one, power in zip(logs, powers, strict=True)
    )
    return np.asarray(product - np.logaddexp.reduce(product, axis=-1, keepdims=True), np.float32)


def _alike(a: str, b: str, most_apart: float) -> bool:
    return len(a) == len(b) and distance(a, b) <= most_apart


def _agreed(group: Sequence[Read]) -> Agreed | None:
    """What a group says, the weightiest read first; None where together they are a sign of another kind, or none."""
    text = decode(joined(group))
    if text is None or text.kind != group[0].sign.kind:
        return None
    support = [read for read in group if _supports(read.sign, text)]
    confidence = min(text.score, 0.999)
    doubt = _doubt(text.text, len(support), len(group), confidence)
    weight = sum(read.weight for read in group)
    return Agreed(text.text, text.colour, confidence, len(support), (support or group)[0], weight, doubt)


def _supports(sign: Sign, text: Text) -> bool:
    """Whether what was read in one shot goes with what all say; where these leave a character open, anything does."""
    if len(sign.text) != len(text.text):
        return False
    places = zip(sign.text, text.text, sign.character_scores, strict=True)
    others = [score for own, told, score in places if told not in (own, UNREAD)]
    return len(others) <= MOST_WEAK and all(score < WEAK for score in others)


def _doubt(text: str, support: int, reads: int, confidence: float) -> str:
    if reads < ENOUGH:
        return "read in one shot alone"
    if support < ENOUGH:
        return "no two shots support it"
    if UNREAD in text:
        return "not every character could be read"
    return unsure(confidence)


def unsure(confidence: float, least: float = SURE) -> str:
    """The doubt about a sign that is read with too little confidence, else nothing."""
    return "" if confidence >= least else f"the readings are not sure enough ({confidence:.2f})"
