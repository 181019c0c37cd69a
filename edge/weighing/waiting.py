"""The vehicles and records of one scale that wait for each other, and when nothing better can still come.

Time is the cameras': of recorded video the same comes out however fast it is looked at.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from edge.weighing.likeness import REACH_S, lag_s, lateness_s, plate_backed
from edge.weighing.matching import Match, match
from edge.weighing.passes import WeighedPass
from edge.weighing.settings import ScaleSettings
from leads import WeighRecord

REACH = timedelta(seconds=2 * REACH_S)
"""Farther away, nothing has to do with a vehicle."""
FACTS_WAIT = timedelta(seconds=60)
"""How long beyond its time a vehicle of a live camera waits for the facts of those near it; of recorded video, until
they have come."""
CAMERA_LOST = timedelta(seconds=30)
"""A live camera so far behind the others is lost, and not waited for."""
AHEAD = timedelta(hours=1)
"""A record from farther in the future than this is of a clock that is wrong: no vehicle will want it."""
ALONE_EVERY = timedelta(seconds=1)
"""How often records are looked through for those that no vehicle wants."""
CLOCK_PAIRS, CLOCK_LEAST = 30, 5
"""By how much the clock is off is the median over so many pairs that plates back, and not told by fewer."""
UNKNOWN_CLOCK_S = 1.5
"""Error of a record's time until that is known: by a clock that is off by a headway each would get the next one's."""


@dataclass(slots=True)
class _Waiting:
    weighed: WeighedPass
    came_at: datetime
    """The camera's time when it was handed over."""
    due_at: datetime
    pending: bool
    """Whether its facts are still to come."""


