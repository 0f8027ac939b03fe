"""Several learned filters, mixed anew at every knot."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..bounded import bounded_gain
from ..control_rate import interpolate
from ..cosine_codes import CosineCodes
from ..fir_bank import band_passes, convolve
from ..span import span


class FirMixture(nn.Module):
    """A vocal tract that moves: K responses shared by the whole song, in proportions that vary.

    y[t] = g(t) sum_k m_k(t) sum_u h_k[u] s[t - u],   m_k = exp(m0_k + c_k),   g = exp(c_K)

    The responses h_k begin as band-passes side by side, of unit gain together: an untrained tract lets [low_hz,
    high_hz] pass and is silent around it. Weights are positive, so that filters are faded in and out rather than
    swapped in sign, and bounded, as the gain is. The proportions are applied after the filters: the sound at t depends
    on the controls around t alone.

    filters         K
    taps            odd, of every filter
    low_hz, high_hz, sample_rate  Hz, the span of the first band-passes; it ends below half the sample rate, see `span`
    mix_range_db    dB, the bound of every weight
    gain_range_db   dB, the bound of the gain
    codes           numbers a knot of which all c_k are a function, see `CosineCodes`, with g = 1; None: every
                    c_k and the gain by itself, K + 1 numbers
    Raises ValueError for taps, bands or ranges that cannot be.

    Memory: (B, K, H) numbers, so cut long songs into pieces with `reach` samples around them.

    Source: Fant, Acoustic Theory of Speech Production, 1960 (source and filter); Engel et al., DDSP: Differentiable
    Digital Signal Processing, ICLR 2020, section 3 (responses that vary from frame to frame).
    """

    def __init__(
        self,
        *,
        sample_rate: int,
        filters: int = 16,
        taps: int = 129,
        low_hz: float = 300.0,
        high_hz: float = 11500.0,
        mix_range_db: float = 60.0,
        gain_range_db: float = 30.0,
        codes: int | None = None,
    ) -> None:
        super().__init__()
        for name, value in (("mix_range_db", mix_range_db), ("gain_range_db", gain_range_db)):
            if not value > 0:
                raise ValueError(f"tract.{name} is {value}: use dB above 0")
        self.mix_range_db = mix_range_db
        self.gain_range_db = gain_range_db
        self.codes = None if codes is None else CosineCodes(codes, filters)
        self.channels = filters + 1 if codes is None else codes
        self.reach = taps // 2
        bank = band_passes(filters, taps, *span("tract", low_hz, high_hz, sample_rate), sample_rate)
        self.responses = nn.Parameter(bank.to(torch.get_default_dtype()))
        self.log_mix = nn.Parameter(torch.zeros(filters))

    def mix(self, controls: Tensor) -> Tensor:
        """Raw controls (B, T, channels) -> weights of the K filters times the gain (B, T, K), dimensionless."""
        if self.codes is not None:
            return bounded_gain(self.log_mix + self.codes(controls), self.mix_range_db)
        weights = bounded_gain(self.log_mix + controls[..., :-1], self.mix_range_db)
        return weights * bounded_gain(controls[..., -1:], self.gain_range_db)

    def forward(self, source: Tensor, controls: Tensor | None, hop: int) -> Tensor:
        """Source (B, H), raw controls (B, T, channels) with knots `hop` samples apart -> radiated sound (B, H)."""
        assert controls is not None
        assert controls.shape[-1] == self.channels
        mix = interpolate(self.mix(controls), hop, source.shape[1])
        return (convolve(source, self.responses) * mix.mT).sum(1)
