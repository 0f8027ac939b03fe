"""The W&B workspace that compares loss modes: `python -m syrinx_lab.dashboard > workspace.json`."""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, which take seconds
    from .cli import answer_early

    answer_early("dashboard")

import json
import sys
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from .cli import config_directory, entry_point
from .instantiation import plain
from .logged import COMPARED
from .metrics.facts import check_new_name


def dashboard(cfg: DictConfig) -> None:
    """Print the workspace as JSON; with save=true also save it to W&B. Without it no server is asked.

    Raises:
        ValueError: an unknown key to compare by, no entity or project to save to, no key or no network.
    """
    from .workspace.checking import checked_spec
    from .workspace.definition import build_workspace
    from .workspace.logged_names import logged_names
    from .workspace.saving import save_workspace

    chosen = plain(cfg)
    if chosen["by"] not in COMPARED:
        raise ValueError(f"by is {chosen['by']!r}: use {', '.join(COMPARED[:-1])} or {COMPARED[-1]}")
    if chosen["save"]:
        for name in ("entity", "project"):
            if not chosen[name]:
                raise ValueError(f"{name} is not set: save=true needs it, as {name}=NAME")
    outside = [check_new_name(name, "metrics") for name in chosen["metrics"]]
    names = logged_names(configured_terms(), outside=outside)
    workspace = build_workspace(
        names,
        entity=chosen["entity"] or "",
        project=chosen["project"] or "",
        by=chosen["by"],
        group=chosen["group"],
    )
    spec = checked_spec(workspace, names)
    if chosen["save"]:
        print(f"saved     {save_workspace(workspace)}", file=sys.stderr)
    print(json.dumps(spec, indent=2))


def configured_terms() -> list[str]:
    """The loss terms that any file of any group names, in the lab's conf/ and in every --config-dir, each once."""
    names: list[str] = []
    for folder in _folders():
        for file in sorted(folder.glob("*/*.yaml")):
            config: Any = OmegaConf.to_container(OmegaConf.load(file), resolve=False)
            loss = config if file.parent.name == "loss" else (config or {}).get("loss")
            if isinstance(loss, dict):
                names += loss.get("terms") or {}
    return list(dict.fromkeys(names))


def _folders() -> list[Path]:
    """Where Hydra finds configurations; without it the lab's conf/."""
    if not HydraConfig.initialized():
        return [config_directory()]
    sources = HydraConfig.get().runtime.config_sources
    return [Path(source.path) for source in sources if source.schema == "file"]


def main() -> None:
    """The console entry."""
    entry_point(dashboard, config_name="dashboard")


if __name__ == "__main__":
    main()
