"""White noise that is a function of where in the song it is, however the song is cut."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

_BLOCK = 2**14


def white_noise(seed: int, start: int, stop: int) -> Tensor:
    """Samples [start, stop) of two endless white noises of unit variance, (2, 1, stop - start) float32."""
    blocks = [_block(seed, number) for number in range(start // _BLOCK, -(-stop // _BLOCK))]
    offset = start // _BLOCK * _BLOCK
    return torch.from_numpy(np.concatenate(blocks, 1)[:, None, start - offset : stop - offset])


@lru_cache(maxsize=8)
def _block(seed: int, number: int) -> np.ndarray:
    return np.random.default_rng((seed, number)).standard_normal((2, _BLOCK), dtype=np.float32)
