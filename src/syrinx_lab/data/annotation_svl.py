"""Sonic Visualiser's layers (.svl): the regions of one layer."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

from .annotation_records import AnnotationFile
from .annotation_rules import AnnotationRules


def read_svl(path: Path, rules: AnnotationRules) -> AnnotationFile:
    """Read the regions of a layer; frames are counted at the sample rate that the layer states.

    Points without duration are no syllables; a layer that holds nothing else is a warning.
    """
    found = AnnotationFile(path, "svl", rules)
    found.name("")
    try:
        root = ET.parse(path).getroot()
        model = next(one for one in root.iter("model") if one.get("sampleRate"))
        rate = float(model.attrib["sampleRate"])
        points = [
            (float(p.get("frame", "nan")), float(p.get("duration", "0")), p.get("label", ""))
            for p in root.iter("point")
        ]
    except (ET.ParseError, StopIteration, ValueError) as error:
        reason = str(error) or "it holds no model with a sample rate"
        return found.refuse(f"cannot be read as svl ({reason}); is it complete, and is that its format?", "")
    for index, (frame, duration, label) in enumerate(points, start=1):
        if duration > 0:
            found.add("", frame / rate, (frame + duration) / rate, label, index=index)
    if points and not any(duration > 0 for _, duration, _ in points):
        found.fault(None, f"its {len(points)} points have no duration; draw a layer of regions", "warning")
    return found.finish()
