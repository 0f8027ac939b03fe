"""What the benchmark measures is an oscillator that sings."""

from __future__ import annotations

import pytest
import torch

from syrinx_lab.benchmarking.singing import compose_song


def test_the_song_neither_dies_nor_sits_on_the_clamp() -> None:
    x = compose_song(3, 4000, 5).forward("eager").x
    level = x[:, -500:].abs().amax(1)
    assert bool(((level > 0.1) & (level < 0.2)).all()), level


def test_gradients_reach_every_input() -> None:
    song = compose_song(2, 40, 3, dtype=torch.float64)
    grads = song.forward_backward("eager")
    assert [grad.shape for grad in grads] == [tensor.shape for tensor in song.inputs]
    assert all(float(grad.abs().max()) > 0 for grad in grads)
    assert song.inputs_bytes == 8 * (2 * 40 * 18 + 4)


def test_knots_reach_just_over_the_horizon() -> None:
    assert compose_song(1, 65, 2, 32).drives.gamma.shape == (1, 3)
    assert compose_song(1, 66, 2, 32).drives.gamma.shape == (1, 4)


@pytest.mark.parametrize(("name", "sizes"), [("batch", (0, 9, 3)), ("horizon", (1, 1, 3)), ("degree", (1, 9, 0))])
def test_sizes_that_are_none_are_named(name: str, sizes: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match=f"{name} is"):
        compose_song(*sizes)
