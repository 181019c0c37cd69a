"""Recipes of the networks, and what is said without the training packages."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from models import ModelError
from models.lab.commands import app
from models.lab.recipe import RECIPES, read_recipe


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_recipe_of_the_project_is_sound(path: Path) -> None:
    recipe = read_recipe(path)
    assert recipe.task == path.stem
    assert recipe.input.width % 32 == recipe.input.height % 32 == 0
    assert recipe.plain_epochs < recipe.epochs


def test_a_wrong_key_is_named(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text((RECIPES / "vehicles.yaml").read_text().replace("batch: 16", "batch: 0\nbeers: 4"))
    with pytest.raises(ModelError, match=r"own\.yaml: .*batch.*beers.*Correct these keys"):
        read_recipe(path)


def test_training_without_its_packages_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ultralytics", None)
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    done = CliRunner().invoke(app, ["train", "vehicles", "--data", str(tmp_path), "--out", str(tmp_path / "run")])
    assert done.exit_code == 1
    assert "pip install 'lushao[train]'" in done.stderr
