"""Files that a folder of song may hold and the lab cannot read, and what to do with each kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

_FFMPEG = "convert it to wav, for instance with `ffmpeg -i FILE FILE.wav`"
_AUDIO = {
    ".cbin": "evsonganaly's audio: convert it to wav (Python: evfuncs.load_cbin, then soundfile.write); the .not.mat "
    "beside it is read as it is",
    ".m4a": _FFMPEG, ".mp4": _FFMPEG, ".mov": _FFMPEG, ".avi": _FFMPEG, ".mkv": _FFMPEG, ".aac": _FFMPEG,
    ".wma": _FFMPEG, ".webm": _FFMPEG, ".3gp": _FFMPEG, ".amr": _FFMPEG, ".wv": _FFMPEG, ".ape": _FFMPEG,
    ".rhd": "Intan's recording: write its audio channel as wav (Intan's RHD file reader)",
    ".rhs": "Intan's recording: write its audio channel as wav (Intan's RHS file reader)",
    ".dat": "raw samples without rate or format: write them as wav",
    ".raw": "raw samples without rate or format: write them as wav",
    ".pcm": "raw samples without rate or format: write them as wav",
    ".mat": "MATLAB's: write the audio in it as wav with audiowrite",
    ".npy": "NumPy's: write the audio in it as wav with soundfile.write",
    ".npz": "NumPy's: write the audio in it as wav with soundfile.write",
    ".h5": "HDF5: write the audio in it as wav", ".hdf5": "HDF5: write the audio in it as wav",
    ".nwb": "HDF5: write the audio in it as wav",
}  # fmt: skip
_TABLE = "save it as csv with the columns files, onsets, offsets, labels"
_ANNOTATIONS = {
    ".eaf": "ELAN's: export it as a Praat TextGrid",
    ".xlsx": f"a spreadsheet: {_TABLE}", ".xls": f"a spreadsheet: {_TABLE}", ".ods": f"a spreadsheet: {_TABLE}",
    ".numbers": f"a spreadsheet: {_TABLE}",
    ".aup": "an Audacity project: export its labels", ".aup3": "an Audacity project: export its labels",
    ".svl": "Sonic Visualiser's, but without a point: export a layer of regions",
    ".sv": "Sonic Visualiser's: export the layer as csv with a header",
    ".json": f"JSON: {_TABLE}", ".pkl": f"a pickle: {_TABLE}", ".pickle": f"a pickle: {_TABLE}",
    ".rds": f"R's: {_TABLE}", ".rda": f"R's: {_TABLE}", ".rdata": f"R's: {_TABLE}",
    ".lab": "rename it to .txt if its lines are `onset offset label` in seconds",
    ".seg": "rename it to .txt if its lines are `onset offset label` in seconds",
    ".sqlite": f"a database: {_TABLE}", ".db": f"a database: {_TABLE}", ".parquet": f"Parquet: {_TABLE}",
    ".mat": "not evsonganaly's (.not.mat) and not SongAnnotationGUI's (keys, elements)",
    ".h5": f"HDF5: {_TABLE}", ".hdf5": f"HDF5: {_TABLE}", ".npy": f"NumPy's: {_TABLE}", ".npz": f"NumPy's: {_TABLE}",
    ".xml": "not of the BirdsongRecognition data set",
}  # fmt: skip


def foreign_audio(names: Iterable[Path]) -> str | None:
    """One line on the audio of kinds that cannot be read, the commonest kind first; None where there is none."""
    kinds = Counter(name.suffix.lower() for name in names if not name.name.lower().endswith(".not.mat"))
    found = [(kind, count) for kind, count in kinds.most_common() if kind in _AUDIO]
    if not found:
        return None
    kind, count = found[0]
    others = "".join(f", {number} {other}" for other, number in found[1:])
    return f"{count} {kind} file(s){others} cannot be read; {kind}: {_AUDIO[kind]}"


def how_to_convert(name: str) -> str | None:
    """What to do with audio of this name's kind, which cannot be read; None for kinds that can."""
    kind = Path(name).suffix.lower()
    return f"{kind}: {_AUDIO[kind]}" if kind in _AUDIO else None


def is_foreign_audio(name: str) -> bool:
    """Whether a name ends as audio of a kind that the lab cannot read."""
    return Path(name).suffix.lower() in _AUDIO


def why_not_annotation(name: Path) -> str | None:
    """Why a file of this kind, which may well hold annotations, is not read, and what to do; None for other kinds."""
    return _ANNOTATIONS.get(name.suffix.lower())
