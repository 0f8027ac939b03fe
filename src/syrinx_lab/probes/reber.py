"""The continual embedded Reber grammar: strings without a gap, whose last symbol but one is that of their beginning."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from .task import Examples, Read, Task, one_hot

_SYMBOLS = "BTPXSVE"
# state -> what may come, and where to: Reber's graph between its B and its E
_GRAPH: dict[int, tuple[tuple[str, int], ...]] = {
    0: (("T", 1), ("P", 2)),
    1: (("S", 1), ("X", 3)),
    2: (("T", 2), ("V", 4)),
    3: (("X", 2), ("S", 5)),
    4: (("P", 3), ("V", 5)),
    5: (),
}


class ContinualReber(Task):
    """A stream of embedded Reber strings that is never reset: after every symbol, which may follow?

    Training reads `steps` symbols from the beginning of a stream; the examination `examined`, so that a cell that never
    lets go of what it holds has gone where training never took it.

    steps, examined   symbols of a stream
    updates           of training, at most
    Source: Gers, Schmidhuber and Cummins (2000), Learning to forget: continual prediction with LSTM, section 4.
    """

    def __init__(self, steps: int = 100, examined: int = 10_000, updates: int = 3000) -> None:
        self.steps, self.examined = steps, examined
        super().__init__(
            inputs=len(_SYMBOLS),
            outputs=len(_SYMBOLS),
            levels=1,
            passing=1.0,
            updates=updates,
            criterion=f"training passes where all streams of {steps} symbols are right; reach: mean number of symbols "
            f"before the first error, of {examined}",
            published="with forget gates 1,000,000 symbols without error, without them failure",
            source="Gers, Schmidhuber and Cummins 2000, section 4",
        )

    def draw(self, count: int, level: int, generator: torch.Generator) -> Examples:
        """Streams of `steps` symbols."""
        return self._streams(count, self.steps, generator)

    def right(self, outputs: Tensor, examples: Examples) -> Tensor:
        """A stream is right where every output of every step is on its side of 0."""
        return ~((outputs > 0) != (examples.targets > 0.5)).any(-1).any(-1)

    def reach(self, read: Read) -> float:
        """Symbols before the first error, mean of ten streams."""
        examples = self._streams(10, self.examined, torch.Generator().manual_seed(2000))
        wrong = ((read(examples.inputs) > 0) != (examples.targets > 0.5)).any(-1)
        first = torch.where(wrong.any(-1), wrong.int().argmax(-1), self.examined)
        return float(first.double().mean())

    def _streams(self, count: int, steps: int, generator: torch.Generator) -> Examples:
        coins = torch.randint(2, (count, 2 * steps + 60), generator=generator).tolist()
        streams = [_stream(steps, iter(tossed)) for tossed in coins]
        symbols = torch.tensor([[_SYMBOLS.index(one) for one in text] for text, _ in streams])
        allowed = torch.tensor([[_ROWS[names] for names in following] for _, following in streams])
        return Examples(one_hot(symbols, len(_SYMBOLS)), allowed, torch.ones(count, steps, dtype=torch.bool))


# what may follow -> zeros and ones of the symbols
_ROWS = {
    names: [float(symbol in names) for symbol in _SYMBOLS]
    for names in ("TP", "SX", "TV", "XS", "PV", "B", "T", "P", "E")
}


def _stream(steps: int, coins: Iterator[int]) -> tuple[str, list[str]]:
    """So many symbols, and after each those that may follow."""
    text, following = "", []
    while len(text) < steps:
        outer = "TP"[next(coins)]
        inner, after, state = "B", ["TP"], 0
        while _GRAPH[state]:
            symbol, state = _GRAPH[state][next(coins)]
            inner += symbol
            after.append("".join(name for name, _ in _GRAPH[state]) or "E")
        text += "B" + outer + inner + "E" + outer + "E"
        following += ["TP", "B", *after, outer, "E", "B"]
    return text[:steps], following[:steps]
