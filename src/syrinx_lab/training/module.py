"""The LightningModule: model, objective, horizon and optimiser in one training step."""

from __future__ import annotations

import math
from typing import Any

import torch
from lightning.pytorch import LightningModule
from torch import Tensor
from torch.optim.lr_scheduler import ReduceLROnPlateau

from ..evaluation.scoring import Scoring, checked_start
from ..losses.weighted import WeightedLoss
from ..model import Ouroboros
from ..types import Batch, RolloutSettings
from .finite import read_update
from .optimisation import OptimiserSettings
from .prediction import predict
from .rates import check_rates
from .schedules import HorizonSchedule

_PLAIN_ROLLOUT = RolloutSettings()


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
        optim: the optimiser, its rates and limits.
        rollout: how rollouts begin and what steers them.
        planned_epochs: epochs of the whole run, over which curricula are stretched.
        seed: of the cold starts' noise.
        scoring: how held-out clips are sung and scored; None: from a cold start, by the lab's own metrics.

    Raises:
        ValueError: a start or a loss term that this oscillator cannot have, or a learning rate that cannot be stepped.
    """

    def __init__(
        self,
        model: Ouroboros,
        objective: WeightedLoss,
        horizon: HorizonSchedule,
        optim: OptimiserSettings,
        rollout: RolloutSettings = _PLAIN_ROLLOUT,
        *,
        planned_epochs: int,
        seed: int,
        scoring: Scoring | None = None,
    ) -> None:
        super().__init__()
        self.model = model
        self.objective = objective
        self.horizon = horizon
        self.optim = optim
        self.rollout = rollout
        self.planned_epochs = planned_epochs
        self.seed = seed
        self.scoring = scoring or Scoring(rollout.ic_noise_rms, seed)
        checked_start(self.scoring.start, "eval.start", model)
        checked_start(rollout.onset_start, "rollout.onset_start", model)
        if rollout.forcing_rate == "adaptive" and not model.oscillator.state_is_observed:
            raise ValueError(
                "rollout.forcing_rate is adaptive, but the state of this oscillator is not in a recording: use 0"
            )
        has_acceleration = model.oscillator.state_is_observed and model.oscillator.is_polynomial
        if objective.need_acceleration and not has_acceleration:
            term = f"loss.terms.{objective.need_acceleration[0]}"
            raise ValueError(
                f"{term} looks at the acceleration, which a hidden state or a recurrence does not have: set "
                f"{term}.weight=0 with this oscillator, or use loss=spectral_song"
            )
        if optim.learn == "embedding":
            if model.birds is None:
                raise ValueError("optim.learn is embedding, and this model has none: use a voice with birds=embedding")
            model.birds.learn_alone(model)
        known = self.scoring.known
        check_rates(optim.optimizer, optim.scheduler, optim.monitor, objective.names, planned_epochs, known)
        self.plateau: ReduceLROnPlateau | None = None
        self._plateau_state: dict[str, Any] | None = None
        self._logged_at: dict[str, int] = {}  # name -> the epoch in which it was logged last
        self._parts: dict[str, Tensor] = {}  # of the update under way
        self._items = 0
        self._not_finite: dict[str, None] = {}  # of this epoch so far, in the order in which it was seen

    def configure_optimizers(self) -> Any:
        """The optimiser over all parameters, drives and responses at rates of their own, with its scheduler."""
        optimizer, scheduler = self.optim.build(self.model.parameter_groups(), self.scoring.known)
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
            rollout_grad=self.objective.rollout_needs_grad(self.current_epoch),
            rollout=self.rollout,
            generator=self.noise_generator(self.global_step),
            acceleration=bool(self.objective.need_acceleration),
        )
        if self.rollout.forcing_rate == "adaptive" and prediction.forcing_rate is not None:
            rate = torch.tensor(prediction.forcing_rate)
            self.log("train/forcing_rate", rate, on_step=False, on_epoch=True, batch_size=len(batch))
        total, parts = self.objective(prediction, self.current_epoch)
        self._parts, self._items = {"total": total.detach(), **parts}, len(batch)
        # an untrained prior without a tract has nothing to learn: a total that nothing hangs on gives nobody a gradient
        return total if total.requires_grad else total.requires_grad_()

    def on_after_backward(self) -> None:
        """Log the update's losses and drop its gradients when it is not finite: the one look at the device in a step.

        What is logged stays on the host: a number sent to the device would make the host wait again.
        """
        values, finite = read_update(self._parts, [p.grad for p in self.parameters() if p.grad is not None])
        total_finite = math.isfinite(values["total"])
        finite = finite and total_finite
        for name, value in values.items():
            if math.isfinite(value):
                number = torch.tensor(value)
                self.log(f"loss/{name}", number, on_step=False, on_epoch=True, batch_size=self._items)
        unfit = [name for name, value in values.items() if name != "total" and not math.isfinite(value)]
        if not finite and not unfit:  # finite terms can have neither
            unfit = ["the gradient" if total_finite else "the total"]
        self._not_finite |= dict.fromkeys(unfit)
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
        self.optim.clip(self.model.parameter_groups())

    def on_train_epoch_start(self) -> None:
        """Free the drives when it is time, and log what the curriculum is."""
        self._not_finite = {}
        for parameter in self.model.parameter_groups().get("drives", ()):
            parameter.requires_grad_(self.optim.learns_drives(self.current_epoch))
        rates = [group["lr"] for group in self.trainer.optimizers[0].param_groups]
        state = {"train/horizon": float(self.current_horizon() if self.objective.needs_rollout else 0)}
        epoch = self.current_epoch
        state |= {f"train/lam_{name}": self.objective.weight_at(name, epoch) for name in self.objective.names}
        self.log_dict(state | {"train/lr": float(rates[0])}, on_step=False, on_epoch=True, batch_size=1)

    def on_train_epoch_end(self) -> None:
        """Show ReduceLROnPlateau the epoch: its mean loss, or what val scored if it was evaluated.

        Lightning calls this after the callbacks that evaluate, and before the one that saves.
        """
        value = self.logged_in_epoch().get(self.optim.monitor)
        if self.plateau is not None and value is not None and math.isfinite(value):
            self.plateau.step(value)

    def log(self, name: str, value: Any, *arguments: Any, **settings: Any) -> None:
        """Log a value as Lightning does, and note in which epoch: Lightning goes on showing those of earlier ones."""
        self._logged_at[name] = self.current_epoch
        super().log(name, value, *arguments, **settings)

    def logged_in_epoch(self) -> dict[str, float]:
        """What was logged in the current epoch, by the module or by any callback, as far as it is known."""
        known, epoch = self.trainer.callback_metrics, self.current_epoch
        return {name: float(value) for name, value in known.items() if self._logged_at.get(name) == epoch}

    def not_finite_in_epoch(self) -> tuple[str, ...]:
        """The terms that were not finite in an update of the current epoch; where all were, the gradient or the total.

        Of a term whose weight is 0 for now no update is left out.
        """
        return tuple(self._not_finite)

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
