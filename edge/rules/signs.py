"""What signs and register tell of dangerous goods on a vehicle."""

from __future__ import annotations

from collections.abc import Iterable

from edge.registry.entries import VehicleEntry
from edge.rules.base import Trial
from edge.rules.known import Known
from edge.rules.permits import sure
from leads import Fact


def entries(known: Known) -> list[VehicleEntry]:
    """What the register holds of the motor vehicle and of its trailer, as far as found."""
    return [e for e in (known.registry.entry, known.trailer_registry.entry) if e is not None]


def any_sign(known: Known) -> bool:
    """Whether anything like a sign was seen: read, read with doubt, or there and not readable."""
    panel = known.facts.panel
    return panel.known or panel.proof is not None or bool(known.facts.diamonds)


def panel_un(known: Known) -> str | None:
    """The UN number on the panel, empty on an empty one; None where none was surely read."""
    panel = known.facts.panel
    return panel.value.un if panel.sure and panel.value is not None else None


def signs(known: Known) -> list[str]:
    """Signs of goods that were read without doubt, in words; an empty panel tells of no goods."""
    un = panel_un(known)
    diamonds = [d.value for d in known.facts.diamonds if d.sure]
    return ([f"UN {un}"] if un else []) + [f"{danger} 类" for danger in diamonds]


def sign_facts(known: Known) -> list[Fact]:
    """The same, as facts of a lead."""
    panel, un = known.facts.panel, panel_un(known)
    found = [Fact(name="panel_un", value=un, confidence=panel.confidence, shots=panel.shots)] if un else []
    return found + [
        Fact(name="diamond", value=d.value, confidence=d.confidence, shots=d.shots)
        for d in known.facts.diamonds
        if d.sure and d.value is not None
    ]


def is_dangerous(trial: Trial) -> bool:
    """The condition that a vehicle carries, or is registered for, dangerous goods: by signs, else by register."""
    known, seen = trial.known, signs(trial.known)
    held = entries(known)
    if seen:
        return trial.check("is a vehicle of dangerous goods", True, ", ".join(seen))
    if any(e.dangerous_goods for e in held):
        return trial.check("is a vehicle of dangerous goods", True, "by the register")
    fresh = bool(held) and not known.registry.stale and not any_sign(known)
    return trial.check("is a vehicle of dangerous goods", False if fresh else None, "no sign was surely read")


def has_leave(known: Known, names: Iterable[str]) -> bool | None:
    """Whether a permit opens a closed section that goes by some names; None where no register could tell.

    Leave is given to the motor vehicle, not to its trailer. A plate that is in doubt and in no register may be misread.
    """
    wanted, day = {name for name in names if name}, known.local(known.first_s).date()
    entry = known.registry.entry
    if entry is not None and any(wanted.intersection(p.sections) and p.holds_on(day) for p in entry.permits):
        return True
    if known.registry.answered == "found":
        return False
    return False if known.registry.answered == "absent" and sure(known.identity) else None
