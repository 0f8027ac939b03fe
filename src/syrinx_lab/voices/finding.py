"""From the name of a voice to its folder, and which model a command is to take."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from pathlib import Path

from ..homeless import writable
from ..runs.atomic import read_json
from ..runs.directory import find_run

SHIPPED = Path(__file__).resolve().parent / "shipped"
DEFAULT = "any_bird"


def shipped_voices() -> list[str]:
    """The names of the voices that travel with the package."""
    return sorted(path.parent.name for path in SHIPPED.glob("*/voice.json"))


def voice_folder(voice: str | Path) -> Path:
    """The folder of a voice: of a shipped one by its name, else of the run that `voice` belongs to.

    voice  a name, a voice's folder, or a run's folder or any file in it
    Raises ValueError with one line where there is neither.
    """
    if str(voice) in shipped_voices():
        return SHIPPED / str(voice)
    if Path(voice).expanduser().exists():
        return find_run(Path(voice).expanduser()).path
    known = ", ".join(shipped_voices()) or "none"
    raise ValueError(f"voice is {str(voice)!r}: there is no such voice and no such run; shipped are: {known}")


def model_folder(run: str | None, voice: str | None, default: str | None = None) -> tuple[Path, bool]:
    """The folder of the model that a command takes, and whether it is taken as a voice, for a bird of which it knows
    nothing.

    default  the voice where neither is given; None: one of the two must be
    Raises ValueError with one line for both at once, for neither, and for what is not there.
    """
    if run is not None and voice is not None:
        raise ValueError("run and voice are both given: give run=RUN for the bird that it was trained on, or voice=")
    if run is not None:
        return Path(run), False
    if voice is None and default is None:
        raise ValueError("run is not set: give it on the command line, as run=outputs/RUN, or voice=NAME")
    return voice_folder(str(voice if voice is not None else default)), True


def own_copy(folder: Path, outputs: str | Path) -> Path:
    """A voice's folder that results can be written to: itself, or where that may not be, a copy under `outputs`.

    Of what lies within the package nothing is ever changed. The copy is OUTPUTS/voices/NAME-XXXXXXXX, eight digits of
    the checksums; it is made once.
    """
    if not folder.resolve().is_relative_to(SHIPPED) and writable(folder):
        return folder
    record = read_json(folder / "voice.json")
    code = hashlib.sha256(repr(sorted(record["sha256"].items())).encode()).hexdigest()[:8]
    copy = Path(outputs) / "voices" / f"{record['name']}-{code}"
    if not (copy / "voice.json").is_file():
        copy.parent.mkdir(parents=True, exist_ok=True)
        partial = copy.with_name(f".{copy.name}.{secrets.token_hex(4)}.tmp")
        shutil.copytree(folder, partial, copy_function=shutil.copyfile)
        try:
            os.replace(partial, copy)
        except OSError:  # another process was first
            shutil.rmtree(partial, ignore_errors=True)
            if not (copy / "voice.json").is_file():
                raise
    return copy
