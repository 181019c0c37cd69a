"""The vault: finished evidence files by their SHA-256, in a folder or in an S3-compatible store.

What is in it is whole and is never changed. Files of one content are one file.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
from functools import lru_cache
from io import BufferedReader, FileIO
from pathlib import Path
from typing import Final, Protocol

from hub.settings import EvidenceSettings

READ_BYTES: Final = 1 << 20
"""How much is read at once."""
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_DISK_FAULTS: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})


class VaultError(Exception):
    """The vault cannot be used, or not now; the text says what to do."""


class NotHeldError(VaultError):
    """A file that is not in the vault."""


class Vault(Protocol):
    """Finished files by their SHA-256. Each call may raise VaultError."""

    def put(self, path: Path, sha256: str) -> None:
        """Take a whole file over; when this returns it is durable, and `path` is gone. Again, it does no harm.

        `path` lies below the folder of the settings. That its SHA-256 is the one named is for the caller to know.
        """

    def size(self, sha256: str) -> int | None:
        """Bytes of a file; None for one that is not here."""

    def open(self, sha256: str) -> BufferedReader:
        """A file to read from, which can seek. Raises NotHeldError."""


@lru_cache(maxsize=8)
def vault_of(settings: EvidenceSettings) -> Vault:
    """The vault of the settings. Raises VaultError where it cannot be opened."""
    if settings.s3 is None:
        return FolderVault(settings.folder)
    from hub.evidence.s3 import S3Vault  # boto3 is needed here alone

    return S3Vault(settings.s3)


def sha256_of(file: BufferedReader | FileIO) -> str:
    """SHA-256 of what is left to read of a file, in hexadecimal."""
    return hashlib.file_digest(file, "sha256").hexdigest()


class FolderVault:
    """Files as `files/ab/abcd...` below a folder."""

    def __init__(self, folder: Path) -> None:
        """`folder` is made when the first file comes."""
        self._root = folder / "files"

    def put(self, path: Path, sha256: str) -> None:
        """Take a file over, as `Vault.put`."""
        place = self._place(sha256)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            sync(path)
            path.replace(place)
            place.chmod(0o440)  # not before: after a crash in between nobody could write to the part any more
            for folder in (place.parent, self._root, self._root.parent):
                sync(folder)
        except OSError as error:
            raise VaultError(f"{place} cannot be written ({error.strerror}): check disk and rights") from error

    def size(self, sha256: str) -> int | None:
        """Bytes of a file; None for one that is not here."""
        try:
            return self._place(sha256).stat().st_size
        except FileNotFoundError:
            return None
        except OSError as error:
            raise VaultError(f"{self._root} cannot be read ({error.strerror}): check disk and rights") from error

    def open(self, sha256: str) -> BufferedReader:
        """A file to read from. Raises NotHeldError."""
        place = self._place(sha256)
        try:
            return place.open("rb")
        except FileNotFoundError as error:
            raise NotHeldError(f"{place} is not there: bring it back from a copy of the folder") from error
        except OSError as error:
            raise VaultError(f"{place} cannot be read ({error.strerror}): check disk and rights") from error

    def _place(self, sha256: str) -> Path:
        return self._root / checked(sha256)[:2] / sha256


def checked(sha256: str) -> str:
    """Give back a SHA-256 that is safe in a name; ValueError for anything else."""
    if not _SHA256.fullmatch(sha256):
        raise ValueError(f"{sha256!r} is no SHA-256")
    return sha256


def sync(path: Path) -> None:
    """Make a file's bytes, or the names in a folder, durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def in_use(copy: Path) -> bool:
    """Whether a copy that could be made anew is here; if so, note that it is in use, so that it is kept."""
    try:
        os.utime(copy)
    except OSError:  # not here; or here, and the disk takes nothing
        return copy.exists()
    return True


def is_disk_fault(error: Exception) -> bool:
    """Whether an error says that the disk takes no more; FFmpeg's libraries tell that as they tell faults of a clip."""
    return isinstance(error, OSError) and error.errno in _DISK_FAULTS


def has_room(settings: EvidenceSettings, more_bytes: int = 0) -> bool:
    """Whether the disk has the free space that the settings ask for, and so much more."""
    settings.folder.mkdir(parents=True, exist_ok=True)
    return shutil.disk_usage(settings.folder).free - more_bytes >= settings.min_free_mib << 20
