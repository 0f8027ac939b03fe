"""How often trackers are wrong about the pitch, over noise and over pitch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from .panels import LABEL_SIZE, TICK_SIZE
from .style import PALETTE, new_figure

_COLOURS = [colour for name, colour in PALETTE.items() if name != "yellow"]
_LEAST = 0.05  # %: below it lies the axis

Course = Mapping[str, Sequence[float]]


def hearing_figure(
    snr_db: Sequence[float],
    panels: Mapping[str, Course],
    bands: Sequence[str],
    over_pitch: Course,
    *,
    at_db: float,
    width_in: float = 12.0,
) -> Figure:
    """A panel a score over the signal-to-noise ratio, a line a tracker, and gross errors over the pitch at one ratio.

    snr_db      dB
    panels      title -> tracker -> shares (0 to 1), one a ratio
    bands       names of the bands of pitch
    over_pitch  tracker -> shares of gross errors, one a band
    at_db       the ratio of that panel
    width_in    inches
    """
    figure = new_figure(width_in, 3.4)
    axes = figure.subplots(1, len(panels) + 1)
    names = list(over_pitch)
    for axis, (title, courses) in zip(axes, panels.items()):
        for name, shares in courses.items():
            _line(axis, snr_db, shares, names.index(name))
        axis.set_title(title, fontsize=LABEL_SIZE)
        axis.set_xlabel("signal-to-noise ratio, dB", fontsize=TICK_SIZE)
    for name, shares in over_pitch.items():
        _line(axes[-1], range(len(bands)), shares, names.index(name))
    axes[-1].set_title(f"gross errors over pitch, {at_db:g} dB", fontsize=LABEL_SIZE)
    axes[-1].set_xticks(range(len(bands)), bands, rotation=20)
    for axis in axes:
        axis.set_yscale("log")
        axis.set_ylabel("% of knots", fontsize=TICK_SIZE)
        axis.tick_params(labelsize=TICK_SIZE)
    for name in names:
        axes[0].plot([], [], "o-", color=_COLOURS[names.index(name) % len(_COLOURS)], label=name, markersize=3)
    figure.legend(loc="outside lower center", ncols=len(names), fontsize=TICK_SIZE, frameon=False)
    return figure


def _line(axis, x: Sequence[float], shares: Sequence[float], index: int) -> None:  # type: ignore[no-untyped-def]
    percent = [max(_LEAST, 100 * share) for share in shares]
    axis.plot(x, percent, "o-", color=_COLOURS[index % len(_COLOURS)], markersize=3, linewidth=1.2)
