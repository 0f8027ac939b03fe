"""Find, name and write the syllables of raw recordings: `python -m syrinx_lab.segment data.root=RAW`."""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, which take seconds
    from .cli import answer_early

    answer_early("segment")

from dataclasses import asdict
from pathlib import Path

import numpy as np
from omegaconf import DictConfig

from .assembly import build_segmenter
from .cli import entry_point
from .data.annotation_problem import printable
from .data.audio import read_audio
from .data.corpus_settings import CorpusSettings
from .data.segmentation.account import account_of, comparison_lines, lines_of, table_of
from .data.segmentation.against_hand import against_hand
from .data.segmentation.folder import SegmentedFolder, SegmentSettings, segment_folder
from .data.whole_file import write_whole
from .figures.segments import Marked, segments_figure
from .figures.style import save_figure
from .instantiation import plain, settings_of
from .runs.atomic import write_json_atomic, write_text_atomic
from .runs.file_name import file_name
from .runs.permission import refuse_unwritable

_SHOWN_S = 2.0  # of each example


def segment(cfg: DictConfig) -> SegmentedFolder:
    """Segment folders of raw recordings; prints, and writes annotations, a report and a picture of examples.

    Raises:
        ValueError: with one line for folders without recordings, and with data.faulty=error for a file that cannot be
            read.
    """
    config = plain(cfg)
    data, compare = config["data"], config["compare"]
    roots = [data["root"]] if isinstance(data["root"], str) else data["root"]
    beside = config["out"] == "beside"
    name = file_name("+".join(Path(root).expanduser().resolve().name for root in roots))[:100]
    default = Path(config["paths"]["outputs"]) / "segments" / name
    out = default if beside or config["out"] is None else Path(config["out"]).expanduser()
    refuse_unwritable(out, "give out=FOLDER")
    settings = SegmentSettings(
        data["channel"], data["audio_pattern"], config["labels"], config["format"], config["workers"], data["faulty"]
    )
    segmenter = build_segmenter(cfg)
    described = settings_of(cfg.segmenter)
    folder = segment_folder(data["root"], out, segmenter, described, settings, beside=beside, write=compare is None)
    account = account_of(folder)
    lines = lines_of(account)
    if compare is not None:
        reading = CorpusSettings(
            annotations=data["annotations"],
            annotation_root=data["annotation_root"],
            audio_pattern=data["audio_pattern"],
            unannotated="skip",
        )
        against = against_hand(data["root"], folder, reading)
        account["comparison"] = asdict(against)
        lines += ["", f"against the annotations of {against.recordings} recordings"]
        lines += comparison_lines(against.scores, against.labels)
    write_json_atomic(out / "report.json", account)
    write_text_atomic(out / "report.txt", "\n".join(lines) + "\n")
    write_whole(out / "syllables.csv", table_of(folder))
    print("\n".join(lines))
    if stretches := _examples(folder, settings, config["examples"]):
        print(f"look at     {save_figure(segments_figure(stretches), out / 'examples.png')}")
    print(f"report      {out / 'report.txt'}")
    if compare is None and folder.annotations:
        print(f"annotations {'beside the audio' if beside else out / 'annotations'}")
        where = "" if beside else f" data.annotation_root={out / 'annotations'}"
        print(f"train with  data.root={_typed(roots)}{where} data.unannotated=skip")
    return folder


def _typed(roots: list[str]) -> str:
    return roots[0] if len(roots) == 1 else f"[{','.join(roots)}]"


def _examples(folder: SegmentedFolder, settings: SegmentSettings, count: int) -> list[Marked]:
    """The first two seconds of song of recordings that are evenly spread."""
    singing = [(file, one) for file, one in folder.files if one.result.syllables]
    chosen = np.linspace(0, max(len(singing) - 1, 0), min(count, len(singing))).astype(int)
    stretches: list[Marked] = []
    for file, one in (singing[k] for k in np.unique(chosen)):
        begin = max(one.result.syllables[0].onset_s - 0.05, 0.0)
        clip = read_audio(file.path, sample_rate=one.sample_rate, channel=settings.channel)
        samples = clip.samples[round(begin * one.sample_rate) : round((begin + _SHOWN_S) * one.sample_rate)]
        marks = [
            (s.onset_s - begin, s.offset_s - begin, name)
            for s, name in zip(one.result.syllables, folder.labels[file.id])
            if s.offset_s < begin + _SHOWN_S
        ]
        stretches.append((f"{printable(file.id)} from {begin:.2f} s", samples, one.sample_rate, marks))
    return stretches


def main() -> None:
    """The console entry."""
    entry_point(segment, config_name="segment", interrupted="interrupted: the same command goes on")


if __name__ == "__main__":
    main()
