"""What the oscillator does, syllable by syllable: `python -m syrinx_lab.dynamics run=outputs/RUN`."""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, which take seconds
    from ..cli import answer_early

    answer_early("dynamics")

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from ..cli import entry_point
from ..evaluation.atlas_study import AtlasStudy
from ..evaluation.clips import Clip, evenly_spread
from ..figures.dynamics_movie import movie_suffix, write_movie
from ..instantiation import build, plain
from ..named_model import named_model
from ..reporting.dynamics_page import write_dynamics_page
from ..runs.file_name import file_name
from ..runs.permission import refuse_unwritable
from ..runs.provenance import provenance
from ..runs.registry import record_quietly
from ..runs.registry_database import refuse_registry
from ..selected_model import SelectedModel
from .clip_atlas import ClipAtlas
from .system_atlas import check_system, system_atlas, system_facts


def dynamics(cfg: DictConfig) -> None:
    """Write dynamics.html with its figures and tables: of clips of a run, or of a known system.

    Raises ValueError with one line when neither or both are asked for, on a run, checkpoint, recording or clip that is
    not there, and on a system whose class or numbers are wrong.
    """
    chosen = plain(cfg)
    if (chosen["run"] is None and chosen["voice"] is None) == (chosen["system"] is None):
        raise ValueError("give run=outputs/RUN (or voice=NAME) or system=van_der_pol, one of the two")
    if chosen["system"] is not None:
        _of_system(cfg, chosen)
    else:
        _of_run(chosen)


def _of_run(chosen: Mapping[str, Any]) -> None:
    began = time.perf_counter()
    refuse_registry(chosen["paths"]["outputs"], chosen["paths"]["registry"])
    named = named_model(chosen)
    loaded, run, stored, split = named.loaded, named.loaded.run, named.stored, named.split
    if not loaded.model.oscillator.is_polynomial:
        kind = type(loaded.model.oscillator).__name__
        raise ValueError(f"{run.path} is of a {kind}: dynamics takes polynomial oscillators apart, give a run of one")
    out = run.dynamics_path if chosen["out"] is None else Path(chosen["out"])
    refuse_unwritable(out, "give out=FOLDER")
    clips = _clips(named.datamodule().clips(split), {**chosen, "split": split})
    study = AtlasStudy(
        loaded.model,
        split=split,
        ic_noise_rms=stored.rollout.ic_noise_rms,
        seed=chosen["seed"],
        moments=chosen["moments"],
    )
    page, atlases = write_dynamics_page(
        study.of_clips(clips, workers=chosen["workers"], say=lambda line: print(line, flush=True)),
        out,
        title=run.path.resolve().name,
        question="What does the oscillator do, syllable by syllable?",
        facts=_facts(loaded, split, len(clips)),
        made=_made(),
    )
    _finish(atlases, page, chosen["movie"])
    if out.resolve() == (run.dynamics_path).resolve():
        record_quietly(run, chosen["paths"]["outputs"], chosen["paths"]["registry"])
    print(f"took      {time.perf_counter() - began:.0f} s for {len(atlases)} clip{'' if len(atlases) == 1 else 's'}")


def _of_system(cfg: DictConfig, chosen: Mapping[str, Any]) -> None:
    system = check_system(build(cfg.system))
    given = {key: value for key, value in chosen["system"].items() if key not in ("_target_", "name")}
    name = chosen["system"].get("name") or chosen["system"]["_target_"].rpartition(".")[2]
    out = Path(chosen["out"] or Path(chosen["paths"]["outputs"]) / "dynamics" / (file_name(name) or "system"))
    refuse_unwritable(out, "give out=FOLDER")
    settings = ", ".join(f"{key} = {value}" for key, value in given.items())
    shown = f"{name}: {settings}" if settings else name
    atlas = system_atlas(system, name=shown, stem=file_name(name) or "system", moments=chosen["moments"])
    page, _ = write_dynamics_page(
        [atlas],
        out,
        title=name,
        question=f"What does it do? {system.about[:1].upper()}{system.about[1:]}",
        kind="The system",
        facts=[("numbers", settings), ("source", system.source), *system_facts(system)],
        made=_made(),
    )
    _finish([atlas], page, chosen["movie"])


def _clips(clips: Sequence[Clip], chosen: Mapping[str, Any]) -> list[tuple[int, Clip]]:
    """The clips that are asked for, each with its number in the split."""
    numbered = list(enumerate(clips))
    if chosen["clip"] is not None:
        if chosen["clip"] >= len(numbered):
            known = f"{chosen['split']} has {len(numbered)}, use 0 to {len(numbered) - 1}"
            raise ValueError(f"clip is {chosen['clip']}: {known}")
        return [numbered[chosen["clip"]]]
    return numbered if chosen["clips"] is None else evenly_spread(numbered, chosen["clips"])


def _facts(loaded: SelectedModel, split: str, count: int) -> list[tuple[str, str]]:
    oscillator = loaded.model.oscillator
    return [
        ("clips", f"{count} of {split}"),
        ("oscillator", f"{type(oscillator).__name__} of degree {oscillator.degree}"),
        ("step", f"h = dt / tau = {oscillator.step:.3g} at {oscillator.sample_rate} Hz"),
        ("checkpoint", str(loaded.run.shown(loaded.checkpoint))),
        ("epoch", str(loaded.epoch)),
    ]


def _finish(atlases: Sequence[ClipAtlas], page: Path, movie: bool) -> None:
    """Print what is wrong, make the movies, and say where all lies."""
    for atlas in atlases:
        for remark in atlas.remarks:
            print(f"note: {atlas.stem}: {remark}")
    if movie:
        suffix = movie_suffix()
        if suffix == ".gif":
            print("note: there is no ffmpeg on this machine: movies are GIFs")
        for atlas in atlases:
            if len(atlas.times_s):
                print(f"drawing   {len(atlas.times_s)} frames of {atlas.stem}", flush=True)
                print(f"movie     {write_movie(atlas, page.parent / f'{atlas.stem}-movie{suffix}')}", flush=True)
            else:
                print(f"note: {atlas.stem}: there is no moment to show, so no movie is made")
    print(f"tables    {page.parent}/*.csv\nfigures   {page.parent}/*.png\nlook at   {page}")


def _made() -> str:
    made = provenance()
    git = made["git"]
    code = f" with code {git['commit'][:10]}{' and changes' if git['dirty'] else ''}" if git else ""
    return f"{made['created_at']}{code}"


def main() -> None:
    """The console entry."""
    entry_point(dynamics, config_name="dynamics")


if __name__ == "__main__":
    main()
