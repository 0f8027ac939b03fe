"""Whether an update is finite, and what it was made of, in one look at the device."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor


def finite_or_nan(tensors: Sequence[Tensor]) -> Tensor:
    """A scalar on the tensors' device: 0 when every element is finite, else NaN.

        norm over tensors of || y - y ||,   y - y = 0 for a finite y and NaN for an infinite one or NaN

    Nothing overflows, however large the elements are, as their own norm would. A few kernels for all tensors together.

    tensors  one or more, floating, on one device
    """
    return torch.stack(torch._foreach_norm(torch._foreach_sub(list(tensors), list(tensors)))).sum()


def read_update(parts: Mapping[str, Tensor], gradients: Sequence[Tensor]) -> tuple[dict[str, float], bool]:
    """The numbers of `parts`, and whether all elements of `gradients` are finite; the host waits for the device once.

    parts      name -> scalar, one or more, on one device
    gradients  floating, on the same device; there may be none
    """
    scalars = [value.detach() for value in parts.values()]
    if gradients:
        scalars.append(finite_or_nan(gradients))
    dtype = scalars[0].dtype
    *values, finite = torch.stack([value.to(dtype) for value in scalars]).tolist() + [0.0] * (not gradients)
    return dict(zip(parts, values)), math.isfinite(finite)
