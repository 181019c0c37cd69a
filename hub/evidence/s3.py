"""The vault in an S3-compatible store (AWS, MinIO, Ceph): one object per file, named by its SHA-256."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import boto3
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from hub.evidence.vault import READ_BYTES, NotHeldError, VaultError, checked
from hub.settings import S3Settings

_PART_BYTES: Final = 16 << 20
"""Larger files go up in parts of so many bytes."""
_ABSENT: Final = frozenset({"404", "NoSuchKey", "NotFound"})


class S3Vault:
    """Files as objects `PREFIXab/abcd...` of a bucket."""

    def __init__(self, settings: S3Settings) -> None:
        """Raises VaultError when the credentials cannot be read."""
        self._bucket = settings.bucket
        self._prefix = settings.prefix
        self._name = f"the store {settings.endpoint}/{settings.bucket}"
        access_key, secret_key = _credentials(settings.credentials)
        self._client: Any = boto3.client(
            "s3",
            endpoint_url=settings.endpoint,
            region_name=settings.region,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            config=Config(
                connect_timeout=10,
                read_timeout=30,
                retries={"total_max_attempts": 3},
                s3={"addressing_style": "path"},
                # Stores other than AWS do not know the newer checksums; each file is hashed whole anyway.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )
        self._transfer = TransferConfig(multipart_threshold=_PART_BYTES, multipart_chunksize=_PART_BYTES)

    def put(self, path: Path, sha256: str) -> None:
        """Take a file over, as `Vault.put`."""
        whole = path.stat().st_size
        with self._meaning():
            self._client.upload_file(str(path), self._bucket, self._key(sha256), Config=self._transfer)
        held = self.size(sha256)
        if held != whole:
            raise VaultError(f"{self._name} took {held} of {whole} bytes: see its log, then let the box send again")
        path.unlink()

    def size(self, sha256: str) -> int | None:
        """Bytes of a file; None for one that is not here."""
        try:
            with self._meaning():
                found = self._client.head_object(Bucket=self._bucket, Key=self._key(sha256))
        except NotHeldError:
            return None
        return int(found["ContentLength"])

    def open(self, sha256: str) -> io.BufferedReader:
        """A file to read from, which can seek. Raises NotHeldError."""
        size = self.size(sha256)
        if size is None:
            raise NotHeldError(f"{self._name} does not hold {self._key(sha256)}: bring it back from a copy")
        return io.BufferedReader(_ObjectReader(self, sha256, size), READ_BYTES)

    def body(self, sha256: str, start: int) -> Any:
        """The stream of an object from a byte on."""
        with self._meaning():
            answer = self._client.get_object(Bucket=self._bucket, Key=self._key(sha256), Range=f"bytes={start}-")
        return answer["Body"]

    def read(self, body: Any, size: int) -> bytes:
        """The next bytes of such a stream."""
        with self._meaning():
            return bytes(body.read(size))

    def _key(self, sha256: str) -> str:
        return f"{self._prefix}{checked(sha256)[:2]}/{sha256}"

    @contextmanager
    def _meaning(self) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code in _ABSENT:
                raise NotHeldError(f"{self._name} does not hold it ({code}): check bucket and prefix") from error
            raise VaultError(f"{self._name} refuses ({code}): check bucket, credentials and rights") from error
        except (BotoCoreError, Boto3Error, OSError) as error:
            raise VaultError(f"{self._name} cannot be used ({error}): check its address, and that it runs") from error


class _ObjectReader(io.RawIOBase):
    """One object as a file: a request where reading begins, then the stream, until somebody jumps."""

    def __init__(self, vault: S3Vault, sha256: str, size: int) -> None:
        super().__init__()
        self._vault = vault
        self._sha256 = sha256
        self._size = size
        self._at = 0
        self._body: Any = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        target = max(base + offset, 0)
        if target != self._at:
            self._drop()
            self._at = target
        return target

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        if self._at >= self._size or not len(buffer):
            return 0
        if self._body is None:
            self._body = self._vault.body(self._sha256, self._at)
        data = self._vault.read(self._body, len(buffer))
        if not data:
            raise VaultError(f"the stream of {self._sha256} ended at byte {self._at} of {self._size}")
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        self._drop()
        super().close()

    def _drop(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None


def _credentials(path: Path) -> tuple[str, str]:
    try:
        lines = path.read_text(encoding="utf-8").split()
    except OSError as error:
        raise VaultError(f"{path} cannot be read: {error.strerror}") from error
    if len(lines) != 2:
        raise VaultError(f"{path}: put the access key on its first line and the secret key on its second")
    return lines[0], lines[1]
