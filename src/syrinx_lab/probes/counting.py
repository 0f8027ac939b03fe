"""Counting: a^n b^n and a^n b^n c^n, of which the symbols that may come next are asked."""

from __future__ import annotations

import torch
from torch import Tensor

from .task import Examples, Read, Task, one_hot


class Counting(Task):
    """S, n times a, n times b (n times c), T: after every symbol, which may follow?

    Training sees n of 1 to `trained`; `reach` is the n up to which all strings are right.

    letters   2 for a^n b^n, 3 for a^n b^n c^n
    trained   the largest n in training
    furthest  the largest n that is tried
    updates   of training, at most
    Raises ValueError for fewer than two letters.
    Source: Gers and Schmidhuber (2001), LSTM recurrent networks learn simple context-free and context-sensitive
    languages, section III.
    """

    def __init__(self, letters: int = 2, trained: int = 10, furthest: int = 200, updates: int = 2000) -> None:
        if letters < 2:
            raise ValueError(f"letters is {letters}: it must be at least 2")
        self.letters, self.trained, self.furthest = letters, trained, furthest
        language = " ".join(f"{chr(ord('a') + letter)}^n" for letter in range(letters))
        super().__init__(
            inputs=letters + 2,
            outputs=letters + 2,
            levels=1,
            passing=1.0,
            updates=updates,
            criterion=f"every step of {language} right for all n up to {trained}; reach: up to which n all are right",
            published="learnt by all networks of the paper, and far beyond the n that were trained",
            source="Gers and Schmidhuber 2001, section III",
        )

    def draw(self, count: int, level: int, generator: torch.Generator) -> Examples:
        """Strings with n uniform on 1 to `trained`, padded with T."""
        return self._strings(torch.randint(1, self.trained + 1, (count,), generator=generator))

    def right(self, outputs: Tensor, examples: Examples) -> Tensor:
        """A string is right where every output of every step is on its side of 0."""
        wrong = ((outputs > 0) != (examples.targets > 0.5)).any(-1)
        return ~(wrong & examples.asked).any(-1)

    def reach(self, read: Read) -> float:
        """The n up to which every string is right, at most `furthest`."""
        for first in range(1, self.furthest + 1, 20):
            ns = torch.arange(first, min(first + 20, self.furthest + 1))
            examples = self._strings(ns)
            wrong = (~self.right(read(examples.inputs), examples)).nonzero()
            if len(wrong):
                return float(ns[int(wrong[0])] - 1)
        return float(self.furthest)

    def _strings(self, ns: Tensor) -> Examples:
        """S is 0, the letters 1 .. letters, T the last."""
        end, longest = self.letters + 1, self.letters * int(ns.max()) + 1
        step, n = torch.arange(longest), ns[:, None]
        symbols = ((step - 1).div(n, rounding_mode="floor") + 1).clamp(0, end)
        asked = step <= self.letters * n
        following = torch.where(step + 1 <= self.letters * n, step.div(n, rounding_mode="floor") + 1, end)
        targets = one_hot(following.clamp(0, end), self.outputs)
        first = (symbols == 1) & asked
        targets[..., 1:3] = torch.where(first[..., None], torch.ones(2), targets[..., 1:3])
        return Examples(one_hot(symbols, self.inputs), targets, asked)
