"""`Source`: what is declared of a set of labelled pictures before any of it goes into a data set."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from models.manifest import ModelError
from models.taxonomy import Task, classes_of

SOURCES = Path(__file__).parent / "sources"
"""The declarations that come with the project, one file per source."""

Split = Literal["train", "val"]
Format = Literal["yolo", "video", "plates", "rendered", "rendered_crops"]


class Scenes(BaseModel):
    """How pictures of one scene are told, so that a scene is never on both sides of the split."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    by: Literal["likeness", "order", "seed", "folder"]
    """likeness: pictures that look alike; order: a fixed camera's frame numbers, the last of which are held out;
    seed: the scene a rendering names; folder: the source's own split."""
    val: float = Field(default=0.12, ge=0, lt=1)
    """Share held out: of the scenes, or by order of the time covered."""
    block: int = Field(default=50, ge=1)
    """By order: numbers that make one scene."""
    gap: int = Field(default=0, ge=0)
    """By order: numbers left out before the part held out, so that no vehicle is on both sides."""


class Source(BaseModel):
    """One set of labelled pictures."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern="^[a-z0-9][a-z0-9-]*$")
    """Short name; begins the name of each of its pictures."""
    task: Task
    """Which network it teaches."""
    title: str
    """The set as its makers call it."""
    licence: str
    """Licence of the set, SPDX where there is one."""
    format: Format
    """How pictures and boxes are stored."""
    folder: str = "."
    """Where it lies below the data folder (rendered: below the folder of renderings)."""
    held_out: str | None = None
    """By folder: where the part held out lies."""
    video: str | None = None
    """Video, the film; its boxes are in `.boxes.csv` beside it."""
    every: int = Field(default=1, ge=1)
    """Video: take one frame of so many."""
    numbers: tuple[int, int] | None = None
    """Video: only frames from the first of these up to, and without, the second."""
    stretch: float = Field(default=1.0, ge=1, le=4)
    """Yolo: how much wider the pictures must be made to have the proportions the camera saw."""
    names: tuple[str, ...]
    """The source's own words, in order of its class numbers."""
    map: dict[str, str]
    """Own word to the taxonomy's."""
    left_out: dict[str, str] = {}
    """Own word to the reason why its boxes are not used."""
    only_with: tuple[str, ...] = ()
    """Only pictures that hold one of these own words."""
    without: tuple[str, ...] = ()
    """Only pictures that hold none of these own words."""
    corrections: dict[str, dict[int, str]] = {}
    """Yolo: by picture and number of the box in its file, the own word that it should bear, as somebody has looked."""
    skip: tuple[str, ...] = ()
    """Yolo: pictures of which nobody can tell what their boxes should bear."""
    labelled: tuple[str, ...]
    """Taxonomy words of which the source labels all there is; where another is not labelled it may still be there."""
    prelabel: tuple[str, ...] = ()
    """Taxonomy words that another network may add where nothing is labelled."""
    condition: str
    """Light and weather of all its pictures, or `measured` for day or night by their brightness."""
    scenes: Scenes
    """How it is split."""
    why: str
    """What its labels are like, and why it is used as it is."""

    @model_validator(mode="after")
    def _check_words(self) -> Self:
        spoken = [*self.map, *self.left_out]
        if sorted(spoken) != sorted(self.names):
            odd = sorted(set(spoken) ^ set(self.names)) or "a word in both"
            raise ValueError(f"each of names must be in one of map and left_out; look at {odd}")
        wrong = ({*self.map.values(), *self.labelled, *self.prelabel}) - set(classes_of(self.task))
        if wrong:
            raise ValueError(f"{sorted(wrong)}: task {self.task} knows {', '.join(classes_of(self.task))}")
        corrected = {word for boxes in self.corrections.values() for word in boxes.values()}
        strange = {*self.only_with, *self.without, *corrected} - set(self.names)
        if strange:
            raise ValueError(f"{sorted(strange)} is none of names")
        if set(self.prelabel) & set(self.labelled):
            raise ValueError("prelabel is for what is not labelled in full")
        if (self.scenes.by == "folder") != (self.held_out is not None):
            raise ValueError("held_out and scenes by folder go together")
        if (self.format == "video") != (self.video is not None):
            raise ValueError("video and format video go together")
        return self

    @property
    def is_rendered(self) -> bool:
        """Lies in the folder of renderings."""
        return self.format in ("rendered", "rendered_crops")


def read_source(path: Path) -> Source:
    """Read one declaration. Raises `ModelError` naming file, key and remedy."""
    try:
        return Source.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        raise ModelError(f"{path}: {error}. Correct the declaration.") from error


def read_sources(task: Task, folder: Path = SOURCES) -> list[Source]:
    """All declared sources of a task, by name."""
    every = [read_source(path) for path in sorted(folder.glob("*.yaml"))]
    return [source for source in every if source.task == task]
