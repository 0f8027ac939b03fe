"""White noise in bands, held below a share of the recording's envelope."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import log_softmax

from ..bounded import bounded_gain
from ..control_rate import interpolate
from ..fir_bank import band_passes, convolve


class FilteredNoise(nn.Module):
    """Breath that follows the song and a background that does not, each with a spectrum of its own.

    y[t] = sum_b n_b(t) (h_b * e)[t],   n_b^2 = a_b^2 + f_b^2
    a_b = ratio envelope sqrt(p_b),     p = softmax(0, 2 (l_b + c_b)) less its first entry
    f_b = floor exp(q_b) / sqrt(B),     exp(q_b) within +-floor_range_db

    The band-passes h_b are orthonormal, so that white e of unit variance gives y the variance sum_b n_b^2, at every
    sample. As the p_b add up to less than one, the breath stays below ratio * envelope whatever the controls are: of
    a sound whose loudness is the envelope it makes at most ratio^2 / (1 + ratio^2) of the energy, and cannot stand in
    for the oscillator. Raw controls and l_b shape it; they begin at start * ratio * envelope, spread over the bands.

    bands, taps     of the bank; taps odd
    low_hz, high_hz, sample_rate  Hz, what the bank spans
    ratio           in [0, 1): bound of the breath, in envelopes
    start           in (0, 1): the breath at raw controls of zero, as a share of that bound
    floor_db        dB, root mean square of the background at first, 0 dB being 1; `calibrate` sets it to a recording's
    floor_range_db  dB, how far learning may move a band of the background from there
    Raises ValueError for numbers out of these ranges and for bands too narrow for so few taps.

    Source: Engel et al., DDSP: Differentiable Digital Signal Processing, ICLR 2020, section 3.5 (filtered noise);
    Loewdin, J. Chem. Phys. 18, 365, 1950 (the orthonormal bank nearest to a given one).
    """

    level: Tensor
    bank: Tensor

    def __init__(
        self,
        *,
        sample_rate: int,
        bands: int = 16,
        taps: int = 129,
        low_hz: float = 300.0,
        high_hz: float = 11500.0,
        ratio: float = 0.35,
        start: float = 0.5,
        floor_db: float = -60.0,
        floor_range_db: float = 12.0,
    ) -> None:
        super().__init__()
        if not 0 <= ratio < 1:
            raise ValueError(f"noise.ratio is {ratio}: use a share of the envelope from 0 to below 1")
        if not 0 < start < 1:
            raise ValueError(f"noise.start is {start}: use a share of the bound between 0 and 1")
        if not floor_range_db > 0:
            raise ValueError(f"noise.floor_range_db is {floor_range_db}: use dB above 0")
        self.channels = bands
        self.reach = taps // 2
        self.ratio = ratio
        self.floor_range_db = floor_range_db
        bank = orthonormal(band_passes(bands, taps, low_hz, high_hz, sample_rate))
        self.register_buffer("bank", bank.to(torch.get_default_dtype()), persistent=False)
        self.register_buffer("level", torch.tensor(0.0))
        self.calibrate(10 ** (floor_db / 20))
        # bands e^l each: B e^2l / (1 + B e^2l) = start^2
        self.log_breath = nn.Parameter(torch.full((bands,), 0.5 * math.log(start**2 / (1 - start**2) / bands)))
        self.log_floor = nn.Parameter(torch.zeros(bands))

    @torch.no_grad()
    def calibrate(self, rms: float) -> None:
        """Let the background begin at this root mean square, in the recording's unit.

        Raises ValueError for a number that is not positive and finite.
        """
        if not 0 < rms < math.inf:
            raise ValueError(f"a background of {rms}: give the recording's in silence, above 0")
        self.level.fill_(rms)

    def floor(self) -> Tensor:
        """(B,) root mean square of the background in every band."""
        return self.level * bounded_gain(self.log_floor, self.floor_range_db) / math.sqrt(self.channels)

    def breath(self, envelope: Tensor, controls: Tensor) -> Tensor:
        """Envelope (B, T) and raw controls (B, T, bands) -> root mean square of the breath in every band."""
        level = 2 * (self.log_breath + controls)
        # exp(half the logarithm) rather than a root, whose slope at a band that is off would be infinite
        share = torch.exp(0.5 * log_softmax(torch.cat((torch.zeros_like(level[..., :1]), level), -1), -1))
        return self.ratio * envelope[..., None] * share[..., 1:]

    def forward(self, excitation: Tensor, envelope: Tensor, controls: Tensor | None, hop: int) -> Tensor:
        """White noise (B, H), envelope (B, T), raw controls (B, T, bands), knots `hop` samples apart -> (B, H)."""
        assert controls is not None
        assert controls.shape[-1] == self.channels
        amplitude = (self.breath(envelope, controls).square() + self.floor().square()).sqrt()
        amplitude = interpolate(amplitude, hop, excitation.shape[1])
        return (convolve(excitation, self.bank) * amplitude.mT).sum(1)


def orthonormal(bank: Tensor) -> Tensor:
    """The responses R^(-1/2) h, R = h h^T, of which each has unit energy and no two have anything in common.

    bank (K, taps) float64. Returns the same shape. Raises ValueError when some response is nearly a sum of others.
    """
    energy, axes = torch.linalg.eigh(bank @ bank.T)
    if energy[0] < 1e-2 * energy[-1]:
        raise ValueError(f"{len(bank)} bands overlap too much with {bank.shape[1]} taps: use more taps or fewer bands")
    return (axes / energy.sqrt()) @ axes.T @ bank
