"""Birds, days, sessions and moments that lie on both sides of a split."""

from __future__ import annotations

from collections.abc import Mapping

from .audio_index import CLEANED
from .file_dates import without_ending
from .groups import Group
from .hold_out import HoldOut
from .recording import Corpus


def check_group_leaks(
    home: Mapping[str, str], corpus: Corpus, groups: Mapping[str, Group], held: Mapping[str, HoldOut]
) -> None:
    """Raise ValueError when a whole that is held out has recordings in two splits, or one moment has.

    home    the split of every recording, by id
    groups  what the recordings are of, by id
    held    split -> what it holds as a whole
    """
    for split, one in held.items():
        if one.share is not None:
            continue
        inside = {whole: key for key, whole in _wholes(groups, one.kind).items() if home.get(key) == split}
        for key, whole in _wholes(groups, one.kind).items():
            # test comes before val where both claim a recording, so that a whole of val may go on in test
            if key in home and home[key] != split and whole in inside and not (split == "val" and home[key] == "test"):
                raise ValueError(
                    f"{one.kind} {' of '.join(reversed(whole))} is held out as {split} with {inside[whole]}, and {key} "
                    f"of it is in {home[key]}: name the {one.kind} of both in a table, data.groups=TABLE"
                )
    moments: dict[tuple[str, str], str] = {}
    for key, split in home.items():
        group = groups.get(key)
        if group is None or group.moment is None:
            continue
        name = without_ending(corpus.recordings[key].path.name).removesuffix(CLEANED)
        twin = moments.setdefault((name, group.moment), key)
        if home[twin] != split:
            raise ValueError(
                f"{twin} in {home[twin]} and {key} in {split} bear one name and were made at one moment, "
                f"{group.moment}: they are one recording in two forms; remove one of the two files"
            )


def _wholes(groups: Mapping[str, Group], kind: str) -> dict[str, tuple[str, ...]]:
    return {key: whole for key, group in groups.items() if (whole := group.whole(kind)) is not None}
