"""The camera after the lens: air, rain, glare, exposure, noise and JPEG of a cheap surveillance camera."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scripts.scenes.spec import LightSpec

Light = NDArray[np.float32]
"""(H, W, 3) linear RGB."""
Picture = NDArray[np.uint8]
"""(H, W, 3) sRGB."""
Colour = tuple[float, float, float]

SKY_M = 4000.0
"""What is farther is sky, which has its haze in it already."""
NOISE = {"day": 0.006, "dusk": 0.010, "night": 0.013}
MIDDLE = {"day": 0.23, "dusk": 0.15, "night": 0.10}
"""Where the exposure puts the mean luminance."""
MOST_GAIN = {"day": 6.0, "dusk": 10.0, "night": 40.0}


@dataclass(frozen=True, slots=True)
class Sensor:
    """One camera with its faults."""

    blur_px: float = 0.45
    vignette: float = 0.22
    sharpening: float = 0.5
    noise: float = 0.007
    warmth: float = 0.0
    """-0.1 bluish to 0.1 reddish."""
    jpeg: int = 84


def sensor_of(light: LightSpec, seed: int, width: int) -> Sensor:
    """A camera of its own for each seed."""
    rng = np.random.default_rng((seed, 9))
    return Sensor(
        blur_px=float(rng.uniform(0.3, 0.6) * max(1.0, width / 960)),
        vignette=float(rng.uniform(0.08, 0.3)),
        sharpening=float(rng.uniform(0.2, 0.7)),
        noise=NOISE[light.time] * float(rng.uniform(0.7, 1.3)),
        warmth=float(rng.normal(0, 0.025)),
        jpeg=int(rng.integers(76, 93)),
    )


def through_air(light: Light, depth_m: NDArray[np.float32], colour: Colour, extinction: float) -> Light:
    """Haze by distance: Koschmieder's law, 1924."""
    clear = np.exp(-extinction * np.minimum(depth_m, SKY_M))[..., None].astype(np.float32)
    clear[depth_m > SKY_M] = 1.0
    return np.asarray(light * clear + np.array(colour, np.float32) * (1 - clear), np.float32)


@dataclass(frozen=True, slots=True)
class Exposure:
    """What the camera's automatic has set."""

    gain: float
    black: float
    """Light taken for black, before the gain: most of what air and haze add everywhere."""


def exposure_for(light: Light, spec: LightSpec) -> Exposure:
    """Automatic exposure, from the mean of what is neither glare nor black."""
    luminance = light @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    darkest, low, high, bright = np.percentile(luminance, [0.5, 5, 92, 97])
    mean = float(np.clip(luminance, low, high).mean() - 0.7 * darkest)
    gain = min(MIDDLE[spec.time] / max(mean, 1e-5), MOST_GAIN[spec.time], 1.9 / max(float(bright), 1e-5))
    return Exposure(float(gain), 0.7 * float(darkest))


def develop(light: Light, exposure: Exposure, spec: LightSpec, sensor: Sensor, rng: np.random.Generator) -> Picture:
    """From linear light to the camera's picture."""
    shown = np.maximum(light - np.float32(exposure.black), 0) * np.float32(exposure.gain)
    shown = shown + glare(shown, 0.10 if spec.time == "night" else 0.05)
    if spec.weather == "rain":
        shown = shown + streaks(shown, rng)
    shown = shown * fall_off(shown.shape[:2], sensor.vignette)[..., None]
    shown = shown * np.array([1 + sensor.warmth, 1.0, 1 - sensor.warmth], np.float32)
    bent = 1 - np.exp(-1.18 * shown)
    bent = bent * (0.78 + 0.22 * bent)
    coded = np.where(bent <= 0.0031308, 12.92 * bent, 1.055 * np.maximum(bent, 1e-6) ** (1 / 2.4) - 0.055)
    coded = cv2.GaussianBlur(coded.astype(np.float32), (0, 0), sensor.blur_px)
    coded = coded + _noise(coded, sensor.noise, rng)
    coded = coded + sensor.sharpening * (coded - cv2.GaussianBlur(coded, (0, 0), 1.3))
    return np.asarray(np.clip(coded, 0, 1) * 255 + 0.5, np.uint8)


def glare(shown: Light, share: float) -> Light:
    """Light scattered in lens and cover glass around what is brighter than white."""
    over = np.clip(shown - 1.2, 0, 12).astype(np.float32)
    scale = shown.shape[1] / 640
    spread = cv2.GaussianBlur(over, (0, 0), 2.0 * scale) + 0.6 * cv2.GaussianBlur(over, (0, 0), 9.0 * scale)
    return np.asarray(share * 4 * spread, np.float32)


def streaks(shown: Light, rng: np.random.Generator) -> Light:
    """Rain falling before the lens: slanting streaks of the scene's own mean light."""
    height, width = shown.shape[:2]
    drops = np.zeros((height, width), np.float32)
    count = height * width // 1600
    drops[rng.integers(0, height, count), rng.integers(0, width, count)] = rng.uniform(0.3, 1.0, count)
    length = max(7, height // 28) | 1
    kernel = np.zeros((length, length), np.float32)
    cv2.line(kernel, (length // 2 + length // 10, 0), (length // 2 - length // 10, length - 1), 1.0, 1, cv2.LINE_AA)
    fallen = cv2.GaussianBlur(cv2.filter2D(drops, -1, kernel), (0, 0), 0.5)
    return np.asarray(0.22 * fallen[..., None] * (shown.mean() + 0.1), np.float32)


def fall_off(size: tuple[int, int], vignette: float) -> NDArray[np.float32]:
    """Light falling off towards the corners."""
    y, x = np.mgrid[-1 : 1 : complex(size[0]), -1 : 1 : complex(size[1])]
    return np.asarray(1 - vignette * 0.5 * (x * x + y * y), np.float32)


def stamp(picture: Picture, text: str) -> Picture:
    """The picture with the camera's own time burnt in, white on a dark edge."""
    marked = picture.copy()
    scale = picture.shape[1] / 1100
    at = (round(18 * scale), round(34 * scale))
    for colour, thick in (((0, 0, 0), 4), ((255, 255, 255), 2)):
        width = max(1, round(thick * scale))
        cv2.putText(marked, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.9 * scale, colour, width, cv2.LINE_AA)
    return marked


def _noise(coded: Light, strength: float, rng: np.random.Generator) -> Light:
    """Grain, softened as by the camera's own denoiser, strongest in the dark."""
    height, width = coded.shape[:2]
    grey = rng.standard_normal((height, width, 1)).astype(np.float32)
    colour = rng.standard_normal((height // 2 + 1, width // 2 + 1, 3)).astype(np.float32)
    stains = cv2.resize(colour, (width, height), interpolation=cv2.INTER_LINEAR)
    dark = 1.5 - coded.mean(axis=2, keepdims=True)
    return np.asarray(strength * dark * (0.8 * grey + 0.6 * stains), np.float32)
