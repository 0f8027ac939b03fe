"""Memory that is used again once nobody holds it."""

from __future__ import annotations

import gc

import pytest
import torch

from syrinx_lab.ode.rollout import memory
from syrinx_lab.ode.rollout.memory import uninitialised


@pytest.fixture(autouse=True)
def nothing_waits() -> None:
    gc.collect()
    memory.release()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_tensor_begins_on_a_cache_line_and_is_contiguous(dtype: torch.dtype) -> None:
    for count in (1, 7, 1000):
        tensor = uninitialised((count, 3), dtype)
        assert tensor.shape == (count, 3)
        assert tensor.dtype == dtype
        assert tensor.is_contiguous()
        assert tensor.data_ptr() % 64 == 0


def test_memory_is_used_again_when_the_last_view_is_gone() -> None:
    first = uninitialised((100_000,), torch.float32)
    view, place = first[5:], first.data_ptr()
    del first
    other = uninitialised((100_000,), torch.float32)
    assert other.data_ptr() != place  # the view still holds it
    view.fill_(3.0)
    assert (view == 3.0).all()
    del view
    again = uninitialised((90_000,), torch.float32)
    assert again.data_ptr() == place


def test_a_block_twice_too_large_is_left_alone() -> None:
    place = uninitialised((100_000,), torch.float32).data_ptr()
    small = uninitialised((1000,), torch.float32)
    assert small.data_ptr() != place
    assert len(memory.free_blocks) == 1


def test_at_most_two_blocks_wait() -> None:
    tensors = [uninitialised((10_000 * n,), torch.float32) for n in range(1, 6)]
    tensors.clear()
    assert len(memory.free_blocks) == 2


def test_two_tensors_alive_never_share_memory() -> None:
    generator = torch.Generator().manual_seed(0)
    alive: list[tuple[int, torch.Tensor]] = []
    for number in range(200):
        size = int(torch.randint(1, 5000, (), generator=generator))
        alive.append((number, uninitialised((size,), torch.float32).fill_(float(number))))
        if len(alive) > 4:
            alive.pop(int(torch.randint(0, 5, (), generator=generator)))
        assert all((tensor == value).all() for value, tensor in alive)
