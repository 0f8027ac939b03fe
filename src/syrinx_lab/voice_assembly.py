"""From a composed configuration to what sings and how it is scored; nothing of training, whose imports take seconds."""

from __future__ import annotations

from typing import Any

from omegaconf import DictConfig

from .birds import BirdSettings
from .contracts import fulfilling
from .data.corpus_settings import CorpusSettings
from .encoders import Encoder
from .evaluation.refinement import Refinement
from .evaluation.scoring import Scoring
from .instantiation import build, chosen, settings_of
from .metrics.metric import Metric, check_metric
from .model import Ouroboros
from .ode.noise import Noise
from .ode.oscillator import Oscillator
from .ode.tract import Tract
from .types import RolloutSettings

# keys of data/ that runs of old do not store, with what was done then
LATER: dict[str, Any] = {
    "cache_mb": 512.0,
    "hold_out": None,
    "hold_out_val": None,
    "groups": None,
    "denoise": "none",
    "denoise_db": 20.0,
}


def build_reading(cfg: DictConfig) -> CorpusSettings:
    """How the recordings of a configuration are read."""
    return chosen(CorpusSettings, LATER | settings_of(cfg.data), "data")


# keys of the group oscillator/ that are the whole model's; all others are the oscillator's own
_OF_THE_MODEL = ("drive_lowpass_ms", "control_hop", "knots_per_second", "highpass_hz", "init")


def build_model(cfg: DictConfig) -> Ouroboros:
    """The model of a configuration, freshly initialised from torch's current seed.

    Raises ValueError for what a part refuses, with its key, and for an initialisation that does not fit.
    """
    lacking = [key for key in _OF_THE_MODEL if key not in cfg.oscillator]
    if lacking:
        raise ValueError(
            f"oscillator.{lacking[0]} is not set: an oscillator's YAML holds keys of the whole model as well, "
            f"{', '.join(_OF_THE_MODEL)}: see conf/oscillator/syrinx.yaml"
        )
    encoder: Encoder = build(cfg.encoder)
    tract = fulfilling(build(cfg.tract), Tract, "tract")
    noise = fulfilling(build(cfg.noise), Noise, "noise")
    oscillator: Oscillator = build(cfg.oscillator, less=_OF_THE_MODEL)
    heads = encoder.heads
    if heads is not None:
        oscillator.initialise_(heads)
    if cfg.oscillator.init is not None:
        if heads is None:
            raise ValueError("oscillator.init is set, but this encoder has no heads to initialise: use null")
        build(cfg.oscillator.init).apply_(heads, oscillator.degree, oscillator.keep_const)
    analyser = None
    if encoder.needs_analysis or oscillator.needs_analysis or noise.channels:
        search: dict[str, Any] = {} if oscillator.search_hz is None else {"widest_hz": oscillator.search_hz}
        analyser = build(cfg.controls, lookahead_ms=encoder.lookahead_ms, **search)
    return Ouroboros(
        encoder,
        oscillator,
        tract,
        noise,
        analyser,
        drive_lowpass_ms=cfg.oscillator.drive_lowpass_ms,
        control_hop=cfg.oscillator.control_hop,
        knots_per_second=cfg.oscillator.knots_per_second,
        highpass_hz=cfg.oscillator.highpass_hz,
        birds=build_birds(cfg),
        backend=cfg.backend.name,
    )


def build_birds(cfg: DictConfig) -> BirdSettings | None:
    """What differs between the birds of a model; None where nothing does, as in runs that store no group `birds`."""
    if "birds" not in cfg or cfg.birds.name == "none":
        return None
    settings = settings_of(cfg.birds)
    return chosen(BirdSettings, settings | {"names": settings["names"] or ()}, "birds")


def build_rollout(cfg: DictConfig) -> RolloutSettings:
    """How the rollouts of a configuration begin and what steers them."""
    return RolloutSettings(**settings_of(cfg.rollout))


def build_scoring(cfg: DictConfig, *, final: bool = False) -> Scoring:
    """How the held-out clips of a configuration are sung and scored.

    Args:
        final: whether it is the evaluation at the end, for which each clip's controls are refined where `eval.refine`
            says so; on the way models are compared as they are.
    """
    refinement = Refinement(cfg.eval.refine if final else 0, cfg.eval.refine_lr)
    return Scoring(cfg.rollout.ic_noise_rms, cfg.seed, cfg.eval.start, build_metrics(cfg), refinement)


def build_metrics(cfg: DictConfig) -> dict[str, Metric]:
    """The metrics from outside the lab that a configuration names, in its order.

    Raises ValueError for one whose class lacks what the lab must know of it.
    """
    return {str(name): check_metric(str(name), build(node)) for name, node in cfg.eval.metrics.items()}
