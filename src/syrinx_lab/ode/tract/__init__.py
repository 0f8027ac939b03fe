"""Vocal tracts: what lies between the oscillator and the microphone, one a file.

A tract is an `nn.Module` chosen by `_target_` with plain keyword arguments. Its forward takes a `Trajectory`, x and v
(B, H), and returns the audio (B, H) that is radiated, on the same samples and differentiable in both.
"""
