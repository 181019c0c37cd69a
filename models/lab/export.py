"""From a checkpoint to what the box runs: ONNX in float32, its INT8 twin, and the way back to go on training."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import torch
from onnx import numpy_helper
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import nn
from ultralytics.nn.modules import Conv

from detector.preprocess import Preprocessor
from models.lab.network import RoadNetwork
from models.manifest import InputSpec, ModelError

_OPSET = 17
_HEAD = "model.24"


def load_checkpoint(checkpoint: Path, classes: int) -> RoadNetwork:
    """The averaged weights of a training run's checkpoint. Raises `ModelError` for another network's."""
    saved = torch.load(checkpoint, map_location="cpu", weights_only=False)
    network = RoadNetwork(classes)
    trained = saved.get("ema") or saved.get("model")
    try:
        network.load_state_dict(trained.float().state_dict())
    except (AttributeError, RuntimeError) as error:
        raise ModelError(f"{checkpoint}: is no checkpoint of a network with {classes} classes: {error}") from error
    return network


def to_onnx(network: RoadNetwork, size: InputSpec, target: Path) -> None:
    """Write float32 ONNX with a free batch: images (N, 3, H, W) -> (N, 4 + classes, cells), scores after sigmoid.

    Weights keep their names, so that `load_onnx` finds them again.
    """
    network = network.eval().fuse(verbose=False)
    head: Any = network.model[-1]
    head.export, head.format, head.shape = True, "onnx", None
    example = torch.zeros(1, 3, size.height, size.width)
    torch.onnx.export(
        network,
        (example,),
        str(target),
        opset_version=_OPSET,
        input_names=["images"],
        output_names=["found"],
        dynamic_axes={"images": {0: "batch"}, "found": {0: "batch"}},
        dynamo=False,
    )


def load_onnx(network: RoadNetwork, weights: Path) -> int:
    """Fill a fresh network with the weights of an exported one; returns how many convolutions were filled.

    In the file each normalisation is folded into its convolution, so here it is set to the identity and its bias takes
    the folded one. Convolutions of another shape (a head with other classes) keep their fresh weights. Raises
    `ModelError` when nothing fits.
    """
    stored = _convolutions(weights)
    filled = 0
    for name, module in network.named_modules():
        if isinstance(module, Conv) and isinstance(module.bn, nn.BatchNorm2d):
            filled += _fill(module.conv, module.bn, stored, f"{name}.conv")
        elif isinstance(module, nn.Conv2d) and module.bias is not None:
            filled += _fill(module, None, stored, name)
    if not filled:
        raise ModelError(f"{weights}: holds no weights under this network's names; only its own float32 exports do.")
    return filled


def _convolutions(weights: Path) -> dict[str, Any]:
    """Weights and biases by the names of their convolutions; what is equal is stored once, under one name."""
    graph = onnx.load(str(weights)).graph
    stored = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    for node in graph.node:
        if node.op_type == "Identity" and node.input[0] in stored:
            stored[node.output[0]] = stored[node.input[0]]
    return stored


def _fill(conv: nn.Conv2d, bn: nn.BatchNorm2d | None, stored: dict[str, Any], name: str) -> int:
    weight, bias = stored.get(f"{name}.weight"), stored.get(f"{name}.bias")
    if weight is None or bias is None or tuple(conv.weight.shape) != weight.shape:
        return 0
    conv.weight.data.copy_(torch.from_numpy(weight.copy()))
    if bn is None:
        assert conv.bias is not None
        conv.bias.data.copy_(torch.from_numpy(bias.copy()))
        return 1
    bn.bias.data.copy_(torch.from_numpy(bias.copy()))
    bn.weight.data.fill_(float(np.sqrt(1 + bn.eps)))
    assert bn.running_mean is not None
    assert bn.running_var is not None
    bn.running_mean.zero_()
    bn.running_var.fill_(1)
    return 1


@torch.no_grad()  # type: ignore[untyped-decorator]
def settle(network: RoadNetwork, batches: Iterable[torch.Tensor]) -> None:
    """Give each normalisation of a network from `load_onnx` the mean and variance of what it gets from `batches`.

    An identity computes what the exported network did, but training normalises by each batch and would change that;
    with scale and offset fitted to what comes in, it does not.
    """
    sums: dict[nn.BatchNorm2d, list[torch.Tensor]] = {}

    def record(norm: nn.BatchNorm2d, given: tuple[torch.Tensor, ...]) -> None:
        x = given[0].float()
        sums.setdefault(norm, []).append(torch.stack([x.mean((0, 2, 3)), (x * x).mean((0, 2, 3))]))

    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    hooks = [norm.register_forward_pre_hook(record) for norm in norms]
    network.eval()
    for batch in batches:
        network(batch)
    for hook in hooks:
        hook.remove()
    for norm, recorded in sums.items():
        mean, square = torch.stack(recorded).mean(dim=0)
        variance = (square - mean * mean).clamp_min(1e-6)
        offset = norm.bias - norm.weight * norm.running_mean / (norm.running_var + norm.eps).sqrt()
        slope = norm.weight / (norm.running_var + norm.eps).sqrt()
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.copy_(slope * (variance + norm.eps).sqrt())
        norm.bias.copy_(offset + slope * mean)
    network.train()


class _Pictures(CalibrationDataReader):  # type: ignore[misc]
    """Training pictures as the box would lay them into the input, one at a time."""

    def __init__(self, pictures: list[Path], size: InputSpec) -> None:
        self._pixels = Preprocessor(size, np.dtype(np.float32))
        self._canvas = self._pixels.canvas(1)
        self._left: Iterator[Path] = iter(pictures)

    def get_next(self) -> dict[str, Any] | None:
        path = next(self._left, None)
        if path is None:
            return None
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if picture is None:
            raise ModelError(f"{path}: is not a picture; build the dataset anew.")
        self._pixels.place(np.asarray(picture, np.uint8), self._canvas, 0)
        return {"images": self._canvas.tensor.copy()}


def to_int8(weights: Path, target: Path, pictures: list[Path], size: InputSpec) -> None:
    """Quantise float32 ONNX statically to INT8 (QDQ, per channel), calibrated on `pictures`.

    The head's last steps stay in float32: boxes of hundreds of pixels and scores below 1 share one output tensor, and
    one scale cannot serve both.
    """
    prepared = target.with_suffix(".prepared.onnx")
    quant_pre_process(str(weights), str(prepared), skip_symbolic_shape=True)
    nodes = onnx.load(str(prepared)).graph.node
    kept = [n.name for n in nodes if f"/{_HEAD}/" in n.name and n.op_type != "Conv" and "act" not in n.name]
    kept += [n.name for n in nodes if f"/{_HEAD}/dfl" in n.name]
    try:
        quantize_static(
            str(prepared),
            str(target),
            _Pictures(pictures, size),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
            nodes_to_exclude=sorted(set(kept)),
            extra_options={"CalibMovingAverage": True},
        )
    finally:
        prepared.unlink(missing_ok=True)
