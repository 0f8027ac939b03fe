"""experiment=published and experiment=refine train: a fit of the acceleration, refined spectrally on sustained song."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from forks import Forks

from syrinx_lab.data.sampler import EdgeBiasedSampler
from syrinx_lab.data.segments import WindowSettings
from syrinx_lab.data.vocalisations import ClipSettings
from syrinx_lab.training.datamodule import SongDataModule

TOY = ["debug=tiny", "logger=none", "n_epochs=1", "eval.val_count=1", "eval.test_count=1", "eval.splits=[val]"]


@pytest.fixture(scope="module")
def refined(forks: Forks, tiny_song: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of experiment=published loss=mse_accel and one of experiment=refine that begins with it."""
    cwd = tmp_path_factory.mktemp("published")
    fit = ["experiment=published", "loss=mse_accel", "optim=adam_plateau", "run_dir=fit"]
    refine = ["experiment=refine", "init_from=fit", "run_dir=refined", "horizon.max=800", "data.batch_size=4"]
    for arguments in (fit, refine):
        done = forks.completed(cwd, "train", f"data.root={tiny_song}", *arguments, *TOY)
        assert done.returncode == 0, done.stderr
    return cwd


def test_what_was_fitted_as_published_is_refined(refined: Path) -> None:
    manifest = json.loads((refined / "fit" / "selected_model.json").read_text())
    assert manifest["config"]["eval"]["start"] == "data"
    clip = manifest["scores"]["val"]["per_vocalisation"][0]
    assert clip["raw"]["autonomy_published"] <= 1
    assert clip["raw"]["autonomy_published"] != clip["raw"]["autonomy"]
    assert set(manifest["anchors"]["rendition"]) == {"tf_corr", "autonomy", "autonomy_published", "pairs"}
    history = [json.loads(line) for line in (refined / "refined" / "history.jsonl").read_text().splitlines()]
    assert {"loss/spec", "loss/accel", "loss/env"} <= set(history[-1])
    assert history[-1]["train/lr"] == pytest.approx(1e-4)
    before, after = (
        torch.load(refined / run / "checkpoints" / "epoch00001.ckpt", weights_only=True)["state_dict"]
        for run in ("fit", "refined")
    )
    moved = max(float((after[name] - value).abs().max()) for name, value in before.items() if name in after)
    assert 0 < moved < 1e-3, "a few updates at 1e-4 from the fit's weights"


def test_clips_can_begin_within_syllables(forks: Forks, refined: Path) -> None:
    config = json.loads((refined / "fit" / "selected_model.json").read_text())["config"]
    mid = ["eval.mid_start_ms=30", "eval.mid_samples=2000", "eval.start=data", "run_dir=mid"]
    root = config["data"]["root"]
    done = forks.completed(refined, "train", f"data.root={root}", "data=folder", "loss=mse_accel", *TOY, *mid)
    assert done.returncode == 0, done.stderr
    scores = json.loads((refined / "mid" / "selected_model.json").read_text())["scores"]["val"]["per_vocalisation"]
    assert [row["start_s"] - row["onset_s"] for row in scores] == pytest.approx([0.03], abs=1e-4)


@pytest.mark.parametrize(("edges", "mirrored"), [("recording", False), ("mirrored", True)])
def test_edges_are_what_they_are_in_windows_clips_and_the_variance(edges: str, mirrored: bool, tiny_song: Path) -> None:
    """A window that is mirrored at its own ends has no slope there."""
    sampler = EdgeBiasedSampler(max_segments=20)
    cutting, held_out = WindowSettings(window_edges=edges), ClipSettings(val_count=2, test_count=2)
    data = SongDataModule(root=str(tiny_song), sampler=sampler, seed=0, cutting=cutting, held_out=held_out)
    data.prepare()
    windows = data.train_dataloader().dataset
    assert (not windows[0].dx[[0, -1]].any()) is mirrored
    clip = data.clips("val")[0]
    assert (not clip.dx[[0, -1]].any()) is mirrored
    bends = np.concatenate([windows[k].d2x.astype(float) for k in range(len(windows))])
    assert data.acceleration_variance() == pytest.approx(bends.var(), rel=1e-5)
