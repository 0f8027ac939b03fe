"""The units of an encoder: what its linear heads read, by which each of them can be stimulated or silenced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from ..dynamics.perturbation import Perturbation
from ..types import Controls
from .performance import Performance

_ALIKE, _STILL = 1e-4, 1e-12


@dataclass(frozen=True, eq=False)
class EncoderUnits:
    """U units with their activity over one clip, and what every one of them does to the raw controls.

    The features of the encoder are units ("features 17"), and so is what another head reads ("omega 0"), and a code
    that no head gives. Heads that read the same numbers, but for a factor, share them.

    names     of the units
    activity  (T, U)
    spread    (U,) standard deviation of each over the clip; units that do not vary have 0 and cannot be pushed
    effect    (U, 2 + C + F) change of omega, gamma, the code and the F features per unit of activity
    moved     (U,) what a standard deviation of each moves all controls by, tract and noise among them, in theirs: norm
    controls  unperturbed
    """

    names: tuple[str, ...]
    activity: Tensor
    spread: Tensor
    effect: Tensor
    moved: Tensor
    controls: Controls

    @classmethod
    @torch.no_grad()
    def of(cls, performance: Performance) -> EncoderUnits:
        """The units of the encoder that read a clip; an encoder without heads has its raw controls as units."""
        controls, model = performance.controls, performance.model
        heads = model.encoder.heads
        features = controls.features
        codes, width = controls.weight_code.shape[-1], 0 if features is None else features.shape[-1]
        linear: dict[str, tuple[nn.Linear | None, Tensor, slice]] = {
            "omega": (None if heads is None else heads.omega, controls.omega[..., None], slice(0, 1)),
            "gamma": (None if heads is None else heads.gamma, controls.gamma[..., None], slice(1, 2)),
            "code": (None if heads is None else heads.code, controls.weight_code, slice(2, 2 + codes)),
        }
        inputs = _inputs(performance, [head for head, _, _ in linear.values() if head is not None])
        groups: list[tuple[str, Tensor, Tensor]] = []
        if features is not None and width:
            effect = features.new_zeros(width, 2 + codes + width)
            effect[:, 2 + codes :] = torch.eye(width)
            groups.append(("features", features[0], effect))
        for name, (head, own, columns) in linear.items():
            seen = own[0] if head is None or head not in inputs else inputs[head]
            matrix = torch.eye(seen.shape[-1]) if head is None or head not in inputs else head.weight.T
            for _, activity, effect in groups:
                factor = _factor(activity, seen)
                if factor is not None:
                    effect[:, columns] += factor * matrix
                    break
            else:
                effect = own.new_zeros(seen.shape[-1], 2 + codes + width)
                effect[:, columns] = matrix
                groups.append((name, seen, effect))
        names = tuple(f"{name} {i}" for name, activity, _ in groups for i in range(activity.shape[-1]))
        activity = torch.cat([activity for _, activity, _ in groups], -1)
        effects = torch.cat([effect for _, _, effect in groups])
        spread = activity.std(0)
        nets = [net.weight.T for net in (model.tract_net, model.noise_net) if net is not None]
        every = torch.cat([effects[:, : 2 + codes], *(effects[:, 2 + codes :] @ net for net in nets)], -1)
        size = (activity @ every).std(0)
        shares = torch.where(size > 1e-9, spread[:, None] * every / size.clamp_min(1e-9), torch.zeros(()))
        return cls(names, activity, spread, effects, shares.norm(dim=-1), controls)

    def perturbed(self, several: Sequence[Perturbation], knot_ms: float) -> Controls:
        """The raw controls (B, T) under B perturbations of channels.

        Raises ValueError for a target that is no unit, or a direction of another length.
        """
        change = self.activity.new_zeros(len(several), *self.activity.shape)
        for row, one in enumerate(several):
            window = one.window(len(self.activity), knot_ms)
            direction = self._direction(one)
            along = ((self.activity - self.activity.mean(0)) / self.spread.clamp_min(_STILL)) @ direction
            amount = -along if one.mode == "ablate" else torch.full_like(along, one.size)
            change[row, window] = amount[window, None] * direction * self.spread
        raw, codes = change @ self.effect, self.controls.weight_code.shape[-1]
        features = self.controls.features
        return replace(
            self.controls,
            omega=self.controls.omega + raw[..., 0],
            gamma=self.controls.gamma + raw[..., 1],
            weight_code=self.controls.weight_code + raw[..., 2 : 2 + codes],
            features=None if features is None else features + raw[..., 2 + codes :],
        )

    def _direction(self, one: Perturbation) -> Tensor:
        """(U,) of unit length, in standard deviations of the units."""
        if one.direction is None:
            if one.target not in self.names:
                raise ValueError(f"perturbation.target is {one.target!r}: use {self.names[0]} to {self.names[-1]}")
            return torch.eye(len(self.names))[self.names.index(one.target)].to(self.spread)
        if len(one.direction) != len(self.names):
            raise ValueError(
                f"a direction of {len(one.direction)} numbers: give one for each of {len(self.names)} units"
            )
        return torch.tensor(one.direction).to(self.spread)


def _inputs(performance: Performance, heads: Sequence[nn.Linear]) -> dict[nn.Linear, Tensor]:
    """What each head reads, (T, D), where it is called once on all knots."""
    calls: dict[nn.Linear, list[Tensor]] = {head: [] for head in heads}
    hooks = [head.register_forward_pre_hook(lambda module, given: calls[module].append(given[0])) for head in calls]
    try:
        model = performance.model
        model.encoder(performance.x, model.velocity(performance.dx), performance.analytic)
    finally:
        for hook in hooks:
            hook.remove()
    knots = performance.controls.omega.shape[1]
    return {head: seen[0][0] for head, seen in calls.items() if len(seen) == 1 and seen[0].shape[:2] == (1, knots)}


def _factor(activity: Tensor, seen: Tensor) -> float | None:
    """The number c with seen = c activity, where a head reads what is there already; None where it does not."""
    if activity.shape != seen.shape:
        return None
    factor = float((activity * seen).sum() / activity.square().sum().clamp_min(1e-30))
    alike = bool((seen - factor * activity).abs().max() <= _ALIKE * seen.abs().max())
    return factor if alike and factor != 0 else None
