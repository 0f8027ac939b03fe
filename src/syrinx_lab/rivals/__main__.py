"""What others can do on the same clips: `python -m syrinx_lab.rivals data=folder data.root=SONGS run=[outputs/RUN]`."""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, which take seconds
    from ..cli import answer_early

    answer_early("rivals")

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from ..assembly import build_datamodule, build_scoring
from ..cli import entry_point
from ..data.corpus_settings import label_list
from ..evaluation.anchors import rendition_anchor
from ..evaluation.refinement import Refinement
from ..from_voice import read_as
from ..instantiation import build, plain
from ..named_model import learned_from_recordings
from ..reporting.rivals_page import write_rivals_page
from ..runs.permission import refuse_unwritable
from ..runs.provenance import provenance
from ..selected_model import load_selected
from ..training.datamodule import SongDataModule
from ..voices.finding import voice_folder
from .comparison import outcomes, targets
from .fairness import refuse_learned, refuse_other_reading
from .files import safe, write_results
from .outcome import Comparison, check_pair
from .rival import MissingExtra, Rival, Songs, check_rival
from .sung_model import SungModel
from .table import print_table


def rivals(cfg: DictConfig) -> None:
    """Let every rival and every run make the clips of `split` again; write scores, sounds and the page.

    Raises ValueError with one line on a run that was trained on these clips or reads them otherwise, on what a rival
    refuses, and where nobody is left to compare.
    """
    voices = plain(cfg)["voice"] or []
    cfg = read_as(cfg, voice_folder(voices[0])) if voices else cfg
    config = plain(cfg)
    title = _title(config["data"])
    folder = Path(config["out"] or Path(config["paths"]["outputs"]) / "rivals" / safe(f"{title}-{config['split']}"))
    refuse_unwritable(folder, "give out=FOLDER")
    chosen, left_out = _chosen(cfg)
    datamodule = build_datamodule(cfg)
    datamodule.prepare(training=False)
    clips = datamodule.clips(config["split"])
    if not clips:
        raise ValueError(f"{config['split']} has no syllable to make again: add recordings, or take the other split")
    chosen |= _runs(config, datamodule)
    if not chosen:
        raise ValueError("nobody is left to compare: leave fewer rivals out, or give run=RUN")
    most, abx = config["eval"]["max_audio"], config["abx"]
    if any(abx.values()):
        check_pair(list(chosen), **abx)
    songs = Songs(*datamodule.calibration_material(), val=datamodule.clips("val"))
    rate = datamodule.sample_rate
    scoring = build_scoring(cfg)
    comparison = Comparison(
        title=title,
        split=config["split"],
        sample_rate=rate,
        targets=targets(clips, rate),
        outcomes=outcomes(chosen, songs, clips, scoring, datamodule, say=print),
        rendition=rendition_anchor(datamodule.renditions(config["split"]), rate),
        known=scoring.known,
        left_out=left_out,
    )
    made = provenance()
    write_results(folder, comparison, made, most)
    print_table(comparison)
    page = write_rivals_page(comparison, folder, most=most, seed=config["seed"], provenance=made, **abx)
    scores = ", ".join(str(folder / f"rivals.{kind}") for kind in ("json", "csv", "md"))
    print(f"scores    {scores}\nsounds    {folder / 'audio'}")
    print(f"look at   {page}")


def _chosen(cfg: DictConfig) -> tuple[dict[str, Rival], dict[str, str]]:
    """The rivals of a configuration by name, and why those are left out that lack an extra, which is printed."""
    found: dict[str, Rival] = {}
    left_out: dict[str, str] = {}
    for name, node in cfg.rivals.items():
        if node is None:
            continue
        key = f"rivals.{name}"
        try:
            found[str(name)] = check_rival(key, build(node))
        except ValueError as error:
            if not isinstance(error.__cause__, MissingExtra):
                raise
            left_out[str(name)] = str(error.__cause__)
            print(f"note: {name} is left out. {error.__cause__}", flush=True)
    return found, left_out


def _runs(config: Mapping[str, Any], datamodule: SongDataModule) -> dict[str, Rival]:
    """The trained runs that take part, by the name of their folder.

    Raises ValueError with one line for one that may not.
    """
    found: dict[str, Rival] = {}
    scored = {id: datamodule.recordings[id].audio_hash for id in datamodule.splits[config["split"]]}
    barred = ("train",) if config["split"] == "val" else ("train", "val")
    named = [(path, False) for path in config["run"]] + [
        (str(voice_folder(one)), True) for one in config["voice"] or []
    ]
    for path, unheard in named:
        loaded = load_selected(path)
        stored = loaded.run.config()
        refuse_other_reading(path, stored["data"], config["data"])
        if not unheard or learned_from_recordings(loaded.run):
            refuse_learned(path, loaded.run.split(), scored, barred)
        if unheard:
            loaded.model.calibrate(*datamodule.calibration_material())
        name = loaded.run.path.resolve().name
        if name in found or name in config["rivals"]:
            raise ValueError(f"run: two that take part are called {name}; rename a folder, or give it once")
        found[name] = SungModel(
            loaded.model,
            sample_rate=loaded.model.sample_rate,
            ic_noise_rms=stored["rollout"]["ic_noise_rms"],
            refinement=Refinement(stored["eval"]["refine"], stored["eval"]["refine_lr"]),
        )
    return found


def _title(data: Mapping[str, Any]) -> str:
    """The bird and its labels, as `G402-abc`."""
    roots = [data["root"]] if isinstance(data["root"], str) else data["root"]
    bird = data["name"] if data["name"] != "folder" else "+".join(Path(root).resolve().name for root in roots)
    labels = label_list(data["label"])
    return f"{bird}-{''.join(labels)}" if labels else str(bird)


def main() -> None:
    """The console entry."""
    entry_point(rivals, config_name="rivals")


if __name__ == "__main__":
    main()
