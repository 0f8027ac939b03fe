"""Checkpoints of the published code: what they hold beside weights, as settings of this lab."""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

# what a numpy scalar or array of plain numbers is pickled with; numpy 1 and 2 name the module differently
_PLAIN = ("f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "?", "U1", "S1")
_LEFT_OUT = ("use_", "enable_")  # switches of parts that this lab builds otherwise
_BEFORE = {"n_layers": 2, "d_state": 1, "d_conv": 4, "expand_factor": 4}  # of files that do not say, as published


@contextmanager
def numpy_scalars() -> Iterator[None]:
    """Let `torch.load(weights_only=True)` read numpy scalars and arrays of plain numbers, and nothing else more."""
    reading: Any = importlib.import_module("numpy._core.multiarray")
    allowed: list[Any] = [np.dtype, np.ndarray, *(type(np.dtype(kind)) for kind in _PLAIN)]
    for function, name in ((reading.scalar, "scalar"), (reading._reconstruct, "_reconstruct")):
        allowed += [(function, f"numpy.{module}.multiarray.{name}") for module in ("_core", "core")]
    with torch.serialization.safe_globals(allowed):
        yield


def published_settings(content: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """The settings that a published checkpoint was trained with, by this lab's dotted keys.

    content  of the file: `ouroboros`, and beside it tau (s), n_layers, d_state, d_conv, expand_factor, and where the
             file is new enough drive_lowpass_ms and keep_const; what it does not say is as the published code reads it.
             A number may be one of numpy or torch
    Raises ValueError where the file's model is none that this lab can be: an Arneodo oscillator, or a published tract,
    envelope or noise.
    """
    plain = {name: _plain(value) for name, value in content.items() if name not in ("ouroboros", "opt")}
    kind = plain.get("parameterization", "poly")
    foreign = [f"parameterization {kind}"] if kind != "poly" else []
    foreign += [name for name, value in plain.items() if name.startswith(_LEFT_OUT) and value is True]
    foreign += ["alpha_lowpass_ms"] if plain.get("alpha_lowpass_ms") else []
    if foreign:
        raise ValueError(f"{path}: trained with {', '.join(foreign)}, which this lab does not have")
    tau = plain.get("tau")
    if not isinstance(tau, float | int) or not 0 < tau < math.inf:
        raise ValueError(f"{path}: tau is {tau!r}: a published checkpoint holds seconds above 0")
    head = content["ouroboros"].get("kernel.weights.bias")
    if head is None or head.dim() != 1:
        raise ValueError(f"{path}: its ouroboros has no kernel.weights.bias, so it is no polynomial Ouroboros")
    sizes = {name: plain.get(name, before) for name, before in _BEFORE.items()}
    return {
        "encoder.name": "samples",
        "encoder.n_layers": sizes["n_layers"],
        "encoder.d_state": sizes["d_state"],
        "encoder.d_conv": sizes["d_conv"],
        "encoder.expand": sizes["expand_factor"],
        "oscillator._target_": "syrinx_lab.ode.polynomial.Polynomial",
        "oscillator.name": "poly",
        "oscillator.degree": math.isqrt(len(head)) - 1,
        "oscillator.keep_const": bool(plain.get("keep_const", False)),
        "oscillator.stiffness": "squared",
        "oscillator.tau": float(tau),
        "oscillator.drive_lowpass_ms": plain.get("drive_lowpass_ms", 0.0),
        "oscillator.control_hop": 1,
        "oscillator.highpass_hz": None,
        "tract.name": "none",
        "noise.name": "none",
    }


def _plain(value: Any) -> Any:
    """A number of numpy or torch, or an array that holds one number, as Python's own."""
    single = isinstance(value, np.generic | np.ndarray | torch.Tensor) and math.prod(value.shape) == 1
    return value.item() if single else value
