"""N-parity and N-delayed match: what the last N bits of a stream were, with N that rises."""

from __future__ import annotations

import torch
from torch import Tensor

from .task import Examples, Task


class BitMemory(Task):
    """A stream of bits, -1 or 1; after every bit one is asked that follows from the last N.

    The N-th level asks for the last N + 1. Training goes a level up where `passing` of the answers are right.

    match    False: whether the number of ones among the last N bits is odd; True: whether the bit N - 1 ago is the
             present one
    highest  the largest N
    steps    bits in a sequence
    updates  of training, at most
    Raises ValueError for a highest N below 2 or too few steps.
    Source: Khajehabdollahi et al. (2024), Emergent mechanisms for long timescales depend on training curriculum and
    affect performance in memory tasks, section 2: one head whose N rises. That published networks of leaky units learn
    their time constants is not asked of cores here.
    """

    def __init__(self, match: bool = False, highest: int = 12, steps: int = 64, updates: int = 3000) -> None:
        if highest < 2:
            raise ValueError(f"highest is {highest}: it must be at least 2")
        if steps <= highest:
            raise ValueError(f"steps is {steps}: more than highest, {highest}, are needed")
        self.match, self.steps = match, steps
        super().__init__(
            inputs=1,
            outputs=2,
            levels=highest - 1,
            passing=0.98,
            updates=updates,
            criterion=f"98 % of the answers right for N = {highest}, reached from N = 2 by steps of one",
            published="N rises by one where 98 % are right; what N is reached depends on the curriculum",
            source="Khajehabdollahi et al. 2024, section 2",
        )

    def draw(self, count: int, level: int, generator: torch.Generator) -> Examples:
        """Streams of `steps` bits; the first N - 1 have no answer."""
        n = level + 1
        bits = torch.randint(2, (count, self.steps), generator=generator)
        windows = bits.unfold(1, n, 1)
        answers = (windows[..., 0] == windows[..., -1]).long() if self.match else windows.sum(-1) % 2
        before = torch.zeros(count, n - 1, dtype=torch.long)
        asked = (torch.arange(self.steps) >= n - 1).expand(count, -1)
        return Examples((2.0 * bits - 1)[..., None], torch.cat([before, answers], 1), asked)

    def right(self, outputs: Tensor, examples: Examples) -> Tensor:
        """Answer by answer."""
        return outputs.argmax(-1)[examples.asked] == examples.targets[examples.asked]
