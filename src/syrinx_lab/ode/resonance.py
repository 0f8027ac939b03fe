"""Damped rotations driven by a sound: resonances whose frequency and bandwidth vary from sample to sample."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

_BLOCK = 32


def resonate(source: Tensor, exponent: Tensor) -> Tensor:
    """z[t] = exp(exponent[t]) z[t - 1] + source[t], from rest, without a loop over samples.

    Within a block of 32 samples, A_t being the sum of its exponents up to t,

        z[t] = e^{A_t} (z[before the block] + sum_{u <= t} e^{-A_u} s_u);

    the states between blocks follow by a scan whose stride doubles. Sums begin anew with each block, so that neither
    e^{-A} grows nor the phase loses digits along a song.

    source    (B, H) real
    exponent  (B, N, H) complex, dimensionless: (-pi bandwidth + 2 pi i centre) / rate, with a negative real part, not
              below -2 (in float32 e^{-A} must stay finite over a block)
    Returns (B, N, H) complex, in the unit of the source.

    Source: Hillis and Steele, Data parallel algorithms, Communications of the ACM 29, 1986 (the scan).
    """
    samples = source.shape[-1]
    missing = -samples % _BLOCK
    turns = F.pad(exponent, (0, missing)).unflatten(-1, (-1, _BLOCK))
    sound = F.pad(source, (0, missing)).unflatten(-1, (-1, _BLOCK)).unsqueeze(1)
    growth = torch.exp(torch.cumsum(turns, -1))
    driven = torch.cumsum(sound / growth, -1)
    after = _scan(growth[..., -1], growth[..., -1] * driven[..., -1])
    return (growth * (_later(after, 1).unsqueeze(-1) + driven)).flatten(-2)[..., :samples]


def peak_of_real_part(exponent: Tensor) -> Tensor:
    """The gain of the real part of `resonate` at its centre, for exponents that do not vary and a real source.

    k = |1 / (1 - rho) + 1 / (1 - rho e^{-2 i theta})| / 2,   rho e^{i theta} = exp(exponent)

    exponent  complex, any shape
    Returns real numbers of that shape, dimensionless.
    """
    image = torch.exp(torch.complex(exponent.real, -2 * exponent.imag))
    return (1 / -torch.expm1(exponent.real) + 1 / (1 - image)).abs() / 2


def _scan(decay: Tensor, state: Tensor) -> Tensor:
    """c_j = decay_j c_{j-1} + state_j along the last dimension."""
    stride = 1
    while stride < decay.shape[-1]:
        state = state + decay * _later(state, stride)
        decay = decay * _later(decay, stride)
        stride *= 2
    return state


def _later(y: Tensor, by: int) -> Tensor:
    """y moved `by` places along the last dimension, zeros before it."""
    return F.pad(y[..., :-by], (by, 0))
