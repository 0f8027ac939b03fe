"""Sing a whole song by its drives alone: `python -m syrinx_lab.synthesize song=SONG.wav`, of any bird, by a voice."""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, which take seconds
    from .cli import answer_early

    answer_early("synthesize")

    from .synthesis.compile_ahead import compile_ahead

    compile_ahead()

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from .birds import UNKNOWN
from .cli import entry_point
from .data.audio import write_wav
from .data.layout import expand
from .data.resampling import resample_to
from .evaluation.refinement import Refinement
from .instantiation import plain
from .model import Ouroboros
from .runs.recordings import recordings_of
from .selected_model import SelectedModel, choose_bird, load_selected
from .synthesis.account import Samples, compared, finite, out_of_reach, reach_lines, unheard_lines
from .synthesis.bird import bird_of_song, calibrate_to, listened
from .synthesis.compile_ahead import wait_for_kernels
from .synthesis.edits import Edit, edited
from .synthesis.output_files import output_files
from .synthesis.process import seconds_since_start
from .synthesis.reading import PIECE_S as READ_S
from .synthesis.reading import read_table
from .synthesis.refining import PIECE_S, refined_table
from .synthesis.singing import sing_whole
from .synthesis.song import Song, read_song
from .synthesis.song_file import SongFile
from .synthesis.streaming import FIRST_S
from .synthesis.streaming import PIECE_S as STREAMED_S
from .synthesis.table import DriveTable, layout
from .synthesis.unheard import sing_unheard
from .voice_assembly import build_reading
from .voices.finding import DEFAULT, model_folder

_LONGEST_TABLE_S = 600.0  # of a song whose drives are written unasked


def synthesize(cfg: DictConfig) -> None:
    """Read the drives of `song` (or of `drives_in`), edit them, sing them; write wav, CSV and picture."""
    chosen = plain(cfg)
    edit = Edit(**chosen["edit"])
    _check(chosen)
    folder, unheard = model_folder(chosen["run"], chosen["voice"], DEFAULT)
    if unheard and chosen["song"] is not None:  # before the seconds that a model takes
        (path,) = expand(chosen["song"])
        chosen["song"] = str(path)
    loaded = load_selected(folder, chosen["checkpoint"]["file"])
    run, model = loaded.run, loaded.model
    stored = OmegaConf.create(run.config())
    # the song and its annotation may lie among the recordings
    stored.data.update(recordings_of(run.config(), run.path, chosen["data_root"], needed=False))
    _choose_bird(loaded, expand(stored.data.root), chosen)
    home = Path(chosen["paths"]["outputs"]) / "voices" / run.path.name if unheard else run.path / "synthesis"
    files = output_files(chosen, edit, home, str(home) if unheard else stored.data.root)
    if unheard:
        print(
            f"voice     {run.path.name}, loaded after {seconds_since_start():.1f} s",
            flush=True,
        )
    if unheard and chosen["song"] is not None:
        file = SongFile(Path(chosen["song"]), model.sample_rate, stored.data.highpass_hz)
        song = _unheard(loaded, stored, file, chosen, edit, files)
        rate = file.native_rate
    else:
        song = None if chosen["song"] is None else _song(stored, chosen)
        rate = model.sample_rate
    if unheard and song is None and chosen["song"] is not None:
        return  # it was sung while it was read
    wait_for_kernels()
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
    write_wav(files["sound"], resample_to(sound, model.sample_rate, rate), rate)
    if "drives" in files:
        from .synthesis.drive_csv import write_drives  # pandas takes its time

        write_drives(files["drives"], table, layout(model))
    _draw(files, None if song is None else song.as_recorded(), sound, model.sample_rate, edit)


def _choose_bird(loaded: SelectedModel, roots: Sequence[Path], chosen: dict[str, Any]) -> None:
    """Of a model of several birds: sing as the one that is asked for, or as the one whose song it is."""
    bird, known = chosen["bird"], loaded.model.birds
    if known is None or bird is not None or chosen["song"] is None:
        return choose_bird(loaded.model, bird)
    (song,) = expand(chosen["song"])
    groups = (loaded.run.split() or {}).get("groups", {})
    known.choose(bird_of_song(song, roots, groups, known.names))
    if known.chosen == UNKNOWN:
        print(f"bird      not one of the model's ({', '.join(known.names)}), sung as an unknown one; bird=NAME chooses")
    else:
        print(f"bird      {known.chosen}")


