"""The encoder at control rate: log spectra and analytic controls around every knot, and a core (Mamba) each way."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..controls import AnalyticControls
from ..types import Controls, Heads, knot_count
from . import Encoder
from .core import Core, MakeCore, make_core
from .log_spectra import FLOOR, LogSpectra
from .mamba import Mamba, RMSNorm
from .weights_head import WeightsHead

_TAPS = 5
_ANALYTIC = 4


class FramesEncoder(Encoder):
    """Read controls off a recording at control rate, from what it sounds like around every knot.

    s = (log spectrum, log spectrum of short frames),   u = (s, log envelope, log pitch, periodicity, voiced),
    e = MLP(u),   h = e + conv(e),
    features = (h, core(h), reversed core(reversed h), s - log envelope), the first ones RMS-normalised, the reversed
    one with direction both alone,
    r = features / sqrt(D), omega = omega_net r, gamma = gamma_net r,
    w = weights_net lowpass(code_net r)

    The root of the width D keeps the oscillator in hand: a step of Adam moves every weight of a head by its learning
    rate, so D features of about one would move omega and gamma by D of them.

    Harmonics are resolved by frames of `n_fft`, edges and single pulses by those of `fine_n_fft`. The spectra against
    the loudness are features themselves: what the tract passes at a knot is close to a linear function of them.

    The two convolutions of five taps see 8 knots beside their own. With direction both they lie around it. With
    direction causal as many of them as `lookahead_ms` has room for, after half a frame, come later than the knot and
    the rest earlier; a frame that itself has no room is moved back. No control of a knot then depends on a sample later
    than `lookahead_ms` after it, given analytic controls with the same lookahead. What else delays a live voice: the
    low-pass of the drives (three of its standard deviations) and the next knot (one hop).

    degree         P, highest power of x and of v; w has (P + 1)^2 entries, number i (P + 1) + j multiplies x^i v^j
    keep_const     whether w_00 exists; its row of weights_net starts at zero
    sample_rate    Hz
    hop            samples from knot to knot
    n_fft, n_bands, max_hz              samples in a frame, bands, top of the bands in Hz; see `LogSpectra`. No more
                   bands than the frame resolves, and none above half the sample rate
    fine_n_fft, fine_n_bands            the same of the short frames
    d_model, n_layers                   channels and layers of each core; d_model also of the layers before it
    core           makes a core of d_model and n_layers; None: a Mamba of the sizes d_state, d_conv and expand, which
                   together with `backend` say nothing to another core
    d_state, d_conv, expand             sizes of the Mamba
    n_codes        numbers in the code of the weights
    direction      "both": every knot has seen the whole recording; "causal": none has seen what comes later
    lookahead_ms   ms, how much of what comes later a causal knot may see; ignored with direction both
    chunk_knots    longer recordings are encoded in pieces of this many knots with carried states, so that memory beside
                   input and output does not grow with their length; None never cuts
    detach_heads   keep the gradients of omega, gamma and the weights from all but their own heads
    backend        of the scans, see `selective_scan`
    Raises ValueError for values out of range, an unknown direction or backend.
    """

    def __init__(
        self,
        degree: int,
        keep_const: bool,
        sample_rate: int,
        hop: int = 32,
        n_fft: int = 512,
        n_bands: int = 70,
        max_hz: float = 12_000.0,
        fine_n_fft: int = 128,
        fine_n_bands: int = 30,
        d_model: int = 48,
        n_layers: int = 2,
        d_state: int = 8,
        d_conv: int = 4,
        expand: int = 2,
        n_codes: int = 8,
        direction: str = "both",
        lookahead_ms: float = 12.0,
        chunk_knots: int | None = 4096,
        detach_heads: bool = False,
        backend: str = "auto",
        core: MakeCore | None = None,
    ) -> None:
        if direction not in ("both", "causal"):
            raise ValueError(f"unknown direction {direction!r}: choose both or causal")
        if not 0 <= lookahead_ms < float("inf"):
            raise ValueError(f"lookahead_ms is {lookahead_ms}: it must be 0 or more")
        if n_codes < 1:
            raise ValueError(f"n_codes is {n_codes}: it must be at least 1")
        if chunk_knots is not None and chunk_knots < 1:
            raise ValueError(f"chunk_knots is {chunk_knots}: it must be at least 1, or None to encode in one piece")
        causal = direction == "causal"
        # at a higher rate a frame is shorter and resolves fewer bands
        n_bands, fine_n_bands = (
            min(bands, max(1, int(min(max_hz, sample_rate / 2) * n / sample_rate)))
            for n, bands in ((n_fft, n_bands), (fine_n_fft, fine_n_bands))
        )
        heard, sides = n_bands + fine_n_bands, 2 if causal else 3
        super().__init__(
            hop=hop,
            width=sides * d_model + heard,
            code_size=n_codes,
            lookahead_ms=lookahead_ms if causal else None,
            needs_analysis=True,
        )
        self.degree = degree
        self.chunk_knots = chunk_knots
        self.detach_heads = detach_heads
        lookahead = int(lookahead_ms * 1e-3 * sample_rate) if causal else None
        self.spectra, self.fine_spectra = (
            LogSpectra(sample_rate, hop, n, bands, max_hz, 0 if lookahead is None else max(0, n // 2 - 1 - lookahead))
            for n, bands in ((n_fft, n_bands), (fine_n_fft, fine_n_bands))
        )
        ahead = _TAPS - 1
        if lookahead is not None:
            ahead = min(2 * ahead, max(0, lookahead - max(n_fft, fine_n_fft) // 2 + 1) // hop)
        self._ahead, self._behind = ahead, 2 * (_TAPS - 1) - ahead

        self.into = nn.Sequential(nn.Linear(heard + _ANALYTIC, d_model), nn.SiLU(), nn.Linear(d_model, d_model))
        self.conv = nn.Sequential(
            nn.Conv1d(d_model, d_model, _TAPS), nn.SiLU(), nn.Conv1d(d_model, d_model, _TAPS), nn.SiLU()
        )

        def stack() -> Core:
            if core is not None:
                return make_core(core, d_model, n_layers)
            return Mamba(d_model, n_layers, d_state, d_conv, expand, backend=backend)

        # whatever the core is: checkpoints know these names
        self.forward_mamba = stack()
        self.backward_mamba = None if causal else stack()
        self.norms = nn.ModuleList(RMSNorm(d_model) for _ in range(sides))
        self.omega_net = nn.Linear(self.width, 1)
        self.gamma_net = nn.Linear(self.width, 1)
        self.code_net = nn.Linear(self.width, n_codes)
        self.weights_net = WeightsHead(n_codes, degree, keep_const)

    @property
    def relative_spectra(self) -> tuple[int, Tensor] | None:
        """Those of the long frames, behind what the core gives."""
        bands = self.spectra.edges_hz
        return self.width - (len(bands) - 1) - (len(self.fine_spectra.edges_hz) - 1), bands

    @property
    def heads(self) -> Heads:
        """The linear heads of omega, gamma, the code and the weights."""
        return Heads(self.omega_net, self.gamma_net, self.weights_net, self.code_net)

    def forward(self, x: Tensor, v: Tensor, analytic: AnalyticControls | None = None) -> Controls:
        """Encode a recording.

        x         (B, L) audio, of any gain from about 1e-3 to 1
        v         (B, L) tau x', not looked at
        analytic  the controls of x at the same knots; with direction causal, computed with `lookahead_ms`
        Returns controls of T = ceil((L - 1) / hop) + 1 knots with C = n_codes and features (B, T, width). Raises
        ValueError without analytic controls or when theirs are other knots.
        """
        assert x.ndim == 2, f"x {tuple(x.shape)} is not (B, L)"
        knots = knot_count(x.shape[1], self.hop)
        if analytic is None:
            raise ValueError(
                "the frames encoder reads pitch and envelope, but was given no analytic controls: use "
                f"controls=analytic, or give AnalyticControls of hop {self.hop}, or choose encoder=samples"
            )
        if analytic.hop != self.hop or analytic.envelope.shape != (len(x), knots):
            raise ValueError(
                f"analytic controls {tuple(analytic.envelope.shape)} of hop {analytic.hop} are not those of recordings "
                f"{tuple(x.shape)} at hop {self.hop}: compute them from the same samples with encoder.hop"
            )
        features = self._features(x, _scaled(analytic).to(x))
        seen = (features.detach() if self.detach_heads else features) / self.width**0.5
        omega = self.omega_net(seen).squeeze(-1)
        return Controls(
            omega=omega,
            gamma=self.gamma_net(seen).squeeze(-1),
            weight_code=self.code_net(seen),
            hop=self.hop,
            features=features,
        )

    def weights(self, code: Tensor) -> Tensor:
        """The weights (B, T, P+1, P+1) from low-passed codes (B, T, C); terms that do not exist are exactly zero."""
        return self.weights_net(code)

    def _features(self, x: Tensor, analytic: Tensor) -> Tensor:
        """(B, T, width), a piece of the knots after another."""
        knots = analytic.shape[1]
        size = self.chunk_knots or knots
        pieces = [self._hear(x, analytic, first, min(first + size, knots)) for first in range(0, knots, size)]
        around, heard = (list(parts) for parts in zip(*pieces))
        sides = [around, _run(self.forward_mamba, around)]
        if self.backward_mamba is not None:
            back = _run(self.backward_mamba, [piece.flip(1) for piece in reversed(around)])
            sides.append([piece.flip(1) for piece in reversed(back)])
        normed = [[norm(piece) for piece in side] for norm, side in zip(self.norms, sides)]
        return torch.cat([torch.cat(parts, -1) for parts in zip(*normed, heard)], 1)

    def _hear(self, x: Tensor, analytic: Tensor, first: int, stop: int) -> tuple[Tensor, Tensor]:
        """What is heard around the knots [first, stop), (B, stop - first, d_model), and their own relative spectra."""
        start, end = first - self._behind, stop + self._ahead
        low, high = max(start, 0), min(end, analytic.shape[1])
        spectra = torch.cat([self.spectra(x, low, high), self.fine_spectra(x, low, high)], -1)
        e = self.into(torch.cat([spectra, analytic[:, low:high]], -1))
        around = F.pad(e.mT, (low - start, end - high))  # zeros beyond the recording
        own = slice(first - low, stop - low)
        return e[:, own] + self.conv(around).mT, spectra[:, own] - analytic[:, first:stop, :1]


def _scaled(analytic: AnalyticControls) -> Tensor:
    """Analytic controls (B, T, 4) on scales of about one."""
    return torch.stack(
        [
            torch.log10(analytic.envelope + FLOOR) + 3,
            torch.log2(analytic.pitch_hz / 2000),
            2 * analytic.periodicity - 1,
            2 * analytic.voiced - 1,
        ],
        -1,
    )


def _run(core: Core, pieces: list[Tensor]) -> list[Tensor]:
    """The outputs of a core that reads the pieces one after another."""
    states, outputs = None, []
    for piece in pieces:
        output, states = core.advance(piece, states)
        outputs.append(output)
    return outputs
