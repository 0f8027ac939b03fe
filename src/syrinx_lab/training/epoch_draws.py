"""The windows of an epoch as a sampler of torch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from torch.utils.data import Sampler


class EpochDraws(Sampler[int]):
    """The sampler's draw for the current epoch; the epoch is asked for when iteration begins, not before."""

    def __init__(self, draw: Callable[[int], Iterable[int]], length: int, epoch: Callable[[], int]) -> None:
        self.draw = draw
        self.length = length
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        # a generator: Lightning makes the iterator of a run that goes on before it knows the epoch
        yield from (int(i) for i in self.draw(self.epoch()))

    def __len__(self) -> int:
        return self.length
