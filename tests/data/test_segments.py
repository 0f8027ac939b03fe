"""ONSET, OFFSET and MID windows: where they lie, what they never hold, and how losses are reported."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layouts import RATE, layouts, recording_of

from syrinx_lab.data.segments import Pools, Reason, WindowSettings, check_horizon, cut_segments
from syrinx_lab.types import Category

ONSET, OFFSET, MID = Category


def spans(pools: Pools, category: Category) -> list[tuple[int, int]]:
    return [(segment.start, segment.stop) for segment in pools[category]]


def test_definitions_hold_exactly_when_the_gaps_suffice() -> None:
    alone = recording_of("alone", [("a", 200, 325)])
    pools = cut_segments([alone], sample_rate=RATE)
    assert spans(pools, ONSET) == [(175, 225)]
    assert spans(pools, OFFSET) == [(300, 350)]
    assert spans(pools, MID) == [(210, 260), (260, 310)]
    assert [(s.recording, s.label, s.onset, s.offset) for s in pools.segments] == [("alone", "a", 200, 325)] * 4
    assert (pools.context, pools.dropped, pools.shortened, pools.notes) == (50, {}, {}, ())
    assert pools.sizes() == {ONSET: 1, OFFSET: 1, MID: 2}


def test_a_middle_of_one_window_fits_to_the_sample() -> None:
    fits = cut_segments([recording_of("r", [("a", 200, 270)])], sample_rate=RATE)
    misses = cut_segments([recording_of("r", [("a", 200, 269)])], sample_rate=RATE)
    assert spans(fits, MID) == [(210, 260)]
    assert spans(misses, MID) == []
    assert misses.dropped == {(MID, "a", Reason.TOO_SHORT): 1}
    assert misses.notes == (
        "no MID window: 1 dropped because the syllable is shorter than the window and its edges: "
        "lower data.context_s or data.edge_ms",
    )


def test_lengths_are_rounded_to_samples_of_the_rate() -> None:
    song = recording_of("song", [("e", 10_000, 14_000)], size=20_000, rate=44_100)
    pools = cut_segments([song], sample_rate=44_100)
    assert pools.context == 2205
    assert spans(pools, ONSET) == [(10_000 - 1102, 10_000 - 1102 + 2205)]
    assert spans(pools, MID) == [(10_441, 12_646)]


def test_a_short_gap_shortens_the_silence_and_keeps_the_length() -> None:
    song = recording_of("song", [("a", 200, 300), ("b", 314, 400)])
    pools = cut_segments([song], sample_rate=RATE)
    assert spans(pools, ONSET) == [(175, 225), (300, 350)]
    assert spans(pools, OFFSET) == [(264, 314), (375, 425)]
    assert pools.shortened == {(ONSET, "b"): 1, (OFFSET, "a"): 1}
    strict = cut_segments([song], WindowSettings(short_gap="drop"), sample_rate=RATE)
    assert spans(strict, ONSET) == [(175, 225)]
    assert spans(strict, OFFSET) == [(375, 425)]
    assert strict.dropped[ONSET, "b", Reason.SHORT_GAP] == strict.dropped[OFFSET, "a", Reason.SHORT_GAP] == 1


def test_a_gap_as_long_as_the_silence_is_not_short() -> None:
    song = recording_of("song", [("a", 200, 300), ("b", 325, 400)])
    pools = cut_segments([song], WindowSettings(short_gap="drop"), sample_rate=RATE)
    assert spans(pools, ONSET) == [(175, 225), (300, 350)]
    assert spans(pools, OFFSET) == [(275, 325), (375, 425)]
    assert not pools.shortened


def test_a_short_syllable_never_borrows_from_its_neighbours() -> None:
    song = recording_of("song", [("a", 200, 300), ("b", 310, 330), ("c", 345, 500)])
    pools = cut_segments([song], sample_rate=RATE)
    assert {s.label for s in pools.segments} == {"a", "c"}
    assert pools.dropped[ONSET, "b", Reason.NEIGHBOUR] == pools.dropped[OFFSET, "b", Reason.NEIGHBOUR] == 1


def test_windows_beyond_the_recording_are_dropped_and_counted() -> None:
    cut_off = recording_of("cut_off", [("a", 3, 200)], size=220)
    pools = cut_segments([cut_off], sample_rate=RATE)
    assert pools.sizes() == {ONSET: 0, OFFSET: 0, MID: 3}
    assert pools.dropped == {(ONSET, "a", Reason.RECORDING_END): 1, (OFFSET, "a", Reason.RECORDING_END): 1}
    assert [note.split(":")[0] for note in pools.notes] == ["no ONSET window", "no OFFSET window"]


def test_only_selected_syllables_make_windows_and_all_are_kept_clear_of() -> None:
    song = recording_of("song", [("a", 200, 300), ("b", 310, 390, 1.0, False)])
    pools = cut_segments([song], sample_rate=RATE)
    assert {s.label for s in pools.segments} == {"a"}
    assert spans(pools, OFFSET) == [(260, 310)]


def test_overlapping_annotations_give_no_shared_window() -> None:
    song = recording_of("song", [("a", 200, 400), ("b", 300, 500)])
    pools = cut_segments([song], sample_rate=RATE)
    assert spans(pools, ONSET) == [(175, 225)]
    assert spans(pools, OFFSET) == [(475, 525)]
    assert spans(pools, MID) == [(210, 260), (410, 460)]


def test_a_syllable_within_another_does_not_hide_its_end() -> None:
    song = recording_of("song", [("a", 200, 500), ("b", 250, 300), ("c", 510, 600)])
    pools = cut_segments([song], sample_rate=RATE)
    assert [(s.start, s.stop) for s in pools[ONSET] if s.label == "c"] == [(500, 550)]


@settings(max_examples=150, deadline=None)
@given(
    recording=layouts(),
    context=st.integers(21, 90),
    prefix=st.integers(0, 20),
    suffix=st.integers(0, 20),
    edge=st.integers(0, 15),
    short_gap=st.sampled_from(["shorten", "drop"]),
)
def test_windows_of_any_layout(recording, context, prefix, suffix, edge, short_gap) -> None:
    settings_ms = {"edge_ms": edge, "silence_prefix_ms": prefix, "silence_suffix_ms": suffix}
    try:
        pools = cut_segments(
            [recording], WindowSettings(context_s=context / RATE, short_gap=short_gap, **settings_ms), sample_rate=RATE
        )
    except ValueError as error:
        assert "selected syllable" in str(error)  # noqa: PT017
        assert "\n" not in str(error)  # noqa: PT017
        return
    occupied = {(s.onset, s.offset) for s in recording.syllables}
    for segment in pools.segments:
        assert len(segment) == context
        assert segment.start >= 0
        assert segment.stop <= len(recording.samples)
        for onset, offset in occupied - {(segment.onset, segment.offset)}:
            assert segment.stop <= onset or offset <= segment.start

    # every window written from its definition, syllable by syllable
    expected = set()
    ordered = sorted((s.onset, s.offset) for s in recording.syllables)
    for syllable in recording.syllables:
        if not syllable.selected:
            continue
        onset, offset = syllable.onset, syllable.offset
        k = ordered.index((onset, offset))
        previous = ordered[k - 1][1] if k else -10_000
        following = ordered[k + 1][0] if k + 1 < len(ordered) else 10_000
        candidates = [(MID, s) for s in range(onset + edge, offset, context) if s + context <= offset - edge]
        if short_gap == "shorten" or onset - previous >= prefix:
            candidates.append((ONSET, max(onset - prefix, previous)))
        if short_gap == "shorten" or following - offset >= suffix:
            candidates.append((OFFSET, min(offset + suffix, following) - context))
        for category, start in candidates:
            inside = max(0, previous) <= start and start + context <= min(following, len(recording.samples))
            if inside:
                expected.add((category, start, onset))
    assert {(s.category, s.start, s.onset) for s in pools.segments} == expected
    assert len(pools.segments) == len(expected)
    selected = [s for s in recording.syllables if s.selected]
    for category in (ONSET, OFFSET):
        lost = sum(count for (kind, _, _), count in pools.dropped.items() if kind == category)
        assert lost + len(pools[category]) == len(selected)


@settings(max_examples=60, deadline=None)
@given(recording=layouts())
def test_the_advised_context_fits_and_a_millisecond_more_does_not(recording) -> None:
    try:
        cut_segments(
            [recording], WindowSettings(context_s=5.0, silence_prefix_ms=0, silence_suffix_ms=0), sample_rate=RATE
        )
    except ValueError as error:
        if "set data.context_s to" not in str(error):
            return
        advised = float(str(error).split("set data.context_s to ")[1].split()[0])
    free = {"silence_prefix_ms": 0, "silence_suffix_ms": 0}
    assert cut_segments([recording], WindowSettings(context_s=advised, **free), sample_rate=RATE).segments
    with pytest.raises(ValueError, match="fits"):
        cut_segments([recording], WindowSettings(context_s=advised + 1e-3, **free), sample_rate=RATE)


def test_pools_do_not_depend_on_the_order_of_recordings() -> None:
    songs = [recording_of(name, [("a", 200, 300)]) for name in ("y", "x", "z")]
    forwards, backwards = (cut_segments(order, sample_rate=RATE) for order in (songs, songs[::-1]))
    assert forwards == backwards
    assert [s.recording for s in forwards[ONSET]] == ["x", "y", "z"]


def test_no_window_that_fits_names_the_longest_syllable_and_the_remedy() -> None:
    songs = [recording_of("p", [("a", 200, 240)]), recording_of("q", [("b", 300, 390), ("c", 400, 420)], size=440)]
    with pytest.raises(ValueError) as caught:
        cut_segments(songs, WindowSettings(context_s=2.0), sample_rate=RATE)
    # p is free to its right: from 175 to the end of its 1000 samples
    assert str(caught.value) == (
        "no window of 2 s fits: the longest selected syllable, 'b' in q, lasts 0.0900 s: "
        "set data.context_s to 0.825 or less"
    )
    assert cut_segments(songs, WindowSettings(context_s=0.825), sample_rate=RATE).sizes()[ONSET] == 1


def test_the_advice_may_come_from_the_middle() -> None:
    cut_off = [recording_of("cut_off", [("a", 3, 203)], size=210)]
    with pytest.raises(ValueError, match=r"set data\.context_s to 0\.18 or less"):
        cut_segments(cut_off, WindowSettings(context_s=0.181), sample_rate=RATE)
    assert cut_segments(cut_off, WindowSettings(context_s=0.18), sample_rate=RATE).sizes() == {
        ONSET: 0,
        OFFSET: 0,
        MID: 1,
    }


def test_a_horizon_longer_than_the_windows_is_refused() -> None:
    pools = cut_segments([recording_of("r", [("a", 200, 325)])], sample_rate=RATE)
    check_horizon(pools, 50, RATE)
    with pytest.raises(ValueError) as caught:
        check_horizon(pools, 51, RATE)
    assert str(caught.value) == (
        "H_max 51 is longer than the segments, 50 samples at 1000 Hz: "
        "set horizon.max=50 or less, or data.context_s=0.051"
    )


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"edge_ms": -1}, "data.edge_ms is -1"),
        ({"silence_prefix_ms": float("nan")}, "data.silence_prefix_ms is nan"),
        ({"silence_suffix_ms": 50}, "data.context_s 0.05 s is not longer than data.silence_suffix_ms 50 ms"),
        ({"short_gap": "keep"}, "data.short_gap is 'keep': give 'shorten' or 'drop'"),
        ({"window_edges": "zeros"}, "data.window_edges is 'zeros': use recording or mirrored"),
    ],
)
def test_settings_out_of_range_are_refused(setting: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        WindowSettings(**setting)


def test_a_recording_of_another_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="r: its samples are at 1000 Hz, windows are cut at 44100 Hz"):
        cut_segments([recording_of("r", [("a", 200, 300)])], sample_rate=44_100)


def test_nothing_selected_is_said() -> None:
    with pytest.raises(ValueError, match="none of 1 recordings has a selected syllable: check"):
        cut_segments([recording_of("r", [("a", 200, 300, 1.0, False)])], sample_rate=RATE)


def test_real_song_gives_an_onset_window_for_every_e(song_root) -> None:
    songs = []
    for path in sorted((song_root / "segments").glob("*.txt")):
        rows = [line.split() for line in path.read_text().splitlines()]
        syllables = [(c, round(float(a) * 44_100), round(float(b) * 44_100), 1.0, c == "e") for a, b, c in rows]
        silence = np.zeros(syllables[-1][2] + 10_000, np.float32)
        songs.append(recording_of(path.stem, syllables, rate=44_100, samples=silence))
    pools = cut_segments(songs, sample_rate=44_100)
    assert pools.sizes() == {ONSET: 41, OFFSET: 41, MID: 41}
    # f follows e after some 20 ms, so that strict silences cost half of the OFFSET windows
    assert pools.shortened == {(OFFSET, "e"): 22}
    assert cut_segments(songs, WindowSettings(short_gap="drop"), sample_rate=44_100).sizes() == {
        ONSET: 41,
        OFFSET: 19,
        MID: 41,
    }
