"""The encoder that hears before it drives: the ear's pitch, and Mamba over what it sounds like, at control rate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..controls.analytic import AnalyticControls
from ..encoders.frames import FramesEncoder
from ..encoders.log_spectra import FLOOR
from ..ode.syrinx.cycle import raw_loudness, raw_pitch
from ..types import Controls, knot_count
from .axis import BINS, FINE, octaves
from .features import knots_of
from .listening import CHUNK_KNOTS, between
from .network import EarOutput, pieces
from .weights import identity_of, load_ear, packaged_ear

_REACH = 3  # pitches to either side of the highest peak: 75 cents
_NARROW, _WIDE = 0.35, 20.0  # knots
_FAR = 1e-3
_TAIL, _MARGIN_OCTAVES = 0.01, 0.25
_SURE = 0.8
_HALF = 80  # knots
_QUIET_SHARE = 0.1
_LEVEL_MS = 1.0
_THRESHOLD_DB = -40.0  # of full scale
_HANN_BINS = 3.0  # a sinusoid of rms 1 has this power in the bins of a Hann frame together

_WIDEST = octaves(torch.tensor([-1.0, float(FINE * BINS)])).float()


class EarEncoder(FramesEncoder):
    """`FramesEncoder` with an ear of its own in the place of analytic controls: a recording is all that it is given.

        r_omega = log2(f / 1 kHz) + omega_net r,      f the mean of the ear's distribution around its highest peak
        r_gamma = (L - threshold) / slope_db + gamma_net r
        r_00    = L / 20 + 1 + weights_net(...)_00,   the other weights as there

    in the units of `ode.syrinx.cycle`: pitch, pressure and loudness. f is joined over the ear's knots with its
    probability as weight, so that it is held where nobody is sure. L is the level of the short frames in dB. The
    threshold is learned; before training it is set `onset_db` above the quiet tenth of the recordings, see `measure_`.
    No path is searched.

    ear        file of an ear, see `weights.save_ear`; None: the one that comes with the lab
    train_ear  whether gradients reach the ear's weights
    onset_db   dB above what is quiet at which training begins with r_gamma 0: half the pressure
    slope_db   dB over which it rises by 1
    Other arguments and errors as `FramesEncoder`, and as `load_ear`; a causal encoder looks ahead 6 ms at least.
    """

    range_octaves: Tensor
    smoothing: Tensor

    def __init__(
        self,
        *,
        ear: str | None = None,
        train_ear: bool = False,
        onset_db: float = 8.0,
        slope_db: float = 2.0,
        **frames: Any,
    ) -> None:
        super().__init__(**frames)
        for name, value in (("slope_db", slope_db), ("onset_db", onset_db)):
            if not 0 < value < math.inf:
                raise ValueError(f"encoder.{name} is {value}: use decibels above 0")
        self.ear = packaged_ear() if ear is None else load_ear(ear)
        self.ear.frames_ms(self.lookahead_ms)  # refuses what is too short
        self.ear.requires_grad_(train_ear)
        self.train_ear, self.onset_db, self.slope_db = train_ear, onset_db, slope_db
        self.sample_rate = int(frames["sample_rate"])
        self.needs_analysis = False
        self.code_size += 1  # the level
        sigma = 1e-3 * _LEVEL_MS * self.sample_rate / self.hop
        lag = torch.arange(-math.ceil(3 * sigma), math.ceil(3 * sigma) + 1)
        self.register_buffer("smoothing", torch.softmax(-0.5 * (lag / sigma).square(), 0), persistent=False)
        self.threshold_db = nn.Parameter(torch.tensor(_THRESHOLD_DB))
        self.register_buffer("range_octaves", _WIDEST.clone())

    @property
    def identity(self) -> str:
        """16 hexadecimal digits of the ear's weights."""
        return identity_of(self.ear)

    def forward(self, x: Tensor, v: Tensor, analytic: AnalyticControls | None = None) -> Controls:
        """Encode recordings x (B, L); v and analytic controls are not looked at."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and self.train_ear):
            knots, period = knot_count(x.shape[1], self.hop), self.hop / self.sample_rate
            octave, sure = (between(y, knots, period) for y in self.listen(x))
        level = self.level(x)
        heard = AnalyticControls(
            pitch_hz=torch.exp2(octave), voiced=sure, periodicity=sure, envelope=torch.pow(10.0, level), hop=self.hop
        )
        controls = super().forward(x, v, heard)
        return replace(
            controls,
            omega=raw_pitch(octave) + controls.omega,
            gamma=(20 * level - self.threshold_db) / self.slope_db + controls.gamma,
            weight_code=torch.cat([controls.weight_code, raw_loudness(level)[..., None]], -1),
        )

    def weights(self, code: Tensor) -> Tensor:
        """The weights (B, T, P+1, P+1) from low-passed codes (B, T, C), the last of which is added to w_00."""
        weights = super().weights(code[..., :-1])
        flat = weights.flatten(-2)
        return torch.cat([flat[..., :1] + code[..., -1:], flat[..., 1:]], -1).view_as(weights)

    def level(self, x: Tensor) -> Tensor:
        """log10 of the rms (B, T) around every knot, of the power in the bands of the short frames."""
        bands = self.fine_spectra(x, 0, knot_count(x.shape[1], self.hop))
        power = torch.pow(10.0, 2 * (bands - 4)).sum(-1)[:, None]
        half = len(self.smoothing) // 2
        power = F.conv1d(F.pad(power, (half, half), mode="replicate"), self.smoothing[None, None])[:, 0]
        return 0.5 * torch.log10((power / _HANN_BINS).clamp_min(FLOOR**2))

    @torch.no_grad()
    def measure_(self, recordings: Sequence[Tensor]) -> None:
        """Set what is the bird's: the threshold, and the range of its pitch, from recordings (L,) with their silence.

        The threshold lies `onset_db` above the mean of their quiet tenths in dB; the range holds all but the outermost
        hundredths of what the ear is sure of, and a quarter octave more.
        """
        quiet = [20 * torch.quantile(self.level(x[None])[0], _QUIET_SHARE) for x in recordings]
        self.threshold_db.copy_(torch.stack(quiet).mean() + self.onset_db)
        self.range_octaves.copy_(_WIDEST)
        found = []
        for x in recordings:
            octave, sure = self.listen(x[None])
            found.append(octave[sure > _SURE])
        heard = torch.cat(found)
        if len(heard):
            low, high = torch.quantile(heard, heard.new_tensor([_TAIL, 1 - _TAIL]))
            self.range_octaves.copy_(torch.stack([low - _MARGIN_OCTAVES, high + _MARGIN_OCTAVES]))

    def listen(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """log2 of the pitch in Hz, and its probability, (B, T) at the ear's knots."""
        rate, lookahead = self.sample_rate, self.lookahead_ms
        count = knots_of(x.shape[1], rate)
        spans = list(pieces(count, CHUNK_KNOTS))
        fronts = {}
        pooled = []
        for first, stop in spans:
            u, heard = self.ear.front(x, rate, first, stop, lookahead)
            pooled.append(heard)
            if len(spans) == 1:  # of a long recording the maps would not fit into memory
                fronts[first] = u
        m = self.ear.over_time(pooled, lookahead is None)
        places = torch.arange(FINE * BINS, device=x.device)
        inside = (octaves(places) >= self.range_octaves[0]) & (octaves(places) <= self.range_octaves[1])
        parts = []
        for first, stop in spans:
            u = fronts[first] if first in fronts else self.ear.front(x, rate, first, stop, lookahead)[0]
            parts.append(highest_peak(self.ear.back(u, m[:, first:stop]), inside))
        octave, sure = (torch.cat(part, 1) for part in zip(*parts))
        return joined(octave, sure, lookahead is None), sure


