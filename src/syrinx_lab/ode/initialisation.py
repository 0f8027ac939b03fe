"""Initialisations that let the untrained oscillator sing."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from ..types import Heads


@dataclass(frozen=True)
class OscInit:
    """Start as a van der Pol oscillator with a hardening spring, whatever the encoder says.

    tau^2 x'' = -omega^2 x - (gamma + vdp x^2) v - cubic x^3 - const

    A negative gamma feeds energy in and vdp takes it out. Averaged over a cycle, with |gamma| much smaller than omega,
    the amplitude of x tends to A = 2 sqrt(-gamma / vdp), 1.41 with the defaults, at the rate -gamma / 2 in s = t / tau;
    cubic raises the pitch with the amplitude, to omega sqrt(1 + 3 cubic A^2 / (4 omega^2)) at first order; const moves
    the resting state off zero, so that nothing starts exactly on it.

    gamma  bias of the damping, dimensionless
    vdp    bias of the weight of x^2 v
    cubic  bias of the weight of x^3
    const  bias of the weight of 1, where the model keeps one

    Source: van der Pol 1926; Strogatz, Nonlinear Dynamics and Chaos, section 7.6, for the averaging.
    """

    gamma: float = -0.01
    vdp: float = 0.02
    cubic: float = 0.01
    const: float = 1e-3

    @torch.no_grad()
    def apply_(self, heads: Heads, degree: int, keep_const: bool) -> None:
        """Set these biases in an encoder's heads, and zero what the encoder adds to them.

        heads       omega is left alone: the pitch is the encoder's from the start
        degree      P of the oscillator
        keep_const  whether the model has the weight of 1
        Raises ValueError when the degree is below 3 or the heads have other sizes.
        """
        if degree < 3:
            raise ValueError(
                f"oscillator.init sets the weight of x^3, but oscillator.degree is {degree}: use 3 or more"
            )
        outputs = (heads.omega.out_features, heads.gamma.out_features, heads.weights.out_features)
        if outputs != (1, 1, (degree + 1) ** 2):
            raise ValueError(f"heads of {outputs} outputs do not fit degree {degree}: (1, 1, {(degree + 1) ** 2}) do")
        _set(heads.gamma, 0, self.gamma)
        _set(heads.weights, 2 * (degree + 1) + 1, self.vdp)
        _set(heads.weights, 3 * (degree + 1), self.cubic)
        if keep_const:
            _set(heads.weights, 0, self.const)


def _set(head: nn.Linear, row: int, bias: float) -> None:
    """Make one output of a linear head a constant, from which training may move it."""
    head.weight[row] = 0
    head.bias[row] = bias
