"""Recordings built from a list of syllables, for the tests of this room."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from syrinx_lab.data.corpus import Corpus, Recording, Syllable

RATE = 1000  # one sample a millisecond, so that ms and samples read alike


def recording_of(
    name: str, syllables: Sequence[tuple], size: int = 1000, rate: int = RATE, samples: np.ndarray | None = None
) -> Recording:
    """A recording of noise (the same for the same name) with syllables (label, onset, offset[, gain[, selected]])."""
    if samples is None:
        samples = np.random.default_rng(list(name.encode())).standard_normal(size).astype(np.float32)
    return Recording(
        id=name,
        path=Path(f"{name}.wav"),
        samples=samples,
        sample_rate=rate,
        native_sample_rate=rate,
        syllables=tuple(Syllable(*syllable) for syllable in syllables),
    )


def corpus_of(labels: dict[str, Iterable[str]]) -> Corpus:
    """A corpus with one recording a key, holding 40 ms syllables of these labels 60 ms apart."""
    return corpus_from(
        recording_of(name, [(label, 60 + 100 * k, 100 + 100 * k) for k, label in enumerate(row)])
        for name, row in labels.items()
    )


def corpus_from(recordings: Iterable[Recording]) -> Corpus:
    """A corpus of these recordings, in this order."""
    return Corpus({recording.id: recording for recording in recordings}, RATE)


@st.composite
def layouts(draw: st.DrawFn) -> Recording:
    """A recording with up to eight syllables of any lengths and gaps, some unselected."""
    position, syllables = 0, []
    for _ in range(draw(st.integers(1, 8))):
        onset = position + draw(st.integers(0, 60))
        position = onset + draw(st.integers(1, 160))
        syllables.append((draw(st.sampled_from("abc")), onset, position, 1.0, draw(st.booleans())))
    return recording_of("layout", syllables, size=position + draw(st.integers(0, 60)))
