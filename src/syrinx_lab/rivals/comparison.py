"""All rivals on the same clips, scored as a model's cold starts are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ..evaluation.clips import Clip
from ..evaluation.held_out import HeldOut
from ..evaluation.scoring import Scoring
from ..evaluation.set_scores import SetJudge
from ..evaluation.takes import Take, clip_seed, score_rows, scored_take
from ..metrics.sung_clip import SungClip
from ..runs.split_scores import split_scores
from .outcome import Outcome, Target
from .rival import Rival, Songs


def outcome(
    name: str,
    rival: Rival,
    songs: Songs,
    clips: Sequence[Clip],
    scoring: Scoring,
    judge: SetJudge | None = None,
) -> Outcome:
    """Fit a rival, let it make every clip again, and score that; clip i is seeded by (scoring.seed, i).

    judge  of these clips together; None: they are not judged
    Raises ValueError with one line that names the rival when it cannot be fitted, or a sound has another length.
    """
    try:
        rival.fit(songs)
    except ValueError as error:
        raise ValueError(f"rivals.{name}: {error}") from error
    takes = [_take(name, rival, clip, clip_seed(scoring.seed, number), scoring) for number, clip in enumerate(clips)]
    scores = split_scores(score_rows(takes, rival.sample_rate))
    return Outcome(
        name=name,
        about=rival.about,
        kind=rival.kind,
        numbers_per_second=rival.numbers_per_second,
        raw=scores["raw"],
        rescaled=scores["rescaled"],
        rows=tuple(scores["per_vocalisation"]),
        sounds=tuple(take.raw for take in takes),
        at_level=tuple(take.rescaled for take in takes),
        intervals=scores["intervals"]["raw"],
        sets=None if judge is None else judge.scores([take.raw for take in takes]),
    )


def outcomes(
    rivals: Mapping[str, Rival],
    songs: Songs,
    clips: Sequence[Clip],
    scoring: Scoring,
    held_out: HeldOut | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> tuple[Outcome, ...]:
    """`outcome` of every rival, the best mean tf_corr first.

    held_out  whose training syllables the judge of all clips together learns, once; None: they are not judged
    say       takes a line for a person before each
    """
    judge = None if held_out is None else SetJudge(clips, held_out, next(iter(rivals.values())).sample_rate)
    found = []
    for name, rival in rivals.items():
        say(f"singing   {name}")
        found.append(outcome(name, rival, songs, clips, scoring, judge))
    return tuple(sorted(found, key=lambda one: -_number(one.raw["tf_corr"])))


def targets(clips: Sequence[Clip], sample_rate: int) -> tuple[Target, ...]:
    """The clips in plain values."""
    return tuple(
        Target(
            clip.vocalisation.label,
            clip.vocalisation.recording,
            clip.x,
            clip.vocalisation.start / sample_rate,
            clip.onset / sample_rate,
            clip.offset / sample_rate,
        )
        for clip in clips
    )


def _take(name: str, rival: Rival, clip: Clip, seed: int, scoring: Scoring) -> Take:
    sound = np.asarray(rival.resynthesise(clip, seed), dtype=np.float32)
    if sound.shape != clip.x.shape:
        raise ValueError(f"rivals.{name} made {sound.shape} samples of a clip of {clip.x.shape}: make as many")
    sung = SungClip(
        sound,
        clip.x,
        sample_rate=rival.sample_rate,
        onset=clip.onset,
        offset=clip.offset,
        numbers_per_second=rival.numbers_per_second,
    )
    return scored_take(clip, sung, scoring.metrics)


def _number(value: float | None) -> float:
    return -float("inf") if value is None else value
