"""A song that is refined in pieces: where they meet, the rows are still a curve through the knots that count."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from syrinx_lab.controls.analyser import Analyser
from syrinx_lab.encoded import smooth_curve
from syrinx_lab.encoders.frames import FramesEncoder
from syrinx_lab.evaluation.refinement import Refinement, counting_knots
from syrinx_lab.model import Ouroboros
from syrinx_lab.ode.syrinx.loudness import LoudnessSyrinx
from syrinx_lab.ode.tract.fir_mixture import FirMixture
from syrinx_lab.synthesis import refining
from syrinx_lab.synthesis.reading import read_table

RATE, FACTOR = 44_100, 5


def test_rows_follow_their_knots_across_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    n = np.arange(9600)
    song = (0.3 * np.sin(2 * np.pi * np.cumsum(900 + 0.03 * n) / RATE)).astype(np.float32)
    torch.manual_seed(0)
    encoder, oscillator = FramesEncoder(3, True, RATE, d_model=8, n_layers=1), LoudnessSyrinx(sample_rate=RATE)
    oscillator.initialise_(encoder.heads)
    model = Ouroboros(
        encoder,
        oscillator,
        FirMixture(sample_rate=RATE, filters=6, taps=65, codes=3),
        None,
        Analyser(sample_rate=RATE, pitch_range_hz=(300.0, 3000.0)),
        control_hop=32,
        knots_per_second=RATE / (32 * FACTOR),
    )
    model.calibrate([torch.from_numpy(song)], [])
    table = read_table(model.eval(), song, scale=1.0, piece_s=1.0)
    monkeypatch.setattr(refining, "PIECE_S", 0.06)
    better = refining.refined_table(model, table, song, Refinement(5), seed=0, ic_noise_rms=1e-3)
    assert not np.array_equal(better.parts["tract"], table.parts["tract"])
    for name, linear in (("tract", lambda y: y), ("loudness", np.log)):
        rows = torch.from_numpy(linear(better.parts[name]))[None]
        curve = smooth_curve(counting_knots(rows, FACTOR), FACTOR, rows.shape[1])
        np.testing.assert_allclose(curve[0, : -2 * FACTOR], rows[0, : -2 * FACTOR], atol=1e-5)
