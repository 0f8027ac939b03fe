"""A sweep from its plan to the selected models, through whatever can launch jobs; what it knows, it reads from disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .atomic import read_json, write_json_atomic
from .decision import decide
from .directory import RunDirectory
from .plan import SCHEMA, Condition, SweepPlan
from .seed_table import seed_rows, table_text
from .selection import best
from .sweep_folder import SELECTED_RECORD, Fingerprint, SweepFolder, record_name, relative

LAUNCHES = 3  # how often a job is launched that leaves no record: once, and twice again


@dataclass(frozen=True)
class Job:
    """One launch of a seed: train it to `epochs` and score it on val, or, when it is `selected`, evaluate it."""

    condition: Condition
    seed: int
    epochs: int
    selected: bool = False

    @property
    def record(self) -> str:
        """The name of the record that the job leaves."""
        return SELECTED_RECORD if self.selected else record_name(self.epochs)


Launch = Callable[[Sequence[Job]], None]
Say = Callable[[str], None]


def run_sweep(
    plan: SweepPlan, folder: SweepFolder, launch: Launch, say: Say = print, fingerprint: Fingerprint | None = None
) -> dict[str, Any]:
    """Train, cull, resume, select and evaluate; returns the content of the sweep's selected_model.json.

    Where conditions were scored on different clips there is none: it returns that of selected_models.json, which
    names the best condition of each set of clips under `selected`.

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
        climbing = [c for c in plan.conditions if index < len(c.rungs) and standing[c.label]]
        undecided = [c for c in climbing if folder.decision(c, c.rungs[index].epochs) is None]
        _run(folder, [Job(c, s, c.rungs[index].epochs) for c in undecided for s in standing[c.label]], launch, say)
        for condition in climbing:
            decision = _decided(plan, folder, condition, index, standing[condition.label])
            standing[condition.label] = decision["kept"]
            if not decision["kept"]:
                empty.append(condition.label)
            for line in _told(condition, decision, index):
                say(line)
        folder.write_table(table_text(seed_rows(plan, folder)))
    manifest = _select(plan, folder, standing, launch, say)
    if empty or manifest is None:
        raise ValueError(
            f"no seed came through{' in ' + ', '.join(empty) if any(empty) else ''}: the reasons stand above and in "
            f"{folder.table_path}; the same command tries again"
        )
    return manifest


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
        path = folder.job_path(job.condition, job.seed)
        path.mkdir(parents=True, exist_ok=True)
        lost = {"status": "lost", "reason": f"launched {LAUNCHES} times: {reason}", "seed": job.seed}
        write_json_atomic(path / job.record, {**lost, "epochs": job.epochs})


def _missing(folder: SweepFolder, jobs: Sequence[Job]) -> list[Job]:
    return [job for job in jobs if folder.record(job.condition, job.seed, job.record) is None]


def _forget_failures(plan: SweepPlan, folder: SweepFolder) -> None:
    """Remove the records of failed and lost jobs on which no decision was made."""
    for condition in plan.conditions:
        open_records = [record_name(r.epochs) for r in condition.rungs if folder.decision(condition, r.epochs) is None]
        for seed in plan.seeds:
            for name in (*open_records, SELECTED_RECORD):
                record = folder.record(condition, seed, name)
                if record is not None and record["status"] in ("failed", "lost"):
                    (folder.job_path(condition, seed) / name).unlink()


def _decided(
    plan: SweepPlan, folder: SweepFolder, condition: Condition, index: int, seeds: Sequence[int]
) -> dict[str, Any]:
    """The decision after a rung, made and written if it is not there; one that keeps nobody is not written."""
    rung = condition.rungs[index]
    decision = folder.decision(condition, rung.epochs)
    if decision is None:
        records = [folder.record(condition, seed, record_name(rung.epochs)) for seed in seeds]
        decision = decide([record for record in records if record is not None], rung, plan.metric, plan.known)
        if decision["kept"]:
            folder.write_decision(condition, decision)
    return decision


def _told(condition: Condition, decision: dict[str, Any], index: int) -> list[str]:
    """A ranking in lines."""
    last = index == len(condition.rungs) - 1
    kept = "selected" if last else "goes on"
    lines = [f"after epoch {decision['epochs']}{'  ' + condition.label if condition.label else ''}"]
    for row in decision["ranking"]:
        scores = [
            f"{name} {'-' if row[name] is None else format(row[name], '.3f')}"
            for name in dict.fromkeys((decision["metric"], "bounded_frac"))
        ]
        came_through = row["status"] == "trained"
        outcome = kept if row["seed"] in decision["kept"] else "culled" if came_through and not last else ""
        said = scores if came_through else [row["status"], str(row["reason"])]
        lines.append("  ".join([f"  {row['rank']}.", f"seed {row['seed']}", *said, outcome]).rstrip())
    return lines


