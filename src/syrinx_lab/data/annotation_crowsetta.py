"""Annotations in the formats that crowsetta reads and the lab does not read itself."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .annotation_records import AnnotationFile, NativeRate
from .annotation_rules import AnnotationRules


def crowsetta_formats() -> dict[str, tuple[str, ...]]:
    """The formats of the installed crowsetta: name -> endings of file names."""
    import crowsetta  # takes a second to import, and few corpora need it

    formats = {name: crowsetta.formats.by_name(name).ext for name in crowsetta.formats.as_list()}
    return {name: (ext,) if isinstance(ext, str) else tuple(ext) for name, ext in formats.items()}


def read_crowsetta(path: Path, name: str, native_rate: NativeRate, rules: AnnotationRules) -> AnnotationFile:
    """Read an annotation file through crowsetta, without its rounding of times to milliseconds.

    Formats that count in samples (birdsong-recognition-dataset) are converted with the sample rate of each audio file.
    """
    found = AnnotationFile(path, name, rules)
    try:
        annotations, in_samples = _load(path, name)
    except Exception as error:  # its parsers raise whatever they stumble over
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        return found.refuse(f"cannot be read as {name} ({reason}); is it complete, and is that its format?")
    for annotation in annotations if isinstance(annotations, list) else [annotations]:
        audio = str(annotation.notated_path) if isinstance(annotations, list) else ""
        found.name(audio)
        rate = native_rate(audio) if in_samples else 1
        if rate is None:
            continue  # the recording does not exist, which is reported for the name
        for index, (onset, offset, label) in enumerate(_syllables(annotation), start=1):
            found.add(audio, float(onset) / rate, float(offset) / rate, str(label), index=index)
    return found.finish()


def _load(path: Path, name: str) -> tuple[Any, bool]:
    """crowsetta's annotation or list of annotations, and whether its times count samples."""
    import crowsetta

    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # crowsetta warns of audio that it does not find, which the lab looks for itself
        loaded = crowsetta.formats.by_name(name).from_file(path)
        accepted = inspect.signature(loaded.to_annot).parameters
        in_samples = "samplerate" in accepted
        options: dict[str, Any] = {"round_times": False} if "round_times" in accepted else {}
        if in_samples:
            options["samplerate"] = 1  # seconds at one sample a second are samples
        return loaded.to_annot(**options), in_samples


def _syllables(annotation: Any) -> Iterable[tuple[float, float, str]]:
    """(onset, offset, label) of every segment or box of a crowsetta annotation."""
    boxes = getattr(annotation, "bboxes", None)
    if boxes is not None:
        return [(box.onset, box.offset, box.label) for box in boxes]
    tiers = annotation.seq if isinstance(annotation.seq, list) else [annotation.seq]
    sequence = next((tier for tier in tiers if len(tier.segments)), None)
    return [] if sequence is None else [(s.onset_s, s.offset_s, s.label) for s in sequence.segments]
