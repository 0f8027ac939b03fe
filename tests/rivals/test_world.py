"""WORLD: its range of pitch is chosen on val, its numbers counted, and without pyworld a line says what to install."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from made_clips import LEAD, RATE, clip, level_db, songs, stack

from syrinx_lab.metrics.fundamental import track_f0
from syrinx_lab.metrics.time_frequency import tf_corr
from syrinx_lab.rivals.rival import MissingExtra
from syrinx_lab.rivals.world import World

RANGES = ((2500.0, 4000.0), (300.0, 1000.0))


def test_without_pyworld_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyworld", None)
    with pytest.raises(MissingExtra, match=r"^WORLD needs the extra: pip install 'syrinx-lab\[rivals\]'$"):
        World(sample_rate=RATE)


class TestWithPyworld:
    @pytest.fixture(autouse=True)
    def _needs(self) -> None:
        pytest.importorskip("pyworld")

    def test_the_range_that_holds_the_pitch_is_chosen_on_val(self) -> None:
        one = clip(stack())
        rival = World(sample_rate=RATE, f0_ranges_hz=RANGES)
        rival.fit(songs(one))
        assert rival.f0_range_hz == (300.0, 1000.0)
        sung = rival.resynthesise(one, 0)
        assert np.array_equal(sung, rival.resynthesise(one, 0))
        assert tf_corr(sung, one.x, sample_rate=RATE) > 0.85
        f0 = [track_f0(y.astype(float), sample_rate=RATE) for y in (sung, one.x)]
        cents = 1200 * np.abs(np.log2(f0[0] / f0[1]))
        assert np.nanmedian(cents) < 15
        assert level_db(sung[LEAD:], one.x[LEAD:]) == pytest.approx(0.0, abs=1.5)

    def test_the_labs_pitch_is_one_more_choice(self) -> None:
        one = clip(stack())
        rival = World(sample_rate=RATE, f0_ranges_hz=RANGES[:1], lab_pitch=True)
        rival.fit(songs(one))
        assert rival.f0_range_hz is None, "3 kHz and more is not the pitch"
        hz, times = rival._lab_pitch(one.x.astype(np.float64))
        assert len(hz) == len(times)
        voiced = hz > 0
        true = 700 - 100 * (times - LEAD / RATE) / 0.15
        assert voiced.sum() >= 25
        np.testing.assert_allclose(hz[voiced][3:-3], true[voiced][3:-3], rtol=0.01)

    def test_its_numbers(self) -> None:
        whole, coded = World(sample_rate=RATE), World(sample_rate=RATE, coefficients=60)
        assert whole.numbers_per_second == 200 * (1 + 2 * 1025)
        assert coded.numbers_per_second == 200 * (1 + 60 + 5)
        one = clip(stack())
        assert tf_corr(coded.resynthesise(one, 0), whole.resynthesise(one, 0), sample_rate=RATE) > 0.9

    def test_a_range_that_is_none_is_refused(self) -> None:
        with pytest.raises(ValueError, match=r"f0_ranges_hz is \[\[800\.0, 300\.0\]\]: use pairs of Hz"):
            World(sample_rate=RATE, f0_ranges_hz=[[800.0, 300.0]])
        low = World(sample_rate=16_000, f0_ranges_hz=[[300.0, 1000.0], [700.0, 8000.0], [7500.0, 8000.0]])
        assert low.f0_ranges_hz == [(300.0, 1000.0), (700.0, 7200.0)]
