"""A comparison of rivals as one page: scores, a blind listening test, spectrograms and players."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..figures.rivals import rivals_figure
from ..metrics.facts import less_is_better, unit
from ..rivals.outcome import Comparison, Outcome
from ..runs.atomic import write_text_atomic
from .abx import rounds
from .environment import page_environment
from .numbers import shown_score
from .sounds import sound
from .svg import inline_svg
from .tables import Cell, Table

_TOGETHER = {
    "c2st_patches": "c2st of patches (0.5 is perfect)",
    "c2st_clips": "c2st of clips (0.5 is perfect)",
    "recognition": "recognition over that of real clips",
}
_LOUD = 1e3  # beyond it a sound is no longer worth hearing as it is


def write_rivals_page(
    comparison: Comparison,
    out: str | Path,
    *,
    ours: str | None = None,
    theirs: str | None = None,
    most: int = 16,
    seed: int = 0,
    provenance: Mapping[str, Any] | None = None,
) -> Path:
    """Write rivals.html, which needs nothing beside it, to the folder `out`; returns its path.

    ours, theirs  the two that are compared by ear, see `Comparison.pair`
    most          clips that are seen and heard
    seed          of the orders in the listening test
    provenance    `versions`, `git`, `created_at`

    Raises ValueError for a name that no rival has.
    """
    trials: list[dict[str, Any]] = []
    told_apart, untold = ("", ""), "eval.max_audio is 0" if most == 0 else "there are not two rivals"
    if len(comparison.outcomes) > 1 and most > 0:
        pair = comparison.pair(ours, theirs)
        trials = rounds(comparison, *pair, most=most, seed=seed)
        told_apart = (pair[0].name, pair[1].name)
    html = (
        page_environment()
        .get_template("rivals.html.jinja")
        .render(
            comparison=comparison,
            facts=_facts(comparison, provenance or {}),
            scores=score_table(comparison, "raw"),
            rescaled=score_table(comparison, "rescaled"),
            what=_what(comparison),
            trials=trials,
            untold=untold,
            ours=told_apart[0],
            theirs=told_apart[1],
            cards=[_card(comparison, number) for number in range(min(most, len(comparison.targets)))],
            made=(provenance or {}).get("created_at", "at an unknown hour"),
        )
    )
    path = Path(out) / "rivals.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text_atomic(path, html)
    return path


def score_table(comparison: Comparison, which: str) -> Table:
    """A row a rival: its numbers a second, and the mean of every metric; which: raw or rescaled."""
    names = [name for name in comparison.metrics if which == "raw" or comparison.known[name].rescaled]
    together = comparison.together if which == "raw" else []
    heads = ["rival", "numbers a second", *(_head(name, comparison) for name in names), *map(_TOGETHER.get, together)]
    rows = []
    for one in comparison.outcomes:
        cells = [_mean(one, name, which, comparison) for name in names]
        cells += [Cell(shown_score(one.together[name])) for name in together]
        rows.append((_name(one), Cell(_rate(one)), *cells))
    return Table(tuple(map(str, heads)), tuple(rows), frozenset(range(1, len(heads))))


def _mean(one: Outcome, name: str, which: str, comparison: Comparison) -> Cell:
    """A mean; its interval beside it for the metrics of the headline, and where the cell is pointed at for all."""
    value = (one.raw if which == "raw" else one.rescaled).get(name)
    interval = one.intervals.get(name) if which == "raw" else None
    if interval is None:
        return Cell(shown_score(value))
    between = f"[{shown_score(interval[0])}, {shown_score(interval[1])}]"
    beside = f" {between}" if comparison.known[name].headline else ""
    return Cell(shown_score(value) + beside, title=f"95 % interval over recordings {between}")


def _what(comparison: Comparison) -> Table:
    rows = tuple((Cell(one.name), Cell(one.kind), Cell(_rate(one)), Cell(one.about)) for one in comparison.outcomes)
    return Table(("rival", "kind", "numbers a second", "what it is"), rows, frozenset({2}))


def _head(name: str, comparison: Comparison) -> str:
    less = ", less is better" if less_is_better(name, comparison.known) else ""
    return f"{name} ({unit(name, comparison.known)}{less})"


def _name(one: Outcome) -> Cell:
    return Cell(one.name, title=one.about)


def _rate(one: Outcome) -> str:
    return f"{one.numbers_per_second:.0f}"


def _card(comparison: Comparison, number: int) -> dict[str, Any]:
    """A clip: its spectrograms, and its sounds with their tf_corr."""
    target, rate = comparison.targets[number], comparison.sample_rate
    outputs = {one.name: one.sounds[number] for one in comparison.outcomes}
    figure = rivals_figure(target.x, outputs, rate, onset_s=target.onset_s, offset_s=target.offset_s)
    title = f"{target.label} {number + 1}"
    text = f"Spectrograms of {title}: the bird, then {', '.join(outputs)}."
    sounds: list[tuple[Any, float | None]] = [(sound("bird", target.x, rate), None)]
    for one in comparison.outcomes:
        heard = one.sounds[number].clip(-_LOUD, _LOUD)
        sounds.append((sound(one.name, heard, rate, target.x), one.rows[number]["raw"].get("tf_corr")))
    where = f"{Path(target.recording).name} at {target.start_s + target.onset_s:.2f} s"
    return {
        "title": title,
        "where": where,
        "image": inline_svg(figure, f"clip{number}", text, least=0.8, dpi=90),
        "sounds": sounds,
    }


def _facts(comparison: Comparison, provenance: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(name, value) of what holds for all."""
    recordings = len({target.recording for target in comparison.targets})
    facts = [("clips", f"{len(comparison.targets)} of {comparison.split}, from {recordings} recordings")]
    if (own := comparison.rendition.get("tf_corr")) is not None:
        pairs = comparison.rendition.get("pairs")
        facts.append(("the bird against itself", f"tf_corr {shown_score(own)} between two renditions, {pairs} pairs"))
    bird: Mapping[str, Any] = next((one.sets["c2st_bird"] for one in comparison.outcomes if one.sets), {})
    if bird.get("patches") is not None:
        own = f"patches {shown_score(bird['patches'])}, clips {shown_score(bird['clips'])}"
        facts.append(("c2st of the bird against itself", own))
    git = provenance.get("git")
    if git:
        facts.append(("code", git["commit"][:10] + (" with changes" if git.get("dirty") else "")))
    versions = provenance.get("versions") or {}
    facts.append(
        ("versions", ", ".join(f"{name} {versions[name]}" for name in ("torch", "numpy") if versions.get(name)))
    )
    return [(name, value) for name, value in facts if value]
