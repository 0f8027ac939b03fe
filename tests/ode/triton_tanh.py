"""The kernels' tanh as a kernel of its own, to be tested."""

from __future__ import annotations

import triton
import triton.language as tl

from syrinx_lab.ode.rollout.triton_kernels.polynomial import tanh


@triton.jit
def tanh_each(z, out, COUNT: tl.constexpr):
    number = tl.arange(0, COUNT)
    tl.store(out + number, tanh(tl.load(z + number)))
