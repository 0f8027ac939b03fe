"""The map that all piecewise-linear recurrences here are a case of, and what pulls its state towards data."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Pieces:
    """z' = A z + W1 phi(W2 z, b_t) + c_t,   phi(y, b) = relu(y + b), or relu(y + b) - relu(y) where it is clipped.

    transition  A   (M, M)
    out         W1  (M, L)
    into        W2  (L, M)
    threshold   b   (B or 1, H or 1, L), constant where it has one entry
    offset      c   (B or 1, H or 1, M), likewise
    clipped         what the units give is then bounded by |b|, and the orbits with it where the norm of A is below 1
    All are dimensionless. L may be 0: then the map is linear.
    """

    transition: Tensor
    out: Tensor
    into: Tensor
    threshold: Tensor
    offset: Tensor
    clipped: bool = False

    @property
    def size(self) -> int:
        """M, numbers in the state."""
        return self.transition.shape[0]


@dataclass(frozen=True)
class Pull:
    """Generalised teacher forcing of the first N of M numbers of the state.

    y_t <- y_t + rate_t (data_t - y_t) before step t; the trajectory holds y_t as it was before.

    data  (B, H, N) constants: no gradient flows to them
    rate  (H,) 0 (free) to 1 (teacher forcing). One constant is generalised teacher forcing, 1 at every k-th step and
          else 0 is the sparse kind.

    Source: Hess, Monfared, Brenner and Durstewitz (2023), ICML, equation 6; Mikhaeil, Monfared and Durstewitz
    (2022), NeurIPS (sparse); Brenner et al. (2022), ICML (the first N alone).
    """

    data: Tensor
    rate: Tensor
