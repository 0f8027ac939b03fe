"""One training step of every experiment, arm and encoder on a device, beside the same step on the CPU.

`python gpu_steps.py cuda`; called by gpu.sh. The losses must be finite and agree to 2 %: random numbers are drawn on
the host, so both steps see the same, but convolutions on a GPU may round to TF32. On CUDA the host may wait for the
device once a step.
"""

from __future__ import annotations

import math
import sys
import time
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import torch
from gpu_results import TINY, check
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from syrinx_lab.assembly import build_model, build_module, build_objective
from syrinx_lab.benchmarking.step_suite import BatchStatistics, song_like_batch
from syrinx_lab.cli import config_directory
from syrinx_lab.training.module import OuroborosModule
from syrinx_lab.training.schedules import ConstHorizon
from syrinx_lab.types import Batch

DEVICE = torch.device(sys.argv[1])
CLOSE = 0.02
HORIZON = ConstHorizon(600)
SIZES = ("data=synthetic", "debug=tiny", *(f"loss.terms.{term}.warmup_epochs=0" for term in ("spec", "env", "env_log")))


def cases() -> dict[str, tuple[str, ...]]:
    """Name -> overrides: the default, and every file of the groups that stand for a whole model."""
    if TINY:
        return {"experiment=zebra_finch": ("experiment=zebra_finch",)}
    found: dict[str, tuple[str, ...]] = {"default": ()}
    for group in ("experiment", "arm", "encoder", "loss"):
        for file in sorted((Path(config_directory()) / group).glob("*.yaml")):
            # an encoder of frames needs no other oscillator, and a loss of songs one whose state is not the sound
            extra = ("arm=5_syrinx",) if (group, file.stem) == ("loss", "spectral_song") else ()
            found[f"{group}={file.stem}"] = (*extra, f"{group}={file.stem}")
    return found


def made(cfg: DictConfig, batch: Batch, device: torch.device) -> OuroborosModule:
    """The module of a configuration as training has it before the first step."""
    torch.manual_seed(0)
    lit = build_module(cfg, build_model(cfg), build_objective(cfg), HORIZON)
    lit.objective.fit(BatchStatistics(lit.model, batch))
    if lit.model.analyser is not None:
        rows = list(batch.x)
        lit.model.calibrate(rows, [x[len(x) // 2 :] for x in rows])
    lit.log = lambda *_, **__: None  # type: ignore[method-assign]
    return lit.to(device)


def step(lit: OuroborosModule, batch: Batch, device: torch.device, optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """What a trainer does in a step; the losses, not yet read."""
    optimizer.zero_grad(set_to_none=True)
    moved = lit.transfer_batch_to_device(batch, device, 0)
    total = lit.training_step(moved, 0)
    parts = lit._parts
    total.backward()
    lit.on_after_backward()
    lit.configure_gradient_clipping(optimizer)
    optimizer.step()
    return {name: value.detach() for name, value in parts.items()}


def trained(overrides: tuple[str, ...]) -> dict[str, Any]:
    with initialize_config_dir(version_base="1.3", config_dir=str(config_directory())):
        cfg = compose("config", overrides=[*overrides, *SIZES])
    batch = song_like_batch(4, round(cfg.data.context_s * cfg.data.sample_rate), cfg.data.sample_rate)
    facts: dict[str, Any] = {}
    losses: dict[str, dict[str, float]] = {}
    devices = {"cpu": torch.device("cpu"), DEVICE.type: DEVICE}
    for name, device in devices.items():
        lit = made(cfg, batch, device)
        optimizers = lit.configure_optimizers()
        optimizer = optimizers["optimizer"] if isinstance(optimizers, dict) else optimizers
        source = batch.pin_memory() if name == "cuda" else batch
        found = {key: float(value) for key, value in step(lit, source, device, optimizer).items()}
        wrong = [key for key, value in found.items() if not math.isfinite(value)]
        wrong += [key for key, p in lit.named_parameters() if not bool(torch.isfinite(p).all())]
        if wrong:
            raise AssertionError(f"not finite on {name}: {', '.join(wrong[:5])}")
        losses[name] = found
        if name == "cuda":
            facts["waits"] = waits(partial(step, lit, source, device, optimizer))
        began = time.perf_counter()
        float(step(lit, source, device, optimizer)["total"])
        facts[f"step_ms_{name}"] = round(1e3 * (time.perf_counter() - began), 1)
    facts["losses"] = losses
    if len(losses) > 1:
        apart = {k: abs(losses["cuda"][k] - v) / max(abs(v), 1e-6) for k, v in losses["cpu"].items()}
        facts["apart"] = max(apart.values())
        if not max(apart.values()) <= CLOSE:
            raise AssertionError(f"losses on CUDA and CPU are further apart than {CLOSE}: {losses}")
        if facts["waits"]["count"] > 1:
            raise AssertionError(
                f"the host waited {facts['waits']['count']} times in a step: {facts['waits']['where']}"
            )
    else:
        facts["note"] = "no CUDA GPU: on the CPU alone"
    return facts


def waits(run: Any) -> dict[str, Any]:
    """How often the host waits for the GPU in a call, by torch's own account, and where."""
    run()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        try:
            run()
        finally:
            torch.cuda.set_sync_debug_mode("default")
    found = [one for one in caught if "synchroniz" in str(one.message)]
    return {"count": len(found), "where": [f"{Path(one.filename).name}:{one.lineno}" for one in found]}


if __name__ == "__main__":
    for name, overrides in cases().items():
        check(f"step {name}", lambda overrides=overrides: trained(overrides))
