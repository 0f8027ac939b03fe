"""Training ends by the clock, after a whole epoch."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from syrinx_lab.training import time_budget
from syrinx_lab.training.time_budget import TimeBudget


@pytest.mark.parametrize(("budget", "epochs"), [(1.0, 1), (29.0, 2), (31.0, 3), (1e9, 8)])
def test_no_epoch_is_begun_that_would_end_too_late(budget: float, epochs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(now=5.0)
    monkeypatch.setattr(time_budget.time, "monotonic", lambda: clock.now)
    callback, trainer = TimeBudget(budget), SimpleNamespace(current_epoch=0, max_epochs=8, should_stop=False)
    callback.on_train_start(trainer, None)  # type: ignore[arg-type]
    done = 0
    while done < trainer.max_epochs and not trainer.should_stop:
        trainer.current_epoch = done
        clock.now += 10.0
        callback.on_train_epoch_end(trainer, None)  # type: ignore[arg-type]
        done += 1
    assert done == epochs


def test_a_budget_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^trainer\.budget_s is 0: use seconds above 0, or null"):
        TimeBudget(0)
