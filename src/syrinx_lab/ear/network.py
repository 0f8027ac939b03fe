"""The network of the ear: convolutions along a logarithmic axis of frequency, and Mamba over time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..encoders.mamba import Mamba
from .axis import BINS, FINE
from .features import CHANNELS, LEVELS, PERIOD_S, hear, knots_of
from .layers import Along, Recurrence, at_ratio, attended

_RATIOS = (
    (1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 2, 2.0, 3.0, 4.0, 5.0, 6.0),
    (1 / 2, 2 / 3, 3 / 2, 2.0, 3.0),
    (1 / 2, 2.0, 3.0),
    (1 / 2, 2.0),
)
"""Of every spectrum, the longest frame's first: what is looked at beside the bin itself, in parts of its frequency."""

_CORRELATION_RATIOS = (1 / 2, 2.0)
_COORDINATES = 3
_BANDS = 12
_ATTENTION = 2
_PER_BIN = 2 * FINE + 2
_GLOBALS = 10
_NONE_AT_FIRST = 4.0
_DB = 20.0


@dataclass(frozen=True)
class EarOutput:
    """What the ear says at its knots, (B, T, ...), `features.PERIOD_S` seconds apart.

    first       (B, T, FINE BINS + 1) logits over the pitches of `axis.place`, and none: the only voice, or the lower
    second      (B, T, FINE BINS + 1) the same of the higher of two voices
    pressure    (B, T, FINE BINS) 0 to 1, were the voice at this pitch
    loudness    (B, T, FINE BINS) dB relative to the local level, likewise: that of a voice at this pitch
    breath      (B, T) dB relative to the local level
    background  (B, T) dB relative to the local level, of what is not this bird
    onset       (B, T) logit: a syllable begins here;   offset: it ends
    """

    first: Tensor
    second: Tensor
    pressure: Tensor
    loudness: Tensor
    breath: Tensor
    background: Tensor
    onset: Tensor
    offset: Tensor


