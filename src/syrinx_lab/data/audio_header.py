"""How much sound the header of an audio file promises, and how much lies in the file.

A recorder that loses power leaves a size of 0, or one that was true minutes before; a copy that broke off leaves one
that is too large. libsndfile reads what both the header and the file hold, without a word. Here the sizes are compared
for WAV (RIFF, RIFX, RF64, with any format chunk), W64, AIFF and AU.

Sources: Microsoft and IBM (1991), Multimedia programming interface and data specifications 1.0 (RIFF); EBU Tech 3306
(RF64); Apple (1989), Audio interchange file format 1.3; Sony Pictures (2004), Wave64.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

# Recorders that stream write a placeholder near 2**31 or 2**32 for a size they cannot know yet.
_PLACEHOLDER = 0x7FFF0000
_GUID_TAIL = bytes.fromhex("f3acd3118cd100c04f8edb8a")  # of every W64 chunk but the first
_TAGS = (b"ID3", b"TAG", b"APE")  # players append them to anything


@dataclass(frozen=True)
class SoundChunk:
    """The bytes of a file that are sound.

    start     where they begin
    promised  how many the header says; None where it says that nobody knows
    held      how many there are up to the end of the file
    frame     bytes of one sample of all channels; None where they are compressed
    trailing  whether what follows the promised bytes is no other chunk, and so may be sound
    sizes     the fields of the header that count: place, struct format, and bytes (or frames) of the file besides sound
    in_frames those of them that count frames
    """

    start: int
    promised: int | None
    held: int
    frame: int | None
    trailing: bool = False
    sizes: tuple[tuple[int, str, int], ...] = ()
    in_frames: frozenset[int] = frozenset()

    def mended(self, content: bytes) -> bytes:
        """The file with a header that promises the whole frames which it holds."""
        assert self.frame is not None
        frames = self.held // self.frame
        mended = bytearray(content[: self.start + frames * self.frame])
        for place, kind, besides in self.sizes:
            value = frames if place in self.in_frames else frames * self.frame + besides
            largest = 2 ** (8 * struct.calcsize(kind)) - 1
            struct.pack_into(kind, mended, place, min(value, largest))
        return bytes(mended)


def sound_chunk(path: Path) -> SoundChunk | None:
    """Where the sound of a file lies and how much of it the header promises; None for formats not known here."""
    size = path.stat().st_size
    with path.open("rb") as file:
        form = file.read(12)
        if form[:4] in (b"RIFF", b"RIFX", b"RF64") and form[8:] == b"WAVE":
            return _riff(file, size, ">" if form[:4] == b"RIFX" else "<")
        if form[:4] == b"FORM" and form[8:] in (b"AIFF", b"AIFC"):
            return _aiff(file, size)
        if form[:4] == b"riff":
            return _w64(file, size)
        if form[:4] == b".snd":
            start, promised = struct.unpack(">II", form[4:])
            return SoundChunk(start, None if promised >= _PLACEHOLDER else promised, max(size - start, 0), None)
    return None


def logged_sizes(log: str) -> tuple[int, int] | None:
    """The first size in libsndfile's log of a header that exceeds what the file holds: promised, held."""
    for promised, held in re.findall(r": (\d+) \(should be (\d+)\)", log):
        if int(held) < int(promised) < _PLACEHOLDER:
            return int(promised), int(held)
    return None


