"""Segments for a training whose recordings nobody annotated."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..corpus_settings import CorpusSettings
from ..layout import expand
from .folder import SegmentSettings, segment_folder
from .segmenter import Segmenter

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SegmentsOnTheWay:
    """Finds and names the syllables of folders, once, and keeps them below `outputs`.

    segmenter  finds the syllables
    described  its settings in plain values
    outputs    folder
    """

    segmenter: Segmenter
    described: dict[str, Any]
    outputs: Path

    def reading(self, root: str | Sequence[str], reading: CorpusSettings) -> CorpusSettings:
        """How the folders are read with the segments as their annotations; recordings without song are left out.

        Segments are kept in `outputs/segments/auto-...`, a folder for these roots and settings, and found anew for
        files whose bytes changed. An annotation that was corrected there by hand is used as it is.
        Raises ValueError where no song is found at all.
        """
        roots = [str(folder.resolve()) for folder in expand(root)]
        what = repr((roots, sorted(self.described.items()), reading.channel, reading.audio_pattern))
        out = self.outputs / "segments" / f"auto-{hashlib.sha256(what.encode()).hexdigest()[:12]}"
        settings = SegmentSettings(reading.channel, reading.audio_pattern, faulty=reading.faulty)
        folder = segment_folder(root, out, self.segmenter, self.described, settings)
        if not folder.annotations:
            raise ValueError(
                f"{roots[0]}: data.segmenter=auto found no song in {len(folder.files)} recordings; look at them with "
                "`python -m syrinx_lab.segment data.root=...`, or annotate them"
            )
        count = sum(map(len, folder.labels.values()))
        _log.info("%d syllables of %d recordings in %s", count, len(folder.annotations), out / "annotations")
        return replace(
            reading,
            annotations="csv",
            annotation_root=str(out / "annotations"),
            unannotated="skip",
            tier=None,
            label_column=None,
            time_unit=None,
        )
