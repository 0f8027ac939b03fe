"""Saving a workspace to W&B: the one step that needs the network."""

from __future__ import annotations

import wandb_workspaces.workspaces as ws

from ..training.wandb_run import require_key


def save_workspace(workspace: ws.Workspace) -> str:
    """Save as a new view of the project and return its address.

    Raises:
        ValueError: no key, no network, or W&B refuses; nobody is prompted.
    """
    import wandb

    require_key("save=true")
    try:
        return str(workspace.save().url)
    except (wandb.Error, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ValueError(
            f"the workspace could not be saved to {workspace.entity}/{workspace.project}: {reason}"
        ) from error
