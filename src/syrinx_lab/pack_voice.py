"""Make a voice of a run: `python -m syrinx_lab.pack_voice run=outputs/RUN out=FOLDER ...`."""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, which take seconds
    from .cli import answer_early

    answer_early("pack_voice")

from pathlib import Path

from omegaconf import DictConfig

from .cli import entry_point
from .instantiation import plain
from .runs.permission import refuse_unwritable
from .selected_model import load_selected
from .voices.packing import pack_voice as pack


def pack_voice(cfg: DictConfig) -> None:
    """Write the voice of `run` to the folder `out`, see `voices.packing`.

    Raises ValueError with one line on a run or checkpoint that is not there, and on a folder that is.
    """
    chosen = plain(cfg)
    loaded = load_selected(chosen["run"], chosen["checkpoint"]["file"])
    out = Path(chosen["out"]).expanduser()
    refuse_unwritable(out.parent, "give out=FOLDER")
    record = pack(
        loaded.run,
        loaded.checkpoint,
        out,
        epoch=max(loaded.epoch, 0),
        about=chosen["about"],
        command=chosen["command"],
        data=chosen["trained_on"],
        licence=chosen["licence"],
    )
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    print(f"voice     {out}: {size / 1e6:.2f} MB, {len(record.sha256)} files with checksums")
    print(f"sing      python -m syrinx_lab.synthesize voice={out} song=SONG.wav")


def main() -> None:
    """The console entry."""
    entry_point(pack_voice, config_name="pack_voice")


if __name__ == "__main__":
    main()
