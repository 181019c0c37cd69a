"""Reads what Cycles writes: uncompressed multilayer OpenEXR pictures."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_MAGIC = 20000630
_TYPES = {0: "<u4", 1: "<f2", 2: "<f4"}


def read_exr(path: Path) -> dict[str, NDArray[np.float32]]:
    """Channels (H, W) float32 by their full name, such as `ViewLayer.Combined.R`.

    Reads single-part scan-line files without compression (OpenEXR file layout, openexr.com). Raises ValueError for
    any other kind.
    """
    data = path.read_bytes()
    magic, version = struct.unpack_from("<II", data, 0)
    if magic != _MAGIC or version & 0x1A00:
        raise ValueError(f"{path} is no single-part scan-line OpenEXR file")
    header, at = _header(data)
    if header["compression"][0] != 0:
        raise ValueError(f"{path} is compressed: write it with exr_codec NONE")
    x0, y0, x1, y1 = struct.unpack("<4i", header["dataWindow"])
    width, height = x1 - x0 + 1, y1 - y0 + 1
    channels = _channels(header["channels"])
    line = np.dtype([("y", "<i4"), ("size", "<i4"), *((name, kind, (width,)) for name, kind in channels)])
    rows = np.frombuffer(data, line, count=height, offset=at + 8 * height)
    return {name: rows[name].astype(np.float32) for name, _ in channels}


def _header(data: bytes) -> tuple[dict[str, bytes], int]:
    found: dict[str, bytes] = {}
    at = 8
    while data[at]:
        name, at = _text(data, at)
        _, at = _text(data, at)
        (size,) = struct.unpack_from("<i", data, at)
        found[name] = data[at + 4 : at + 4 + size]
        at += 4 + size
    return found, at + 1


def _text(data: bytes, at: int) -> tuple[str, int]:
    end = data.index(0, at)
    return data[at:end].decode(), end + 1


def _channels(block: bytes) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at = 0
    while block[at]:
        name, at = _text(block, at)
        (kind,) = struct.unpack_from("<i", block, at)
        found.append((name, _TYPES[kind]))
        at += 16
    return found
