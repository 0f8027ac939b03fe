"""The loss terms of a run, read off its configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def loss_terms(config: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Name -> configuration (loss, weight, warmup_epochs) of all loss terms; one that was taken out is empty."""
    terms = (config.get("loss") or {}).get("terms") or {}
    return {name: term or {} for name, term in terms.items()}


def switched_on(config: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Those of the `loss_terms` whose weight is above 0."""
    return {name: term for name, term in loss_terms(config).items() if term.get("weight")}


def warmups(config: Mapping[str, Any]) -> dict[str, int]:
    """Term -> epochs over which its weight grows, of the terms that are switched on and have a warm-up."""
    return {name: int(term["warmup_epochs"]) for name, term in switched_on(config).items() if term.get("warmup_epochs")}
