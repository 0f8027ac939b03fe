"""A tract that follows the pitch is given what the oscillator sings, also where the song is edited."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from made_voices import RATE, polynomial_voice, song, syrinx_voice

from syrinx_lab.model import Ouroboros
from syrinx_lab.ode.parameters import Radiation
from syrinx_lab.ode.syrinx.loudness import LoudnessSyrinx
from syrinx_lab.ode.syrinx.oscillator import Syrinx
from syrinx_lab.ode.tract.vocal_tract import VocalTract
from syrinx_lab.synthesis.edits import Edit, edited
from syrinx_lab.synthesis.reading import read_table
from syrinx_lab.synthesis.singing import sing_whole
from syrinx_lab.synthesis.table import parameters_of, radiation_of
from syrinx_lab.trial import check_parts


@pytest.mark.parametrize("kind", [Syrinx, LoudnessSyrinx])
def test_a_model_gives_the_pitch_that_it_sings_at_no_cost(kind: type[Syrinx]) -> None:
    model = syrinx_voice(VocalTract(sample_rate=RATE, follows_pitch=True))
    model.oscillator = kind(sample_rate=RATE)
    check_parts(model)
    x = torch.from_numpy(song(0.2))[None]
    with torch.no_grad():
        encoded = model.encode(x, torch.gradient(x, dim=1)[0])
        drives = model.decode(encoded)
        other = replace(encoded.oscillator, pitch_hz=0.5 * encoded.oscillator.pitch_hz)
        lower = model.radiation(other, encoded.radiation)
        torch.testing.assert_close(drives.sung_hz, encoded.oscillator.pitch_hz)
        torch.testing.assert_close(lower.sung_hz, 0.5 * drives.sung_hz)
        source = torch.randn(1, x.shape[1], generator=torch.Generator().manual_seed(0))
        heard = [model.sound(source, radiation, drives.hop) for radiation in (Radiation.of(drives), lower)]
        assert (heard[0] - heard[1]).std() > 0.01 * heard[0].std(), "another pitch, another cavity"
        with_pitch = model.numbers_per_second(encoded)
        model.tract_follows_pitch = False
        assert with_pitch == model.numbers_per_second(encoded)


def test_an_oscillator_without_a_pitch_is_refused() -> None:
    voice = polynomial_voice()
    encoder, analyser = syrinx_voice().encoder, syrinx_voice().analyser
    with pytest.raises(ValueError, match=r"^tract follows the pitch, which Polynomial does not give: use oscillator"):
        Ouroboros(encoder, voice.oscillator, VocalTract(sample_rate=RATE, follows_pitch=True), analyser=analyser)
    assert not voice.tract_follows_pitch
    with pytest.raises(ValueError, match=r"^Mute sets gives_pitch: add sung_hz\(self, parameters\)"):
        type("Mute", (type(voice.oscillator),), {"gives_pitch": True})(sample_rate=RATE)


def test_a_song_in_pieces_has_the_cavity_of_the_whole_and_of_its_edits() -> None:
    model = syrinx_voice(VocalTract(sample_rate=RATE, follows_pitch=True), noise=False)
    x = song(0.3)
    table = read_table(model, x)
    pieces, whole = (sing_whole(model, table, seed=0, ic_noise_rms=1e-3, chunk=chunk) for chunk in (4000, 2**15))
    assert abs(pieces - whole).max() < 1e-3 * whole.std()
    higher = edited(table, Edit(pitch=1.3), model)
    before, after = (
        model.radiation(parameters_of(model, one.parts), radiation_of(one.parts)) for one in (table, higher)
    )
    assert "sung_hz" not in table.parts
    torch.testing.assert_close(after.sung_hz, 1.3 * before.sung_hz, rtol=1e-6, atol=0)
