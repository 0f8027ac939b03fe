"""From a composed configuration to what trains: with `voice_assembly` the one place between Hydra and all below it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.errors import InstantiationException
from lightning.pytorch import Callback
from omegaconf import DictConfig

from .contracts import fulfilling
from .data.corpus_settings import label_list
from .data.corpus_storage import CorpusStorage
from .data.sampler import SegmentSampler
from .data.segmentation.on_the_way import SegmentsOnTheWay
from .data.segmentation.segmenter import Segmenter
from .data.segments import WindowSettings
from .data.splits import SplitSettings
from .data.vocalisations import ClipSettings
from .evaluation.scoring import Scoring
from .instantiation import build, chosen, partial_of, plain, reason_of, settings_of
from .losses.weighted import WeightedLoss, WeightedTerm
from .metrics.facts import with_metric_facts
from .model import Ouroboros
from .runs.file_name import file_name
from .runs.rungs import Search
from .training.callbacks import CallbackFactory, chosen_callback
from .training.datamodule import SongDataModule
from .training.loggers import checked
from .training.media_logger import Start
from .training.module import OuroborosModule
from .training.optimisation import OptimiserSettings
from .training.schedules import HorizonSchedule
from .voice_assembly import LATER, build_birds, build_model, build_reading, build_rollout, build_scoring

__all__ = [
    "build_callbacks",
    "build_datamodule",
    "build_horizon",
    "build_logger",
    "build_model",
    "build_module",
    "build_objective",
    "build_optim",
    "build_scoring",
    "build_search",
    "described",
    "run_name",
]


def build_datamodule(cfg: DictConfig) -> SongDataModule:
    """The data of a configuration; nothing is read yet."""
    data = LATER | settings_of(cfg.data)
    return SongDataModule(
        root=data["root"],
        sampler=fulfilling(build(cfg.sampler), SegmentSampler, "sampler"),
        seed=cfg.seed,
        reading=build_reading(cfg),
        cutting=chosen(WindowSettings, data, "data"),
        splitting=chosen(SplitSettings, data, "data"),
        held_out=chosen(ClipSettings, settings_of(cfg.eval), "eval"),
        batch_size=data["batch_size"],
        num_workers=data["num_workers"],
        storage=CorpusStorage(data["cache_mb"], Path(cfg.paths.outputs)),
        synthetic=build(cfg.data.synthetic) if "synthetic" in data else None,
        simulated=build(cfg.data.simulated) if "simulated" in data else None,
        segmenting=_segmenting(cfg) if data.get("segmenter", "none") == "auto" else None,
        named=build_birds(cfg) is not None,
    )


def build_segmenter(cfg: DictConfig) -> Segmenter:
    """The segmenter of a configuration; ValueError for a class that is none."""
    segmenter = build(cfg.segmenter)
    if not isinstance(segmenter, Segmenter):
        where = f"segmenter._target_ is {cfg.segmenter._target_}"
        raise ValueError(f"{where}: derive it from syrinx_lab.data.segmentation.segmenter.Segmenter")
    return segmenter


def _segmenting(cfg: DictConfig) -> SegmentsOnTheWay:
    return SegmentsOnTheWay(build_segmenter(cfg), settings_of(cfg.segmenter), Path(cfg.paths.outputs))


def build_horizon(cfg: DictConfig) -> HorizonSchedule:
    """The horizon schedule of a configuration."""
    return fulfilling(build(cfg.horizon), HorizonSchedule, "horizon")


def build_search(cfg: DictConfig) -> Search:
    """Which seeds of a sweep go on."""
    search = build(cfg.search)
    if not isinstance(search, Search):
        raise ValueError(f"search._target_ is {cfg.search._target_}: derive it from syrinx_lab.runs.rungs.Search")
    return search


def build_objective(cfg: DictConfig) -> WeightedLoss:
    """The objective of a configuration, of the terms that are switched on.

    Raises ValueError for a term without a weight, for what a term refuses, and where no term looks at the song.
    """
    terms: dict[str, WeightedTerm] = {}
    for name, node in cfg.loss.terms.items():
        if node is None:
            continue
        for key in ("loss", "weight"):
            if node.get(key) is None:
                raise ValueError(
                    f"loss.terms.{name}.{key} is not set: a term has a loss and a weight (0: switched off)"
                )
        if node.weight > 0:  # what is off must not even draw a first weight: it is no part of a model's identity
            try:
                terms[str(name)] = WeightedTerm(build(node.loss), node.weight, node.get("warmup_epochs", 0))
            except InstantiationException as error:
                raise ValueError(f"loss.terms.{name}.loss: {reason_of(error)}") from error
            except ValueError as error:
                reason = str(error)
                raise ValueError(reason if reason.startswith("loss.") else f"loss.terms.{name}.{reason}") from error
    objective = WeightedLoss(terms)
    if not objective.needs_rollout and not objective.need_acceleration:
        raise ValueError(
            "loss: no term that compares with the song has a weight above 0, so that nothing can be learned of it: "
            f"give one to {', '.join(f'loss.terms.{name}.weight' for name in ('spec', 'accel'))} or another"
        )
    return objective


def build_module(
    cfg: DictConfig, model: Ouroboros, objective: WeightedLoss, horizon: HorizonSchedule, scoring: Scoring | None = None
) -> OuroborosModule:
    """The LightningModule of a configuration."""
    return OuroborosModule(
        model,
        objective,
        horizon,
        build_optim(cfg),
        build_rollout(cfg),
        planned_epochs=cfg.n_epochs,
        seed=cfg.seed,
        scoring=build_scoring(cfg) if scoring is None else scoring,
    )


def build_callbacks(cfg: DictConfig) -> dict[str, Callback | CallbackFactory]:
    """Key -> the callback that a configuration chooses, or what makes one for a run; those that are null are left out.

    Raises ValueError for what is neither.
    """
    chosen = {f"callbacks.{name}": node for name, node in cfg.callbacks.items() if node is not None}
    return {key: chosen_callback(build(node), key) for key, node in chosen.items()}


def build_optim(cfg: DictConfig) -> OptimiserSettings:
    """The optimiser of a configuration, its rates and limits."""
    settings = settings_of(cfg.optim)
    settings["optimizer"] = partial_of(cfg.optim.optimizer, "optim.optimizer")
    if cfg.optim.scheduler is not None:
        settings["scheduler"] = partial_of(cfg.optim.scheduler, "optim.scheduler")
    return OptimiserSettings(**settings)


def build_logger(cfg: DictConfig) -> Start:
    """What starts the logger of a configuration, see `checked`."""
    return checked(build(cfg.logger))


def described(cfg: DictConfig, scoring: Scoring) -> dict[str, Any]:
    """The resolved configuration in plain containers, with the facts of its metrics from outside.

    It is what a run stores: whoever reads it does not import their modules.
    """
    return with_metric_facts(plain(cfg), scoring.outside)


def run_name(config: Mapping[str, Any]) -> str:
    """What a run is called, for example `G402-e-spectral_rollout-pow2-s1234`."""
    data = config["data"]
    roots = [data["root"]] if isinstance(data["root"], str) else list(data["root"])
    bird = data["name"] if data["name"] != "folder" else "+".join(Path(root).resolve().name for root in roots)
    labels: Sequence[str] | None = label_list(data["label"])
    parts = [bird, *(["".join(labels)] if labels else []), config["loss"]["name"], config["horizon"]["name"]]
    text = "-".join([*parts, f"s{config['seed']}"])
    return file_name(text)[:100]
