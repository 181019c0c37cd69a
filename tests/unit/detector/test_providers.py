"""What runs the network follows from what is installed and what is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from detector.providers import ORT_NAMES, candidates, options, share_cores
from detector.settings import ProviderName
from models.manifest import ModelError

CPU, CUDA, TRT, OPENVINO = ORT_NAMES["cpu"], ORT_NAMES["cuda"], ORT_NAMES["tensorrt"], ORT_NAMES["openvino"]


@pytest.mark.parametrize(
    ("asked", "installed", "expected"),
    [
        ("auto", [CPU], ("cpu",)),
        ("auto", ["AzureExecutionProvider", CPU], ("cpu",)),
        ("auto", [CPU, CUDA, TRT], ("tensorrt", "cuda", "cpu")),
        ("auto", [OPENVINO, CPU], ("openvino", "cpu")),
        ("cpu", [TRT, CUDA, CPU], ("cpu",)),
        ("cuda", [TRT, CUDA, CPU], ("cuda",)),
    ],
)
def test_what_is_tried(asked: ProviderName, installed: list[str], expected: tuple[ProviderName, ...]) -> None:
    assert candidates(asked, installed) == expected


@pytest.mark.parametrize("asked", ["tensorrt", "cuda", "openvino"])
def test_what_is_asked_for_and_not_installed_is_refused_with_the_remedy(asked: ProviderName) -> None:
    with pytest.raises(ModelError, match=f"provider {asked} is asked for.*has only {CPU}: install onnxruntime-"):
        candidates(asked, [CPU])


@pytest.mark.parametrize(
    ("name", "threads", "lanes", "cores", "expected"),
    [
        ("cpu", None, None, 4, (1, 4)),
        ("cpu", None, None, 32, (4, 8)),
        ("cpu", None, None, 1, (1, 1)),
        ("cpu", 2, None, 8, (2, 4)),
        ("cpu", 8, None, 4, (8, 1)),
        ("cpu", None, 2, 8, (4, 2)),
        ("cpu", None, 4, 2, (1, 4)),
        ("cpu", 3, 5, 2, (3, 5)),
        ("cuda", None, None, 16, (8, 1)),
        ("tensorrt", None, 2, 4, (4, 2)),
        ("openvino", 4, None, 16, (4, 1)),
    ],
)
def test_cores_are_shared_out(
    name: ProviderName, threads: int | None, lanes: int | None, cores: int, expected: tuple[int, int]
) -> None:
    assert share_cores(name, threads, lanes, cores) == expected


def test_every_provider_falls_back_on_the_cpu_for_what_it_cannot_run() -> None:
    for name in ORT_NAMES:
        assert [n for n, _ in options(name, 1, 1, None)][-1] == CPU
    assert options("cpu", 1, 1, None) == [(CPU, {})]
    assert [n for n, _ in options("tensorrt", 1, 1, None)] == [TRT, CUDA, CPU]


def test_tensorrt_keeps_its_engines_where_it_is_told() -> None:
    assert "trt_engine_cache_enable" not in options("tensorrt", 1, 1, None)[0][1]
    given = options("tensorrt", 1, 1, Path("/var/engines"))[0][1]
    assert (given["trt_engine_cache_enable"], given["trt_engine_cache_path"]) == ("True", "/var/engines")


def test_openvino_is_told_its_threads_and_streams() -> None:
    given = options("openvino", 3, 2, None)[0][1]
    assert (given["num_of_threads"], given["num_streams"]) == ("3", "2")
