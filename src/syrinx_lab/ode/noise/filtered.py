"""White noise in bands, held below a share of the recording's envelope."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import log_softmax

from ...controls.background import background_response
from ..control_rate import interpolate
from ..cosine_codes import CosineCodes
from ..fir_bank import band_passes, check_taps, convolve, shared_bands
from ..span import span

_SINE_OVER_NOISE = math.sqrt(3)  # of frames under a Hann window: amplitude that is read, over the noise's rms in a band
_USUAL_RATE = 44_100  # Hz, for which the numbers of taps are chosen


class FilteredNoise(nn.Module):
    """Breath that follows the song, and the recording's background, which does not.

    breath[t] = sum_b n_b(t) (h_b * e)[t],   n_b = ratio envelope sqrt(p_b),   background = r * e',
    p = softmax(0, 2 (l_b + c_b)) less its first entry

    The band-passes h_b are orthonormal, so that white e of unit variance gives the breath the variance sum_b n_b^2, at
    every sample. As the p_b add up to less than one, it stays below ratio * envelope whatever the controls are: of a
    sound whose loudness is the envelope it makes at most ratio^2 / (1 + ratio^2) of the energy, and cannot stand in for
    the oscillator. Raw controls and l_b shape it; it begins at start * ratio * envelope, spread over the bands. The
    background is not learned: its response r is measured where nobody sings (`calibrate`), and is silence until then.

    bands, taps     of the bank; taps odd, and more where a rate above 44.1 kHz makes them too short for the bands
    low_hz, high_hz, sample_rate  Hz, what the bank spans; it ends below half the sample rate, see `span`
    ratio           in [0, 1): bound of the breath, in envelopes
    start           in (0, 1): the breath at raw controls of zero, as a share of that bound
    background_taps odd, of the response r
    follows_db      dB, below 0, over what is heard in the encoder's bands at which the breath begins, band by band and
                    as far as `ratio` allows: `initialise_`, by an encoder that gives log spectra. What is learned is a
                    correction. None: it begins spread over the bands
    codes           numbers a knot of which all c_b are a function, see `CosineCodes`; None: every c_b by itself
    Raises ValueError for numbers out of these ranges and for bands too narrow for so few taps.

    Source: Engel et al., DDSP: Differentiable Digital Signal Processing, ICLR 2020, section 3.5 (filtered noise);
    Loewdin, J. Chem. Phys. 18, 365, 1950 (the orthonormal bank nearest to a given one).
    """

    response: Tensor
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
        background_taps: int = 1023,
        codes: int | None = None,
        follows_db: float | None = None,
    ) -> None:
        super().__init__()
        if not 0 <= ratio < 1:
            raise ValueError(f"noise.ratio is {ratio}: use a share of the envelope from 0 to below 1")
        if not 0 < start < 1:
            raise ValueError(f"noise.start is {start}: use a share of the bound between 0 and 1")
        if follows_db is not None and not (follows_db < 0 and codes is None):
            raise ValueError(f"noise.follows_db is {follows_db}: use dB below 0 and codes=null, or null")
        check_taps(background_taps)  # odd, so that a frame of silence, one sample longer, has two halves
        self.codes = None if codes is None else CosineCodes(codes, bands)
        self.channels = bands if codes is None else codes
        self.ratio = ratio
        low, high = span("noise", low_hz, high_hz, sample_rate)
        self.edges_hz = torch.linspace(low, high, bands + 1)
        bank = _bank(bands, taps, low, high, sample_rate)
        self.reach = max(bank.shape[1], background_taps) // 2
        self.register_buffer("bank", bank.to(torch.get_default_dtype()), persistent=False)
        self.register_buffer("response", torch.zeros(background_taps))
        # bands e^l each: B e^2l / (1 + B e^2l) = start^2
        begin = 0.5 * math.log(start**2 / (1 - start**2) / bands)
        if follows_db is not None:
            begin = follows_db * math.log(10) / 20 - math.log(ratio * _SINE_OVER_NOISE)
        self.follows = follows_db is not None
        self.log_breath = nn.Parameter(torch.full((bands,), begin))

    @torch.no_grad()
    def initialise_(self, head: nn.Linear, first: int, edges_hz: Tensor) -> None:
        """Let the breath begin as the recording's spectrum, `follows_db` below it; see `ode.tract`."""
        if self.follows:
            head.weight.zero_()
            head.weight[:, first : first + len(edges_hz) - 1] = math.log(10) * shared_bands(self.edges_hz, edges_hz)
            head.bias.fill_(-math.log(10))

    @torch.no_grad()
    def calibrate(self, recordings: Sequence[Tensor]) -> None:
        """Take the background of recordings (L,), with their silence, in their unit; see `background_response`."""
        self.set_background(background_response(recordings, len(self.response) + 1))

    @torch.no_grad()
    def set_background(self, response: Tensor) -> None:
        """Take this response (background_taps,) to white noise for the background, in the recording's unit.

        Raises ValueError for another length and for values that are not finite.
        """
        if response.shape != self.response.shape or not bool(response.isfinite().all()):
            raise ValueError(
                f"a background of {tuple(response.shape)} taps: give {len(self.response)} finite ones "
                "(noise.background_taps)"
            )
        self.response.copy_(response)

    def breath(self, envelope: Tensor, controls: Tensor) -> Tensor:
        """Envelope (B, T) and raw controls (B, T, channels) -> root mean square of the breath in every band."""
        levels = controls if self.codes is None else self.codes(controls)
        level = 2 * (self.log_breath + levels)
        # exp(half the logarithm) rather than a root, whose slope at a band that is off would be infinite
        share = torch.exp(0.5 * log_softmax(torch.cat((torch.zeros_like(level[..., :1]), level), -1), -1))
        return self.ratio * envelope[..., None] * share[..., 1:]

    def forward(self, excitation: Tensor, envelope: Tensor, controls: Tensor | None, hop: int) -> Tensor:
        """White noise (B, H), envelope (B, T), raw controls (B, T, channels), knots `hop` apart -> breath (B, H)."""
        assert controls is not None
        assert controls.shape[-1] == self.channels
        amplitude = interpolate(self.breath(envelope, controls), hop, excitation.shape[1])
        return (convolve(excitation, self.bank) * amplitude.mT).sum(1)

    def background(self, excitation: Tensor) -> Tensor:
        """White noise (B, H) of its own -> background (B, H)."""
        return convolve(excitation, self.response[None])[:, 0]


def _bank(bands: int, taps: int, low_hz: float, high_hz: float, sample_rate: int) -> Tensor:
    """The orthonormal bank; where the taps last too short for it at a high rate, as long in time as at 44.1 kHz."""
    try:
        return orthonormal(band_passes(bands, taps, low_hz, high_hz, sample_rate))
    except ValueError:
        if sample_rate <= _USUAL_RATE:
            raise
    longer = 2 * math.ceil(taps * sample_rate / _USUAL_RATE / 2) + 1
    return orthonormal(band_passes(bands, longer, low_hz, high_hz, sample_rate))


def orthonormal(bank: Tensor) -> Tensor:
    """The responses R^(-1/2) h, R = h h^T, of which each has unit energy and no two have anything in common.

    bank (K, taps) float64. Returns the same shape. Raises ValueError when some response is nearly a sum of others.
    """
    energy, axes = torch.linalg.eigh(bank @ bank.T)
    if energy[0] < 1e-2 * energy[-1]:
        raise ValueError(f"bands is {len(bank)}, and they overlap too much with {bank.shape[1]} taps: use more taps")
    return (axes / energy.sqrt()) @ axes.T @ bank
