"""An evidence desk with all its real parts, a clock that a test sets, and a disk that a test fills."""

from __future__ import annotations

import errno
import shutil
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cameras import CameraSettings, PacketRing
from detector.passage import Passage
from edge.acts import ActBook
from edge.casework import BoxFacts, CaseWorker
from edge.disk import DiskQuota
from edge.evidence.desk import EvidenceDesk
from edge.evidence.seal import Sealed, Sealer
from edge.outbox import ChainHead, Outbox, OutboxFullError
from edge.rules import Finding
from edge.second_look import SecondLookDesk
from edge.settings import EvidenceSettings, PlaceSettings
from leads import generate_key
from tests.unit.edge.boxes import PATIENCE_S
from tests.unit.edge.passages import NOON, driven
from tests.unit.edge.test_rules import BOOK, NO_STOP, judged, standing

MIB = 1 << 20


class FullDiskSealer(Sealer):
    """A sealer whose disk takes nothing while `full` is set, as the system says it."""

    full: threading.Event

    def seal(self, pending: Path, head: ChainHead | None) -> Sealed:
        """Seal, or run out of space."""
        if self.full.is_set():
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().seal(pending, head)


class FullOutbox(Outbox):
    """An outbox whose disk takes no more leads while `full` is set."""

    full: threading.Event

    def add(self, *values: Any, **more: Any) -> bool:
        """Add, or run out of space."""
        if self.full.is_set():
            raise OutboxFullError("no space for the outbox")
        return super().add(*values, **more)


class Office:
    """The evidence side of a box, without cameras."""

    def __init__(
        self,
        root: Path,
        depth: int = 64,
        mode: str = "live",
        disk: Path | None = None,
        second_look: SecondLookDesk | None = None,
    ) -> None:
        """`disk`: evidence of another office that is there at the start."""
        root.mkdir()
        key_path = root / "box.key"
        key = generate_key(key_path)
        self.now = 0.0
        self.free = 100 * MIB
        self.rung = 0
        self.public = key.public_key()
        self.evidence = root / "evidence"
        if disk is None:
            self.evidence.mkdir()
        else:
            shutil.copytree(disk, self.evidence)
        self.outbox = FullOutbox(root / "outbox.db")
        self.outbox.full = threading.Event()
        self.ring = PacketRing(20, MIB)
        self.in_view: dict[str, Passage] = {}
        """Passages as they are known now, where that is more than at the finding."""
        self.sealer = FullDiskSealer(self.evidence, key, ZoneInfo("Asia/Shanghai"), 90, lambda: datetime.now(UTC))
        self.sealer.full = threading.Event()
        self.quota = DiskQuota(self.evidence, 10 * MIB, list, lambda _: self.free)
        self._depth, self._mode, self._second_look = depth, mode, second_look
        self.restart()

    def restart(self) -> None:
        """A desk and a camera's worker that remember nothing but what the disk holds."""
        self.desk = EvidenceDesk(
            self.evidence, self.sealer, self.outbox, self.quota, 90, self._ring, lambda: self.now, self._depth
        )
        self.desk.RETRY_S = 0.01
        self.worker = CaseWorker(
            BoxFacts("test", "box-1", (), BOOK),
            CameraSettings.model_validate({"id": "cam", "url": "road.mp4", "mode": self._mode}),
            PlaceSettings(name="岭下"),
            EvidenceSettings(folder=self.evidence),
            self.ring,
            ActBook(self.outbox.acts),
            self.desk,
            lambda passage: self.in_view.get(passage.id, passage),
            lambda: self.now,
            self._second_look,
        )

    def finish(self) -> None:
        """Close all cases and seal them."""
        self.worker.finish()
        self.desk.finish()

    def _ring(self) -> None:
        self.rung += 1

    def find(self, number: int) -> tuple[Finding, Passage]:
        """A vehicle, in a place of its own, stops where it may not."""
        finding, passage = stop(number)
        self.worker.found(finding, passage)
        return finding, passage

    @property
    def drafts(self) -> list[Path]:
        """The cases on disk that are not sealed."""
        return sorted(p for p in (self.evidence / "pending").iterdir() if not p.name.startswith("."))


def stop(number: int, place: int | None = None, first_at: datetime = NOON) -> tuple[Finding, Passage]:
    """A vehicle that stops where it may not, each in a place of its own unless said."""
    x = 400.0 + 70.0 * ((place or number) % 8)
    passage = driven(NO_STOP, [(x, y) for _, y in standing(11)], first_at=first_at, number=number)
    (finding,) = judged(passage, NO_STOP)
    return finding, passage


def wait_until(reached: Callable[[], bool]) -> None:
    """Wait, but not for ever."""
    deadline = time.monotonic() + PATIENCE_S
    while not reached():
        assert time.monotonic() < deadline, "what was waited for did not come"
        time.sleep(0.005)
