"""The bundled networks see what they saw when their baselines were stored: a drop of over one point fails."""

from __future__ import annotations

import pytest
from rich.console import Console

from models.bundled import bundled_weights
from models.lab.tables import tables
from models.taxonomy import Task
from tests.accuracy.networks import FIGURES, TASKS, baseline, kept, measure

POINT = 0.01


@pytest.mark.parametrize("task", TASKS)
def test_a_bundled_network_sees_no_less_than_its_baseline(task: Task) -> None:
    stored = baseline(task)
    results = measure(task, bundled_weights(task))
    for table in tables(task, results):
        Console().print(table)
    found = kept(results)
    assert found["pictures"] == stored["pictures"], "the data or the sources have changed: the baseline holds no more"
    assert found.keys() == stored.keys()
    fallen = {name: (stored[name], found[name]) for name in FIGURES if found.get(name, 0) < stored.get(name, 0) - POINT}
    assert not fallen, f"fallen, from and to: {fallen}"
