"""Windows of recordings as training examples: the audio and its two derivatives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import torch
from torch.utils.data import Dataset

from ..types import Batch, Segment
from .corpus import Recording
from .derivatives import REACH, inner_derivatives, reflect


class Example(NamedTuple):
    """One window before collation: x, dx and d2x (L,) float32 as in types.Batch, its category, onset and bird."""

    x: np.ndarray
    dx: np.ndarray
    d2x: np.ndarray
    category: int
    onset: int
    bird: str | None = None


class SegmentDataset(Dataset[Example]):
    """The windows `segments` of `recordings` with their derivatives, scaled by the gain of their syllable.

    recordings  by id, such as `Corpus.recordings`
    segments    windows of one length; item k is segments[k]
    mirrored    whether derivatives see the window alone, see `cut_window`
    birds       recording -> its bird, as far as it is known
    Raises ValueError when a window names a recording that is not there, or leaves it.
    """

    def __init__(
        self,
        recordings: Mapping[str, Recording],
        segments: Sequence[Segment],
        *,
        mirrored: bool = False,
        birds: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.recordings, self.birds = recordings, dict(birds)
        self.mirrored = mirrored
        self.segments = segments
        gains = {
            name: {syllable.onset: syllable.gain for syllable in recordings[name].syllables}
            for name in {segment.recording for segment in segments} & recordings.keys()
        }
        self.gains: list[float] = []
        for segment in segments:
            if segment.recording not in recordings:
                raise ValueError(f"{segment.recording}: a window lies in a recording that was not read: read it too")
            size = len(recordings[segment.recording].samples)
            if not 0 <= segment.start < segment.stop <= size:
                raise ValueError(
                    f"{segment.recording}: window [{segment.start}, {segment.stop}) leaves its {size} samples: "
                    "cut the windows from this corpus"
                )
            self.gains.append(gains[segment.recording][segment.onset])

    def __len__(self) -> int:
        return len(self.segments)

    def __getitem__(self, index: int) -> Example:
        segment = self.segments[index]
        recording = self.recordings[segment.recording]
        x, dx, d2x = cut_window(recording, segment.start, segment.stop, self.gains[index], mirrored=self.mirrored)
        bird = self.birds.get(segment.recording)
        return Example(x, dx, d2x, int(segment.category), segment.onset - segment.start, bird)


def collate(examples: Sequence[Example]) -> Batch:
    """Stack B windows of one length L into a batch: x, dx, d2x (B, L) float32; category, onset (B,) int64."""
    return Batch(
        x=torch.from_numpy(np.stack([example.x for example in examples])),
        dx=torch.from_numpy(np.stack([example.dx for example in examples])),
        d2x=torch.from_numpy(np.stack([example.d2x for example in examples])),
        category=torch.tensor([example.category for example in examples], dtype=torch.int64),
        onset=torch.tensor([example.onset for example in examples], dtype=torch.int64),
        birds=tuple(example.bird for example in examples),
    )


def cut_window(
    recording: Recording, start: int, stop: int, gain: float = 1.0, *, mirrored: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Samples [start, stop) of a recording and their derivatives, times `gain`: x, dt x' and dt^2 x'', (L,) float32.

    The differences see up to four samples beyond the window, and are reflected at the ends of the recording alone, so
    that they are as accurate at the window's edges as within it. They are taken in float64: d2x of low frequencies is a
    small difference of large numbers.

    0 <= start < stop <= samples of the recording, which has five samples or more.
    mirrored  reflect at the ends of the window instead, as published: dx is then exactly 0 on its first and last sample
    """
    x, dx, d2x = _exact_window(recording, start, stop, gain, mirrored)
    return x.astype(np.float32), dx.astype(np.float32), d2x.astype(np.float32)


def syllable_gain(recording: Recording, onset: int) -> float:
    """The gain of the syllable of a recording that begins at sample `onset`; a vocalisation's, say.

    Raises ValueError when no syllable begins there.
    """
    for syllable in recording.syllables:
        if syllable.onset == onset:
            return syllable.gain
    raise ValueError(f"{recording.id}: no syllable begins at sample {onset}: take the onset from this corpus")


def acceleration_variance(
    recordings: Mapping[str, Recording], segments: Iterable[Segment], *, mirrored: bool = False
) -> float:
    """Variance of d2x = dt^2 x'' over all samples of the windows: what the teacher-forced loss is divided by.

        var = (1 / N) sum_n (d2x[n] - mean)^2,  N = windows x L; a sample in two windows counts twice

    Sums of squares about each window's own mean are merged in float64, so that nothing cancels.
    Units: (unit of x)^2; for the model's tau^2 x'' multiply by (tau / dt)^4.

    Raises ValueError when there is no window.
    Chan, Golub and LeVeque (1983), Algorithms for computing the sample variance, equation 2.1.
    """
    count, mean, squares = 0, 0.0, 0.0
    gains: dict[str, dict[int, float]] = {}
    for segment in segments:
        recording = recordings[segment.recording]
        if recording.id not in gains:  # a search for every window would take time by the square of the syllables
            gains[recording.id] = {one.onset: one.gain for one in reversed(recording.syllables)}
        gain = gains[recording.id][segment.onset]
        _, _, d2x = _exact_window(recording, segment.start, segment.stop, gain, mirrored)
        size, centre = len(d2x), float(d2x.mean())
        shift = centre - mean
        squares += float(((d2x - centre) ** 2).sum()) + shift**2 * count * size / (count + size)
        count += size
        mean += shift * size / count
    if not count:
        raise ValueError("the variance of the acceleration needs a training window: cut_segments found none")
    return squares / count


def _exact_window(
    recording: Recording, start: int, stop: int, gain: float, mirrored: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x, dx and d2x of a window in float64."""
    size = len(recording.samples)
    assert 0 <= start < stop <= size, (recording.id, start, stop, size)
    reach = 0 if mirrored else REACH
    first, last = max(start - reach, 0), min(stop + reach, size)
    wide = gain * recording.samples[first:last].astype(np.float64)
    wide = reflect(wide, first - start + REACH, stop + REACH - last)
    dx, d2x = inner_derivatives(wide)
    return wide[REACH:-REACH], dx, d2x
