"""`lushao cameras probe`, as the person who sets up a site uses it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest
from typer.testing import CliRunner, Result

from cameras.commands import app
from tests.unit.cameras.films import film, number_of, picture


@pytest.fixture(autouse=True)
def loud_again() -> Iterator[None]:
    """The command quietens a log; other tests hear it."""
    yield
    logging.getLogger("cameras.reader").setLevel(logging.NOTSET)


def probe(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["probe", *map(str, arguments)])


def test_it_tells_what_comes_and_writes_the_first_picture(tmp_path: Path) -> None:
    source = film(tmp_path / "road.mp4", frames=16, gop=5)
    result = probe(source, "--seconds", "10", "--picture", tmp_path / "first.png")
    assert result.exit_code == 0, result.output
    assert f"{source}: h264 128x96, " in result.stdout
    assert " fps, 16 frames, a keyframe every 0.5 s\n" in result.stdout
    assert number_of(cv2.imread(str(tmp_path / "first.png"))) == 0  # type: ignore[arg-type]


def test_it_watches_no_longer_than_asked(tmp_path: Path) -> None:
    result = probe(film(tmp_path / "road.mp4", gop=50), "--seconds", "0.45")
    assert result.exit_code == 0, result.output
    assert "only one keyframe in this time" in result.stdout
    assert int(result.stdout.split(" frames")[0].split()[-1]) < 8


def test_a_folder_of_pictures_gives_no_clips(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "1.png"), picture(1))
    result = probe(tmp_path)
    assert result.exit_code == 0, result.output
    assert "pictures 128x96, rate unknown, 1 frames, no packets to cut clips from" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nothing.mp4"], "nothing.mp4: No such file or directory: check the path in url"),
        (["rtsp://127.0.0.1:1/x"], "rtsp://127.0.0.1:1/x: Connection refused: check host and port in url"),
        (["rtsp://a:hunter2@h/x"], "user and password do not belong in the address"),
        (["rtsp://h/x", "--user", "a", "--password-env", "NOT_SET"], "NOT_SET is not set"),
        (["rtsp://h/x", "--password-env", "NOT_SET"], "a password needs a user"),
    ],
)
def test_it_says_once_what_is_wrong(arguments: list[str], says: str) -> None:
    result = probe(*arguments)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert says in result.stderr
    assert result.stderr.count("\n") == 1
    assert "hunter2" not in result.output


@pytest.mark.parametrize("name", ["nowhere/first.png", "first.xyz"])
def test_a_picture_that_cannot_be_written_is_said(tmp_path: Path, name: str) -> None:
    result = probe(film(tmp_path / "road.mp4", frames=3), "--picture", tmp_path / name)
    assert result.exit_code == 1
    assert name in result.stderr
    assert "first picture" not in result.stdout
