"""Sweeps without training: the lab's own loop with a launcher that leaves made runs, scores and sounds."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from syrinx_lab.runs.directory import RunDirectory
from syrinx_lab.runs.job import Job
from syrinx_lab.runs.manifest import build_manifest
from syrinx_lab.runs.plan import SweepPlan, condition
from syrinx_lab.runs.rung_record import RungRecord
from syrinx_lab.runs.rung_score import RungScore
from syrinx_lab.runs.rungs import CullResume
from syrinx_lab.runs.selected_record import SelectedRecord
from syrinx_lab.runs.sweep import run_sweep
from syrinx_lab.runs.sweep_folder import SweepFolder

RATE = 22_050
EPOCHS = 10
SCORES = (
    *("tf_corr", "autonomy", "bounded_frac", "spec_corr", "amp_pen", "pitch_pen", "f0_cents", "env_corr"),
    *("ignition_rate", "onset_error_ms", "oscillator_share", "accel_r2"),
)


def scores(tf_corr: float, **others: float | None) -> dict[str, float | None]:
    """All twelve scores of a model."""
    values = dict.fromkeys(SCORES, 0.25) | {"tf_corr": tf_corr, "bounded_frac": 1.0, "oscillator_share": 0.9}
    return {**values, "f0_cents": 120.0, **others}


def song(gain: float = 1.0, seconds: float = 0.15) -> np.ndarray:
    """A chirp of amplitude 0.25 * gain."""
    time = np.arange(round(seconds * RATE)) / RATE
    return 0.25 * gain * np.sin(2 * math.pi * (1500 * time + 4000 * time**2))


class MadeSweep:
    """A sweep over loss conditions and seeds.

    tf       (loss, seed, epochs) -> val tf_corr; 0.1 * seed + 0.01 * epochs, 0.2 more for the last condition, otherwise
    act      what a job does instead of ending well: "failed", "diverged", an exception that it raises, or None
    clips    of a selected model's test, tf_corr of each; the first `sounds` have sound, less in `silent`
    share    loss -> oscillator_share on test, 0.9 otherwise
    """

    def __init__(
        self,
        root: Path,
        losses: Sequence[str] = ("mse_accel", "spectral_rollout"),
        seeds: int = 4,
        *,
        act: Callable[[Job], str | BaseException | None] = lambda job: None,
        clips: Sequence[float | None] = (0.3, 0.1, 0.9),
        sounds: int = 2,
        silent: Collection[str] = (),
        label: str = "e",
        name: str = "question",
        share: Mapping[str, float] | None = None,
    ) -> None:
        self.folder = SweepFolder(root / "outputs" / "sweeps" / name)
        self.losses, self.act, self.clips, self.label = losses, act, clips, label
        self.sounds = {loss: 0 if loss in silent else sounds for loss in losses}
        self.share = share or {}
        rungs = CullResume().rungs(EPOCHS, seeds)
        compared = {"loss": list(losses)} if len(losses) > 1 else {}
        made = [
            condition((f"loss={loss}",) if compared else (), self.config(loss, 0), rungs)[0] for loss in self.losses
        ]
        self.plan = SweepPlan(compared, tuple(range(seeds)), tuple(made), "tf_corr", {})

    @property
    def path(self) -> Path:
        return self.folder.path

    def config(self, loss: str, seed: int) -> dict[str, Any]:
        weight = 1.0 if loss == self.losses[-1] else 0.5
        return {
            "seed": seed,
            "n_epochs": EPOCHS,
            "loss": {"name": loss, "terms": {"spec": {"weight": weight, "warmup_epochs": 3}}},
            "data": {"root": "song"},
            "checkpoint": {"metric": "tf_corr"},
            "eval": {},
        }

    def tf(self, loss: str, seed: int, epochs: int) -> float:
        return round(0.1 * seed + 0.01 * epochs + 0.2 * (loss == self.losses[-1]), 3)

    def sweep(self) -> None:
        run_sweep(self.plan, self.folder, self, lambda line: None)

    def __call__(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            loss = job.condition.config["loss"]["name"]
            act = self.act(job)
            if isinstance(act, BaseException):
                raise act
            if act == "failed":
                record = replace(job.lost("ValueError: out of luck"), status="failed")
            else:
                run = self.train(loss, job.seed, job.epochs)
                whose = {"seed": job.seed, "epochs": job.epochs, "run": run.path.name, "data_fingerprint": "f00d"}
                checkpoint = f"checkpoints/epoch{job.epochs:05d}.ckpt"
                if job.selected:
                    self.evaluate(run, loss, job.seed)
                    record = SelectedRecord(**whose, status="trained", model_epoch=job.epochs, checkpoint=checkpoint)
                else:
                    value = None if act == "diverged" else self.tf(loss, job.seed, job.epochs)
                    raw = scores(0.0) | {"tf_corr": value}
                    score = RungScore({}, job.epochs, checkpoint, "c11b5", 2, raw, scores(value or 0.0), 1.0)
                    record = RungRecord.scored(**whose, key="k", score=score, metric="tf_corr")
            path = self.folder.record_path(job)
            path.parent.mkdir(parents=True, exist_ok=True)
            record.write(path)

    def train(self, loss: str, seed: int, epochs: int) -> RunDirectory:
        safe = "".join(c if c.isalnum() else "_" for c in loss)
        run = RunDirectory(self.folder.outputs / f"{safe}-s{seed}")
        run.claim(self.config(loss, seed), "f00d")
        done = len(run.history.read())
        for epoch in range(done + 1, epochs + 1):
            row: dict[str, Any] = {"epoch": epoch, "seconds": 1.0, "loss/total": 3.0 / epoch + seed, "loss/accel": 0.5}
            row |= {"train/horizon": 512.0 if epoch < 6 else 1024.0, "train/lam_spec": min(1.0, (epoch - 1) / 3)}
            row |= {"loss/spec": 2.0 + seed} if loss == self.losses[-1] else {"train/lam_spec": 0.0}
            if epoch % 2 == 0:
                row |= {f"val/{key}": value for key, value in scores(self.tf(loss, seed, epoch)).items()}
            run.history.append(row)
        run.set_status("finished" if epochs == EPOCHS else "paused", epoch=epochs)
        return run

    def evaluate(self, run: RunDirectory, loss: str, seed: int) -> None:
        """A manifest, and target, raw (half as loud) and rescaled of the first clips as sound."""
        share = self.share.get(loss, 0.9)
        clip = {"recording": f"{self.label}.wav", "label": self.label, "start_s": 1.0, "onset_s": 1.05, "offset_s": 1.1}
        clips = [
            {**clip, "raw": scores(0.0, oscillator_share=share) | {"tf_corr": value}, "rescaled": scores(0.5)}
            for value in self.clips
        ]
        final = scores(self.tf(loss, seed, EPOCHS))
        manifest = build_manifest(
            config=run.config(),
            key=run.state()["key"],
            data_fingerprint="f00d",
            seed=seed,
            epoch=EPOCHS,
            checkpoint="checkpoints/epoch00010.ckpt",
            vocalisations={"val": [{**clip, "raw": final, "rescaled": final}], "test": clips},
            rendition={"tf_corr": 0.8, "pairs": 2},
            analytic={"tf_corr": 0.5, "autonomy": 0.1},
            provenance={
                "versions": {"python": "3.11.9", "wandb": None},
                "git": {"commit": "c0ffee" * 6, "dirty": False},
                "created_at": "then",
            },
        )
        for number in range(min(self.sounds[loss], len(self.clips))):
            for kind, gain in (("target", 1.0), ("raw", 0.5), ("rescaled", 1.0)):
                path = run.audio_path / f"test-{number:03d}-e-{kind}.wav"
                soundfile.write(path, song(gain), RATE, subtype="FLOAT")
        manifest.write(run.manifest_path)
