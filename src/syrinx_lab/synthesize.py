"""Sing a whole song by its drives alone: `python -m syrinx_lab.synthesize run=outputs/... song=SONG.wav`."""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, which take seconds
    from .cli import answer_early

    answer_early("synthesize")

import math
import time
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from .assembly import build_datamodule
from .cli import entry_point
from .data.audio import write_wav
from .evaluation.refinement import Refinement
from .figures.songs import song_figure
from .figures.style import save_figure
from .instantiation import plain
from .model import Ouroboros
from .runs.recordings import recordings_of
from .selected_model import load_selected
from .synthesis.account import Samples, compared, finite, out_of_reach
from .synthesis.drive_csv import read_drives, write_drives
from .synthesis.edits import Edit, edited
from .synthesis.output_files import output_files
from .synthesis.reading import read_table
from .synthesis.refining import PIECE_S, refined_table
from .synthesis.singing import sing_whole
from .synthesis.song import Song, read_song
from .synthesis.table import DriveTable, Part, layout


def synthesize(cfg: DictConfig) -> None:
    """Read the drives of `song` (or of `drives_in`), edit them, sing them; write wav, CSV and picture."""
    chosen = plain(cfg)
    edit = Edit(**chosen["edit"])
    _check(chosen)
    loaded = load_selected(chosen["run"], chosen["checkpoint"]["file"])
    run, model = loaded.run, loaded.model
    stored = OmegaConf.create(run.config())
    # the song and its annotation may lie among the recordings
    stored.data.update(recordings_of(run.config(), run.path, chosen["data_root"], needed=False))
    files = output_files(chosen, edit, run.path / "synthesis", stored.data.root)
    song = None if chosen["song"] is None else _song(stored, chosen)
    begun = time.perf_counter()
    table = _table(model, song, chosen)
    if chosen["refine"]:
        table = _refined(model, table, song, chosen, stored)
    table = edited(table, edit, model)
    chunk = max(1, round(chosen["chunk_s"] * model.sample_rate))
    sound = sing_whole(model, table, seed=stored.seed, ic_noise_rms=stored.rollout.ic_noise_rms, chunk=chunk)
    took = time.perf_counter() - begun
    sound, diverged = finite(sound, model.sample_rate)
    lines = diverged + out_of_reach(table, model) + compared(sound, song, model.sample_rate, alike=not edit)
    print("\n".join(lines))
    what = "reading drives and singing" if chosen["drives_in"] is None else "singing"
    print(f"speed     {len(sound) / model.sample_rate / took:.1f} times real time: {took:.2f} s for {what}")
    _write(files, sound, table, layout(model), song, edit)


def _check(chosen: dict[str, Any]) -> None:
    if chosen["song"] is None and chosen["drives_in"] is None:
        raise ValueError("there is nothing to sing: give song=FILE, or drives_in=FILE.csv")
    if chosen["song"] is None and chosen["refine"]:
        raise ValueError(f"refine is {chosen['refine']}, and there is no song to refine for: give song=FILE")
    for name in ("chunk_s", "piece_s"):
        if not 0 < chosen[name] < math.inf:
            raise ValueError(f"{name} is {chosen[name]}: use seconds above 0")


def _song(stored: DictConfig, chosen: dict[str, Any]) -> Song:
    datamodule = build_datamodule(stored)
    song = read_song(chosen["song"], datamodule.root, datamodule.reading, chosen["scale"])
    if song.channels > 1:
        which = "the mean of all" if song.channel == "mean" else f"channel {song.channel}, counted from 0,"
        print(f"channels  {song.channels}: {which} is read, as in training; give a file of another one to sing that")
    print("".join(f"warning   {line}\n" for line in song.warnings), end="")
    if not song.annotated and chosen["scale"] is None and stored.data.scale != "none":
        print(f"note: no annotated syllable, so the level is that of the whole recording: scale={song.scale:.4g}")
    return song


def _table(model: Ouroboros, song: Song | None, chosen: dict[str, Any]) -> DriveTable:
    if chosen["drives_in"] is not None:
        path = Path(chosen["drives_in"]).expanduser()
        return read_drives(path, layout(model), hop=model.control_hop, sample_rate=model.sample_rate)
    assert song is not None
    return read_table(model, song.samples, scale=song.scale, piece_s=chosen["piece_s"])


def _refined(
    model: Ouroboros, table: DriveTable, song: Song | None, chosen: dict[str, Any], stored: DictConfig
) -> DriveTable:
    assert song is not None, "without a song there is nothing to refine for"
    if table.samples != len(song.samples):
        raise ValueError(
            f"{chosen['drives_in']} lasts {table.samples} samples and the song {len(song.samples)}: to refine drives, "
            "give those of the song as it is"
        )
    print(f"refining  the drives, {chosen['refine']} steps for every {PIECE_S:g} s", flush=True)
    return refined_table(
        model,
        table,
        song.samples,
        Refinement(chosen["refine"], stored.eval.refine_lr),
        seed=stored.seed,
        ic_noise_rms=stored.rollout.ic_noise_rms,
    )


def _write(
    files: dict[str, Path], sound: Samples, table: DriveTable, parts: dict[str, Part], song: Song | None, edit: Edit
) -> None:
    write_wav(files["sound"], sound, table.sample_rate)
    if "drives" in files:
        write_drives(files["drives"], table, parts)
    if "look at" in files:
        recording = None if song is None else song.as_recorded()
        figure = song_figure(recording, sound, table.sample_rate, tempo=edit.tempo, title=files["sound"].stem)
        save_figure(figure, files["look at"])
    for name, path in files.items():
        print(f"{name:9} {path}")


def main() -> None:
    """The console entry."""
    entry_point(synthesize, config_name="synthesize")


if __name__ == "__main__":
    main()
