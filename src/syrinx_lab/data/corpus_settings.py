"""How folders of recordings are read: which files, which of their labels, at what rate and level."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from .annotation_rules import AnnotationRules, rules
from .annotations import format_endings
from .audio import check_reading
from .denoising import KINDS, Denoising

SILENCE_LABELS = ("SIL", "sil", "silence", "h#")


@dataclass(frozen=True)
class CorpusSettings:
    """The settings of `load_corpus`; but for the folders themselves, those of the group data/ that change what is read.

    sample_rate      Hz, of the corpus; recordings of other rates are resampled
    channel          index from 0, or "mean" of all channels
    highpass_hz      cut-off of a zero-phase high-pass, None for none
    denoise          "none", "gate" or "wiener": how noise is taken out before the level is measured, see `denoised`
    denoise_db       the most that a frequency is lowered by at any time, dB
    label            the label or labels to train on, None for all; the other syllables are kept, not `selected`
    annotations      a format's name (`annotations.available_formats`), or "auto": every file is looked into, and a
                     recording that is annotated in several ways takes a table of many recordings before a file of its
                     own, and then the first of csv, notmat, textgrid, raven, text, aud-bbox, timit
    annotation_root  folder of the annotations, one for all roots or one a root, or a single file; None: beside the
                     audio or in any other folder of the root
    audio_pattern    shell pattern of the audio files to take, such as "*_song.wav", None for all
    scale            "peak", "rms" or "none": what is brought to `scale_to`. The level is measured inside annotated
                     syllables of every label, never on the noise between them, which may therefore end up louder
    scale_per        "recording": one gain, already applied to the samples. "vocalisation": each syllable bears its own
                     `gain`, to be applied when it is cut, and the samples stay as recorded
    scale_to         peak |x| or RMS of the scaled syllables
    unannotated      "error", or "skip" to leave out recordings without annotation and annotations without recording
    tier             the tier of a TextGrid to read, by name or number from 1; None for the first that holds labels
    label_column     the column of a table that holds the labels, None to find it
    time_unit        "s", "ms" or "samples" where the times are not in the unit that their format says, None
    faulty           "error", or "skip" to leave out, with a warning, syllables whose times make no sense and recordings
                     whose annotation cannot be read. Faults of labels that were not asked for are warnings anyway
    silence_labels   labels of stretches that are no syllable; left out with a note, unless asked for by `label`
    Raises ValueError with one line for a setting that makes no sense, whatever the files hold.
    """

    sample_rate: int = 44100
    channel: int | str = 0
    highpass_hz: float | None = None
    label: str | int | Sequence[str | int] | None = None
    annotations: str = "auto"
    annotation_root: str | os.PathLike[str] | Sequence[str] | None = None
    audio_pattern: str | None = None
    scale: str = "peak"
    scale_per: str = "recording"
    scale_to: float = 0.4
    unannotated: str = "error"
    tier: str | int | None = None
    label_column: str | None = None
    time_unit: str | None = None
    faulty: str = "error"
    silence_labels: Sequence[str] | str | None = SILENCE_LABELS
    denoise: str = "none"
    denoise_db: float = 20.0

    def __post_init__(self) -> None:
        if self.scale not in ("peak", "rms", "none"):
            raise ValueError(f"data.scale is {self.scale!r}: give peak, rms or none")
        if self.scale_per not in ("recording", "vocalisation"):
            raise ValueError(f"data.scale_per is {self.scale_per!r}: give recording or vocalisation")
        if not self.scale_to > 0:
            raise ValueError(f"data.scale_to is {self.scale_to}: give a level above 0")
        check_reading(self.sample_rate, self.channel, self.highpass_hz)
        if self.denoise not in KINDS:
            raise ValueError(f"data.denoise is {self.denoise!r}: give {', '.join(KINDS[:-1])} or {KINDS[-1]}")
        if not 0 < self.denoise_db <= 60:
            raise ValueError(f"data.denoise_db is {self.denoise_db}: give dB above 0, at most 60")
        format_endings(self.annotations)
        if self.unannotated not in ("error", "skip"):
            raise ValueError(f"data.unannotated is {self.unannotated!r}: give error or skip")
        _ = self.rules

    @property
    def denoising(self) -> Denoising | None:
        """How noise is taken out; None where it is left in."""
        return None if self.denoise == "none" else Denoising(self.denoise, self.denoise_db)

    @property
    def labels(self) -> list[str] | None:
        """The labels asked for, see `label_list`."""
        return label_list(self.label)

    @cached_property
    def rules(self) -> AnnotationRules:
        """How the annotations are to be read."""
        return rules(
            labels=self.labels,
            silence_labels=self.silence_labels,
            faulty=self.faulty,
            tier=self.tier,
            label_column=self.label_column,
            time_unit=self.time_unit,
        )


def label_list(label: str | int | Sequence[str | int] | None) -> list[str] | None:
    """The labels asked for, as sorted strings (a command line turns label=1 into a number); None for all labels."""
    if label is None:
        return None
    several = [label] if isinstance(label, str | int) else label
    return sorted({unicodedata.normalize("NFC", str(one)) for one in several})
