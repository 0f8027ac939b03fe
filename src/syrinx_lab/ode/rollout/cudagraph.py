"""The rollout as one captured step: a CUDA graph of one step is replayed over the horizon, and one of its adjoint."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from ..control_rate import at_audio_rate
from . import eager
from .advance import Advance
from .compiling import in_one_line
from .problem import InitialValueProblem

Function = Callable[[], None]
Capture = Callable[[Function, torch.device], Function]  # what runs once -> what replays it

_WINDOW = 64  # samples of the drives and of the trajectory that lie in the graphs' memory at a time
_refusals: dict[torch.device, str] = {}  # devices on which a capture failed, and why


def integrate(problem: InitialValueProblem, capture: Capture | None = None) -> tuple[Tensor, Tensor]:
    """The trajectory by H - 1 replays of one step.

    The host starts one graph a step, where eager starts some hundred kernels. The graphs read and write a window of
    64 samples, which is moved along, so their memory does not depend on the horizon. Backward replays the captured
    vector-Jacobian product of a step from the last to the first, from the trajectory, the only thing that is kept
    (first derivatives only). Drives at control rate are brought to audio rate first: the interpolation then costs a
    few kernels a rollout instead of a few a step.

    A device on which nothing can be captured gets one warning, and eager computes there.

    capture  makes a replayable function of one that runs on fixed memory; None captures a CUDA graph
    """
    drives, ic, horizon = problem.drives, problem.ic, problem.horizon
    if horizon == 1:
        return ic[0].unsqueeze(1), ic[1].unsqueeze(1)
    inputs = (drives.stiffness, drives.gamma, drives.weights, *ic)
    backward = torch.is_grad_enabled() and any(y.requires_grad for y in inputs)
    forced = problem.forcing is not None
    graphs = _captured(drives.weights, problem.advance, forced, backward, capture or capture_graph)
    if graphs is None:
        return eager.integrate(problem)
    every = at_audio_rate(drives, horizon - 1)
    xs, vs = _Replayed.apply(graphs, problem.rate, every.stiffness, every.gamma, every.weights, *ic, *problem.data)
    return xs.T, vs.T


def runs_on(device: torch.device) -> bool:
    """Whether a step can be captured on this device, by trying it on a small one; warns as `integrate` does."""
    weights = torch.zeros(1, 1, 2, 2, device=device)
    return _captured(weights, Advance(1.0, None), False, True, capture_graph) is not None


def capture_graph(function: Function, device: torch.device) -> Function:
    """Capture what `function` does on a CUDA device; the result does it again, on the same memory.

    Raises RuntimeError when the device is not of CUDA, and whatever the driver throws.
    """
    if device.type != "cuda":
        raise RuntimeError("CUDA graphs need a CUDA device")
    with torch.cuda.device(device):
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):  # libraries set themselves up on first use, which cannot be captured
                function()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        # thread_local: a data loader that pins memory meanwhile would break a capture that watches all threads
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            function()
    return graph.replay


def _captured(weights: Tensor, advance: Advance, forced: bool, backward: bool, capture: Capture) -> _Graphs | None:
    """The graphs for drives like these, or None, with one warning a device, where they cannot be captured."""
    device = weights.device
    if device in _refusals and capture is capture_graph:
        return None
    try:
        graphs = _graphs(advance, len(weights), weights.shape[-1], weights.dtype, device, forced, capture)
        _ = graphs.forward, graphs.backward if backward else None
    except Exception as error:  # what drivers and libraries throw is not one family
        _refusals[device] = in_one_line(error)
        warnings.warn(
            f"backend cudagraph runs as eager on {device}: no step can be captured ({_refusals[device]})", stacklevel=3
        )
        return None
    return graphs


@lru_cache(maxsize=8)
def _graphs(
    advance: Advance, batch: int, side: int, dtype: torch.dtype, device: torch.device, forced: bool, capture: Capture
) -> _Graphs:
    return _Graphs(advance, batch, side, dtype, device, forced, capture)


class _Graphs:
    """A step and its vector-Jacobian product, each captured when first asked for, and the memory that they work on."""

    def __init__(
        self,
        advance: Advance,
        batch: int,
        side: int,
        dtype: torch.dtype,
        device: torch.device,
        forced: bool,
        capture: Capture,
    ) -> None:
        def memory(*shape: int) -> Tensor:
            return torch.zeros(shape, dtype=dtype, device=device)

        self.advance, self.capture = advance, capture
        self.window = _WINDOW
        self.t = torch.zeros(1, dtype=torch.int64, device=device)  # sample of the window
        self.drives = [memory(self.window, batch, *shape) for shape in ((), (), (side, side))]
        self.data = [memory(self.window, batch) for _ in range(2 * forced)]
        self.rate = memory()
        self.state = [memory(batch), memory(batch)]
        self.path = [memory(self.window, batch), memory(self.window, batch)]
        self.pushes = [memory(self.window, batch), memory(self.window, batch)]  # dL/dy of the states after the steps
        self.grads = [torch.zeros_like(y) for y in self.drives]

    @cached_property
    def forward(self) -> Function:
        """Take `state` on by the sample t, write it to path[t], t += 1."""
        return self._capture(self._forward, 0)

    @cached_property
    def backward(self) -> Function:
        """Take the adjoint `state` back over the step from path[t], write the drives' gradients to grads[t], t -= 1."""
        return self._capture(self._backward, self.window - 1)

    def load(self, first: int, count: int, drives: tuple[Tensor, ...], data: tuple[Tensor, ...]) -> None:
        """Move the window to `count` samples from `first` on."""
        for there, here in zip((*self.drives, *self.data), (*drives, *data)):
            there[:count].copy_(here[:, first : first + count].transpose(0, 1))

    def _capture(self, function: Function, first: int) -> Function:
        """`function`, captured; it may run some times meanwhile, from the sample `first` of the window on."""
        self.t.fill_(first)
        with torch.no_grad():
            return self.capture(function, self.t.device)

    def _forward(self) -> None:
        following = self.advance(*self.state, *self._at_t(self.drives), *self._forcing())
        for state, path, y in zip(self.state, self.path, following):
            state.copy_(y)
            path.index_copy_(0, self.t, y.unsqueeze(0))
        self.t.add_(1)

    def _backward(self) -> None:
        inputs = [y.requires_grad_() for y in self._at_t([*self.path, *self.drives])]
        with torch.enable_grad():
            following = self.advance(*inputs, *self._forcing())
        adjoint = [a + push for a, push in zip(self.state, self._at_t(self.pushes))]
        *state, stiffness, gamma, weights = torch.autograd.grad(following, inputs, adjoint)
        for there, here in zip(self.state, state):
            there.copy_(here)
        for there, here in zip(self.grads, (stiffness, gamma, weights)):
            there.index_copy_(0, self.t, here.unsqueeze(0))
        self.t.sub_(1)

    def _at_t(self, windows: list[Tensor]) -> list[Tensor]:
        return [y.index_select(0, self.t).squeeze(0) for y in windows]

    def _forcing(self) -> list[Tensor]:
        return [*self._at_t(self.data), self.rate] if self.data else []


