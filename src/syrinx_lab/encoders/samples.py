"""The published encoder: three Mambas, or other cores, read the drives off a recording, sample by sample."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ..controls import AnalyticControls
from ..types import Controls, Heads
from . import Encoder
from .core import Core, MakeCore, make_core
from .mamba import Mamba
from .weights_head import WeightsHead

_PUBLISHED_HEAD = "kernel.weights."
_PUBLISHED_PREFIXES = ("omega_mamba.", "gamma_mamba.", "kernel_mamba.", "omega_net.", "gamma_net.")
_PUBLISHED_CONSTANTS = ("kernel.deg_exp",)  # exponents that follow from the degree


class SamplesEncoder(Encoder):
    """Read the controls of the polynomial Ouroboros off a recording at audio rate.

    With z = (x, v), every drive has a Mamba of its own that sees the time-reversed recording and then the recording,
    concat(reverse(z), z); the second half of its output is kept, so each sample has seen the whole recording.

        omega = omega_net m_omega, gamma = gamma_net m_gamma, w = weights_net lowpass(m_kernel)

    degree         P, highest power of x and of v; w has (P + 1)^2 entries, number i (P + 1) + j multiplies x^i v^j
    n_layers, d_state, d_conv, expand   sizes of the three stacks, whose d_model is 2; see `Mamba`
    core           makes what stands for them of d_model 2 and n_layers; None: Mambas, whom alone d_state, d_conv,
                   expand, checkpoint and backend concern
    keep_const     whether w_00 exists; its row of weights_net starts at zero
    chunk_samples  longer recordings are encoded in pieces of this many samples with carried states, so that memory
                   beside input and output does not grow with their length; None never cuts
    checkpoint     compute layers again in the backward pass instead of keeping what they need, for less memory
    backend        of the scans, see `selective_scan`
    Raises ValueError for sizes below 1 or an unknown backend.
    """

    def __init__(
        self,
        degree: int = 15,
        n_layers: int = 3,
        d_state: int = 4,
        d_conv: int = 4,
        expand: int = 10,
        keep_const: bool = True,
        chunk_samples: int | None = 2**18,
        checkpoint: bool = False,
        backend: str = "auto",
        core: MakeCore | None = None,
    ) -> None:
        channels = 2
        super().__init__(hop=1, width=channels, code_size=channels, lookahead_ms=None, needs_analysis=False)
        if chunk_samples is not None and chunk_samples < 1:
            raise ValueError(f"chunk_samples is {chunk_samples}: it must be at least 1, or None to encode in one piece")
        self.chunk_samples = chunk_samples
        self.degree = degree

        def stack() -> Core:
            if core is not None:
                return make_core(core, channels, n_layers)
            return Mamba(channels, n_layers, d_state, d_conv, expand, backend=backend, checkpoint=checkpoint)

        self.omega_mamba, self.gamma_mamba, self.kernel_mamba = stack(), stack(), stack()
        self.omega_net = nn.Linear(channels, 1)
        self.gamma_net = nn.Linear(channels, 1)
        self.weights_net = WeightsHead(channels, degree, keep_const)

    def forward(self, x: Tensor, v: Tensor, analytic: AnalyticControls | None = None) -> Controls:
        """Encode a recording: x (B, L) audio, v = tau x' (B, L), dimensionless -> controls of L steps, C = 2.

        Analytic controls are not looked at. The features (B, L, 2) are the code of the weights.
        """
        assert x.shape == v.shape, f"x {tuple(x.shape)} and v {tuple(v.shape)} differ"
        assert x.ndim == 2, f"x {tuple(x.shape)} is not (B, L)"
        z = torch.stack([x, v], dim=-1)
        omega = self.omega_net(self._read(self.omega_mamba, z)).squeeze(-1)
        gamma = self.gamma_net(self._read(self.gamma_mamba, z)).squeeze(-1)
        code = self._read(self.kernel_mamba, z)
        return Controls(
            omega=omega,
            gamma=gamma,
            weight_code=code,
            features=code,
        )

    @property
    def heads(self) -> Heads:
        """The three linear heads; the code of the weights has none, it is what the third stack gives."""
        return Heads(self.omega_net, self.gamma_net, self.weights_net)

    def weights(self, code: Tensor) -> Tensor:
        """The weights (B, T, P+1, P+1) from low-passed codes (B, T, 2); terms that do not exist are exactly zero."""
        return self.weights_net(code)

    def _read(self, core: Core, z: Tensor) -> Tensor:
        """The core's output (B, L, 2) for z (B, L, 2), after it has seen z backwards."""
        length = z.shape[1]
        if self.chunk_samples is None or length <= self.chunk_samples:
            return core(torch.cat([z.flip(1), z], dim=1))[:, length:]
        states = None
        for stop in range(length, 0, -self.chunk_samples):
            _, states = core.advance(z[:, max(stop - self.chunk_samples, 0) : stop].flip(1), states)
        pieces = []
        for start in range(0, length, self.chunk_samples):
            piece, states = core.advance(z[:, start : start + self.chunk_samples], states)
            pieces.append(piece)
        return torch.cat(pieces, dim=1)


def load_published(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename the weights of a published checkpoint for `SamplesEncoder.load_state_dict`.

    Theirs: omega_mamba, gamma_mamba, kernel_mamba, omega_net, gamma_net as here, and kernel.weights for weights_net;
    the constant kernel.deg_exp is left out. Raises ValueError for a name that no published checkpoint has.
    """
    renamed = {}
    for name, value in state_dict.items():
        if name in _PUBLISHED_CONSTANTS:
            continue
        if name.startswith(_PUBLISHED_HEAD):
            renamed["weights_net." + name.removeprefix(_PUBLISHED_HEAD)] = value
        elif name.startswith(_PUBLISHED_PREFIXES):
            renamed[name] = value
        else:
            raise ValueError(f"not a published encoder: it holds {name!r}, which has no place in SamplesEncoder")
    return renamed
