"""The evidence desk: one thread that turns findings into sealed evidence and leads in the outbox.

A case is opened at the finding (draft and what there is of the clip go to disk at once) and closed when the
post-roll is in (clip and track are written anew, the folder is sealed, the lead goes into the outbox). Where
nobody closes a case, because its camera was lost, its deadline does. When the disk is full the desk waits and
tries again, for ever: a lead once made is not dropped.
"""

from __future__ import annotations

import logging
import math
import queue
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from cameras import ClipReservation
from detector.detections import Box
from detector.passage import Passage
from edge.acts import last_box
from edge.disk import NO_SPACE, DiskQuota
from edge.durable import sync_folder
from edge.evidence import draft as drafts
from edge.evidence.draft import ClipState, Draft
from edge.evidence.facts import write_shots
from edge.evidence.manifest import PENDING
from edge.evidence.seal import Sealer
from edge.outbox import ActPlace, Outbox, OutboxFullError
from leads import Plate

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Case:
    """A finding whose evidence is being gathered."""

    draft: Draft
    passage: Passage
    clip: ClipReservation
    deadline: float
    """Monotonic time after which the case is closed with what there is."""
    written: ClipState | None = None
    """The clip as it is in the draft folder."""
    contradicted: bool = False
    """Whether the scale's camera read another plate: then the lead names none, whatever the box has read."""
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)


@dataclass(slots=True)
class DeskCounts:
    """Counters for the metrics."""

    opened: int = 0
    sealed: int = 0
    repeated: int = 0
    """Acts that were known already: seen again after a restart."""
    updates: int = 0
    """Acts whose vehicle has its lead already, by its plate: told as an update of that lead."""
    clips_without_space: int = 0
    waits_for_space: int = 0


