"""What a Mamba layer does while a recording passes: how long its states remember, and how its tokens move."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .mamba import ResidualBlock
from .token_dynamics import TokenCriterion, input_output, token_criterion

QUANTILES = (0.05, 0.5, 0.95)
_STEPS = 4096  # of a layer that are looked at in detail


@dataclass(frozen=True, eq=False)
class LayerDynamics:
    """One Mamba layer on one recording of T steps.

    stack, layer       where it is: the encoder's name of the stack, and the number in it
    time_constants_ms  (i, N) 1 / (mean step size times rate): after that long a state has fallen to 1/e
    course_ms          (3, T') quantiles 5, 50 and 95 % over channels and states of 1 / (delta_t |A|) at T' steps,
                       evenly spread and in the order in which the layer reads them
    criterion          converge or diverge, by the weights: see `token_criterion`
    positive_share     of the tokens x_l of this recording those with x_l' S_C' S_B x_l > 0, which grow by themselves
    fast_share         of those tokens' channels, those whose step size grows with the token, S_D x > 0
    norm_growth        median of |token after| / |token before| the layer
    similarity         mean cosine of two tokens before the layer, and after it: 1 where all point one way
    """

    stack: str
    layer: int
    time_constants_ms: Tensor
    course_ms: Tensor
    criterion: TokenCriterion
    positive_share: float
    fast_share: float
    norm_growth: float
    similarity: tuple[float, float]

    def row(self) -> dict[str, str | float]:
        """By name, for a table."""
        low, median, high = torch.quantile(self.time_constants_ms.flatten(), torch.tensor(QUANTILES)).tolist()
        real = self.criterion.eigenvalues.real
        return {
            "stack": self.stack,
            "layer": float(self.layer),
            "time_constant_ms_low": low,
            "time_constant_ms_median": median,
            "time_constant_ms_high": high,
            "eigenvalue_max": float(real.max()),
            "eigenvalue_min": float(real.min()),
            "scenario": self.criterion.scenario,
            "positive_share": self.positive_share,
            "fast_share": self.fast_share,
            "norm_growth": self.norm_growth,
            "similarity_before": self.similarity[0],
            "similarity_after": self.similarity[1],
        }


@torch.no_grad()
def layer_dynamics(encoder: nn.Module, read: Callable[[], Any], step_ms: float) -> list[LayerDynamics]:
    """What every Mamba layer of an encoder does while `read()` sends one recording through it; none where it has none.

    tau_in = step_ms / (<delta_i>_t |A_in|),   h_t = exp(delta_t A) h_{t-1} + delta_t B_t x_t

    encoder  whose `ResidualBlock`s are looked at; left as it was
    read     calls the encoder once
    step_ms  ms from one step of the layers to the next

    Source of the recurrence: Gu and Dao (2023), Mamba, section 3.
    """
    blocks = {name: one for name, one in encoder.named_modules() if isinstance(one, ResidualBlock)}
    with _watched(blocks) as seen:
        read()
    found = []
    for name, block in blocks.items():
        if not seen[name]:
            continue  # a layer that this encoder does not use
        stack, _, layer = name.rpartition(".layers.")
        before, channels, after = (torch.cat(parts, 1)[0] for parts in zip(*seen[name]))
        found.append(_described(stack or name, int(layer or 0), block, before, channels, after, step_ms))
    return found


def _described(
    stack: str, layer: int, block: ResidualBlock, before: Tensor, channels: Tensor, after: Tensor, step_ms: float
) -> LayerDynamics:
    """The layer from tokens before and after it (T, d), and what its scan is given (T, i)."""
    mixer = block.mixer
    s_b, s_c, s_d = input_output(mixer)
    rates = torch.exp(mixer.A_log)
    delta = F.softplus(channels @ s_d.T + mixer.dt_proj.bias)
    every = torch.unique(torch.linspace(0, len(delta) - 1, min(len(delta), _STEPS)).round().long())
    slowest = step_ms / (delta[every][:, :, None] * rates).flatten(1)
    growing = ((channels @ s_b.T) * (channels @ s_c.T)).sum(-1) > 0
    fast = (channels[growing] @ s_d.T > 0).double().mean() if bool(growing.any()) else torch.tensor(float("nan"))
    ratio = after.norm(dim=-1) / before.norm(dim=-1).clamp_min(1e-12)
    return LayerDynamics(
        stack,
        layer,
        step_ms / (delta.mean(0)[:, None] * rates),
        torch.quantile(slowest, torch.tensor(QUANTILES).to(slowest), dim=1),
        token_criterion(s_b, s_c),
        float(growing.double().mean()),
        float(fast),
        float(ratio.median()),
        (_similarity(before), _similarity(after)),
    )


def _similarity(tokens: Tensor) -> float:
    """Mean cosine over all pairs of different tokens (T, d)."""
    unit = tokens.double() / tokens.double().norm(dim=-1, keepdim=True).clamp_min(1e-12)
    count = len(unit)
    return float((unit.sum(0).square().sum() - count) / max(count * (count - 1), 1))


@contextmanager
def _watched(blocks: dict[str, ResidualBlock]) -> Iterator[dict[str, list[tuple[Tensor, Tensor, Tensor]]]]:
    """Tokens before, what the scan is given, and tokens after, of every call of a block's `advance`."""
    seen: dict[str, list[tuple[Tensor, Tensor, Tensor]]] = {name: [] for name in blocks}
    backends = {name: block.mixer.backend for name, block in blocks.items()}
    given: dict[str, list[Tensor]] = {name: [] for name in blocks}
    hooks = []
    for name, block in blocks.items():
        block.mixer.backend = "parallel"  # by operations, whose modules can be watched

        def channels(_: nn.Module, inputs: tuple[Tensor], name: str = name) -> None:
            given[name].append(inputs[0])

        def advance(x: Tensor, state: Any = None, name: str = name, block: ResidualBlock = block) -> Any:
            after = type(block).advance(block, x, state)
            seen[name].append((x, given[name].pop(), after[0]))
            return after

        hooks.append(block.mixer.x_proj.register_forward_pre_hook(channels))
        block.advance = advance  # type: ignore[method-assign]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()
        for name, block in blocks.items():
            block.mixer.backend = backends[name]
            del block.advance
