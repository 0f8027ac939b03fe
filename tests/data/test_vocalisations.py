"""Cold-start clips: silence before and after one syllable, in an order that the seed fixes, and pairs of renditions."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layouts import layouts, recording_of

from syrinx_lab.data.vocalisations import ClipSettings, choose_vocalisations, rendition_pairs
from syrinx_lab.types import Vocalisation


def songs() -> list:
    """Two recordings; in each, a and c follow a long gap and the second a, and b, a short one."""
    row = [("a", 200, 260), ("a", 270, 330), ("b", 340, 400), ("c", 600, 650)]
    return [recording_of(name, row) for name in ("x", "y")]


def test_clips_hold_the_lead_in_or_the_whole_gap_and_the_tail() -> None:
    clips = choose_vocalisations(songs()[:1], ClipSettings(lead_in=100), count=None)
    assert {(c.label, c.start, c.stop, c.onset, c.offset) for c in clips} == {
        ("a", 100, 270, 200, 260),
        ("a", 260, 340, 270, 330),
        ("b", 330, 425, 340, 400),
        ("c", 500, 675, 600, 650),
    }


def test_the_ends_of_a_recording_cut_lead_in_and_tail() -> None:
    (clip,) = choose_vocalisations([recording_of("r", [("a", 30, 190)], size=200)], ClipSettings(lead_in=100))
    assert (clip.start, clip.stop) == (0, 200)


def test_syllables_that_the_recording_may_cut_off_come_last() -> None:
    cut_at_start = recording_of("s", [("a", 4, 60), ("b", 200, 260)], size=300)
    cut_at_end = recording_of("t", [("a", 5, 60), ("c", 200, 296)], size=300)
    clips = choose_vocalisations([cut_at_start, cut_at_end], ClipSettings(lead_in=30), count=None)
    assert [(c.recording, c.label) for c in clips] == [("t", "a"), ("s", "b"), ("s", "a"), ("t", "c")]


def test_labels_take_turns_and_the_full_lead_in_goes_first() -> None:
    clips = choose_vocalisations(songs(), ClipSettings(lead_in=100), count=0)
    assert [c.label for c in clips] == ["a", "b", "c", "a", "b", "c", "a", "a"]
    assert [c.onset - c.start for c in clips if c.label == "a"] == [100, 100, 10, 10]


def test_a_smaller_count_is_the_beginning_of_a_larger_one() -> None:
    every = choose_vocalisations(songs(), ClipSettings(lead_in=100), count=None, seed=2)
    for count in (1, 3, 8, 99):
        assert choose_vocalisations(songs(), ClipSettings(lead_in=100), count=count, seed=2) == every[:count]


def test_the_choice_follows_the_seed_and_not_the_order_of_recordings() -> None:
    many = [recording_of(f"r{k}", [("a", 200, 260)]) for k in range(12)]
    assert choose_vocalisations(many, seed=4) == choose_vocalisations(many[::-1], seed=4)
    assert len({choose_vocalisations(many, count=1, seed=seed)[0].recording for seed in range(12)}) > 4


@settings(max_examples=80, deadline=None)
@given(recording=layouts(), lead_in=st.integers(0, 80), tail=st.integers(0, 40))
def test_clips_of_any_layout_hold_one_syllable(recording, lead_in: int, tail: int) -> None:
    clips = choose_vocalisations([recording], ClipSettings(lead_in=lead_in, tail_ms=tail), count=None)
    assert {(c.onset, c.offset) for c in clips} == {(s.onset, s.offset) for s in recording.syllables if s.selected}
    ends = sorted(s.offset for s in recording.syllables)
    onsets = sorted(s.onset for s in recording.syllables)
    for clip in clips:
        previous = max([0, *(end for end in ends if end <= clip.onset)])
        following = min([len(recording.samples), *(onset for onset in onsets if onset >= clip.offset)])
        assert clip.start == max(clip.onset - lead_in, previous)
        assert clip.stop == min(clip.offset + tail, following)


def test_overlapped_syllables_give_no_clip() -> None:
    clips = choose_vocalisations(
        [recording_of("r", [("a", 200, 300), ("b", 290, 400), ("c", 500, 560)])], ClipSettings(lead_in=50)
    )
    assert [c.label for c in clips] == ["c"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("val_count", -1), ("test_count", -1), ("lead_in", -5), ("tail_ms", float("nan")), ("mid_start_ms", 0)]
    + [("mid_samples", 3), ("renditions_per_clip", 0)],
)
def test_settings_out_of_range_are_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf"^eval\.{name} is {value}: give "):
        ClipSettings(**{name: value})


def test_pairs_are_other_renditions_cut_alike_about_the_onset() -> None:
    one = Vocalisation("x", "a", start=100, stop=285, onset=200, offset=260)
    other = Vocalisation("y", "a", start=470, stop=640, onset=500, offset=590)
    pairs = rendition_pairs([one], [one, other, Vocalisation("y", "b", 0, 90, 20, 80)])
    assert pairs == [
        (
            Vocalisation("x", "a", start=170, stop=285, onset=200, offset=260),
            Vocalisation("y", "a", start=470, stop=585, onset=500, offset=585),
        )
    ]


def test_pairs_stay_within_a_bird_and_are_bounded() -> None:
    clips = [Vocalisation(f"{bird}/r{k}", "a", 0, 90, 20, 80) for bird in ("blue", "red") for k in range(6)]
    pairs = rendition_pairs(clips[:3], clips, per_clip=2, seed=5)
    assert [first.recording for first, _ in pairs] == ["blue/r0"] * 2 + ["blue/r1"] * 2 + ["blue/r2"] * 2
    for first, second in pairs:
        assert second.recording.startswith("blue/")
        assert second.recording != first.recording
        assert len(first) == len(second)
    assert pairs == rendition_pairs(clips[:3], clips[::-1], per_clip=2, seed=5)
    assert len(rendition_pairs(clips[:1], clips, per_clip=99)) == 5
    with pytest.raises(ValueError, match="per_clip is 0"):
        rendition_pairs(clips, clips, per_clip=0)


def test_clips_of_sustained_song_begin_within_the_syllable() -> None:
    """50 ms at the toy's 1 kHz: long enough alone, clear of the neighbours, inside the recording."""
    row = [("a", 100, 300), ("a", 330, 370), ("b", 400, 480), ("d", 540, 580), ("c", 900, 960)]
    recording = recording_of("r", row, size=1000)
    clips = choose_vocalisations([recording], ClipSettings(mid_start_ms=50.0, mid_samples=70), count=None)
    assert {(c.label, c.start, c.stop, c.onset, c.offset) for c in clips} == {
        ("a", 150, 220, 100, 300),
        ("b", 450, 520, 400, 480),
    }, "the second a and d are over by then, c would leave the recording"
    crowded = choose_vocalisations(
        [recording_of("r", [*row[:1], ("b", 200, 260)])], ClipSettings(mid_start_ms=50.0, mid_samples=70)
    )
    assert crowded == [], "another syllable begins within the clip"
