"""Known changes of a recording: each does what its name says, and the metrics that should hear it do."""

from __future__ import annotations

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from made_clips import LEAD, RATE, TAIL, band_db, clip, level_db, songs, stack

from syrinx_lab.cli import check, config_directory
from syrinx_lab.evaluation.scoring import Scoring
from syrinx_lab.instantiation import build
from syrinx_lab.rivals.changed import Backwards, Changed, Late, Muffled, NoiseInstead, Noisy, Trimmed
from syrinx_lab.rivals.comparison import outcome, outcomes, targets
from syrinx_lab.rivals.mistuned import PartialLost, Transposed
from syrinx_lab.rivals.outcome import Comparison
from syrinx_lab.rivals.rival import Rival
from syrinx_lab.rivals.table import as_markdown

ONE = clip(stack(0.15, 700.0, 700.0))


def changed(kind: type[Rival], **settings: object) -> np.ndarray:
    rival = kind(sample_rate=RATE, **settings)
    rival.fit(songs(ONE))
    assert rival.kind == "change"
    assert rival.numbers_per_second == RATE
    first, again = (rival.resynthesise(ONE, 3) for _ in range(2))
    assert np.array_equal(first, again)
    assert (first.shape, first.dtype) == (ONE.x.shape, np.float32)
    return first


def test_levels_delays_and_gates() -> None:
    np.testing.assert_array_equal(changed(Changed), ONE.x)
    np.testing.assert_allclose(changed(Changed, gain=0.5), 0.5 * ONE.x, rtol=1e-6)
    late = changed(Late, ms=5.0)
    np.testing.assert_array_equal(late[220:], ONE.x[:-220])
    assert not late[:220].any()
    syllable, silence = (changed(Trimmed, keep=keep) for keep in ("syllable", "silence"))
    np.testing.assert_allclose(syllable + silence, ONE.x, atol=1e-7)
    assert not syllable[:LEAD].any()
    assert not syllable[-TAIL:].any()
    assert not silence[LEAD + 100 : -TAIL - 100].any()
    turned = changed(Backwards)
    np.testing.assert_array_equal(turned[LEAD:-TAIL], ONE.x[LEAD:-TAIL][::-1])
    np.testing.assert_array_equal(turned[:LEAD], ONE.x[:LEAD])


def test_noise_over_it_and_instead_of_it_and_a_low_pass() -> None:
    noise = changed(Noisy, snr_db=10.0) - ONE.x
    assert level_db(noise, ONE.x) == pytest.approx(-10, abs=0.1)
    instead = changed(NoiseInstead)
    assert level_db(instead, ONE.x) == pytest.approx(0, abs=0.01)
    assert level_db(instead[: LEAD - 400], ONE.x[LEAD:-TAIL]) < -35
    assert abs(np.corrcoef(instead, ONE.x)[0, 1]) < 0.05
    low = changed(Muffled, cutoff_hz=2450.0)
    for harmonic, expected in ((1, 0.0), (2, -0.05), (6, -39.0)):  # of order 4, run both ways
        around = 700 * harmonic - 200, 700 * harmonic + 200
        assert band_db(low, *around) - band_db(ONE.x, *around) == pytest.approx(expected, abs=0.5)


def energy(x: np.ndarray, hz: float) -> float:
    return band_db(x[LEAD:-TAIL], hz - 60, hz + 60) - band_db(ONE.x[LEAD:-TAIL], 640, 760)


def test_an_octave_low_has_harmonics_of_half_the_pitch_under_the_same_envelope() -> None:
    low = changed(Transposed, factor=0.5)
    found = [energy(low, 350 * j) for j in range(1, 13)]
    amplitudes = np.interp(np.arange(1, 13) / 2, np.arange(1, 7), 1 / np.arange(1, 7))
    amplitudes *= np.sqrt((1 / np.arange(1, 7) ** 2).sum() / (amplitudes**2).sum())
    np.testing.assert_allclose(found, 20 * np.log10(amplitudes), atol=0.6)
    high = changed(Transposed, factor=2.0)
    assert energy(high, 700) < -25, "the old first harmonic is gone"
    assert energy(high, 1400) > -2
    assert abs(level_db(high, ONE.x)) < 0.2
    same = changed(Transposed, factor=1.0)
    np.testing.assert_allclose([energy(same, 700 * k) for k in range(1, 7)], -20 * np.log10(np.arange(1, 7)), atol=0.3)


