"""A segmented folder against the annotations that a person made of the same recordings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..corpus_settings import CorpusSettings
from ..layout import expand
from ..roots import find_audio, pair_roots, share_with_denoised
from .comparison import TOLERANCES_MS, BoundaryScore, LabelScore, boundary_score, label_score, overlapping
from .folder import SegmentedFolder
from .labels import NOISE


@dataclass(frozen=True)
class AgainstHand:
    """The scores.

    recordings  that are annotated and were segmented
    scores      "onsets", "offsets", and the same "less bias", each within 10 and 5 ms
    labels      None where the syllables were not named
    """

    recordings: int
    scores: dict[str, list[BoundaryScore]]
    labels: LabelScore | None


def against_hand(root: str | Sequence[str], folder: SegmentedFolder, settings: CorpusSettings) -> AgainstHand:
    """Compare segments with the annotations of the same recordings.

    root      the folders that were segmented
    settings  how their annotations are read
    Recordings that are not annotated do not count. Raises ValueError where none is, and for annotations that are wrong.
    """
    roots = expand(root)
    audio, _ = find_audio(roots, settings.audio_pattern)
    pairing = pair_roots(audio, roots, settings)
    share_with_denoised([file for file, _ in folder.files], pairing)
    errors = [problem for problem in pairing.problems if problem.severity == "error"]
    theirs, ours, their_names, our_names = [], [], [], []
    for file, one in folder.files:
        source = pairing.sources.get(file.id)
        if source is None or not source.usable:
            continue
        theirs.append(np.array([(s.onset_s, s.offset_s) for s in source.syllables], float).reshape(-1, 2))
        ours.append(np.array([(s.onset_s, s.offset_s) for s in one.result.syllables], float).reshape(-1, 2))
        for i, j in overlapping(theirs[-1], ours[-1]):
            their_names.append(source.syllables[i].label)
            our_names.append(folder.labels[file.id][j])
    if not theirs:
        raise ValueError(
            str(errors[0]) if errors else f"{roots[0]}: no recording is annotated, nothing to compare with"
        )
    scores = {}
    for column, name in enumerate(("onsets", "offsets")):
        a, b = [times[:, column] for times in theirs], [times[:, column] for times in ours]
        scores[name] = [boundary_score(a, b, tolerance) for tolerance in TOLERANCES_MS]
        bias = scores[name][0].bias_ms
        scores[f"{name} - bias"] = [boundary_score(a, b, tolerance, bias) for tolerance in TOLERANCES_MS]
    labels = None if folder.names is None else label_score(their_names, our_names, NOISE)
    return AgainstHand(len(theirs), scores, labels)
