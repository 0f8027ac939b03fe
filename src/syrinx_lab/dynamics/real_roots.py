"""All real zeros of the restoring force, for many fields at once."""

from __future__ import annotations

import numpy as np

from .field import Array, PlanarField

_ROUNDING = 16 * np.finfo(float).eps
_ITERATIONS = 80
_NOTHING = 1e-20  # of the clamp, or of the farthest zero: what halving leaves of a zero at 0
_FARTHEST = 1e150  # x whose square is finite


def real_roots(field: PlanarField) -> Array:
    """The x at which F(x) = -a(x, 0) is zero, ascending, S + (M,), NaN where a field has fewer than the richest.

    Between two neighbours among the zeros of F' the force is monotone and has one zero or none, which the signs at
    the ends tell. F' is a polynomial in x_c, also with a clamp, where F is none: F' = k + p'(x_c) (1 - x_c^2 / X^2).
    Its zeros are eigenvalues of its companion matrix; a pair that rounding has moved off the real axis still divides
    the line at its real part. To these the zeros of F'' are added, and without a clamp those of F. So none is missed,
    down to pairs that rounding cannot tell from a double zero, which count once.

    Source: Edelman and Murakami (1995), Polynomial roots from companion matrix eigenvalues.
    """
    flat = field if len(field.shape) == 1 else _flattened(field)
    bound = 1.0 if flat.clamp is None else flat.clamp.x
    side = flat.degree + 1
    p = flat.weights[..., :, 0] * bound ** np.arange(side)  # in u = x_c / X
    k = flat.stiffness * bound
    slope = np.zeros((len(flat), side + 2))  # of F to u, times the slope of u to x
    slope[:, : side - 1] = p[:, 1:] * np.arange(1, side)
    if flat.clamp is not None:
        slope[:, 2:] -= slope[:, :-2].copy()
    slope[:, 0] += k
    curvature = slope[:, 1:] * np.arange(1, side + 2)
    dividing = [_real_parts(slope), _real_parts(curvature)]
    if flat.clamp is None:
        whole = np.pad(p, ((0, 0), (0, max(0, 2 - side))))
        whole[:, 1] += k
        dividing.append(_real_parts(whole))
    u = np.concatenate(dividing, -1)
    if flat.clamp is not None:
        u = np.where(np.abs(u) < 1, u, np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            x = bound * np.arctanh(u)
            reach = np.abs(p).sum(-1) / np.abs(flat.stiffness)
        farthest = np.where(np.isfinite(reach), reach, 20 * bound) + 20 * bound
    else:
        x = u
        farthest = 2 * np.nanmax(np.abs(np.where(np.isfinite(x), x, 0)), -1, initial=0) + 1
    farthest = np.minimum(farthest, _FARTHEST)[:, None]
    x = np.sort(np.concatenate((-farthest, farthest, np.clip(x, -farthest, farthest)), -1), -1)
    roots = _between(flat, p, x, bound)
    tiny = np.abs(roots) < _NOTHING * (bound if flat.clamp is not None else np.nanmax(np.abs(x), -1, keepdims=True))
    roots = np.where(tiny, 0.0, roots)
    most = int((~np.isnan(roots)).sum(-1).max(initial=0))
    return np.sort(roots, -1)[:, :most].reshape(*field.shape, most)


def _flattened(field: PlanarField) -> PlanarField:
    side = field.degree + 1
    return PlanarField(
        field.stiffness.reshape(-1),
        field.gamma.reshape(-1),
        field.weights.reshape(-1, side, side),
        step=field.step,
        sample_rate=field.sample_rate,
        clamp=field.clamp,
    )


def _real_parts(coefficients: Array) -> Array:
    """Real parts of all zeros of polynomials (K, n), lowest power first; (K, n - 1), NaN for powers that are zero."""
    count, n = coefficients.shape
    roots = np.full((count, n - 1), np.nan)
    largest = np.abs(coefficients).max(-1, keepdims=True)
    there = np.abs(coefficients) > 1e-200 * largest
    degree = np.where(there.any(-1), n - 1 - np.argmax(there[:, ::-1], -1), 0)
    for d in np.unique(degree[degree > 0]):
        of = degree == d
        monic = coefficients[of, :d] / coefficients[of, d : d + 1]
        companion = np.zeros((len(monic), d, d))
        companion[:, np.arange(1, d), np.arange(d - 1)] = 1
        companion[:, :, -1] = -monic
        roots[of, :d] = np.linalg.eigvals(companion).real
    return roots


def _between(field: PlanarField, p: Array, x: Array, bound: float) -> Array:
    """The zeros between neighbours of x (K, n), and those at them; (K, 2 n - 1) with NaN."""
    k = field.stiffness[:, None]
    clamped = field.clamp is not None

    def force(x: Array) -> tuple[Array, Array, Array]:
        u = np.tanh(x / bound) if clamped else x
        value, slope, size = np.zeros_like(x), np.zeros_like(x), np.zeros_like(x)
        for i in range(p.shape[-1] - 1, -1, -1):
            slope = slope * u + value
            value = value * u + p[:, i : i + 1]
            size = size * np.abs(u) + np.abs(p[:, i : i + 1])
        slope = slope * (1 - u**2) / bound if clamped else slope
        return value + k * x, slope + k, size + np.abs(k * x)

    with np.errstate(all="ignore"):
        value, _, size = force(x)
        zero = np.abs(value) <= _ROUNDING * size
        sign = np.where(zero, 0, np.sign(value))
        at = np.where(zero, x, np.nan)
        at[:, 1:][zero[:, 1:] & zero[:, :-1]] = np.nan  # one zero that several points have hit
        at[(np.nan_to_num(size) == 0).all(-1)] = np.nan  # no force anywhere
        low, high, rising = x[:, :-1].copy(), x[:, 1:].copy(), sign[:, 1:] > 0
        inside = sign[:, 1:] * sign[:, :-1] < 0
        middle = np.where(inside, (low + high) / 2, 0.0)
        for _ in range(_ITERATIONS):
            value, slope, _ = force(middle)
            right = (value > 0) == rising  # the zero lies left of here
            high, low = np.where(right, middle, high), np.where(right, low, middle)
            newton = middle - value / slope
            trusted = (newton > low) & (newton < high)
            following = np.where(trusted, newton, (low + high) / 2)
            moved = np.where(inside, np.abs(following - middle), 0)
            middle = np.where(inside, following, 0.0)
            if (moved <= 2 * np.finfo(float).eps * np.abs(middle)).all():
                break
    return np.concatenate((at, np.where(inside, middle, np.nan)), -1)
