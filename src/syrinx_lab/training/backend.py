"""Which backend a training rolls out with: printed, with a warning where the horizon does not suit it."""

from __future__ import annotations

import torch

from ..ode.rollout import ResolvedBackend, resolve_backend
from .module import OuroborosModule

GRAPH_BACKENDS = ("compile", "cudagraph")


def report_backend(module: OuroborosModule, device: torch.device) -> ResolvedBackend:
    """Print which backend the module's rollouts take on `device`, and a warning where its horizon asks for many graphs.

    Tries compilers and captures where the configuration asks for them, so that what is printed is what runs.
    """
    choice = resolve_backend(module.model.backend, device, next(module.model.parameters()).dtype)
    print(f"backend   {choice}", flush=True)
    meant = (
        choice.graph or choice.asked in GRAPH_BACKENDS
    )  # also one that was replaced here: other machines read the run
    if meant and module.objective.needs_rollout and not module.horizon.bucketed:
        print(f"warning   {graph_warning(choice, module)}", flush=True)
    return choice


def graph_warning(choice: ResolvedBackend, module: OuroborosModule) -> str:
    """One line: what a horizon of many lengths costs a backend that works with graphs."""
    epochs = module.planned_epochs
    lengths = {module.horizon(epoch, epochs) for epoch in range(epochs)}
    # compile and cudagraph hold one step, whatever the length; scan's graph holds the length, from the second on freely
    name = choice.name if choice.graph else choice.asked
    graphs = "compiled twice, then kept" if name == "scan" else "of one step and kept"
    return (
        f"{type(module.horizon).__name__} takes {len(lengths)} lengths over {epochs} epochs: the graph of backend "
        f"{name} is {graphs}, but its memory is laid out anew for each; horizon=pow2 takes few"
    )
