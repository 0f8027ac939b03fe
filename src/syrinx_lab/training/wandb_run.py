"""A W&B run as Lightning's logger: its step is the number of finished epochs. W&B is imported here alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .media_logger import Captioned, LoggedRun, MediaLogger
from .wandb_pieces import epochs_in_pieces

GROUPS = ("loss/", "train/", "val/", "eval/")  # of the names that are logged
_FLUSH_S = 1.0  # s that a kill can cost an offline run; W&B's own 15 would cost many short epochs
_INIT_TIMEOUT_S = 30.0


class WandbRun(MediaLogger):
    """One W&B run, offline unless `mode` says otherwise; its files lie below directory/wandb.

    Every row holds `epoch`, the number of finished epochs as in history.jsonl, and every name has it for its axis: so
    the rungs of a model, which are runs of their own, line up. Nothing is asked of the person at the keyboard.

    An offline run that goes on after a kill writes a second piece under the same id. `wandb sync` appends it to the
    first because both are marked as resumable; pieces that are not take each other's place.

    Args:
        directory: the run's folder.
        described: id, name, job type and configuration.
        mode: offline, online or disabled.
        project, entity: as W&B names them.
        group: None groups by the model's key.

    Raises:
        ValueError: W&B cannot be reached or refuses the run.
    """

    def __init__(
        self,
        directory: str | Path,
        described: LoggedRun,
        *,
        mode: str = "offline",
        project: str = "syrinx_lab",
        entity: str | None = None,
        group: str | None = None,
    ) -> None:
        super().__init__()
        import wandb

        self._project, self._directory = project, Path(directory)
        self._directory.mkdir(parents=True, exist_ok=True)  # else W&B would write to the system's temporary folder
        try:
            self.experiment = wandb.init(
                dir=str(self._directory.resolve()),  # its service may have been started in another folder
                id=described.id,
                name=described.name,
                project=project,
                entity=entity,
                group=group or described.key,
                job_type=described.job_type,
                config=dict(described.config),
                mode=mode,  # type: ignore[arg-type]
                resume="allow" if described.resumed else None,
                settings=wandb.Settings(
                    reinit="create_new",  # a run that somebody else left open is not continued
                    quiet=mode == "offline",  # a page of sparklines would part the lines that the lab prints
                    silent=described.job_type == "eval",
                    init_timeout=_INIT_TIMEOUT_S,
                    x_transaction_log_flush_interval=_FLUSH_S,
                ),
            )
        except wandb.Error as error:
            reason = " ".join(str(error).split())[:200]
            raise ValueError(f"W&B: {reason}; with logger.mode=offline `wandb sync` can upload later") from error
        self.experiment.define_metric("epoch")
        for group_of_names in GROUPS:
            self.experiment.define_metric(f"{group_of_names}*", step_metric="epoch")

    @property
    def name(self) -> str:
        """The project, as Lightning wants it."""
        return self._project

    @property
    def version(self) -> str:
        """The id of the W&B run."""
        return str(self.experiment.id)

    def log_hyperparams(self, params: Mapping[str, Any], *args: Any, **kwargs: Any) -> None:  # type: ignore[override]
        """Add to the run's configuration, or correct it."""
        self.experiment.config.update(dict(params), allow_val_change=True)

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Numbers of an epoch: with those of its training, which hold `epoch`, its row is complete."""
        if "epoch" in metrics:
            epoch = int(metrics["epoch"]) + 1  # Lightning's are counted from 0
            self.experiment.log({**metrics, "epoch": epoch}, step=epoch, commit=True)
        else:
            assert step is not None, "an evaluation's numbers come with the epochs of its model"
            self._add(metrics, step)

    def logged_epochs(self) -> set[int]:
        """Those of the pieces on the disk, and of a run that is resumed online."""
        online = set(range(self.experiment.starting_step))
        return online | epochs_in_pieces(self._directory, self.version)

    def end(self, *, failed: bool) -> None:
        """Finish the run, so that the next one of the process does not continue it."""
        self.experiment.finish(exit_code=int(failed))

    def log_sounds(self, name: str, sounds: Captioned, sample_rate: int, *, epoch: int) -> None:
        """Add sounds, (caption, samples in [-1, 1]) each, to the row of an epoch."""
        import wandb

        playable = [wandb.Audio(samples, sample_rate=sample_rate, caption=caption) for caption, samples in sounds]
        self._add({name: playable}, epoch)

    def log_pictures(self, name: str, pictures: Captioned, *, epoch: int) -> None:
        """Add pictures of one size, (caption, (H, W, 3) uint8) each, to the row of an epoch."""
        import wandb

        self._add({name: [wandb.Image(pixels, caption=caption) for caption, pixels in pictures]}, epoch)

    def log_table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, epoch: int) -> None:
        """Add a table to the row of an epoch."""
        import wandb

        self._add({name: wandb.Table(columns=list(columns), data=[list(row) for row in rows])}, epoch)

    def _add(self, values: Mapping[str, Any], epoch: int) -> None:
        self.experiment.log({**values, "epoch": epoch}, step=epoch)


def require_key(wanted: str, instead: str = "") -> None:
    """Raise ValueError unless W&B has a key, found without a prompt and without the network.

    wanted   what needs one, as logger.mode=online
    instead  ends the advice
    """
    import wandb

    try:
        found = wandb.login(prompt=False, verify=False)
    except wandb.Error as error:
        raise ValueError(f"{wanted}: {' '.join(str(error).split())[:200]}") from error
    if not found:
        raise ValueError(f"{wanted} needs a W&B key: run `wandb login` once{instead}")
