"""The Mamba block in PyTorch, and a stack of them, in the layout and the names of the published implementation.

Sizes: d = d_model, i = expand d, N = d_state, K = d_conv, R = dt_rank. Gu and Dao 2023, figure 3 and algorithm 2.
"""

from __future__ import annotations

import math
from typing import NamedTuple, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint as recompute

from .core import Core
from .selective_scan import check_backend, selective_scan
from .selective_scan.fused import require_cpu
from .selective_scan.fused_block import fused_block

# Wider models spend their time in matrix products, which torch does better than a fused loop.
_DT_MIN, _DT_MAX = 1e-3, 1e-1  # first step sizes
_WIDEST_FUSED = 16


class MambaState(NamedTuple):
    """What a block remembers of the samples that it has seen: enough to go on as if they came in one piece.

    tail  (B, i, K - 1)  what last entered the convolution, oldest first
    scan  (B, i, N)      the state of the selective scan
    """

    tail: Tensor
    scan: Tensor


class MambaBlock(nn.Module):
    """Mix a sequence along time by a gated selective state space model.

    (u, z) = in_proj x,  c = silu(conv1d u),  (r, B, C) = x_proj c,  delta = softplus(dt_proj r),
    y = selective_scan(c, delta, -exp(A_log), B, C, D),  out = out_proj(y silu(z))

    Parameters bear the names and shapes of mamba_ssm.Mamba, so state_dicts pass between them. They start as published:
    A_log = log(1 .. N), D = 1, dt_proj.weight uniform in +-R^-1/2, softplus(dt_proj.bias) log-uniform from 0.001 to
    0.1, the rest as PyTorch's layers do.

    d_model, d_state, d_conv, expand   sizes d, N, K and i / d
    dt_rank                            R, or "auto" for ceil(d / 16)
    backend                            see `selective_scan`; auto and fused run small blocks whole on a CPU
    Raises ValueError for sizes below 1 or an unknown backend.
    """

    def __init__(
        self,
        d_model: int,
        d_state: int = 16,
        d_conv: int = 4,
        expand: int = 2,
        dt_rank: int | str = "auto",
        backend: str = "auto",
    ) -> None:
        super().__init__()
        rank = math.ceil(d_model / 16) if dt_rank == "auto" else int(dt_rank)
        sizes = {"d_model": d_model, "d_state": d_state, "d_conv": d_conv, "expand": expand, "dt_rank": rank}
        for name, size in sizes.items():
            if size < 1:
                raise ValueError(f"{name} is {size}: it must be at least 1")
        check_backend(backend)
        self.backend = backend
        inner = expand * d_model
        self.in_proj = nn.Linear(d_model, 2 * inner, bias=False)
        self.conv1d = nn.Conv1d(inner, inner, d_conv, groups=inner, padding=d_conv - 1)
        self.x_proj = nn.Linear(inner, rank + 2 * d_state, bias=False)
        self.dt_proj = nn.Linear(rank, inner)
        self.A_log = nn.Parameter(torch.log(torch.arange(1.0, d_state + 1)).repeat(inner, 1))
        self.D = nn.Parameter(torch.ones(inner))
        self.out_proj = nn.Linear(inner, d_model, bias=False)
        with torch.no_grad():
            self.dt_proj.weight.uniform_(-(rank**-0.5), rank**-0.5)
            step = torch.exp(torch.empty(inner).uniform_(math.log(_DT_MIN), math.log(_DT_MAX)))
            self.dt_proj.bias.copy_(step + torch.log(-torch.expm1(-step)))  # the inverse of softplus

    def initial_state(self, x: Tensor) -> MambaState:
        """The state before the first sample of x (B, L, d): zeros, on x's device and in its type."""
        inner, state = self.A_log.shape
        taps = self.conv1d.weight.shape[-1]
        return MambaState(x.new_zeros(x.shape[0], inner, taps - 1), x.new_zeros(x.shape[0], inner, state))

    def forward(self, x: Tensor) -> Tensor:
        """Mix x (B, L, d) along time; returns (B, L, d)."""
        return self.advance(x)[0]

    def advance(self, x: Tensor, state: MambaState | None = None) -> tuple[Tensor, MambaState]:
        """Mix x (B, L, d) as what follows `state`; returns (B, L, d) and the state after x."""
        if self.runs_fused(x):
            return self.advance_fused(x, state)
        return self.advance_by_operations(x, state)

    def runs_fused(self, x: Tensor) -> bool:
        """Whether x goes through the block in one compiled kernel."""
        small = x.shape[-1] <= _WIDEST_FUSED
        if self.backend == "fused":
            require_cpu(x)
            return small
        plain = x.device.type == "cpu" and x.dtype in (torch.float32, torch.float64)
        return self.backend == "auto" and small and plain and self.D.dtype == x.dtype

    def advance_fused(
        self, x: Tensor, state: MambaState | None = None, norm: RMSNorm | None = None
    ) -> tuple[Tensor, MambaState]:
        """`advance` by the compiled kernel; with `norm`, that of the whole residual block x + self(norm(x))."""
        conv, conv_bias = self._convolution()
        weights = (
            self.in_proj.weight,
            conv,
            conv_bias,
            self.x_proj.weight,
            self.dt_proj.weight,
            self.dt_proj.bias,
            -torch.exp(self.A_log),
            self.D,
            self.out_proj.weight,
        )
        tail, scan = self.initial_state(x) if state is None else state
        if norm is None:
            out, tail, scan = fused_block(x, tail, scan, weights)
        else:
            out, tail, scan = fused_block(x, tail, scan, weights, norm.weight, norm.eps)
        return out, MambaState(tail, scan)

    def advance_by_operations(self, x: Tensor, state: MambaState | None = None) -> tuple[Tensor, MambaState]:
        """`advance` by PyTorch operations around `selective_scan`: for any device, and to test the kernel against."""
        tail = self.initial_state(x).tail if state is None else state.tail
        length = x.shape[1]
        rank, count = self.dt_proj.weight.shape[1], self.A_log.shape[1]
        u, z = self.in_proj(x).chunk(2, dim=-1)
        u = torch.cat([tail.transpose(1, 2), u], dim=1)
        taps, conv = self._convolution()
        for k, w in enumerate(taps.unbind(-1)):  # shifted products: a depthwise convolution is much slower on a CPU
            conv = conv + w * u[:, k : k + length]
        c = F.silu(conv)
        r, B, C = self.x_proj(c).split([rank, count, count], dim=-1)
        delta = F.softplus(self.dt_proj(r))
        y, scan = selective_scan(
            c,
            delta,
            -torch.exp(self.A_log),
            B,
            C,
            self.D,
            state=None if state is None else state.scan,
            backend=self.backend,
        )
        return self.out_proj(y * F.silu(z)), MambaState(u[:, length:].transpose(1, 2), scan)

    def _convolution(self) -> tuple[Tensor, Tensor]:
        """Taps (i, K), the oldest sample's first, and bias (i,)."""
        assert self.conv1d.bias is not None
        return self.conv1d.weight[:, 0], self.conv1d.bias


