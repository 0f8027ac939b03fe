"""The Triton kernels of the fused backend on CUDA: RK4 forward in time, and the exact adjoint.

One warp works on one item of the batch, the weights of a step in its registers. The forward pass is a chain of stages
whose latency is what a rollout costs, so `forward` keeps everything but that chain out of the way. The backward pass
is no chain: the stages of every step follow from the stored trajectory, so all steps run at once. `jacobians` gives
each step's 2 x 2 matrix, `adjoint_states` composes them along time, `drive_gradients` does the rest.

Numbers that the kernels share are read from an array in the state's dtype, for Triton hands over a Python float in
single precision: h, X, 1 / X, V, 1 / V, the rate of the forcing and the adjoint's decay. Reductions name `tl.reduce`
and its combine function: `tl.sum` is itself a kernel, and in Triton's interpreter it only runs if Triton was set to
interpret before it was imported.
"""
