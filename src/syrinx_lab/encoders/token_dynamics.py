"""Whether the tokens of a selective state space model converge or diverge as they pass its layers."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .mamba import MambaBlock

CONVERGENT, DIVERGENT, NEUTRAL = "convergent", "divergent", "neutral"
_ZERO = 1e-9  # of the largest eigenvalue's size


@dataclass(frozen=True, eq=False)
class TokenCriterion:
    """The criterion of a layer, from its weights alone.

    eigenvalues  (N,) complex, of the input-output matrix S_C' S_B: those that need not be zero
    scenario     convergent: no eigenvalue has a positive real part and one is negative, all tokens go to zero;
                 divergent: one is positive, tokens grow without bound; neutral: all are zero
    """

    eigenvalues: Tensor
    scenario: str


def token_criterion(s_b: Tensor, s_c: Tensor) -> TokenCriterion:
    """Do tokens that pass many layers like this one converge to zero, or diverge to infinity?

        dx_l/dt = sum_{j <= l} P_lj x_j,   P_lj = (x_l' S_C' S_B x_j) D(x_j) exp(-a sum_{j < k <= l} D(x_k)),
        D(x) = softplus(S_D x),   t the depth

    In one dimension, mu = S_C S_B < 0: all tokens go to zero as 1 / sqrt(t); mu > 0: they diverge, as powers of ln t
    where S_D x < 0, within a finite depth where S_D x > 0. In more dimensions that is shown by experiment: they go to
    zero where all eigenvalues of S_C' S_B are negative, and diverge where one is positive. The limit is of many layers,
    without gate, skip, convolution and norm: of a stack of two or three it says which way a layer leans.

    s_b, s_c  (N, i) what the input and the output of the N states are read with from the i channels
    Source: Vo, Pham, Tong and Nguyen (2025), Demystifying the token dynamics of deep selective state space models,
    ICLR.
    """
    assert s_b.shape == s_c.shape, f"S_B {tuple(s_b.shape)} and S_C {tuple(s_c.shape)} differ"
    # the (i, i) matrix S_C' S_B has rank N at most: its other eigenvalues are those of S_B S_C' (N, N)
    values = torch.linalg.eigvals((s_b @ s_c.T).detach().double())
    largest = float(values.abs().max())
    real = values.real[values.real.abs() > _ZERO * largest]
    scenario = NEUTRAL if not len(real) else DIVERGENT if bool((real > 0).any()) else CONVERGENT
    return TokenCriterion(values, scenario)


@torch.no_grad()
def input_output(block: MambaBlock) -> tuple[Tensor, Tensor, Tensor]:
    """S_B (N, i), S_C (N, i) and S_D (i, i), without its bias, of a block's weights."""
    rank, states = block.dt_proj.weight.shape[1], block.A_log.shape[1]
    step, s_b, s_c = block.x_proj.weight.split([rank, states, states])
    return s_b, s_c, block.dt_proj.weight @ step
