"""How strongly a recurrence is pulled in training."""

from __future__ import annotations

import pytest
import torch

from syrinx_lab.recurrences.almost_linear import AlmostLinearRnn
from syrinx_lab.recurrences.forcing import GeneralisedForcing, SparseForcing, needed_share


def stretching(by: float) -> AlmostLinearRnn:
    recurrence = AlmostLinearRnn(2, 2, 0)
    with torch.no_grad():
        recurrence.diagonal.copy_(torch.tensor([by, 0.5]))
        recurrence.coupling.zero_()
    return recurrence


def test_sparse_forcing_is_every_kth_step() -> None:
    assert SparseForcing(3).rates(stretching(1.0), torch.zeros(1, 7, 2)).tolist() == [1, 0, 0, 1, 0, 0, 1]


@pytest.mark.parametrize(("by", "share"), [(4.0, 0.75), (0.8, 0.0)])
def test_the_share_undoes_the_stretching(by: float, share: float) -> None:
    assert needed_share(stretching(by), torch.randn(3, 9, 2)) == pytest.approx(share, abs=1e-6)


def test_an_adaptive_share_rises_at_once_and_falls_slowly() -> None:
    forcing, data = GeneralisedForcing(0.1, adaptive=True, every=2, decay=0.9), torch.zeros(1, 4, 2)
    shares = [float(forcing.rates(stretching(4.0), data)[0]) for _ in range(2)]
    shares += [float(forcing.rates(stretching(2.0), data)[0]) for _ in range(2)]
    assert shares == pytest.approx([0.1, 0.75, 0.75, 0.9 * 0.75 + 0.1 * 0.5], abs=1e-6)


def test_a_fixed_share_stays() -> None:
    forcing = GeneralisedForcing(0.2)
    assert all(
        float(forcing.rates(stretching(4.0), torch.zeros(1, 4, 2)).max()) == pytest.approx(0.2) for _ in range(6)
    )


def test_shares_outside_are_refused() -> None:
    with pytest.raises(ValueError, match=r"alpha is 1\.5"):
        GeneralisedForcing(1.5)
    with pytest.raises(ValueError, match="every is 0"):
        SparseForcing(0)
