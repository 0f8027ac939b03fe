"""The oscillator under frozen drives as a vector field of the plane, one or many at once, with its derivatives."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..ode.right_hand_side import SoftClamp

Array = NDArray[np.float64]

_ORDERS = ((0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2), (3, 0), (2, 1), (1, 2), (0, 3))
_UP_TO = (1, 3, 6, 10)  # how many of them have an order of 0, 1, 2, 3


@dataclass(frozen=True, eq=False)
class PlanarField:
    """The field dx/ds = v, dv/ds = a(x, v) of the oscillator under frozen drives, in rescaled time s = t / tau.

    a(x, v) = -k x - gamma v - sum_ij w_ij x_c^i v_c^j,   x_c = X tanh(x / X), v_c = V tanh(v / V); or x, v unclamped

    One field has drives of shape (); K of them, as along a path, (K,). States are given with the fields' axes first: of
    K fields x is (K,) or (K, N), of one field of any shape; a number serves every field.

    stiffness, gamma  S, dimensionless
    weights           S + (P+1, P+1), weights[..., i, j] multiplies x^i v^j, dimensionless; any P
    step              h = dt / tau of the rollout, dimensionless
    sample_rate       Hz
    clamp             soft clamp of the polynomial's inputs; None leaves them
    Raises ValueError when shapes do not fit, a drive is not finite, or step or sample_rate is not positive.
    Source: design section 1 and 3, `ode.right_hand_side`.
    """

    stiffness: Array
    gamma: Array
    weights: Array
    step: float = 1.0
    sample_rate: float = 1.0
    clamp: SoftClamp | None = None
    shape: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        for name in ("stiffness", "gamma", "weights"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=np.float64))
        shape = self.gamma.shape
        side = self.weights.shape[-1] if self.weights.ndim else 0
        if side < 1 or self.stiffness.shape != shape or self.weights.shape != (*shape, side, side):
            raise ValueError(
                f"drives: stiffness {self.stiffness.shape}, gamma {shape} and weights {self.weights.shape} do not fit: "
                "give weights one square of P+1 for each of the others"
            )
        for name in ("step", "sample_rate"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name} is {getattr(self, name)}: give a positive, finite number")
        finite = np.isfinite(self.stiffness) & np.isfinite(self.gamma) & np.isfinite(self.weights).all((-2, -1))
        if not finite.all():
            raise ValueError(
                f"drives: {int((~finite).sum())} of {finite.size} knots are not finite: the model has diverged"
            )
        object.__setattr__(self, "shape", shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: int | slice | ArrayLike | None) -> PlanarField:
        """The field of one knot, or those of several; `None` makes one field () a row of one."""
        chosen = index if index is None or isinstance(index, int | slice) else np.asarray(index)
        return replace(self, stiffness=self.stiffness[chosen], gamma=self.gamma[chosen], weights=self.weights[chosen])

    @property
    def degree(self) -> int:
        """P, the highest power of x and of v."""
        return self.weights.shape[-1] - 1

    @property
    def tau(self) -> float:
        """The time scale, seconds: s = t / tau."""
        return 1 / (self.sample_rate * self.step)

    def hz(self, period: ArrayLike) -> Array:
        """Frequency in Hz of a period in rescaled time."""
        return 1 / (self.tau * np.asarray(period, dtype=np.float64))

    def acceleration(self, x: ArrayLike, v: ArrayLike) -> Array:
        """a(x, v), of the states' shape."""
        return self.derivatives(x, v, 0)[0]

    def __call__(self, x: ArrayLike, v: ArrayLike) -> tuple[Array, Array]:
        """(dx/ds, dv/ds), each of the states' shape."""
        acceleration = self.acceleration(x, v)
        return np.broadcast_to(np.asarray(v, dtype=np.float64), acceleration.shape), acceleration

    def derivatives(self, x: ArrayLike, v: ArrayLike, order: int) -> list[Array]:
        """A and its partial derivatives up to an order of 0 to 3, each of the states' shape.

        [a], [.., a_x, a_v], [.., a_xx, a_xv, a_vv], [.., a_xxx, a_xxv, a_xvv, a_vvv]; with a clamp by the chain rule.
        """
        x, v = np.broadcast_arrays(np.asarray(x, dtype=np.float64), np.asarray(v, dtype=np.float64))
        if x.ndim < len(self.shape):
            x, v = np.broadcast_to(x, self.shape), np.broadcast_to(v, self.shape)
        states = x.shape[len(self.shape) :]
        lead = (*self.shape, *(1,) * len(states))
        k, gamma = self.stiffness.reshape(lead), self.gamma.reshape(lead)
        count = _UP_TO[order]
        clamp = self.clamp
        u, w = _clamped(x, None if clamp is None else clamp.x), _clamped(v, None if clamp is None else clamp.v)
        p = self._polynomials(u[0], w[0], count)
        if self.clamp is not None:
            p = _chained(p, u, w)
        found = [-one for one in p]
        found[0] = found[0] - k * x - gamma * v
        if order:
            found[1], found[2] = found[1] - k, found[2] - gamma
        return found

    def jacobian(self, x: ArrayLike, v: ArrayLike) -> Array:
        """[[0, 1], [a_x, a_v]] as (..., 2, 2) of the states' shape."""
        _, a_x, a_v = self.derivatives(x, v, 1)
        return np.stack((np.zeros_like(a_x), np.ones_like(a_x), a_x, a_v), -1).reshape(*a_x.shape, 2, 2)

    def divergence(self, x: ArrayLike, v: ArrayLike) -> Array:
        """A_v, the trace of the Jacobian: what areas of states grow by, per unit of rescaled time."""
        return self.derivatives(x, v, 1)[2]

    def hessian(self, x: ArrayLike, v: ArrayLike) -> Array:
        """[[a_xx, a_xv], [a_xv, a_vv]] as (..., 2, 2): the curvature of dv/ds; that of dx/ds is zero."""
        _, _, _, xx, xv, vv = self.derivatives(x, v, 2)
        return np.stack((xx, xv, xv, vv), -1).reshape(*xx.shape, 2, 2)

    def restoring(self, x: ArrayLike) -> Array:
        """F(x) = -a(x, 0), whose zeros are the fixed points."""
        return -self.acceleration(x, np.zeros_like(np.asarray(x, dtype=np.float64)))

    def potential(self, x: ArrayLike) -> Array:
        """V(x), the integral of F from 0 to x: k x^2 / 2 + sum_i w_i0 (integral of x_c^i).

        With t = tanh z, z = x / X: the integral of t^i over z is that of t^(i-2) less t^(i-1) / (i-1), and ln cosh z
        for i = 1.
        """
        x = np.asarray(x, dtype=np.float64)
        if x.ndim < len(self.shape):
            x = np.broadcast_to(x, self.shape)
        lead = (*self.shape, *(1,) * (x.ndim - len(self.shape)))
        total = self.stiffness.reshape(lead) * x**2 / 2
        bound = math.inf if self.clamp is None else self.clamp.x
        z, t = x / bound, np.tanh(x / bound)
        integrals = [z, np.logaddexp(z, -z) - math.log(2)]
        for i in range(self.degree + 1):
            if i > 1:
                integrals.append(integrals[i - 2] - t ** (i - 1) / (i - 1))
            integral = x ** (i + 1) / (i + 1) if self.clamp is None else bound ** (i + 1) * integrals[i]
            total = total + self.weights[..., i, 0].reshape(lead) * integral
        return total

    @cached_property
    def _kept(self) -> dict[int, Array]:
        return {}

    def _rows(self, count: int) -> Array:
        """The weights of the polynomial's first 1, 3, 6 or 10 derivatives side by side, S + (P+1, n (P+1))."""
        if count not in self._kept:
            side, power = self.degree + 1, np.linalg.matrix_power
            raising = np.diag(np.arange(1.0, side), 1)  # (D w)_i = (i + 1) w_(i+1)
            tables = [power(raising, i) @ self.weights @ power(raising, j).T for i, j in _ORDERS[:count]]
            self._kept[count] = np.concatenate(tables, -1)
        return self._kept[count]

    def _polynomials(self, x: Array, v: Array, count: int) -> list[Array]:
        """The polynomial's first `count` derivatives at states x, v of the shape S + (...)."""
        side, shape = self.degree + 1, x.shape
        flat = (*self.shape, -1) if shape[len(self.shape) :] else (*self.shape, 1)
        powers = [np.empty((*shape, side)) for _ in range(2)]
        for base, to in zip((x, v), powers, strict=True):
            to[..., 0] = 1
            for i in range(1, side):
                np.multiply(to[..., i - 1], base, out=to[..., i])
        x_powers, v_powers = (one.reshape(*flat, side) for one in powers)
        rows = (x_powers @ self._rows(count)).reshape(*x_powers.shape[:-1], count, side)
        values = (rows @ v_powers[..., None])[..., 0]
        return list(np.moveaxis(values, -1, 0).reshape(count, *shape))


