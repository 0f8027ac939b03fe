"""That a workspace is sound, found without a server: its schema holds and its panels show what is logged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import wandb_workspaces.workspaces as ws
from wandb_workspaces.workspaces.internal import WorkspaceViewspec

from .definition import EPOCH
from .logged_names import LoggedNames

Spec = dict[str, Any]


def checked_spec(workspace: ws.Workspace, names: LoggedNames) -> Spec:
    """The JSON that W&B stores for a workspace.

    Raises:
        ValueError: it does not come back through W&B's own schema as it was, or a panel refers to what is never logged.
    """
    text = workspace._to_model().spec.model_dump_json(by_alias=True, exclude_none=True)
    again = WorkspaceViewspec.model_validate_json(text).model_dump_json(by_alias=True, exclude_none=True)
    spec: Spec = json.loads(text)
    if json.loads(again) != spec:
        raise ValueError(
            "the workspace does not survive W&B's own schema: install the wandb-workspaces of constraints.txt"
        )
    check_references(spec, names)
    return spec


def check_references(spec: Spec, names: LoggedNames) -> None:
    """Raise ValueError, with section and name, when a panel of the JSON refers to what is never logged."""
    for section, panel in panels(spec):
        config = panel["config"]
        known = frozenset((*names.audio, *names.pictures)) if "mediaKeys" in config else names.numbers
        wanted = [*config.get("metrics", ()), *config.get("mediaKeys", ())]
        if (axis := config.get("xAxis", EPOCH)) != EPOCH:
            raise ValueError(f"section {section!r} has a panel over {axis!r}: the rungs line up over {EPOCH} alone")
        if "panel2Config" in config:
            known, wanted = frozenset(names.tables), [config["panel2Config"]["exp"]["fromOp"]["inputs"]["key"]["val"]]
        if unknown := [name for name in wanted if name not in known]:
            raise ValueError(f"section {section!r} shows {', '.join(unknown)}, which nothing logs")


def panels(spec: Spec) -> Iterator[tuple[str, Spec]]:
    """Every panel of the JSON with the name of its section."""
    for section in spec["section"]["panelBankConfig"]["sections"]:
        for panel in section["panels"]:
            yield section["name"], panel
