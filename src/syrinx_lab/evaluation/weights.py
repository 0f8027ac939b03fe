"""Reading weights: our own checkpoints, and the published ones, with errors that say what is wrong."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..birds import from_weights
from ..encoders.samples import load_published
from ..model import Ouroboros
from .published import numpy_scalars

_PREFIX = "model."
_FORBIDDEN = re.compile(r"(?:Unsupported global: GLOBAL|but got <class) '?([\w.]+)'?")
# what torch says of a pickle that is none of its own comes after a paragraph on safety
_REASON = re.compile(r"(?:.*WeightsUnpickler error:\s*)?([^\n]*)", re.DOTALL)


def read_checkpoint(path: str | Path, *, resumed: bool = False) -> dict[str, Any]:
    """The content of a checkpoint file, on the CPU, loaded with weights_only=True; numpy scalars are read as well.

    resumed  whether it is the run's own latest one, which an earlier one can replace

    Raises:
        ValueError: the file is missing, cut off, no checkpoint, or holds what may not be unpickled.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"{path}: no such checkpoint")
    try:
        with numpy_scalars(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of other programs' pickles
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # bytes that are none of torch's raise whatever they happen to spell
        forbidden = _FORBIDDEN.search(str(error))
        if forbidden is not None:
            raise ValueError(
                f"{path}: holds a {forbidden[1]}, which is not read, since unpickling it can run any code: in the "
                "program that wrote it, save tensors, numbers and text alone"
            ) from None
        found = _REASON.match(str(error).strip())
        reason = found[1] if found is not None and " " in found[1] else type(error).__name__
        remedy = "delete it to go on from the one before" if resumed else "give another file, or a whole copy of it"
        raise ValueError(f"{path}: not a readable checkpoint ({reason[:80]}); {remedy}") from None
    if not isinstance(content, dict):
        raise ValueError(f"{path}: holds no checkpoint but a {type(content).__name__}")
    for part in ("state_dict", "ouroboros"):
        weights = content.get(part, {})
        if not isinstance(weights, Mapping) or not all(isinstance(value, Tensor) for value in weights.values()):
            raise ValueError(f"{path}: its {part} holds no weights by name, so it is no checkpoint of this model")
    return content


def finished_epochs(path: str | Path) -> int:
    """How many epochs a checkpoint of ours was trained for, whatever its name; -1 for one that does not say.

    Raises:
        ValueError: as `read_checkpoint`.
    """
    content = read_checkpoint(path)
    epoch = content.get("epoch") if "state_dict" in content else None
    return epoch + 1 if isinstance(epoch, int) else -1  # Lightning counts the one that has just ended from 0


def model_state(path: str | Path) -> dict[str, Tensor]:
    """The model's state dict in a checkpoint of ours or in a published one (.tar with the key `ouroboros`).

    Raises:
        ValueError: as `read_checkpoint`, or a file with neither.
    """
    content = read_checkpoint(path)
    if "state_dict" in content:
        return {
            key.removeprefix(_PREFIX): value for key, value in content["state_dict"].items() if key.startswith(_PREFIX)
        }
    if "ouroboros" in content:
        try:
            return {f"encoder.{key}": value for key, value in load_published(content["ouroboros"]).items()}
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None
    raise ValueError(f"{path}: has neither state_dict nor ouroboros, so it is no checkpoint of this model")


def load_weights(model: Ouroboros, path: str | Path, *, first: bool = False) -> None:
    """Load a checkpoint's weights into the model.

    first  whether a training starts from them: they need not know its birds, see `birds.from_weights`

    Raises:
        ValueError: as `model_state`, or the checkpoint is of another model, naming the first parameter that differs, or
            a weight is not finite.
    """
    state = model_state(path)
    broken = next((name for name, value in state.items() if not bool(torch.isfinite(value).all())), None)
    if broken is not None:
        raise ValueError(f"{path}: its {broken} is not finite, so it makes no sound: take a checkpoint from before")
    if first and model.birds is not None:
        state = from_weights(state, model.state_dict())
    problem = _mismatch(model.state_dict(), state)
    if problem is not None:
        raise ValueError(
            f"{path} is the checkpoint of another model: {problem}; use the configuration it was trained with"
        )
    model.load_state_dict(state)


def _mismatch(wanted: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> str | None:
    for name in wanted:
        if name not in given:
            return f"it lacks {name}"
        if given[name].shape != wanted[name].shape:
            return f"{name} is {tuple(given[name].shape)}, this model's {tuple(wanted[name].shape)}"
    extra = [name for name in given if name not in wanted]
    return f"it has {extra[0]}, which this model lacks" if extra else None
