"""Any of the strange attractors that dysts collects."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from .flow import Array, Flow


class Gilpins(Flow):
    """A flow of the package dysts by its name there, with its published largest exponent.

    flow            name of the class in dysts.flows, as Lorenz, Thomas or Halvorsen
    points          samples in the dominant period that dysts gives: the interval is period / points
    Raises ValueError with one line where the package is missing or has no such flow.

    Source: Gilpin (2021), Chaos as an interpretable benchmark for forecasting and data-driven modelling, NeurIPS.
    """

    def __init__(self, *, flow: str = "Thomas", points: int = 100) -> None:
        try:
            flows: Any = importlib.import_module("dysts.flows")
        except ImportError:
            raise ValueError(
                "the systems of dysts need that package: pip install 'syrinx-lab[reconstruction]', or use system=lorenz"
            ) from None
        kind = getattr(flows, flow, None)
        if not isinstance(kind, type) or not hasattr(kind, "rhs"):
            raise ValueError(f"flow is {flow}: dysts.flows has no system of this name, see its documentation")
        self._flow = kind()
        super().__init__(float(self._flow.period) / points)
        self.about, self.source = f"{flow} of dysts", "Gilpin (2021)"
        self.start = tuple(np.ravel(self._flow.ic))
        largest = getattr(self._flow, "maximum_lyapunov_estimated", None)
        self.lyapunov = () if largest is None else (float(largest),)

    def rate(self, y: Array) -> Array:
        """(N,)."""
        return np.asarray(self._flow.rhs(y, 0.0), dtype=np.float64)
