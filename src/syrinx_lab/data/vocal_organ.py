"""The avian vocal organ: air-sac pressure and syringeal tension in, sound out."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.signal import firwin, upfirdn

from ..simd.compiling import kept

TIME_SCALE = 24_000.0  # g in 1/s: the time constant fitted to zebra finches (Amador et al. 2013)
MINIMUM_RATE_HZ = 320_000  # of the integration: g dt <= 0.075, where halving the step moves f0 by less than 0.1 Hz

# The trachea is a tube, closed at the syrinx and open at the beak: an echo comes back inverted after 2 L / c.
TUBE_LENGTH_M = 0.035
SOUND_SPEED_M_PER_S = 350.0
ECHOES = (1.0, -0.4, 0.16, -0.064)


@kept(nogil=True)
def _integrate(
    alpha: NDArray[np.float64], beta: NDArray[np.float64], step: float, oversampling: int, x: float
) -> NDArray[np.float64]:
    """RK4 in s = g t from (x, 0), controls linear between samples; returns dx/ds at the oversampled instants."""
    n = len(alpha)
    velocity = np.empty(n * oversampling)
    v = 0.0
    for i in range(n):
        last = min(i + 1, n - 1)
        alpha_slope = (alpha[last] - alpha[i]) / oversampling
        beta_slope = (beta[last] - beta[i]) / oversampling
        for k in range(oversampling):
            velocity[i * oversampling + k] = v
            a = alpha[i] + alpha_slope * k
            b = beta[i] + beta_slope * k
            x1 = v
            v1 = -(a + x * (b + x * (x - 1.0))) - v * x * (x + 1.0)
            a += 0.5 * alpha_slope
            b += 0.5 * beta_slope
            xm = x + 0.5 * step * x1
            x2 = v + 0.5 * step * v1
            v2 = -(a + xm * (b + xm * (xm - 1.0))) - x2 * xm * (xm + 1.0)
            xm = x + 0.5 * step * x2
            x3 = v + 0.5 * step * v2
            v3 = -(a + xm * (b + xm * (xm - 1.0))) - x3 * xm * (xm + 1.0)
            a += 0.5 * alpha_slope
            b += 0.5 * beta_slope
            xm = x + step * x3
            x4 = v + step * v3
            v4 = -(a + xm * (b + xm * (xm - 1.0))) - x4 * xm * (xm + 1.0)
            x += step / 6.0 * (x1 + 2.0 * x2 + 2.0 * x3 + x4)
            v += step / 6.0 * (v1 + 2.0 * v2 + 2.0 * v3 + v4)
    return velocity


def resting_point(alpha: float, beta: float) -> float:
    """The largest real x with alpha + beta x + x^3 - x^2 = 0: where the labia rest at constant controls."""
    roots = np.roots([1.0, -1.0, beta, alpha])
    return float(roots.real[np.abs(roots.imag) < 1e-9].max())


def labial_velocity(
    alpha: ArrayLike, beta: ArrayLike, sample_rate: int, oversampling: int | None = None
) -> tuple[NDArray[np.float64], int]:
    """Velocity of the labia in the normal form of the avian vocal organ, by classical RK4.

        x' = y,   y' = -g^2 (alpha + beta x + x^3 - x^2) - g y (x^2 + x),   g = 24000 / s

    The labia start at rest on the fixed point of the first controls. In s = g t the fixed point of largest x vanishes
    in a saddle-node on a circle (the start of pulses, rich in harmonics) at the alpha where x^2 - x^3 - beta x has its
    maximum: 4/27 for beta = 0. For beta > 1/3 it turns into a small, nearly sinusoidal cycle instead (Hopf) when
    alpha rises through 0, at f = g sqrt(beta) / 2 pi. At alpha = 0.15 beta from 0 to 0.6 runs f0 from 311 Hz to
    3.5 kHz; at alpha = 0.17 beta from -0.03 on gives 284 Hz and more.

    alpha         (N,) air-sac pressure at the sample rate, dimensionless; sound needs it above 0 to 0.17
    beta          (N,) tension of the labia, dimensionless
    sample_rate   Hz, of the controls
    oversampling  integration steps per sample; None: the fewest that make at least 320 kHz
    Returns y / g (N * oversampling,), dimensionless, and the oversampling. Controls are linear between samples.

    Source: Mindlin and Laje (2005), The Physics of Birdsong; Amador, Perl, Mindlin and Margoliash (2013), Nature 495.
    """
    pressure, tension = np.asarray(alpha, dtype=np.float64), np.asarray(beta, dtype=np.float64)
    assert pressure.ndim == 1
    assert pressure.shape == tension.shape
    factor = oversampling or math.ceil(MINIMUM_RATE_HZ / sample_rate)
    step = TIME_SCALE / (sample_rate * factor)
    start = resting_point(float(pressure[0]), float(tension[0]))
    return _integrate(pressure, tension, step, factor, start), factor


def tract(signal: ArrayLike, rate_hz: int) -> NDArray[np.float64]:
    """The sound at the beak: a fixed FIR of four taps, the direct sound and three echoes.

        out(t) = sum_k (-0.4)^k in(t - k T),   T = 2 L / c = 0.2 ms (L = 35 mm, c = 350 m/s), k = 0..3

    It resonates at the odd multiples of c / 4 L: 2.5 kHz and 7.5 kHz by 4.2 dB, and takes 3.1 dB from 0, 5 and 10 kHz.

    signal   (N,) velocity of the labia
    rate_hz  of the signal; T is rounded to whole samples, so give it the oversampled signal
    Returns (N,), without the constant delay from syrinx to beak.
    """
    delay = round(2.0 * TUBE_LENGTH_M / SOUND_SPEED_M_PER_S * rate_hz)
    samples = np.asarray(signal, dtype=np.float64)
    out = np.zeros_like(samples)
    for k, tap in enumerate(ECHOES):
        out[k * delay :] += tap * samples[: len(samples) - k * delay]
    return out


def decimate(signal: ArrayLike, factor: int) -> NDArray[np.float64]:
    """Every `factor`-th sample after a zero-phase low-pass, flat up to 0.4 of the new rate and -80 dB from 0.5 on.

    signal (N * factor,); returns (N,).
    """
    samples = np.asarray(signal, dtype=np.float64)
    if factor == 1:
        return samples
    half = 52 * factor
    taps = firwin(2 * half + 1, 0.45, fs=factor, window=("kaiser", 8.0))
    return upfirdn(taps, samples, up=1, down=factor)[52 : 52 + len(samples) // factor]


def sing(alpha: ArrayLike, beta: ArrayLike, sample_rate: int) -> NDArray[np.float64]:
    """The sound (N,) of pressure alpha (N,) and tension beta (N,), dimensionless: labia, tract, decimation."""
    velocity, factor = labial_velocity(alpha, beta, sample_rate)
    return decimate(tract(velocity, sample_rate * factor), factor)