def _select(
    plan: SweepPlan, folder: SweepFolder, standing: dict[str, list[int]], launch: Launch, say: Say
) -> dict[str, Any] | None:
    """Evaluate the model of every condition, write it, and write the best; None when there is none."""
    chosen = [(c, standing[c.label][0]) for c in plan.conditions if standing[c.label]]
    for condition, seed in chosen:
        done = folder.record(condition, seed, SELECTED_RECORD)
        if done is not None and _lacks_checkpoint(folder, done):
            (folder.job_path(condition, seed) / SELECTED_RECORD).unlink()  # its job brings the checkpoint back
    _run(folder, [Job(c, seed, c.rungs[-1].epochs, selected=True) for c, seed in chosen], launch, say)
    rows: list[dict[str, Any]] = []
    for condition, seed in chosen:
        evaluated = folder.record(condition, seed, SELECTED_RECORD)
        assert evaluated is not None, "a job without a record was given one that says it is lost"
        if evaluated["status"] != "trained":
            raise ValueError(
                f"seed {seed}{' of ' + condition.label if condition.label else ''} was selected, and its "
                f"evaluation failed: {evaluated['reason']}; the same command tries again"
            )
        run, path = RunDirectory(folder.outputs / evaluated["run"]), folder.condition_path(condition)
        record = folder.record(condition, seed, record_name(condition.rungs[-1].epochs))
        assert record is not None, "it was ranked"
        if folder.selected(path) is None:
            manifest = read_json(run.manifest_path)
            if manifest["checkpoint"] != evaluated.get("checkpoint", manifest["checkpoint"]):
                # another command has scored another checkpoint of the run since: this one is to be scored again
                (folder.job_path(condition, seed) / SELECTED_RECORD).unlink()
                return _select(plan, folder, standing, launch, say)
            compared = {"name": folder.path.name, "overrides": list(condition.overrides)}
            whose = {"run": relative(run.path, path), "sweep": compared}
            folder.write_selected(path, run.path, {**manifest, **whose})
        # scores of other clips say nothing about which model is better
        clips = (record.get("clips"), record["data_fingerprint"])
        rows.append(
            {
                **record["val"]["raw"],
                **{"seed": seed, "key": condition.label, "run": run.path, "path": path, "clips": clips},
            }
        )
    if not rows:
        return None
    alike: dict[Any, list[dict[str, Any]]] = {}
    known = all(row["clips"][0] for row in rows)  # older records have the recordings' fingerprint alone
    for row in rows:
        alike.setdefault(row["clips"][0 if known else 1], []).append(row)
    if len(alike) > 1:
        return _write_apart(plan, folder, list(alike.values()))
    return _write_best(folder, best(rows, plan.metric, plan.known))


def _lacks_checkpoint(folder: SweepFolder, record: Mapping[str, Any]) -> bool:
    """Whether somebody has removed the selected checkpoint, or its run."""
    run = folder.outputs / str(record.get("run"))
    return "checkpoint" in record and not (run / record["checkpoint"]).is_file()


def _write_best(folder: SweepFolder, winner: Mapping[str, Any]) -> dict[str, Any]:
    """Write the best model of all, unless it is there."""
    selected, here = folder.selected(folder.path), relative(winner["run"], folder.path)
    if selected is None or selected["run"] != here:
        manifest = folder.selected(winner["path"])
        assert manifest is not None, "it was written before"
        selected = {**manifest, "run": here}
        folder.write_selected(folder.path, winner["path"], selected)
    return selected


def _write_apart(plan: SweepPlan, folder: SweepFolder, alike: Sequence[Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """Write which condition is best on each set of clips, where there are several: none is the best of all."""
    winners = []
    for group in alike:
        winner = best(group, plan.metric, plan.known)
        winners.append(
            {
                "condition": winner["key"],
                "compared_with": [row["key"] for row in group if row["key"] != winner["key"]],
                "seed": winner["seed"],
                "run": relative(winner["run"], folder.path),
                "metric": plan.metric,
                "val": winner[plan.metric],
            }
        )
    content = {
        "schema": SCHEMA,
        "reason": "the conditions were scored on different clips of val, so that no model is the best of all",
        "selected": winners,
    }
    folder.write_apart(content)
    return content