def highest_peak(output: EarOutput, inside: Tensor) -> tuple[Tensor, Tensor]:
    """log2 Hz of the mean around the highest peak inside (pitches,) bool, and its probability, (B, T) of an output."""
    p = torch.softmax(output.first, -1)[..., :-1] * inside
    width = 2 * _REACH + 1
    mass = F.avg_pool1d(p.flatten(0, -2)[:, None], width, 1, _REACH)[:, 0].view_as(p) * width
    peak = mass.detach().argmax(-1, keepdim=True)
    around = (peak + torch.arange(-_REACH, _REACH + 1, device=p.device)).clamp(0, FINE * BINS - 1)
    window = p.gather(-1, around)
    mean = (window * around).sum(-1) / window.sum(-1).clamp_min(1e-9)
    return octaves(mean), mass.gather(-1, peak)[..., 0].clamp(0, 1)


def joined(octave: Tensor, sure: Tensor, both: bool) -> Tensor:
    """Octaves (B, T) as a mean over time by the fourth power of their probability: one's own knot, or who is sure.

    both  whether later knots count
    """
    lag = torch.arange(-_HALF, _HALF + 1, device=octave.device, dtype=octave.dtype)
    kernel = torch.exp(-0.5 * (lag / _NARROW) ** 2) + _FAR * torch.exp(-lag.abs() / _WIDE)
    if not both:
        kernel = kernel * (lag <= 0)  # conv1d correlates: a negative lag is an earlier knot
    weight = sure**4 + 1e-6

    def summed(y: Tensor) -> Tensor:
        return F.conv1d(F.pad(y[:, None], (_HALF, _HALF)), kernel[None, None])[:, 0]

    return summed(weight * octave) / summed(weight)