class ScaleQueue:
    """Matches as time goes on."""

    def __init__(self, scale: ScaleSettings, clock_off_s: float | None = None, *, recorded: bool = False) -> None:
        """`clock_off_s`: by how much the scale's clock was ahead when last known. `recorded`: nothing is ever late."""
        self._scale = scale
        self._recorded = recorded
        self._cameras = {lane.camera for lane in scale.lanes.values()}
        self._times: dict[str, datetime] = {}
        self._newest: datetime | None = None
        """Of all live cameras of the box."""
        self._looked_at: datetime | None = None
        self._passes: dict[str, _Waiting] = {}
        self._records: dict[str, WeighRecord] = {}
        self._settled: deque[Match] = deque(maxlen=100)
        self._offs: deque[float] = deque(maxlen=CLOCK_PAIRS)
        self._off_before = clock_off_s
        unsure_s = max(scale.clock_error_s, UNKNOWN_CLOCK_S)
        self._unknown_clock = scale.model_copy(update={"clock_error_s": unsure_s})

    @property
    def clock_off_s(self) -> float | None:
        """By how much the scale's clock is ahead of the cameras'; None while that is not known."""
        return median(self._offs) if len(self._offs) >= CLOCK_LEAST else self._off_before

    @property
    def now(self) -> datetime | None:
        """Up to when every camera of the scale has been looked at, but for lost live ones; None before that.

        Where all of the scale are lost, time goes by the others of the box: nobody waits for their return.
        """
        if self._recorded:
            return min(self._times.values()) if len(self._times) == len(self._cameras) else None
        newest = self._newest
        return newest and min((at for at in self._times.values() if newest - at <= CAMERA_LOST), default=newest)

    @property
    def waiting(self) -> tuple[int, int]:
        """How many vehicles and records wait."""
        return len(self._passes), len(self._records)

    def time_is(self, now: datetime, camera: str) -> None:
        """The pictures of a camera of the box have come up to this moment."""
        if not self._recorded:
            self._newest = max(now, self._newest or now)
        if camera in self._cameras:
            self._times[camera] = max(now, self._times.get(camera, now))

    def passed(self, weighed: WeighedPass, *, facts_follow: bool = False) -> None:
        """A vehicle has driven over and left; with `facts_follow` it waits until `known` tells them."""
        patience = timedelta(seconds=self._scale.patience_s)
        over = weighed.crossed_at + timedelta(seconds=lag_s(weighed, None, self._scale)[0])
        came_at = self._times.get(self._scale.lanes[weighed.lane].camera, weighed.left_at)
        due_at = max(weighed.left_at, over) + patience
        self._passes[weighed.passage_id] = _Waiting(weighed, came_at, due_at, facts_follow)

    def known(self, weighed: WeighedPass) -> None:
        """The facts of a vehicle have come."""
        waiting = self._passes.get(weighed.passage_id)
        if waiting is not None:
            waiting.weighed, waiting.pending = weighed, False

    def take(self, records: Iterable[WeighRecord]) -> None:
        """Records have come."""
        self._records.update((record.pass_id, record) for record in records)

    def settle(self) -> Iterator[Match]:
        """Vehicles, and records that no vehicle wants, for which nothing better can still come."""
        now = self.now
        if now is None:
            return
        while self._passes:
            due = min(self._passes.values(), key=lambda w: (w.due_at, w.weighed.passage_id))
            if due.due_at > now or self._must_wait(due, now):
                break
            yield self._decide(due)
        if self._looked_at is None or now - self._looked_at >= ALONE_EVERY:
            self._looked_at = now
            yield from self._alone(now)

    def finish(self) -> Iterator[Match]:
        """No more vehicles will come: settle every one."""
        for due in sorted(self._passes.values(), key=lambda w: (w.due_at, w.weighed.passage_id)):
            yield self._decide(due)

    def give_up(self) -> Iterator[Match]:
        """The records that no vehicle wanted."""
        while self._records:
            yield Match(None, self._records.popitem()[1], 1.0)

    def nearest_s(self, record: WeighRecord) -> float | None:
        """Seconds by which a record is later than the nearest vehicle of its lane expected it, if one is remembered."""
        near = [*(w.weighed for w in self._passes.values()), *(m.weighed for m in self._settled if m.weighed)]
        late = [lateness_s(p, record, lag_s(p, record, self._scale)[0]) for p in near if p.lane == record.lane]
        return min(late, key=abs, default=None)

    def _must_wait(self, due: _Waiting, now: datetime) -> bool:
        if not self._recorded and now >= due.due_at + FACTS_WAIT:
            return False
        return any(w.pending for w in self._near(due).values())

    def _near(self, due: _Waiting) -> Mapping[str, _Waiting]:
        """The vehicles round one that had been handed over when it was due; later ones depend on chance."""
        at = due.weighed.crossed_at
        return {
            name: w
            for name, w in self._passes.items()
            if w is due or (w.came_at <= due.due_at and abs(w.weighed.crossed_at - at) <= REACH)
        }

    def _decide(self, due: _Waiting) -> Match:
        known_s = self.clock_off_s
        off_s, scale = (0.0, self._unknown_clock) if known_s is None else (known_s, self._scale)
        at = due.weighed.crossed_at + timedelta(seconds=off_s)
        records = [r for r in self._records.values() if abs(r.weighed_at - at) <= 2 * REACH]
        passes = [w.weighed for w in self._near(due).values()]
        found = match(passes, records, scale, clock_off_s=off_s, before=tuple(self._settled))
        own = next(m for m in found if m.weighed is due.weighed)
        del self._passes[due.weighed.passage_id]
        self._settled.append(own)
        if own.record is not None:
            del self._records[own.record.pass_id]
            if own.parts is not None and plate_backed(own.parts):
                self._offs.append(lateness_s(due.weighed, own.record, lag_s(due.weighed, own.record, self._scale)[0]))
        return own

    def _alone(self, now: datetime) -> Iterator[Match]:
        """Records whose vehicle should long have been here or never will, and that none which waits could want."""
        latest = now - timedelta(seconds=self._scale.vehicle_patience_s)
        ahead = None if self._recorded else now + AHEAD
        wanted = [w.weighed.crossed_at for w in self._passes.values()]
        for record in [r for r in self._records.values() if r.weighed_at <= latest or (ahead and r.weighed_at > ahead)]:
            if all(abs(record.weighed_at - at) > REACH for at in wanted):
                found = Match(None, self._records.pop(record.pass_id), 1.0)
                self._settled.append(found)
                yield found
