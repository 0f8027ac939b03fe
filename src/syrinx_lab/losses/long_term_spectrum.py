"""The spectrum of the whole rollout: the right energy in every band, wherever in time it came."""

from __future__ import annotations

import torch
from torch import Tensor

from ..types import Prediction
from .magnitudes import stft_magnitudes
from .term import LossTerm


class LongTermSpectrum(LossTerm):
    """Mean absolute difference of the log long-term average spectra, one value an item.

    loss = mean_k |log(P_a(k) + floor) - log(P_g(k) + floor)| / 2,   P(k) = mean_t |S(t, k)|^2

    with the magnitudes of `stft_magnitudes`, up to highest_hz. Halved, it is a difference of log amplitudes, as in
    `MultiResolutionStft`. The L1 of a spectrogram's log magnitudes asks for the median of what the target may be, which
    for noise and for partials that beat lies below its power: left to that term alone, a model sings too softly.

    n_fft, hop   samples
    floor        power (signal units times samples, squared) that no longer matters, > 0
    highest_hz   Hz, None or half the sample rate and more: all bins count
    sample_rate  Hz

    Raises ValueError for values out of range. Rollouts shorter than n_fft take the longest power of two that fits.
    Source: the long-term average spectrum (LTAS), Löfqvist and Mandersson (1987), Folia Phoniatrica 39.
    """

    needs_rollout = True
    needs_acceleration = False

    def __init__(
        self,
        n_fft: int = 1024,
        hop: int = 256,
        floor: float = 1e-4,
        highest_hz: float | None = 12_000.0,
        sample_rate: float = 44100,
    ) -> None:
        super().__init__()
        if not 0 < floor < float("inf"):
            raise ValueError(f"ltas: floor {floor} must be positive and finite")
        if n_fft < 16 or n_fft % 2 or not 1 <= hop <= n_fft:
            raise ValueError(f"ltas: n_fft {n_fft}, hop {hop}: give n_fft even, at least 16, and 1 <= hop <= n_fft")
        if highest_hz is not None and not 0 < highest_hz < float("inf"):
            raise ValueError(f"ltas: highest_hz {highest_hz} must be above 0 and finite")
        self.n_fft, self.hop, self.floor = int(n_fft), int(hop), float(floor)
        self.highest = 1.0 if highest_hz is None else min(1.0, 2 * highest_hz / sample_rate)

    def forward(self, prediction: Prediction) -> Tensor:
        """The loss of every item: `output` and `target` (B, H) in, (B,) out, dimensionless."""
        output, target = prediction.output, prediction.target
        assert output is not None, "ltas looks at the rollout: the prediction holds none"
        assert target is not None, "ltas compares with the target: the prediction holds none"
        with torch.no_grad():
            goal = self._log_power(target)
        return (self._log_power(output) - goal).abs().mean(1) / 2

    def _log_power(self, x: Tensor) -> Tensor:
        """(B, K) log of the mean power over the frames."""
        n_fft = min(self.n_fft, 1 << (x.shape[1].bit_length() - 1))
        bins = 1 + int(self.highest * (n_fft // 2))
        power = stft_magnitudes(x, n_fft, min(self.hop, n_fft // 4))[..., :bins].square().mean(1)
        return (power + self.floor).log()
