"""An annotation file as its syllables, for the tests of every format."""

from __future__ import annotations

from pathlib import Path

from syrinx_lab.data.annotation_records import Annotation, NativeRate
from syrinx_lab.data.annotation_rules import AS_WRITTEN, AnnotationRules
from syrinx_lab.data.annotations import detect_format, format_endings, read_annotation_file


def read_annotations(
    path: Path,
    name: str = "auto",
    native_rate: NativeRate = lambda audio: None,
    rules: AnnotationRules = AS_WRITTEN,
) -> dict[str, tuple[Annotation, ...]]:
    """Audio name -> its syllables in order of onset; "" is the recording of the file's name.

    Arguments as of `read_annotation_file`; "auto" finds out the format. Raises ValueError with the first fault.
    """
    if name == "auto":
        detected = detect_format(path)
        assert detected is not None, path
        name = detected[0]
    format_endings(name)
    found = read_annotation_file(path, name, native_rate, rules)
    for problem in found.problems:
        if problem.severity == "error":
            raise ValueError(str(problem))
    return {audio: tuple(syllables) for audio, syllables in found.recordings.items()}