def _riff(file: BinaryIO, size: int, order: str) -> SoundChunk | None:
    frame, wide = None, None
    for name, start, length in _chunks(file, size, order):
        if name == b"fmt " and length >= 14:
            kind, frame = struct.unpack(order + "H10xH", _at(file, start, 14))
            frame = frame if kind in (1, 3, 6, 7, 0xFFFE) and frame else None
        elif name == b"ds64":
            wide = (start, struct.unpack("<Q", _at(file, start + 8, 8))[0])
        elif name == b"data":
            promised = length if wide is None else wide[1]
            sizes: tuple[tuple[int, str, int], ...] = ((4, order + "I", start - 8), (start - 4, order + "I", 0))
            if wide is not None:
                sizes = ((wide[0], "<Q", start - 8), (wide[0] + 8, "<Q", 0), (wide[0] + 16, "<Q", 0))
            if wide is None and promised >= _PLACEHOLDER:
                return SoundChunk(start, None, size - start, frame)
            trailing = not _is_chunk(file, start + promised, size, order)
            frames = frozenset() if wide is None else frozenset({wide[0] + 16})
            return SoundChunk(start, promised, size - start, frame, trailing, sizes, frames)
    return None


def _aiff(file: BinaryIO, size: int) -> SoundChunk | None:
    frame, common = None, 0
    for name, start, length in _chunks(file, size, ">"):
        if name == b"COMM" and length >= 18:
            channels, bits = struct.unpack(">H4xH", _at(file, start, 8))
            plain = length == 18 or _at(file, start + 18, 4) in (b"NONE", b"sowt", b"twos", b"fl32", b"FL32", b"fl64")
            frame, common = (channels * ((bits + 7) // 8) if plain else None), start
        elif name == b"SSND":
            first = start + 8
            promised = max(length - 8, 0)
            sizes = ((4, ">I", first - 8), (start - 4, ">I", 8), (common + 2, ">I", 0))
            trailing = not _is_chunk(file, first + promised, size, ">")
            known = frame is not None and common > 0
            held = promised if known and not trailing and promised < size - first else size - first
            return SoundChunk(first, promised, held, frame if known else None, trailing, sizes, frozenset({common + 2}))
    return None


def _w64(file: BinaryIO, size: int) -> SoundChunk | None:
    frame, place = None, 40
    while place + 24 <= size:
        guid, length = struct.unpack("<16sQ", _at(file, place, 24))
        if guid[4:] != _GUID_TAIL:
            return None
        if guid[:4] == b"fmt ":
            kind, frame = struct.unpack("<H10xH", _at(file, place + 24, 14))
            frame = frame if kind in (1, 3, 6, 7, 0xFFFE) and frame else None
        elif guid[:4] == b"data":
            start, promised = place + 24, max(length - 24, 0)
            following = _at(file, start + -(-promised // 8) * 8, 16)
            trailing = start + promised < size and following[4:] != _GUID_TAIL
            sizes = ((16, "<Q", start), (place + 16, "<Q", 24))
            return SoundChunk(start, promised, size - start, frame, trailing, sizes)
        place += max(-(-length // 8) * 8, 24)
    return None


def _chunks(file: BinaryIO, size: int, order: str) -> Iterator[tuple[bytes, int, int]]:
    """Name, first byte and length of each chunk, also of those whose odd length somebody forgot to pad."""
    place = 12
    while place + 8 <= size:
        name, length = struct.unpack(order + "4sI", _at(file, place, 8))
        yield name, place + 8, length
        after = place + 8 + length
        place = after + length % 2
        if length % 2 and not _is_name(_at(file, place, 4)) and _is_name(_at(file, after, 4)):
            place = after


def _is_chunk(file: BinaryIO, place: int, size: int, order: str) -> bool:
    """Whether a chunk, a tag, padding or nothing lies there, padded to an even place or not."""
    rest = _at(file, place, 64)
    if place + 8 > size or not any(rest) or rest[:3] in _TAGS or rest[1:4] in _TAGS:
        return True
    for begin in (place, place + place % 2, place + 1):
        head = _at(file, begin, 8)
        if len(head) == 8 and _is_name(head[:4]) and struct.unpack(order + "I", head[4:])[0] <= size - begin - 7:
            return True
    return False


def _is_name(name: bytes) -> bool:
    return len(name) == 4 and all(32 <= byte < 127 for byte in name)


def _at(file: BinaryIO, place: int, count: int) -> bytes:
    file.seek(place)
    return file.read(count)
