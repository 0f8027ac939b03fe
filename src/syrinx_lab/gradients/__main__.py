"""From how far away a loss finds the pitch: `python -m syrinx_lab.gradients`."""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, which take seconds
    from ..cli import answer_early

    answer_early("gradients")

import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from omegaconf import DictConfig

from ..assembly import build_datamodule, build_model
from ..cli import entry_point
from ..evaluation.clips import evenly_spread
from ..figures.convergence import convergence_figure
from ..figures.style import save_figure
from ..instantiation import build, plain
from ..runs.atomic import write_json_atomic
from ..runs.permission import refuse_unwritable
from ..runs.provenance import provenance
from .convergence import Recovery, recoveries, shares, within, write_recoveries
from .method import Method
from .mistuned import MistunedClips, recorded, simulated

_VOICED = 0.8  # share of a recorded clip


def gradients(cfg: DictConfig) -> list[Recovery]:
    """Let every method take back known errors of pitch; prints shares, writes CSV, JSON and figure.

    Raises ValueError with one line for what a method, a loss or the oscillator refuses, and where no clip is voiced.
    """
    chosen = plain(cfg)
    out = Path(chosen["out"])
    refuse_unwritable(out, "give out=FOLDER")
    terms = {str(name): build(node) for name, node in cfg.terms.items() if node is not None}
    methods = {str(name): _method(str(name), node, terms) for name, node in cfg.methods.items() if node is not None}
    if not methods:
        raise ValueError("methods: all are null, so that there is nothing to try: leave one")
    torch.manual_seed(chosen["seed"])
    clips = _recorded(cfg, chosen) if chosen["recorded"] else _simulated(cfg, chosen)
    out.mkdir(parents=True, exist_ok=True)
    rows: list[Recovery] = []
    print(f"{len(clips.target)} clips of {clips.target.shape[1]} samples, share within 50 cents")
    for name, method in methods.items():
        began = time.perf_counter()
        generator = torch.Generator().manual_seed(chosen["seed"])
        found = recoveries(name, method, clips, chosen["starts_cents"], generator)
        rows += found
        near, far = (within(found, cents).get(name, math.nan) for cents in (200, 1200))
        seconds = time.perf_counter() - began
        print(f"{name:<22} from 200 cents {near:.2f}, from an octave {far:.2f}   {seconds:.0f} s", flush=True)
    table = write_recoveries(rows, out / "gradients.csv")
    write_json_atomic(out / "gradients.json", {"recorded": chosen["recorded"], "shares": _texts(rows), **provenance()})
    picture = save_figure(convergence_figure(shares(rows)), out / "gradients.png")
    print(f"table     {table}\nfigure    {picture}")
    return rows


def _simulated(cfg: DictConfig, chosen: Mapping[str, Any]) -> MistunedClips:
    model = build_model(cfg)
    low, high = chosen["pitch_hz"]
    return simulated(
        model.oscillator,
        chosen["count"],
        chosen["length"],
        model.control_hop,
        (low, high),
        chosen["sweep_octaves"],
        chosen["snr_db"],
        torch.Generator().manual_seed(chosen["seed"]),
        model.backend,
    )


def _recorded(cfg: DictConfig, chosen: Mapping[str, Any]) -> MistunedClips:
    """The middles of syllables of val that are voiced."""
    model, datamodule = build_model(cfg), build_datamodule(cfg)
    datamodule.prepare(training=False)
    analyser = model.analyser
    assert analyser is not None, "the frames encoder reads pitch"
    analyser.calibrate(*datamodule.calibration_material())
    sounds = []
    for clip in datamodule.clips("val"):
        first = max(0, (clip.onset + clip.offset - chosen["length"]) // 2)
        if first + chosen["length"] <= len(clip.x):
            sounds.append(clip.x[first : first + chosen["length"]])
    if sounds:
        every = torch.from_numpy(np.stack(sounds))
        heard = analyser(every, model.control_hop)
        kept = ((heard.voiced > 0.5).float().mean(1) >= _VOICED).nonzero()[:, 0].tolist()
        if kept:
            chosen_ones = torch.tensor(evenly_spread(kept, chosen["count"]))
            every = every[chosen_ones]
            return recorded(model.oscillator, every, analyser(every, model.control_hop), model.backend)
    raise ValueError(
        f"val has no syllable with {chosen['length']} voiced samples in its middle: choose other labels (data.label), "
        "or a shorter length"
    )


def _method(name: str, node: Any, terms: Mapping[str, Any]) -> Method:
    """The method of a configuration, with its losses in place of their names."""
    unknown = [loss for loss in node.get("losses", ()) if loss not in terms]
    if unknown:
        raise ValueError(f"methods.{name}.losses: there is no {', '.join(unknown)}: use some of {', '.join(terms)}")
    chosen = {"losses": [terms[loss] for loss in node.losses]} if "losses" in node else {}
    method = build(node, less=list(chosen), **chosen)
    if not isinstance(method, Method):
        raise ValueError(
            f"methods.{name} is a {type(method).__name__}: derive it from syrinx_lab.gradients.method.Method"
        )
    return method


def _texts(rows: list[Recovery]) -> dict[str, dict[str, float]]:
    """The shares with names that JSON can hold."""
    return {name: {f"{cents:g}": share for cents, share in by.items()} for name, by in shares(rows).items()}


def main() -> None:
    """The console entry."""
    entry_point(gradients, config_name="gradients")


if __name__ == "__main__":
    main()