def _clamped(x: Array, bound: float | None) -> tuple[Array, Array, Array, Array]:
    """X tanh(x / X) and its first three derivatives; x itself without a bound."""
    if bound is None:
        one, none = np.ones(()), np.zeros(())
        return x, one, none, none
    u = bound * np.tanh(x / bound)
    first = 1 - (u / bound) ** 2
    second = -2 * u * first / bound**2
    return u, first, second, -2 * (first**2 + u * second) / bound**2


def _chained(p: list[Array], u: tuple[Array, ...], w: tuple[Array, ...]) -> list[Array]:
    """Derivatives to x and v of p(u(x), w(v)), given those of p to u and w."""
    _, a, b, c = u
    _, d, e, f = w
    found = [p[0]]
    if len(p) > 1:
        found += [p[1] * a, p[2] * d]
    if len(p) > 3:
        found += [p[3] * a**2 + p[1] * b, p[4] * a * d, p[5] * d**2 + p[2] * e]
    if len(p) > 6:
        found += [
            p[6] * a**3 + 3 * p[3] * a * b + p[1] * c,
            (p[7] * a**2 + p[4] * b) * d,
            (p[8] * d**2 + p[4] * e) * a,
            p[9] * d**3 + 3 * p[5] * d * e + p[2] * f,
        ]
    return found
