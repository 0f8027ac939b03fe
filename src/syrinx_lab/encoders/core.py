"""What an encoder reads a sequence with: the contract of a core, and a stack of residual layers around any mixer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Self, cast

from torch import Tensor, nn

from ..contracts import complete, named


class Core(nn.Module, ABC):
    """A causal map of sequences, (B, L, d) to (B, L, d), that goes on from where it stopped.

    y_t depends on x_1 .. x_t alone, and a sequence read in pieces, each with the states after the one before, gives
    what it gives in one piece.
    """

    def __new__(cls, *args: Any, **settings: Any) -> Self:
        """Check the class before its own constructor runs."""
        complete(cls, Core)
        return super().__new__(cls)

    @abstractmethod
    def advance(self, x: Tensor, states: Any = None) -> tuple[Tensor, Any]:
        """Read x (B, L, d) as what follows `states`, None at the beginning; returns (B, L, d) and the states after."""

    def forward(self, x: Tensor) -> Tensor:
        """Read x (B, L, d) from the beginning; returns (B, L, d)."""
        return cast(Tensor, self.advance(x)[0])


MakeCore = Callable[[int, int], Core]
"""(d_model, n_layers) -> a core of that width and depth: what `_partial_: true` makes of a core's YAML."""


def make_core(make: MakeCore, d_model: int, n_layers: int) -> Core:
    """`make(d_model, n_layers)`; raises ValueError for what is no core, with the base class that it lacks."""
    if not callable(make):
        raise ValueError(f"core is a {named(make)} that is built already: give it _partial_: true")
    core = make(d_model, n_layers)
    if not isinstance(core, Core):
        raise ValueError(f"core makes a {named(core)}: derive it from {Core.__module__}.{Core.__name__}")
    return core


class Mixer(nn.Module, ABC):
    """What mixes a sequence along time within a residual layer: as a core, of one layer without norm and skip."""

    @abstractmethod
    def advance(self, x: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """Mix x (B, L, d) as what follows `state`; returns (B, L, d) and the state after x."""


class ResidualLayers(Core):
    """Layers h <- h + mixer(norm(h)), one mixer each, as in a stack of Mamba blocks.

    mixers   from the first layer to the last
    d_model  d, channels
    Raises ValueError without a mixer.
    """

    def __init__(self, mixers: list[Mixer], d_model: int) -> None:
        super().__init__()
        if not mixers:
            raise ValueError("n_layers is 0: it must be at least 1")
        self.mixers = nn.ModuleList(mixers)
        self.norms = nn.ModuleList(nn.RMSNorm(d_model, eps=1e-5) for _ in mixers)

    def advance(self, x: Tensor, states: list[Any] | None = None) -> tuple[Tensor, list[Any]]:
        """Read x (B, L, d) as what follows `states`, one a layer; returns (B, L, d) and the states after x."""
        after = []
        for index, (norm, mixer) in enumerate(zip(self.norms, cast("list[Mixer]", self.mixers))):
            mixed, state = mixer.advance(norm(x), None if states is None else states[index])
            x = x + mixed
            after.append(state)
        return x, after


def check_size(**sizes: int) -> None:
    """Raise ValueError for the first size, by name, that is below 1."""
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} is {size}: it must be at least 1")
