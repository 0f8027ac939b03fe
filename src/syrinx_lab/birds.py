"""What distinguishes birds that share a model: an embedding each, by which raw controls are changed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

PARTS = ("features", "omega", "gamma", "code", "tract", "noise")
METHODS = ("film", "add")
UNKNOWN = "unknown"
ROWS = "birds.rows."
"""Where a checkpoint of a model keeps the embeddings, each under the name of its bird."""


@dataclass(frozen=True)
class BirdSettings:
    """The group `birds` of the configuration, where it is no `none`.

    names          birds that have an embedding, in order
    size           numbers a bird
    parts          what they change, of `PARTS`; None: features where tract or noise are read off them, else what drives
                   the oscillator
    method         film (scaled and shifted) or add (shifted)
    unknown_share  share of the training windows whose bird is withheld
    Raises ValueError for numbers out of range, a name that is there twice, and words that mean nothing here.
    """

    names: Sequence[str] = ()
    size: int = 8
    parts: Sequence[str] | None = None
    method: str = "film"
    unknown_share: float = 0.1

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ValueError(f"birds.size is {self.size}: use 1 or more numbers a bird")
        if not 0 <= self.unknown_share < 1:
            raise ValueError(f"birds.unknown_share is {self.unknown_share}: use a share from 0 to below 1")
        if self.method not in METHODS:
            raise ValueError(f"birds.method is {self.method!r}: use {' or '.join(METHODS)}")
        if self.parts is not None and (not self.parts or set(self.parts) - set(PARTS)):
            raise ValueError(f"birds.parts is {list(self.parts)}: use one or more of {', '.join(PARTS)}, or null")
        if len(set(self.names)) < len(self.names):
            raise ValueError(f"birds.names is {list(self.names)}: give every bird once")


class Birds(nn.Module):
    """Embeddings by name, and linear maps from them to changes of raw controls y (B, T, C) of some parts.

        film  y' = y (1 + S e) + A e          add  y' = y + A e

    S and A (C, size) are of the part, zero at first, and e (size,) of the bird, random at first. There is no bias: of a
    bird without an embedding e = 0, and it is sung by the model itself, which learns from the windows whose bird is
    withheld. So an embedding holds how a bird differs from the birds at large.

    channels  part -> C; 0 where the model does not have it
    Raises ValueError for a part that the model has not.

    Source: Perez et al., FiLM: Visual reasoning with a general conditioning layer, AAAI 2018; Ha et al., HyperNetworks,
    ICLR 2017 (weights from embeddings).
    """

    def __init__(self, settings: BirdSettings, channels: Mapping[str, int]) -> None:
        super().__init__()
        parts = settings.parts or (("features",) if channels["features"] else ("omega", "gamma", "code"))
        lacking = [part for part in parts if not channels[part]]
        if lacking:
            there = ", ".join(part for part in PARTS if channels[part])
            raise ValueError(f"birds.parts has {lacking[0]}, of which this model has none: use {there}")
        self.names, self.size, self.method = tuple(settings.names), settings.size, settings.method
        self.unknown_share = settings.unknown_share
        self.chosen: str | None = None
        self.rows = nn.ParameterDict({_key(name): nn.Parameter(torch.randn(self.size)) for name in self.names})
        factor = 2 if self.method == "film" else 1
        self.maps = nn.ModuleDict({part: nn.Linear(self.size, factor * channels[part], bias=False) for part in parts})
        for one in self.maps.values():
            nn.init.zeros_(one.weight)  # type: ignore[arg-type]

    def choose(self, name: str | None) -> None:
        """Let whatever is sung be of this bird; `unknown`: of none that is known; None: of the bird that is named.

        Raises ValueError for a bird without an embedding.
        """
        if name is not None and name not in (*self.names, UNKNOWN):
            known = ", ".join(self.names) or "none"
            raise ValueError(f"bird is {name!r}: the model knows {known}; use one of them, or {UNKNOWN}")
        self.chosen = name

    def embeddings(self, birds: Sequence[str | None] | None, like: Tensor) -> Tensor:
        """(B, size) of birds by name, zeros for None and for names without one; (1, size) where none are named."""
        named: Sequence[str | None] = (None,) if birds is None else birds
        if self.chosen is not None:
            named = [self.chosen] * len(named)
        nothing = like.new_zeros(self.size)
        return torch.stack([self.rows[_key(one)] if one in self.names else nothing for one in named])  # type: ignore[arg-type]

    def changes(self, birds: Sequence[str | None] | None, like: Tensor) -> Callable[[str, Tensor], Tensor]:
        """What makes of a part's raw controls (B, T, C) those of these birds, B of them or one for all."""
        embedding = self.embeddings(birds, like)

        def changed(part: str, y: Tensor) -> Tensor:
            if part not in self.maps:
                return y
            by = self.maps[part](embedding)[:, None]
            if self.method == "add":
                return y + by
            scale, shift = by.chunk(2, -1)
            return y * (1 + scale) + shift

        return changed

    def withheld(self, birds: Sequence[str | None], generator: torch.Generator) -> list[str | None]:
        """The same birds, each left out with probability `unknown_share`."""
        if not self.unknown_share:
            return list(birds)
        drawn = torch.rand(len(birds), generator=generator, device=generator.device).tolist()
        return [None if share < self.unknown_share else one for one, share in zip(birds, drawn)]

    def learn_alone(self, model: nn.Module) -> None:
        """Let the embeddings learn, and nothing else of the model that they are in; no bird is withheld."""
        for parameter in model.parameters():
            parameter.requires_grad_(False)
        for row in self.rows.values():
            row.requires_grad_(True)
        self.unknown_share = 0.0

    def line(self, birds: Collection[str | None]) -> str | None:
        """What is done with the birds of some recordings, where one is not as it was in training; else None."""
        if self.chosen is not None:
            return "all sung as an unknown bird" if self.chosen == UNKNOWN else f"all sung as {self.chosen}"
        strange = sorted({one or "no name" for one in birds} - set(self.names))
        if not strange:
            return None
        known = ", ".join(self.names) or "none"
        return (
            f"{', '.join(strange)}: not among those of the model ({known}), sung as an unknown bird; bird=NAME chooses"
        )


def unchanged(part: str, y: Tensor) -> Tensor:
    """What `Birds.changes` gives where birds make no difference: y itself."""
    return y


def from_weights(state: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights `state` that a run starts from, completed for a model whose weights are `wanted`.

    A bird that they do not know begins as an unknown one, with zeros. Where they know of no birds at all the embeddings
    and their maps are those of `wanted`.
    """
    knows = any(name.startswith("birds.maps.") for name in state)
    added = {
        name: torch.zeros_like(value) if knows and name.startswith(ROWS) else value
        for name, value in wanted.items()
        if name.startswith("birds.") and name not in state and (not knows or name.startswith(ROWS))
    }
    return {**state, **added}


def known_birds(state: Mapping[str, Tensor]) -> list[str]:
    """The names of the birds whose embeddings are among the weights of a model."""
    return [_name(name.removeprefix(ROWS)) for name in state if name.startswith(ROWS)]


def _key(name: str) -> str:
    """What the parameter of a bird is called: no dot may be in it, nor may it be the name of a method."""
    return "of " + name.replace("%", "%25").replace(".", "%2E")


def _name(key: str) -> str:
    return key.removeprefix("of ").replace("%2E", ".").replace("%25", "%")
