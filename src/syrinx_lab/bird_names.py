"""Which birds a training has embeddings of: those of its recordings, and those that its first weights know."""

from __future__ import annotations

from typing import cast

from omegaconf import DictConfig, OmegaConf, open_dict

from .assembly import build_datamodule
from .birds import known_birds
from .evaluation.initial_weights import weights_file
from .evaluation.weights import model_state
from .instantiation import plain
from .training.datamodule import SongDataModule
from .voice_assembly import build_birds


def with_birds(cfg: DictConfig) -> tuple[DictConfig, SongDataModule | None]:
    """The configuration with `birds.names`, and the recordings that were read for them.

    They are the birds of `init_from` in their order, then those of train that it does not know. Where the model makes
    no difference between birds, or its configuration names them, it is returned as it is, and nothing is read.

    Raises ValueError with one line as `SongDataModule.birds_of_train`, where no bird is known, and for embeddings that
    are to be learned alone by a model that has never had any.
    """
    if build_birds(cfg) is None or cfg.birds.names is not None:
        return cfg, None
    plain(cfg)  # refuses what is not set
    datamodule = build_datamodule(cfg)
    if not (found := datamodule.birds_of_train()):
        raise ValueError(
            "birds=embedding is for birds that come again, and simulated ones do not: give data.root=SONGS"
        )
    before = [] if cfg.init_from is None else known_birds(model_state(weights_file(cfg.init_from)))
    if cfg.optim.learn == "embedding" and not before:
        whose = "no weights to start from" if cfg.init_from is None else f"{cfg.init_from} has embeddings of no bird"
        raise ValueError(f"optim.learn is embedding, and {whose}: give voice=RUN of a training with birds=embedding")
    cfg = cast(DictConfig, OmegaConf.create(OmegaConf.to_container(cfg, resolve=False)))
    with open_dict(cfg):
        cfg.birds.names = [*before, *(name for name in found if name not in before)]
    return cfg, datamodule
