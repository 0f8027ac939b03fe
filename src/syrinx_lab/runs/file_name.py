"""Free text as a part of a file's name."""

from __future__ import annotations


def file_name(text: str, also: str = "") -> str:
    """`text` with an underscore for each character but letters, digits, -_+. and those of `also`."""
    return "".join(c if c.isalnum() or c in "-_+." or c in also else "_" for c in text)
