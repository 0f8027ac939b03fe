"""The tables of a report, as plain cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..figures.epochs import ordered
from ..metrics.facts import by_importance, headline, less_is_better, unit
from ..runs.fields import marked, plain_keys, varying
from ..runs.study import ConditionResult, SeedResult, Study
from .notes import oscillator_doubt
from .numbers import MISSING, shown_range, shown_score

_LONGEST = 60  # characters of a cell
_SPREAD = "median\N{NO-BREAK SPACE}[range] of\N{NO-BREAK SPACE}seeds"


@dataclass(frozen=True)
class Cell:
    """A cell: its text, the condition it belongs to (its badge is shown), where it leads, and what is flagged.

    title  what is seen when it is pointed at; whole where the text is cut
    """

    text: str
    condition: int | None = None
    link: str | None = None
    flag: bool = False
    title: str | None = None
    strong: bool = False


@dataclass(frozen=True)
class Table:
    """Heads, and rows of as many cells; `numeric` names the columns that are set to the right."""

    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numeric: frozenset[int]


def summary(study: Study) -> Table:
    """A row a condition: its seeds, the spread of the metric over them, and what its selected model scores on test."""
    metric = study.metric
    scores = list(dict.fromkeys((metric, *headline(study.known), "ignition_rate")))
    heads = ["condition", "seeds", f"val {metric}, {_SPREAD}", "selected"]
    heads += [f"test {name}" for name in scores] + [f"test {metric}, rescaled", "oscillator_share"]
    rows = []
    for condition in study.conditions:
        raw = condition.of_selected("test", "raw")
        selected = condition.selected
        chosen = f"seed {selected.seed}" if selected else MISSING
        epoch = None if condition.manifest is None else f"after epoch {condition.manifest.epoch}"
        doubt = oscillator_doubt(condition)
        rows.append(
            (
                Cell(
                    condition.name,
                    condition=condition.number,
                    link=f"#condition-{condition.number}",
                    strong=study.best == condition.number,
                ),
                Cell(_counted(condition)),
                Cell(shown_range(seed.scores.get(metric) for seed in condition.seeds)),
                Cell(chosen, title=epoch),
                *(Cell(shown_score(raw.get(name))) for name in scores),
                Cell(shown_score(condition.of_selected("test", "rescaled").get(metric))),
                Cell(shown_score(raw.get("oscillator_share")), flag=doubt is not None, title=doubt),
            )
        )
    return Table(tuple(heads), tuple(rows), frozenset({2, *range(4, len(heads))}))


def score_table(study: Study) -> Table:
    """A row a score and condition: median and range over the seeds on val, and the selected model on val and test."""
    found = {name for condition in study.conditions for seed in condition.seeds for name in seed.scores}
    found |= {name for condition in study.conditions for name in condition.of_selected("test", "raw")}
    heads = ("score", "unit", "condition", f"val, {_SPREAD}", "selected, val", "test", "test, rescaled")
    rows = []
    for name in ordered(found, by_importance(study.known)):
        remark = ", less is better" if less_is_better(name, study.known) else ""
        shown_unit = unit(name, study.known) + remark
        for condition in study.conditions:
            of_selected = [
                condition.of_selected(*which).get(name)
                for which in (("val", "raw"), ("test", "raw"), ("test", "rescaled"))
            ]
            rows.append(
                (
                    Cell(name),
                    Cell(shown_unit),
                    Cell(condition.name, condition=condition.number),
                    Cell(shown_range(seed.scores.get(name) for seed in condition.seeds)),
                    *(Cell(shown_score(value)) for value in of_selected),
                )
            )
    return Table(heads, tuple(rows), frozenset(range(3, 7)))


def group_table(study: Study) -> Table | None:
    """A row a bird, day, session or root of the selected models' test clips; None: nothing differs."""
    names = headline(study.known)
    rows = []
    for condition in study.conditions:
        scores = {} if condition.manifest is None else condition.manifest.scores.get("test", {})
        for kind, groups in scores.get("per_group", {}).items():
            for name, means in groups.items():
                cells = (Cell(shown_score(means["raw"].get(metric))) for metric in names)
                owner = Cell(condition.name, condition=condition.number)
                rows.append((owner, Cell(kind.replace("_", " ")), _cut(name), Cell(str(means["count"])), *cells))
    heads = ("condition", "by", "which", "clips", *(f"test {name}" for name in names))
    return Table(heads, tuple(rows), frozenset(range(3, len(heads)))) if rows else None


def run_table(study: Study) -> Table:
    """A row a run: the condition, the seed, what became of it, its last val score, and every key that differs."""
    seeds = [(condition, seed) for condition in study.conditions for seed in condition.seeds]
    there = [n for n, (_, seed) in enumerate(seeds) if seed.config]
    found: dict[str, list[Any]] = {}
    if len(there) > 1:
        found = varying([{"config": seeds[n][1].config, "data_fingerprint": seeds[n][1].fingerprint} for n in there])
    plain = plain_keys(found)
    others = sorted((key for key in found if key not in plain), key=lambda key: "_target_" in key)
    keys = [key for key in (*plain, *others) if key != "seed"]
    heads = ("condition", "seed", "status", f"val {study.metric}", "bounded_frac", "epochs", *keys, "run")
    rows = []
    for number, (condition, seed) in enumerate(seeds):
        values = [found[key][there.index(number)] if number in there else None for key in keys]
        rows.append(
            (
                Cell(condition.name, condition=condition.number, link=f"#condition-{condition.number}"),
                Cell(str(seed.seed)),
                _cut(
                    seed.outcome,
                    link="#culling" if study.is_sweep else "#curves",
                    strong=seed.selected,
                    flag=seed.broken is not None,
                ),
                Cell(shown_score(seed.scores.get(study.metric)), link="#scores"),
                Cell(shown_score(seed.scores.get("bounded_frac"))),
                Cell(f"{seed.epoch}/{seed.planned}"),
                *(_cut(MISSING if value is None else marked(value).strip('"')) for value in values),
                Cell(_folder(seed)),
            )
        )
    numbers = {n for n in range(6, 6 + len(keys)) if all(_is_number(row[n].text) for row in rows)}
    return Table(heads, tuple(rows), frozenset({1, 3, 4, 5, *numbers}))


def _counted(condition: ConditionResult) -> str:
    """How many seeds, and what became of those that did not go all the way."""
    parts = [f"{len(condition.seeds)}"]
    culled = sum(seed.culled_at is not None and not seed.broken for seed in condition.seeds)
    parts += [f"{culled} culled"] if culled else []
    for status in ("diverged", "failed", "lost"):
        count = sum(seed.broken == status for seed in condition.seeds)
        parts += [f"{count} {status}"] if count else []
    waiting = sum(seed.run is None and not seed.results for seed in condition.seeds)
    return ", ".join([*parts, *([f"{waiting} not begun"] if waiting else [])])


def _folder(seed: SeedResult) -> str:
    return seed.run.name if seed.run is not None else MISSING


def _cut(text: str, **more: Any) -> Cell:
    return Cell(text, **more) if len(text) <= _LONGEST else Cell(text[: _LONGEST - 1] + "…", title=text, **more)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return text in (MISSING, "-")
    return True
