"""A training that starts from a voice: its model is the voice's, and its songs need no annotation."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf, open_dict

from .instantiation import settings_of
from .runs.directory import find_run
from .synthesis.found_songs import found_songs
from .voice_assembly import build_birds, build_reading
from .voices.finding import voice_folder
from .voices.record import check_voice, is_voice

_OF_THE_MODEL = ("encoder", "oscillator", "tract", "noise", "controls")
_OF_THE_READING = ("sample_rate", "highpass_hz", "scale", "scale_per", "scale_to", "window_edges")


def of_voice(cfg: DictConfig) -> DictConfig:
    """The configuration with the groups of the model, and how songs are read (`read_as`), as `voice` has them.

    `init_from` becomes the voice's folder. Without `voice` the configuration is returned as it is.

    Raises ValueError with one line for a voice that is not there or damaged, for init_from beside it, and for a choice
    of a group that is the voice's.
    """
    if cfg.voice is None:
        return cfg
    folder = voice_folder(cfg.voice)
    if cfg.init_from not in (None, str(folder)):  # it is the folder where this has been done before
        raise ValueError("voice and init_from are both given: each says whose weights the run starts from; give one")
    if is_voice(folder):
        check_voice(folder)
    stored = OmegaConf.create(find_run(folder).config())
    several = stored.get("birds", {}).get("name", "none") != "none"
    groups = (*_OF_THE_MODEL, "birds") if several else _OF_THE_MODEL
    typed = _typed()
    if taken := [one for one in typed if one.partition("=")[0] in groups]:
        raise ValueError(
            f"{taken[0]}: with voice={cfg.voice} the {taken[0].partition('=')[0]} is the voice's; leave it out"
        )
    rate, own = cfg.data.sample_rate, stored.data.sample_rate
    if rate != own and any(one.startswith("data.sample_rate=") for one in typed):
        raise ValueError(
            f"data.sample_rate is {rate}: voice={cfg.voice} hears songs at {own} Hz, to which files of any rate are "
            "converted; leave it out"
        )
    cfg = cast(DictConfig, OmegaConf.create(OmegaConf.to_container(cfg, resolve=False)))
    with open_dict(cfg):
        for group in groups:
            cfg[group] = stored[group]
        if several:
            cfg.birds.names = None  # those of the voice, and of these songs
        cfg.init_from = str(folder)
        for one in typed:
            key, _, value = one.partition("=")
            if key.split(".")[0] in groups and "." in key:
                OmegaConf.update(cfg, key, OmegaConf.create(f"value: {value}").value, merge=False)
    return read_as(cfg, folder)


def read_as(cfg: DictConfig, folder: Path) -> DictConfig:
    """The configuration with how songs are read as the voice in `folder` has it, but for what is typed.

    Where data.root is not annotated it becomes a folder of the syllables that were found, see `found_songs`, with a
    line for the console.
    """
    stored, typed = OmegaConf.create(find_run(folder).config()), {one.partition("=")[0] for one in _typed()}
    cfg = cast(DictConfig, OmegaConf.create(OmegaConf.to_container(cfg, resolve=False)))
    with open_dict(cfg):
        for key in _OF_THE_READING:
            if f"data.{key}" not in typed:
                cfg.data[key] = stored.data[key]
        if not {"synthetic", "simulated"} & set(cfg.data) and cfg.data.get("segmenter", "none") == "none":
            root: Any = settings_of(cfg.data)["root"]
            by_bird = build_birds(cfg) is not None
            found = found_songs(root, build_reading(cfg), Path(cfg.paths.outputs), by_bird=by_bird)
            if found is not None:
                cfg.data.root, cfg.data.label = str(found[0]), None
                print(f"songs     {found[1]}", flush=True)
    return cfg


def _typed() -> list[str]:
    """KEY=VALUE of the command line; none where there is no command."""
    if not HydraConfig.initialized():
        return []
    return [one.lstrip("+") for one in HydraConfig.get().overrides.task if not one.startswith("~")]
