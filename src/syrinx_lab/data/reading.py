"""One recording from disk: its samples at the lab's rate and level, its syllables in samples."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .annotation_channels import settle_channel
from .annotation_problem import Problem
from .annotation_records import LEFT_OUT, ROUNDING_S, Annotation
from .annotation_units import unit_hint
from .audio import AudioClip, read_audio, scale_factor
from .audio_file import sound_info
from .contrast import channel_warning, contrast_db, contrast_warning, inside_syllables
from .corpus_settings import CorpusSettings
from .denoising import denoised, removed
from .layout import AudioFile
from .pairing import Source
from .recording import Recording, Syllable, audio_hash, content_hash
from .sample_cache import SampleCache
from .stored_samples import Known, SoundSource, StoredSamples, stamp_of

LEAST_SAMPLES = 5  # that the differences of nine points can be reflected in
_FAINT = 1e-3  # -60 dB of full scale


def read_recording(
    file: AudioFile, source: Source | None, settings: CorpusSettings, cache: SampleCache | None = None
) -> tuple[Recording | None, list[Problem]]:
    """Read one recording and place its syllables; None when the audio cannot be used.

    Times become samples by rounding: onset = round(onset_s * sample_rate). An offset up to 1 ms beyond the end is moved
    to the end. Where the annotation names a channel, that one is read; see `settle_channel`.

    cache  where decoded sound goes, so that it can be dropped and decoded again; None: the recording holds its samples
    """
    sample_rate, channel, rules = settings.sample_rate, settings.channel, settings.rules
    annotated, found = source.syllables if source else (), list[Problem]()
    if source and any(one.channel is not None for one in annotated):
        info = sound_info(file.path)  # None where the file cannot be read, which is said below
        count = info.channels if info else 1
        channel, annotated, found = settle_channel(annotated, channel, count, source.path, file.path.name, rules)
    try:
        stamp = (0, 0) if cache is None else stamp_of(file.path)
        clip = read_audio(file.path, sample_rate=sample_rate, channel=channel, highpass_hz=settings.highpass_hz)
    except OSError as error:
        message = f"cannot be read ({error.strerror}); restore the file or leave it out"
        return None, [Problem(file.path, None, message)]
    except ValueError as error:
        return None, [Problem(file.path, None, str(error).removeprefix(f"{file.path}: "))]
    if (size := min(clip.native_frames, len(clip.samples))) < LEAST_SAMPLES:
        rate = min(clip.native_sample_rate, sample_rate)
        message = f"too short: {size} samples at {rate} Hz, and a recording needs {LEAST_SAMPLES}; leave it out"
        return None, [Problem(file.path, None, message)]
    problems = [*found, *(Problem(file.path, None, one, "warning") for one in audio_warnings(clip))]
    hint = unit_hint(annotated, clip.duration_s, clip.native_sample_rate, file.path.name)
    if hint:
        assert source is not None
        problems.append(Problem(source.path, annotated[0].line, hint))
    syllables: list[Syllable] = []
    for annotation in annotated if hint is None else ():
        assert source is not None
        placed = _place(annotation, clip, file)
        if isinstance(placed, str):
            severity = rules.severity(annotation.label)
            problems.append(Problem(source.path, annotation.line, placed + LEFT_OUT[severity], severity))
        else:
            syllables.append(replace(placed, selected=rules.asked(placed.label)))
    recording = Recording(
        file.id,
        file.path,
        clip.samples,
        sample_rate,
        clip.native_sample_rate,
        tuple(syllables),
        annotation=source.path if source else None,
        channel=channel,
        channels=clip.channels,
        audio=audio_hash(clip.samples),
    )
    fixed = channel != "mean" and any(one.channel is not None for one in annotated)
    problems += _doubts(recording, clip, channel, fixed)
    sound, sung = clip.samples, tuple((one.onset, one.offset) for one in syllables)
    if settings.denoising is not None:
        sound = denoised(clip.samples, sample_rate, sung, settings.denoising)
        recording = replace(recording, samples=sound)
    taken = None if settings.denoising is None else removed(clip.samples, sound, sung)
    try:
        recording = _scaled(recording, settings, sound)
    except ValueError as error:
        problems.append(Problem(file.path, None, str(error)))
    if cache is None:
        return recording, problems
    samples = np.asarray(recording.samples)
    origin = SoundSource(
        file.path,
        stamp,
        sample_rate,
        channel,
        settings.highpass_hz,
        clip.divisor,
        clip.offset,
        clip.seekable and settings.denoising is None,
        settings.denoising,
        () if settings.denoising is None else sung,
    )
    stored = StoredSamples(origin, len(samples), recording.gain, cache)
    contrast = contrast_db(samples, inside_syllables(len(samples), recording.syllables))
    known = content_hash(samples, sample_rate, recording.syllables)
    both = None if taken is None else (taken.song_db, taken.background_db)
    stored.known = Known(recording.syllables, known, contrast, both)
    stored.keep(samples)
    return replace(recording, samples=stored), problems


def _doubts(recording: Recording, clip: AudioClip, channel: int | str, fixed: bool) -> list[Problem]:
    """What makes it doubtful that these are the syllables of this recording, or of the channel that was read."""
    if not recording.syllables:
        return []
    per_sample = clip.native_sample_rate / clip.sample_rate
    other = channel_warning(clip.native, channel, recording.syllables, per_sample, fixed)
    faint = None if other else contrast_warning(clip.samples, recording.syllables, clip.sample_rate)
    return [Problem(recording.path, None, message, "warning") for message in (other, faint) if message]


def _place(annotation: Annotation, clip: AudioClip, file: AudioFile) -> Syllable | str:
    """The syllable in samples, or what is wrong with its times."""
    rate, end = clip.sample_rate, len(clip.samples)
    what = f"{annotation} from {annotation.onset_s:g} to {annotation.offset_s:g} s"
    if annotation.offset_s > clip.duration_s + ROUNDING_S:
        return f"{what} lies beyond the end of {file.path.name}, {clip.duration_s:.4f} s; correct or delete it"
    onset, offset = round(annotation.onset_s * rate), min(round(annotation.offset_s * rate), end)
    if offset <= onset:
        return f"{what} is shorter than one sample of {file.path.name}; correct or delete it"
    return Syllable(annotation.label, onset, offset)


def _scaled(recording: Recording, settings: CorpusSettings, samples: np.ndarray) -> Recording:
    """The recording with its samples, or each syllable's gain, brought to the level asked for.

    The samples, just decoded, are multiplied where they are: of half an hour a copy is 0.3 GB.
    Syllables of zeros have no level, which is a fault of those that are trained on alone.
    """
    cuts = [samples[s.onset : s.offset] for s in recording.syllables]
    wanted = any(syllable.selected for syllable in recording.syllables)
    if not wanted and not any(cut.any() for cut in cuts):
        return recording
    if settings.scale_per == "vocalisation":
        gains = [
            scale_factor(cut, settings.scale_to, settings.scale) if syllable.selected or cut.any() else 1.0
            for syllable, cut in zip(recording.syllables, cuts)
        ]
        return replace(recording, syllables=tuple(replace(s, gain=g) for s, g in zip(recording.syllables, gains)))
    gain = scale_factor(np.concatenate(cuts), settings.scale_to, settings.scale)
    scaled = samples if gain == 1.0 else np.multiply(samples, np.float32(gain), out=samples)
    return replace(recording, samples=scaled, gain=gain)


def audio_warnings(clip: AudioClip) -> list[str]:
    """What is odd about the sound itself, in lines."""
    found = list(clip.warnings)
    if clip.clipped:
        found.append(f"clipped: {clip.clipped} samples lie in runs at full scale")
    if clip.offset:
        found.append(
            f"DC offset: the mean, {clip.offset:.3g} of full scale, exceeds the standard deviation; it was taken out "
            "before the level was measured"
        )
    if clip.peak < _FAINT:
        found.append(f"nearly silent: the loudest sample is {clip.peak:.2g} of full scale")
    if clip.divisor > 1:
        found.append(f"float samples reach {clip.peak:g}; all were divided by {clip.divisor:g} to lie in [-1, 1]")
    return found
