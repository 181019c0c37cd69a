"""Opening a weights file: the ONNX Runtime session, its provider, its input and output, each checked."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as state

from detector import providers
from detector.settings import DetectorSettings, ProviderName
from models.bundled import missing
from models.described import input_size
from models.manifest import ModelError, ModelManifest

log = logging.getLogger(__name__)

Tensor = NDArray[Any]
"""float32 or float16."""

ORT_FAULTS = (
    state.EPFail,
    state.EngineError,
    state.Fail,
    state.InvalidArgument,
    state.InvalidGraph,
    state.InvalidProtobuf,
    state.NoModel,
    state.NoSuchFile,
    state.NotImplemented,
    state.RuntimeException,
)
"""What ONNX Runtime raises for a file it cannot use."""
_DTYPES: dict[str, np.dtype[Any]] = {"tensor(float)": np.dtype(np.float32), "tensor(float16)": np.dtype(np.float16)}


@dataclass(frozen=True, slots=True)
class Session:
    """An opened network with one picture input and one output."""

    ort: ort.InferenceSession
    path: Path
    provider: ProviderName
    threads: int
    lanes: int
    metadata: dict[str, str]
    input_name: str
    input_shape: tuple[int | None, int | None, int | None]
    """Batch, height, width; None where free."""
    dtype: np.dtype[Any]

    def run(self, tensor: Tensor) -> Tensor:
        """Raw output (batch, a, b) for a tensor (batch, 3, height, width). May be called from many threads."""
        return np.asarray(self.ort.run(None, {self.input_name: tensor})[0])

    def size(self, manifest: ModelManifest | None) -> tuple[int, int]:
        """Input width and height: the manifest's, the file's, or the one ultralytics wrote down.

        Raises `ModelError` when they differ or none is there.
        """
        _, height, width = self.input_shape
        told = (manifest.input.width, manifest.input.height) if manifest else input_size(self.metadata)
        if told is None and (width is None or height is None):
            raise ModelError(
                f"{self.path}: the input takes any size and nothing says which the network was trained for. "
                f"Write a manifest {self.path.with_suffix('.yaml')} with input: width and height."
            )
        size = told or (width or 0, height or 0)
        if size[0] != (width or size[0]) or size[1] != (height or size[1]):
            source = "the manifest" if manifest else "its metadata"
            raise ModelError(
                f"{self.path}: the input is {width or 'any'}x{height or 'any'} pixels (width x height), "
                f"{source} expects {size[0]}x{size[1]}. Correct input: width and height of the manifest."
            )
        return size


def open_session(settings: DetectorSettings, cores: int | None = None) -> Session:
    """Open the weights with the provider the settings ask for. Raises `ModelError`.

    `cores`: cores to share out over lanes and threads; default: those this process may use.
    """
    path = settings.model
    if not path.is_file():
        raise ModelError(missing(path))
    for name in providers.candidates(settings.provider, ort.get_available_providers()):
        threads, lanes = providers.share_cores(name, settings.threads, settings.lanes, cores or usable_cores())
        session = _start(path, name, threads, lanes, settings.engine_cache)
        if providers.ORT_NAMES[name] in session.get_providers():
            log.info("%s runs on %s: %d at a time, %d threads each", path.name, name, lanes, threads)
            return _checked(session, path, name, threads, lanes)
        told = f"{name} is installed but does not start here: {providers.remedy(name)}"
        if settings.provider != "auto":
            raise ModelError(f"{path}: provider {told}, or set provider: auto.")
        log.warning("%s; trying the next provider", told)
    raise ModelError(f"{path}: this ONNX Runtime has none of the known providers; {providers.remedy('cpu')}.")


def usable_cores() -> int:
    """CPU cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _start(
    path: Path, provider: ProviderName, threads: int, lanes: int, engine_cache: Path | None
) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    given = providers.options(provider, threads, lanes, engine_cache)
    try:
        return ort.InferenceSession(str(path), options, providers=given)
    except ORT_FAULTS as error:
        size = path.stat().st_size
        raise ModelError(
            f"{path}: expected an ONNX network, found {size} bytes that ONNX Runtime {ort.__version__} refuses: "
            f"{str(error).splitlines()[0]}. Copy the file again, or export it with an opset this version knows."
        ) from error


def _checked(session: ort.InferenceSession, path: Path, provider: ProviderName, threads: int, lanes: int) -> Session:
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if (
        len(inputs) != 1
        or len(inputs[0].shape) != 4
        or inputs[0].shape[1] not in (3, None)
        or inputs[0].type not in _DTYPES
    ):
        found = "; ".join(f"{i.name} {i.shape} {i.type}" for i in inputs)
        raise ModelError(
            f"{path}: expected one input of batch x 3 x height x width in float32 or float16, found {found}. "
            f"This is not a detector for colour pictures, or it was exported in another form."
        )
    if len(outputs) != 1:
        found = "; ".join(f"{o.name} {o.shape}" for o in outputs)
        raise ModelError(
            f"{path}: expected one output, found {len(outputs)}: {found}. "
            f"Export a detector (not segmentation, pose or one with its own NMS plugin)."
        )
    batch, _, height, width = (d if isinstance(d, int) and d > 0 else None for d in inputs[0].shape)
    return Session(
        ort=session,
        path=path,
        provider=provider,
        threads=threads,
        lanes=lanes,
        metadata=dict(session.get_modelmeta().custom_metadata_map),
        input_name=inputs[0].name,
        input_shape=(batch, height, width),
        dtype=_DTYPES[inputs[0].type],
    )
