"""An entry found again from the log alone: what came in, then every step, one after the other."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from hub.cases.case import Row
from hub.cases.desk import LOGGED_AS
from hub.cases.machine import Action, State, transition
from hub.store.audit import canonical

_NOT_PINNED: Final = frozenset({"source", "times_received", "repeats", "evidence", "fetched", "looked_ms", "due_ms"})
"""Columns that change without a step, or that neither the bytes nor the log tell at first."""
_TOLD: Final = ("action", "from_state", "to_state", "user_id", "user_name", "reason", "note", "other")
"""What a row of `steps` repeats from the log."""
_COLUMNS: Final = ("seq", "at_ms", "correction", "undone_by", *_TOLD)


@dataclass
class _Done:
    """A step of the replay that can still be taken back."""

    seq: int
    action: Action
    from_state: State
    user_id: int
    before: Mapping[str, Any]
    undone_by: int | None = None


@dataclass
class Replay:
    """One entry on its way through its steps."""

    row: dict[str, Any]
    """Its columns as they stand so far; at first those of what came in."""
    faults: list[str] = field(default_factory=list)
    _done: list[_Done] = field(default_factory=list)
    _logged: list[dict[str, Any]] = field(default_factory=list)
    _set: set[str] = field(default_factory=set)

    def take(self, step: Row) -> None:
        """Take a step of the log (a row of `audit` whose action begins with `case.`)."""
        try:
            body = json.loads(step.body)
            self._check(step, body)
            self.row |= body["after"]
            self._set |= body["after"].keys()
            self.row["version"] = body["version"]
        except (ValueError, KeyError, TypeError, AttributeError):
            self.faults.append(f"step {step.seq} cannot be read")
            return
        told = {name: body[name] for name in _TOLD}
        correction = canonical(body["correction"]) if body["correction"] else ""
        self._logged.append({"seq": step.seq, "at_ms": step.at_ms, "correction": correction, **told})

    def _check(self, step: Row, body: Mapping[str, Any]) -> None:
        action = Action(body["action"])
        state, to = State(self.row["state"]), State(body["to_state"])
        if step.action != f"{LOGGED_AS}{action}" or body["from_state"] != state:
            self.faults.append(f"step {step.seq} is {action} from {body['from_state']}, but the entry stood at {state}")
        if body["version"] != self.row["version"] + 1:
            self.faults.append(f"step {step.seq} makes version {body['version']} after {self.row['version']}")
        if any(self.row.get(name) != value for name, value in body["before"].items()):
            self.faults.append(f"step {step.seq} begins from other columns than the step before it left")
        if body["after"].get("state", state) != to:
            self.faults.append(f"step {step.seq} says {to} and writes {body['after'].get('state', state)}")
        if action == Action.UNDO:
            self._check_undo(step, body)
        else:
            self._check_step(step, action, state, to, body)

    def _check_step(self, step: Row, action: Action, state: State, to: State, body: Mapping[str, Any]) -> None:
        meant = transition(action, state)
        if meant is None or to != (meant.to or state):
            self.faults.append(f"step {step.seq}: {action} does not lead from {state} to {to}")
        elif meant.not_by is not None:
            last = next((d for d in reversed(self._done) if d.action == meant.not_by and d.undone_by is None), None)
            if last is not None and last.user_id == body["user_id"]:
                self.faults.append(f"steps {last.seq} and {step.seq} were taken by one person")
        self._done.append(_Done(step.seq, action, state, body["user_id"], body["before"]))

    def _check_undo(self, step: Row, body: Mapping[str, Any]) -> None:
        standing = [done for done in self._done if done.undone_by is None]
        if not standing or standing[-1].seq != body["undoes"]:
            self.faults.append(f"step {step.seq} takes back step {body['undoes']}, which was not the last")
            return
        last = standing[-1]
        last.undone_by = step.seq
        if last.from_state != body["to_state"] or last.user_id != body["user_id"]:
            self.faults.append(f"step {step.seq} takes back step {last.seq} of another person or to another state")

    def compare(self, row: Row, steps: Sequence[Row]) -> Iterator[str]:
        """What the tables say otherwise than the log."""
        yield from self.faults
        for name, expected in self.row.items():
            if (name not in _NOT_PINNED or name in self._set) and getattr(row, name) != expected:
                yield f"{name} is {getattr(row, name)!r}, but by the log it is {expected!r}"
        undone = {done.seq: done.undone_by for done in self._done}
        logged = [{**told, "undone_by": undone.get(told["seq"])} for told in self._logged]
        if logged != [{name: getattr(step, name) for name in _COLUMNS} for step in steps]:
            yield "its table of steps says otherwise than the log"
