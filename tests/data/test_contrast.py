"""What is said of syllables that hardly stand out, and of another channel that carries the song, at its limits."""

from __future__ import annotations

import math

import numpy as np
import pytest

from syrinx_lab.data.contrast import channel_warning, contrast_db, contrast_warning, inside_syllables
from syrinx_lab.data.recording import Syllable

RATE = 1000
SUNG = (Syllable("a", 100, 200), Syllable("b", 500, 700))
INSIDE = inside_syllables(RATE, SUNG)
SIGNS = np.where(np.arange(RATE) % 2, 1.0, -1.0)


def song(contrast: float, level: float = -20.0) -> np.ndarray:
    """(1000,) `level` dB of full scale in SUNG, `contrast` dB less in the gaps."""
    return SIGNS * 10 ** (np.where(INSIDE, level, level - contrast) / 20)


def said(*channels: np.ndarray, channel: int | str = 0, per_sample: float = 1.0, fixed: bool = False) -> str:
    return channel_warning(np.stack(channels, axis=1), channel, SUNG, per_sample, fixed) or ""


def test_contrast_is_the_ratio_of_powers() -> None:
    assert INSIDE.sum() == 300
    assert contrast_db(song(6.0), INSIDE) == pytest.approx(6.0)
    assert contrast_db(song(-4.0), INSIDE) == pytest.approx(-4.0)
    for samples, inside in (
        (SIGNS, INSIDE | True),
        (SIGNS, INSIDE & False),
        (SIGNS * INSIDE, INSIDE),
        (0 * SIGNS, INSIDE),
    ):
        assert math.isnan(contrast_db(samples, inside))


@pytest.mark.parametrize(
    ("contrast", "words"),
    [
        (3.01, None),
        (2.94, "contrast 2.9 dB: the annotated syllables hardly rise above the gaps"),
        (-0.01, "contrast 0.0 dB: the annotated syllables hardly rise above the gaps"),
        (-4.0, "contrast -4.0 dB: the annotated syllables lie below the gaps"),
    ],
)
def test_less_than_3_db_are_doubtful(contrast: float, words: str | None) -> None:
    message = contrast_warning(song(contrast), SUNG, RATE)
    assert (message or "").split(" between")[0] == (words or "")


def test_where_nothing_is_outside_nothing_is_said() -> None:
    assert contrast_warning(SIGNS * INSIDE, SUNG, RATE) is None
    for gap, warned in ((9, False), (10, True)):  # of 10 ms that a contrast needs
        assert (contrast_warning(SIGNS, (Syllable("a", 0, RATE - gap),), RATE) is not None) == warned


@pytest.mark.parametrize(
    ("read", "other", "words"),
    [
        (song(10.0), song(15.9), ""),
        (song(10.0), song(16.1), "channel 1 stands 16.1 dB above the gaps, and channel 0, which is read, 10.0 dB"),
        (song(-4.0), song(2.9), ""),
        (song(-4.0), song(3.1), "channel 1 stands 3.1 dB above the gaps, and channel 0, which is read, -4.0 dB"),
        (song(10.0), song(10.0, -0.5), ""),
        (song(10.0, -30), song(10.0, -9.9), "channel 1 stands 10.0 dB above the gaps, and 20 dB louder, and channel 0"),
        (song(10.0, -30), song(6.9, -9.9), ""),
        (song(10.0, -30), song(7.1, -9.9), "channel 1 stands 7.1 dB above the gaps, and 20 dB louder, and channel 0"),
        (SIGNS * INSIDE * 0.01, SIGNS * INSIDE, "channel 1 stands inf dB above the gaps, and 40 dB louder"),
        (song(0.0), SIGNS * INSIDE, "channel 1 stands inf dB above the gaps"),
        (song(10.0), 0 * SIGNS, ""),
        (0 * SIGNS, song(10.0), "channel 1 stands 10.0 dB above the gaps"),
        (song(0.0), song(10.0) + 0.5, "channel 1 stands 10.0 dB above the gaps, and channel 0"),
        (song(0.0), np.where(np.arange(RATE) == 150, np.inf, song(0.0)), ""),
        (song(0.0), np.where(np.arange(RATE) == 150, np.nan, song(10.0)), "channel 1 stands 1"),
    ],
)  # fmt: skip
def test_another_channel_is_6_db_clearer_or_20_db_louder(read: np.ndarray, other: np.ndarray, words: str) -> None:
    message = said(read, other)
    assert (message == "") == (words == "")
    assert message.startswith(f"another channel carries the song: {words}" if words else "")


def test_the_clearest_channel_is_named_and_of_two_the_louder() -> None:
    assert "channel 2 stands 20.0" in said(song(0.0), song(10.0, 0.0), song(20.0), song(12.0, 0.0))
    gated = SIGNS * INSIDE
    assert "channel 2 stands inf" in said(song(0.0), 0.1 * gated, gated, 0.5 * gated)
    assert "channel 2 stands 10.0 dB above the gaps, and 30 dB louder" in said(
        song(10.0, -40.0), song(12.0, -18.0), song(10.0, -10.0)
    )
    assert said(song(0.0), song(10.0)).endswith("; set data.channel=1")
    assert said(song(0.0), song(10.0), fixed=True).endswith("; correct the channel in the annotation")


def test_the_mean_of_channels_that_cancel_is_as_clear_as_they_are() -> None:
    assert said(song(10.0), -0.9 * song(10.0), channel="mean") == ""
    noise = 0.2 * np.random.default_rng(0).standard_normal(RATE)
    assert "and the mean of all, which is read, " in said(song(20.0), noise, channel="mean")


def test_syllables_are_placed_at_the_files_own_rate() -> None:
    quiet, loud = (np.repeat(one, 3) for one in (song(0.0), song(10.0)))
    assert "channel 1 stands 10.0 dB" in said(quiet, loud, per_sample=3.0)


def test_one_channel_or_no_gap_leaves_nothing_to_compare() -> None:
    assert said(song(0.0)) == ""
    everything, nothing = (Syllable("a", 0, RATE),), ()
    for syllables in (everything, nothing):
        assert channel_warning(np.stack([song(0.0), song(10.0)], axis=1), 0, syllables, 1.0, False) is None
