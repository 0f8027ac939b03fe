"""Whether somebody is logged in to W&B, found without a prompt and without the network."""

from __future__ import annotations


def require_key(wanted: str, instead: str = "") -> None:
    """Raise ValueError unless W&B has a key: `wanted`, as logger.mode=online, needs one; `instead` ends the advice."""
    import wandb

    try:
        found = wandb.login(prompt=False, verify=False)
    except wandb.Error as error:
        raise ValueError(f"{wanted}: {' '.join(str(error).split())[:200]}") from error
    if not found:
        raise ValueError(f"{wanted} needs a W&B key: run `wandb login` once{instead}")
