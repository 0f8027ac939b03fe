"""What a perturbation did is measured as it was made."""

from __future__ import annotations

import math

import numpy as np
import pytest

from syrinx_lab.dynamics.perturbation import Perturbation, Scheduled
from syrinx_lab.dynamics.response import Course, orbit_size, response
from syrinx_lab.dynamics.sensitivity import sensitivity

RATE, COUNT = 10_000.0, 4000


def tone(hz: float = 400.0, level: float = 1.0, phase: float = 0.0) -> Course:
    angle = 2 * np.pi * hz / RATE * np.arange(COUNT) + phase
    return Course(np.cos(angle), -np.sin(angle), level * np.sin(angle), level * np.sin(angle))


def test_perturbations_that_make_no_sense_are_refused() -> None:
    for wrong, said in (
        ({"kind": "muscle"}, "kind"),
        ({"mode": "cents"}, "mode"),
        ({"at_ms": -1.0}, "0 ms"),
        ({"size": math.nan}, "finite"),
        ({"target": "w"}, "x or v"),
        ({"duration_ms": 3.0}, "kick"),
        ({"kind": "drive", "target": "gamma"}, "more than 0"),
    ):
        settings = {"kind": "state", "target": "x", "at_ms": 5.0, "size": 0.1, "duration_ms": 0.0} | wrong
        with pytest.raises(ValueError, match=said) as raised:
            Perturbation(**settings)  # type: ignore[arg-type]
        assert "\n" not in str(raised.value)


def test_windows_cover_what_lies_in_them() -> None:
    one = Perturbation("drive", "gamma", 10.0, 0.1, 20.0)
    assert one.window(100, 1.0) == slice(10, 30)
    assert one.window(100, 0.7) == slice(15, 43)
    assert one.window(20, 1.0) == slice(10, 20)
    short = Perturbation("drive", "gamma", 10.0, 0.1, 0.01)
    assert short.window(100, 1.0) == slice(10, 11), "one knot at least"
    assert Perturbation("channel", "omega 0", 10.0, 0.0, math.inf, "ablate").window(50, 1.0) == slice(10, 50)


def test_a_schedule_is_put_to_every_syllable() -> None:
    one = Scheduled("drive", "tension", 50.0, 20.0, "cents", places=(-1.0, 0.0, 0.5))
    assert [p.at_ms for p in one.on(30.0, 130.0)] == [30.0, 80.0], "what would begin before the clip is left out"
    assert one.on(30.0, 130.0)[1] == Perturbation("drive", "tension", 80.0, 50.0, 20.0, "cents")
    with pytest.raises(ValueError, match="kick"):
        Scheduled("state", "x", 0.1, 20.0)
    with pytest.raises(ValueError, match="places"):
        Scheduled("state", "x", 0.1, places=(math.nan,))


def test_level_pitch_and_size_of_a_response() -> None:
    before, size = tone(), math.sqrt(1.0)
    assert orbit_size(before.x, before.v) == pytest.approx(1, rel=1e-3)
    one = Perturbation("drive", "gamma", 100.0, 1.0, 100.0)
    settings = {"sample_rate": RATE, "size": size, "label": "a", "onset": 0, "offset": COUNT}
    louder = response(one, before, tone(level=2.0), **settings)
    assert louder.level_db == pytest.approx(20 * math.log10(2), abs=1e-9)
    assert louder.pitch_cents == pytest.approx(0, abs=1e-9)
    assert louder.size == 0
    assert louder.recovery_ms == 0
    assert math.isnan(louder.level_recovery_ms), "it is louder to the end"
    assert louder.place == pytest.approx(0.25)
    higher = response(one, before, tone(hz=400 * 2 ** (50 / 1200)), **settings)
    assert higher.pitch_cents == pytest.approx(50, abs=0.5)
    assert higher.brightness_cents == pytest.approx(50, abs=1)
    turned = response(one, before, tone(phase=math.pi), **settings)
    assert turned.size == pytest.approx(2)
    assert math.isnan(turned.recovery_ms)
    assert set(turned.row()) >= {"label", "kind", "target", "place", "size", "recovery_ms", "level_db", "pitch_cents"}


def test_recovery_of_a_decaying_push() -> None:
    """A distance of exp(-t / 10 ms) is a twentieth of itself after 10 ln 20 ms."""
    before, tau_ms = tone(), 10.0
    time_ms = np.arange(COUNT) / RATE * 1e3 - 100.0
    push = np.where(time_ms >= 0, 0.3 * np.exp(-time_ms / tau_ms), 0.0)
    after = Course(before.x + push, before.v, before.source * (1 + push), before.sound)
    found = response(Perturbation("state", "x", 100.0, 0.3, 0.0), before, after, sample_rate=RATE, size=1.0)
    assert found.recovery_ms == pytest.approx(tau_ms * math.log(20), abs=0.2)
    assert (found.size, found.peak_ms) == (pytest.approx(0.3), 0.0)
    # half a decibel is a factor of 1.0593
    assert found.level_recovery_ms == pytest.approx(tau_ms * math.log(0.3 / (10**0.025 - 1)), abs=1.5)


def test_of_a_push_that_lasts_to_the_end_no_recovery_is_known() -> None:
    before, after = tone(), tone(level=1.1)
    lasting = Perturbation("drive", "pressure", 10.0, 1.1, 1e6, "scale")
    found = response(lasting, before, after, sample_rate=RATE, size=1.0)
    assert math.isnan(found.recovery_ms)
    assert math.isnan(found.level_recovery_ms)


def test_what_diverges_never_recovers() -> None:
    before = tone()
    after = Course(np.where(np.arange(COUNT) > 2000, np.inf, before.x), before.v, before.source, before.sound)
    found = response(Perturbation("state", "x", 100.0, 0.3, 0.0), before, after, sample_rate=RATE, size=1.0)
    assert found.size == found.recovery_ms == math.inf
    assert math.isnan(found.level_db)


def test_the_most_sensitive_moment_comes_first() -> None:
    before = tone()
    settings = {"sample_rate": RATE, "size": 1.0, "onset": 0, "offset": COUNT}
    found = []
    for label, at, phase in (("a", 100.0, 0.1), ("a", 300.0, 0.5), ("b", 90.0, 1.0), ("b", 91.0, 2.0)):
        one = Perturbation("state", "v", at, 0.1, 0.0)
        found.append(response(one, before, tone(phase=phase), label=label, **settings))  # type: ignore[arg-type]
    ranked = sensitivity(found)
    assert [(one.label, one.place, one.count) for one in ranked] == [("b", 0.2, 2), ("a", 0.8, 1), ("a", 0.2, 1)]
    assert ranked[0].size == pytest.approx((2 * math.sin(0.5) + 2 * math.sin(1.0)) / 2)
    assert ranked[0].row()["kind"] == "state"
