"""How often a second the oscillator's state goes round, against the pitch of the recording."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..controls.analytic import analytic_controls
from ..controls.pitch_range import PitchRange
from ..controls.range_estimate import estimate_pitch_range
from ..types import Prediction, Trajectory
from .magnitudes import hann_window
from .term import LossTerm, TrainingStatistics

_SMALL = 1e-9
_SLOWEST_HZ = 20.0
_ANALYSIS_HOP_MS = 1.0


class CycleFrequency(LossTerm):
    """Octaves from the oscillator's frequency to the recording's pitch, over voiced frames, one value an item.

        loss = sum_t c_t |log2(F_t / f_t)| / sum_t c_t,   F_t = (sample rate / 2 pi) sum_u h_u dtheta(t + u)

    theta is the angle of the state (x, v) about its mean over the frame, each in units of its own deviation there; h a
    Hann window of sum one, c how voiced the recording is, f its pitch. Counting turns needs no spectrum: wherever the
    oscillator goes round at all, the slope in its pitch has one sign from any distance, and the cycle's shape does not
    matter. The pitch is looked up in training alone, a sung model needs none.

    follow         "fundamental": the pitch of the recording as `controls.analytic` tracks it. "strongest": its
                   strongest partial, for an oscillator that is the sound itself and has no tract to strengthen others
    n_fft, hop     samples of a frame, and from one to the next
    pitch_range_hz (low, high) Hz; None: found in the training syllables
    sample_rate    Hz
    Raises ValueError for values out of range, and in `fit` where no pitch is found. Rollouts shorter than n_fft take
    the longest power of two that fits.
    Source: the mean of the phase velocity is the frequency of a cycle, Pikovsky, Rosenblum and Kurths (2001),
    Synchronization, section 2.2; instantaneous frequency: Boashash (1992), Proc. IEEE 80.
    """

    needs_rollout = True
    needs_acceleration = False
    unit = "octaves"

    range_hz: Tensor

    def __init__(
        self,
        follow: str = "fundamental",
        n_fft: int = 512,
        hop: int = 128,
        pitch_range_hz: tuple[float, float] | None = None,
        sample_rate: float = 44100,
    ) -> None:
        super().__init__()
        if follow not in ("fundamental", "strongest"):
            raise ValueError(f"cycle: follow is {follow!r}: use fundamental or strongest")
        if n_fft < 16 or n_fft % 2 or not 1 <= hop <= n_fft:
            raise ValueError(f"cycle: n_fft {n_fft}, hop {hop}: give n_fft even, at least 16, and 1 <= hop <= n_fft")
        self.follow, self.n_fft, self.hop, self.sample_rate = follow, int(n_fft), int(hop), int(sample_rate)
        given = (0.0, 0.0) if pitch_range_hz is None else tuple(pitch_range_hz)
        if pitch_range_hz is not None:
            PitchRange(*given)  # refuses what is none
        self.register_buffer("range_hz", torch.tensor(given))

    def fit(self, statistics: TrainingStatistics) -> None:
        """Find the range of the pitch in the training syllables, where none was given."""
        if not float(self.range_hz[1]):
            found = estimate_pitch_range(statistics.syllables, self.sample_rate)
            self.range_hz.copy_(torch.tensor([found.min_hz, found.max_hz]))

    def forward(self, prediction: Prediction) -> Tensor:
        """The loss of every item: `trajectory` and `target` (B, H) in, (B,) out, octaves."""
        trajectory, target = prediction.trajectory, prediction.target
        assert trajectory is not None, "cycle looks at the rollout: the prediction holds none"
        assert target is not None, "cycle compares with the target: the prediction holds none"
        n_fft = min(self.n_fft, 1 << (target.shape[1].bit_length() - 1))
        hop = min(self.hop, n_fft // 4)
        hz, counts = self.pitch(target.detach(), n_fft, hop)
        sung = cycle_frequency(trajectory, n_fft, hop, self.sample_rate).clamp_min(_SLOWEST_HZ)
        apart = (sung.log2() - hz.log2()).abs()
        return (apart * counts).sum(-1) / counts.sum(-1).clamp_min(1)

    @torch.no_grad()
    def pitch(self, target: Tensor, n_fft: int, hop: int) -> tuple[Tensor, Tensor]:
        """Hz that the oscillator should have in every frame (B, T), and how much the frame counts (B, T), 0 to 1."""
        low, high = self.range_hz.tolist()
        range_hz = PitchRange(low, min(high, 0.45 * self.sample_rate))
        knot = max(1, round(_ANALYSIS_HOP_MS * 1e-3 * self.sample_rate))
        heard = analytic_controls(target, self.sample_rate, knot, range_hz)
        frames = (target.shape[1] - n_fft) // hop + 1
        middle = (torch.arange(frames, device=target.device) * hop + n_fft // 2 + knot // 2) // knot
        counts, loud = heard.voiced[:, middle], heard.envelope[:, middle]
        counts = counts * (loud > 1e-2 * loud.amax(1, keepdim=True))
        if self.follow == "fundamental":
            return heard.pitch_hz[:, middle], counts
        power = torch.fft.rfft(target.unfold(1, n_fft, hop) * hann_window(n_fft, target.device, target.dtype))
        return strongest_partial(power.abs(), self.sample_rate / n_fft, range_hz), counts


def cycle_frequency(trajectory: Trajectory, n_fft: int, hop: int, sample_rate: float) -> Tensor:
    """Mean frequency in Hz (B, T) at which a state (B, H) goes round, clockwise in (x, v), in Hann-weighted frames."""
    window = hann_window(n_fft, trajectory.x.device, trajectory.x.dtype)
    x, v = (_standardised(y.unfold(1, n_fft, hop), window) for y in (trajectory.x, trajectory.v))
    before, after = (x[..., :-1], v[..., :-1]), (x[..., 1:], v[..., 1:])
    cross = before[1] * after[0] - before[0] * after[1]
    turned = torch.atan2(cross, before[0] * after[0] + before[1] * after[1] + _SMALL**2)
    weight = window[:-1] + window[1:]
    return (turned * weight).sum(-1) / weight.sum() * (sample_rate / (2 * math.pi))


def strongest_partial(magnitude: Tensor, bin_hz: float, range_hz: PitchRange) -> Tensor:
    """Hz (B, T) of the highest peak of magnitudes (B, T, K) within a range, by a parabola through three logarithms."""
    low = max(1, math.ceil(range_hz.min_hz / bin_hz))
    high = min(magnitude.shape[-1] - 2, int(range_hz.max_hz / bin_hz))
    peak = magnitude[..., low : high + 1].argmax(-1, keepdim=True) + low
    left, top, right = ((magnitude.gather(-1, peak + k) + _SMALL).log() for k in (-1, 0, 1))
    bend = (left - 2 * top + right).clamp_max(-_SMALL)
    return (peak + (0.5 * (left - right) / bend).clamp(-0.5, 0.5))[..., 0] * bin_hz


def _standardised(frames: Tensor, window: Tensor) -> Tensor:
    """Frames less their weighted mean, in units of their deviation; neither is differentiated."""
    with torch.no_grad():
        weight = window / window.sum()
        mean = (frames * weight).sum(-1, keepdim=True)
        deviation = ((frames - mean).square() * weight).sum(-1, keepdim=True).sqrt()
    return (frames - mean) / (deviation + _SMALL)
