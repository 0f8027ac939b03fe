"""Where bands may lie at a sample rate."""

from __future__ import annotations

HIGHEST = 0.95  # share of half the sample rate, where the configured end lies above it


def span(room: str, low_hz: float, high_hz: float, sample_rate: float, *, below: bool = False) -> tuple[float, float]:
    """The ends (low, high) in Hz of what `low_hz` to `high_hz` leaves of the sounds that a sample rate holds.

    high = high_hz while it is at most sample_rate / 2, else HIGHEST sample_rate / 2: recordings are resampled through
    a filter that ends there.

    room   the group of the configuration whose keys low_hz and high_hz are, for errors
    below  high_hz = sample_rate / 2 is too high as well
    Raises ValueError, naming the key, where nothing is left between the two.
    """
    half = sample_rate / 2
    high = high_hz if high_hz < half or (high_hz == half and not below) else HIGHEST * half
    if not 0 <= low_hz < high:
        if low_hz >= 0 and high_hz > low_hz:
            raise ValueError(
                f"{room}.low_hz is {low_hz:g}: use less than {high:g}, which data.sample_rate={sample_rate:g} leaves"
            )
        raise ValueError(f"{room}.high_hz is {high_hz:g} and {room}.low_hz {low_hz:g}: use 0 <= low_hz < high_hz")
    return low_hz, high
