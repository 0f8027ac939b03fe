"""The map that a rollout iterates, one classical Runge-Kutta step and the clamp after it, with its derivative."""

from __future__ import annotations

import numpy as np

from .field import Array, PlanarField


def rk4_step(field: PlanarField, x: Array, v: Array, *, clamped: bool = True) -> tuple[Array, Array]:
    """The states one step h = `field.step` later, as `ode.rollout.rk4.rk4_step` takes it, in float64.

    field    K fields or one
    x, v     states as `PlanarField` takes them
    clamped  whether the field's clamp, if it has one, is applied to the state at the end
    Returns x and v of the states' shape.
    """
    h = field.step
    x, v = np.broadcast_arrays(np.asarray(x, dtype=np.float64), np.asarray(v, dtype=np.float64))
    a1 = field.acceleration(x, v)
    v2 = v + h / 2 * a1
    a2 = field.acceleration(x + h / 2 * v, v2)
    v3 = v + h / 2 * a2
    a3 = field.acceleration(x + h / 2 * v2, v3)
    v4 = v + h * a3
    a4 = field.acceleration(x + h * v3, v4)
    x = x + h / 6 * (v + 2 * (v2 + v3) + v4)
    v = v + h / 6 * (a1 + 2 * (a2 + a3) + a4)
    if field.clamp is None or not clamped:
        return x, v
    return field.clamp.x * np.tanh(x / field.clamp.x), field.clamp.v * np.tanh(v / field.clamp.v)


def rk4_jacobian(field: PlanarField, x: Array, v: Array, *, clamped: bool = True) -> Array:
    """The derivative of `rk4_step` to (x, v), exact: the same step taken on the variational equation.

    K_1 = J(y_1), K_2 = J(y_2) (1 + h/2 K_1), K_3 = J(y_3) (1 + h/2 K_2), K_4 = J(y_4) (1 + h K_3),
    M = D (1 + h/6 (K_1 + 2 K_2 + 2 K_3 + K_4)),   D the derivative of the clamp, y_i the stages' states

    Arguments as `rk4_step`.
    Returns (..., 2, 2) of the states' shape: rows are the later x and v, columns the earlier ones.
    """
    h, one = field.step, np.eye(2)
    x, v = np.broadcast_arrays(np.asarray(x, dtype=np.float64), np.asarray(v, dtype=np.float64))
    a1 = field.acceleration(x, v)
    x2, v2 = x + h / 2 * v, v + h / 2 * a1
    a2 = field.acceleration(x2, v2)
    x3, v3 = x + h / 2 * v2, v + h / 2 * a2
    a3 = field.acceleration(x3, v3)
    x4, v4 = x + h * v3, v + h * a3
    k1 = field.jacobian(x, v)
    k2 = field.jacobian(x2, v2) @ (one + h / 2 * k1)
    k3 = field.jacobian(x3, v3) @ (one + h / 2 * k2)
    k4 = field.jacobian(x4, v4) @ (one + h * k3)
    step = one + h / 6 * (k1 + 2 * (k2 + k3) + k4)
    if field.clamp is None or not clamped:
        return step
    a4 = field.acceleration(x4, v4)
    x = x + h / 6 * (v + 2 * (v2 + v3) + v4)
    v = v + h / 6 * (a1 + 2 * (a2 + a3) + a4)
    slopes = 1 - np.tanh(np.stack((x / field.clamp.x, v / field.clamp.v), -1)) ** 2
    return slopes[..., None] * step
