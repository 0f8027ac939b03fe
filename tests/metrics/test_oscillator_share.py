"""How much the oscillator sings, against energies known beforehand."""

from __future__ import annotations

import numpy as np
import pytest

from syrinx_lab.metrics.oscillator_share import oscillator_share


def test_shares_of_energy() -> None:
    # orthogonal over whole periods: energies 9 and 1 of 10
    t = 2 * np.pi * np.arange(1000) / 1000
    sung, rest = 3 * np.sin(20 * t), np.sin(50 * t)
    assert oscillator_share(sung + rest, rest) == pytest.approx(0.9, abs=1e-12)
    assert oscillator_share(sung, 0 * sung) == 1.0
    assert oscillator_share(sung, sung) == 0.0


def test_negative_where_the_rest_is_louder_alone_but_not_without_limit() -> None:
    x = np.sin(np.arange(1000.0))
    assert oscillator_share(x, np.sqrt(1.5) * x) == pytest.approx(-0.5, abs=1e-12)
    assert oscillator_share(x, 1e6 * x) == -1.0


def test_never_nan() -> None:
    x, broken = np.sin(np.arange(1000.0)), np.full(1000, np.nan)
    assert oscillator_share(0 * x, x) == 0.0
    assert oscillator_share(0 * x, 0 * x) == 0.0
    assert oscillator_share(broken, x) == 0.0
    assert oscillator_share(broken, broken) == 0.0
    assert oscillator_share(x, broken) == -1.0
