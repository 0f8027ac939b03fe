"""Two backends compute the same numbers."""

from __future__ import annotations

import torch
from torch import Tensor


def assert_agree(found: list[Tensor], expected: list[Tensor], tolerance: float) -> None:
    """Shapes and dtypes alike, and no number further away than a share `tolerance` of the largest."""
    assert len(found) == len(expected)
    for number, (a, b) in enumerate(zip(found, expected)):
        assert a.shape == b.shape
        assert a.dtype == b.dtype
        scale = b.abs().max().item()
        assert torch.isfinite(b).all()
        assert (a - b).abs().max().item() <= tolerance * scale, f"result {number}, scale {scale}"
