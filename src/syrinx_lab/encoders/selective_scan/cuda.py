"""The selective scan by mamba_ssm's CUDA kernels, where that package is installed; run on a GPU only.

Its tests check the bookkeeping below against a stand-in with the kernel's signature; the kernels themselves are
exercised only on CUDA.
"""

from __future__ import annotations

import torch
from torch import Tensor

try:
    from mamba_ssm.ops.selective_scan_interface import selective_scan_fn
except ImportError:  # needs its compiled extension: absent on a machine without CUDA
    selective_scan_fn = None


def cuda_kernels_usable(u: Tensor) -> bool:
    """Whether mamba_ssm is importable and can scan u: on CUDA, in float32 or a shorter type."""
    return selective_scan_fn is not None and u.is_cuda and u.dtype != torch.float64


def cuda_scan(
    u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, state: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Run the recurrence of `selective_scan` on mamba_ssm's kernels; shapes and results are those of `sequential_scan`.

    The kernel starts from zero and gives its last state no gradient, so both ends are written as samples of their own:
    N samples before the first, of which number n adds to state n alone, and N after the last with delta = 0, which
    leave the state as it is while C_n reads state n. Written state n decays over the N - 1 - n writing steps that
    follow; it is made larger by as much beforehand, at most e-fold since these steps are as short as 1 / (N max |A|).
    Raises ValueError where mamba_ssm is not installed.
    """
    if selective_scan_fn is None:
        raise ValueError("backend 'cuda' needs the package mamba-ssm: install syrinx-lab[cuda] or take backend 'auto'")
    batch, length, inner = u.shape
    count = A.shape[1]
    unit = torch.eye(count, dtype=u.dtype, device=u.device).expand(batch, count, count)
    still = u.new_zeros(batch, count, inner)
    blank = u.new_zeros(batch, count, count)
    us, deltas, Bs, Cs = [u, still], [delta, still], [B, blank], [C, unit]
    lead = 0
    if state is not None:
        lead = count
        step = 1 / (count * A.detach().abs().amax(1))
        to_come = torch.arange(count - 1, -1, -1, dtype=A.dtype, device=A.device)
        written = state * torch.exp(-A * step[:, None] * to_come) / step[:, None]
        us.insert(0, written.transpose(1, 2).to(u.dtype))
        deltas.insert(0, step.to(u.dtype).expand(batch, count, inner))
        Bs.insert(0, unit)
        Cs.insert(0, blank)
    u_t, delta_t, B_t, C_t = (torch.cat(parts, dim=1).transpose(1, 2).contiguous() for parts in (us, deltas, Bs, Cs))
    y = selective_scan_fn(u_t, delta_t, A, B_t, C_t, D).transpose(1, 2)
    return y[:, lead : lead + length], y[:, lead + length :].transpose(1, 2)
