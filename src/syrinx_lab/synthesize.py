"""Sing a whole song by its drives alone: `python -m syrinx_lab.synthesize run=outputs/... song=SONG.wav`."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from omegaconf import DictConfig, OmegaConf

from .assembly import build_datamodule, build_model, plain
from .cli import entry_point
from .data.audio import write_wav
from .evaluate import select_checkpoint
from .figures.songs import song_figure
from .figures.style import save_figure
from .model import Ouroboros
from .runs.directory import RunDirectory, find_run, swept_selection
from .synthesis.drive_csv import read_drives, write_drives
from .synthesis.edits import Edit, edited, pitch_out_of_range
from .synthesis.likeness import long_tf_corr, rms
from .synthesis.reading import read_table
from .synthesis.singing import sing
from .synthesis.song import Song, read_song
from .synthesis.table import DriveTable, layout
from .training.weights import load_weights


def synthesize(cfg: DictConfig) -> None:
    """Read the drives of `song` (or of `drives_in`), edit them, sing them; write wav, CSV and picture."""
    chosen = plain(cfg)
    edit = Edit(**chosen["edit"])
    if chosen["song"] is None and chosen["drives_in"] is None:
        raise ValueError("there is nothing to sing: give song=FILE, or drives_in=FILE.csv")
    if not 0 < chosen["chunk_s"] < math.inf:
        raise ValueError(f"chunk_s is {chosen['chunk_s']}: use seconds above 0")
    run = find_run(chosen["run"])
    stored = OmegaConf.create(run.config())
    if chosen["data_root"] is not None:
        stored.data.root = chosen["data_root"]
    model = _model(run, stored, chosen)
    song = None if chosen["song"] is None else _song(chosen, stored)
    begun = time.perf_counter()
    table = edited(_table(model, song, chosen["drives_in"]), edit, model)
    voice = sing(
        model,
        table,
        seed=stored.seed,
        ic_noise_rms=stored.loss.ic_noise_rms,
        chunk=max(1, round(chosen["chunk_s"] * model.sample_rate)),
    )
    sound = np.empty(table.samples, np.float32)
    place = 0
    for part in voice:
        sound[place : place + len(part)] = part
        place += len(part)
    took = time.perf_counter() - begun
    _tell(sound, table, model, song, edit, took, asked=chosen["drives_in"] is None)
    _write(sound, table, model.sample_rate, song, edit, chosen, run)


def _model(run: RunDirectory, stored: DictConfig, chosen: dict[str, Any]) -> Ouroboros:
    checkpoint, selection = chosen["checkpoint"], swept_selection(chosen["run"])
    if checkpoint is None and selection is not None:
        checkpoint = run.path / selection["checkpoint"]
    if checkpoint is None:
        rule = stored.selection.get("checkpoint", stored.selection.name)
        _, checkpoint = select_checkpoint(run, rule, stored.selection.metric, run.history.read())
    model = build_model(stored)
    model.backend = "auto"  # the same numbers, whatever the training ran on
    load_weights(model, checkpoint)
    return model.eval()


def _song(chosen: dict[str, Any], stored: DictConfig) -> Song:
    song = read_song(
        chosen["song"], build_datamodule(stored).reading | {"root": plain(stored)["data"]["root"]}, chosen["scale"]
    )
    if not song.annotated and chosen["scale"] is None and stored.data.scale != "none":
        print(f"note: no annotated syllable, so its level is that of the whole recording: scale={song.scale:.4g}")
    return song


def _table(model: Ouroboros, song: Song | None, drives_in: str | None) -> DriveTable:
    if drives_in is not None:
        return read_drives(drives_in, layout(model), hop=model.control_hop, sample_rate=model.sample_rate)
    assert song is not None
    return read_table(model, song.samples, scale=song.scale)


def _tell(
    sound: NDArray[np.float32],
    table: DriveTable,
    model: Ouroboros,
    song: Song | None,
    edit: Edit,
    took: float,
    *,
    asked: bool,
) -> None:
    """Print what was made and how it compares; sound that is no number becomes silence."""
    rate = model.sample_rate
    bad = ~np.isfinite(sound)
    if bad.any():
        print(f"warning   the oscillator left the numbers at {int(bad.argmax()) / rate:.3f} s: silence instead")
        sound[bad] = 0
    beyond = pitch_out_of_range(table, model)
    if beyond:
        low, high = model.prior.pitch_range_hz if model.prior else (0.0, math.inf)
        print(f"warning   {beyond:.1%} of the song asks for a pitch beyond the oscillator's {low:.0f} to {high:.0f} Hz")
    seconds = len(sound) / rate
    print(f"duration  {seconds:.3f} s" + ("" if song is None else f", the recording {len(song.samples) / rate:.3f} s"))
    if song is not None:
        recording = song.samples / np.float32(song.scale)
        level = rms(sound)
        relative = f"{20 * math.log10(level / rms(recording)):+.2f} dB re the recording" if level > 0 else "silent"
        print(f"rms       {level:.4g}, {relative}")
        if not edit:
            both = min(len(sound), len(recording))
            value = long_tf_corr(sound[:both], recording[:both], sample_rate=rate)
            print(f"tf_corr   {value:.4f} over {both / rate:.3f} s")
    what = "reading drives and singing" if asked else "singing"
    print(f"speed     {seconds / took:.1f} times real time, {took:.2f} s for {what}")


def _write(
    sound: NDArray[np.float32],
    table: DriveTable,
    rate: int,
    song: Song | None,
    edit: Edit,
    chosen: dict[str, Any],
    run: RunDirectory,
) -> None:
    source = Path(chosen["song"] or chosen["drives_in"])
    changes = [f"-{name}{factor:g}" for name, factor in vars(edit).items() if factor != 1]
    out = Path(chosen["out"] or run.path / "synthesis" / f"{source.stem}{''.join(changes)}.wav")
    write_wav(out, sound, rate)
    print(f"sound     {out}")
    if (drives := _beside(out, chosen["drives_out"], ".csv")) is not None:
        write_drives(drives, table)
        print(f"drives    {drives}")
    if (picture := _beside(out, chosen["picture"], ".png")) is not None:
        recording = None if song is None else song.samples / np.float32(song.scale)
        save_figure(song_figure(recording, sound, rate, tempo=edit.tempo, title=source.name), picture)
        print(f"look at   {picture}")


def _beside(out: Path, given: str | None, suffix: str) -> Path | None:
    """The file that was given, or the wav's name with another ending; none: None."""
    if given == "none":
        return None
    return out.with_suffix(suffix) if given is None else Path(given)


def main() -> None:
    """The console entry."""
    entry_point(synthesize, config_name="synthesize")


if __name__ == "__main__":
    main()
