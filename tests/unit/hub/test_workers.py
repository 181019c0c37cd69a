"""Workers are kept running, and end when they should."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.workers import Workers

WAITS = "import sys; sys.stdin.read()"
"""A child that ends when its standard input does."""


def _eventually(true: Callable[[], object], within_s: float = 5.0) -> None:
    until = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < until
        time.sleep(0.01)


def _python(code: str) -> list[str]:
    return [sys.executable, "-S", "-c", code]


def _runs(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def test_a_worker_that_cannot_be_started_for_a_while_is_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    python = tmp_path / "python"
    with Workers([[str(python), "-S", "-c", WAITS]], backoff_min_s=0.05) as workers:
        _eventually(lambda: "worker 1 ended (it cannot be started" in caplog.text)
        python.symlink_to(sys.executable)
        _eventually(lambda: workers.pids)


def test_a_worker_that_is_killed_is_started_anew_and_the_others_are_left_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with Workers([_python(WAITS)] * 2, backoff_min_s=0.05) as workers:
        _eventually(lambda: len(workers.pids) == 2)
        before = workers.pids
        os.kill(before[0], signal.SIGKILL)
        _eventually(lambda: workers.pids.get(0, before[0]) != before[0])
        after = workers.pids
        assert after[1] == before[1]
    assert "worker 1 ended (killed by signal 9)" in caplog.text
    assert not any(_runs(pid) for pid in (*before.values(), *after.values()))


def test_one_that_dies_again_and_again_is_given_more_time_each_time(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    starts = tmp_path / "starts"
    dies = _python(f"open({str(starts)!r}, 'a').write('x'); raise SystemExit(3)")
    with Workers([dies], backoff_min_s=0.05, backoff_max_s=0.2):
        _eventually(lambda: starts.exists() and len(starts.read_text()) >= 5)
    waits = [record.args[2] for record in caplog.records if isinstance(record.args, tuple)]
    assert waits[:4] == [0.05, 0.1, 0.2, 0.2]
    assert "worker 1 ended (status 3)" in caplog.text


def test_workers_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    code = (
        "import sys, time; from pathlib import Path; from hub.workers import Workers\n"
        f"with Workers([[sys.executable, '-S', '-c', {WAITS!r}]] * 2) as workers:\n"
        "    while len(workers.pids) < 2: time.sleep(0.01)\n"
        f"    Path({str(pids)!r}).write_text(' '.join(map(str, workers.pids.values())))\n"
        "    time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[3])
    _eventually(lambda: pids.exists() and pids.read_text(), 10)
    parent.kill()
    parent.wait()
    _eventually(lambda: not any(_runs(int(pid)) for pid in pids.read_text().split()))
