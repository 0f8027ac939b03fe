"""The training objective: named terms, each under a weight that may grow over the first epochs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..types import Prediction
from .term import LossTerm, TrainingStatistics

_TAKEN = ("total", "nan_skip")  # what else is logged as loss/NAME


@dataclass(frozen=True)
class WeightedTerm:
    """A loss term in an objective, under a weight that is a pure function of the epoch.

    weight(epoch) = weight min(1, epoch / warmup_epochs), epoch counted from 0; without a warm-up it is `weight`

    loss           the term
    weight         at the end of the warm-up, >= 0; a term of weight 0 is switched off
    warmup_epochs  epochs of the warm-up; 0: none

    Raises ValueError when a number is negative or not finite.
    """

    loss: LossTerm
    weight: float = 1.0
    warmup_epochs: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.weight < math.inf:
            raise ValueError(f"weight is {self.weight}: use a finite number, 0 (switched off) or more")
        if self.warmup_epochs < 0:
            raise ValueError(f"warmup_epochs is {self.warmup_epochs}: use 0 (no warm-up) or more")

    def weight_at(self, epoch: int) -> float:
        """What multiplies the term's mean in `epoch`, which counts from 0."""
        assert epoch >= 0, f"epoch {epoch} is negative"
        share = 1.0 if epoch >= self.warmup_epochs else epoch / self.warmup_epochs
        return self.weight * share


class WeightedLoss(nn.Module):
    """total(epoch) = sum_k weight_k(epoch) mean_b term_k(b).

    - A term whose weight is 0 for good is switched off: not kept, not computed, not reported.
    - A term whose weight is 0 in this epoch is computed without gradient, reported, and kept out of the total
      altogether, since 0 times a non-finite value would be NaN.
    - All others enter the total.

    terms  name -> term; it is logged as loss/{name}, and its weight as train/lam_{name}

    Raises ValueError for a name that cannot be logged, and for what is no `LossTerm`.
    """

    def __init__(self, terms: Mapping[str, WeightedTerm]) -> None:
        super().__init__()
        for name, term in terms.items():
            if not name.isidentifier() or name in _TAKEN or hasattr(nn.ModuleDict, name):
                raise ValueError(f"loss.terms.{name}: no term can be called {name!r}: use letters, as spec or env_log")
            if not isinstance(term.loss, LossTerm):
                raise ValueError(
                    f"loss.terms.{name}.loss is a {type(term.loss).__name__}, which is no LossTerm: derive it from "
                    "syrinx_lab.losses.term.LossTerm"
                )
            if "_modules" not in vars(term.loss):
                raise ValueError(
                    f"loss.terms.{name}.loss: {type(term.loss).__name__}.__init__ does not call super().__init__(): "
                    "let it begin with that"
                )
        self._weighted = {name: term for name, term in terms.items() if term.weight > 0}
        self.terms = nn.ModuleDict({name: term.loss for name, term in self._weighted.items()})

    @property
    def names(self) -> tuple[str, ...]:
        """The terms that are switched on."""
        return tuple(self._weighted)

    @property
    def units(self) -> dict[str, str]:
        """Term -> unit of its values."""
        return {name: term.loss.unit for name, term in self._weighted.items()}

    @property
    def warmup_epochs(self) -> int:
        """The epochs after which every weight is at its end."""
        return max((term.warmup_epochs for term in self._weighted.values()), default=0)

    @property
    def needs_rollout(self) -> bool:
        """Whether any term that is switched on looks at the rollout."""
        return any(term.loss.needs_rollout for term in self._weighted.values())

    @property
    def need_acceleration(self) -> tuple[str, ...]:
        """The terms that look at the acceleration."""
        return tuple(name for name, term in self._weighted.items() if term.loss.needs_acceleration)

    def warnings(self, n_epochs: int, longest: int) -> list[str]:
        """A line where warm-ups hold every weight at 0 to the end, and for each term that does not fit the rollouts.

        n_epochs  planned
        longest   samples of the longest rollout, see `LossTerm.misfit`
        """
        found = []
        if not any(self.weight_at(name, n_epochs - 1) > 0 for name in self.names):
            keys = ", ".join(f"loss.terms.{name}.warmup_epochs" for name in self.names)
            found.append(
                f"nothing is learned: the warm-ups hold every weight at 0 over all of n_epochs={n_epochs}; plan more "
                f"epochs, or set {keys} to 0"
            )
        misfits = {name: self._asked(name, "misfit", longest) for name in self.names}
        return found + [f"loss.terms.{name}.loss.{line}" for name, line in misfits.items() if line is not None]

    def weight_at(self, name: str, epoch: int) -> float:
        """What multiplies the mean of term `name` in `epoch`, which counts from 0."""
        return self._weighted[name].weight_at(epoch)

    def rollout_needs_grad(self, epoch: int) -> bool:
        """Whether any term that looks at the rollout enters the total in `epoch`."""
        return any(term.loss.needs_rollout and term.weight_at(epoch) > 0 for term in self._weighted.values())

    def fit(self, statistics: TrainingStatistics) -> None:
        """Let every term take what it needs of the training set; ValueError names one that raises."""
        for name in self.names:
            self._asked(name, "fit", statistics)

    def forward(self, prediction: Prediction, epoch: int) -> tuple[Tensor, dict[str, Tensor]]:
        """The total in `epoch`, a scalar, and the mean over the batch of every term, detached scalars.

        The total of no term at all is a zero that can be differentiated, and gives nobody a gradient. Raises ValueError
        with one line that names the term which raises, or gives anything but (B,) real numbers.
        """
        count = len(prediction.target_acceleration)
        parts: list[Tensor] = []
        means: dict[str, Tensor] = {}
        for name in self.names:
            weight = self.weight_at(name, epoch)
            with torch.set_grad_enabled(torch.is_grad_enabled() and weight > 0):
                mean = _of_items(name, self._asked(name, "__call__", prediction), count).mean()
            means[name] = mean.detach()
            if weight > 0:
                parts.append(weight * mean)
        if not parts:
            return prediction.target_acceleration.new_zeros((), requires_grad=True), means
        return torch.stack(parts).sum(), means

    def _asked(self, name: str, method: str, argument: Any) -> Any:
        """What a method of a term gives; ValueError with one line that names both when it raises."""
        loss = self._weighted[name].loss
        try:
            return getattr(loss, method)(argument)
        except Exception as error:  # whatever a stranger's code can think of
            text = " ".join(str(error).split())[:200]
            where = f"{type(loss).__name__}.{'forward' if method == '__call__' else method}"
            raise ValueError(
                f"loss.terms.{name}.loss: {where} raised {type(error).__name__}{': ' * bool(text)}{text}"
            ) from error


def _of_items(name: str, value: Any, count: int) -> Tensor:
    """What a term gave, if it is a loss an item; its numbers are not looked at, so that no device is waited for."""
    wanted = f"give a floating tensor ({count},), one loss for each of the {count} items of the batch"
    if not isinstance(value, Tensor):
        raise ValueError(f"loss.terms.{name}.loss returned a {type(value).__name__}: {wanted}")
    if value.shape != (count,) or not value.is_floating_point():
        shape = f"({', '.join(map(str, value.shape))}{',' * (value.dim() == 1)})"
        raise ValueError(f"loss.terms.{name}.loss returned {shape}, {value.dtype}: {wanted}")
    return value
