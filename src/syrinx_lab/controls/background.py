"""The spectrum of a recording where nobody sings."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

FRAME = 1024
"""Samples of the frames in which silence is looked for: 23 ms at 44.1 kHz."""

_QUIET = 0.05
_STILL_QUIET = 2.0
_MOMENT = 4
_TOO_LOUD = 4.0


def background_response(recordings: Iterable[Tensor], frame: int = FRAME) -> Tensor:
    """The zero-phase filter that makes the recordings' background out of white noise of unit variance.

    |H(k)|^2 = mean over quiet frames of |sum_u w(u) x(c + u) e^(-i 2 pi k u / n)|^2 / sum_u w(u)^2

    with a Hann window w of n = frame samples. Quiet frames have at most twice the power of the 5 % quantile of all.
    Song without pauses has no quiet frame: where quarters of frames show that their power is more than four times too
    large, H is scaled down to those.

    recordings  tensors (L,), with their silence; those shorter than a frame do not count
    frame       samples, even; short ones differ in power by chance, and the quiet half of them is too quiet
    Returns (n - 1,) impulse response around its middle tap, in the recordings' unit: sum of squares = the background's
    power. All zero when no recording is as long as a frame, or the silence is digital.

    Source: Welch (1967), IEEE Trans. Audio Electroacoust. 15(2).
    """
    found = [x.unfold(0, frame, frame // 2) for x in recordings if len(x) >= frame]
    if not found:
        return torch.zeros(frame - 1)
    frames = torch.cat(found)
    moments = torch.stack([part.square().mean(1) for part in frames.tensor_split(_MOMENT, 1)], 1)
    loudness = frames.square().mean(1)
    quiet = loudness <= _STILL_QUIET * torch.quantile(loudness, _QUIET)
    window = torch.hann_window(frame, dtype=frames.dtype, device=frames.device)
    power = torch.fft.rfft(frames[quiet] * window).abs().square().mean(0) / window.square().sum()
    level, quietest = loudness[quiet].mean(), torch.quantile(moments, _QUIET)
    if level > _TOO_LOUD * quietest:
        power = power * (quietest / level)
    return torch.fft.irfft(power.sqrt()).roll(frame // 2)[1:]
