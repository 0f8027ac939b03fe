"""Windows of recordings that are new in every epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from torch.utils.data import DataLoader, Dataset

from ..data.dataset import Example, SegmentDataset
from ..data.draws import epoch_draw
from ..data.recording import Recording
from ..data.sampler import SegmentSampler
from ..data.segments import Pools, WindowSettings, cut_segments


class EpochWindows(Dataset[Example]):
    """The windows of one epoch's recordings; `begin` makes them, in the process that trains, before workers start.

    recordings   epoch -> the recordings of train, by id
    sampler, cutting, sample_rate, seed   as in `SongDataModule`
    length       windows an epoch: where an epoch's pools give fewer they are gone through again
    birds        recording -> its bird, of those that are there in every epoch
    """

    def __init__(
        self,
        recordings: Callable[[int], Mapping[str, Recording]],
        sampler: SegmentSampler,
        cutting: WindowSettings,
        sample_rate: int,
        seed: int,
        length: int,
        birds: Mapping[str, str],
    ) -> None:
        self.birds = birds
        self.recordings, self.sampler, self.cutting = recordings, sampler, cutting
        self.sample_rate, self.seed, self.length = sample_rate, seed, length
        self.epoch: int | None = None
        self.windows: SegmentDataset
        self.pools: Pools

    def begin(self, epoch: int) -> None:
        """Make the windows of an epoch, unless they are there."""
        if self.epoch == epoch:
            return
        recordings = self.recordings(epoch)
        self.pools = cut_segments(recordings.values(), self.cutting, sample_rate=self.sample_rate)
        self.windows = SegmentDataset(recordings, self.pools.segments, mirrored=self.cutting.mirrored, birds=self.birds)
        self.epoch = epoch

    def draw(self, epoch: int) -> list[int]:
        """The windows of an epoch in the order of training."""
        self.begin(epoch)
        drawn = epoch_draw(self.sampler, self.pools, epoch, self.seed)
        return [int(k) for k in np.resize(drawn, self.length)]

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Example:
        return self.windows[index]


class EpochLoader(DataLoader[Example]):
    """A loader that has the windows of the current epoch made before its workers start.

    epoch  gives the current epoch
    """

    def __init__(self, windows: EpochWindows, epoch: Callable[[], int], **settings: Any) -> None:
        super().__init__(windows, **settings)
        self._windows, self._epoch = windows, epoch

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]
        self._windows.begin(self._epoch())
        return super().__iter__()