def test_the_strongest_partial_alone_is_lost() -> None:
    lost = changed(PartialLost)
    assert energy(lost, 700) < -25
    np.testing.assert_allclose([energy(lost, 700 * k) for k in (2, 3, 4)], -20 * np.log10([2, 3, 4]), atol=0.2)


@pytest.mark.parametrize(
    ("kind", "settings", "metric", "low", "high"),
    [
        (Changed, {}, "tf_corr", 1.0, 1.0),
        (Changed, {"gain": 0.5}, "tf_corr", 0.97, 0.999),
        (Changed, {"gain": 0.5}, "amp_pen", 0.693, 0.694),
        (Late, {"ms": 20.0}, "tf_corr", 0.8, 0.9),
        (Late, {"ms": 20.0}, "onset_error_ms", 19.9, 20.1),
        (Trimmed, {"keep": "syllable"}, "tf_corr_syllable", 0.99, 1.0),
        (Trimmed, {"keep": "silence"}, "tf_corr", 0.0, 0.3),
        (Transposed, {"factor": 0.5}, "octave_errors", 0.9, 1.0),
        (Transposed, {"factor": 2.0}, "wrong_partial", 0.9, 1.0),
        (Transposed, {"factor": 2 ** (1 / 24)}, "f0_cents", 45, 55),
        (PartialLost, {}, "wrong_partial", 0.9, 1.0),
        (NoiseInstead, {}, "env_corr", 0.85, 1.0),
    ],
)
def test_what_should_hear_it_does(
    kind: type[Rival], settings: dict[str, float], metric: str, low: float, high: float
) -> None:
    found = outcome("it", kind(sample_rate=RATE, **settings), songs(ONE), [ONE], Scoring(1e-3, 0))
    value = found.raw[metric]
    assert value is not None
    assert low - 1e-6 <= value <= high + 1e-6


def test_the_table_is_markdown_with_a_row_for_each() -> None:
    two = {"half": Changed(sample_rate=RATE, gain=0.5), "whole": Changed(sample_rate=RATE)}
    found = outcomes(two, songs(ONE), [ONE], Scoring(1e-3, 0))
    lines = as_markdown(Comparison("bird", "test", RATE, targets([ONE], RATE), found, {})).splitlines()
    assert lines[0].startswith("|  | numbers a second | tf_corr | tf_corr_syllable | spec_corr | env_corr | amp_pen |")
    assert [line.split(" | ")[0] for line in lines[2:]] == ["| `whole`", "| `half`"]
    assert lines[2].split(" | ")[1:3] == ["44,100", "1.000"]
    assert len({line.count("|") for line in lines}) == 1


def test_every_change_of_the_command_is_built_and_named_in_the_schema() -> None:
    with initialize_config_dir(version_base="1.3", config_dir=str(config_directory())):
        cfg = compose("blind_spots", overrides=["data=folder", "data.root=nowhere"])
    check(cfg, "blind_spots")
    kinds = {name: build(node).kind for name, node in cfg.rivals.items() if node is not None and name != "world"}
    assert sum(kind == "change" for kind in kinds.values()) == 16
    assert {name for name, kind in kinds.items() if kind == "vocoder"} == {
        *("mel_griffin_lim", "random_phase", "noise_vocoder")
    }


@pytest.mark.parametrize(
    ("kind", "settings", "said"),
    [
        (Trimmed, {"keep": "tail"}, "keep is 'tail': use syllable or silence"),
        (Muffled, {"cutoff_hz": 30_000.0}, "cutoff_hz is 30000.0: use more than 0 and less than 22050"),
        (Transposed, {"factor": 8.0}, "factor is 8.0: use 0.25 to 4"),
    ],
)
def test_changes_that_cannot_be(kind: type[Rival], settings: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        kind(sample_rate=RATE, **settings)
