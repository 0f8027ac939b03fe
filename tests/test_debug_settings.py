"""debug=tiny makes any part small that can be, and says nothing of one that cannot."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from syrinx_lab.cli import check, config_directory
from syrinx_lab.debug_settings import leave_out_untaken


class Every:
    """A sampler without settings."""


class Counting:
    """A horizon that takes something else than `max`."""

    def __init__(self, stride: int = 3) -> None:
        self.stride = stride


@pytest.fixture(autouse=True)
def strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    made = ModuleType("strangers")
    made.Every, made.Counting = Every, Counting  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "strangers", made)


def composed(tmp_path: Path, *overrides: str) -> Any:
    for group, name, more in (("sampler", "Every", ""), ("horizon", "Counting", "stride: 3\n")):
        (tmp_path / group).mkdir(exist_ok=True)
        (tmp_path / group / "mine.yaml").write_text(f"name: mine\n_target_: strangers.{name}\n{more}")
    with initialize_config_dir(version_base="1.3", config_dir=str(config_directory())):
        given = [f"hydra.searchpath=[file://{tmp_path}]", "debug=tiny", *overrides]
        cfg = compose("config", overrides=given, return_hydra_config=True)
    hydra, cfg = cfg.hydra, OmegaConf.masked_copy(cfg, [key for key in cfg if key != "hydra"])
    leave_out_untaken(cfg, hydra)
    check(cfg)
    return cfg


def test_what_a_class_does_not_take_is_left_out_and_all_else_is_small(tmp_path: Path) -> None:
    cfg = composed(tmp_path, "sampler=mine", "horizon=mine")
    assert dict(cfg.sampler) == {"name": "mine", "_target_": "strangers.Every"}
    assert dict(cfg.horizon) == {"name": "mine", "_target_": "strangers.Counting", "stride": 3}
    assert (cfg.encoder.n_layers, cfg.oscillator.degree, cfg.eval.val_count, cfg.data.batch_size) == (1, 3, 2, 4)


def test_the_labs_own_parts_keep_every_setting(tmp_path: Path) -> None:
    for encoder in ("samples", "frames", "frames_causal"):
        cfg = composed(tmp_path, f"encoder={encoder}")
        assert (cfg.sampler.max_segments, cfg.horizon.max, cfg.encoder.n_layers) == (16, 600, 1)


def test_what_a_person_types_is_not_left_out(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^sampler\.max_segments is no setting of strangers\.Every: it has none"):
        composed(tmp_path, "sampler=mine", "sampler.max_segments=3")
