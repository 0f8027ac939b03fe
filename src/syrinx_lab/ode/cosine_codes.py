"""Few numbers a knot for many bands: a cosine series and a bend, both learned."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

HIDDEN = 64


class CosineCodes(nn.Module):
    """Levels of K bands as a function of C codes.

    c = z B + tanh(z U + b) V,   B[d, k] = cos(pi d (k + 1/2) / K) and V = 0 before anything is learned

    So z_0 begins as the level of all bands, z_1 as the tilt from low to high, z_2 as what is in the middle against both
    ends: a cepstrum over the bands. The 64 bent terms let few codes reach spectra that do not lie on a plane.

    codes  C, at least 1 and at most K
    bands  K
    Raises ValueError when there are more codes than bands.

    Source: Davis and Mermelstein, IEEE Trans. ASSP 28(4), 1980 (a cosine series over bands as a compact spectrum).
    """

    def __init__(self, codes: int, bands: int) -> None:
        super().__init__()
        if not 1 <= codes <= bands:
            raise ValueError(f"codes is {codes}: use 1 to {bands}, or null for every band by itself")
        d, k = torch.arange(codes)[:, None], torch.arange(bands)
        self.basis = nn.Parameter(torch.cos(math.pi * d * (k + 0.5) / bands))
        self.bend = nn.Linear(codes, HIDDEN)
        self.bent = nn.Linear(HIDDEN, bands, bias=False)
        nn.init.zeros_(self.bent.weight)

    def forward(self, codes: Tensor) -> Tensor:
        """Codes (B, T, C) -> raw levels of the bands (B, T, K)."""
        return codes @ self.basis + self.bent(torch.tanh(self.bend(codes)))
