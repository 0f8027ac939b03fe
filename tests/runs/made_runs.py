"""Run folders made by hand: what training would have left, without training."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from syrinx_lab.runs.directory import RunDirectory
from syrinx_lab.runs.manifest import build_manifest

CONFIG: dict[str, Any] = {
    "seed": 0,
    "n_epochs": 10,
    "paths": {"outputs": "outputs"},
    "data": {"name": "folder", "root": "G402", "label": None, "val_fraction": 0.1},
    "loss": {
        "name": "spectral_rollout",
        "terms": {
            "spec": {"weight": 1.0, "loss": {"_target_": "x.Spec", "resolutions": [[256, 64], [512, 128], [1024, 256]]}}
        },
    },
    "optim": {"optimizer": {"lr": 0.001}},
    "trainer": {"max_epochs": 10},
    "eval": {"val_count": 8},
}


def make_run(
    outputs: Path,
    seed: int = 0,
    loss: str = "spectral_rollout",
    *,
    lr: float = 0.001,
    tf_corr: float = 0.5,
    bounded: float = 1.0,
    status: str = "finished",
    fingerprint: str = "f00d",
    epochs: int = 10,
    evaluated: bool = True,
    name: str | None = None,
) -> RunDirectory:
    """A run of `epochs` epochs, evaluated on val every 5; the last of them scores `tf_corr`, the earlier ones less."""
    config = copy.deepcopy(CONFIG)
    config["seed"], config["loss"]["name"], config["optim"]["optimizer"]["lr"] = seed, loss, lr
    if loss == "mse_accel":
        config["loss"]["terms"]["spec"]["weight"] = 0.0
    run = RunDirectory(outputs / (name or f"{loss}-s{seed}-{lr:g}"))
    key = run.claim(config, fingerprint)
    for epoch in range(1, epochs + 1):
        row: dict[str, Any] = {"epoch": epoch, "seconds": 2.0, "loss/total": 3.0 / epoch, "train/horizon": 512.0}
        if epoch % 5 == 0:
            row |= {"val/tf_corr": tf_corr * epoch / epochs, "val/autonomy": -1.0, "val/bounded_frac": bounded}
            run.checkpoint_path(epoch).write_bytes(b"weights")
        run.history.append(row)
    if evaluated:
        scores = {"tf_corr": tf_corr, "autonomy": -1.0, "bounded_frac": bounded}
        clip = {"recording": "a.wav", "label": "a", "start_s": 0.0, "onset_s": 0.1, "offset_s": 0.2}
        clips = [{**clip, "raw": scores, "rescaled": {**scores, "tf_corr": tf_corr + 0.1}}]
        manifest = build_manifest(
            config=config,
            key=key,
            data_fingerprint=fingerprint,
            seed=seed,
            epoch=epochs,
            checkpoint=f"checkpoints/epoch{epochs:05d}.ckpt",
            vocalisations={
                "val": clips,
                "test": [{**clip, "raw": {**scores, "tf_corr": tf_corr - 0.25}, "rescaled": scores}] * 3,
            },
            rendition={"tf_corr": None, "pairs": 0},
            analytic=None,
            provenance={"versions": {}, "git": {"commit": "c0ffee" * 6, "dirty": True}, "created_at": "then"},
        )
        manifest.write(run.manifest_path)
        for figure in ("losses", "val-spectrograms", "test-001-a-b-drives", "by_hand-x"):
            (run.figures_path / f"{figure}.png").write_bytes(b"")
    run.set_status(status, epoch=epochs)
    return run
