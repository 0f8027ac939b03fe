"""The file of a trained ear: settings and weights in half precision, nothing but plain data."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from .network import Ear

_FORMAT = "syrinx_lab ear 1"


def save_ear(ear: Ear, path: str | Path, trained: Mapping[str, Any] | None = None) -> str:
    """Write an ear to a file, under a temporary name first; returns the sha256 of the file.

    trained  how it came about: plain values
    Weights are rounded to half precision: a thousandth of themselves.
    """
    state = {name: value.detach().cpu().half() for name, value in ear.state_dict().items()}
    buffer = io.BytesIO()  # a file's own name would stand in it
    torch.save({"format": _FORMAT, "settings": ear.settings, "trained": dict(trained or {}), "state": state}, buffer)
    path = Path(path)
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(buffer.getvalue())
    os.replace(partial, path)
    return hashlib.sha256(buffer.getvalue()).hexdigest()


def load_ear(path: str | Path, sha256: str | None = None) -> Ear:
    """The ear of a file, in evaluation mode.

    sha256  what the file must have; None: anything
    Raises ValueError with one line when there is no such file, it is no ear, or another one than it should be.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"{path}: no such ear; give the ear.pt of a run of experiment=ear")
    content = path.read_bytes()
    if sha256 is not None and (found := hashlib.sha256(content).hexdigest()) != sha256:
        raise ValueError(f"{path}: its sha256 is {found[:12]}, not {sha256[:12]}: install the lab again")
    try:
        stored = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        known = stored["format"] == _FORMAT
        ear = Ear(**stored["settings"]) if known else None
        if ear is not None:
            ear.load_state_dict({name: value.float() for name, value in stored["state"].items()})
    except Exception as error:  # a pickle can fail in any way
        raise ValueError(f"{path}: not an ear, or a damaged one; give the ear.pt of a run of experiment=ear") from error
    if ear is None:
        raise ValueError(f"{path}: an ear of another version of the lab; train it again with experiment=ear")
    return ear.eval().requires_grad_(False)


def identity_of(ear: Ear) -> str:
    """16 hexadecimal digits of an ear's weights."""
    digest = hashlib.sha256()
    for name, value in ear.state_dict().items():
        digest.update(name.encode() + value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


TRAINED = Path(__file__).with_name("trained")
"""The ear that comes with the lab, ear.pt, and ear.json: how it was made, its sha256, licence and scores."""


def packaged_ear() -> Ear:
    """The ear that comes with the lab; raises ValueError where its file is not what ear.json says."""
    return load_ear(TRAINED / "ear.pt", packaged_sha256())


def packaged_sha256() -> str:
    """The sha256 of the ear that comes with the lab."""
    return str(json.loads((TRAINED / "ear.json").read_text(encoding="utf-8"))["sha256"])