class RMSNorm(nn.Module):
    """Divide by the root mean square over the last axis: weight x / sqrt(mean(x^2) + eps), any shape (..., d)."""

    def __init__(self, d_model: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(d_model))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise x (..., d)."""
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.eps) * self.weight


class ResidualBlock(nn.Module):
    """out = x + mixer(norm(x)), for x (B, L, d); arguments are those of `MambaBlock`."""

    def __init__(
        self,
        d_model: int,
        d_state: int = 16,
        d_conv: int = 4,
        expand: int = 2,
        dt_rank: int | str = "auto",
        backend: str = "auto",
    ) -> None:
        super().__init__()
        self.mixer = MambaBlock(d_model, d_state, d_conv, expand, dt_rank, backend=backend)
        self.norm = RMSNorm(d_model)

    def forward(self, x: Tensor) -> Tensor:
        """Mix x (B, L, d) along time and add it; returns (B, L, d)."""
        return self.advance(x)[0]

    def advance(self, x: Tensor, state: MambaState | None = None) -> tuple[Tensor, MambaState]:
        """`forward` for an x that follows `state`; returns the output and the state after x."""
        if self.mixer.runs_fused(x):
            return self.mixer.advance_fused(x, state, self.norm)
        mixed, state = self.mixer.advance_by_operations(self.norm(x), state)
        return mixed + x, state


class Mamba(Core):
    """A stack of `n_layers` residual blocks, for x (B, L, d); state_dicts pass between it and mambapy.mamba.Mamba.

    checkpoint: keep only each layer's input for the backward pass and compute the layer again there.
    Other arguments are those of `MambaBlock`. Raises ValueError for n_layers below 1 and as `MambaBlock` does.
    """

    def __init__(
        self,
        d_model: int,
        n_layers: int,
        d_state: int = 16,
        d_conv: int = 4,
        expand: int = 2,
        dt_rank: int | str = "auto",
        backend: str = "auto",
        checkpoint: bool = False,
    ) -> None:
        super().__init__()
        if n_layers < 1:
            raise ValueError(f"n_layers is {n_layers}: it must be at least 1")
        self.checkpoint = checkpoint
        blocks = [ResidualBlock(d_model, d_state, d_conv, expand, dt_rank, backend) for _ in range(n_layers)]
        self.layers = nn.ModuleList(blocks)

    def forward(self, x: Tensor) -> Tensor:
        """Mix x (B, L, d) along time; returns (B, L, d)."""
        return self.advance(x)[0]

    def advance(self, x: Tensor, states: list[MambaState] | None = None) -> tuple[Tensor, list[MambaState]]:
        """`forward` for an x that follows `states`, one a layer; returns the output and the states after x."""
        after = []
        for index, layer in enumerate(cast("list[ResidualBlock]", self.layers)):
            before = None if states is None else states[index]
            if self.checkpoint and torch.is_grad_enabled():
                x, state = recompute(layer.advance, x, before, use_reentrant=False)
            else:
                x, state = layer.advance(x, before)
            after.append(state)
        return x, after
