"""The law of space: the oldest closed video goes first, and never one that an open lead points to."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from edge.evidence.manifest import LEAD, MANIFEST, RETIRED, SIGNATURE, write_durably

log = logging.getLogger(__name__)

KEPT = frozenset({MANIFEST, SIGNATURE, LEAD, RETIRED})


class DiskQuota:
    """Keeps free space on the disk of the evidence."""

    def __init__(
        self,
        root: Path,
        min_free_bytes: int,
        closed_leads: Callable[[], Iterable[str]],
        free_bytes: Callable[[Path], int] = lambda p: shutil.disk_usage(p).free,
    ) -> None:
        """`closed_leads`: ids of the leads whose evidence may go, oldest first."""
        self._root = root
        self._min_free = min_free_bytes
        self._closed_leads = closed_leads
        self._free_bytes = free_bytes
        self.retired = 0
        """Folders whose video was deleted."""
        self.full = False
        """Whether space was short at the last look, with nothing left that may go."""

    @property
    def free_bytes(self) -> int:
        """Free space now."""
        return self._free_bytes(self._root)

    def make_room(self) -> bool:
        """Delete closed video until there is space. False when there is not enough and nothing more may go."""
        if self.free_bytes >= self._min_free:
            self.full = False
            return True
        for lead_id in self._closed_leads():
            folder = next(self._root.glob(f"????????/{lead_id}"), None)
            if folder is not None and not (folder / RETIRED).exists():
                self._retire(folder)
                if self.free_bytes >= self._min_free:
                    self.full = False
                    return True
        if not self.full:
            log.error(
                "less than %d MiB free on the disk of %s and every video belongs to an open lead: free some space, "
                "or let the hub take the evidence over; leads go on without clips",
                self._min_free >> 20,
                self._root,
            )
        self.full = True
        return False

    def _retire(self, folder: Path) -> None:
        """Delete what is large; hashes, signature and lead stay, so that the chain can still be proved."""
        gone = [p for p in sorted(folder.iterdir()) if p.name not in KEPT]
        for path in gone:
            path.unlink()
        note = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "files": [p.name for p in gone], "why": "space"}
        write_durably(folder / RETIRED, json.dumps(note).encode())
        self.retired += 1
        log.info("deleted the video of closed lead %s to make room", folder.name)
