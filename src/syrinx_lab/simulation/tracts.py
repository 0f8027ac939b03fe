"""A random vocal tract: tube with echoes, resonances and antiresonances, a beak, a steep cut of what is low."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .draws import chance, log_uniform

_SOUND_M_PER_S = 350.0

Response = NDArray[np.complex128]


@dataclass(frozen=True)
class Tract:
    """A posture of the tract that stands still.

    length_m, reflection  of the tube, whose echo comes back inverted
    resonances            centre in Hz, bandwidth in Hz and gain in dB of each; below 0 dB it is an antiresonance
    beak_hz, beak_order   corner above which it falls by 6 dB an octave and order; steeply behind a whistler's cavity
    cut_hz, cut_order     high-pass: 6 dB an octave and order; 0: none
    pitches_hz            lowest and highest pitch that it is used at, for its loudness
    """

    length_m: float
    reflection: float
    resonances: tuple[tuple[float, float, float], ...]
    beak_hz: float
    beak_order: int
    cut_hz: float
    cut_order: int
    pitches_hz: tuple[float, float]

    def response(self, hz: NDArray[np.floating]) -> Response:
        """The response at frequencies (F,) in Hz, rising from 0, complex; of mean power 1 over what the bird sings.

            H = (1 + r) / (1 + r e^(-i w 2 L / c)) prod_k (1 + (g_k - 1) i w B_k / (w_k^2 - w^2 + i w B_k)) beak cut

        The mean is taken from the lowest pitch to four times the highest.
        """
        s = 1j * hz
        out = (1 + self.reflection) / (1 + self.reflection * np.exp(-4j * np.pi * hz * self.length_m / _SOUND_M_PER_S))
        for centre, width, gain_db in self.resonances:
            band = s * width
            out = out * (1 + (10 ** (gain_db / 20) - 1) * band / (centre**2 - hz**2 + band))
        out = out / (1 + s / self.beak_hz) ** self.beak_order
        if self.cut_order:
            out = out * (s / (s + self.cut_hz)) ** self.cut_order
        used = (hz >= self.pitches_hz[0]) & (hz <= 4 * self.pitches_hz[1])
        return out / np.sqrt(np.mean(np.abs(out[used]) ** 2))


def draw_tract(rng: np.random.Generator, pitches_hz: tuple[float, float], tonal: bool) -> Tract:
    """A random posture for a range of pitch in Hz; that of pure tones leaves them in place."""
    resonances = []
    for _ in range(rng.integers(0, 3 if tonal else 6)):
        centre = log_uniform(rng, 400.0, 9000.0)
        gain = rng.uniform(-20.0, -6.0) if chance(rng, 0.25) else rng.uniform(4.0, 26.0)
        gain = 0.25 * gain if tonal else gain
        resonances.append((centre, centre / log_uniform(rng, 1.0, 10.0), gain))
    cut = not tonal and chance(rng, 0.25)
    return Tract(
        length_m=log_uniform(rng, 0.015, 0.12),
        reflection=rng.uniform(0.0, 0.3 if tonal else 0.75),
        resonances=tuple(resonances),
        beak_hz=log_uniform(rng, 1.2, 3.0) * pitches_hz[1] if tonal else log_uniform(rng, 2500.0, 20_000.0),
        beak_order=3 if tonal else 1,
        cut_hz=log_uniform(rng, 0.7 * pitches_hz[0], 3.0 * pitches_hz[0]) if cut else 0.0,
        cut_order=int(rng.integers(2, 5)) if cut else 0,
        pitches_hz=pitches_hz,
    )
