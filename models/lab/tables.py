"""The figures of an evaluation as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.table import Table


def tables(title: str, results: dict[str, Any]) -> Iterator[Table]:
    """Two tables: by class, and by source and condition. All figures in per cent."""
    every = results["all"]
    table = Table("class", "labels", "mAP50", "mAP50-95", title=f"{title}: {every['pictures']} pictures")
    for word, of_class in every["classes"].items():
        table.add_row(word, str(of_class["labels"]), _share(of_class["ap50"]), _share(of_class["ap50_95"]))
    table.add_row("mean", "", _share(every["map50"]), _share(every["map50_95"]), style="bold")
    yield table
    heads = ("", "pictures", "mAP50", "mAP50-95", "near", "found", "and named")
    table = Table(*heads, title=f"near vehicles at a score of {results['working_score']:g}")
    for kind in ("sources", "conditions"):
        for name, own in results[kind].items():
            table.add_row(name, *_row(own))
        table.add_section()
    table.add_row("all", *_row(every), style="bold")
    yield table


def _row(own: dict[str, Any]) -> list[str]:
    shares = [_share(own[key]) for key in ("map50", "map50_95", "near_found", "near_named")]
    return [str(own["pictures"]), *shares[:2], str(own["near"]), *shares[2:]]


def _share(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"
