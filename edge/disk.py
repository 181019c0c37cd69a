"""The law of space: the oldest closed video goes first, and never one that an open lead points to."""

from __future__ import annotations

import errno
import logging
import shutil
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from edge.durable import write_durably
from edge.evidence.manifest import LEAD, MANIFEST, RETIRED, SIGNATURE, Retired
from leads import ulid_time

log = logging.getLogger(__name__)

NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})
"""What the system says when a disk is full."""
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
        self._emptied = set[str]()
        """Leads that have nothing left to delete; looking at their folders each time would take seconds a clip."""
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
        was_full = self.full
        self.full = not self._has_room() and not any(
            self._retire(lead_id) and self._has_room() for lead_id in self._closed_leads()
        )
        if self.full and not was_full:
            log.error(
                "less than %d MiB free on the disk of %s and every video belongs to an open lead: free some space, "
                "or let the hub take the evidence over; leads go on without clips",
                self._min_free >> 20,
                self._root,
            )
        return not self.full

    def _has_room(self) -> bool:
        return self.free_bytes >= self._min_free

    def _retire(self, lead_id: str) -> bool:
        """Delete what is large; hashes, signature and lead stay, so that the chain can still be proved.

        Returns whether there was anything to delete.
        """
        if lead_id in self._emptied:
            return False
        folder = self._root / f"{ulid_time(lead_id):%Y%m%d}" / lead_id
        gone = sorted(p for p in folder.glob("*") if p.name not in KEPT)
        if gone and not (folder / RETIRED).exists():
            self._note(folder, gone)
        for path in gone:
            path.unlink(missing_ok=True)
        self._emptied.add(lead_id)
        if not gone:
            return False
        self.retired += 1
        log.info("deleted the video of closed lead %s to make room", lead_id)
        return True

    def _note(self, folder: Path, gone: Sequence[Path]) -> None:
        """Say what is to be deleted, before it is: files that are gone without a note look tampered with."""
        note = Retired(at=datetime.now(UTC), files=tuple(p.name for p in gone)).model_dump_json().encode()
        try:
            write_durably(folder / RETIRED, note)
        except OSError as error:
            if error.errno not in NO_SPACE:
                raise
            max(gone, key=lambda p: p.stat().st_size).unlink()
            write_durably(folder / RETIRED, note)
