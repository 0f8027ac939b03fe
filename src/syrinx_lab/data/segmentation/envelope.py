"""How far the sound stands above the noise, millisecond by millisecond."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, gaussian_filter1d

from .power import noise_of

_MODES_DB = np.arange(-4.0, 1.01, 0.1)
_FAINT_MODES_DB = np.arange(-4.0, 3.01, 0.1)  # of the mean with an exponent
_SPAN, _FAINT_SPAN = 4_000, 2_000  # frames around each moment in which the noise is looked for
_STEADY_FRAMES = 800  # broadband sound that stays as it is for longer is background,
_TONAL_FRAMES = 2_000  # and so is a tone
_STEADY_DB = 2.0
_BROADBAND = 0.6  # of the bins
_EDGE = 20  # frames at either end of a stretch that do not count


def excess_db(
    power: NDArray[np.float32], low_db: float, smooth: float = 1.0, exponent: float = 1.0
) -> tuple[NDArray[np.float32], int]:
    """Excess e = 10 log10 mean_b (P_b / N_b) in dB, (frames,), and how many frames turned out to be background.

    P is the power, N the noise of each bin b; the commonest level of what is not song is 0 dB. Dividing by the noise of
    each bin removes hum, steady tones and the recorder's colour. A stretch above `low_db` of more than 0.8 s (of a
    tone 2 s) whose lowest third stays within 2 dB is no song but a fan that was switched on: its noise is its own.

    power   (frames, bins)
    low_db  what stands above the noise
    smooth  standard deviation, in frames, of the Gaussian that smooths the decibels
    exponent  p above 1, for faint song: e = (10 / p) log10 mean_b (P_b / N_b)^p with P / N smoothed before, over time
            by `smooth` and over frequency by a bin, so that a tone which fills few bins stands out of the band; N is
            then found in 2 s, for faint song must not be taken for a swell of the noise
    """
    span = _SPAN if exponent == 1.0 else _FAINT_SPAN
    noise = noise_of(power, span)
    excess = _excess(power, noise, smooth, exponent)
    background = 0
    for first, stop in stretches(excess > low_db):
        if _is_steady(excess[first:stop], power[first:stop], noise[first:stop]):
            own = noise_of(power[first:stop], span)
            excess[first:stop] = _excess(power[first:stop], np.maximum(own, noise[first:stop]), smooth, exponent)
            background += stop - first
    return excess, background


def stretches(above: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """The runs [first, stop) of True, in order."""
    edges = np.flatnonzero(np.diff(above.astype(np.int8), prepend=0, append=0))
    return [(int(first), int(stop)) for first, stop in zip(edges[::2], edges[1::2])]


def _excess(
    power: NDArray[np.float32], noise: NDArray[np.float32], smooth: float, exponent: float
) -> NDArray[np.float32]:
    if exponent == 1.0:
        mean = np.einsum("tb,tb->t", power, 1 / noise) / power.shape[1]
        excess = gaussian_filter1d(10 * np.log10(mean + 1e-3), smooth, mode="nearest").astype(np.float32)
        return excess - np.float32(_mode(excess, _MODES_DB))
    ratio = gaussian_filter(power / noise, (smooth, 1.0), mode="nearest")
    largest = ratio.max(axis=1, keepdims=True) + np.float32(1e-3)
    mean = np.mean((ratio / largest) ** exponent, axis=1) ** (1 / exponent) * largest[:, 0]
    excess = (10 * np.log10(mean + 1e-3)).astype(np.float32)
    return excess - np.float32(_mode(excess, _FAINT_MODES_DB))


def _mode(excess: NDArray[np.float32], edges: NDArray[np.floating]) -> float:
    """The commonest level between the edges; it is below 0 where song reaches into the tenth percentile."""
    counts, _ = np.histogram(excess, edges)
    if counts.sum() < 50:  # frames
        return 0.0
    commonest = int(np.argmax(np.convolve(counts, np.ones(7), "same")))
    return float((edges[commonest] + edges[commonest + 1]) / 2)


def _is_steady(excess: NDArray[np.float32], power: NDArray[np.float32], noise: NDArray[np.float32]) -> bool:
    """Whether a stretch is background: its lowest third hardly changes (song may be in the rest)."""
    if len(excess) <= _STEADY_FRAMES:
        return False
    low, middle = np.quantile(excess[_EDGE:-_EDGE], (0.05, 0.3))
    if middle - low > _STEADY_DB:
        return False
    if len(excess) > _TONAL_FRAMES:
        return True
    quiet = excess <= middle
    raised = np.mean(power[quiet], axis=0) > 2 * np.mean(noise[quiet], axis=0)
    return float(np.mean(raised)) > _BROADBAND
