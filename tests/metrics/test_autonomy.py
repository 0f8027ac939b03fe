"""The composed score: which metric looks where, means without NaN, and no input that makes it raise or warn."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syrinx_lab.metrics.autonomy import mean_score, rescaling, score_clip
from syrinx_lab.metrics.score import Score
from syrinx_lab.metrics.sung_clip import SungClip

RATE = 44_100
ONSET, OFFSET = 1985, 6395
WORST = {
    "autonomy_published": -5.0,
    "autonomy": -5.0,
    "spec_corr": 0.0,
    "tf_corr": 0.0,
    "wrong_partial": 1.0,
    "bounded_frac": 0.0,
    "env_corr": 0.0,
    "ignition_rate": 0.0,
}
Maker = Callable[..., np.ndarray]


def score(output: np.ndarray, target: np.ndarray, **more: object) -> Score:
    return score_clip(SungClip(output, target, sample_rate=RATE, onset=ONSET, offset=OFFSET, **more))


def test_identity_is_perfect(syllable: Maker) -> None:
    x = syllable()
    known = {"state_x": x, "state_v": x, "clamp_x": 0.5, "clamp_v": 1.0, "without_oscillator": 0 * x}
    perfect = score(x, x, **known, acceleration=x, target_acceleration=x, numbers_per_second=0.0).values()
    assert perfect.pop("leak_db") < -50, "what the window and the edges of the stack itself leave"
    distances = ("amp_pen", "pitch_pen", "f0_cents", "onset_error_ms", "wrong_partial", "lsd_db", "mcd_db")
    expected = dict.fromkeys(perfect, 1.0) | dict.fromkeys((*distances, "octave_errors", "numbers_per_second"), 0.0)
    assert perfect == pytest.approx(expected, abs=1e-12)


def test_each_change_moves_its_own_metrics(syllable: Maker) -> None:
    x = syllable()
    loud = score(2 * x, x)
    assert loud.amp_pen == pytest.approx(math.log(2), abs=1e-12)
    assert (loud.f0_cents, loud.onset_error_ms, loud.pitch_pen) == pytest.approx((0, 0, 0), abs=1e-9)
    assert loud.env_corr == pytest.approx(1.0, abs=1e-12)
    high = score(syllable(700 * 2 ** (1 / 12)), x)
    assert high.f0_cents == pytest.approx(100.0, abs=2.0)
    assert high.env_corr > 0.99
    late = score(syllable(delay_s=0.015), x)
    assert late.onset_error_ms == pytest.approx(15.0, abs=0.2)
    assert late.ignition_rate == 0.0
    # the glide of 15 % lags by 15 of 100 ms: at the middle of what overlaps, (1 - 0.15 * 0.425) / (1 - 0.15 * 0.575)
    assert late.f0_cents == pytest.approx(1200 * math.log2(0.93625 / 0.91375), abs=3)
    assert late.spec_corr > 0.98
    clamped = score(x, x, state_x=np.sign(x), state_v=x, clamp_x=0.5, clamp_v=1.0)
    assert (clamped.bounded_frac, clamped.tf_corr) == (0.0, 1.0)
    half = score(2 * x, x, without_oscillator=math.sqrt(2) * x)
    assert half.oscillator_share == pytest.approx(0.5, abs=1e-12)


def test_pitch_is_judged_on_the_syllable(syllable: Maker) -> None:
    x, high = syllable(), syllable(700 * 2 ** (1 / 12))
    mixed = np.concatenate([high[:3500], x[3500:5000], high[5000:]])
    where = {"sample_rate": RATE, "onset": 4000, "offset": 4600}
    assert score_clip(SungClip(mixed, x, **where)).f0_cents == pytest.approx(0.0, abs=0.5)
    assert score(mixed, x).f0_cents == pytest.approx(100.0, abs=3.0)


def test_a_song_that_does_not_stop_counts(syllable: Maker) -> None:
    x = syllable()
    endless = np.concatenate([x[:5000], np.resize(x[4000:5000], x.size - 5000)])
    assert score(endless, x).tf_corr < 0.75
    assert score(endless, x).env_corr < 0.9


def test_single_precision_and_what_is_not_given(syllable: Maker) -> None:
    x, y = syllable(), syllable(720.0)
    double = score(y, x).values()
    assert math.isnan(double.pop("oscillator_share"))
    assert math.isnan(double.pop("accel_r2"))
    assert math.isnan(double.pop("numbers_per_second"))
    single = score(y.astype(np.float32), x.astype(np.float32)).values()
    assert double == pytest.approx({name: single[name] for name in double}, abs=1e-3)
    assert all(type(value) is float for value in single.values())


def test_inputs_are_left_alone(syllable: Maker) -> None:
    x, y = syllable() + 0.1, syllable(720.0)
    for signal in (x, y):
        signal.setflags(write=False)
    score(x, y, state_x=x, state_v=y, clamp_x=0.5, clamp_v=1.0, without_oscillator=x)


@pytest.mark.parametrize("dead", ["silent", "constant", "nan", "inf"])
def test_a_dead_output_is_worst_everywhere(syllable: Maker, dead: str) -> None:
    x = syllable()
    output = {"silent": 0 * x, "constant": 0 * x + 0.3}.get(dead, x.copy())
    if dead in ("nan", "inf"):
        output[6000] = float(dead)
    values = score(output, x, without_oscillator=x).values()
    assert values.pop("oscillator_share") == 0.0
    assert {name: values.pop(name) for name in WORST} == WORST
    assert values.pop("tf_corr_syllable") == 0.0
    assert all(math.isnan(value) for value in values.values())


def test_rescaled_to_the_targets_rms(syllable: Maker) -> None:
    x, y = syllable(), 28 * syllable(720.0)
    out = rescaling(y, x) * y
    assert np.mean(out**2) == pytest.approx(np.mean(x**2), rel=1e-12)
    assert score(out, x).amp_pen == pytest.approx(0.0, abs=1e-3)
    broken = y.copy()
    broken[3] = np.inf
    for dead in (0 * y, 1e-10 * y, broken):
        assert rescaling(dead, x) == 1.0
    assert rescaling(y, 0 * x) == 1.0


def test_means_leave_nan_out_field_by_field(syllable: Maker) -> None:
    x = syllable()
    good, dead = score(2 * x, x), score(0 * x, x)
    means = mean_score([good, dead])
    assert set(means) == set(good.values())
    assert means["autonomy"] == pytest.approx((1 - math.log(2) - 5) / 2, abs=1e-9)
    assert means["tf_corr"] == pytest.approx(good.tf_corr / 2, abs=1e-15)
    assert means["bounded_frac"] == 0.5
    assert means["amp_pen"] == pytest.approx(math.log(2), abs=1e-12)
    assert math.isnan(means["oscillator_share"])
    assert all(math.isnan(value) for value in mean_score([]).values())


def _signal(kind: str, n: int, size: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = {
        "noise": rng.standard_normal(n),
        "tone": np.sin(0.1 * np.arange(n)),
        "click": np.eye(1, n, n // 2)[0],
        "silent": np.zeros(n),
        "constant": np.full(n, 0.1),
        "offset": 1 + 1e-3 * rng.standard_normal(n),
        "late": np.where(np.arange(n) > n - 5, 1.0, 0.0),
        "nan": np.where(np.arange(n) == n // 3, np.nan, 1.0),
        "inf": np.where(np.arange(n) == n // 3, -np.inf, 1.0),
    }[kind]
    with np.errstate(over="ignore"):
        return size * x


KINDS = st.sampled_from(["noise", "tone", "click", "silent", "constant", "offset", "late", "nan", "inf"])
SIZES = st.sampled_from([1e-300, 1e-12, 1e-9, 1e-3, 1.0, 1e20, 1e49, 1e200, 1e308])


@settings(max_examples=120, deadline=None, derandomize=True)
@given(KINDS, KINDS, SIZES, SIZES, st.sampled_from([64, 600, 1023, 3001]), st.booleans(), st.integers(0, 9))
def test_never_raises_never_warns(
    kind: str, target_kind: str, size: float, target_size: float, n: int, single: bool, seed: int
) -> None:
    output, target = _signal(kind, n, size, seed), _signal(target_kind, n, target_size, seed + 1)
    if single:
        with np.errstate(all="ignore"):
            output, target = output.astype(np.float32), target.astype(np.float32)
    with warnings.catch_warnings(), np.errstate(all="warn", under="ignore"):
        warnings.simplefilter("error")
        where = {"sample_rate": RATE, "onset": n // 4, "offset": n // 2, "clamp_x": 0.5, "clamp_v": 1.0}
        result = score_clip(
            SungClip(output, target, **where, state_x=output, state_v=target, without_oscillator=target)
        )
        rescaling(output, target)
        mean_score([result, result])
    assert result.bounded_frac in (0.0, 1.0)
    assert -1 <= result.oscillator_share <= 1
    assert not any(math.isinf(value) for value in result.values().values())


@pytest.mark.parametrize(
    "mistake", [{"onset": 100, "offset": 100}, {"onset": -1, "offset": 9}, {"onset": 0, "offset": 601}]
)
def test_a_syllable_outside_its_clip_is_a_programmers_error(mistake: dict) -> None:
    x = np.random.default_rng(0).standard_normal(600)
    with pytest.raises(AssertionError, match="outside a clip of 600 samples"):
        score_clip(SungClip(x, x, sample_rate=RATE, **mistake))
    with pytest.raises(AssertionError, match="output of 600 samples against a target of 599"):
        score_clip(SungClip(x, x[1:], sample_rate=RATE, onset=0, offset=300))


def test_fast_enough_to_score_during_training(syllable: Maker) -> None:
    x = syllable()
    took = []
    for _ in range(8):
        start = time.process_time()
        score(x, x, state_x=x, state_v=x, clamp_x=0.5, clamp_v=1.0, without_oscillator=x)
        took.append(time.process_time() - start)
    assert min(took) < 0.030  # seconds of processor time; 8 ms on an idle core


def test_two_renditions_of_the_real_bird(renditions: dict) -> None:
    # what a perfect copyist would score on label c: one rendition taken for the output, the next for the target
    scores = []
    for a, b in zip(renditions["c"][0:20:2], renditions["c"][1:20:2]):
        lead = min(a.onset, b.onset)
        x, y = a.audio[a.onset - lead :], b.audio[b.onset - lead :]
        n = min(x.size, y.size)
        offset = min(n, lead + b.offset - b.onset)
        scores.append(score_clip(SungClip(x[:n], y[:n], sample_rate=RATE, onset=lead, offset=offset)))
    means = mean_score(scores)
    assert 0.80 < means["tf_corr"] < 0.90
    assert 0.80 < means["spec_corr"] < 0.95
    assert means["env_corr"] > 0.9
    assert means["bounded_frac"] == means["ignition_rate"] == 1.0
    assert means["onset_error_ms"] < 2.0
