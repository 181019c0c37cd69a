"""What several shots read of one sign: reads that mean the same are put together, and vote character by character."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from detector.shots import Shot
from detector.sign import UNREAD, Sign

SAME_SIGN = 2.0
"""Reads of plates that differ in no more characters are of one plate."""
DECIDED = 0.6
"""Share of the vote that a character needs where shots differ."""
ENOUGH = 2
"""Shots that must have read the same."""
SURE = 0.8
"""Confidence below which a sign is doubtful. The reader's probabilities hold: of a hundred plates at 0.8, twenty are
wrong somewhere."""


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
    """UNREAD stands where they do not agree."""
    confidence: float
    shots: int
    """Shots that read this very text."""
    best: Read
    """The weightiest of those, or of all where none did: the frame that proves it."""
    weight: float
    """Of all its reads."""
    doubt: str


def agree(reads: Iterable[Read], most_apart: float = SAME_SIGN) -> list[Agreed]:
    """Put reads together that differ by at most `most_apart` characters, and let each group vote; weightiest first."""
    groups: list[list[Read]] = []
    for read in sorted(reads, key=lambda r: -r.weight):
        if not read.sign.text.strip(UNREAD):
            continue
        near = (g for g in groups if distance(read.sign.text, g[0].sign.text) <= most_apart)
        group = next(near, None)
        if group is None:
            groups.append([read])
        elif all(other.shot is not read.shot for other in group):
            group.append(read)
    return sorted(map(_vote, groups), key=lambda a: -a.weight)


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


def _vote(group: Sequence[Read]) -> Agreed:
    lengths: dict[int, float] = {}
    for read in group:
        lengths[len(read.sign.text)] = lengths.get(len(read.sign.text), 0.0) + read.weight
    length = max(lengths, key=lambda n: lengths[n])
    voters = [r for r in group if len(r.sign.text) == length]
    text = "".join(_character(voters, i) for i in range(length))
    same = [r for r in voters if r.sign.text == text]
    weight = sum(r.weight for r in group)
    share = sum(r.weight for r in same) / weight if weight else 0.0
    # Shots of one vehicle share its blur and dirt: a second one that reads the same makes the first no surer.
    confidence = share * max((r.sign.score for r in same), default=0.0)
    if not same:
        confidence = sum(r.weight * r.sign.score for r in voters) / weight / 2 if weight else 0.0
    confidence = min(confidence, 0.999)
    doubt = _doubt(text, len(same), len(group), confidence)
    return Agreed(text, confidence, len(same), (same or voters)[0], weight, doubt)


def _character(voters: Sequence[Read], place: int) -> str:
    votes: dict[str, float] = {}
    for read in voters:
        character = read.sign.text[place]
        if character != UNREAD:
            votes[character] = votes.get(character, 0.0) + read.weight * read.sign.character_scores[place]
    best = max(votes, key=lambda c: votes[c], default=UNREAD)
    return best if votes and votes[best] >= DECIDED * sum(votes.values()) else UNREAD


def _doubt(text: str, same: int, reads: int, confidence: float) -> str:
    if reads < ENOUGH:
        return "read in one shot alone"
    if same < ENOUGH:
        return "no two shots read the same"
    if UNREAD in text:
        return "not every character could be read"
    return unsure(confidence)


def unsure(confidence: float) -> str:
    """The doubt about a sign that is read with too little confidence, else nothing."""
    return "" if confidence >= SURE else f"the readings are not sure enough ({confidence:.2f})"
