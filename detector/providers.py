"""What runs the network: chosen by what is installed and asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from detector.settings import ProviderName
from models.manifest import ModelError

ORT_NAMES: dict[ProviderName, str] = {
    "tensorrt": "TensorrtExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
"""Names in ONNX Runtime, in the order `auto` tries them."""

_MOST_LANES = 8
"""Each inference in flight holds its own activations in memory."""

_REMEDY: dict[ProviderName, str] = {
    "tensorrt": "install onnxruntime-gpu in place of onnxruntime, and TensorRT",
    "cuda": "install onnxruntime-gpu in place of onnxruntime, and NVIDIA's CUDA and cuDNN",
    "openvino": "install onnxruntime-openvino in place of onnxruntime",
    "cpu": "install onnxruntime",
}


def candidates(asked: ProviderName, available: Sequence[str]) -> tuple[ProviderName, ...]:
    """Providers to try in turn. Raises `ModelError` with the remedy when the one asked for is not installed."""
    if asked == "auto":
        return tuple(name for name, ort_name in ORT_NAMES.items() if ort_name in available)
    if ORT_NAMES[asked] not in available:
        raise ModelError(
            f"provider {asked} is asked for, but this ONNX Runtime has only {', '.join(available)}: "
            f"{_REMEDY[asked]}, or set provider: auto."
        )
    return (asked,)


def remedy(name: ProviderName) -> str:
    """What to install so that the provider starts."""
    return _REMEDY[name]


def share_cores(name: ProviderName, threads: int | None, lanes: int | None, cores: int) -> tuple[int, int]:
    """Threads of one inference and inferences at a time, out of what is set and the cores there are.

    On a CPU many inferences of one thread each finish more frames than one inference of many threads: nobody
    waits at the end of each layer. Other providers spread one inference themselves.
    """
    if name != "cpu":
        return threads or min(cores, _MOST_LANES), lanes or 1
    if threads is None and lanes is None:
        lanes = min(cores, _MOST_LANES)
    lanes = lanes or max(1, cores // (threads or 1))
    return threads or max(1, cores // lanes), lanes


def options(
    name: ProviderName, threads: int, lanes: int, engine_cache: Path | None
) -> list[tuple[str, dict[str, str]]]:
    """ONNX Runtime's list of providers: the chosen one with its options, then those for what it cannot run."""
    given: dict[str, str] = {}
    if name == "tensorrt":
        given = {"trt_fp16_enable": "True"}
        if engine_cache is not None:
            given |= {"trt_engine_cache_enable": "True", "trt_engine_cache_path": str(engine_cache)}
    elif name == "cuda":
        given = {"cudnn_conv_algo_search": "HEURISTIC"}
    elif name == "openvino":
        given = {"device_type": "CPU", "num_of_threads": str(threads), "num_streams": str(lanes)}
    rest: tuple[ProviderName, ...] = ("cuda", "cpu") if name == "tensorrt" else ("cpu",)
    return [(ORT_NAMES[name], given), *((ORT_NAMES[other], {}) for other in rest if other != name)]
