"""A sign as a camera would see it: turned away, small, blurred, dirty, badly lit, compressed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from models.lab.signs.sheets import Pixels, Sheet

Floats = np.ndarray[Any, np.dtype[Any]]
"""float32."""

UNREADABLE_COVER = 0.55
"""Share of a character's cell under dirt or a bolt bar from which on nobody could read it."""


@dataclass(frozen=True, slots=True)
class View:
    """A cut-out of a sign as the reader gets it."""

    pixels: Pixels
    """BGR (height, width, 3) of the reader's input."""
    corners: Floats
    """(4, 2), the sign's corners as shares of the input's width and height."""
    covered: tuple[int, ...]
    """Numbers of the characters that cannot be read."""


class Camera:
    """Takes random views of signs, against patches of real pictures."""

    def __init__(self, rng: np.random.Generator, backgrounds: Sequence[Pixels], size: tuple[int, int]) -> None:
        """`backgrounds`: BGR pictures to cut patches from; `size`: width and height of the views."""
        self._rng = rng
        self._backgrounds = backgrounds
        self._size = size

    def view(self, sheet: Sheet) -> View:
        """One view of a sign, cut out as a finder would: along its corners, or by an upright box round it."""
        rng = self._rng
        dirty, covered = self._dirty(sheet)
        turned = self.turned(sheet)
        width = float(np.exp(rng.uniform(np.log(34.0), np.log(230.0))))
        turned *= width / np.ptp(turned[:, 0])
        straight = rng.random() < 0.6
        frame = self._frame_along(turned) if straight else self._frame_round(turned)
        # `frame`: the four points of the picture that become the corners of the view.
        across = max(float(np.linalg.norm(frame[1] - frame[0])), 8.0)
        down = max(float(np.linalg.norm(frame[3] - frame[0])), 6.0)
        native = (max(round(min(across, 2.0 * self._size[0])), 8), max(round(min(down, 2.0 * self._size[1])), 6))
        corners_of_native = np.array([[0, 0], [native[0], 0], native, [0, native[1]]], np.float32)
        to_native = cv2.getPerspectiveTransform(frame.astype(np.float32), corners_of_native)
        seen = cv2.perspectiveTransform(turned[None].astype(np.float32), to_native)[0]
        picture = self._patch(native)
        self._lay(dirty, sheet, seen, picture)
        picture = self._degraded(picture)
        view = cv2.resize(picture, self._size, interpolation=int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_AREA])))
        return View(np.asarray(view, np.uint8), (seen / np.array(native)).astype(np.float32), covered)

    def nothing(self) -> Pixels:
        """A view that holds no sign: a patch of a picture, writing that is no plate, noise."""
        rng = self._rng
        size = (int(rng.integers(16, 240)), int(rng.integers(8, 90)))
        picture = self._patch(size)
        if rng.random() < 0.15:
            picture = rng.integers(0, 256, picture.shape, np.uint8)
        if rng.random() < 0.3:
            text = "".join(chr(int(c)) for c in rng.integers(65, 91, int(rng.integers(2, 7))))
            colour = tuple(int(c) for c in rng.integers(0, 256, 3))
            cv2.putText(picture, text, (2, size[1] - 3), cv2.FONT_HERSHEY_SIMPLEX, size[1] / 40, colour, 2, cv2.LINE_AA)
        return np.asarray(cv2.resize(self._degraded(picture), self._size), np.uint8)

    def degraded(self, picture: Pixels) -> Pixels:
        """A real cut-out, varied in light, sharpness and frame."""
        rng = self._rng
        height, width = picture.shape[:2]
        shift = rng.normal(0, 0.025, (4, 2)) + rng.normal(0, 0.02, 2)
        source = (np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) + shift) * [width, height]
        goal = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * np.array([width, height])
        warp = cv2.getPerspectiveTransform(source.astype(np.float32), goal.astype(np.float32))
        moved = cv2.warpPerspective(picture, warp, (width, height), borderMode=cv2.BORDER_REPLICATE)
        if rng.random() < 0.7:
            moved = self._lit(moved.astype(np.float32))
        if rng.random() < 0.25:
            moved = cv2.GaussianBlur(moved, (0, 0), float(rng.uniform(0.3, 0.9)))
        if rng.random() < 0.3:
            moved = self._compressed(moved)
        return np.asarray(cv2.resize(moved, self._size), np.uint8)

    def turned(self, sheet: Sheet) -> Floats:
        """Corners of the sign after a turn in space and a look at it from some metres."""
        rng = self._rng
        height, width = sheet.pixels.shape[:2]
        yaw, pitch, roll = rng.normal(0, [0.45, 0.28, 0.08])
        yaw, pitch, roll = np.clip([yaw, pitch, roll], -1.05, 1.05)
        x, y = (sheet.corners - np.array([width, height]) / 2).T / width
        x, y = x * np.cos(roll) - y * np.sin(roll), x * np.sin(roll) + y * np.cos(roll)
        x, z = x * np.cos(yaw), x * np.sin(yaw)
        y, z = y * np.cos(pitch) - z * np.sin(pitch), y * np.sin(pitch) + z * np.cos(pitch)
        distance = rng.uniform(3.0, 14.0)
        shear = rng.normal(0, 0.12)
        points = np.stack([x + 0.3 * shear * y, y + shear * x * (rng.random() < 0.5)], axis=1)
        return np.asarray(points * (distance / (distance + z))[:, None], np.float32)

    def _frame_along(self, corners: Floats) -> Floats:
        rng = self._rng
        wide = np.linalg.norm(corners[1] - corners[0])
        tall = np.linalg.norm(corners[3] - corners[0])
        margin = abs(rng.normal(0.03, 0.03))
        frame = corners + (corners - corners.mean(axis=0)) * margin
        return np.asarray(frame + rng.normal(0, 0.03, (4, 2)) * [wide, 1.6 * tall], np.float32)

    def _frame_round(self, corners: Floats) -> Floats:
        rng = self._rng
        low, high = corners.min(axis=0), corners.max(axis=0)
        gap = (high - low) * rng.normal([[0.03, 0.05], [0.03, 0.05]], 0.04)
        (x0, y0), (x1, y1) = low - gap[0], high + gap[1]
        return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32)

    def _patch(self, size: tuple[int, int]) -> Pixels:
        rng = self._rng
        width, height = size
        source = self._backgrounds[int(rng.integers(len(self._backgrounds)))]
        share = rng.uniform(0.05, 0.5)
        tall, wide = max(round(source.shape[0] * share), 4), max(round(source.shape[1] * share), 4)
        y, x = int(rng.integers(source.shape[0] - tall + 1)), int(rng.integers(source.shape[1] - wide + 1))
        return np.array(cv2.resize(source[y : y + tall, x : x + wide], (width, height)), np.uint8)

    def lay(self, sheet: Sheet, seen: Floats, picture: Pixels) -> None:
        """Put a sign, lit and dirty, into a picture (BGR) with its corners at `seen` (4, 2)."""
        flat, _ = self._dirty(sheet)
        around = cv2.mean(picture)
        light = float(np.clip(np.mean(around[:3]) / 110, 0.35, 1.2)) * self._rng.uniform(0.7, 1.25)
        flat = np.clip(flat * light, 0, 255).astype(np.uint8)
        self._lay(flat, sheet, seen, picture)

    def shot(self, picture: Pixels) -> Pixels:
        """A whole picture in other light, a little blurred, noisy, compressed."""
        rng = self._rng
        gain = float(np.exp(rng.normal(-0.1, 0.4))) * np.exp(rng.normal(0, 0.08, 3))
        levels = np.arange(256)[:, None] * gain + rng.normal(0, 8)
        seen = cv2.LUT(picture, np.clip(levels, 0, 255).astype(np.uint8).reshape(256, 1, 3))
        if rng.random() < 0.25:
            seen = cv2.GaussianBlur(seen, (0, 0), float(rng.uniform(0.3, 1.1)))
        if rng.random() < 0.3:
            noise = np.empty(picture.shape, np.int8)
            cv2.randn(noise, np.zeros(3), np.full(3, rng.uniform(2, 9)))
            seen = cv2.add(seen, noise, dtype=cv2.CV_8U)
        return self._compressed(np.asarray(seen, np.uint8)) if rng.random() < 0.3 else np.asarray(seen, np.uint8)

    def _lay(self, flat: Pixels, sheet: Sheet, seen: Floats, picture: Pixels) -> None:
        """Put the sign into the picture, its edge soft."""
        height, width = picture.shape[:2]
        shrink = np.ptp(seen[:, 0]) / flat.shape[1], np.ptp(seen[:, 1]) / flat.shape[0]
        blur = (0.4 / max(shrink[0], 1e-3), 0.4 / max(shrink[1], 1e-3))
        if max(blur) > 0.5:
            flat = cv2.GaussianBlur(flat, (0, 0), max(blur[0], 0.01), sigmaY=max(blur[1], 0.01))
        warp = cv2.getPerspectiveTransform(sheet.corners, seen)
        laid = cv2.warpPerspective(flat, warp, (width, height), flags=cv2.INTER_LINEAR)
        cover = np.full(flat.shape[:2], 255, np.uint8)
        if sheet.kind == "diamond":
            cover[(flat == 128).all(axis=2)] = 0
        mask = cv2.warpPerspective(cover, warp, (width, height), flags=cv2.INTER_LINEAR)[..., None].astype(np.uint16)
        picture[:] = (picture * (255 - mask) + laid[..., ::-1] * mask) // 255

    def _dirty(self, sheet: Sheet) -> tuple[Pixels, tuple[int, ...]]:
        """The sign with dirt, shadow and things before it; and which characters nobody could read any more."""
        rng = self._rng
        pixels = sheet.pixels
        height, width = pixels.shape[:2]
        if rng.random() < 0.5:
            ground = rng.uniform(0.75, 1.1, 3)
            fade = rng.uniform(0, 0.35)
            pixels = np.clip(pixels * ground * (1 - fade) + fade * rng.uniform(60, 200), 0, 255).astype(np.uint8)
        if rng.random() < 0.2:
            noise = cv2.resize(rng.random((6, 14), np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
            mud = np.clip((noise - rng.uniform(0.55, 0.85)) * 4, 0, rng.uniform(0.3, 0.9))[..., None]
            pixels = (pixels * (1 - mud) + np.array([105, 92, 74]) * mud).astype(np.uint8)
        if rng.random() < 0.2:
            line = rng.uniform(0, width, 2)
            rows, columns = np.mgrid[0:height, 0:width]
            dark = columns < line[0] + (line[1] - line[0]) * rows / height
            pixels = (pixels * np.where(dark, rng.uniform(0.4, 0.8), 1.0)[..., None]).astype(np.uint8)
        covered: tuple[int, ...] = ()
        if rng.random() < 0.07 and sheet.cells:
            pixels = pixels.copy()
            number = int(rng.integers(len(sheet.cells)))
            x0, y0, x1, y1 = sheet.cells[number]
            share = rng.uniform(0.2, 1.1)
            down = int(y0 + (1 - share) * (y1 - y0)) if share < 1 else int(y0)
            grey = rng.integers(0, 255, 3)
            pixels[down : int(y1) + 2, int(x0) - 1 : int(x1) + 1] = grey
            covered = (number,) if share > UNREADABLE_COVER else ()
        return pixels, covered

    def _degraded(self, picture: Pixels) -> Pixels:
        rng = self._rng
        lit = self._lit(picture.astype(np.float32))
        if rng.random() < 0.5:
            lit = cv2.GaussianBlur(lit, (0, 0), float(rng.uniform(0.25, 0.95) * max(0.7, picture.shape[1] / 120)))
        if rng.random() < 0.25:
            lit = self._moved(lit)
        noise = rng.exponential(4.0) if rng.random() < 0.8 else 0.0
        noisy = lit + rng.standard_normal(lit.shape, np.float32) * noise if noise > 0.5 else lit
        shot = np.clip(noisy, 0, 255).astype(np.uint8)
        return self._compressed(shot) if rng.random() < 0.7 else shot

    def _lit(self, picture: Floats) -> Floats:
        """Other light: bright, dark, a colour cast, glare."""
        rng = self._rng
        gain = float(np.exp(rng.normal(-0.15, 0.45)))
        cast = np.exp(rng.normal(0, 0.12, 3)) if rng.random() < 0.8 else np.exp(rng.normal(0, 0.35, 3))
        grey = picture.mean()
        contrast = float(rng.uniform(0.45, 1.3))
        lit = ((picture - grey) * contrast + grey + rng.normal(0, 12)) * gain * cast
        if rng.random() < 0.15:
            height, width = picture.shape[:2]
            x, y = rng.uniform(0, width), rng.uniform(0, height)
            rows, columns = np.mgrid[0:height, 0:width]
            reach = width * rng.uniform(0.1, 0.6)
            lit += (rng.uniform(40, 200) * np.exp(-(((columns - x) ** 2 + (rows - y) ** 2) / reach**2)))[..., None]
        if rng.random() < 0.05:
            lit = np.repeat(lit.mean(axis=2, keepdims=True), 3, axis=2)
        return np.asarray(np.clip(lit, 0, 255), np.float32)

    def _moved(self, picture: Floats) -> Floats:
        rng = self._rng
        length = max(2, round(picture.shape[1] * rng.uniform(0.01, 0.045)))
        angle = rng.uniform(0, np.pi)
        kernel = np.zeros((length, length), np.float32)
        middle = (length - 1) / 2
        step = np.array([np.cos(angle), np.sin(angle)]) * middle
        start, end = np.round(middle - step).astype(int), np.round(middle + step).astype(int)
        cv2.line(kernel, tuple(map(int, start)), tuple(map(int, end)), 1.0, 1)
        return np.asarray(cv2.filter2D(picture, -1, kernel / max(kernel.sum(), 1.0)), np.float32)

    def _compressed(self, picture: Pixels) -> Pixels:
        quality = int(self._rng.integers(25, 95))
        coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
