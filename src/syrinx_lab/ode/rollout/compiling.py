"""torch.compile, one function at a time."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from itertools import count
from types import FunctionType
from typing import Any, cast

import torch
from torch import Tensor

Compiler = str | Callable[..., Any]  # a backend of torch.compile

_TRITON_CAPABILITY = (7, 0)  # the oldest CUDA devices that torch.compile generates code for
_numbers = count()


def compile_apart(function: Callable[..., tuple[Tensor, Tensor]], compiler: Compiler) -> Callable[..., Any]:
    """`function` as torch.compile makes it, with graphs that are counted for it alone.

    torch counts graphs by code object, which the closures of one definition share, and gives up after eight: a process
    that trains several models would lose its compiler on the way. So each closure gets a code object of its own.
    """
    function = cast(FunctionType, function)
    code = function.__code__
    name = f"{code.co_name}_{next(_numbers)}"
    own = FunctionType(
        code.replace(co_name=name), function.__globals__, name, function.__defaults__, function.__closure__
    )
    return torch.compile(own, backend=compiler, fullgraph=True)


def code_is_generated_for(device: torch.device) -> bool:
    """Whether torch.compile has a code generator for this CUDA device: it takes Triton and a capability of 7.0."""
    if not torch.cuda.is_available() or find_spec("triton") is None:
        return False
    return torch.cuda.get_device_capability(device) >= _TRITON_CAPABILITY


def in_one_line(error: Exception) -> str:
    """What a compiler or a driver threw, which may be a page, as the beginning of one line."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 160 else text[:157] + "..."
