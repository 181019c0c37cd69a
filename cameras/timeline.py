"""The times of a stream's packets and pictures, in units of its time base: made good where they are missing or leap."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import TypeAlias

from av.packet import Packet
from av.video.stream import VideoStream

VideoPacket: TypeAlias = "Packet[VideoStream]"
_MOST_REORDERED = 32
"""Frames that a stream holds back at most."""
_REORDERED = 2
"""Frames that a stream which does not tell its decoding times is taken to hold back."""


def with_first_time(packets: Iterator[VideoPacket], step: int) -> Iterator[VideoPacket]:
    """The packets, the first one with a time.

    libav gives none to a first picture that came in several parts, as keyframes over RTSP do. It is one `step` before
    the first of those that follow; those are known when the first decoding time is told.
    """
    held: list[VideoPacket] = []
    for packet in packets:
        held.append(packet)
        if packet.dts is not None or len(held) > _MOST_REORDERED:
            break
    times = [p.pts for p in held if p.pts is not None]
    if times and held[0].pts is None:
        held[0].pts = min(times) - step
    yield from held
    yield from packets


class Timeline:
    """The stream's clock: where its seconds count from, and whether it was set anew. Units of the time base."""

    def __init__(self, step: int, jump: int) -> None:
        """`step`: time from frame to frame; `jump`: a leap further than this, or back, is a new clock."""
        self.step = step
        self._jump = jump
        self.origin: int | None = None
        """Time of the first keyframe; None until there is one."""
        self.dts = 0
        """Decoding time of the present packet."""
        self.untimed = 0
        """Packets without a time before the first keyframe with one."""

    def take(self, packet: VideoPacket) -> bool:
        """Take the next packet; whether the clock was set anew before it."""
        before = self.dts
        self.dts = packet.dts if packet.dts is not None else before + self.step
        over = self.origin is not None and not -self.step <= self.dts - before <= self._jump
        if over:
            self.origin = None
        if self.origin is None:
            self._begin(packet)
        return over

    def _begin(self, packet: VideoPacket) -> None:
        # A camera's first packets may come before it has told its time.
        if packet.pts is None:
            self.untimed += 1
        elif packet.is_keyframe:
            self.origin = packet.pts
            if packet.dts is None:
                self.dts = packet.pts - _REORDERED * self.step


class Awaited:
    """Times of pictures whose packets the decoder has had.

    After damage a decoder leaves pictures out without a word, and gives some too late.
    """

    def __init__(self) -> None:
        self._times: list[int] = []
        self._last: int | None = None

    def add(self, pts: int) -> None:
        """The picture of this time is to come."""
        heapq.heappush(self._times, pts)

    def is_next(self, pts: int) -> bool:
        """Whether a picture of this time comes after all that have come; else it was counted as lost already."""
        return self._last is None or pts > self._last

    def come(self, pts: int) -> int:
        """The picture of this time has come; how many others up to this time never will."""
        self._last = pts
        passed = 0
        while self._times and self._times[0] <= pts:
            heapq.heappop(self._times)
            passed += 1
        return max(passed - 1, 0)

    def give_up(self) -> int:
        """Nothing more will come; how many have not."""
        lost = len(self._times)
        self._times.clear()
        self._last = None
        return lost