class EvidenceDesk:
    """Takes cases from the box's main thread and works them off in its own."""

    RETRY_S = 2.0
    """How long a full disk is left alone before the next try."""
    LAST_WAIT_S = 30.0
    """How long `finish` waits for space."""
    CLIP_WAIT_S = 1.0
    """The last packets of a clip may still be on their way when the frame they hold has been looked at."""

    def __init__(
        self,
        root: Path,
        sealer: Sealer,
        outbox: Outbox,
        quota: DiskQuota,
        jpeg_quality: int,
        on_lead: Callable[[], None],
        monotonic: Callable[[], float] = time.monotonic,
        depth: int = 64,
    ) -> None:
        """`depth`: cases that may wait before `open` makes its caller wait."""
        self._pending = root / PENDING
        self._pending.mkdir(parents=True, exist_ok=True)
        self._sealer = sealer
        self._outbox = outbox
        self._quota = quota
        self._quality = jpeg_quality
        self._on_lead = on_lead
        self._monotonic = monotonic
        self._tasks: queue.Queue[Callable[[], object] | None] = queue.Queue(depth)
        self._cases: dict[str, Case] = {}
        self._closing_until = math.inf
        self._given_up = False
        self._fault: BaseException | None = None
        self.short_of_space = False
        """Whether the desk waits for space now."""
        self._thread = threading.Thread(target=self._run, name="evidence", daemon=True)
        self.counts = DeskCounts()

    @property
    def waiting(self) -> int:
        """Cases not yet sealed."""
        return len(self._cases) + self._tasks.qsize()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def open(self, case: Case) -> None:
        """Take a new case. Waits when too many are waiting, so that nothing piles up in memory.

        This and all that follow raise a fault of the desk's own thread.
        """
        self._put(lambda: self._open(case))

    def known(self, case: Case, passage: Passage) -> None:
        """More is known of a case's passage: what its evidence will say, whoever closes it."""
        with case.lock:
            case.passage = passage

    def close(self, case: Case, passage: Passage) -> None:
        """The post-roll is in: seal with the passage as it is now."""
        self.known(case, passage)
        self._put(lambda: self._finish_case(case))

    def seen_again(self, lead_id: str, seen_at: datetime, box: Box) -> None:
        """The vehicle of a lead was last seen here; kept so that it is known again after a restart."""
        self._put(lambda: self._outbox.act_seen_again(lead_id, seen_at, box))

    def adopt(self, camera: str) -> None:
        """Have what an earlier run left of a live camera sealed as it stands, before any new case."""
        self._put(lambda: self._adopt(camera))

    def finish(self) -> None:
        """Close every open case with what there is, and end. Returns when all is sealed.

        On a full disk it gives up after `LAST_WAIT_S`; what is on disk then is sealed at the next start.
        """
        self._end(self.LAST_WAIT_S)
        if self._fault is not None:
            raise self._fault

    def stop(self) -> None:
        """As `finish`, for when another part has failed: waits for no space and raises nothing."""
        self._end(0.0)

    def _end(self, wait_s: float) -> None:
        self._closing_until = self._monotonic() + wait_s
        while self._thread.is_alive():
            try:
                self._tasks.put(None, timeout=0.2)
            except queue.Full:
                continue
            self._thread.join()

    def seal_left_over(self, camera: str | None = None) -> int:
        """Seal the drafts an earlier run left behind (of one camera); on the desk's thread, or when it has none.

        Returns how many. A draft that is not whole is set aside and logged, never deleted.
        """
        count = 0
        for folder in sorted(p for p in self._pending.iterdir() if p.is_dir() and not p.name.startswith(".")):
            try:
                draft = drafts.read_draft(folder)
            except (ValueError, FileNotFoundError) as error:
                self._set_aside(folder, error)
                continue
            if (camera is None or draft.camera.id == camera) and draft.lead_id not in self._cases:
                count += self._until_there_is_space(partial(self._seal, folder))
        return count

    def _adopt(self, camera: str) -> None:
        count = self.seal_left_over(camera)
        if count:
            log.warning("camera %s: %d leads were cut short by the last stop; sealed as they were", camera, count)

    def _put(self, task: Callable[[], object]) -> None:
        while self._fault is None:
            try:
                self._tasks.put(task, timeout=1.0)
            except queue.Full:
                continue
            return
        raise self._fault

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as fault:  # noqa: BLE001 - raised in the box's main thread
            self._fault = fault

    def _work(self) -> None:
        while True:
            try:
                task = self._tasks.get(timeout=0.2)
            except queue.Empty:
                self._close_overdue()
                continue
            if task is None:
                break
            self._until_there_is_space(task)
            self._close_overdue()
        for case in list(self._cases.values()):
            self._until_there_is_space(partial(self._finish_case, case))

    def _close_overdue(self) -> None:
        for case in [c for c in self._cases.values() if c.deadline < self._monotonic()]:
            log.warning("lead %s: the post-roll did not come in time; sealing what there is", case.draft.lead_id)
            self._until_there_is_space(partial(self._finish_case, case))

    def _open(self, case: Case) -> None:
        if self._outbox.known_act(case.draft.act_key):
            self.counts.repeated += 1
            return
        self._write(case)
        sync_folder(self._pending)
        self._cases[case.draft.lead_id] = case
        self.counts.opened += 1

    def _finish_case(self, case: Case) -> None:
        if case.draft.lead_id not in self._cases:
            return
        case.clip.wait(self.CLIP_WAIT_S)
        self._seal(self._write(case))
        if case.written is None and self._quota.full:
            self.counts.clips_without_space += 1
        del self._cases[case.draft.lead_id]

    def _write(self, case: Case) -> Path:
        """Write the case as known now; the draft comes last, so that a draft always has its files."""
        folder = self._pending / case.draft.lead_id
        folder.mkdir(exist_ok=True)
        with case.lock:
            passage = case.passage
        drafts.write_track(folder, passage)
        told = write_shots(folder, passage, self._quality)
        plate = None if case.contradicted else told.plate or case.draft.vehicle.plate
        missing = self._write_clip(folder, case)
        draft = case.draft.model_copy(
            update={
                "clip": case.written,
                "missing": missing,
                "place": _seen(case.draft.place, passage, plate),
                "vehicle": case.draft.vehicle.model_copy(update={"plate": plate}),
                "facts": (*case.draft.facts, *told.facts),
                "pictures": told.pictures,
                "passage": case.draft.passage.model_copy(update={"last_seen": passage.last_at, "exit": passage.exit}),
            }
        )
        drafts.write_draft(folder, draft)
        sync_folder(folder)
        return folder

    def _write_clip(self, folder: Path, case: Case) -> tuple[str, ...]:
        """Write the clip as far as it has come; says what is missing. Without space, what is there already stays."""
        if not self._quota.make_room():
            return () if case.written else ("clip: no space on the disk",)
        info = case.clip.write(folder / drafts.CLIP)
        if info is None:
            return ("clip: no packets of that time",)
        case.written = ClipState(
            codec=info.codec,
            start_s=info.start_s,
            end_s=info.end_s,
            offset_s=info.offset_s,
            complete=info.complete,
            missing=info.missing,
        )
        return ()

    def _seal(self, folder: Path) -> None:
        draft = drafts.read_draft(folder)
        if self._outbox.known_act(draft.act_key):
            self.counts.repeated += 1
            shutil.rmtree(folder)
            return
        lead_id = self._lead_of(draft)
        if lead_id is not None:
            self._tell_again(folder, draft, lead_id)
            return
        sealed = self._sealer.seal(folder, self._outbox.chain_head())
        # The folder has moved to its place by now: only this last step may be tried again.
        add = partial(
            self._outbox.add,
            lead_id=sealed.lead.lead_id,
            act_key=sealed.lead.one_act_key,
            payload=sealed.payload,
            occurred_at=sealed.lead.occurred_at,
            act=draft.place,
            chain=sealed.chain,
        )
        if not self._until_there_is_space(add):
            return
        self.counts.sealed += 1
        log.info("lead %s sealed: %s, %s", sealed.lead.lead_id, sealed.lead.act.rule_id, sealed.lead.act.summary)
        self._on_lead()

    def _lead_of(self, draft: Draft) -> str | None:
        """Id of the lead that was made of this act before, at any camera, by the vehicle's plate."""
        if draft.one_act_within_s is None:
            return None
        within = timedelta(seconds=draft.one_act_within_s)
        return self._outbox.lead_of(draft.place, draft.passage.first_seen - within, draft.passage.last_seen + within)

    def _tell_again(self, folder: Path, draft: Draft, lead_id: str) -> None:
        """One act, one lead: an update goes in this one's place, and under its key, so that neither comes twice."""
        times = self._outbox.repeats(lead_id) + 1
        payload = self._sealer.update(draft, lead_id, times)
        self._outbox.add(draft.lead_id, draft.act_key, payload, draft.occurred_at, act=draft.place, of_lead=lead_id)
        shutil.rmtree(folder)
        self.counts.updates += 1
        log.info("lead %s: its vehicle was seen at the same act again, by now %d times", lead_id, times)
        self._on_lead()

    def _until_there_is_space(self, work: Callable[[], object]) -> bool:
        """Do the work; wait and try again while the disk is full. False when it was given up at the end.

        After that nothing more is tried: what was sealed is not in the chain of the outbox.
        """
        while not self._given_up:
            try:
                work()
            except (OSError, OutboxFullError) as error:
                if not _is_full(error):
                    raise
                self._wait_for_space(error)
            else:
                self.short_of_space = False
                return True
        return False

    def _wait_for_space(self, error: Exception) -> None:
        if not self.short_of_space:
            log.error("the disk is full: leads wait in memory until there is space: %s", error)
            self.counts.waits_for_space += 1
        self.short_of_space = True
        if self._monotonic() > self._closing_until:
            log.error("the disk is still full; what is on it is sealed at the next start, the rest is lost")
            self._given_up = True
            return
        self._quota.make_room()
        time.sleep(self.RETRY_S)

    def _set_aside(self, folder: Path, error: Exception) -> None:
        aside = folder.with_name(f".damaged-{time.time_ns()}-{folder.name}")
        log.error("draft %s is not whole (%s): set aside as %s", folder, error, aside)
        folder.rename(aside)


def _seen(place: ActPlace, passage: Passage, plate: Plate | None) -> ActPlace:
    place = replace(place, box=last_box(passage), seen_at=passage.last_at)
    return place if plate is None else place.named(plate.text, plate.type)


def _is_full(error: Exception) -> bool:
    return isinstance(error, OutboxFullError) or (isinstance(error, OSError) and error.errno in NO_SPACE)
