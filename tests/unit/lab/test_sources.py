"""Declarations of sources: those that come with the project hold, and a slip is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from models.lab.sources import SOURCES, read_source, read_sources
from models.manifest import ModelError
from tests.unit.lab.sets import source


@pytest.mark.parametrize("path", sorted(SOURCES.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_shipped_declaration_bears_its_files_name_and_gives_its_reasons(path: Path) -> None:
    declared = read_source(path)
    assert declared.name == path.stem
    assert len(declared.why) > 80
    assert declared.licence != "unknown"


def test_each_source_teaches_one_task() -> None:
    names = [s.name for task in ("vehicles", "features") for s in read_sources(task)]
    assert sorted(names) == sorted(path.stem for path in SOURCES.glob("*.yaml"))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"map": {}}, "auto"),
        ({"map": {"auto": "car", "tractor": "truck"}}, "a word in both"),
        ({"map": {"auto": "automobile"}}, "automobile"),
        ({"labelled": ["wheel"]}, "wheel"),
        ({"without": ["Auto"]}, "Auto"),
        ({"prelabel": ["car"]}, "prelabel"),
        ({"held_out": "set/valid"}, "folder"),
        ({"format": "video"}, "video"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_slip_in_a_declaration_is_told(changed: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        source(**changed)


def test_a_declaration_that_is_no_yaml_is_named(tmp_path: Path) -> None:
    (tmp_path / "odd.yaml").write_text("name: [")
    with pytest.raises(ModelError, match=r"odd\.yaml"):
        read_sources("vehicles", tmp_path)
