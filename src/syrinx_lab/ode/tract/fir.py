"""One filter for a whole song, learned tap by tap, and a gain that varies."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..bounded import bounded_gain
from ..control_rate import interpolate
from ..fir_bank import check_taps, convolve


class Fir(nn.Module):
    """A fixed vocal tract: the same response along the song, a gain at every knot.

    y[t] = g(t) sum_u h[u] s[t - u],   u = -half ... half,   g = exp(c) within +-gain_range_db

    The taps h begin as the unit pulse, so that an untrained tract is transparent; being centred, they delay nothing.

    taps           odd: the tract's length in samples, also its resolution of sample_rate / taps Hz
    gain_range_db  dB, the bound of the gain
    Raises ValueError for an even number of taps, fewer than 3, or a range that is not positive.

    Source: the source-filter theory, Fant, Acoustic Theory of Speech Production, 1960; Makhoul, Linear prediction: a
    tutorial review, 1975, for the tract as one short filter.
    """

    channels = 1

    def __init__(self, *, taps: int = 257, gain_range_db: float = 30.0) -> None:
        super().__init__()
        check_taps(taps)
        if not gain_range_db > 0:
            raise ValueError(f"tract.gain_range_db is {gain_range_db}: use dB above 0")
        self.gain_range_db = gain_range_db
        self.reach = taps // 2
        self.responses = nn.Parameter(torch.zeros(1, taps))
        with torch.no_grad():
            self.responses[0, taps // 2] = 1

    def gain(self, controls: Tensor) -> Tensor:
        """Raw controls (B, T, 1) -> gains (B, T, 1), dimensionless."""
        return bounded_gain(controls, self.gain_range_db)

    def forward(self, source: Tensor, controls: Tensor | None, hop: int) -> Tensor:
        """Source (B, H), raw controls (B, T, 1) with knots `hop` samples apart -> radiated sound (B, H)."""
        assert controls is not None
        assert controls.shape[-1] == self.channels
        gain = interpolate(self.gain(controls), hop, source.shape[1])
        return convolve(source, self.responses)[:, 0] * gain[..., 0]
