"""A small made-up road with known truth: a network that finds coloured blocks, videos of them, and a site.

The network is a real ONNX graph (red blocks are trucks, blue ones cars, one of each per lane and picture), so a
box runs on it from decoding to the receipt as it does on a real road, hundreds of frames a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import onnx
import yaml
from av.video.stream import VideoStream
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from leads import generate_key, write_public_key

ROOT = Path(__file__).resolve().parents[1]
WIDTH, HEIGHT, FPS = 320, 192, 10
LANES = ((0, 96), (96, 192))
"""Rows of the upper and the lower lane."""
LENGTH, TALL = 56, 40
"""Size of a vehicle in pixels."""
RED, BLUE = (220, 20, 20), (20, 20, 220)


@dataclass(frozen=True)
class Drive:
    """One vehicle's way through the picture, left to right."""

    starts_s: float
    lane: int
    colour: tuple[int, int, int] = RED
    speed: float = 130.0
    """Pixels per second."""
    stops_at: float | None = None
    """Left edge at which it stands still, if it does."""

    def left(self, t_s: float) -> float | None:
        """Left edge at a time; None when out of the picture."""
        x = (t_s - self.starts_s) * self.speed - LENGTH
        if self.stops_at is not None:
            x = min(x, self.stops_at)
        return x if -LENGTH < x < WIDTH else None


def convoy(count: int, lane: int = 1, every_s: float = 3.5, colour: tuple[int, int, int] = RED) -> list[Drive]:
    """Vehicles one after the other, never two at a time; the first has the time for a whole pre-roll before it."""
    return [Drive(3.0 + i * every_s, lane, colour) for i in range(count)]


def picture(drives: Sequence[Drive], t_s: float) -> NDArray[np.uint8]:
    """The road at a time: RGB, uint8 (HEIGHT, WIDTH, 3)."""
    image = np.full((HEIGHT, WIDTH, 3), 110, np.uint8)
    image[94:98] = 200
    for drive in drives:
        left = drive.left(t_s)
        if left is not None:
            top = (LANES[drive.lane][0] + LANES[drive.lane][1] - TALL) // 2
            image[top : top + TALL, max(round(left), 0) : max(round(left) + LENGTH, 0)] = drive.colour
    return image


