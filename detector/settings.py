"""Settings of the first look."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from models.bundled import bundled_weights

ProviderName = Literal["auto", "cpu", "openvino", "cuda", "tensorrt"]


class MotionSettings(BaseModel):
    """When a picture differs enough from the quiet road to be worth a look."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = True
    """Turn it off where every frame must be looked at, or where the camera itself moves."""
    threshold: float = Field(default=14.0, gt=0, le=255)
    """Grey levels by which a cell (1/160 of the picture's width) must differ. Raise it for a noisy night camera."""
    noise_factor: float = Field(default=4.0, gt=0)
    """The same as a multiple of what the cell usually does: keeps rain, leaves and flags quiet."""
    min_area: float = Field(default=0.002, gt=0, le=1)
    """Share of the picture that must have changed in one piece. Lower it for far vehicles."""
    hold_s: float = Field(default=1.0, ge=0)
    """Looking goes on for so long after the last motion. Raise it where vehicles creep."""
    look_every_s: float = Field(default=2.0, gt=0)
    """A look is taken at least so often, so that what the gate misses is found all the same."""
    settle_s: float = Field(default=8.0, gt=0)
    """Seconds over which the background takes in what stays. Raise it where vehicles stand for long."""


class DetectorSettings(BaseModel):
    """The first look: which network, on what, and how often."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: Path = bundled_weights("vehicles")
    """Weights, an ONNX file; its manifest lies beside it as .yaml, or the file describes itself.

    Left out: the network that comes with the package.
    """
    provider: ProviderName = "auto"
    """What runs the network; auto takes the fastest that is installed: TensorRT, CUDA, OpenVINO, CPU."""
    threads: int | None = Field(default=None, ge=1)
    """CPU threads of one inference; none means all cores shared out over the lanes."""
    lanes: int | None = Field(default=None, ge=1, le=64)
    """Inferences that run at the same time; none means one per core on a CPU, else one."""
    batch: int | None = Field(default=None, ge=1, le=64)
    """Most frames in one inference; none means 1 on a CPU and 8 on a GPU, if the network allows."""
    engine_cache: Path | None = None
    """Folder where TensorRT keeps its built engines; without it every start takes minutes."""
    min_score: float = Field(default=0.1, ge=0, le=1)
    """Weaker boxes are dropped. Low, because the tracker keeps a track alive on weak boxes."""
    nms_iou: float = Field(default=0.65, gt=0, lt=1)
    """Two boxes of a kind that overlap more than this are one thing."""
    max_boxes: int = Field(default=300, ge=1, le=2000)
    """Most boxes kept per picture, best first."""
    max_fps: float | None = Field(default=None, gt=0)
    """Frames per second looked at per camera; none means all. Lower it to serve more cameras."""
    motion: MotionSettings = MotionSettings()
    """The motion gate of each camera."""
