"""Which vocalisations are heard, and as what."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from made_sweeps import RATE, MadeSweep, song

from syrinx_lab.reporting.listening import listen
from syrinx_lab.reporting.sounds import MOST_S, read_wav, sound
from syrinx_lab.runs.study import ConditionResult
from syrinx_lab.runs.sweep_study import read_sweep


def condition(root: Path, **settings: object) -> ConditionResult:
    made = MadeSweep(root, **settings)  # type: ignore[arg-type]
    made.sweep()
    return read_sweep(made.path).conditions[0]


def test_best_and_worst_are_those_that_have_sound(tmp_path: Path) -> None:
    heard, note = listen(condition(tmp_path, clips=(0.1, None, 0.3, 0.9), sounds=3), "tf_corr")
    assert [(one.which, one.raw["tf_corr"]) for one in heard] == [("best", 0.3), ("worst", None)]
    assert note is not None
    assert note.startswith("Sounds were kept of 3 of 4 vocalisations")
    assert [sound.name for sound in heard[0].sounds] == ["bird", "oscillator", "rescaled"]
    assert [sound.said for sound in heard[0].sounds] == ["150 ms", "\N{MINUS SIGN}6.0 dB re bird", "+0.0 dB re bird"]
    assert heard[0].where == "e.wav at 1.05 s"
    # dashed lines at onset and offset: 50 and 100 ms after the clip's start
    marks = [line.get_xdata()[0] for line in heard[0].figure.axes[0].lines if line.get_linestyle() == "--"]
    assert marks == pytest.approx([50.0, 100.0])


def test_a_lone_vocalisation_is_neither_best_nor_worst(tmp_path: Path) -> None:
    heard, note = listen(condition(tmp_path, clips=(0.3,), sounds=1), "tf_corr")
    assert [one.which for one in heard] == ["only"]
    assert note is None


def decoded(uri: str) -> tuple[np.ndarray, int, str]:
    kind, _, content = uri.partition(";base64,")
    assert kind == "data:audio/wav"
    file = io.BytesIO(base64.b64decode(content))
    subtype = soundfile.info(file).subtype
    file.seek(0)
    samples, rate = soundfile.read(file)
    return samples, rate, subtype


def test_a_sound_is_sixteen_bits_of_the_same_samples() -> None:
    samples, rate, subtype = decoded(sound("x", song(), RATE).uri)
    assert (rate, subtype) == (RATE, "PCM_16")
    np.testing.assert_allclose(samples, song(), atol=2.0**-15)


def test_clipping_and_cutting_are_said() -> None:
    made = sound("x", song(8.0), RATE, song())
    assert made.said == "+18.1 dB re bird, clipped here at full scale"
    assert np.abs(decoded(made.uri)[0]).max() == pytest.approx(1.0, abs=1e-4)
    long = sound("x", np.zeros(round((MOST_S + 1) * 8000)), 8000, np.ones(8))
    assert long.said == "silent, the first 12 s"
    assert len(decoded(long.uri)[0]) == MOST_S * 8000


def test_what_is_no_sound_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.wav").write_text("no sound")
    with pytest.raises(ValueError, match=r"x\.wav: not a sound that can be read"):
        read_wav(tmp_path / "x.wav")
