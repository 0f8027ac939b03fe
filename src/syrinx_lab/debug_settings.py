"""debug=NAME makes parts small that may be anybody's: what a class does not take is left out of the configuration."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf, open_dict

from .schema.signatures import arguments
from .schema.tables import SHARED


def leave_out_untaken(cfg: DictConfig, hydra: Any) -> None:
    """Remove from `cfg` the keys that debug=NAME has set and that the chosen class has no argument for.

    A key that was typed on the command line stays: its person is to hear that nothing takes it.

    hydra  Hydra's own configuration of the command
    """
    given: Any = OmegaConf.to_container(hydra.overrides.task, resolve=False)  # a reference in it is not ours to follow
    typed = {re.sub(r"^[+~]*", "", text).partition("=")[0] for text in given}
    for group, settings in _written(hydra).items():
        node = cfg.get(group)
        target = node.get("_target_") if isinstance(node, DictConfig) else None
        if not isinstance(settings, dict) or not isinstance(target, str):
            continue
        try:
            taken = arguments(target)
        except ValueError:  # there is no such class, as the check of the configuration says
            continue
        if taken is None:  # it takes any name, or does not say
            continue
        for key in settings:
            if key in node and key not in taken and not {f"{group}.{key}"} & (typed | set(SHARED)):
                with open_dict(cfg):
                    del node[key]


def _written(hydra: Any) -> dict[str, Any]:
    """What the chosen file of the group debug/ holds."""
    name = hydra.runtime.choices.get("debug")
    for source in hydra.runtime.config_sources if name else ():
        path = Path(source.path) / "debug" / f"{name}.yaml"
        if source.schema == "file" and path.is_file():
            settings: Any = OmegaConf.to_container(OmegaConf.load(path), resolve=False)
            return {str(group): value for group, value in settings.items()}
    return {}
