"""The ear's scores after every epoch, on birds that it is not trained on."""

from __future__ import annotations

import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from ..ear.decoding import decode
from ..ear.objective import Truth
from ..ear.truth_scores import correlation, pitch_scores, voice_of
from ..simulation.simulated_song import SimulatedSong
from .ear_module import EarModule


class EarScores(Callback):
    """Log gross and octave errors and more of held-out song: of all, and of recordings below and above 10 dB.

    songs  batches, each of one length
    """

    def __init__(self, songs: list[SimulatedSong]) -> None:
        self.songs = songs

    @torch.no_grad()
    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Score the averaged weights."""
        assert isinstance(pl_module, EarModule)
        ear = pl_module.average
        for name, value in held_out_scores(ear, self.songs).items():
            pl_module.log(f"val/{name}", torch.tensor(value), on_step=False, on_epoch=True, batch_size=1)


@torch.no_grad()
def held_out_scores(ear: torch.nn.Module, songs: list[SimulatedSong]) -> dict[str, float]:
    """Name -> mean over the batches."""
    rows: list[dict[str, float]] = []
    for song in songs:
        output = ear(song.audio, song.sample_rate)
        found, voice = decode(output.first), voice_of(Truth.of(song))
        hz = torch.exp2(found.octaves)
        row = pitch_scores(hz, found.voiced, voice)
        for name, part in (("noisy", song.snr_db < 10), ("clean", song.snr_db >= 10)):
            row[f"gross_{name}"] = pitch_scores(hz, found.voiced, voice, part)["gross"]
        both = found.voiced & voice.audible
        pressure = output.pressure.gather(-1, found.place.round().long()[..., None])[..., 0]
        row["pressure_r"] = correlation(pressure[both], voice.pressure[both])
        rows.append(row)
    return {name: sum(row[name] for row in rows) / len(rows) for name in rows[0] if name != "knots"}
