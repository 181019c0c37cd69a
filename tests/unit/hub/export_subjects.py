"""Notes of a box on where a vehicle was, written by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

DRAFT_FACTS: dict[str, Any] = {
    "anchor_at": "2026-11-23T04:00:10.000Z",
    "anchor_s": 10.0,
    "moments_s": [3.0, 10.2, 10.5],
    "pictures": [
        {"name": "close-up", "taken_at": "2026-11-23T04:00:10.300Z", "boxes": []},
        {"name": "shot-1", "taken_at": "2026-11-23T04:00:12.000Z", "boxes": []},
    ],
    "clip": {"codec": "h264", "start_s": 10.0, "end_s": 11.0, "offset_s": 0.0, "complete": True, "missing": None},
}
"""A clip from second 10 to 11 of the stream; the first moment lies before it."""
DRAFT = json.dumps(DRAFT_FACTS).encode()


def track_json(rows: Sequence[Sequence[float]], size: tuple[int, int] = (1280, 720)) -> bytes:
    """`track.json` of rows: second, x0, y0, x1, y1, score, seen."""
    return json.dumps({"width": size[0], "height": size[1], "boxes": list(rows)}).encode()
