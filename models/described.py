"""A manifest made from what an ONNX file says of itself, or the manifest to write where it says too little."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from models.manifest import InputSpec, ModelError, ModelManifest
from models.shapes import Layout, readings
from models.taxonomy import FEATURES, VEHICLES, Task, default_map

_LICENCE_KEYS = ("license", "licence")


@dataclass(frozen=True, slots=True)
class Described:
    """What is known of a weights file once it was opened and run on a blank picture."""

    weights: Path
    sha256: str
    metadata: Mapping[str, str]
    """Custom metadata of the ONNX file; ultralytics writes names, imgsz, task, end2end, license."""
    width: int
    """Input width in pixels."""
    height: int
    """Input height in pixels."""
    output: tuple[int, ...]
    """Shape of the output."""


def input_size(metadata: Mapping[str, str]) -> tuple[int, int] | None:
    """Width and height from the `imgsz` that ultralytics writes as [height, width]; None without it."""
    size = _literal(metadata.get("imgsz", ""))
    if isinstance(size, int):
        return size, size
    if isinstance(size, (list, tuple)) and len(size) == 2 and all(isinstance(s, int) for s in size):
        return size[1], size[0]
    return None


def describe(seen: Described) -> ModelManifest:
    """The manifest of a file that has none. Raises `ModelError` with the manifest to write.

    Only ultralytics' metadata is trusted to say enough: it comes with known habits of colour (RGB), scale (1/255)
    and padding (centred). A bare ONNX file does not tell those, and a wrong guess still gives boxes, only worse.
    """
    names = _names(seen.metadata)
    found = readings(seen.output, seen.width, seen.height)
    layouts = [r.layout for r in found if r.classes in (None, len(names))]
    purpose = seen.metadata.get("task", "detect")
    if purpose != "detect":
        raise ModelError(f"{seen.weights}: found a network for {purpose!r}, expected one that detects (boxes).")
    faults = []
    if not found:
        faults.append(f"the output of shape {seen.output} fits no layout at input {seen.width}x{seen.height}")
    if not names:
        faults.append("the file holds no class names")
    elif found and not layouts:
        counts = ", ".join(str(r.classes) for r in found)
        faults.append(f"the file names {len(names)} classes, its output has {counts}")
    if layouts and layouts[0] == "yolox_raw":
        faults.append("a YOLOX export says nothing of its colour order, scale and padding")
    task = _task(names)
    if names and task is None:
        faults.append(f"its classes ({', '.join(names[:8])}) are not the taxonomy's, so a map is needed")
    if faults or task is None:
        raise ModelError(_what_to_write(seen, names, found[0].layout if found else None, faults))
    return ModelManifest(
        name=seen.weights.stem,
        sha256=seen.sha256,
        task=task,
        layout=layouts[0],
        names=names,
        input=InputSpec(width=seen.width, height=seen.height),
        licence=next((seen.metadata[key] for key in _LICENCE_KEYS if key in seen.metadata), "unknown"),
    )


def _literal(text: str) -> object:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return None


def _names(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """Class names in order of class number, from `{0: 'car', 1: ...}` or a list; empty when not there."""
    names = _literal(metadata.get("names", ""))
    if isinstance(names, dict) and set(names) == set(range(len(names))):
        return tuple(str(names[i]) for i in range(len(names)))
    if isinstance(names, (list, tuple)):
        return tuple(str(name) for name in names)
    return ()


def _task(names: Sequence[str]) -> Task | None:
    """The task whose words the names are; None where neither or both."""
    vehicles, features = len(default_map(names, "vehicles")), len(default_map(names, "features"))
    if vehicles == features:
        return None
    return "vehicles" if vehicles > features else "features"


def _what_to_write(seen: Described, names: Sequence[str], layout: Layout | None, faults: Sequence[str]) -> str:
    yolox = layout == "yolox_raw"
    lines = [
        f"{seen.weights}: cannot tell how this network is used: {'; '.join(faults)}. Expected: a manifest beside it, "
        f"a shipped one for its SHA-256, or the metadata of an ultralytics export. "
        f"Write {seen.weights.with_suffix('.yaml')} (lines marked ? are guesses):",
        f"name: {seen.weights.stem}",
        f"sha256: '{seen.sha256}'",
        f"task: vehicles  # ? vehicles ({', '.join(VEHICLES)}) or features ({', '.join(FEATURES)})",
        f"layout: {layout or 'yolo11_raw  # ? yolo26_end2end, yolo11_raw or yolox_raw'}",
        f"names: {list(names) if names else 'coco80  # ? or the list of class names'}",
        "map: {}  # ? own name: name above; left empty, equal words",
        "input:",
        f"  width: {seen.width}",
        f"  height: {seen.height}",
        f"  colour: {'bgr' if yolox else 'rgb'}  # ?",
        f"  scale: {'1.0' if yolox else 1 / 255}  # ?",
        f"  placement: {'top_left' if yolox else 'centre'}  # ?",
        "licence: unknown  # ?",
    ]
    return "\n".join(lines)
