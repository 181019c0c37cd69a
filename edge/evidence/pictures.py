"""Evidence pictures: untouched JPEGs of what the clip holds, and copies with box and text strip beside them.

The text strip stands below the picture, never in it: time to 0.1 s, place, device, lane and the first digits
of the untouched file's hash (after GA/T 832-2014, chapter on overlay).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

import cv2
import numpy as np

from cameras import Image
from edge.durable import write_durably
from leads import CameraRef

Box = Sequence[float]


@dataclass(frozen=True, slots=True)
class Caption:
    """What is written below a picture."""

    taken_at: datetime
    camera: CameraRef
    box_id: str
    zone: ZoneInfo

    def text(self, hash_prefix: str) -> str:
        """The line, in local time."""
        local = self.taken_at.astimezone(self.zone)
        place = " ".join(p for p in (self.camera.road_code, self.camera.stake, self.camera.place) if p)
        parts = [
            f"时间 {local:%Y-%m-%d %H:%M:%S}.{local.microsecond // 100_000}",
            f"地点 {place} {self.camera.direction or ''}".rstrip(),
            f"设备 {self.box_id}/{self.camera.id}",
            f"车道 {self.camera.lane or '-'}",
            f"防伪 {hash_prefix}",
        ]
        return " | ".join(parts)


def write_picture(folder: Path, name: str, image: Image, quality: int) -> Path:
    """Write an untouched picture as JPEG and return its path."""
    path = folder / f"{name}.jpg"
    write_durably(path, _jpeg(image, quality))
    return path


def write_overlay(folder: Path, original: Path, boxes: Sequence[Box], caption: Caption, quality: int) -> Path:
    """Write the copy of `original` with boxes (pixels) of what it shows and the text strip."""
    data = original.read_bytes()
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError(f"{original} is no picture")
    for box in boxes:
        corners = [round(float(v)) for v in box]
        cv2.rectangle(image, (corners[0], corners[1]), (corners[2], corners[3]), (0, 220, 255), 2)
    strip = _strip(image.shape[1], caption.text(sha256(data).hexdigest()[:8]))
    path = folder / f"{original.stem}.overlay.jpg"
    write_durably(path, _jpeg(np.vstack([image, strip]).astype(np.uint8), quality))
    return path


def _strip(width: int, text: str) -> Image:
    font = cv2.FontFace("uni")
    size = max(12, min(28, width // 60))
    lines = _wrap(text, width - 16, font, size)
    strip = np.zeros((len(lines) * (size + 10) + 6, width, 3), np.uint8)
    for i, line in enumerate(lines):
        cv2.putText(strip, line, (8, (i + 1) * (size + 10) - 6), (255, 255, 255), font, size, 400)
    return strip


def _wrap(text: str, width: int, font: cv2.FontFace, size: int) -> list[str]:
    """Break at the bars, and within a part that is too long by itself: nothing may be cut off."""
    lines: list[str] = []
    for part in text.split(" | "):
        longer = f"{lines[-1]} | {part}" if lines else part
        if lines and _text_width(longer, font, size) <= width:
            lines[-1] = longer
        else:
            lines.extend(_pieces(part, width, font, size))
    return lines


def _pieces(part: str, width: int, font: cv2.FontFace, size: int) -> list[str]:
    pieces = [""]
    for char in part:
        if pieces[-1] and _text_width(pieces[-1] + char, font, size) > width:
            pieces.append("")
        pieces[-1] += char
    return pieces


def _text_width(text: str, font: cv2.FontFace, size: int) -> int:
    box = cv2.getTextSize((4000, 100), text, (0, 50), font, size, 400)
    return int(box[2])


def _jpeg(image: Image, quality: int) -> bytes:
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError(f"a picture of shape {image.shape} cannot be written as JPEG")
    return data.tobytes()
