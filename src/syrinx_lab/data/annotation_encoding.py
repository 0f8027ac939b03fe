"""The text of an annotation file, whatever its encoding and line ends."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import NamedTuple

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WINDOWS = {byte: bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(0x80, 0xA0)}
_SNIFFED = 4096  # bytes
_ADVICE = "save it as UTF-8 if labels or names look wrong"


class Decoded(NamedTuple):
    """The text of a file with \\n for every line end, and a note where its encoding had to be guessed."""

    text: str
    note: str | None


def decode(path: Path) -> Decoded:
    """The text of a file: UTF-8, UTF-16 or UTF-32 by its byte order mark, UTF-16 without one, else Windows-1252.

    Raises ValueError when the bytes are no text at all, or broken off within a character.
    """
    raw = path.read_bytes()
    encoding = next((name for mark, name in _MARKS if raw.startswith(mark)), None) or _unmarked_utf16(raw)
    note = None
    try:
        text = raw.decode(encoding or "utf-8")
    except UnicodeDecodeError as error:
        if encoding:
            reason = f"not whole {encoding.removesuffix('-sig').upper()} text (byte {error.start})"
            raise ValueError(f"{reason}; save it as UTF-8") from None
        text, note = _single_bytes(raw), f"not UTF-8 (byte {error.start}), read as Windows-1252; {_ADVICE}"
    if "\0" in text:
        raise ValueError(f"not a text file: byte {text.index(chr(0))} is 0; save it as UTF-8 text")
    return Decoded(text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"), note)


def _unmarked_utf16(raw: bytes) -> str | None:
    """utf-16-le or utf-16-be where nearly every second byte is 0, as in text of mostly Latin letters."""
    head = raw[: min(_SNIFFED, len(raw) // 2 * 2)]
    if len(head) < 4:
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    most, few = 0.7 * len(head) / 2, 0.05 * len(head) / 2
    if odd > most and even <= few:
        return "utf-16-le"
    return "utf-16-be" if even > most and odd <= few else None


def _single_bytes(raw: bytes) -> str:
    """Windows-1252, with the five bytes that it leaves open as Latin-1 has them."""
    return raw.decode("latin-1").translate(_WINDOWS)
