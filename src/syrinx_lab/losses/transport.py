"""How far energy has to be moved along the frequency axis to turn one spectrum into the other."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from ..types import Prediction
from .magnitudes import hann_window
from .term import LossTerm

_TINY = 1e-20
_LEVELS = 128


class SpectralTransport(LossTerm):
    """Wasserstein distance of the power spectra of each frame on a logarithmic frequency axis, one value an item.

        order 1:  mean_t sum_k |F_a(t, k) - F_g(t, k)| (u_(k+1) - u_k),   u = log2 f
        order 2:  mean_t ( mean_q |Q_a(t, q) - Q_g(t, q)|^2 )^(1/2),   Q the quantile function, F(Q(q)) = q

    F is the cumulative sum of p = max(0, P - P_max 10^(-range_db / 10)) over its own total, P the power of a frame
    (Hann, not centred), of the free run (a) and of the target (g). A partial that is off by some octaves costs about
    that many octaves, so that the slope in its pitch points home from far away, where an STFT loss, whose bins no
    longer overlap, has none. It hears neither loudness nor what lies `range_db` below the frame's loudest bin; frames
    in which the target lies 40 dB below its loudest frame do not count.

    n_fft, hop         samples
    low_hz, high_hz    Hz, the axis; high_hz at most half the sample rate counts
    range_db           dB
    order              1 or 2
    sample_rate        Hz
    Raises ValueError for values out of range. Rollouts shorter than n_fft take the longest power of two that fits.
    Source: Torres, Peeters and Richard (2024), Unsupervised harmonic parameter estimation using differentiable DSP and
    spectral optimal transport, ICASSP; Villani (2003), section 2.2, for one dimension.
    """

    needs_rollout = True
    needs_acceleration = False
    unit = "octaves"

    def __init__(
        self,
        n_fft: int = 1024,
        hop: int = 256,
        low_hz: float = 200.0,
        high_hz: float = 12_000.0,
        range_db: float = 34.0,
        order: int = 1,
        sample_rate: float = 44100,
    ) -> None:
        super().__init__()
        if n_fft < 16 or n_fft % 2 or not 1 <= hop <= n_fft:
            raise ValueError(
                f"transport: n_fft {n_fft}, hop {hop}: give n_fft even, at least 16, and 1 <= hop <= n_fft"
            )
        if not 0 < low_hz < high_hz < math.inf or low_hz >= sample_rate / 2:
            raise ValueError(
                f"transport: low_hz {low_hz:g}, high_hz {high_hz:g} at {sample_rate:g} Hz: give 0 < low_hz < high_hz, "
                "and low_hz below half the sample rate"
            )
        if not 0 < range_db < math.inf:
            raise ValueError(f"transport: range_db {range_db} must be positive and finite")
        if order not in (1, 2):
            raise ValueError(f"transport: order is {order}: use 1 or 2")
        self.n_fft, self.hop, self.order = int(n_fft), int(hop), int(order)
        self.low_hz, self.high_hz, self.sample_rate = float(low_hz), float(high_hz), float(sample_rate)
        self.quietest = 10 ** (-range_db / 10)

    def forward(self, prediction: Prediction) -> Tensor:
        """The loss of every item: `output` and `target` (B, H) in, (B,) out, octaves."""
        output, target = prediction.output, prediction.target
        assert output is not None, "transport looks at the rollout: the prediction holds none"
        assert target is not None, "transport compares with the target: the prediction holds none"
        octaves, goal, power = self._shares(target.detach())
        found = self._shares(output)[1]
        if self.order == 1:
            apart = ((found.cumsum(-1) - goal.cumsum(-1)).abs()[..., :-1] * octaves.diff()).sum(-1)
        else:
            apart = _quantile_distance(found, goal, octaves)
        counts = (power > 1e-4 * power.amax(-1, keepdim=True)).to(apart)
        return (apart * counts).sum(-1) / counts.sum(-1).clamp_min(1)

    def _shares(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """log2 of the bins (K,), the share of each frame's power in every bin (B, T, K), and that power (B, T)."""
        n_fft = min(self.n_fft, 1 << (x.shape[1].bit_length() - 1))
        hop = min(self.hop, n_fft // 4)
        frames = x.unfold(1, n_fft, hop) * hann_window(n_fft, x.device, x.dtype)
        bin_hz = self.sample_rate / n_fft
        first, last = max(1, math.ceil(self.low_hz / bin_hz)), min(n_fft // 2, int(self.high_hz / bin_hz))
        power = torch.view_as_real(torch.fft.rfft(frames)).square().sum(-1)[..., first : last + 1]
        loud = (power - self.quietest * power.amax(-1, keepdim=True)).clamp_min(0)
        total = loud.sum(-1, keepdim=True)
        octaves = torch.log2(torch.arange(first, last + 1, device=x.device, dtype=x.dtype) * bin_hz)
        return octaves, loud / (total + _TINY), total[..., 0]


def _quantile_distance(a: Tensor, b: Tensor, at: Tensor) -> Tensor:
    """(...,) root mean squared difference of the quantile functions of shares a and b (..., K) at `at` (K,)."""
    levels = (torch.arange(_LEVELS, device=a.device, dtype=a.dtype) + 0.5) / _LEVELS
    first, second = (_quantiles(shares, at, levels) for shares in (a, b))
    return ((first - second).square().mean(-1) + _TINY).sqrt()


def _quantiles(shares: Tensor, at: Tensor, levels: Tensor) -> Tensor:
    """Q (..., M) at `levels` (M,): the cumulative share, a straight line within every bin, turned round."""
    edges = torch.cat((at[:1] - (at[1] - at[0]) / 2, (at[1:] + at[:-1]) / 2, at[-1:] + (at[-1] - at[-2]) / 2))
    below = F.pad(shares.cumsum(-1), (1, 0))
    wanted = levels.expand(*shares.shape[:-1], -1).contiguous()
    right = torch.searchsorted(below.detach().contiguous(), wanted).clamp(1, len(at))
    under, own = below.gather(-1, right - 1), shares.gather(-1, right - 1)
    inside = ((wanted - under) / own.clamp_min(_TINY)).clamp(0, 1)
    return edges[right - 1] + inside * (edges[right] - edges[right - 1])
