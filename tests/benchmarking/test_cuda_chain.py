"""The chain for CUDA, computed by Triton's interpreter: its length is what the latency is divided by."""

from __future__ import annotations

import pytest
import torch

pytest.importorskip("triton")
from triton_without_gpu import interpreted


def test_every_step_needs_the_one_before() -> None:
    cuda_chain = interpreted("syrinx_lab.benchmarking.cuda_chain")
    ran: list[None] = []

    def shortest(run) -> float:
        run()
        ran.append(None)
        return 3.0

    assert cuda_chain.dependent_chain(torch.device("cpu"), torch.float32, shortest, steps=12) == 0.25
    numbers = torch.tensor([0.0, 0.5, 0.5])
    cuda_chain.chain[(1,)](numbers, 3)
    assert ran
    assert numbers.tolist() == [0.875, 0.5, 0.5]
