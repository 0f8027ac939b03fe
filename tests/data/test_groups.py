"""Birds, days and sessions: read off names, folders and tables, and held out as wholes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from layouts import corpus_from, recording_of

from syrinx_lab.data.corpus import Corpus
from syrinx_lab.data.file_dates import FileDates, without_ending
from syrinx_lab.data.groups import Group, group_recordings, telling_groups, with_days_after
from syrinx_lab.data.hold_out import parse_hold_out
from syrinx_lab.data.splits import NAMES, SplitSettings, check_leaks, split_recordings
from syrinx_lab.runs.split_scores import group_scores

SUNG = [("a", 60, 100), ("b", 160, 200)]


def corpus(root: Path, names: Sequence[str]) -> Corpus:
    """A recording a name, as it would lie below the root."""
    return corpus_from(replace(recording_of(Path(n).with_suffix("").as_posix(), SUNG), path=root / n) for n in names)


def groups(root: Path, names: Sequence[str], **table: str) -> dict[str, Group]:
    return group_recordings(corpus(root, names), str(root), **table)


@pytest.mark.parametrize(
    ("name", "bird", "day", "moment"),
    [
        ("G402_43362.23322048_9_19_6_28_42.wav", "G402", "2018-09-19", "2018-09-19 6_28_42"),
        ("llb3_0003_2018_04_23_14_18_03.wav", "llb3", "2018-04-23", "2018-04-23 14_18_03"),
        ("SM4_20230503_053000.wav", "SM4", "2023-05-03", "2023-05-03 053000"),
        ("pk9.2026-05-03T06-30.flac", "pk9", "2026-05-03", "2026-05-03 06-30"),
        ("20230503.wav", "", "2023-05-03", None),
        ("gy6or6_120319_0808.138.cbin", "gy6or6", "2012-03-19", "2012-03-19 0808"),
    ],
)
def test_the_names_of_recording_programs(name: str, bird: str, day: str, moment: str | None) -> None:
    found = FileDates([without_ending(name)]).of_file(without_ending(name))
    assert found is not None
    assert (found.bird, found.day, found.moment) == (bird, day, moment)


@pytest.mark.parametrize("name", ["finch-0001", "b1_00012", "G402_43362.23322048_9_18_6_28_42", "a2026", "123456789"])
def test_names_without_a_date(name: str) -> None:
    assert FileDates([name]).of_file(name) is None


def test_six_figures_are_read_in_the_order_that_fits_all_of_them() -> None:
    evtaf = [f"bl26lb16_{text}_0721" for text in ("190412", "200412", "020512")]
    assert [one.day for one in map(FileDates(evtaf).of_file, evtaf) if one] == [
        "2012-04-19",
        "2012-04-20",
        "2012-05-02",
    ]
    # both orders are dates here; a bird of one month is likelier than one of ten years
    assert FileDates(["b_110612_1", "b_120612_1"]).order == "dmy"
    assert FileDates(["b_120611_1", "b_120612_1"]).order == "ymd"


def test_folders_named_by_day_or_age() -> None:
    dates = FileDates([])
    named = {
        name: dates.of_folder(name) for name in ("2026-05-03", "43362", "d60", "dph_60", "60dph", "bird12", "audio")
    }
    days = ["2026-05-03", "2018-09-19", "day 60", "day 60", "day 60", None, None]
    assert [one and one.day for one in named.values()] == days
    assert named["d60"] == named["60dph"]


def test_birds_and_sessions_are_told_by_folders(tmp_path: Path) -> None:
    found = groups(tmp_path, ["B1/audio/2026-05-03/x.wav", "B1/audio/2026-05-04/x.wav", "B2/d60/y.wav", "B2/d61/y.wav"])
    assert [(one.bird, one.day) for one in found.values()] == [
        ("B1", "2026-05-03"), ("B1", "2026-05-04"), ("B2", "day 60"), ("B2", "day 61")
    ]  # fmt: skip
    assert found["B1/audio/2026-05-03/x"].session == "audio/2026-05-03" or found["B1/audio/2026-05-03/x"].session
    flat = groups(tmp_path / "B7", ["x.wav", "y.wav"])
    assert {(one.bird, one.day, one.session) for one in flat.values()} == {("B7", None, None)}
    named = groups(tmp_path / "all", ["pk1_20260503.wav", "gr2_20260503.wav"])
    assert [one.bird for one in named.values()] == ["pk1", "gr2"]


def test_birds_of_several_roots_and_of_days_as_roots(tmp_path: Path) -> None:
    roots = [tmp_path / "B1", tmp_path / "B2"]
    several = corpus_from(
        replace(recording_of(f"{root.name}/exp/x{k}", SUNG), path=root / f"exp/x{k}.wav")
        for root in roots
        for k in (1, 2)
    )
    found = group_recordings(several, [str(root) for root in roots])
    assert [(one.bird, one.root) for one in found.values()] == [("B1", "B1")] * 2 + [("B2", "B2")] * 2
    files = ["ro1_20260503_1000.wav", "ro1_20260504_1000.wav"]
    days = corpus_from(
        replace(recording_of(f"{name[4:12]}/{Path(name).stem}", SUNG), path=tmp_path / name[4:12] / name)
        for name in files
    )
    found = group_recordings(days, [str(tmp_path / "20260503"), str(tmp_path / "20260504")])
    assert [(one.bird, one.day) for one in found.values()] == [("ro1", "2026-05-03"), ("ro1", "2026-05-04")]


def test_a_name_and_a_folder_of_two_days_are_refused_and_a_table_settles_it(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"x_20260504\.wav: its name is of 2026-05-04 and its folder of 2026-05-03"):
        groups(tmp_path, ["2026-05-03/x_20260504.wav"])
    # evTAF's folders and files: one day in two orders of its six figures
    groups(tmp_path, ["bl26lb16/041912/bl26lb16_190412_0721.wav", "bl26lb16/042012/bl26lb16_200412_0721.wav"])


def test_a_table_says_what_names_do_not(tmp_path: Path) -> None:
    table = tmp_path / "groups.csv"
    table.write_text("file,bird,day,session\nx.wav,pk1,2026-05-03,morning\ny,gr2,d60,\nelsewhere.wav,a,b,c\n")
    found = groups(tmp_path, ["x.wav", "y.wav", "z.wav"], table=str(table))
    assert found["x"].named() == {"bird": "pk1", "day": "2026-05-03", "session": "morning", "root": tmp_path.name}
    assert (found["y"].bird, found["y"].day, found["y"].day_number) == ("gr2", "day 60", 60)
    assert found["z"].bird == tmp_path.name
    for text, said in [
        ("file,onset\nx,1\n", r"groups\.csv, line 1: its columns are file, onset; a table of groups has"),
        ("file,bird\nx,a\nx.wav,b\n", r"groups\.csv, line 3: 'x\.wav' is there twice"),
        ("file,bird\nq,a\n", r"none of its rows names a recording"),
    ]:
        table.write_text(text)
        with pytest.raises(ValueError, match=said):
            groups(tmp_path, ["x.wav"], table=str(table))


DAYS = [f"B{bird}/2026-05-0{day}/r{k}.wav" for bird in (1, 2, 3) for day in (1, 2, 3) for k in range(4)]


def split(tmp_path: Path, names: Sequence[str] = DAYS, **settings: object) -> tuple[Corpus, Mapping[str, set[str]]]:
    chosen = SplitSettings(**settings)  # type: ignore[arg-type]
    song, found = corpus(tmp_path, names), groups(tmp_path, names)
    splits = split_recordings(song, chosen, found)
    check_leaks(splits, song, {}, found, chosen.held)
    assert sorted([*splits.train, *splits.val, *splits.test]) == sorted(song.recordings)
    return song, {name: set(splits[name]) for name in NAMES}


@pytest.mark.parametrize(
    ("hold_out", "held"),
    [
        ("bird:B3", {name for name in DAYS if name.startswith("B3")}),
        ("bird:B1,B3", {name for name in DAYS if not name.startswith("B2")}),
        (["bird:B1", "bird:B3"], {name for name in DAYS if not name.startswith("B2")}),
        ("day:2026-05-02", {name for name in DAYS if "-02/" in name}),
        ("day:20260502", {name for name in DAYS if "-02/" in name}),
        ("day:2026-05-02..", {name for name in DAYS if "-01/" not in name}),
        ("day:..2026-05-01", {name for name in DAYS if "-01/" in name}),
        ("session:B1/2026-05-02", {name for name in DAYS if name.startswith("B1/2026-05-02")}),
    ],
)
def test_what_is_held_out_is_test_as_a_whole_and_nothing_of_it_is_elsewhere(
    tmp_path: Path, hold_out: str, held: set[str]
) -> None:
    _, splits = split(tmp_path, hold_out=hold_out)
    assert splits["test"] == {name.removesuffix(".wav") for name in held}
    assert len(splits["val"]) == max(1, round(0.1 * (len(DAYS) - len(held))))


def test_val_and_test_are_held_out_apart_and_files_are_a_share(tmp_path: Path) -> None:
    _, splits = split(tmp_path, hold_out="bird:B3", hold_out_val="day:2026-05-02")
    assert splits["test"] == {name.removesuffix(".wav") for name in DAYS if name.startswith("B3")}
    assert splits["val"] == {name.removesuffix(".wav") for name in DAYS if "-02/" in name and not name.startswith("B3")}
    _, splits = split(tmp_path, hold_out="files:0.25", val_fraction=0.5)
    assert [len(splits[name]) for name in NAMES] == [9, 18, 9]
    _, alone = split(tmp_path, test_fraction=0.25, val_fraction=0.5)
    assert splits == alone


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"hold_out": "bird:B9"}, r"data\.hold_out=bird:B9: no recording is of bird B9; there are B1, B2, B3"),
        ({"hold_out": "bird:B1,B2,B3"}, r"leaves 0 recordings .* for train and val"),
        ({"hold_out": "aviary:1"}, r"data\.hold_out is 'aviary:1': give one of bird:NAME"),
        ({"hold_out": "bird:"}, r"data\.hold_out is 'bird:'"),
        ({"hold_out": "files:2"}, r"give files:SHARE"),
        ({"hold_out": "day:monday..friday"}, r"give a range of days"),
    ],
)
def test_what_cannot_be_held_out_is_said(tmp_path: Path, settings: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        split(tmp_path, **settings)


def test_days_that_nothing_tells_are_asked_for(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"nothing tells the day of 3 of 3 recordings \(a, b, c\): name it in a table"):
        split(tmp_path, ["a.wav", "b.wav", "c.wav"], hold_out="day:2026-05-03")


def test_leaks_of_wholes_and_of_moments_are_named(tmp_path: Path) -> None:
    song, found = corpus(tmp_path, DAYS), groups(tmp_path, DAYS)
    settings = SplitSettings(hold_out="day:2026-05-02")
    splits = split_recordings(song, settings, found)
    check_leaks(splits, song, {}, found, settings.held)
    moved = next(name for name in splits.train if name.startswith("B1"))
    found[moved] = replace(found[moved], day="2026-05-02")
    with pytest.raises(ValueError, match=r"day 2026-05-02 of B1 is held out as test with .*, and B1/.* is in train"):
        check_leaks(splits, song, {}, found, settings.held)
    twice = [f"{folder}/pk1_20260503_10000{k}.wav" for folder in ("a", "b") for k in range(5)]
    song, found = corpus(tmp_path, twice), groups(tmp_path, twice)
    with pytest.raises(ValueError, match=r"bear one name and were made at one moment, 2026-05-03 10000"):
        check_leaks(split_recordings(song, SplitSettings(), found), song, {}, found)


def test_scores_are_grouped_by_what_tells_recordings_apart_and_once(tmp_path: Path) -> None:
    found = groups(tmp_path, DAYS)
    several = telling_groups(found, sorted(found), None)
    assert several["B1/2026-05-01/r0"] == {"bird": "B1", "day": "2026-05-01", "session": "B1/2026-05-01"}
    of_one = [name for name in found if name.startswith("B1")]
    assert telling_groups(found, of_one, None)["B1/2026-05-01/r0"] == {"day": "2026-05-01"}  # its sessions are its days
    assert telling_groups(found, of_one, "bird")["B1/2026-05-01/r0"] == {"bird": "B1", "day": "2026-05-01"}
    assert telling_groups(found, ["B1/2026-05-01/r0"], None) == {}


def test_days_count_from_the_nearer_end_of_the_training(tmp_path: Path) -> None:
    names = [f"2026-05-{day:02d}/r.wav" for day in (1, 2, 5, 9, 30)]
    found = groups(tmp_path, names)
    named = telling_groups(found, list(found), None)
    after = with_days_after(named, found, ["2026-05-02/r", "2026-05-05/r"])
    assert [one["days_after_training"] for one in after.values()] == ["-1", "+0", "+0", "+4", "+25"]
    assert "days_after_training" not in with_days_after(named, found, list(found))["2026-05-01/r"]
    means = {"recording": "", "raw": {}, "rescaled": {}}
    order = group_scores([means | {"recording": key} for key in reversed(found)], after)["days_after_training"]
    assert list(order) == ["-1", "+0", "+4", "+25"]
    assert [one["count"] for one in order.values()] == [1, 2, 1, 1]


def test_nothing_is_held_out_for_null() -> None:
    assert parse_hold_out(None, "data.hold_out") is None
    assert str(parse_hold_out("day: 2026-05-03", "k")) == "day:2026-05-03"
