"""What the tests of the oscillator share."""

from __future__ import annotations

import pytest

from syrinx_lab.ode.rollout import compile as compiled


@pytest.fixture(autouse=True)
def trace_without_generating_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """The backend `compile` through a compiler that runs the traced graph: the true one takes half a minute a graph."""
    monkeypatch.setattr(compiled, "COMPILER", "aot_eager")
