"""Tracts that begin as what the recordings have and the source lacks: one fixed filter, or a mixture that moves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ..fir_bank import shared_bands
from ..span import span
from .fir import Fir
from .fir_mixture import FirMixture

_BINS_A_TAP = 4
_FLOOR = 1e-12
_RANGE_DB = 40.0


class MeasuredFir(Fir):
    """`Fir` whose response is measured before training, see `missing_db`: linear phase, that magnitude.

    From there it is learned, as `Fir` is; until it is measured it is the unit pulse.

    low_hz, high_hz, sample_rate  Hz, where it is measured; high_hz ends below half the sample rate, see `span`
    Arguments that are not listed, and errors, as `Fir`.
    """

    def __init__(
        self,
        *,
        sample_rate: int,
        taps: int = 513,
        gain_range_db: float = 30.0,
        low_hz: float = 300.0,
        high_hz: float = 11500.0,
    ) -> None:
        super().__init__(taps=taps, gain_range_db=gain_range_db)
        self.edges_hz = span("tract", low_hz, high_hz, sample_rate)
        self.sample_rate = sample_rate

    @torch.no_grad()
    def measure_(self, sources: Sequence[Tensor], recordings: Sequence[Tensor]) -> None:
        """Take the response from what was sung without a tract (L,) and the recordings (L,) of the same syllables."""
        taps = self.responses.shape[1]
        db = missing_db(sources, recordings, self.sample_rate, self.edges_hz, taps)
        response = torch.fft.irfft(torch.pow(10.0, db / 20))
        half = taps // 2
        window = torch.hann_window(taps + 2, periodic=False, device=response.device)[1:-1]
        self.responses[0] = (torch.cat([response[-half:], response[: half + 1]]) * window).to(self.responses)


class MeasuredMixture(FirMixture):
    """`FirMixture` whose mean mixture is measured before training: every filter has the `missing_db` of its band.

    Arguments and errors as `FirMixture`.
    """

    def __init__(
        self, *, sample_rate: int, taps: int = 129, low_hz: float = 300.0, high_hz: float = 11500.0, **others: Any
    ) -> None:
        super().__init__(sample_rate=sample_rate, taps=taps, low_hz=low_hz, high_hz=high_hz, **others)
        self.edges_hz = span("tract", low_hz, high_hz, sample_rate)
        self.sample_rate = sample_rate

    @torch.no_grad()
    def measure_(self, sources: Sequence[Tensor], recordings: Sequence[Tensor]) -> None:
        """Take the mean mixture from what was sung without a tract (L,) and the recordings (L,) of the same."""
        db = missing_db(sources, recordings, self.sample_rate, self.edges_hz, self.responses.shape[1])
        bins = self.sample_rate / 2 * torch.linspace(0, 1, len(db) + 1, device=db.device)
        bands = torch.linspace(*self.edges_hz, len(self.log_mix) + 1, device=db.device)
        level = shared_bands(bands, bins) @ db * (math.log(10) / 20)
        reach = math.log(10) / 20 * self.mix_range_db
        self.log_mix.copy_(reach * torch.atanh((level / reach).clamp(-0.9, 0.9)))


def missing_db(
    sources: Sequence[Tensor], recordings: Sequence[Tensor], sample_rate: int, edges_hz: tuple[float, float], taps: int
) -> Tensor:
    """What recordings have over sources at every bin of frames of four times the taps, dB (bins,).

        D(f) = 10 log10(sum of the recordings' power / sum of the sources'), over 1 / taps of the rate at a time

    at most 40 dB below its maximum within the edges, and that far below it outside of them.

    Source: the long-term average of speech as tract and source at once, Makhoul, Linear prediction: a tutorial review,
    1975; the ratio of two spectra as a model of what lies between, Widrow and Stearns, Adaptive Signal Processing.
    """
    size = 1 << (_BINS_A_TAP * taps - 1).bit_length()
    sung, heard = (torch.stack([_power(y, size) for y in several]).sum(0) for several in (sources, recordings))
    hz = torch.arange(size // 2 + 1, device=sung.device) * (sample_rate / size)
    inside = (hz >= edges_hz[0]) & (hz <= edges_hz[1])
    db = 10 * torch.log10((heard + _FLOOR * heard.max()) / (sung + _FLOOR * sung.max()).clamp_min(_FLOOR**2))
    width = size // (2 * taps)
    db = F.avg_pool1d(F.pad(db[None], (width, width), mode="replicate"), 2 * width + 1, 1)[0]
    highest = db[inside].max()
    return torch.where(inside, db, -math.inf).clamp(highest - _RANGE_DB, highest)


def _power(y: Tensor, size: int) -> Tensor:
    """Mean power (size / 2 + 1,) of Hann frames of a signal (L,), four to a frame; what is shorter ends in silence."""
    y = F.pad(y, (0, max(0, size - len(y))))
    frames = y.unfold(0, size, size // 4) * torch.hann_window(size, device=y.device, dtype=y.dtype)
    return torch.view_as_real(torch.fft.rfft(frames)).square().sum(-1).mean(0)
