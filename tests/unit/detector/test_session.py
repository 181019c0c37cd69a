"""Files that are no detector are refused at once, with what was found, what was expected and what to do."""

from __future__ import annotations

import logging
from pathlib import Path

import onnxruntime as ort
import pytest

from detector.session import open_session
from detector.settings import DetectorSettings
from models.manifest import ModelError
from tests.unit.detector.networks import end2end, save_classifier, save_network


def refusal(weights: Path, **settings: object) -> str:
    with pytest.raises(ModelError) as refused:
        open_session(DetectorSettings.model_validate({"model": weights, **settings}))
    return str(refused.value)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return tmp_path / "net.onnx"


def test_a_file_that_is_not_there(weights: Path) -> None:
    assert (
        refusal(weights) == f"{weights}: there is no such file. Name an ONNX weights file, or none for the bundled one."
    )


def test_a_file_that_is_no_network(weights: Path) -> None:
    weights.write_bytes(b"not a network")
    text = refusal(weights)
    assert "expected an ONNX network, found 13 bytes" in text
    assert "Copy the file again" in text


def test_a_file_that_was_cut_short(weights: Path) -> None:
    whole = save_network(weights, end2end()).read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    assert f"found {len(whole) // 2} bytes that ONNX Runtime {ort.__version__} refuses" in refusal(weights)


def test_an_input_that_is_no_colour_picture(weights: Path) -> None:
    save_network(weights, end2end(), channels=1)
    text = refusal(weights)
    assert "expected one input of batch x 3 x height x width in float32 or float16" in text
    assert "found images [1, 1, 64, 64] tensor(float)" in text


def test_more_outputs_than_one(weights: Path) -> None:
    save_classifier(weights, outputs=2)
    assert "expected one output, found 2: y0 [1, 3]; y1 [1, 3]" in refusal(weights)


@pytest.mark.parametrize(
    ("batch", "width", "expected"), [(1, 64, (1, 64, 64)), (None, 64, (None, 64, 64)), (4, None, (4, 64, None))]
)
def test_free_sizes_are_told_from_fixed_ones(
    weights: Path, batch: int | None, width: int | None, expected: tuple[int | None, ...]
) -> None:
    save_network(weights, end2end(), batch=batch, width=width)
    assert open_session(DetectorSettings(model=weights)).input_shape == expected


def test_the_provider_the_lanes_and_the_threads_are_said_in_the_log(
    weights: Path, caplog: pytest.LogCaptureFixture
) -> None:
    save_network(weights, end2end())
    with caplog.at_level(logging.INFO):
        session = open_session(DetectorSettings(model=weights, provider="cpu", threads=2, lanes=3))
    assert (session.provider, session.threads, session.lanes) == ("cpu", 2, 3)
    assert "net.onnx runs on cpu: 3 at a time, 2 threads each" in caplog.text


def test_cores_are_shared_out_over_lanes(weights: Path) -> None:
    save_network(weights, end2end())
    session = open_session(DetectorSettings(model=weights, provider="cpu"), cores=4)
    assert (session.lanes, session.threads) == (4, 1)


@pytest.mark.skipif("TensorrtExecutionProvider" in ort.get_available_providers(), reason="TensorRT is installed")
def test_a_provider_that_is_not_installed(weights: Path) -> None:
    save_network(weights, end2end())
    text = refusal(weights, provider="tensorrt")
    assert "provider tensorrt is asked for, but this ONNX Runtime has only" in text
    assert "install onnxruntime-gpu in place of onnxruntime, and TensorRT, or set provider: auto" in text
