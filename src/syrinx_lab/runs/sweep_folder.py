"""The folder of one sweep: what lies where in it, and whose sweep it holds."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

from .apart import APART, SelectedApart
from .atomic import write_text_atomic
from .decision import Decision
from .identity import differing_keys, in_words
from .job import SELECTED_RECORD, Job, record_name
from .job_files import fingerprints
from .manifest import SweepManifest
from .plan import Condition, SweepPlan, is_location
from .rung_record import RungRecord
from .selected_record import SelectedRecord

Fingerprint = Callable[[Condition], str]


class SweepFolder:
    """The layout of a sweep; models lie outside, beside `sweeps/`, so that sweeps that overlap share them.

        plan.json                              what the sweep does
        seed_cv.csv                            a row a seed and rung
        selected_model.json audio/ figures/    the best model of all
        selected_models.json                   instead, where conditions were scored on different clips: which is best
        loss=mse_accel/                        the same of one condition, and of it alone:
            decisions/epoch00020.json          the ranking after a rung, who goes on
            s0/epoch00020.json                 how seed 0 came through that rung
            s0/selected.json                   that it was evaluated as the condition's model

    Where nothing but seeds is compared, the condition's folder is the sweep's own.

    path  the folder, OUTPUTS/sweeps/NAME; it need not exist yet
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.plan_path = self.path / "plan.json"
        self.table_path = self.path / "seed_cv.csv"

    @property
    def outputs(self) -> Path:
        """The folder in which the runs lie."""
        return self.path.parent.parent

    def claim(self, plan: SweepPlan, fingerprint: Fingerprint | None = None) -> None:
        """Make this the folder of `plan`, or go on with it if it is that already.

        fingerprint  reads the recordings of a condition and returns their fingerprint: where the plan differs from
                     the one that is there in the recordings' place alone, they must be the same; None believes it
        Raises ValueError with one line when it holds another sweep, naming up to five keys with both values.
        """
        if not self.plan_path.exists():
            self.path.mkdir(parents=True, exist_ok=True)
            plan.write(self.plan_path)
            return
        differing = differing_keys(SweepPlan.read(self.plan_path).to_json(), plan.to_json())
        if not differing:
            return
        if all(is_location(key) for key, *_ in differing):
            self._check_recordings(plan, fingerprint)
            plan.write(self.plan_path)
            return
        raise ValueError(f"{self.path} holds another sweep: {in_words(differing)}; choose another sweep_name")

    def _check_recordings(self, plan: SweepPlan, fingerprint: Fingerprint | None) -> None:
        """Raise ValueError when the recordings of a condition are not those that its jobs were trained on."""
        for condition in plan.conditions:
            known = fingerprints(self.condition_path(condition))
            if known and fingerprint is not None and (now := fingerprint(condition)) not in known:
                raise ValueError(
                    f"{self.path} holds another sweep: data_fingerprint (there {', '.join(sorted(known))}, now {now}); "
                    "choose another sweep_name"
                )

    def condition_path(self, condition: Condition) -> Path:
        """The folder of a condition."""
        return self.path / condition.label

    def job_path(self, condition: Condition, seed: int) -> Path:
        """The folder of what a seed's jobs leave."""
        return self.condition_path(condition) / f"s{seed}"

    def record_path(self, job: Job) -> Path:
        """Where a job leaves its record."""
        return self.job_path(job.condition, job.seed) / job.record

    def rung_record(self, condition: Condition, seed: int, epochs: int) -> RungRecord | None:
        """How a seed came through the rung of `epochs`, None before its job has ended."""
        path = self.job_path(condition, seed) / record_name(epochs)
        return RungRecord.read(path) if path.exists() else None

    def selected_record(self, condition: Condition, seed: int) -> SelectedRecord | None:
        """How the evaluation of the selected model ended, None before it has."""
        path = self.job_path(condition, seed) / SELECTED_RECORD
        return SelectedRecord.read(path) if path.exists() else None

    def decision_path(self, condition: Condition, epochs: int) -> Path:
        """Where the decision after a rung lies or will lie."""
        return self.condition_path(condition) / "decisions" / record_name(epochs)

    def decision(self, condition: Condition, epochs: int) -> Decision | None:
        """The decision after the rung of `epochs`, None before it is made."""
        path = self.decision_path(condition, epochs)
        return Decision.read(path) if path.exists() else None

    def write_decision(self, condition: Condition, decision: Decision) -> None:
        """Write a decision; from then on it stands."""
        path = self.decision_path(condition, decision.epochs)
        path.parent.mkdir(parents=True, exist_ok=True)
        decision.write(path)

    def selected(self, folder: Path) -> SweepManifest | None:
        """The selected model in the sweep's or a condition's folder, None before there is one."""
        path = folder / "selected_model.json"
        return SweepManifest.read(path) if path.exists() else None

    def write_selected(self, folder: Path, source: Path, manifest: SweepManifest) -> None:
        """Copy audio/ and figures/ of `source` to `folder` and then write the manifest: where it is, all is."""
        for name in ("audio", "figures"):
            _copy_whole(source / name, folder / name)
        manifest.write(folder / "selected_model.json")
        (folder / APART).unlink(missing_ok=True)

    def apart(self) -> SelectedApart | None:
        """Which conditions are best on which clips, None where one is the best of all, or none is decided."""
        path = self.path / APART
        return SelectedApart.read(path) if path.exists() else None

    def write_apart(self, content: SelectedApart) -> None:
        """Write which conditions are best on which clips, unless that is there; no model is then the best of all."""
        if self.apart() != content:
            content.write(self.path / APART)
        (self.path / "selected_model.json").unlink(missing_ok=True)
        for name in ("audio", "figures"):
            shutil.rmtree(self.path / name, ignore_errors=True)

    def write_table(self, text: str) -> None:
        """Write seed_cv.csv."""
        write_text_atomic(self.table_path, text)


def relative(path: Path, start: Path) -> str:
    """`path` as seen from `start`, so that the two can be moved together."""
    return Path(os.path.relpath(path, start)).as_posix()


def _copy_whole(source: Path, target: Path) -> None:
    """Replace the folder `target` by a copy of `source`, by renaming: a reader meets no part of one."""
    for old in target.parent.glob(".*.copy"):  # of a kill
        shutil.rmtree(old, ignore_errors=True)
    if not source.is_dir():
        return
    copy = target.with_name(f".{target.name}.{secrets.token_hex(4)}.copy")
    shutil.copytree(source, copy)
    if target.exists():
        old = copy.with_name(f".{target.name}.{secrets.token_hex(4)}.copy")
        target.rename(old)
        copy.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    else:
        copy.rename(target)
