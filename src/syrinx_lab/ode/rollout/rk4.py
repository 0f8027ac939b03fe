"""One classical Runge-Kutta step of the oscillator, as the torch backends take it."""

from __future__ import annotations

from torch import Tensor

from ..right_hand_side import SoftClamp, acceleration


def rk4_step(
    x: Tensor, v: Tensor, stiffness: Tensor, gamma: Tensor, weights: Tensor, step: float, clamp: SoftClamp | None
) -> tuple[Tensor, Tensor]:
    """The state one step later, with the drives held over the step and the clamp applied at its end.

    k_1 = f(y), k_2 = f(y + h/2 k_1), k_3 = f(y + h/2 k_2), k_4 = f(y + h k_3), y' = y + h/6 (k_1 + 2 k_2 + 2 k_3 + k_4)

    for y = (x, v) and f(y) = (v, acceleration(x, v)).

    x, v              (B,)           state
    stiffness, gamma  (B,)           drives of this step
    weights           (B, P+1, P+1)  weights of this step
    step              h = dt / tau, dimensionless
    Returns x (B,) and v (B,).

    Source: Kutta 1901; Hairer, Norsett and Wanner, Solving Ordinary Differential Equations I, table 1.2.
    """

    def slope(x: Tensor, v: Tensor) -> Tensor:
        return acceleration(x, v, stiffness, gamma, weights, clamp)

    half = 0.5 * step
    a1 = slope(x, v)
    v2 = v + half * a1
    a2 = slope(x + half * v, v2)
    v3 = v + half * a2
    a3 = slope(x + half * v2, v3)
    v4 = v + step * a3
    a4 = slope(x + step * v3, v4)
    x = x + step / 6 * (v + 2 * (v2 + v3) + v4)
    v = v + step / 6 * (a1 + 2 * (a2 + a3) + a4)
    return (x, v) if clamp is None else clamp.apply(x, v)
