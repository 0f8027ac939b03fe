"""How much sound the header of an audio file promises, against how much the file holds.

libsndfile reads a wav that was cut short without a word: it returns the frames that are there. The checks here tell.
"""

from __future__ import annotations

import re
import struct
from pathlib import Path

# Recorders that stream write a placeholder near 2**31 or 2**32 for a size they cannot know yet.
_PLACEHOLDER = 0x7FFF0000


def missing_sound(path: Path, log: str, frames_promised: int, frames_read: int) -> str | None:
    """What is missing from an audio file, in words, or None when it is whole.

    log              libsndfile's account of the header (`soundfile.SoundFile.extra_info`)
    frames_promised  frames that libsndfile announced on opening
    frames_read      frames that it returned
    """
    if frames_read < 0.99 * frames_promised:  # for mp3 the number announced may be an estimate
        return f"the header promises {frames_promised} frames and {frames_read} can be read"
    sizes = _riff_data_sizes(path) or _logged_sizes(log)
    if sizes is not None and sizes[0] > sizes[1]:
        return f"the header promises {sizes[0]} bytes of sound and the file holds {sizes[1]} ({frames_read} frames)"
    return None


def _riff_data_sizes(path: Path) -> tuple[int, int] | None:
    """Bytes of the data chunk as promised and as held, for wav and RF64; None for other formats and streamed files."""
    with path.open("rb") as file:
        form = file.read(12)
        if form[:4] not in (b"RIFF", b"RIFX", b"RF64") or form[8:] != b"WAVE":
            return None
        order = ">" if form[:4] == b"RIFX" else "<"
        size_64: int | None = None
        while len(header := file.read(8)) == 8:
            name, size = header[:4], struct.unpack(order + "I", header[4:])[0]
            if name == b"data":
                promised = size_64 if size_64 is not None else size
                held = path.stat().st_size - file.tell()
                return None if size_64 is None and promised >= _PLACEHOLDER else (promised, held)
            start = file.tell()
            if name == b"ds64":
                size_64 = struct.unpack("<8xQ", file.read(16))[0]
            file.seek(start + size + size % 2)  # chunks are padded to an even length
    return None


def _logged_sizes(log: str) -> tuple[int, int] | None:
    """The first size in libsndfile's log that exceeds what the file holds: AIFF, AU and W64 headers are reported so."""
    for promised, held in re.findall(r": (\d+) \(should be (\d+)\)", log):
        if int(held) < int(promised) < _PLACEHOLDER:
            return int(promised), int(held)
    return None
