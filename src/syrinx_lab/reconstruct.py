"""Models of a known system from one path of it: `python -m syrinx_lab.reconstruct system=lorenz model=shplrnn`."""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, which take seconds
    from .cli import answer_early

    answer_early("reconstruct")

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf

from .cli import entry_point
from .figures.reconstructions import reconstructions_figure
from .figures.style import save_figure
from .instantiation import build, plain
from .reconstruction.models.model import Reconstruction
from .reconstruction.outcome import Outcome, reconstructed, write_csv
from .reconstruction.systems.flow import Array, Flow
from .runs.permission import refuse_unwritable


def reconstruct(cfg: DictConfig) -> list[Outcome]:
    """Fit every model that is asked for to every system, and measure what it does when it is let go.

    Raises ValueError with one line for a name that there is not, for what a system or model refuses, and where a
    package is missing.
    """
    chosen = plain(cfg)
    out = Path(chosen["out"])
    refuse_unwritable(out, "give out=FOLDER")
    systems = {name: _system(cfg, name) for name in _names("system", chosen["pick"]["system"], chosen["systems"])}
    models = _names("model", chosen["pick"]["model"], chosen["models"])
    for name in models:
        _model(cfg, name)  # what is missing is said before hours of work
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # small products gain nothing by more, and the same bits come again
    outcomes: list[Outcome] = []
    try:
        for system_name, system in systems.items():
            runs: list[tuple[str, Array]] = []
            for name in models:
                for seed in range(chosen["seeds"]):
                    size = {"samples": chosen["samples"], "noise": chosen["noise"]}
                    one, free, path = reconstructed(system, _model(cfg, name), seed, **size, names=(system_name, name))
                    outcomes.append(one)
                    print(_line(one), flush=True)
                    if seed == 0:
                        runs.append((name, free))
            picture = save_figure(reconstructions_figure(path, runs), out / f"{system_name}.png")
            print(f"figure    {picture}")
    finally:
        torch.set_num_threads(threads)
    print(f"table     {write_csv(outcomes, out / 'reconstructions.csv')}")
    return outcomes


def _names(key: str, text: str, known: Sequence[str]) -> list[str]:
    if text == "all":
        return list(known)
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in known:
            raise ValueError(f"{key} is {name}: there are {', '.join(known)}, or all")
    return list(dict.fromkeys(names))


def _system(cfg: DictConfig, name: str) -> Flow:
    system = build(cfg.systems[name])
    if not isinstance(system, Flow):
        kind = type(system).__name__
        raise ValueError(f"systems.{name} is a {kind}: derive it from syrinx_lab.reconstruction.systems.flow.Flow")
    return system


def _model(cfg: DictConfig, name: str) -> Reconstruction:
    node: Any = cfg.models[name]
    if cfg.updates is not None and "updates" in node:
        node = OmegaConf.merge(node, {"updates": cfg.updates})
    model = build(node)
    if not isinstance(model, Reconstruction):
        where = "syrinx_lab.reconstruction.models.model.Reconstruction"
        raise ValueError(f"models.{name} is a {type(model).__name__}: derive it from {where}")
    return model


def _line(one: Outcome) -> str:
    return (
        f"{one.system:<10} {one.model:<14} seed {one.seed}  D_stsp {one.d_stsp:.3f}  D_H {one.d_h:.3f}  valid "
        f"{one.valid_time:.2f}  PE(20) {one.pe_20:.1e}  exponent {one.lyapunov:.3f} (published {one.published:.3f}), "
        f"{one.seconds:.0f} s"
    )


def main() -> None:
    """The console entry."""
    entry_point(reconstruct, config_name="reconstruct")


if __name__ == "__main__":
    main()
