"""What a case asks of the machine, whatever the implementation: arithmetic, memory traffic, steps that must wait."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..types import knot_count


@dataclass(frozen=True)
class Work:
    """A lower bound of what has to be done.

    multiply_adds  count
    moved          bytes that come from memory or go there
    resident       bytes that must be held at once
    chain          multiply-adds of which each waits for the one before
    """

    multiply_adds: int
    moved: int
    resident: int
    chain: int = 0

    def __add__(self, other: Work) -> Work:
        """One after the other."""
        return Work(
            self.multiply_adds + other.multiply_adds,
            self.moved + other.moved,
            self.resident + other.resident,
            self.chain + other.chain,
        )


def drives_bytes(batch: int, horizon: int, degree: int, hop: int = 1, itemsize: int = 4) -> int:
    """Bytes of the drives of a rollout: batch x knots x ((P+1)^2 + 2) numbers; H knots at audio rate.

    At control rate ceil((H - 1) / hop) + 1 knots reach over H samples.
    """
    return batch * knot_count(horizon, hop) * ((degree + 1) ** 2 + 2) * itemsize


def rollout_work(batch: int, horizon: int, degree: int, hop: int = 1, *, backward: bool, itemsize: int = 4) -> Work:
    """Count a rollout of H samples, step by step, and its gradient for every drive.

    With N = (P+1)^2, a step of one item takes at least this many multiply-adds:

        forward   4 N            the polynomial at the four stages, as by Horner's rule
        backward  8 N + 4 N      the polynomial's two derivatives at the stages, whose states were kept; the gradient of
                                 every weight, a sum over the stages
        hop > 1   N, N + 2 N     the weights between two knots, in each direction; the gradient goes to both knots

    Memory: the drives are read once in each direction and their gradients written once; the trajectory (x and v) is
    written forward, read backward together with its gradient.

    The chain: a polynomial of degree P in x and in v has degree 2 P in the state, and a multiplication at most doubles
    the degree, so a stage waits ceil(log2(2 P)) times for it, once for the tanh of the clamp and once for the
    state of the next stage; the clamp after the step adds one. Backward, the Jacobian matrices of all steps are
    independent, and carrying the adjoint through one takes two.

    batch, horizon, degree, hop   as in `Drives`; itemsize in bytes
    """
    steps, terms = horizon - 1, (degree + 1) ** 2
    drives = drives_bytes(batch, horizon, degree, hop, itemsize)
    states = 2 * batch * horizon * itemsize
    between = hop > 1
    per_step = (4 + between) * terms
    chain = 4 * (math.ceil(math.log2(2 * degree)) + 2) + 1
    moved, resident = drives + states, drives + states
    if backward:
        per_step += (12 + 3 * between) * terms
        chain += 2
        moved += 2 * drives + 2 * states
        resident += drives + states
    return Work(batch * steps * per_step, moved, resident, steps * chain)


def mamba_work(
    batch: int, length: int, n_layers: int, d_model: int, d_state: int, d_conv: int, expand: int, *, backward: bool
) -> Work:
    """Count a stack of Mamba blocks in float32, with dt_rank = ceil(d_model / 16); the notation is that of `mamba`.

    A layer takes 2 d i (in_proj) + i K (conv1d) + i (R + 2 N) (x_proj) + R i (dt_proj) + 3 i N (the scan: input, state,
    output) + i d (out_proj) multiply-adds a sample; backward twice as many, for every product has two factors.
    Exponentials and the pointwise rest are not counted, nor is a chain: the scan is associative. Memory: input and
    output, and their gradients.
    """
    inner, rank = expand * d_model, math.ceil(d_model / 16)
    per_sample = inner * (2 * d_model + d_conv + (rank + 2 * d_state) + rank + 3 * d_state + d_model)
    passes = 3 if backward else 1
    ends = 2 * batch * length * d_model * 4 * (2 if backward else 1)
    return Work(batch * length * n_layers * per_sample * passes, ends, ends)