class _Replayed(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        graphs: _Graphs,
        rate: float,
        stiffness: Tensor,
        gamma: Tensor,
        weights: Tensor,
        x: Tensor,
        v: Tensor,
        *data: Tensor,
    ) -> tuple[Tensor, Tensor]:
        drives, steps = (stiffness, gamma, weights), gamma.shape[1]
        trajectory = x.new_empty(steps + 1, len(x)), v.new_empty(steps + 1, len(v))
        graphs.rate.fill_(rate)
        for whole, state, start in zip(trajectory, graphs.state, (x, v)):
            whole[0] = start
            state.copy_(start)
        for first in range(0, steps, graphs.window):
            count = min(graphs.window, steps - first)
            graphs.load(first, count, drives, data)
            graphs.t.zero_()
            for _ in range(count):
                graphs.forward()
            for whole, path in zip(trajectory, graphs.path):
                whole[first + 1 : first + 1 + count] = path[:count]
        ctx.graphs, ctx.rate = graphs, rate
        ctx.save_for_backward(*drives, *trajectory, *data)
        return trajectory

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *pushes: Tensor) -> tuple[Tensor | None, ...]:
        stiffness, gamma, weights, xs, vs, *data = ctx.saved_tensors
        graphs: _Graphs = ctx.graphs
        drives, steps = (stiffness, gamma, weights), gamma.shape[1]
        grads = [torch.empty_like(y) if ctx.needs_input_grad[2 + k] else None for k, y in enumerate(drives)]
        graphs.rate.fill_(ctx.rate)
        for state in graphs.state:
            state.zero_()
        for first in reversed(range(0, steps, graphs.window)):
            count = min(graphs.window, steps - first)
            graphs.load(first, count, drives, tuple(data))
            for k, whole in enumerate((xs, vs)):
                graphs.path[k][:count] = whole[first : first + count]
                graphs.pushes[k][:count] = pushes[k][first + 1 : first + 1 + count]
            graphs.t.fill_(count - 1)
            for _ in range(count):
                graphs.backward()
            for grad, window in zip(grads, graphs.grads):
                if grad is not None:
                    grad[:, first : first + count] = window[:count].transpose(0, 1)
        starts = (state + push[0] for state, push in zip(graphs.state, pushes))
        return None, None, *grads, *starts, *(None for _ in data)
