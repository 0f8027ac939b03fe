"""Lets Hydra find sweeps/ beside conf/, so that `+sweeps=NAME` composes."""

from __future__ import annotations

from hydra.core.config_search_path import ConfigSearchPath
from hydra.plugins.search_path_plugin import SearchPathPlugin


class SyrinxLabSearchPath(SearchPathPlugin):
    """Adds the folder that holds sweeps/ whenever the lab's own conf/ is the main configuration."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        from syrinx_lab.cli import config_directory, sweeps_parent

        main = next((item for item in search_path.get_path() if item.provider == "main"), None)
        if main is not None and main.path.removeprefix("file://") == str(config_directory()):
            search_path.append("syrinx_lab", f"file://{sweeps_parent()}")
