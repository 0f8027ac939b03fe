"""The normal form of the avian vocal organ, as a polynomial oscillator of degree 3."""

from __future__ import annotations

import torch
from torch import Tensor

DEGREE = 3
REST = -0.05
"""alpha at no pressure and low tension: the labia rest on a stable fixed point."""
SINGING = 0.15
"""alpha at full pressure and low tension, the value of Amador et al. (2013)."""
_LARGEST_SQUARE = 4.0  # of y: half the sample rate lies at pi^2, where nothing sings


def fixed_weights(degree: int) -> Tensor:
    """The weights of the normal form that no gesture moves, (P+1, P+1).

        tau^2 x'' = -beta x - alpha + x^2 - x^3 - x v - x^2 v

    In the lab's terms: linear coefficient beta, w_00 = alpha, w_20 = -1, w_30 = w_11 = w_21 = 1, gamma = 0. The cubic
    spring and the damping x^2 v outgrow everything else far from the origin, so that every orbit is bounded.

    degree  P, 3 or more. Raises ValueError below.
    Source: Sitt, Amador, Goller and Mindlin (2008), Phys. Rev. E 78, 011905, eq. 1; Amador, Perl, Mindlin and
    Margoliash (2013), Nature 495.
    """
    if degree < DEGREE:
        raise ValueError(f"oscillator.degree is {degree}, but the normal form has a term x^3: use 3 or more")
    weights = torch.zeros(degree + 1, degree + 1)
    weights[2, 0] = -1
    weights[3, 0] = weights[1, 1] = weights[2, 1] = 1
    return weights


def alpha_at(pressure: Tensor | float, beta: Tensor) -> Tensor:
    """alpha = (REST + p (SINGING - REST)) sqrt(1 + beta^2), dimensionless.

    For beta above 1/3 the labia ignite from a fixed point at x = -alpha / beta, where the damping is -alpha / beta at
    first order. With alpha in proportion to the tension, a whistle is lit and put out at a quarter of the pressure and
    as quickly as a low note; were the rest the same for all, a whistle of 7 kHz would sing on at a tenth of it.

    pressure  (...,) 0 at rest, 1 singing
    beta      (...,) tension, dimensionless
    Returns (...,).
    """
    return (REST + pressure * (SINGING - REST)) * torch.sqrt(1 + beta.square())


def numerical_damping_correction(beta: Tensor, step: float) -> Tensor:
    """The damping gamma that undoes what a step of classical Runge-Kutta takes from the oscillation.

    gamma = ln |G|^2 / h,   |G|^2 = 1 - y^6 / 72 + y^8 / 576,   y = h sqrt(beta)

    |G| is the factor of a step on x'' = -beta x, in which gamma takes exp(-gamma h / 2). It is 1 for low notes; at
    44.1 kHz a whistle of 9 kHz loses 2 % of itself every sample, and would take 15 ms to ignite.

    beta  (...,) tension, dimensionless; 0 where negative
    step  h = dt / tau
    Returns (...,), negative, dimensionless.
    Source: Hairer and Wanner, Solving Ordinary Differential Equations II, section IV.2 (the stability function).
    """
    squared = (step**2 * beta.clamp_min(0)).clamp_max(_LARGEST_SQUARE)
    return torch.log1p(squared**3 * (squared / 576 - 1 / 72)) / step
