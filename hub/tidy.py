"""What nobody needs any more is taken away from the folder of the evidence: never anything that cannot be had again.

That is: copies that are made anew when somebody asks for them, parts of files that the box sends again from their
beginning, and work of exports that a crash cut off. The finished files lie in another folder and are not looked at.
"""

from __future__ import annotations

import logging
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from hub.evidence.arrivals import drop_parts
from hub.evidence.vault import has_room
from hub.export.take_out import WORK
from hub.settings import EvidenceSettings

log = logging.getLogger(__name__)
EVERY_S: Final = 600.0
COPIES: Final = ("viewing", "thumbs", "blurred")
"""Folders of copies."""
_DAY_S: Final = 86_400.0
_COPY_S: Final = 30 * _DAY_S
"""A copy that was not used for so long goes."""
_COPY_SHORT_S: Final = 3600.0
"""So long it stays even while space is short: somebody may be looking at it."""
_PART_S: Final = 14 * _DAY_S
"""A part to which nothing was added for so long goes."""
_WORK_S: Final = _DAY_S
"""No export takes so long."""


def tidy(settings: EvidenceSettings, now_s: float | None = None) -> int:
    """Take away what is old and, while space is short, the copies used longest ago; how many files and folders.

    `now_s`: seconds of UTC since 1970. Any number of processes may do it at once.
    """
    now = time.time() if now_s is None else now_s
    gone = drop_parts(settings, now - _PART_S) + _drop_work(settings.folder / WORK, now - _WORK_S)
    for used_s, path in sorted(_copies(settings.folder)):
        if used_s > now - _COPY_S and (used_s > now - _COPY_SHORT_S or has_room(settings)):
            break
        with suppress(FileNotFoundError):
            path.unlink()
            gone += 1
    if gone:
        log.info("took away %d old copies and parts from %s", gone, settings.folder)
    return gone


def _copies(folder: Path) -> Iterator[tuple[float, Path]]:
    """Copies with the time they were last used. Links are not followed."""
    for name in COPIES:
        for root, _, names in os.walk(folder / name):
            for path in (Path(root, name) for name in names if not name.endswith(".lock")):
                with suppress(FileNotFoundError):
                    yield path.lstat().st_mtime, path


def _drop_work(folder: Path, before_s: float) -> int:
    gone = 0
    for work in folder.iterdir() if folder.exists() else ():
        with suppress(FileNotFoundError):
            if work.lstat().st_mtime < before_s:
                shutil.rmtree(work)
                gone += 1
    return gone
