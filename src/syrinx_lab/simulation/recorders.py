"""A random recorder: the band that it keeps and the damage that it does."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .draws import chance, log_uniform

RATES_HZ = (16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000)
_SHARES = (0.1, 0.13, 0.1, 0.15, 0.32, 0.15, 0.05)
_FRAME, _HOP = 512, 128


@dataclass(frozen=True)
class Recorder:
    """A recorder.

    rate_hz            its sample rate: nothing above half of it is kept
    low_hz, low_order  high-pass;  tilt  of the microphone, as a power of the frequency
    cut_hz             above which a codec keeps nothing; inf: none
    peak_db            peak of what it stores, dB below full scale
    clipped_db         by which it was too loud; 0: it was not
    law_bits           bits of mu-law; 0: none
    holes_db           below the loudest of its frame a codec drops what is fainter; 0: none
    """

    rate_hz: int
    low_hz: float
    low_order: int
    tilt: float
    cut_hz: float
    peak_db: float
    clipped_db: float
    law_bits: int
    holes_db: float

    def response(self, hz: NDArray[np.floating]) -> NDArray[np.complex128]:
        """The response at frequencies (F,) in Hz, rising from 0, complex."""
        s = 1j * hz
        low = (s / (s + self.low_hz)) ** self.low_order
        level = (np.maximum(hz, 20.0) / 2000.0) ** self.tilt
        edge = min(0.5 * self.rate_hz, self.cut_hz)
        falling = np.clip((edge - hz) / (0.06 * edge), 0.0, 1.0)
        return low * level * np.sin(0.5 * np.pi * falling) ** 2

    @property
    def gain(self) -> float:
        """What a sound of peak 1 is multiplied by, were it not clipped."""
        return float(10 ** ((self.clipped_db - self.peak_db) / 20))

    def stored(self, sound: Tensor) -> Tensor:
        """What it stores of a sound (L,) of peak 1: at its level, with its damage; (L,)."""
        peak = 10 ** (-self.peak_db / 20)
        loud = sound * self.gain
        if self.clipped_db:
            loud = loud.clamp(-peak, peak)
        if self.holes_db:
            loud = _with_holes(loud, self.holes_db)
        if self.law_bits:
            loud = _mu_law(loud, self.law_bits)
        return loud


def draw_recorder(rng: np.random.Generator, loudest_db: float, faintest_db: float) -> Recorder:
    """A random recorder, whose peak lies between these levels, dB below full scale."""
    return Recorder(
        rate_hz=RATES_HZ[rng.choice(len(RATES_HZ), p=_SHARES)],
        low_hz=log_uniform(rng, 20.0, 1200.0) if chance(rng, 0.6) else 10.0,
        low_order=int(rng.integers(1, 5)),
        tilt=rng.normal(0.0, 0.25),
        cut_hz=rng.uniform(6500.0, 16_000.0) if chance(rng, 0.12) else math.inf,
        peak_db=rng.uniform(loudest_db, faintest_db),
        clipped_db=rng.uniform(1.0, 10.0) if chance(rng, 0.06) else 0.0,
        law_bits=8 if chance(rng, 0.04) else 0,
        holes_db=rng.uniform(20.0, 45.0) if chance(rng, 0.08) else 0.0,
    )


def perfect(sample_rate: int, loudest_db: float, faintest_db: float) -> Recorder:
    """A recorder that keeps everything, at the middle of these levels, dB below full scale."""
    return Recorder(sample_rate, 0.0, 0, 0.0, math.inf, 0.5 * (loudest_db + faintest_db), 0.0, 0, 0.0)


def _with_holes(sound: Tensor, below_db: float) -> Tensor:
    """Without the bins of every frame that lie so far below its loudest, as coarse codecs leave them."""
    window = torch.hann_window(_FRAME)
    spectra = torch.stft(sound, _FRAME, _HOP, window=window, return_complex=True)
    size = spectra.abs()
    kept = size >= size.amax(0) * 10 ** (-below_db / 20)
    return torch.istft(spectra * kept, _FRAME, _HOP, window=window, length=len(sound))


def _mu_law(sound: Tensor, bits: int) -> Tensor:
    """Rounded on a mu-law scale of 2^bits steps (ITU-T G.711)."""
    mu = 2.0**bits - 1
    pressed = sound.sign() * torch.log1p(mu * sound.abs()) / math.log1p(mu)
    pressed = (pressed * (mu / 2)).round() / (mu / 2)
    return pressed.sign() * torch.expm1(pressed.abs() * math.log1p(mu)) / mu
