"""The calibration as a person reads and writes it: a YAML file in, a table of errors out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from cameras.calibration import Calibration, CalibrationError
from cameras.calibration_settings import CalibrationSettings


def read_settings(path: Path) -> CalibrationSettings:
    """Read marks from a YAML file, with or without `calibration:` at its head. Raises CalibrationError."""
    try:
        data: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise CalibrationError(f"{path}: cannot be read: {error}") from None
    except yaml.YAMLError as error:
        raise CalibrationError(f"{path}: is not YAML: {error}") from None
    if isinstance(data, dict) and set(data) == {"calibration"}:
        data = data["calibration"]
    try:
        return settings_of(data)
    except CalibrationError as error:
        raise CalibrationError(f"{path}: {error}") from None


def settings_of(data: object) -> CalibrationSettings:
    """Marks out of plain values. Raises CalibrationError naming the first key that is wrong."""
    try:
        return CalibrationSettings.model_validate(data)
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(str(step) for step in fault["loc"])
        raise CalibrationError(f"{where + ': ' if where else ''}{fault['msg'].removeprefix('Value error, ')}") from None


def as_yaml(settings: CalibrationSettings) -> str:
    """The block to put under a camera's `source` in the site file."""
    lines = ["calibration:", f"  size: [{settings.size[0]}, {settings.size[1]}]"]
    if settings.points:
        lines += ["  points:  # pixel x, y; metres x, y", *(f"    - {_row(point)}" for point in settings.points)]
    else:
        lines.append("  lines:")
    for line in settings.lines:
        lines.append(f"    - across_m: {line.across_m:g}")
        if line.ends:
            lines += ["      ends:  # pixel x, y; metres along", *(f"        - {_row(end)}" for end in line.ends)]
        if line.points:
            lines += ["      points:  # pixel x, y", *(f"        - {_row(point)}" for point in line.points)]
    if settings.horizontal_fov_deg is not None:
        lines.append(f"  horizontal_fov_deg: {settings.horizontal_fov_deg:g}")
    if settings.fit_distortion:
        lines.append("  fit_distortion: true")
    return "\n".join(lines) + "\n"


def _row(values: tuple[float, ...]) -> str:
    return f"[{', '.join(f'{round(value, 3):g}' if abs(value) < 1e5 else str(value) for value in values)}]"


def told(calibration: Calibration) -> list[str]:
    """What was found, a line per mark: its error in pixels and in centimetres on the road."""
    lines = [
        f"{mark.name:>18}  pixel {mark.pixel[0]:7.1f} {mark.pixel[1]:7.1f}  off {mark.error_px:6.2f} px "
        f"{mark.error_m * 100:7.1f} cm"
        for mark in calibration.marks
    ]
    view = calibration.view
    lines.append(f"reprojection error: {calibration.rms_px:.2f} px (root mean square)")
    lines.append(f"camera: {view.position_m[2]:.2f} m above the road, focal length {view.focal_px:.0f} px")
    lines.append(f"distances on the road: ± {calibration.scale_error:.1%}")
    if calibration.spare < 4:
        lines.append("few marks: a wrong one would hardly show; give some more")
    return lines
