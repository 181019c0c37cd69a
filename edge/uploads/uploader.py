"""The uploader: one thread of low priority that brings the hub the evidence it wants, and the cameras' last pictures.

It keeps nothing: what the hub wants and how much of it is there, the hub says. So after a restart or a broken link it
goes on where the hub stands. It does one small thing after the other (a question, a piece of a file, a picture) and
chooses anew each time, so that what somebody waits for overtakes what is under way.
"""

from __future__ import annotations

import logging
import math
import os
import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from cameras import Frame
from edge.outbox import Outbox, OutboxFullError
from edge.uploads.client import BoxRefusedError, BusyError, FileRefusedError, HubDoor, NoAnswerError
from edge.uploads.files import ChangedError, FileSender, GoneError
from edge.uploads.frames import FrameSender, LastFrames
from edge.uploads.pace import Pace
from edge.uploads.settings import UploadSettings
from edge.uploads.tally import Failure, Tally
from edge.uploads.wanted import WantedFiles
from leads.quiet import QuietLog
from leads.uploads import WantedFile, WantedList

log = logging.getLogger(__name__)

_LEADS_ASKED = 50
"""So many leads are asked about at once."""
_LONGEST_PAUSE_S = 300.0
"""The box asks at least so often, whatever the hub says."""


class Uploader:
    """Sends what the hub wants, most wanted first; nothing that others call here waits for the network."""

    REASK_S = 2.0
    """While files are on their way the hub is asked so often whether a more urgent one has come."""
    REST_S = 600.0
    """A file that the hub has not taken, or has taken just now, is left alone for this long."""
    PUT_OFF_S = 30.0
    """A file that the hub cannot take now comes after all others for this long."""
    LEADS_S = 60.0
    """Having asked about all leads, the box asks again after this long whether the hub holds their evidence."""
    BACKOFF_S = (1.0, 60.0)
    """Shortest and longest wait before a hub that is away is tried again."""

    def __init__(
        self,
        settings: UploadSettings,
        door: HubDoor,
        root: Path,
        outbox: Outbox,
        zone: ZoneInfo,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare. `root`: folder of the evidence; `zone`: local time of `clip_hours`."""
        self._door = door
        self._outbox = outbox
        self._monotonic = monotonic
        pace = self._pace = Pace(settings.most_bytes_per_s, settings.chunk_bytes, monotonic)
        self._files = FileSender(door, root, pace, monotonic)
        self._last_frames = LastFrames()
        self._frames = FrameSender(door, self._last_frames, pace, monotonic) if settings.frames else None
        self._wanted = WantedFiles(settings.clip_hours, zone, clock, monotonic)
        self._terms = WantedList()
        """The hub's last answer, for how often to ask and to send pictures."""
        self._quiet = QuietLog(log, monotonic=monotonic)
        self._ask_at = -math.inf
        self._ask_now = False
        self._leads_at = -math.inf
        self._leads_after = ""
        self._just_showed = False
        self._breaks = 0
        self._nothing_left_at = -math.inf
        self._bell = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="uploads", daemon=True)
        self.tally = Tally(settings.url, monotonic)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """End it, in the middle of a piece even: the hub keeps what it has."""
        self._stopping = True
        self._bell.set()
        self._door.cut()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def saw(self, frame: Frame) -> None:
        """The newest frame of its camera; it costs next to nothing."""
        if self._frames is not None:
            self._last_frames.saw(frame)

    def ask_soon(self) -> None:
        """Ask the hub at once what it wants."""
        self._ask_now = True
        self._bell.set()

    def nothing_left(self, since: float) -> bool:
        """Whether the hub, asked at or after `since` (monotonic), wanted nothing that may go now.

        One that refuses this box wants nothing of it.
        """
        return self._nothing_left_at >= since

    # On its own thread

    def _run(self) -> None:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
        try:
            while not self._stopping:
                wait_s = self._patiently()
                if wait_s > 0:
                    self._bell.wait(wait_s)
                    self._bell.clear()
        except Exception as fault:
            if not self._stopping:
                log.exception("uploads have ended by a fault; leads go on without them")
                self.tally.problem = f"uploads have ended by a fault ({fault!r}): start the box anew, and report it"
        finally:
            self._door.close()

    def _patiently(self) -> float:
        """One step, or a longer wait where the hub does not answer or refuses the box; returns seconds to wait."""
        try:
            return self._step()
        except NoAnswerError as error:
            if self._stopping:
                return 0.0
            self.tally.failed("broken")
            self._quiet.warning("broken", "evidence waits, for the hub gave no answer: %s", error)
        except BoxRefusedError as error:
            self.tally.problem = f"the hub refuses the evidence of this box: {error}"
            self._quiet.warning("box", "%s", self.tally.problem)
            self._nothing_left_at = self._monotonic()
        except OutboxFullError as error:
            self._quiet.warning("full", "%s", error)
        self._files.forget()
        self._pace.broke()
        shortest, longest = self.BACKOFF_S
        wait_s = random.uniform(0.5, 1.0) * min(longest, shortest * 2.0 ** min(self._breaks, 16))
        self._breaks += 1
        return wait_s

    def _worked(self) -> None:
        self._breaks = 0
        self.tally.worked()

    def _step(self) -> float:
        """Do one thing that is due, and return 0; or return the seconds until there is one."""
        now = self._monotonic()
        if self._ask_now or now >= self._ask_at:
            self._ask_now, self._ask_at = False, now
            self._ask(now)
            return 0.0
        wait_s = self._pace.wait_s()
        if wait_s > 0:
            return min(wait_s, self._ask_at - now)
        file = self._wanted.first(self._files.is_under_way)
        due = self._frames.next(self._terms.frames_every_s) if self._frames else None
        if due is not None and due.at <= now and not (self._just_showed and file is not None):
            self._just_showed = True
            self._show(due.camera)
        elif file is not None:
            self._just_showed = False
            self._send(file)
        else:
            return min(self._ask_at, due.at if due is not None else math.inf) - now
        return 0.0

    def _ask(self, now: float) -> None:
        """Ask what the hub wants, and of which leads it holds the evidence by now."""
        leads = self._leads_to_ask(now)
        answer = self._terms = self._door.wanted(leads)
        self._outbox.evidence_held(set(answer.held).intersection(leads))
        self._wanted.take(answer.files)
        self.tally.counts.waiting = len(self._wanted)
        if self._wanted.first(self._files.is_under_way) is None:
            self._worked()
            self._nothing_left_at = now
            self._ask_at = now + min(answer.ask_again_s, _LONGEST_PAUSE_S)
        else:
            self._ask_at = now + self.REASK_S

    def _leads_to_ask(self, now: float) -> list[str]:
        """The next of the leads that the hub has and whose evidence it is not known to hold."""
        if now < self._leads_at:
            return []
        leads = self._outbox.evidence_not_held(self._leads_after, _LEADS_ASKED)
        if len(leads) < _LEADS_ASKED:
            self._leads_after, self._leads_at = "", now + self.LEADS_S
        else:
            self._leads_after = leads[-1]
        return leads

    def _send(self, file: WantedFile) -> None:
        try:
            piece = self._files.send(file)
        except GoneError:
            self._give_up(file, "gone", "it was deleted to make room")
            self._tell_gone(file)
        except ChangedError as error:
            self._give_up(file, "changed", str(error))
        except FileRefusedError as error:
            self._give_up(file, "refused", f"the hub does not take it: {error}")
        except BusyError:
            self._wanted.put_off(file, self.PUT_OFF_S)
            raise
        else:
            self._worked()
            self.tally.counts.bytes += piece.taken
            if piece.whole:
                self.tally.counts.files += 1
                self._leads_after, self._leads_at = "", -math.inf
                self._drop(file)

    def _give_up(self, file: WantedFile, how: Failure, why: str) -> None:
        self.tally.failed(how)
        self._quiet.warning(how, "%s of lead %s does not go to the hub: %s", file.name, file.lead_id, why)
        self._drop(file)

    def _drop(self, file: WantedFile) -> None:
        self._files.forget()
        self._wanted.drop(file, self.REST_S)
        self.tally.counts.waiting = len(self._wanted)
        if self._wanted.first(self._files.is_under_way) is None:
            self._ask_at = -math.inf

    def _tell_gone(self, file: WantedFile) -> None:
        try:
            self._door.gone(file)
        except FileRefusedError as error:
            self._quiet.warning("gone, told", "the hub will not hear that %s is gone: %s", file.name, error)

    def _show(self, camera: str) -> None:
        if self._frames is None:
            return
        try:
            self._frames.send(camera)
        except (FileRefusedError, ValueError) as error:
            self.tally.failed("picture")
            self._quiet.warning(f"picture {camera}", "the hub gets no picture of camera %s: %s", camera, error)
            self._frames.rest(camera, self.REST_S)
        else:
            self._worked()
            self.tally.counts.frames += 1
