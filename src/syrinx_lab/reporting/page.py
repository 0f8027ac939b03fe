"""A study written as report.html, and its figures as PNG beside it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from markupsafe import Markup
from matplotlib.figure import Figure

from ..figures.style import save_figure
from ..runs.atomic import write_text_atomic
from ..runs.run_facts import counts_in_words
from ..runs.study import ConditionResult, Study
from .drawing import draw
from .environment import page_environment
from .listening import listen
from .notes import notes, oscillator_doubt
from .svg import inline_svg
from .tables import group_table, run_table, score_table, summary

_PNG_DPI = 130
ALT = {
    "scores": "For each score a panel, in it for each condition a row with a point for each seed, their median and "
    "range, and stars for what the selected model scores on test. The table below holds the same numbers.",
    "curves": "Loss terms, horizon and val scores over the epochs of training: a thin line for each seed, a thick one "
    "for the median of each condition.",
    "culling": "For each condition a tree: its seeds as branches over the epochs, with rank and score at each rung, "
    "and at the end of each branch what became of the seed. The table of runs says the same.",
}


def write_report(
    study: Study,
    out: str | Path,
    *,
    question: str | None = None,
    smooth: str | int | None = "auto",
    say: Callable[[str], None] = lambda line: None,
) -> Path:
    """Write `study` to the folder `out`; returns the path of the page.

    question  what the study asks, where that is known
    smooth    of the learning curves: none, auto or a number of epochs
    say       takes lines for a person while it is drawn

    report.html needs nothing beside it. The PNGs are the same figures, for slides. Files of earlier reports are
    replaced. Raises ValueError when a sound cannot be read, OSError when a file cannot be written.
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    written: list[str] = []

    def placed(name: str, figure: Figure | str, text: str, least: float = 1.0) -> Markup | None:
        """The figure for the page, and its PNG; None when there is none."""
        if isinstance(figure, str):
            (out / f"{name}.png").unlink(missing_ok=True)
            return None
        save_figure(figure, out / f"{name}.png", dpi=_PNG_DPI)
        figure.set_layout_engine("none")  # it stays as it has been laid out: doing so again takes as long as drawing
        written.append(f"{name}.png")
        return inline_svg(figure, name, text, least=least)

    say(f"figures   {study.name}")
    drawn = draw(study, smooth)
    figures = {name: placed(name, figure, ALT[name]) for name, figure in drawn.items()}
    reasons = {name: figure for name, figure in drawn.items() if isinstance(figure, str)}
    conditions = []
    for condition in study.conditions:
        say(f"listening {condition.name}")
        heard, missing = listen(condition, study.metric, study.known)
        cards = []
        for one in heard:
            text = (
                f"Waveform and spectrogram of the bird (left) and of the oscillator (right): the {one.which} "
                f"vocalisation of {condition.name}, {one.title}, {one.where}."
            )
            image = placed(f"condition{condition.number}-{one.which}", one.figure, text, least=0.8)
            cards.append({"heard": one, "image": image})
        conditions.append(
            {"condition": condition, "cards": cards, "missing": missing, "doubt": oscillator_doubt(condition)}
        )
    page = page_environment().get_template("report.html.jinja")
    html = page.render(
        study=study,
        question=question,
        kind="sweep" if study.is_sweep else "runs",
        notes=notes(study),
        facts=_facts(study),
        versions=_versions(study),
        summary=summary(study),
        scores=score_table(study),
        groups=group_table(study),
        runs=run_table(study),
        figures=figures,
        reasons=reasons,
        conditions=conditions,
        files=written,
        made=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )
    for old in out.glob("condition*-*.png"):  # of an earlier report that had more to show
        if old.name not in written:
            old.unlink()
    path = out / "report.html"
    write_text_atomic(path, html)
    return path


def _facts(study: Study) -> list[tuple[str, str]]:
    """(name, value) of what holds for the whole study."""
    seeds = [seed for condition in study.conditions for seed in condition.seeds]
    prints = sorted({seed.fingerprint for seed in seeds if seed.fingerprint})
    rungs = list(dict.fromkeys(_rungs(condition) for condition in study.conditions))
    commits = list(dict.fromkeys(_commit(condition) for condition in study.conditions if condition.manifest))
    compared = "; ".join(f"{key}: {', '.join(map(str, values))}" for key, values in study.compared.items())
    return [
        ("compared", compared or ("seeds alone" if len(seeds) > 1 else "nothing: one run")),
        ("seeds", ", ".join(map(str, study.seeds))),
        ("ranked by", f"val {study.metric}, bounded models first"),
        ("training", "; ".join(rungs)),
        *split_facts(study),
        ("data fingerprint", ", ".join(prints) or "unknown: no run has begun"),
        ("code", ", ".join(commits) or "unknown: no model has been evaluated"),
    ]


def split_facts(study: Study) -> list[tuple[str, str]]:
    """(name, value) of how much each split held, where all models that were scored agree in it; a line where not."""
    found = [counts_in_words(condition.manifest.counts) for condition in study.conditions if condition.manifest]
    distinct = [said for n, said in enumerate(found) if said and said not in found[:n]]
    if len(distinct) != 1:
        return [("recordings", "differ from condition to condition: see selected_model.json")] if distinct else []
    return [(f"recordings of {split}", said) for split, said in distinct[0].items()]


def _rungs(condition: ConditionResult) -> str:
    """`20 epochs, keep 2; 50 epochs, keep 1`."""
    if not condition.rungs:
        return f"{condition.n_epochs} epochs"
    *before, last = condition.rungs
    said = [f"to epoch {rung.epochs}, the best {rung.keep} go on" for rung in before]
    return ", ".join([*said, f"to epoch {last.epochs}, the best is selected"])


def _commit(condition: ConditionResult) -> str:
    git = None if condition.manifest is None else condition.manifest.git
    if git is None:
        return "no commit known"
    return git["commit"][:10] + (" with changes" if git["dirty"] else "")


def _versions(study: Study) -> dict[str, Any]:
    """Of what scored the first model that was evaluated."""
    manifest = next((condition.manifest for condition in study.conditions if condition.manifest), None)
    return {name: value for name, value in ({} if manifest is None else manifest.versions).items() if value}
