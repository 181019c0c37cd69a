"""`lushao models dataset` and `lushao models evaluate` as somebody types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lushao import app
from models.lab import sources
from models.lab.sources import Source
from tests.unit.detector.networks import end2end, save_network, ultralytics_metadata, write_manifest
from tests.unit.lab.sets import photo, save_yolo, source


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one declared source: pictures of 64 x 64, a car at the left of each."""
    pictures = {f"p{n}": (photo(n, 64, 64), "0 0.25 0.5 0.5 1\n") for n in range(30)}
    save_yolo(tmp_path / "set", pictures)

    def declared(task: str) -> list[Source]:
        return [s for s in [source()] if s.task == task]

    monkeypatch.setattr("models.lab.commands.read_sources", declared)
    return tmp_path


def test_a_data_set_is_built_and_a_network_measured_on_it(data: Path) -> None:
    out, weights = data / "out", data / "cars.onnx"
    built = CliRunner().invoke(app, ["models", "dataset", "vehicles", "--data", str(data), "--out", str(out)])
    assert built.exit_code == 0, built.output
    assert (out / "report.md").is_file()
    save_network(weights, end2end((0, 0, 32, 64, 0.9, 0)), metadata=ultralytics_metadata(("car",)))
    options = ["--data", str(out), "--model", str(weights), "--json", str(data / "figures.json")]
    told = CliRunner().invoke(app, ["models", "evaluate", *options])
    assert told.exit_code == 0, told.output
    assert "100.0" in told.output
    figures = json.loads((data / "figures.json").read_text())[str(weights)]
    assert figures["all"]["map50"] == pytest.approx(1)
    assert figures["sources"]["road"]["near_named"] == 1


def test_a_network_is_not_measured_on_the_data_of_the_other_task(data: Path) -> None:
    out, weights = data / "out", data / "wheels.onnx"
    CliRunner().invoke(app, ["models", "dataset", "vehicles", "--data", str(data), "--out", str(out)])
    save_network(weights, end2end((0, 0, 32, 64, 0.9, 0)))
    write_manifest(weights, "yolo26_end2end", task="features", names=("wheel",))
    told = CliRunner().invoke(app, ["models", "evaluate", "--data", str(out), "--model", str(weights)])
    assert told.exit_code == 1
    assert "finds features" in told.output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["dataset", "lorries", "--data", ".", "--out", "x"], "vehicles or features"),
        (["evaluate", "--data", ".", "--split", "test"], "train or val"),
        (["evaluate", "--data", ".", "--merge", "van=lorry"], "lorry"),
        (["evaluate", "--data", str(sources.SOURCES), "--model", "x.onnx"], "is no data set"),
    ],
)
def test_a_slip_on_the_command_line_is_told(words: list[str], told: str) -> None:
    result = CliRunner().invoke(app, ["models", *words])
    assert result.exit_code != 0
    assert told in " ".join(result.output.replace("│", " ").split())
