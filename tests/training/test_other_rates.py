"""The shipped recipes at other sample rates: horizons last as long as at 44.1 kHz, and fit into the windows."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from forks import Forks
from hydra import compose, initialize_config_dir

from syrinx_lab.assembly import build_horizon
from syrinx_lab.cli import check, config_directory
from syrinx_lab.runs.history import History

LONGEST = {"experiment=zebra_finch": 2048, "experiment=refine": 1500, "experiment=published": 2048}
LONGEST |= {"horizon=linear": 2048, "horizon=pow2": 2048, "debug=tiny": 600}  # samples at 44.1 kHz


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000, 96_000])
def test_every_horizon_lasts_as_long_and_fits(rate: int) -> None:
    with initialize_config_dir(version_base="1.3", config_dir=str(config_directory())):
        for choice, samples in LONGEST.items():
            cfg = compose("config", overrides=[choice, "data.root=song", f"data.sample_rate={rate}"])
            longest = build_horizon(cfg).max
            assert longest <= round(cfg.data.context_s * rate), choice
            assert longest / rate == pytest.approx(samples / 44_100, rel=0.005), choice
            assert rate != 44_100 or longest == samples


def test_a_rate_that_is_none_is_refused_by_its_own_name() -> None:
    with (
        initialize_config_dir(version_base="1.3", config_dir=str(config_directory())),
        pytest.raises(ValueError, match=r"^data\.sample_rate is 'abc': use a whole number from 1000 to 1000000$"),
    ):
        check(compose("config", overrides=["data.sample_rate=abc"]))


def test_the_recipe_trains_at_22050_hz_in_one_command(forks: Forks, tiny_song: Path, tmp_path: Path) -> None:
    recipe = ["experiment=zebra_finch", f"data.root={tiny_song}", "data.sample_rate=22050", "logger=none", "n_epochs=1"]
    small = ["sampler.max_segments=16", "eval.val_count=1", "callbacks.evaluation.eval_every=0", "eval.splits=val"]
    done = forks.completed(tmp_path, "train", *recipe, *small, "run_dir=run")
    assert done.returncode == 0, done.stderr
    assert History(tmp_path / "run" / "history.jsonl").read()[0]["train/horizon"] == 1024
    # stored as a number: a run keeps its key, and is read without the rule
    assert yaml.safe_load((tmp_path / "run" / "config.yaml").read_text())["horizon"]["max"] == 1024
    refused = forks.completed(tmp_path, "train", *recipe, *small, "run_dir=long", "horizon.max=2048")
    assert refused.returncode == 1
    assert "set horizon.max=1102 or less, or data.context_s=0.0929" in refused.stderr
    assert not (tmp_path / "long").exists()
