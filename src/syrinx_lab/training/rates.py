"""Learning rates over the epochs: torch's schedulers, also those that look at a score, checked before training."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import torch
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from ..metrics.facts import METRICS, Known, higher_is_better, metric_of

Factory = Callable[..., Any]


def build_scheduler(
    factory: Factory | None, optimizer: Optimizer, monitor: str, known: Known = METRICS
) -> LRScheduler | None:
    """The scheduler of an optimiser; ReduceLROnPlateau gets the direction of what it looks at, unless it is given.

    monitor  loss/TERM or val/SCORE, looked at by ReduceLROnPlateau alone
    known    the metrics that are computed, see `Scoring`
    """
    if factory is None:
        return None
    more = {}
    if looks_at_a_score(factory) and "mode" not in getattr(factory, "keywords", {}):
        more["mode"] = "max" if higher_is_better(monitor, known) else "min"
    scheduler: LRScheduler = factory(optimizer, **more)
    return scheduler


def looks_at_a_score(factory: Factory | None) -> bool:
    """Whether a partial of a scheduler is one of ReduceLROnPlateau."""
    made = factory.func if isinstance(factory, partial) else factory
    return isinstance(made, type) and issubclass(made, ReduceLROnPlateau)


def check_rates(
    optimizer: Factory,
    scheduler: Factory | None,
    monitor: str,
    terms: Iterable[str],
    planned_epochs: int,
    known: Known = METRICS,
) -> None:
    """Step an optimiser of nothing through all planned epochs, and raise ValueError in one line where that fails.

    terms  of the objective that are switched on, which a monitor may name as loss/TERM; loss/total always is
    known  the metrics that are computed, which it may name as val/SCORE
    """
    nothing = [torch.nn.Parameter(torch.zeros(1))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it was stepped before the optimiser, for one
        try:
            made = optimizer([{"params": nothing}])
        except Exception as error:
            raise ValueError(f"optim.optimizer cannot be made: {_line(error)}") from None
        if not isinstance(made, Optimizer):
            raise ValueError(f"optim.optimizer is a {type(made).__name__}: give a torch optimiser with _partial_: true")
        if scheduler is None:
            return
        if looks_at_a_score(scheduler):
            _check_monitor(monitor, terms, known)
        try:
            rates = build_scheduler(scheduler, made, monitor, known)
            if not isinstance(rates, LRScheduler):
                raise TypeError(f"a {type(rates).__name__} is no torch scheduler")
            for _ in range(planned_epochs):
                made.step()
                if isinstance(rates, ReduceLROnPlateau):
                    rates.step(1.0)
                else:
                    rates.step()
                if not all(math.isfinite(float(group["lr"])) for group in made.param_groups):
                    raise ValueError("its rate is no longer a finite number")
        except Exception as error:
            raise ValueError(
                f"optim.scheduler cannot be stepped once an epoch for {planned_epochs} epochs: {_line(error)}"
            ) from None


def _check_monitor(monitor: str, terms: Iterable[str], known: Known) -> None:
    group, _, name = monitor.partition("/")
    logged = [*sorted(terms), "total"]
    if group == "loss" and name in logged:
        return
    if group != "val":
        raise ValueError(
            f"optim.monitor is {monitor!r}: use loss/TERM, with one of {', '.join(logged)}, or val/SCORE, as "
            "val/tf_corr"
        )
    metric_of(monitor, known)


def _line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return (text or type(error).__name__)[:200]
