"""What both networks of signs are trained by: a time to train in, a falling rate, averaged weights kept on disk."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

Tell = Callable[[str], None]
SAVE_EVERY_S = 60.0
AVERAGED = 0.997
"""Share of the averaged weights that a step leaves as they were."""


@dataclass(frozen=True, slots=True)
class Course:
    """How long and how fast to learn."""

    seconds: float
    batch: int
    rate: float
    seed: int = 0

    @property
    def bfloat16(self) -> bool:
        """Whether this processor multiplies bfloat16 in hardware."""
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def follow(
    network: nn.Module,
    batches: Iterator[Any],
    loss_of: Callable[[Sequence[Tensor]], Tensor],
    folder: Path,
    course: Course,
    tell: Tell,
) -> None:
    """Train for a time; the rate falls as half a cosine. The averaged weights go to `folder`/last.pt every minute."""
    folder.mkdir(parents=True, exist_ok=True)
    network.to(memory_format=torch.channels_last).train()
    average = torch.optim.swa_utils.AveragedModel(network, avg_fn=_smoothed, use_buffers=True)
    optimiser = torch.optim.AdamW(network.parameters(), lr=course.rate, weight_decay=0.02)
    start = told = time.monotonic()
    losses: list[float] = []
    step = 0
    while (spent := time.monotonic() - start) < course.seconds:
        falling = max(0.5 * (1 + np.cos(np.pi * spent / course.seconds)), 0.005)
        for group in optimiser.param_groups:
            group["lr"] = course.rate * min(1.0, (step + 1) / 300) * falling
        loss = loss_of(next(batches))
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        average.update_parameters(network)
        losses.append(float(loss.detach()))
        step += 1
        if time.monotonic() - told > SAVE_EVERY_S:
            told = time.monotonic()
            speed = step * course.batch / (told - start)
            tell(f"{spent / 60:5.1f} min, {step} steps, {speed:.0f} views/s, loss {np.mean(losses):.3f}")
            losses.clear()
            torch.save(average.module.state_dict(), folder / "last.pt")
    torch.save(average.module.state_dict(), folder / "last.pt")


def _smoothed(average: Tensor, now: Tensor, count: Tensor | int) -> Tensor:
    """A running average over some 300 steps, over fewer in the beginning, when the start should be forgotten."""
    share = max(1.0 - AVERAGED, 9.0 / (10.0 + int(count)))
    return average + share * (now - average) if average.is_floating_point() else now