def write_video(path: Path, drives: Sequence[Drive], seconds: float, codec: str = "libx264") -> Path:
    """Encode the road; a keyframe every second."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=FPS)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.gop_size = FPS
        stream.codec_context.thread_count = 1
        stream.options = {"crf": "16", "preset": "veryfast"}
        for index in range(round(seconds * FPS)):
            frame = av.VideoFrame.from_ndarray(picture(drives, index / FPS), format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def write_network(path: Path) -> Path:
    """An end-to-end network: rows of x0, y0, x1, y1, score, class for each colour and lane."""
    nodes: list[onnx.NodeProto] = []
    constants: list[onnx.TensorProto] = []

    def const(name: str, value: Any, kind: type = np.float32) -> str:
        constants.append(numpy_helper.from_array(np.array(value, kind), name))
        return name

    def node(op: str, inputs: list[str], name: str, **attributes: Any) -> str:
        nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    const("axis_w", [2], np.int64)
    const("axis_h", [3], np.int64)
    const("row", [1, 1, 1], np.int64)
    const("limit", 0.3)
    planes = [
        node("Slice", ["images", const(f"c{i}a", [i], np.int64), const(f"c{i}b", [i + 1], np.int64),
                       const(f"c{i}x", [1], np.int64)], f"plane{i}")
        for i in range(3)
    ]  # fmt: skip
    rows = []
    for number, (more, less) in enumerate(((0, 2), (2, 0))):
        excess = node("Sub", [planes[more], planes[less]], f"excess{number}")
        for lane, (top, bottom) in enumerate(LANES):
            tag = f"_{number}{lane}"
            ends = [const(f"top{tag}", [top], np.int64), const(f"bottom{tag}", [bottom], np.int64)]
            band = node("Slice", [excess, *ends, "axis_w"], f"band{tag}")
            mask = node("Cast", [node("Greater", [band, "limit"], f"over{tag}")], f"mask{tag}", to=TensorProto.FLOAT)
            along = node("ReduceMax", [mask], f"along{tag}", axes=[2], keepdims=0)
            across = node("ReduceMax", [mask], f"across{tag}", axes=[3], keepdims=0)
            values = []
            for side, (line, offset) in enumerate(((along, 0), (across, top))):
                first = node("ArgMax", [line], f"first{tag}{side}", axis=2, keepdims=0)
                last = node("ArgMax", [line], f"last{tag}{side}", axis=2, keepdims=0, select_last_index=1)
                for end, index in (("a", first), ("b", last)):
                    wide = node("Cast", [index], f"wide{tag}{side}{end}", to=TensorProto.FLOAT)
                    shift = const(f"shift{tag}{side}{end}", float(offset + (end == "b")))
                    values.append(node("Add", [wide, shift], f"edge{tag}{side}{end}"))
            found = node("ReduceMax", [mask], f"found{tag}", axes=[2, 3], keepdims=0)
            score = node("Mul", [found, const(f"sure{tag}", 0.9)], f"score{tag}")
            kind = node("Mul", [found, const(f"class{tag}", float(number))], f"kind{tag}")
            cells = [values[0], values[2], values[1], values[3], score, kind]
            flat = [node("Reshape", [c, "row"], f"cell{tag}{i}") for i, c in enumerate(cells)]
            rows.append(node("Concat", flat, f"row{tag}", axis=2))
    node("Concat", rows, "output0", axis=1)
    graph = helper.make_graph(
        nodes,
        "blocks",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, HEIGHT, WIDTH])],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, [1, len(rows), 6])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    facts = {"names": "{0: 'truck', 1: 'car'}", "task": "detect", "imgsz": f"[{HEIGHT}, {WIDTH}]"}
    helper.set_model_props(model, facts)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path


CLOSED_LANE = {
    "id": "lower-lane",
    "purpose": "closed",
    "polygon": [[0.25, 0.5], [0.8, 0.5], [0.8, 1.0], [0.25, 1.0]],
}
"""The middle of the lower lane, closed to trucks: every red block there is one act."""


def write_site(folder: Path, video: Path | str, **changes: Any) -> Path:
    """Write a site with its keys and network below `folder`; `changes` replace top-level settings."""
    folder.mkdir(parents=True, exist_ok=True)
    network = folder / "blocks.onnx"
    if not network.exists():
        write_network(network)
    key = folder / "keys" / "box-1.key"
    if not key.exists():
        write_public_key(folder / "hub" / "keys" / "box-1.pub", generate_key(key).public_key())
    site: dict[str, Any] = {
        "site": "test",
        "box": "box-1",
        "cameras": [
            {
                "source": {"id": "gate", "url": str(video), "mode": "replay", "started_at": "2026-03-01T00:00:00Z"},
                "place": {"name": "测试点", "road_code": "G316", "stake": "K1+200"},
                "plan": {"zones": [CLOSED_LANE]},
            }
        ],
        "detector": {"model": str(network), "motion": {"enabled": False}, "threads": 1, "lanes": 1},
        "rules": str(ROOT / "configs/rules/road.yaml"),
        "evidence": {"folder": "evidence", "pre_s": 2, "post_s": 1, "min_free_mib": 1},
        "outbox": "outbox.db",
        "keys": {"box": str(key)},
        "broker": {"host": "127.0.0.1", "port": 1},
        "metrics": None,
        "second_look": None,
    }
    path = folder / "site.yaml"
    path.write_text(yaml.safe_dump(site | changes, allow_unicode=True), encoding="utf-8")
    return path
