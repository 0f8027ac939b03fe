"""The normal form of the avian vocal organ, as a polynomial oscillator of degree 3."""

from __future__ import annotations

import torch
from torch import Tensor

DEGREE = 3
REST = -0.05
"""alpha at no pressure: the labia rest on a stable fixed point, whatever the tension."""
SINGING = 0.15
"""alpha at full pressure and low tension, the value of Amador et al. (2013)."""


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


def singing_alpha(beta: Tensor) -> Tensor:
    """alpha at full pressure: 0.15 sqrt(1 + beta^2), beta (...,) -> (...,), dimensionless.

    For beta above 1/3 the labia light up from a fixed point at x = -alpha / beta, where the damping is -alpha / beta at
    first order: pressure that rises with tension keeps a whistle's ignition as quick as a low note's.
    """
    return SINGING * torch.sqrt(1 + beta.square())
