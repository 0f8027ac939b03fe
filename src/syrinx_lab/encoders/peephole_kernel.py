"""The recurrence of the peephole LSTM on a CPU by compiled loops, with a hand-written backward pass."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numba import njit
from torch import Tensor
from torch.autograd.function import once_differentiable


def runs_compiled(x: Tensor) -> bool:
    """Whether the loops can run on x: on a CPU, in float32 or float64."""
    return x.device.type == "cpu" and x.dtype in (torch.float32, torch.float64)


def advance_compiled(
    gates: Tensor, recurrent: Tensor, peepholes: Tensor, h: Tensor, c: Tensor, forget_gate: bool
) -> tuple[Tensor, Tensor]:
    """h_t and c_t of all steps, (B, L, hidden) each; see `PeepholeMixer` for the equations.

    gates      (B, L, 4 hidden) W x + b, in the order i, f, g, o
    recurrent  (4 hidden, hidden);  peepholes  (3, hidden) of i, f, o
    h, c       (B, hidden) before the first step
    """
    hs, cs = _Recurrence.apply(gates, recurrent, peepholes, h, c, forget_gate)
    return hs, cs


class _Recurrence(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, gates: Tensor, recurrent: Tensor, peepholes: Tensor, h: Tensor, c: Tensor, forget_gate: bool
    ) -> tuple[Tensor, Tensor]:
        batch, length, _ = gates.shape
        opened = gates.detach().clone(memory_format=torch.contiguous_format)  # becomes i, f, g, o
        hs, cs = (gates.new_empty(batch, length + 1, h.shape[-1]) for _ in range(2))
        hs[:, 0], cs[:, 0] = h, c
        by_column = recurrent.detach().T.contiguous()
        arrays = [_array(one) for one in (opened, by_column, peepholes, hs, cs)]
        _forward(*arrays, forget_gate)  # type: ignore[call-arg]
        ctx.save_for_backward(opened, recurrent, peepholes, hs, cs)
        ctx.forget_gate = forget_gate
        return hs[:, 1:].clone(), cs[:, 1:].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *given: Tensor) -> tuple[Tensor | None, ...]:
        opened, recurrent, peepholes, hs, cs = ctx.saved_tensors
        d_hs, d_cs = (one.contiguous() for one in given)
        d_gates = torch.empty_like(opened)
        d_h, d_c = (torch.zeros_like(hs[:, 0]) for _ in range(2))
        arrays = [_array(one) for one in (opened, recurrent, peepholes, cs, d_hs, d_cs, d_gates, d_h, d_c)]
        _backward(*arrays, ctx.forget_gate)  # type: ignore[call-arg]
        d_recurrent = torch.einsum("btj,btk->jk", d_gates, hs[:, :-1])
        d_i, d_f, _, d_o = d_gates.chunk(4, -1)
        seen = ((d_i, cs[:, :-1]), (d_f, cs[:, :-1]), (d_o, cs[:, 1:]))
        d_peepholes = torch.stack([(d * content).sum((0, 1)) for d, content in seen])
        return d_gates, d_recurrent, d_peepholes, d_h, d_c, None


def _array(tensor: Tensor) -> np.ndarray:
    found: np.ndarray = tensor.detach().contiguous().numpy()
    return found


@njit(cache=True, nogil=True, error_model="numpy")
def _sigmoid(z):  # type: ignore[no-untyped-def]
    return 1 / (1 + math.exp(-z))


@njit(cache=True, nogil=True, error_model="numpy")
def _forward(opened, by_column, peepholes, hs, cs, forget_gate):  # type: ignore[no-untyped-def]
    batch, length, _ = opened.shape
    n = hs.shape[2]
    for b in range(batch):
        for t in range(length):
            z = opened[b, t]
            for k in range(n):
                h = hs[b, t, k]
                for j in range(4 * n):
                    z[j] += by_column[k, j] * h
            for k in range(n):
                c = cs[b, t, k]
                z[k] = _sigmoid(z[k] + peepholes[0, k] * c)
                z[n + k] = _sigmoid(z[n + k] + peepholes[1, k] * c) if forget_gate else 1.0
                z[2 * n + k] = math.tanh(z[2 * n + k])
                c = z[n + k] * c + z[k] * z[2 * n + k]
                cs[b, t + 1, k] = c
                z[3 * n + k] = _sigmoid(z[3 * n + k] + peepholes[2, k] * c)
                hs[b, t + 1, k] = z[3 * n + k] * math.tanh(c)


@njit(cache=True, nogil=True, error_model="numpy")
def _backward(opened, recurrent, peepholes, cs, d_hs, d_cs, d_gates, d_h, d_c, forget_gate):  # type: ignore[no-untyped-def]
    """`d_h` and `d_c` (B, hidden) start at zero and end as the gradients of the first state."""
    batch, length, _ = opened.shape
    n = cs.shape[2]
    for b in range(batch):
        for t in range(length - 1, -1, -1):
            z, dz = opened[b, t], d_gates[b, t]
            for k in range(n):
                i, f, g, o = z[k], z[n + k], z[2 * n + k], z[3 * n + k]
                before, squashed = cs[b, t, k], math.tanh(cs[b, t + 1, k])
                dh = d_h[b, k] + d_hs[b, t, k]
                do = dh * squashed * o * (1 - o)
                dc = d_c[b, k] + d_cs[b, t, k] + dh * o * (1 - squashed * squashed) + do * peepholes[2, k]
                di = dc * g * i * (1 - i)
                df = dc * before * f * (1 - f) if forget_gate else 0.0
                dz[k], dz[n + k], dz[2 * n + k], dz[3 * n + k] = di, df, dc * i * (1 - g * g), do
                d_c[b, k] = dc * f + di * peepholes[0, k] + df * peepholes[1, k]
                d_h[b, k] = 0.0
            for j in range(4 * n):
                slope = dz[j]
                for k in range(n):
                    d_h[b, k] += slope * recurrent[j, k]
