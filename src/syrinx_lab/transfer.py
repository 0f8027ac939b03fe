"""From the host's memory to a device without the host waiting."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def sent(host: Tensor, device: torch.device) -> Tensor:
    """`host` on `device`; what comes from pageable memory would make the host wait for all that the GPU has to do.

    host    any shape, on the host or on the device already
    Returns the tensor itself where it is on the device. On CUDA the copy is queued behind the kernels that were started
    before and read from page-locked memory, which torch keeps until it is done.
    """
    if device.type == "cuda" and host.device.type == "cpu":
        return host.pin_memory().to(device, non_blocking=True)
    return host.to(device)


def normal(shape: Sequence[int], generator: torch.Generator, like: Tensor) -> Tensor:
    """Draws from N(0, 1) of a generator, which gives the same numbers whatever device computes with them.

    generator  draws where it lives
    like       gives dtype and device of the result
    """
    drawn = torch.randn(tuple(shape), generator=generator, device=generator.device)
    return sent(drawn.to(like.dtype), like.device)
