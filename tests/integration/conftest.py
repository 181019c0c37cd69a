"""Real parts for the integration tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.brokers import Mosquitto


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A running broker, open and without persistence."""
    with Mosquitto(tmp_path / "mosquitto") as broker:
        yield broker
