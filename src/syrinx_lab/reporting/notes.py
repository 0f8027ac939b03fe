"""What is missing from a study, or should make its reader careful, in words."""

from __future__ import annotations

from ..runs.split_scores import LEAST_SHARE
from ..runs.study import ConditionResult, Study
from .numbers import shown_score


def notes(study: Study) -> list[str]:
    """A sentence for each thing that is missing or doubtful, the gravest first; none for a study that is complete."""
    lines = _state(study)
    for condition in study.conditions:
        lines += _of_condition(condition, study)
    prints = sorted(
        {seed.fingerprint for condition in study.conditions for seed in condition.seeds if seed.fingerprint}
    )
    if len(prints) > 1:
        lines.append(f"The runs were trained on different recordings (fingerprints {', '.join(prints)}).")
    if any(_dirty(condition) for condition in study.conditions):
        lines.append("The code had changes that no commit holds when these models were scored.")
    return lines


def oscillator_doubt(condition: ConditionResult) -> str | None:
    """Why the scores of a condition's model are not the oscillator's; None when they are, or when it is not known."""
    split = "test" if condition.of_selected("test", "raw") else "val"
    share = condition.of_selected(split, "raw").get("oscillator_share")
    if share is None or share >= LEAST_SHARE:
        return None
    return (
        f"{condition.number} {condition.name}: oscillator_share is {shown_score(share)} on {split}, under "
        f"{LEAST_SHARE}: most of this sound does not come from the oscillator, and its other scores do not speak "
        "for it."
    )


def _state(study: Study) -> list[str]:
    """Whether it has ended."""
    seeds = [seed for condition in study.conditions for seed in condition.seeds]
    if study.under_way:
        done = sum(seed.last is not None and seed.last.epochs >= seed.planned for seed in seeds)
        given_up = sum(seed.culled_at is not None for seed in seeds)
        stand = f"{done} of {len(seeds)} seeds have been trained to the end, {given_up} were culled"
        return [f"This {'sweep' if study.is_sweep else 'training'} is still under way: {stand}. Ask again later."]
    if study.is_sweep and not study.winners:
        begun = sum(seed.run is not None for seed in seeds)
        return [
            f"This sweep ended before it selected a model ({begun} of {len(seeds)} seeds have begun, and no process is "
            "at work in it): the command that began it goes on with it."
        ]
    if len(study.winners) > 1:
        names = ", ".join(
            f"{condition.number} {condition.name}"
            for condition in study.conditions
            if condition.number in study.winners
        )
        return [
            "The conditions were scored on different clips of val, so that no model is the best of all, and scores of "
            f"different clips cannot be compared. Best on its own clips: {names}."
        ]
    return []


def _of_condition(condition: ConditionResult, study: Study) -> list[str]:
    name = f"{condition.number} {condition.name}"
    broken = [seed for seed in condition.seeds if seed.broken]
    lines = []
    if broken and len(broken) == len(condition.seeds):
        lines.append(f"{name}: no seed came through. Seed {broken[0].seed} {broken[0].outcome}.")
    elif broken:
        lines += [f"{name}: seed {seed.seed} {seed.outcome}." for seed in broken]
    over = not study.under_way and (bool(study.winners) or not study.is_sweep)
    if condition.manifest is None and over and len(broken) < len(condition.seeds):
        lines.append(f"{name}: no model has been selected and evaluated.")
    elif condition.manifest is not None and "test" not in condition.manifest.scores:
        lines.append(f"{name}: its model was not evaluated on test.")
    scores = {} if condition.manifest is None else condition.manifest.scores
    lines += [f"{name}: {line}." for of_split in scores.values() for line in of_split["changes"]]
    selected = condition.selected
    if not study.is_sweep and selected is not None and condition.manifest is not None:
        rule = (selected.config.get("checkpoint") or {}).get("rule")
        if rule == "last" and selected.epoch > condition.manifest.epoch >= 0:
            lines.append(
                f"{name}: its scores are those of epoch {condition.manifest.epoch}, and it has been trained to "
                f"epoch {selected.epoch} since: the command that trained it scores it again."
            )
    if doubt := oscillator_doubt(condition):
        lines.append(doubt)
    gone = [seed.seed for seed in condition.seeds if seed.results and seed.run is None and not seed.broken]
    if gone:
        lines.append(f"{name}: the run of seed {', '.join(map(str, gone))} has been removed; its curves are missing.")
    return lines


def _dirty(condition: ConditionResult) -> bool:
    git = None if condition.manifest is None else condition.manifest.git
    return git is not None and bool(git["dirty"])
