"""The process that compiles beside the first one compiles what singing needs, and nothing else is left to compile."""

from __future__ import annotations

from pathlib import Path

from made_song_files import written
from made_voices import RATE, song

from syrinx_lab.controls.viterbi_cpu import _paths
from syrinx_lab.encoders.selective_scan.kernels.block_forward import block_forward
from syrinx_lab.encoders.selective_scan.kernels.scan import scan_forward
from syrinx_lab.ode.rollout.kernels.forward import forward_knots, forward_samples
from syrinx_lab.selected_model import load_selected
from syrinx_lab.synthesis.compile_ahead import compile_kernels
from syrinx_lab.synthesis.song_file import SongFile
from syrinx_lab.synthesis.unheard import sing_unheard
from syrinx_lab.voices.finding import voice_folder


def test_a_shipped_voice_sings_by_the_kernels_that_were_compiled_beside_it(tmp_path: Path) -> None:
    model = load_selected(voice_folder("any_bird")).model
    compile_kernels()
    kernels = (_paths, scan_forward, block_forward, forward_samples, forward_knots)
    before = [set(kernel.signatures) for kernel in kernels]
    file = SongFile(written(tmp_path, "song.wav", song(0.3)), RATE, 300.0)
    sing_unheard(model, file, 1.0, tmp_path / "out.wav", seed=0, ic_noise_rms=1e-3, chunk_s=0.75)
    assert [set(kernel.signatures) for kernel in kernels] == before
