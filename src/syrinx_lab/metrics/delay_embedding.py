"""A sound as the path of a state: delay embedding, and the delay that suits it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from .audible import Signal, as_signal, is_audible


def delay_embedding(x: ArrayLike, dimension: int, delay: int) -> Signal:
    """Points y_t = (x_t, x_{t+delay}, ..., x_{t+(dimension-1) delay}) of a scalar signal.

    x          (n,) any unit
    dimension  m, numbers a point
    delay      samples between them
    result     (n - (m - 1) delay, m) in the unit of x

    Raises ValueError with one line where m or the delay is below 1, or the signal is shorter than one point.
    Source: Takens (1981), Lect. Notes Math. 898; Packard et al. (1980), Phys. Rev. Lett. 45, 712.
    """
    signal = as_signal(x)
    if dimension < 1 or delay < 1:
        raise ValueError(f"delay embedding of dimension {dimension} and delay {delay}: use 1 or more of both")
    count = signal.size - (dimension - 1) * delay
    if count < 1:
        raise ValueError(
            f"{signal.size} samples are no point of dimension {dimension} and delay {delay}: take a longer sound"
        )
    return np.stack([signal[k * delay : k * delay + count] for k in range(dimension)], 1)


def suitable_delay(x: ArrayLike) -> int:
    """The delay of an embedding: the first lag at which the autocorrelation has fallen to 1/e, in samples.

    r(lag) = <x_t x_{t+lag}> / <x_t^2>, x freed of its mean

    About a fifth of the period of a sine, where its ellipse is open. (The first minimum of the mutual information, the
    other usual choice, does not exist for a tone.)

    x       (n,)
    result  1 or more; 1 for a silent, constant or very short signal
    Source: Kantz and Schreiber (2004), Nonlinear Time Series Analysis, section 9.2.
    """
    signal = as_signal(x)
    if signal.size < 8 or not is_audible(signal):
        return 1
    power = np.abs(np.fft.rfft(signal - signal.mean(), 2 * signal.size)) ** 2
    correlation = np.fft.irfft(power)[: signal.size]
    return max(1, int(np.argmax(correlation < correlation[0] / math.e)))


def dominant_period(x: ArrayLike) -> float:
    """The period of the strongest frequency, in samples; NaN for a signal without any.

    The peak of the Hann-windowed power spectrum, by a parabola through the logarithms of three bins.
    """
    signal = as_signal(x)
    if signal.size < 8 or not is_audible(signal):
        return math.nan
    power = np.abs(np.fft.rfft((signal - signal.mean()) * np.hanning(signal.size))) ** 2
    peak = 1 + int(np.argmax(power[1:]))
    if peak + 1 >= power.size or peak < 2:
        return signal.size / peak
    below, at, above = np.log(power[peak - 1 : peak + 2] + 1e-300)
    return float(signal.size / (peak + 0.5 * (below - above) / (below - 2 * at + above)))
