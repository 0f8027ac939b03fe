"""What a finished run leaves."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from matplotlib.image import imread

from syrinx_lab.encoders.samples import SamplesEncoder
from syrinx_lab.evaluation.clips import Clip
from syrinx_lab.evaluation.outputs import write_audio, write_figures
from syrinx_lab.evaluation.takes import perform
from syrinx_lab.model import Ouroboros
from syrinx_lab.ode.polynomial import Polynomial
from syrinx_lab.ode.tract import NoTract
from syrinx_lab.types import Vocalisation


def test_no_sounds_and_pictures_where_none_are_asked_for(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = Ouroboros(
        SamplesEncoder(degree=3, n_layers=1, expand=2), Polynomial(sample_rate=44100, degree=3), NoTract()
    )
    x = 0.1 * torch.randn(2000).numpy()
    take = perform(model, Clip(Vocalisation("r", "e", 0, 2000, 500, 1500), x, x, x), ic_noise_rms=1e-3, seed=0)
    assert write_audio(tmp_path / "audio", [take], 44100, split="test", most=0) == []
    assert write_figures(tmp_path / "figures", model, [take], split="test", most=0) is None
    page = write_figures(tmp_path / "figures", model, [take], split="test", most=1)
    assert page is not None
    assert page.exists()
    pixels = imread(tmp_path / "figures" / "test-000-e-comparison.png").shape[1]
    assert pixels == pytest.approx(1.5 * 9.0 * 150, abs=2), "three columns: the recording, as sung, and rescaled"
