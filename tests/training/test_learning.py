"""Configurations that cannot learn, or not as they say."""

from __future__ import annotations

import pytest
from hydra import compose, initialize_config_dir

from syrinx_lab.assembly import build_horizon, build_objective
from syrinx_lab.cli import config_directory


def warned(*overrides: str) -> list[str]:
    with initialize_config_dir(str(config_directory()), version_base="1.3"):
        cfg = compose("config", ["data.root=x", *overrides])
    return build_objective(cfg).warnings(cfg.n_epochs, build_horizon(cfg).max)


SPEC, ACCEL = "loss.terms.spec.weight=0", "loss.terms.accel.weight=0"


@pytest.mark.parametrize("more", [[], ["loss.terms.weights.weight=1", "loss.terms.weights_sum.weight=1"]])
def test_an_objective_that_does_not_look_at_the_song_is_refused(more: list[str]) -> None:
    with pytest.raises(ValueError, match=r"nothing can be learned of it: give one to loss\.terms\.spec\.weight, "):
        warned(SPEC, ACCEL, *more)
    for alone in (SPEC, ACCEL):
        assert warned(alone) == []


def test_warm_ups_that_last_to_the_end_are_warned_of() -> None:
    (line,) = warned(ACCEL, "n_epochs=1")
    assert line.startswith("nothing is learned: the warm-ups hold every weight at 0 over all of n_epochs=1")
    assert "loss.terms.spec.warmup_epochs to 0" in line
    assert warned(ACCEL, "n_epochs=2") == []
    assert warned("n_epochs=1") == []


def test_resolutions_that_fit_no_rollout_are_warned_of() -> None:
    resolutions = "loss.terms.spec.loss.resolutions="
    (line,) = warned("debug=tiny", f"{resolutions}[[5000,64]]")
    assert line.startswith("loss.terms.spec.loss.resolutions is [[5000,64]]: none fits a rollout, which lasts 600 sam")
    assert "(horizon.max); [512,128] is taken there instead" in line
    for fits in ("[[600,64]]", "[[5000,64],[600,64]]"):
        assert warned("debug=tiny", f"{resolutions}{fits}") == []
    assert warned("debug=tiny", f"{resolutions}[[5000,64]]", SPEC) == []
