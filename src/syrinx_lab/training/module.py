"""The LightningModule: model, objective, horizon and optimiser in one training step."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from lightning.pytorch import LightningModule
from torch import Tensor
from torch.optim.lr_scheduler import ReduceLROnPlateau

from ..evaluation.starts import checked_start
from ..losses.weighted import WeightedLoss
from ..model import Ouroboros
from ..types import Batch
from .finite import read_update
from .prediction import predict
from .rates import build_scheduler, check_rates
from .schedules import HorizonSchedule


class OuroborosModule(LightningModule):
    """Trains an `Ouroboros` on a weighted loss.

    The horizon is a pure function of the epoch and the planned epochs and the cold starts' noise one of (seed, global
    step), so a run that stops and resumes is the run that never stopped.

    An update whose loss or gradient is not finite is left out and counted in loss/nan_skip: the gradients are dropped
    before the optimiser sees them, so that its moments and the weights stay finite.

    Args:
        model: what is trained.
        objective: weighted loss terms.
        horizon: rollout length in samples as a function of (epoch, planned epochs).
        optimizer: partial of a torch optimiser, called with the parameters.
        scheduler: partial of a torch scheduler stepped once an epoch, or None. ReduceLROnPlateau is stepped after the
            epochs that have a value of `monitor`, and before they are saved.
        planned_epochs: epochs of the whole run, over which curricula are stretched.
        seed: of the cold starts' noise.
        ic_noise_rms: rms of x and v at a cold start.
        onset_lead_ms: an ONSET rollout begins at most this long before the onset; None: at the window's first sample.
        onset_start: of ONSET rollouts, cold (noise) or data.
        forcing_rate: the share by which the state is pulled to the recording before every step, see `Forcing`; 0 to 1.
        adjoint_decay: see `rollout`; in (0, 1].
        grad_clip: largest norm of the gradient over a tract's responses, and over all else but a prior's drives; None
            or 0: no limit.
        responses_rate: the learning rate of a tract's impulse responses over that of the rest.
        drives_from: epoch from which a prior's drives are learned; None leaves them as the prior has them.
        drives_rate: their learning rate over that of the rest.
        drives_clip: largest norm of their gradient. The gradients that come through a rollout are hundreds of times
            larger than the others: under one norm they would drown them.

    Raises:
        ValueError: the forcing_rate, the adjoint_decay, the responses_rate or one of the drives' settings is out of
            range.
    """

    def __init__(
        self,
        model: Ouroboros,
        objective: WeightedLoss,
        horizon: HorizonSchedule,
        optimizer: Callable[..., torch.optim.Optimizer],
        scheduler: Callable[..., torch.optim.lr_scheduler.LRScheduler] | None = None,
        *,
        planned_epochs: int,
        seed: int,
        ic_noise_rms: float = 1e-3,
        onset_lead_ms: float | None = 5.0,
        onset_start: str = "cold",
        forcing_rate: float = 0.0,
        adjoint_decay: float = 1.0,
        grad_clip: float | None = None,
        drives_from: int | None = None,
        drives_rate: float = 1.0,
        drives_clip: float = 1.0,
        responses_rate: float = 1.0,
        monitor: str = "loss/total",
        eval_start: str = "cold",
    ) -> None:
        super().__init__()
        if responses_rate <= 0:
            raise ValueError(f"optim.responses_rate is {responses_rate}: use a number above 0")
        if drives_rate <= 0 or drives_clip <= 0 or (drives_from is not None and drives_from < 0):
            raise ValueError(
                f"optim.drives_from {drives_from}, drives_rate {drives_rate}, drives_clip {drives_clip}: use an epoch "
                "(or null), and numbers above 0"
            )
        if not 0 <= forcing_rate <= 1:
            raise ValueError(f"loss.forcing_rate is {forcing_rate}: use 0 (a free run) to 1 (teacher forcing)")
        if not 0 < adjoint_decay <= 1:
            raise ValueError(f"loss.adjoint_decay is {adjoint_decay}: use more than 0, up to 1 (the whole gradient)")
        self.model = model
        self.objective = objective
        self.horizon = horizon
        self.optimizer_factory = optimizer
        self.scheduler_factory = scheduler
        self.planned_epochs = planned_epochs
        self.monitor = monitor
        self.eval_start = checked_start(eval_start, "eval.start", model)
        self.plateau: ReduceLROnPlateau | None = None
        self._plateau_state: dict[str, Any] | None = None
        check_rates(optimizer, scheduler, monitor, (k for k, w in objective.weights.items() if w > 0), planned_epochs)
        self.seed = seed
        self.ic_noise_rms = ic_noise_rms
        self.grad_clip, self.drives_clip = grad_clip, drives_clip
        self.drives_from, self.drives_rate = drives_from, drives_rate
        self.responses_rate = responses_rate
        self.forcing_rate, self.adjoint_decay = forcing_rate, adjoint_decay
        self.onset_lead = None if onset_lead_ms is None else round(onset_lead_ms * 1e-3 * model.sample_rate)
        self.onset_cold = checked_start(onset_start, "loss.onset_start", model) == "cold"
        self.evaluated_epochs: set[int] = set()  # finished epochs after which val was sung
        self._parts: dict[str, Tensor] = {}  # of the update under way
        self._items = 0

    def configure_optimizers(self) -> Any:
        """The optimiser over all parameters, drives and responses at rates of their own, with its scheduler."""
        groups = self.model.parameter_groups()
        relative = {"responses": self.responses_rate, "drives": self.drives_rate}
        optimizer = self.optimizer_factory([{"params": group} for group in groups.values()])
        for name, group in zip(groups, optimizer.param_groups):
            group["lr"] *= relative.get(name, 1.0)
        scheduler = build_scheduler(self.scheduler_factory, optimizer, self.monitor)
        if isinstance(scheduler, ReduceLROnPlateau):
            # Lightning would step it after the checkpoint is written, and not at all where a run goes on
            self.plateau = scheduler
            if self._plateau_state is not None:
                scheduler.load_state_dict(self._plateau_state)
            return optimizer
        return optimizer if scheduler is None else {"optimizer": optimizer, "lr_scheduler": scheduler}

    def current_horizon(self) -> int:
        """The rollout's length in samples in the current epoch."""
        return self.horizon(self.current_epoch, self.planned_epochs)

    def transfer_batch_to_device(self, batch: Batch, device: torch.device, dataloader_idx: int) -> Batch:
        """Queue the copy behind what the device has to do; the host goes on."""
        return batch.to(device, non_blocking=True)

    def training_step(self, batch: Batch, batch_index: int) -> Tensor:
        """The total loss of a batch; its parts are logged when the gradients are known."""
        prediction = predict(
            self.model,
            batch,
            horizon=self.current_horizon() if self.objective.needs_rollout else None,
            rollout_grad=self.objective.rollout_needs_grad,
            ic_noise_rms=self.ic_noise_rms,
            onset_lead=self.onset_lead,
            onset_cold=self.onset_cold,
            forcing_rate=self.forcing_rate,
            adjoint_decay=self.adjoint_decay,
            generator=self.noise_generator(self.global_step),
        )
        total, parts = self.objective(prediction)
        self._parts, self._items = {"total": total.detach(), **parts}, len(batch)
        # an untrained prior without a tract has nothing to learn: a total that nothing hangs on gives nobody a gradient
        return total if total.requires_grad else total.requires_grad_()

    def on_after_backward(self) -> None:
        """Log the update's losses and drop its gradients when it is not finite: the one look at the device in a step.

        What is logged stays on the host: a number sent to the device would make the host wait again.
        """
        values, finite = read_update(self._parts, [p.grad for p in self.parameters() if p.grad is not None])
        finite = finite and math.isfinite(values["total"])
        for name, value in values.items():
            if math.isfinite(value):
                number = torch.tensor(value)
                self.log(f"loss/{name}", number, on_step=False, on_epoch=True, batch_size=self._items)
        if not finite:
            for parameter in self.parameters():
                parameter.grad = None
        skipped = torch.tensor(float(not finite))
        self.log("loss/nan_skip", skipped, on_step=False, on_epoch=True, reduce_fx="sum", batch_size=1)

    def configure_gradient_clipping(
        self,
        optimizer: torch.optim.Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Clip the norm of each group of parameters by itself."""
        for name, group in self.model.parameter_groups().items():
            if limit := self.drives_clip if name == "drives" else self.grad_clip:
                torch.nn.utils.clip_grad_norm_(group, limit)

    def on_train_epoch_start(self) -> None:
        """Free the drives when it is time, and log what the curriculum is; the warm-ups have set theirs by now."""
        learned = self.drives_from is not None and self.current_epoch >= self.drives_from
        for parameter in self.model.parameter_groups().get("drives", ()):
            parameter.requires_grad_(learned)
        rates = [group["lr"] for group in self.trainer.optimizers[0].param_groups]
        state = {"train/horizon": float(self.current_horizon() if self.objective.needs_rollout else 0)}
        ramped = [name for name in self.objective.terms if self.objective.weights[name] > 0]
        state |= {f"train/lam_{name}": self.objective.effective_weight(name) for name in ramped}
        self.log_dict(state | {"train/lr": float(rates[0])}, on_step=False, on_epoch=True, batch_size=1)

    def on_train_epoch_end(self) -> None:
        """Show ReduceLROnPlateau the epoch: its mean loss, or what val scored if it was evaluated."""
        if self.plateau is None:
            return
        value = self.trainer.callback_metrics.get(self.monitor)
        fresh = self.monitor.startswith("loss/") or self.current_epoch + 1 in self.evaluated_epochs
        if fresh and value is not None and math.isfinite(value):
            self.plateau.step(float(value))

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """The state of ReduceLROnPlateau, which Lightning does not know of."""
        if self.plateau is not None:
            checkpoint["plateau"] = self.plateau.state_dict()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep that state until the optimiser is there."""
        self._plateau_state = checkpoint.get("plateau")

    def noise_generator(self, step: int) -> torch.Generator:
        """The source of the cold starts' noise at a global step, a function of (seed, step) alone."""
        return torch.Generator().manual_seed((self.seed * 1_000_003 + step) % (2**63 - 1))
