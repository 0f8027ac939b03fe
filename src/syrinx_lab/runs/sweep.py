"""A sweep from its plan to the selected models, through whatever can launch jobs; what it knows, it reads from disk."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from .apart import BestOfClips, SelectedApart
from .decision import Decision, decide
from .directory import RunDirectory
from .job import SELECTED_RECORD, Job, record_name
from .manifest import Manifest, SweepManifest
from .plan import Condition, SweepPlan
from .seed_table import seed_rows, table_text
from .selected_record import SelectedRecord
from .selection import best
from .sweep_folder import Fingerprint, SweepFolder, relative

LAUNCHES = 3  # how often a job is launched that leaves no record: once, and twice again

Launch = Callable[[Sequence[Job]], None]
Say = Callable[[str], None]


def run_sweep(
    plan: SweepPlan, folder: SweepFolder, launch: Launch, say: Say = print, fingerprint: Fingerprint | None = None
) -> SweepManifest | SelectedApart:
    """Train, cull, resume, select and evaluate; returns the manifest of the selected model.

    Where conditions were scored on different clips there is none: it returns the best condition of each set of clips.

    plan    what to do
    folder  where the records lie; what is in it already is not done again
    launch  runs jobs, in parallel or one after the other, and returns when they have ended; each leaves its record in
            `folder`. What it raises (but for KeyboardInterrupt and its like) is the loss of those that left none
    say     takes lines for a person
    fingerprint  see `SweepFolder.claim`

    A job without a record was lost with its process: it is launched again, twice at most, the last time alone, and then
    counts as lost. Decisions stand once they are written. Jobs that failed or were lost are tried again by the next
    call as long as no decision was made on them. Raises ValueError when the folder holds another sweep, when no seed of
    a condition came through (after the others have been brought to their end), or when an evaluation fails.
    """
    folder.claim(plan, fingerprint)
    _forget_failures(plan, folder)
    empty: list[str] = []
    standing = {condition.label: list(plan.seeds) for condition in plan.conditions}
    for index in range(max(len(condition.rungs) for condition in plan.conditions)):
        at_rung = [c for c in plan.conditions if index < len(c.rungs) and standing[c.label]]
        undecided = [c for c in at_rung if folder.decision(c, c.rungs[index].epochs) is None]
        _run(folder, [Job(c, s, c.rungs[index].epochs) for c in undecided for s in standing[c.label]], launch, say)
        for condition in at_rung:
            decision = _decided(plan, folder, condition, index, standing[condition.label])
            standing[condition.label] = list(decision.kept)
            if not decision.kept:
                empty.append(condition.label)
            for line in _ranking(condition, decision, index):
                say(line)
        folder.write_table(table_text(seed_rows(plan, folder)))
    selected = _select(plan, folder, standing, launch, say)
    if empty or selected is None:
        raise ValueError(
            f"no seed came through{' in ' + ', '.join(empty) if any(empty) else ''}: the reasons stand above and in "
            f"{folder.table_path}; the same command tries again"
        )
    return selected


def _run(folder: SweepFolder, jobs: Sequence[Job], launch: Launch, say: Say) -> None:
    """Launch jobs until each has a record; give those up that leave none."""
    reason = "its process died and left no record"
    for attempt in range(LAUNCHES):
        missing = _missing(folder, jobs)
        if attempt and missing:
            say(f"{len(missing)} of {len(jobs)} jobs left no record ({reason}): launching them again")
        # in the end one by one, so that a job which takes its neighbours with it takes no more of them
        for batch in [missing] if attempt < LAUNCHES - 1 else [[job] for job in missing]:
            if batch:
                try:
                    launch(batch)
                except Exception as error:
                    reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    for job in _missing(folder, jobs):
        path = folder.record_path(job)
        path.parent.mkdir(parents=True, exist_ok=True)
        job.lost(f"launched {LAUNCHES} times: {reason}").write(path)


def _missing(folder: SweepFolder, jobs: Sequence[Job]) -> list[Job]:
    return [job for job in jobs if not folder.record_path(job).exists()]


def _forget_failures(plan: SweepPlan, folder: SweepFolder) -> None:
    """Remove the records of failed and lost jobs on which no decision was made."""
    for condition in plan.conditions:
        undecided = [r.epochs for r in condition.rungs if folder.decision(condition, r.epochs) is None]
        for seed in plan.seeds:
            left = {record_name(epochs): folder.rung_record(condition, seed, epochs) for epochs in undecided}
            for name, record in {**left, SELECTED_RECORD: folder.selected_record(condition, seed)}.items():
                if record is not None and not record.has_model:
                    (folder.job_path(condition, seed) / name).unlink()


def _decided(plan: SweepPlan, folder: SweepFolder, condition: Condition, index: int, seeds: Sequence[int]) -> Decision:
    """The decision after a rung, made and written if it is not there; one that keeps nobody is not written."""
    rung = condition.rungs[index]
    decision = folder.decision(condition, rung.epochs)
    if decision is None:
        records = [folder.rung_record(condition, seed, rung.epochs) for seed in seeds]
        decision = decide([record for record in records if record is not None], rung, plan.metric, plan.known)
        if decision.kept:
            folder.write_decision(condition, decision)
    return decision


def _ranking(condition: Condition, decision: Decision, index: int) -> list[str]:
    """A ranking in lines."""
    last = index == len(condition.rungs) - 1
    kept = "selected" if last else "goes on"
    lines = [f"after epoch {decision.epochs}{'  ' + condition.label if condition.label else ''}"]
    for place in decision.ranking:
        scores = [f"{name} {'-' if value is None else format(value, '.3f')}" for name, value in place.scores.items()]
        came_through = place.status == "trained"
        outcome = kept if place.seed in decision.kept else "culled" if came_through and not last else ""
        said = scores if came_through else [place.status, str(place.reason)]
        lines.append("  ".join([f"  {place.rank}.", f"seed {place.seed}", *said, outcome]).rstrip())
    values = [place.scores.get(decision.metric) for place in decision.ranking if place.status == "trained"]
    if values and not any(value is not None and math.isfinite(value) for value in values):
        lines.append(f"  no seed has a finite {decision.metric}: ranked by bounded_frac, then by the seed's number")
    return lines


@dataclass(frozen=True)
class _Candidate:
    """The selected model of a condition: its scores on val, and what these are scores of.

    run, folder  of the model, and of the condition
    clips        hash of the clips of val
    """

    condition: Condition
    seed: int
    run: Path
    folder: Path
    raw: Mapping[str, float | None]
    clips: str


def _select(
    plan: SweepPlan, folder: SweepFolder, standing: dict[str, list[int]], launch: Launch, say: Say
) -> SweepManifest | SelectedApart | None:
    """Evaluate the model of every condition, write it, and write the best; None when there is none."""
    chosen = [(c, standing[c.label][0]) for c in plan.conditions if standing[c.label]]
    jobs = [Job(c, seed, c.rungs[-1].epochs, selected=True) for c, seed in chosen]
    for job in jobs:
        done = folder.selected_record(job.condition, job.seed)
        if done is not None and _lacks_checkpoint(folder, done):
            folder.record_path(job).unlink()  # its job brings the checkpoint back
    _run(folder, jobs, launch, say)
    candidates = []
    for job in jobs:
        condition, path = job.condition, folder.condition_path(job.condition)
        evaluated = folder.selected_record(condition, job.seed)
        assert evaluated is not None, "a job without a record was given one that says it is lost"
        if not evaluated.came_through:
            raise ValueError(
                f"seed {job.seed}{' of ' + condition.label if condition.label else ''} was selected, and its "
                f"evaluation failed: {evaluated.reason}; the same command tries again"
            )
        run = RunDirectory(folder.outputs / str(evaluated.run))
        if folder.selected(path) is None:
            manifest = Manifest.read(run.manifest_path)
            if manifest.checkpoint != evaluated.checkpoint:
                # another command has scored another checkpoint of the run since: this one is to be scored again
                folder.record_path(job).unlink()
                return _select(plan, folder, standing, launch, say)
            swept = SweepManifest.of(
                manifest, run=relative(run.path, path), sweep_name=folder.path.name, overrides=condition.overrides
            )
            folder.write_selected(path, run.path, swept)
        record = folder.rung_record(condition, job.seed, job.epochs)
        assert record is not None, "it was ranked"
        assert record.score is not None, "it came through"
        candidates.append(_Candidate(condition, job.seed, run.path, path, record.raw, record.score.clips))
    if not candidates:
        return None
    # scores of other clips say nothing about which model is better
    alike: dict[str, list[_Candidate]] = {}
    for candidate in candidates:
        alike.setdefault(candidate.clips, []).append(candidate)
    if len(alike) > 1:
        return _write_apart(plan, folder, list(alike.values()))
    return _write_best(folder, _best(plan, candidates))


def _best(plan: SweepPlan, candidates: Sequence[_Candidate]) -> _Candidate:
    """The candidate that ranks first on val."""
    rows = [{**one.raw, "seed": one.seed, "key": one.condition.label} for one in candidates]
    winner = best(rows, plan.metric, plan.known)
    return next(one for one in candidates if one.condition.label == winner["key"])


def _lacks_checkpoint(folder: SweepFolder, record: SelectedRecord) -> bool:
    """Whether somebody has removed the selected checkpoint, or its run."""
    return record.has_model and not (folder.outputs / str(record.run) / str(record.checkpoint)).is_file()


def _write_best(folder: SweepFolder, winner: _Candidate) -> SweepManifest:
    """Write the best model of all, unless it is there."""
    selected, here = folder.selected(folder.path), relative(winner.run, folder.path)
    if selected is None or selected.run != here:
        manifest = folder.selected(winner.folder)
        assert manifest is not None, "it was written before"
        selected = replace(manifest, run=here)
        folder.write_selected(folder.path, winner.folder, selected)
    return selected


def _write_apart(plan: SweepPlan, folder: SweepFolder, alike: Sequence[Sequence[_Candidate]]) -> SelectedApart:
    """Write which condition is best on each set of clips, where there are several: none is the best of all."""
    models = []
    for group in alike:
        winner = _best(plan, group)
        models.append(
            BestOfClips(
                condition=winner.condition.label,
                compared_with=tuple(one.condition.label for one in group if one is not winner),
                seed=winner.seed,
                run=relative(winner.run, folder.path),
                metric=plan.metric,
                val=winner.raw[plan.metric],
            )
        )
    reason = "the conditions were scored on different clips of val, so that no model is the best of all"
    apart = SelectedApart(reason, tuple(models))
    folder.write_apart(apart)
    return apart
