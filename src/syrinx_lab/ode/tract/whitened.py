"""Filters whose weights are the recording's own spectrum over that of the source."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ..bounded import bounded_gain
from ..control_rate import interpolate
from ..fir_bank import band_passes, convolve, shared_bands
from ..span import span
from ..syrinx.partials import source_envelope
from ..syrinx.species import SPECIES


class WhitenedMixture(nn.Module):
    """A vocal tract that any bird has: what is heard in a band over what the source has to give there.

    y[t] = sum_k m_k(t) sum_u h_k[u] s[t - u],   log m_k = m0_k + c_k - max(log e_k(f), floor)

    h_k are band-passes side by side, e_k(f) is the level of the source's partials in band k at the pitch f, see
    `source_envelope`. A raw control c_k is therefore the level of a partial in that band over the loudness, whatever
    the pitch: an encoder that gives log spectra against the loudness starts from those (`initialise_`), and what is
    learned is a correction. Weights are positive and bounded.

    filters         K
    taps            odd, of every filter
    low_hz, high_hz, sample_rate  Hz, the span of the band-passes; it ends below half the sample rate, see `span`
    mix_range_db    dB, the bound of every weight
    floor_db        dB below its first partial at which the source counts at least: what is fainter is not raised
    tau             s, of the oscillator; None: as `Syrinx` has it
    Raises ValueError for taps, bands or ranges that cannot be.

    Source: Fant, Acoustic Theory of Speech Production, 1960 (source and filter); Makhoul, Linear prediction, Proc. IEEE
    63(4), 1975 (what is left of a spectrum when the source's is taken out is the tract's).
    """

    needs_pitch = True
    log_hz: Tensor
    level: Tensor

    def __init__(
        self,
        *,
        sample_rate: int,
        filters: int = 48,
        taps: int = 193,
        low_hz: float = 0.0,
        high_hz: float = 12_000.0,
        mix_range_db: float = 80.0,
        floor_db: float = 50.0,
        tau: float | None = None,
    ) -> None:
        super().__init__()
        for name, value in (("mix_range_db", mix_range_db), ("floor_db", floor_db)):
            if not value > 0:
                raise ValueError(f"tract.{name} is {value}: use dB above 0")
        self.mix_range_db = mix_range_db
        self.channels = filters
        self.reach = taps // 2
        low, high = span("tract", low_hz, high_hz, sample_rate)
        self.edges_hz = torch.linspace(low, high, filters + 1)
        bank = band_passes(filters, taps, low, high, sample_rate)
        self.responses = nn.Parameter(bank.to(torch.get_default_dtype()))
        self.log_mix = nn.Parameter(torch.zeros(filters))
        slow = max(SPECIES["custom"].tau_s, 1 / (0.75 * sample_rate)) if tau is None else tau
        log_hz, level = source_envelope(slow, 1 / (sample_rate * slow), low, high, filters)
        floor = math.log(math.sqrt(2)) - floor_db * math.log(10) / 20
        self.register_buffer("log_hz", log_hz, persistent=False)
        self.register_buffer("level", level.clamp_min(floor), persistent=False)

    @torch.no_grad()
    def initialise_(self, head: nn.Linear, first: int, edges_hz: Tensor) -> None:
        """Let the raw controls begin as what is heard in their bands, of a head on features that hold log spectra.

        head      the linear head of the raw controls
        first     feature of the lowest band: log10 of an amplitude over the loudness, plus 1
        edges_hz  (n + 1,) of the bands of those features
        """
        head.weight.zero_()
        head.weight[:, first : first + len(edges_hz) - 1] = math.log(10) * shared_bands(self.edges_hz, edges_hz)
        head.bias.fill_(-math.log(10))

    def mix(self, controls: Tensor, pitch_hz: Tensor) -> Tensor:
        """Raw controls (B, T, K) and pitch (B, T) in Hz -> weights of the filters (B, T, K), dimensionless."""
        at = pitch_hz.log().clamp(self.log_hz[0], self.log_hz[-1])
        place = (at - self.log_hz[0]) * ((len(self.log_hz) - 1) / (self.log_hz[-1] - self.log_hz[0]))
        left = place.detach().long().clamp(0, len(self.log_hz) - 2)
        share = (place - left)[..., None]
        level = self.level[left] + share * (self.level[left + 1] - self.level[left])
        return bounded_gain(self.log_mix + controls - level, self.mix_range_db)

    def forward(self, source: Tensor, controls: Tensor | None, hop: int, pitch_hz: Tensor | None = None) -> Tensor:
        """Source (B, H), raw controls (B, T, K) with knots `hop` samples apart, pitch (B, T) -> sound (B, H)."""
        assert controls is not None
        assert controls.shape[-1] == self.channels
        if pitch_hz is None:
            raise ValueError("tract: the source is whitened by its pitch, but none was given: give pitch_hz (B, T)")
        mix = interpolate(self.mix(controls, pitch_hz), hop, source.shape[1])
        return (convolve(source, self.responses) * mix.mT).sum(1)
