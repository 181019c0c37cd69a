"""Two hundred reconnects leave nothing behind: no thread, no file descriptor, no memory."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

import psutil
import pytest

from cameras import CameraReader, CameraSettings
from cameras.backoff import Backoff
from tests.integration.rtsp import RtspServer
from tests.world import convoy, write_video

RECONNECTS = 200
WARM_UP = 30
PLUG_EVERY = 25
"""Each so-manieth connection is cut by pulling the server's plug."""
SILENT_FROM = 100
"""From here on connections go silent, one after the other; before, they end by themselves."""
MOST_GROWTH_MIB = 2.0


def test_two_hundred_reconnects_leave_nothing_behind(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    # What pytest keeps of the log would count as growth.
    caplog.set_level(logging.CRITICAL, "cameras")
    film = write_video(tmp_path / "short.mp4", convoy(1), 1.0)
    me = psutil.Process()
    doorbell = threading.Event()
    with RtspServer({"road": film}) as server:
        settings = CameraSettings(id="cam", url=server.url("road"), stall_timeout_s=0.3, connect_timeout_s=5)
        reader = CameraReader(settings, doorbell, Backoff(first_s=0.05, most_s=0.1))
        reader.start()
        samples: list[tuple[int, int, int, float]] = []
        frames = done = 0
        while done < RECONNECTS:
            doorbell.wait(0.5)
            doorbell.clear()
            frames += reader.take() is not None
            status = reader.status()
            if status.reconnects == done:
                continue
            done = status.reconnects
            samples.append((done, me.num_threads(), me.num_fds(), me.memory_info().rss / (1 << 20)))
            if done % PLUG_EVERY == 0:
                print(f"{done} reconnects: {samples[-1][1]} threads, {samples[-1][2]} fds, {samples[-1][3]:.1f} MiB")
                server.stop()
                time.sleep(0.2)
                server.start()
            elif done >= SILENT_FROM:
                server.stall()
                time.sleep(0.6)
                server.go_on()
        stalls = reader.status().stalls
        reader.stop()
    settled = [s for s in samples if s[0] >= WARM_UP]
    early, late = settled[: len(settled) // 4], settled[-len(settled) // 4 :]
    print(f"{frames} frames, {stalls} stalls; memory {_mean(early, 3):.1f} -> {_mean(late, 3):.1f} MiB")
    assert frames > RECONNECTS, "each connection gave pictures"
    assert stalls > (RECONNECTS - SILENT_FROM) * 3 / 4
    assert max(s[1] for s in late) <= max(s[1] for s in early)
    assert max(s[2] for s in late) <= max(s[2] for s in early)
    assert _mean(late, 3) - _mean(early, 3) < MOST_GROWTH_MIB


def _mean(samples: list[tuple[int, int, int, float]], column: int) -> float:
    return sum(s[column] for s in samples) / len(samples)
