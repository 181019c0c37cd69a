"""A camera's reader: keeps the stream connected for ever, hands out frames, fills the packet ring."""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av

from cameras.backoff import Backoff
from cameras.clock import FileClock, LiveClock
from cameras.errors import ErrorKind, StreamError
from cameras.frame import Frame, Image
from cameras.mailbox import Mailbox
from cameras.ring import PacketRing
from cameras.settings import CameraSettings
from cameras.source import Piece, Source, open_source
from cameras.status import StatusBoard, StreamState, StreamStatus

log = logging.getLogger(__name__)

_AHEAD = 8
"""Frames that a replay decodes ahead."""
_STEADY_S = 10.0
"""A connection that held so long was a good one: the next wait is short again."""


class CameraReader:
    """Reads one camera in its own thread.

    `live`: the newest frame wins, and a lost network stream is connected anew for ever. `replay`: every frame of
    a file waits until it is taken; the end or an error ends it.
    """

    STOP_WAIT_S = 2.0
    """So long `stop` waits for a camera that works."""
    STOP_WAIT_SILENT_S = 0.2
    """And for one that does not: its thread is left behind, and ends with its time-out."""

    def __init__(self, settings: CameraSettings, doorbell: threading.Event, backoff: Backoff | None = None) -> None:
        """`doorbell` is set when a frame has come or the state has changed."""
        self.settings = settings
        live = settings.mode == "live"
        # A replay is decoded ahead of what has been looked at, so its past must reach further back.
        seconds = settings.ring_seconds if live else 2 * settings.ring_seconds
        self.ring = PacketRing(seconds, settings.ring_mib << 20)
        self._live = live
        self._doorbell = doorbell
        self._backoff = backoff or Backoff()
        self._frames = Mailbox(None if live else _AHEAD)
        self._board = StatusBoard(settings.stall_timeout_s / 2 if settings.is_network else None)
        self._stop = threading.Event()
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=f"camera-{settings.id}", daemon=True)

    def start(self) -> None:
        """Start to connect; returns at once, whether the camera is there or not."""
        self._thread.start()

    def stop(self) -> None:
        """End the stream."""
        self._stop.set()
        self._frames.close()
        works = self._board.state is StreamState.RUNNING and self._board.silent_s < self.STOP_WAIT_S
        self._thread.join(self.STOP_WAIT_S if works else self.STOP_WAIT_SILENT_S)

    @property
    def ended(self) -> bool:
        """No frame will be added any more; those waiting may still be taken."""
        return self._board.state is StreamState.ENDED

    def take(self) -> Frame | None:
        """The next frame, or None when none is waiting. Never blocks.

        A fault of the reader's own thread is raised here.
        """
        if self._fault is not None:
            raise self._fault
        return self._frames.take()

    def status(self) -> StreamStatus:
        """How the stream fares now."""
        return self._board.read()

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                error = self._connection()
                if error is None or self._stop.is_set() or not self._again(error):
                    break
        except BaseException as fault:  # noqa: BLE001 - raised by take
            self._fault = fault
        finally:
            self._write(state=StreamState.ENDED)

    def _again(self, error: StreamError) -> bool:
        """Note why the stream was lost and wait; whether to try again."""
        # Where it was raised holds on to the connection; what it was raised from knows the address with the password.
        error.__traceback__ = error.__context__ = None
        self._write(state=StreamState.LOST, last_error=error)
        if not self.settings.is_network:
            return False
        # A camera that was given a wrong password a few times in a row shuts everybody out.
        refused = error.kind is ErrorKind.AUTH
        wait_s = self._backoff.most_s if refused else self._backoff.next_s()
        log.warning("camera %s: %s; next try in %.0f s", self.settings.id, error, wait_s)
        return not self._stop.wait(wait_s)

    def _connection(self) -> StreamError | None:
        """One connection from beginning to end; None when a file has come to its end."""
        self._write(state=StreamState.CONNECTING)
        try:
            source = open_source(self.settings)
        except StreamError as error:
            return error
        try:
            self._read(source)
        except StreamError as error:
            if error.kind is ErrorKind.TIMEOUT:
                self._write(stalls=self._board.read().stalls + 1)
            return error
        finally:
            self.ring.end("the stream was cut" if self.settings.is_network else "the stream ended")
            source.close()
        if self._stop.is_set():
            return None
        if self.settings.is_network:
            return StreamError(ErrorKind.CUT, f"{self.settings.shown_url}: the camera ended the stream")
        if not self._board.read().frames_decoded:
            return StreamError(ErrorKind.BAD_DATA, f"{self.settings.shown_url}: no picture in it can be decoded")
        return None

    def _read(self, source: Source) -> None:
        before = self._board.read()
        log.info("camera %s: %s %dx%d", self.settings.id, source.codec, *source.size)
        self._board.connected(
            codec=source.codec, size=source.size, reconnects=before.reconnects + (before.session >= 0)
        )
        connected = time.monotonic()
        run: _ClockRun | None = None
        for piece in source.read():
            if self._stop.is_set():
                return
            if piece is not None:
                if run is None or piece.new_clock:
                    run = self._begin(source, run)
                self._take_in(piece, run)
                self._board.write(decode_errors=before.decode_errors + source.decode_errors)
            if self.settings.is_network and self._board.silent_s > self.settings.stall_timeout_s:
                raise StreamError(
                    ErrorKind.TIMEOUT, f"{self.settings.shown_url}: no frame for {self._board.silent_s:.0f} s"
                )
            if time.monotonic() - connected > _STEADY_S:
                self._backoff.reset()

    def _take_in(self, piece: Piece, run: _ClockRun) -> None:
        if piece.packet is not None:
            self.ring.add(piece.packet)
        for pts_s, picture in piece.pictures:
            self._frames.put(self._frame(run, pts_s, picture))
            self._board.frame(pts_s, self._frames.dropped)
            self._doorbell.set()

    def _begin(self, source: Source, before: _ClockRun | None) -> _ClockRun:
        """A new session: the stream's clock counts from here."""
        session = self._board.read().session + 1
        self._board.begin(session)
        self._doorbell.set()
        if source.header is not None:
            self.ring.begin(session, source.header)
        return _ClockRun(session, self._clock(source, before))

    def _clock(self, source: Source, before: _ClockRun | None) -> FileClock | LiveClock:
        if self._live:
            return LiveClock()
        if before is not None and before.last_at is not None:
            # A recording whose clock was set anew goes on in time.
            return FileClock(before.last_at + timedelta(seconds=1 / (source.fps or 25.0)))
        started_at = self.settings.started_at or source.started_at
        return FileClock(started_at or datetime.fromtimestamp(Path(self.settings.url).stat().st_mtime, UTC))

    def _frame(self, run: _ClockRun, pts_s: float, picture: av.VideoFrame | Image) -> Frame:
        if self._live and not self.settings.is_network:
            # A file that plays a camera keeps the camera's time.
            self._stop.wait(max(run.began + pts_s - time.monotonic(), 0.0))
        index, run.index = run.index, run.index + 1
        run.last_at = run.clock.captured_at(pts_s)
        return Frame(self.settings.id, run.session, index, pts_s, run.last_at, picture)

    def _write(self, **changes: object) -> None:
        self._board.write(**changes)
        self._doorbell.set()


class _ClockRun:
    """A stretch of the stream within which its clock runs on."""

    def __init__(self, session: int, clock: FileClock | LiveClock) -> None:
        self.session = session
        self.clock = clock
        self.index = 0
        self.last_at: datetime | None = None
        """Capture time of its last frame."""
        self.began = time.monotonic()
