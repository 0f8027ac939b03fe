"""The figures of a study: from what was read to what is drawn."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.figure import Figure

from ..figures.culling_tree import Branch, ConditionTree, culling_tree_figure
from ..figures.learning_curves import ConditionCurves, learning_curves_figure
from ..figures.seed_scores import ConditionScores, seed_scores_figure
from ..runs.loss_terms import warmups
from ..runs.study import ConditionResult, SeedResult, Study
from .numbers import shown_score


def draw(study: Study, smooth: str | int | None = "auto") -> dict[str, Figure | str]:
    """scores, curves and, of a sweep, culling: each a figure, or in words why there is none.

    smooth  of the curves, see `learning_curves_figure`
    """
    drawn: dict[str, Figure | str] = {}
    tasks: dict[str, Callable[[], Figure]] = {
        "scores": lambda: seed_scores_figure(
            [_scores(condition) for condition in study.conditions], anchors=anchors(study), known=study.known
        ),
        "curves": lambda: learning_curves_figure(
            [_curves(condition) for condition in study.conditions], smooth=smooth, known=study.known
        ),
    }
    if study.is_sweep:
        tasks["culling"] = lambda: culling_tree_figure([_tree(condition, study) for condition in study.conditions])
    for name, task in tasks.items():
        try:
            drawn[name] = task()
        except ValueError as error:
            drawn[name] = str(error)
    return drawn


def anchors(study: Study) -> dict[str, float | None]:
    """What the bird itself scores between two of its renditions, as the first manifest that knows it says."""
    for condition in study.conditions:
        value = None if condition.manifest is None else condition.manifest.anchors["rendition"]["tf_corr"]
        if value is not None:
            return {"tf_corr": value}
    return {}


def _scores(condition: ConditionResult) -> ConditionScores:
    scored = [seed for seed in condition.seeds if seed.scores]
    return ConditionScores(
        number=condition.number,
        name=condition.name,
        seeds=[seed.scores for seed in scored],
        to_end=[seed.last is not None and seed.last.epochs >= seed.planned for seed in scored],
        selected=next((place for place, seed in enumerate(scored) if seed.selected), None),
        raw=condition.of_selected("test", "raw"),
        rescaled=condition.of_selected("test", "rescaled"),
    )


def _curves(condition: ConditionResult) -> ConditionCurves:
    config = next((seed.config for seed in condition.seeds if seed.config), {})
    return ConditionCurves(
        number=condition.number,
        name=condition.name,
        seeds=[seed.rows for seed in condition.seeds],
        warmups=warmups(config),
        rungs=[rung.epochs for rung in condition.rungs[:-1]],
        units={term: unit for seed in condition.seeds for term, unit in seed.units.items()},
    )


def _tree(condition: ConditionResult, study: Study) -> ConditionTree:
    branches = [_branch(seed, study.metric) for seed in condition.seeds]
    rungs = [rung.epochs for rung in condition.rungs]
    return ConditionTree(
        condition.number, condition.name, condition.n_epochs, rungs, branches, study.best == condition.number
    )


def _branch(seed: SeedResult, metric: str) -> Branch:
    knots = []
    for result in seed.results:
        if result.status == "trained":
            place = f"#{result.rank}  " if result.rank is not None else ""
            knots.append((result.epochs, f"{place}{shown_score(result.raw.get(metric))}"))
    reached = max([seed.epoch, *(epochs for epochs, _ in knots)], default=0)
    if seed.broken:
        outcome = "broken"
    elif seed.selected:
        outcome = "selected"
    elif seed.culled_at is not None:
        # the run may have gone farther for another sweep
        outcome, reached = "culled", seed.culled_at
    else:
        outcome = "kept" if seed.last and seed.last.epochs >= seed.planned else "open"
    return Branch(seed.seed, knots, min(reached, seed.planned), outcome, seed.outcome)
