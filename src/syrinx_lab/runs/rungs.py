"""How far the seeds of a sweep train before the worse ones are given up: the rungs of a search."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

_ROUNDING = 1e-9


@dataclass(frozen=True)
class Rung:
    """Train to `epochs` finished epochs, then let the best `keep` seeds go on; after the last rung one is kept."""

    epochs: int
    keep: int


class Search(ABC):
    """Which seeds of a sweep go on, and when that is decided: from planned epochs and number of seeds to the rungs."""

    @abstractmethod
    def rungs(self, n_epochs: int, n_seeds: int) -> list[Rung]:
        """The rungs in order: epochs rise strictly, the last one is (n_epochs, 1)."""

    def planned(self, n_epochs: int, n_seeds: int) -> list[Rung]:
        """The rungs, looked at: raises ValueError when they break the contract of `rungs`."""
        rungs = self.rungs(n_epochs, n_seeds)
        epochs = [0, *(rung.epochs for rung in rungs)]
        if epochs != sorted(set(epochs)) or any(rung.keep < 1 for rung in rungs) or rungs[-1:] != [Rung(n_epochs, 1)]:
            shown = ", ".join(f"({rung.epochs}, {rung.keep})" for rung in rungs) or "none"
            raise ValueError(
                f"the rungs (epochs, keep) of search {type(self).__name__} are {shown}: let epochs rise from 1, keep 1 "
                f"seed or more, and end with ({n_epochs}, 1)"
            )
        return rungs


@dataclass(frozen=True)
class AllToTheEnd(Search):
    """Every seed trains to the end."""

    def rungs(self, n_epochs: int, n_seeds: int) -> list[Rung]:
        """One rung, (n_epochs, 1)."""
        return [Rung(n_epochs, 1)]


@dataclass(frozen=True)
class CullResume(Search):
    """All seeds train to cull_frac * n_epochs, rounded up; the best `cull_keep` go on to n_epochs.

    cull_frac  share of the planned epochs, above 0 and at most 1
    cull_keep  seeds that go on, 1 or more; where there are no more seeds than that, all train to the end
    Raises ValueError when a number is out of range.
    """

    cull_frac: float = 0.4
    cull_keep: int = 2

    def __post_init__(self) -> None:
        if not 0 < self.cull_frac <= 1:
            raise ValueError(f"search.cull_frac is {self.cull_frac}: use more than 0, up to 1 (no culling)")
        if self.cull_keep < 1:
            raise ValueError(f"search.cull_keep is {self.cull_keep}: keep 1 seed or more")

    def rungs(self, n_epochs: int, n_seeds: int) -> list[Rung]:
        """(cull_frac * n_epochs, cull_keep) and (n_epochs, 1), or the last alone when there is nothing to cull."""
        # 0.28 * 25 is 7.000000000000001 in floating point, and means 7
        first = math.ceil(self.cull_frac * n_epochs - _ROUNDING)
        last = Rung(n_epochs, 1)
        return [last] if n_seeds <= self.cull_keep or first >= n_epochs else [Rung(first, self.cull_keep), last]


@dataclass(frozen=True)
class Halving(Search):
    """Successive halving (Jamieson and Talwalkar 2016): from rung to rung 1 / eta of the seeds, eta times the epochs.

    With s = floor(log_eta n_seeds), rung k = 0 .. s trains to n_epochs * eta^(k - s), rounded up, and keeps
    floor(n_seeds * eta^-(k + 1)) seeds, at least one. Of rungs that round to the same epochs the last one stands.

    eta  2 or more
    Raises ValueError when it is less.
    """

    eta: int = 2

    def __post_init__(self) -> None:
        if self.eta < 2:
            raise ValueError(f"search.eta is {self.eta}: use 2 or more")

    def rungs(self, n_epochs: int, n_seeds: int) -> list[Rung]:
        """The rungs; with fewer seeds than eta the last alone."""
        steps = 0
        while self.eta ** (steps + 1) <= n_seeds:
            steps += 1
        by_epochs = {}
        for k in range(steps):
            epochs = -(-n_epochs // self.eta ** (steps - k))
            by_epochs[epochs] = Rung(epochs, max(1, n_seeds // self.eta ** (k + 1)))
        by_epochs[n_epochs] = Rung(n_epochs, 1)
        return [by_epochs[epochs] for epochs in sorted(by_epochs)]
