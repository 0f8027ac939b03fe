"""What keeps a configuration from learning as it says, in lines to be read before the training."""

from __future__ import annotations

from ..losses.weighted import WeightedLoss


def learning_warnings(objective: WeightedLoss, n_epochs: int, longest: int) -> list[str]:
    """A line where warm-ups hold every term at 0 to the end, and where a term does not fit the rollouts.

    n_epochs  planned
    longest   samples of the longest rollout
    """
    found = []
    if not any(objective.weight_at(name, n_epochs - 1) > 0 for name in objective.names):
        keys = ", ".join(f"loss.terms.{name}.warmup_epochs" for name in objective.names)
        found.append(
            f"nothing is learned: the warm-ups hold every weight at 0 over all of n_epochs={n_epochs}; plan more "
            f"epochs, or set {keys} to 0"
        )
    return found + [f"loss.terms.{name}.loss.{line}" for name, line in objective.misfits(longest).items()]
