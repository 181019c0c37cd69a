"""Sending one evidence file in pieces, from where the hub stands."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge.uploads.client import FileRefusedError, HubDoor
from edge.uploads.pace import Pace
from leads.uploads import CHUNK_BYTES, WantedFile


class GoneError(Exception):
    """The box has the file no longer."""


class ChangedError(Exception):
    """The file is not what its lead names; the text says why."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What came of sending one."""

    taken: int
    """Bytes that the hub has more now."""
    whole: bool
    """Whether it has all of the file."""


@dataclass(slots=True)
class _UnderWay:
    lead_id: str
    name: str
    offset: int
    """Bytes that the hub holds."""


class FileSender:
    """Knows of one file at a time how far the hub has come with it; what it forgets, the hub tells again."""

    def __init__(self, door: HubDoor, root: Path, pace: Pace, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`root`: folder of the evidence."""
        self._door = door
        self._root = root
        self._pace = pace
        self._monotonic = monotonic
        self._going: _UnderWay | None = None

    def forget(self) -> None:
        """Ask the hub anew how far it has come."""
        self._going = None

    def is_under_way(self, file: WantedFile) -> bool:
        """Whether this file was begun last."""
        return self._going is not None and (self._going.lead_id, self._going.name) == (file.lead_id, file.name)

    def send(self, file: WantedFile) -> Piece:
        """Send the next piece of a file.

        Raises GoneError, ChangedError, FileRefusedError, and what the door raises.
        """
        size = self._size(file)
        going = self._begun(file)
        if going.offset > size:
            raise FileRefusedError(f"it says that it holds {going.offset} bytes of {size}")
        piece = self._read(file, going.offset, size if file.bytes is None else self._pace.piece_bytes())
        began = self._monotonic()
        offset = self._door.append(file, going.offset, piece)
        self._pace.sent(len(piece), self._monotonic() - began)
        if file.bytes is None or offset == size:
            return Piece(len(piece), whole=True)
        if offset == going.offset:
            raise FileRefusedError(f"it stays at {offset} of {size} bytes")
        expected, going.offset = going.offset + len(piece), offset
        return Piece(len(piece) if offset == expected else 0, whole=False)

    def _begun(self, file: WantedFile) -> _UnderWay:
        if self._going is None or not self.is_under_way(file):
            # What has no size by its lead is small and goes in one piece, whatever the hub holds of it.
            offset = 0 if file.bytes is None else self._door.offset(file)
            self._going = _UnderWay(file.lead_id, file.name, offset)
        return self._going

    def _path(self, file: WantedFile) -> Path:
        """Where a file lies. Nothing but what is in the lead's own folder is ever sent."""
        if file.folder.rpartition("/")[2] != file.lead_id:
            raise FileRefusedError(f"it looks for it in {file.folder}, which is no folder of this lead")
        return self._root / file.folder / file.name

    def _size(self, file: WantedFile) -> int:
        path = self._path(file)
        try:
            size = path.stat().st_size
        except FileNotFoundError:
            raise GoneError from None
        except OSError as error:
            raise ChangedError(f"it cannot be read ({error})") from error
        if file.bytes is None and size > CHUNK_BYTES:
            raise ChangedError(f"it has {size} bytes, too many for what it is")
        if file.bytes is not None and size != file.bytes:
            raise ChangedError(f"it has {size} bytes, and its lead names {file.bytes}")
        return size

    def _read(self, file: WantedFile, offset: int, size: int) -> bytes:
        try:
            with self._path(file).open("rb") as opened:
                opened.seek(offset)
                return opened.read(size)
        except FileNotFoundError:
            raise GoneError from None
        except OSError as error:
            raise ChangedError(f"it cannot be read ({error})") from error
