"""Lets Hydra find sweeps/ beside conf/, and nothing else that lies there, so that `+sweeps=NAME` composes."""

from __future__ import annotations

from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.object_type import ObjectType
from hydra.plugins.config_source import ConfigResult, ConfigSource
from hydra.plugins.search_path_plugin import SearchPathPlugin

GROUP = "sweeps"


class SweepsSource(ConfigSource):
    """A folder of YAML as the one group `sweeps`, whatever the folder is called.

    Its parent on the search path would do too, but Hydra's help lists, and so walks, all that lies below a search path:
    in a checkout that is the repository with its virtual environment.
    """

    def __init__(self, provider: str, path: str) -> None:
        super().__init__(provider, path)
        self._folder = FileConfigSource(provider, self.path)

    @staticmethod
    def scheme() -> str:
        """Of sweeps://FOLDER."""
        return GROUP

    def available(self) -> bool:
        """Whether the folder is there."""
        return self._folder.available()

    def is_group(self, config_path: str) -> bool:
        """Whether this is `sweeps`, a folder in it, or what is above it."""
        inner = _inner(config_path)
        return self._folder.is_group(inner) if inner is not None else not config_path.strip("/")

    def is_config(self, config_path: str) -> bool:
        """Whether this is a file in `sweeps`."""
        inner = _inner(config_path)
        return bool(inner) and self._folder.is_config(str(inner))

    def load_config(self, config_path: str) -> ConfigResult:
        """The content of a file in `sweeps`."""
        return self._folder.load_config(_inner(config_path) or config_path)

    def list(self, config_path: str, results_filter: ObjectType | None) -> list[str]:
        """What is in the group; above it, the group alone."""
        inner = _inner(config_path)
        if inner is None:
            return [GROUP] if results_filter in (None, ObjectType.GROUP) else []
        return self._folder.list(inner, results_filter)


class SyrinxLabSearchPath(SearchPathPlugin):
    """Adds sweeps/ whenever the lab's own conf/ is the main configuration."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Hydra's hook."""
        from syrinx_lab.cli import config_directory, sweeps_directory

        main = next((item for item in search_path.get_path() if item.provider == "main"), None)
        if main is not None and main.path.removeprefix("file://") == str(config_directory()):
            search_path.append("syrinx_lab", f"{GROUP}://{sweeps_directory()}")


def _inner(config_path: str) -> str | None:
    """What follows `sweeps/` in a path, "" for `sweeps` itself, None for paths elsewhere."""
    first, _, rest = config_path.strip("/").partition("/")
    return rest if first == GROUP else None
