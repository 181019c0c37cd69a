"""One sealed tree of evidence for all tests of this room: a box has watched four trucks, with no broker near."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.edge.boxes import Scene, watch
from tests.world import convoy, write_site, write_video


@pytest.fixture(scope="session")
def sealed_scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """Four trucks, four leads. Not to be changed: take `scene` for that."""
    root = tmp_path_factory.mktemp("scene")
    drives = convoy(4)
    video = write_video(root / "road.mp4", drives, seconds=18)
    watch(write_site(root, video), leads=4)
    return Scene(root, tuple(drives))


@pytest.fixture
def scene(sealed_scene: Scene, tmp_path: Path) -> Scene:
    """A copy of the four leads, to be tampered with."""
    return Scene(shutil.copytree(sealed_scene.root, tmp_path / "scene"), sealed_scene.drives)


@pytest.fixture(autouse=True)
def _own_signals() -> Iterator[None]:
    """Commands take signals for themselves; what runs the tests gets them back."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)