class Ear(nn.Module):
    """Audio at any rate -> pitch distributions, pressure, loudness, breath, background, onsets and offsets.

    u_0 = W [maps at f, at its harmonics and subharmonics],   u_k = u_{k-1} + silu(conv_k(u_{k-1}))     along f and t
    m   = Mamba(pooled u) forward, and backward in time,      v = u (1 + A m) + B m,   then along f again
    logits, pressure, loudness = 1x1(v) at every pitch;        the rest is linear in m and pooled v

    Nothing in the convolutions knows where on the axis it is, so a sound an octave higher gives logits an octave
    higher; three coordinates, small at first, tell where the edges of the axis are. Knots see 1 knot ahead and some
    20 behind through the convolutions, and the whole recording through Mamba.

    channels   of the maps
    d_model, n_layers, d_state   of each Mamba
    frequency  what reads along frequency in the middle: "conv", or a recurrence up and down, "mamba" or "gru"
    Raises ValueError for sizes below 1 or an unknown frequency.

    Source of the harmonic stacking: Bittner et al. (2017), Deep salience representations for F0 estimation; of the
    recurrence over frequency: Zhao et al. (2022), FRCRN.
    """

    coordinates: Tensor

    def __init__(
        self,
        channels: int = 16,
        d_model: int = 48,
        n_layers: int = 2,
        d_state: int = 8,
        frequency: Literal["conv", "mamba", "gru"] = "conv",
    ) -> None:
        super().__init__()
        for name, size in {"channels": channels, "d_model": d_model, "n_layers": n_layers, "d_state": d_state}.items():
            if size < 1:
                raise ValueError(f"{name} is {size}: it must be at least 1")
        if frequency not in ("conv", "mamba", "gru"):
            raise ValueError(f"frequency is {frequency!r}: use conv, mamba or gru")
        self.settings = {
            "channels": channels,
            "d_model": d_model,
            "n_layers": n_layers,
            "d_state": d_state,
            "frequency": frequency,
        }
        stacked = CHANNELS + sum(map(len, _RATIOS)) + len(_CORRELATION_RATIOS) + _COORDINATES + 1
        self.into = nn.Conv2d(stacked, channels, 1)
        self.near = Along(channels, time=3, dilation=1, behind=1, frequency=5)
        self.past = Along(channels, time=3, dilation=2, behind=4, frequency=3)
        self.wide: nn.Module
        if frequency == "conv":
            self.wide = Along(channels, time=1, dilation=1, behind=0, frequency=5, spread=6)
        else:
            self.wide = Recurrence(channels, frequency, d_state)
        self.bands = nn.Conv2d(channels, 4, 1)
        self.attention = nn.Conv2d(channels, _ATTENTION, 1)
        pooled = 4 * _BANDS + _ATTENTION * channels + LEVELS + 1
        self.pooled = nn.Linear(pooled, d_model)
        self.forward_mamba = Mamba(d_model, n_layers, d_state)
        self.backward_mamba = Mamba(d_model, n_layers, d_state)
        self.norms = nn.ModuleList(nn.RMSNorm(d_model, eps=1e-5) for _ in range(2))
        self.modulation = nn.Linear(2 * d_model, 2 * channels)
        self.again = nn.ModuleList(
            Along(channels, time=1, dilation=1, behind=0, frequency=5, spread=spread) for spread in (1, 3)
        )
        self.per_bin = nn.Conv2d(channels, _PER_BIN, 1)
        self.focus = nn.Conv2d(channels, _ATTENTION, 1)
        self.globals = nn.Linear(2 * d_model + _ATTENTION * channels, _GLOBALS)
        with torch.no_grad():
            self.modulation.weight.mul_(0.1)
            self.globals.bias.zero_()
            self.globals.bias[:2] = _NONE_AT_FIRST
        position = torch.linspace(-1, 1, BINS)
        coordinates = 0.3 * torch.stack([position, position.square() - 0.5, torch.exp(-8 * (position + 1))])
        self.register_buffer("coordinates", coordinates, persistent=False)
        for parameter in self.parameters():
            if parameter.ndim == 4:  # much faster on a CPU
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
        layers = (self.near, self.past)
        self.behind = sum(layer.behind for layer in layers)
        self.ahead = sum(layer.ahead for layer in layers)

    def forward(
        self, x: Tensor, sample_rate: int, lookahead_ms: float | None = None, top_hz: float | None = None
    ) -> EarOutput:
        """Hear recordings x (B, L) in one piece; the other arguments are those of `hear`.

        lookahead_ms  also leaves out what Mamba reads backward in time
        """
        count = knots_of(x.shape[1], sample_rate)
        u, pooled = self.front(x, sample_rate, 0, count, lookahead_ms, top_hz)
        return self.back(u, self.over_time([pooled], lookahead_ms is None))

    def front(
        self,
        x: Tensor,
        sample_rate: int,
        first: int,
        stop: int,
        lookahead_ms: float | None = None,
        top_hz: float | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Maps (B, channels, n, BINS) of the knots first to stop - 1, and what Mamba reads of them, (B, n, d_model)."""
        count = knots_of(x.shape[1], sample_rate)
        start, end = first - self.behind, stop + self.ahead
        low, high = max(start, 0), min(end, count)
        heard = hear(x, sample_rate, low, high, self.frames_ms(lookahead_ms), top_hz)
        around = F.pad(heard.maps, (0, 0, low - start, end - high))
        causal = float(lookahead_ms is not None)
        stacked = self._stacked(around, causal).contiguous(memory_format=torch.channels_last)
        u = F.silu(self.into(stacked))
        u = self.wide(self.past(self.near(u)))
        levels = heard.levels[:, first - low : stop - low]
        bands = F.avg_pool2d(self.bands(u), (1, BINS // _BANDS)).permute(0, 2, 1, 3).flatten(2)
        pooled = [bands, attended(u, self.attention(u)), levels, torch.full_like(levels[..., :1], causal)]
        return u, self.pooled(torch.cat(pooled, -1))

    def frames_ms(self, lookahead_ms: float | None) -> float | None:
        """What of a lookahead is left to the frames: the convolutions take a knot, and so does who looks between two.

        Raises ValueError where nothing is left.
        """
        if lookahead_ms is None:
            return None
        left = lookahead_ms - 1e3 * PERIOD_S * (self.ahead + 1)
        if left < 0:
            least = math.ceil(1e3 * PERIOD_S * (self.ahead + 1))
            raise ValueError(f"lookahead_ms is {lookahead_ms}: the ear needs {least} or more, or the whole recording")
        return left

    def over_time(self, pieces: list[Tensor], both: bool) -> Tensor:
        """(B, T, 2 d_model) of pieces (B, n, d_model) that follow each other; without `both` nothing comes back."""
        forward = self.norms[0](_run(self.forward_mamba, pieces))
        if not both:
            return torch.cat([forward, torch.zeros_like(forward)], -1)
        backward = _run(self.backward_mamba, [piece.flip(1) for piece in reversed(pieces)]).flip(1)
        return torch.cat([forward, self.norms[1](backward)], -1)

    def back(self, u: Tensor, m: Tensor) -> EarOutput:
        """What the ear says of maps u (B, channels, T, BINS) and m (B, T, 2 d_model)."""
        scale, shift = self.modulation(m)[:, :, None].permute(0, 3, 1, 2).chunk(2, 1)
        v = torch.addcmul(shift, u, 1 + scale)
        for layer in self.again:
            v = layer(v)
        out = self.per_bin(v)
        rest = self.globals(torch.cat([m, attended(v, self.focus(v))], -1))
        logits = [torch.cat([_fine(out[:, FINE * i : FINE * (i + 1)]), rest[..., i : i + 1]], -1) for i in range(2)]
        pressure = torch.sigmoid(_held(out[:, 2 * FINE]) + rest[..., 2:3])
        loudness = _DB * _held(out[:, 2 * FINE + 1]) + _DB * rest[..., 3:4]
        return EarOutput(
            first=logits[0],
            second=logits[1],
            pressure=pressure,
            loudness=loudness,
            breath=_DB * rest[..., 4],
            background=_DB * rest[..., 5],
            onset=rest[..., 6] - _NONE_AT_FIRST,
            offset=rest[..., 7] - _NONE_AT_FIRST,
        )

    def _stacked(self, maps: Tensor, causal: float) -> Tensor:
        """Maps at every bin, beside them those at its harmonics and subharmonics, coordinates, the mode."""
        batch, _, knots, _ = maps.shape
        several = [maps]
        for spectrum, ratios in enumerate(_RATIOS):
            several += [at_ratio(maps[:, spectrum : spectrum + 1], ratio) for ratio in ratios]
        rooted = CHANNELS - 2
        several += [at_ratio(maps[:, rooted : rooted + 1], ratio) for ratio in _CORRELATION_RATIOS]
        several.append(self.coordinates[None, :, None].expand(batch, -1, knots, -1))
        several.append(maps.new_full((1, 1, 1, 1), causal).expand(batch, 1, knots, BINS))
        return torch.cat(several, 1)


def _fine(out: Tensor) -> Tensor:
    """(B, FINE, T, BINS) -> (B, T, FINE BINS), the pitches of a bin side by side."""
    return out.permute(0, 2, 3, 1).flatten(2)


def _held(out: Tensor) -> Tensor:
    """(B, T, BINS) -> (B, T, FINE BINS)."""
    return out.repeat_interleave(FINE, -1)


def _run(core: Mamba, pieces: list[Tensor]) -> Tensor:
    """The outputs of a core that reads the pieces one after another, joined."""
    states, outputs = None, []
    for piece in pieces:
        output, states = core.advance(piece, states)
        outputs.append(output)
    return torch.cat(outputs, 1)


def pieces(count: int, size: int) -> Iterator[tuple[int, int]]:
    """(first, stop) of so many knots at a time."""
    for first in range(0, count, size):
        yield first, min(first + size, count)
