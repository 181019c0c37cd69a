"""The network of bodies: answers of the right shape, a loss that knows what is not known, a small enough file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from detector.body_look import BODIES, LOADS, SIZE
from models.lab.bodies.course import LARGEST, export
from models.lab.bodies.network import Answer, BodyNetwork, begin, loss_of

PICTURES = torch.zeros((2, 3, SIZE[1], SIZE[0]))


def test_every_picture_gets_an_answer_to_each_question() -> None:
    answer = BodyNetwork().eval()(PICTURES)
    assert [tuple(logits.shape) for logits in answer] == [(2, len(BODIES)), (2, len(LOADS)), (2, 2)]


def test_what_is_not_known_costs_nothing() -> None:
    answer = Answer(torch.randn(2, len(BODIES)), torch.randn(2, len(LOADS)), torch.randn(2, 2))
    unknown = torch.tensor([-1, -1])
    assert loss_of(answer, unknown, unknown, unknown) == 0
    one = loss_of(answer, torch.tensor([3, -1]), unknown, unknown)
    other = loss_of(
        answer._replace(load=answer.load + 9 * torch.randn(2, len(LOADS))), torch.tensor([3, -1]), *[unknown] * 2
    )
    assert one == other > 0


def test_a_body_trained_on_rgb_sees_the_same_in_bgr(tmp_path: Path) -> None:
    before = BodyNetwork()
    tensors = {f"model.{name}": tensor.numpy() for name, tensor in before.trunk.state_dict().items()}
    np.savez(tmp_path / "body.npz", **tensors)
    after = BodyNetwork()
    begin(after, tmp_path / "body.npz")
    picture = torch.rand((1, 3, SIZE[1], SIZE[0]))
    assert torch.allclose(before.trunk.eval()(picture), after.trunk.eval()(picture.flip(1)), atol=1e-5)


def test_the_file_answers_as_the_network_does_and_is_small(tmp_path: Path) -> None:
    torch.save(BodyNetwork().state_dict(), tmp_path / "last.pt")
    export(tmp_path / "last.pt", tmp_path / "bodies.onnx")
    assert (tmp_path / "bodies.onnx").stat().st_size < LARGEST
