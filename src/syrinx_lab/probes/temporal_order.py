"""Temporal order: in which order did three markers come, in a long sequence of others?"""

from __future__ import annotations

import torch
from torch import Tensor

from .task import Examples, Task, one_hot

_FIRST, _LAST, _X, _OTHERS, _COUNT = 0, 1, 2, 4, 8
_PLACES = ((10, 20), (33, 43), (66, 76))
_CLOSE = 0.3


class TemporalOrder(Task):
    """100 to 110 symbols, E first and B last, with X or Y at three places; which of the 8 orders is asked at the end.

    The places are uniform on 10 to 20, 33 to 43 and 66 to 76, all other symbols uniform on a, b, c and d.

    updates  of training, at most
    Source: Hochreiter and Schmidhuber (1997), experiment 6b.
    """

    def __init__(self, updates: int = 3000) -> None:
        super().__init__(
            inputs=_COUNT,
            outputs=8,
            levels=1,
            passing=2558 / 2560,
            updates=updates,
            criterion="of 2,560 new sequences at most 2 wrong; right is every class's probability within 0.3",
            published="all trials, after 571,100 sequences on average",
            source="Hochreiter and Schmidhuber 1997, experiment 6b",
        )

    def draw(self, count: int, level: int, generator: torch.Generator) -> Examples:
        """Sequences of 110 steps, of which those after B are not read."""
        longest = 110
        symbols = torch.randint(_OTHERS, _COUNT, (count, longest), generator=generator)
        rows, order = torch.arange(count), torch.zeros(count, dtype=torch.long)
        for low, high in _PLACES:
            marker = torch.randint(2, (count,), generator=generator)
            symbols[rows, torch.randint(low, high + 1, (count,), generator=generator)] = _X + marker
            order = 2 * order + marker
        end = torch.randint(99, longest, (count,), generator=generator)
        symbols[:, 0], symbols[rows, end] = _FIRST, _LAST
        asked = torch.arange(longest) == end[:, None]
        return Examples(one_hot(symbols, _COUNT), order[:, None].expand(count, longest), asked)

    def right(self, outputs: Tensor, examples: Examples) -> Tensor:
        """A sequence is right where every class's probability at its end is within 0.3 of what it should be."""
        given = outputs[examples.asked].softmax(-1)
        wanted = one_hot(examples.targets[examples.asked], self.outputs)
        return ((given - wanted).abs() < _CLOSE).all(-1)