def _unheard(
    loaded: SelectedModel,
    stored: DictConfig,
    file: SongFile,
    chosen: dict[str, Any],
    edit: Edit,
    files: dict[str, Path],
) -> Song | None:
    """Calibrate the voice to the song and sing it while it is read; or give the song where it is needed whole."""
    model = loaded.model
    if (line := file.take_loudest_channel(listened(file))) is not None:
        print(f"channels  {line}")
    print("".join(f"warning   {one}\n" for one in file.warnings), end="")
    wait_for_kernels()
    bird = calibrate_to(model, file, stored.data.scale_to, chosen["scale"])
    print(f"song      {file.seconds:.2f} s at {file.native_rate} Hz; {bird.line()}", flush=True)
    if chosen["drives_in"] is not None or chosen["refine"] or edit.tempo != 1:
        return Song(file.read(0, file.samples) * bird.scale, bird.scale, annotated=False)
    if file.seconds > _LONGEST_TABLE_S and chosen["drives_out"] is None and "drives" in files:
        del files["drives"]
        print(
            f"note: the song lasts more than {_LONGEST_TABLE_S:.0f} s: its drives are written with drives_out=FILE.csv"
        )
    begun = time.perf_counter()
    sung = sing_unheard(
        model,
        file,
        bird.scale,
        files["sound"],
        seed=stored.seed,
        ic_noise_rms=stored.rollout.ic_noise_rms,
        chunk_s=chosen["chunk_s"],
        edit=edit,
        drives_out=files.get("drives"),
        first_s=min(FIRST_S, chosen["piece_s"] or FIRST_S),
        piece_s=chosen["piece_s"] or STREAMED_S,
        began=lambda: print(f"sounding  after {seconds_since_start():.1f} s", flush=True),
    )
    took = time.perf_counter() - begun
    print("\n".join(reach_lines(*sung.out_of_reach) + unheard_lines(sung, model.sample_rate, alike=not edit)))
    print(f"speed     {file.seconds / took:.1f} times real time: {took:.2f} s for reading drives and singing")
    _draw(files, sung.song.head, sung.sound.head, model.sample_rate, edit)
    return None


def _check(chosen: dict[str, Any]) -> None:
    if chosen["song"] is None and chosen["drives_in"] is None:
        raise ValueError("there is nothing to sing: give song=FILE, or drives_in=FILE.csv")
    if chosen["song"] is None and chosen["refine"]:
        raise ValueError(f"refine is {chosen['refine']}, and there is no song to refine for: give song=FILE")
    for name in ("chunk_s", "piece_s"):
        if chosen[name] is not None and not 0 < chosen[name] < math.inf:
            raise ValueError(f"{name} is {chosen[name]}: use seconds above 0")


def _song(stored: DictConfig, chosen: dict[str, Any]) -> Song:
    song = read_song(chosen["song"], stored.data.root, build_reading(stored), chosen["scale"])
    if song.channels > 1:
        which = "the mean of all" if song.channel == "mean" else f"channel {song.channel}, counted from 0,"
        print(f"channels  {song.channels}: {which} is read, as in training; give a file of another one to sing that")
    print("".join(f"warning   {line}\n" for line in song.warnings), end="")
    if not song.annotated and chosen["scale"] is None and stored.data.scale != "none":
        print(f"note: no annotated syllable, so the level is that of the whole recording: scale={song.scale:.4g}")
    return song


def _table(model: Ouroboros, song: Song | None, chosen: dict[str, Any]) -> DriveTable:
    if chosen["drives_in"] is not None:
        from .synthesis.drive_csv import read_drives

        path = Path(chosen["drives_in"]).expanduser()
        return read_drives(path, layout(model), hop=model.control_hop, sample_rate=model.sample_rate)
    assert song is not None
    return read_table(model, song.samples, scale=song.scale, piece_s=chosen["piece_s"] or READ_S)


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


def _draw(files: dict[str, Path], recording: Samples | None, sound: Samples, sample_rate: int, edit: Edit) -> None:
    """The picture, and where all lies."""
    if "look at" in files:
        from .figures.songs import song_figure  # matplotlib, too
        from .figures.style import save_figure

        figure = song_figure(recording, sound, sample_rate, tempo=edit.tempo, title=files["sound"].stem)
        save_figure(figure, files["look at"])
    for name, path in files.items():
        print(f"{name:9} {path}")


def main() -> None:
    """The console entry."""
    entry_point(synthesize, config_name="synthesize")


if __name__ == "__main__":
    main()
