"""A run may ask for fewer threads; the next one in the process has as many as it began with."""

from __future__ import annotations

import torch

from syrinx_lab.fit import use_threads


def test_threads_are_those_of_the_run() -> None:
    before = torch.get_num_threads()
    use_threads(1)
    assert torch.get_num_threads() == 1
    use_threads(None)
    assert torch.get_num_threads() == before
