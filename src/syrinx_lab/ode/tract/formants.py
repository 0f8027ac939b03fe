"""A few resonances that move."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ..bounded import bounded_gain
from ..control_rate import interpolate
from ..resonance import peak_of_real_part, resonate
from ..span import span

NARROWEST_HZ, WIDEST_HZ = 80.0, 2000.0
_TAIL = 1e-4  # what is left after `reach` samples of the resonance that rings longest


class Formants(nn.Module):
    """A vocal tract of N resonances in parallel with the direct sound.

    y[t] = g (s[t] + sum_n (a_n / k_n) Re z_n[t]),   z_n[t] = rho_n z_n[t - 1] + s[t]
    rho_n = r e^{i theta} = exp((-pi B_n + 2 pi i F_n) / rate)
    k_n = |1 / (1 - r) + 1 / (1 - r e^{-2 i theta})| / 2

    All vary along the song: the centre F_n within its own part of [low_hz, high_hz] (parts side by side, equal on a
    logarithmic scale, so the resonances keep their order), the bandwidth B_n within [80, 2000] Hz, the amplitude a_n
    within +-amplitude_range_db of its start and the gain g within +-gain_range_db. Dividing by k_n makes a_n the gain
    of resonance n at F_n; it falls by 3 dB at F_n -+ B_n / 2.

    Parallel rather than in cascade: every resonance has an amplitude of its own, which Klatt asks of the branch for
    sounds that do not come from the far end of the tube; none multiplies the gain of another, so the bounds hold for
    the sum; all are computed at once. The direct sound is in quadrature to the skirts of two neighbours, where these
    would cancel each other. The recursion runs at audio rate: a resonance rings on while it moves.

    formants        N
    low_hz, high_hz, sample_rate  Hz; the span ends below half the sample rate, see `span`
    start_db        dB, every a_n before anything is learned
    amplitude_range_db, gain_range_db  dB
    Raises ValueError for numbers out of range.

    `reach` is where the narrowest resonance has fallen to 1e-4: that closely pieces of a song agree with the whole.

    Source: Fant, Acoustic Theory of Speech Production, 1960; Klatt, Software for a cascade/parallel formant
    synthesizer, J. Acoust. Soc. Am. 67, 971, 1980.
    """

    def __init__(
        self,
        *,
        sample_rate: int,
        formants: int = 4,
        low_hz: float = 500.0,
        high_hz: float = 11000.0,
        start_db: float = -12.0,
        amplitude_range_db: float = 40.0,
        gain_range_db: float = 30.0,
    ) -> None:
        super().__init__()
        if formants < 1:
            raise ValueError(f"tract.formants is {formants}: use 1 or more")
        low_hz, high_hz = span("tract", low_hz, high_hz, sample_rate, below=True)
        if low_hz == 0:
            raise ValueError("tract.low_hz is 0: a resonance needs a centre above 0 Hz")
        for name, value in (("amplitude_range_db", amplitude_range_db), ("gain_range_db", gain_range_db)):
            if not value > 0:
                raise ValueError(f"tract.{name} is {value}: use dB above 0")
        self.sample_rate, self.formants = sample_rate, formants
        self.low_hz, self.high_hz = low_hz, high_hz
        self.start = 10 ** (start_db / 20)
        self.amplitude_range_db, self.gain_range_db = amplitude_range_db, gain_range_db
        self.channels = 3 * formants + 1
        self.reach = math.ceil(-math.log(_TAIL) * sample_rate / (math.pi * NARROWEST_HZ))
        self.resting = nn.Parameter(torch.zeros(self.channels))

    def resonances(self, controls: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Raw controls (B, T, 3 N + 1) -> centres, bandwidths in Hz, amplitudes (B, T, N) each and gain (B, T, 1)."""
        place, width, loud, gain = (self.resting + controls).split([self.formants] * 3 + [1], -1)
        part = torch.arange(self.formants, device=controls.device, dtype=controls.dtype) + torch.sigmoid(place)
        centre = self.low_hz * torch.exp(math.log(self.high_hz / self.low_hz) / self.formants * part)
        bandwidth = NARROWEST_HZ * torch.exp(math.log(WIDEST_HZ / NARROWEST_HZ) * torch.sigmoid(width))
        amplitude = self.start * bounded_gain(loud, self.amplitude_range_db)
        return centre, bandwidth, amplitude, bounded_gain(gain, self.gain_range_db)

    def forward(self, source: Tensor, controls: Tensor | None, hop: int) -> Tensor:
        """Source (B, H), raw controls (B, T, 3 N + 1) with knots `hop` samples apart -> radiated sound (B, H)."""
        assert controls is not None
        assert controls.shape[-1] == self.channels
        centre, bandwidth, amplitude, gain = self.resonances(controls)
        exponent = torch.complex(-math.pi * bandwidth, 2 * math.pi * centre) / self.sample_rate
        share = amplitude / peak_of_real_part(exponent)
        knots = torch.cat((exponent.real, exponent.imag, share, gain), -1)
        decay, turn, share, gain = interpolate(knots, hop, source.shape[1]).mT.split([self.formants] * 3 + [1], 1)
        ringing = resonate(source, torch.complex(decay, turn)).real
        return gain[:, 0] * (source + (share * ringing).sum(1))
