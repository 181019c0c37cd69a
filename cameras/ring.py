"""The packet ring: the last seconds of a camera's encoded packets, out of which clips are cut."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from cameras.clip import ClipInfo, StoredPacket, StreamHeader, write_clip

_SLACK_S = 0.02
"""Clocks of streams are rounded."""


class _Group:
    """A keyframe and the packets that need it."""

    def __init__(self, keyframe: StoredPacket) -> None:
        self.packets = [keyframe]
        self.size = len(keyframe.data)

    def add(self, packet: StoredPacket) -> None:
        self.packets.append(packet)
        self.size += len(packet.data)


class ClipReservation:
    """A clip to be: what there is of it, growing until its end has come. Holds its packets itself."""

    def __init__(
        self, header: StreamHeader | None, start_s: float, end_s: float, max_bytes: int, guard: threading.Condition
    ) -> None:
        self._header = header
        self._start_s = start_s
        self._end_s = end_s
        self._max_bytes = max_bytes
        self._guard = guard
        self._packets: list[StoredPacket] = []
        self._size = 0
        self._cut: str | None = None
        """Why it ended before its end had come."""
        self._done = header is None

    def covers(self, start_s: float, end_s: float) -> bool:
        """Whether it was made for all of a time, in stream seconds."""
        return self._start_s <= start_s and end_s <= self._end_s

    @property
    def done(self) -> bool:
        """No packet will be added any more."""
        return self._done

    def wait(self, timeout: float) -> bool:
        """Wait until done, at most `timeout` seconds; whether it is."""
        with self._guard:
            return self._guard.wait_for(lambda: self._done, timeout)

    def write(self, path: Path) -> ClipInfo | None:
        """Write what there is as MP4; None when there is nothing. Raises OSError when the disk does not take it."""
        with self._guard:
            packets = list(self._packets)
        if not packets or self._header is None:
            return None
        write_clip(path, self._header, packets)
        start_s = packets[0].pts_s
        end_s = max(p.pts_s + float(p.duration * self._header.time_base) for p in packets)
        missing = self._missing(start_s, end_s)
        return ClipInfo(self._header.codec, start_s, end_s, self._start_s - start_s, missing is None, missing)

    def _missing(self, start_s: float, end_s: float) -> str | None:
        gaps = []
        if start_s > self._start_s + _SLACK_S:
            gaps.append(f"begins {start_s - self._start_s:.1f} s late")
        # A clip whose end has come is whole, even if the camera let some time pass between two frames there.
        if end_s < self._end_s - _SLACK_S and (self._cut or not self._done):
            gaps.append(f"ends {self._end_s - end_s:.1f} s early" + (f" ({self._cut})" if self._cut else ""))
        return "; ".join(gaps) or None

    def _add(self, packet: StoredPacket) -> None:
        if self._done:
            return
        # A frame is never shown before it is decoded, so nothing that comes after this belongs to the clip.
        if packet.dts_s > self._end_s:
            self._finish(None)
        elif self._size + len(packet.data) > self._max_bytes:
            self._finish("more than ring_mib")
        else:
            self._packets.append(packet)
            self._size += len(packet.data)

    def _finish(self, cut: str | None) -> None:
        if not self._done:
            self._done, self._cut = True, cut
            self._guard.notify_all()


class PacketRing:
    """The last `seconds` of packets, at most `max_bytes`, in whole groups from keyframe to keyframe."""

    def __init__(self, seconds: float, max_bytes: int) -> None:
        self._seconds = seconds
        self._max_bytes = max_bytes
        self._guard = threading.Condition()
        self._groups: deque[_Group] = deque()
        self._reserved: list[ClipReservation] = []
        self._session: int | None = None
        self._header: StreamHeader | None = None
        self._over: str | None = None

    @property
    def size(self) -> int:
        """Bytes held, without reservations."""
        with self._guard:
            return sum(g.size for g in self._groups)

    def keyframes(self) -> list[float]:
        """When the keyframes it holds are shown, in seconds of the session."""
        with self._guard:
            return [g.packets[0].pts_s for g in self._groups]

    def begin(self, session: int, header: StreamHeader) -> None:
        """A connection was made: its packets follow. Clips of an earlier one end here."""
        with self._guard:
            self._end("the stream was cut")
            self._groups.clear()
            self._session, self._header, self._over = session, header, None

    def end(self, why: str) -> None:
        """No more packets will come in this session: clips that wait for some get none."""
        with self._guard:
            self._end(why)

    def add(self, packet: StoredPacket) -> None:
        """Take a packet, in the order of decoding. Those before the first keyframe are passed over."""
        with self._guard:
            if packet.keyframe:
                self._groups.append(_Group(packet))
            elif self._groups:
                self._groups[-1].add(packet)
            else:
                return
            self._evict(packet.pts_s)
            for reservation in self._reserved:
                reservation._add(packet)
            self._reserved = [r for r in self._reserved if not r.done]

    def reserve(self, session: int, start_s: float, end_s: float) -> ClipReservation:
        """A clip of stream seconds `start_s` to `end_s`; it begins with the keyframe at or before `start_s`."""
        with self._guard:
            there = session == self._session
            header = self._header if there else None
            reservation = ClipReservation(header, start_s, end_s, self._max_bytes, self._guard)
            if header is not None:
                for packet in self._from(start_s):
                    reservation._add(packet)
                self._reserved.append(reservation)
                if self._over is not None:
                    self._end(self._over)
            return reservation

    def _from(self, start_s: float) -> Iterator[StoredPacket]:
        before = [i for i, g in enumerate(self._groups) if g.packets[0].pts_s <= start_s + _SLACK_S]
        first = before[-1] if before else 0
        for group in list(self._groups)[first:]:
            yield from group.packets

    def _evict(self, now_s: float) -> None:
        while len(self._groups) > 1 and self._groups[1].packets[0].pts_s <= now_s - self._seconds:
            self._groups.popleft()
        size = sum(g.size for g in self._groups)
        while len(self._groups) > 1 and size > self._max_bytes:
            size -= self._groups.popleft().size
        if size > self._max_bytes:
            # One group alone is too large: without its keyframe the rest is worth nothing.
            self._groups.clear()

    def _end(self, why: str) -> None:
        self._over = why
        for reservation in self._reserved:
            reservation._finish(why)
        self._reserved.clear()
