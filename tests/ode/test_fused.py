"""What the fused backend does beside computing the right numbers: threads, caching, the processor's mode."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest
import torch

from syrinx_lab.ode.right_hand_side import SoftClamp
from syrinx_lab.ode.rollout import InitialValueProblem, kernels, rollout
from syrinx_lab.ode.rollout.fused_cpu import lane_width
from syrinx_lab.ode.rollout.kernels.backward import backward_knots, backward_samples
from syrinx_lab.ode.rollout.kernels.forward import forward_knots, forward_samples
from syrinx_lab.types import Drives


def sing(batch: int = 5, steps: int = 20, dtype: torch.dtype = torch.float64) -> tuple[torch.Tensor, Drives]:
    generator = torch.Generator().manual_seed(batch)
    gamma, weights = (
        torch.randn(*shape, generator=generator, dtype=dtype) for shape in ((batch, steps), (batch, steps, 4, 4))
    )
    drives = Drives(torch.ones_like(gamma), 0.1 * gamma, (0.02 * weights).requires_grad_())
    run = rollout(InitialValueProblem(drives, (gamma[:, 0], gamma[:, 1]), steps, step=0.5, clamp=SoftClamp()), "fused")
    return run.x, drives


@pytest.mark.parametrize(
    ("batch", "dtype", "threads", "width"),
    [
        (1, torch.float32, 2, 1),
        (2, torch.float32, 2, 1),
        (3, torch.float32, 2, 2),
        (8, torch.float32, 2, 4),
        (8, torch.float64, 1, 8),
        (32, torch.float32, 2, 16),
        (32, torch.float64, 2, 8),
        (1000, torch.float32, 4, 16),
        (7, torch.float32, 1, 4),
    ],
)
def test_tiles_fit_the_batch_the_threads_and_the_register(
    batch: int, dtype: torch.dtype, threads: int, width: int
) -> None:
    assert lane_width(batch, dtype, threads) == width <= batch


def test_several_threads_compute_what_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    results = []
    for threads in (1, 2):  # tiles of four either way, of which the second overlaps the first
        monkeypatch.setattr(torch, "get_num_threads", lambda threads=threads: threads)
        x, drives = sing(5)
        results.append((x, *torch.autograd.grad(x.square().sum(), (drives.weights,))))
    assert all(torch.equal(a, b) for a, b in zip(*results))


def test_a_forked_child_can_run_it_too() -> None:
    expected, _ = sing(5)
    context = multiprocessing.get_context("fork")
    receive, send = context.Pipe(duplex=False)
    child = context.Process(target=lambda: send.send(sing(5)[0].tolist()), daemon=True)  # ended with this process
    child.start()
    assert receive.poll(60), "the child did not answer"
    assert receive.recv() == expected.tolist()
    child.join(60)
    assert child.exitcode == 0


def test_the_processor_treats_subnormal_numbers_as_before() -> None:
    x, drives = sing(5, dtype=torch.float32)
    torch.autograd.grad(x.sum(), (drives.weights,))
    tiny = torch.full((64,), 1e-40)
    assert (tiny * 1.0).max() > 0


def test_compiled_code_is_kept_on_disk_and_knows_its_sources() -> None:
    x, drives = sing(5)
    torch.autograd.grad(x.sum(), (drives.weights,))
    for kernel in (forward_samples, forward_knots, backward_samples, backward_knots):
        assert list(Path(kernel.stats.cache_path).glob(f"{kernel.py_func.__module__.split('.')[-1]}*.nbi"))
        assert kernels.SOURCES in {
            cell.cell_contents for cell in kernel.py_func.__closure__ if not callable(cell.cell_contents)
        }
