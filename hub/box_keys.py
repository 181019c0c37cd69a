"""The public keys of the boxes: one file per box, taken up without a restart."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from leads import load_public_keys
from leads.topics import check_id

_Stamp = tuple[int, int, int]


class BoxKeys:
    """Reads `BOX.pub` of a folder, anew when the file has changed.

    While a box changes its key, its file holds both, one PEM block after the other; a box whose file is
    taken away is no longer believed.
    """

    def __init__(self, folder: Path) -> None:
        """Read from `folder`."""
        self._folder = folder
        self._known: dict[str, tuple[_Stamp, tuple[Ed25519PublicKey, ...]]] = {}

    def path(self, box_id: str) -> Path:
        """Where the key of a box lies. Raises ValueError for an id that is none."""
        return self._folder / f"{check_id(box_id)}.pub"

    def of(self, box_id: str) -> tuple[Ed25519PublicKey, ...]:
        """The keys of a box, none for a box that is not known. Raises KeyFileError for a file that holds none."""
        path = self.path(box_id)
        try:
            stat = path.stat()
        except FileNotFoundError:
            self._known.pop(box_id, None)
            return ()
        stamp = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        known = self._known.get(box_id)
        if known is None or known[0] != stamp:
            known = (stamp, load_public_keys(path))
            self._known[box_id] = known
        return known[1]
