"""A training recipe: what a network of the project is made by, as a YAML file."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.lab.canvas import Variation
from models.manifest import InputSpec, ModelError
from models.taxonomy import Task

RECIPES = Path(__file__).parent / "recipes"
"""Recipes of the networks the project ships."""


class Recipe(BaseModel):
    """How one network is trained."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """Name and version of the network, as leads will quote it."""
    task: Task
    """First look or second look; gives the classes."""
    input: InputSpec
    """Input of the network on the box, and so the canvas it is trained on."""
    epochs: int = Field(default=60, ge=1)
    """Rounds of `canvases` each; fewer when a time limit ends the run, with the schedule fitted to it."""
    canvases: int = Field(default=2000, ge=1)
    """Canvases in a round; pictures are drawn anew for each."""
    plain_epochs: int = Field(default=8, ge=0)
    """Last rounds with a single picture a canvas, as the camera gives it."""
    batch: int = Field(default=16, ge=1)
    """Canvases a step."""
    learning_rate: float = Field(default=0.001, gt=0)
    """At its height; falls along a cosine."""
    weights: dict[str, float] = {}
    """How often a source is drawn against its count of pictures; 1 for sources not named, 0 to leave one out."""
    licence: str = "AGPL-3.0-or-later"
    """Licence of the weights, SPDX; that of the weights they start from may bind it."""
    started_from: str
    """Weights the training starts from, with their licence, for the model card."""
    limits: tuple[str, ...] = Field(min_length=1)
    """What the network cannot do, said plainly, for the model card."""
    variation: Variation = Variation()
    """How far canvases differ from what the camera took."""


def read_recipe(path: Path) -> Recipe:
    """Read a recipe. Raises `ModelError` naming file, key and remedy."""
    try:
        return Recipe.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ModelError(f"{path}: cannot be read as a recipe: {error}") from error
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise ModelError(f"{path}: {faults}. Correct these keys of the recipe.") from error
