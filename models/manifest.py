"""`ModelManifest`: everything the box must know of a weights file that the file itself may not say."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from models.shapes import Layout
from models.taxonomy import COCO80, Task, classes_of, default_map

SHIPPED = Path(__file__).parent / "manifests"
"""Manifests that come with the package, for weights files known by their SHA-256."""


class ModelError(ValueError):
    """A weights file cannot be used; the message says what was found, what was expected and the remedy."""


class InputSpec(BaseModel):
    """How a picture must be laid into the network's input."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    width: int = Field(ge=32, le=4096)
    """Input width in pixels."""
    height: int = Field(ge=32, le=4096)
    """Input height in pixels."""
    colour: Literal["rgb", "bgr"] = "rgb"
    """Order of the three colour planes."""
    scale: float = Field(default=1 / 255, gt=0, le=1)
    """Factor on the 0 to 255 values: 1/255, or 1 for networks that take bytes as they are."""
    pad: int = Field(default=114, ge=0, le=255)
    """Grey value beside the picture."""
    placement: Literal["centre", "top_left"] = "centre"
    """Where the picture lies in the input: ultralytics centres it, YOLOX pads right and below."""


class TrainingSet(BaseModel):
    """A data set the network was trained on; its licence binds the model card."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """Name of the set as its makers call it."""
    licence: str
    """Licence of the set, SPDX where there is one."""


class WeightsManifest(BaseModel):
    """What is known of any weights file: read from `model.yaml` beside `model.onnx`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    """Name and version, as leads quote it."""
    sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
    """Hash of the weights file; the box refuses a file that differs."""
    licence: str = "unknown"
    """Licence of the weights."""
    trained_on: tuple[TrainingSet, ...] = ()
    """Data sets behind the weights."""
    metrics: dict[str, float] = {}
    """Figures of the release, by name."""

    def to_yaml(self) -> str:
        """The manifest as the YAML text of a `model.yaml`."""
        return yaml.safe_dump(self._as_dict(), sort_keys=False, allow_unicode=True, width=100)

    def _as_dict(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude_defaults=True)


class ModelManifest(WeightsManifest):
    """What a detector is."""

    task: Task
    """First look (vehicles) or second look (features)."""
    layout: Layout
    """How the output is laid out."""
    names: tuple[str, ...]
    """The network's own class names in order of its class numbers; `coco80` stands for the 80 of COCO."""
    map: dict[str, str] = {}
    """Own name to taxonomy name; own names left out are dropped. Default: equal words."""
    input: InputSpec
    """Size, colour order, scale and padding of the input."""
    min_score: float | None = Field(default=None, ge=0, le=1)
    """Score below which this network's boxes are noise; the larger of this and the setting holds."""

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        data = dict(data)
        if data.get("names") == "coco80":
            data["names"] = COCO80
        if not data.get("map") and isinstance(data.get("names"), (list, tuple)):
            task: Task = "features" if data.get("task") == "features" else "vehicles"
            data["map"] = default_map([str(n) for n in data["names"]], task)
        return data

    @model_validator(mode="after")
    def _check_words(self) -> Self:
        twice = sorted({n for n in self.names if self.names.count(n) > 1})
        if twice:
            raise ValueError(f"names holds a class twice: {', '.join(twice)}")
        strange = sorted(set(self.map) - set(self.names))
        if strange:
            raise ValueError(f"map speaks of classes that names does not hold: {', '.join(strange)}")
        known = classes_of(self.task)
        wrong = sorted(set(self.map.values()) - set(known))
        if wrong:
            raise ValueError(f"map leads to {', '.join(wrong)}; task {self.task} knows {', '.join(known)}")
        if not self.map:
            raise ValueError(
                f"no class of the network is wanted: give a map from its names ({', '.join(self.names[:10])}"
                f"{', ...' if len(self.names) > 10 else ''}) to {', '.join(known)}"
            )
        return self

    @property
    def classes(self) -> tuple[str, ...]:
        """Taxonomy names this network reports, in the taxonomy's order."""
        wanted = set(self.map.values())
        return tuple(name for name in classes_of(self.task) if name in wanted)

    def _as_dict(self) -> dict[str, Any]:
        data = super()._as_dict()
        data["input"] = self.input.model_dump(mode="json")
        if self.names == COCO80:
            data["names"] = "coco80"
        return data


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, lower-case hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


Manifest = TypeVar("Manifest", bound=WeightsManifest)


def read_manifest(path: Path) -> ModelManifest:
    """Read a detector's manifest from YAML. Raises `ModelError` naming file, key and remedy."""
    return _read(path, ModelManifest)


def _read(path: Path, kind: type[Manifest]) -> Manifest:
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ModelError(f"{path}: not YAML: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: cannot be read: {error}") from error
    if not isinstance(data, dict):
        raise ModelError(f"{path}: expected a mapping of keys, found {type(data).__name__}")
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(p) for p in fault['loc']) or 'manifest'}: {fault['msg']}" for fault in error.errors()
        )
        raise ModelError(f"{path}: {faults}. Correct these keys of the manifest.") from error


def find_manifest(weights: Path) -> ModelManifest | None:
    """The manifest of a weights file: beside it, else among the shipped ones by hash, else None.

    Raises `ModelError` when the manifest is wrong or was written for another file.
    """
    if weights.with_suffix(".yaml").is_file():
        return checked_manifest(weights, ModelManifest)
    found = sha256_of(weights)
    for path in sorted(SHIPPED.glob("*.yaml")):
        manifest = read_manifest(path)
        if manifest.sha256 == found:
            return manifest
    return None


def checked_manifest(weights: Path, kind: type[Manifest]) -> Manifest:
    """The manifest beside a weights file. Raises `ModelError` when it is wrong or was written for another file."""
    beside = weights.with_suffix(".yaml")
    manifest = _read(beside, kind)
    if manifest.sha256 is not None:
        found = sha256_of(weights)
        if found != manifest.sha256:
            raise ModelError(
                f"{weights}: SHA-256 is {found}, {beside} expects {manifest.sha256}. The weights were changed "
                f"or cut short: copy them again, or correct sha256 if the new file is meant."
            )
    return manifest
