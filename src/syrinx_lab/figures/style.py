"""What all figures share: colours, an empty figure, the spectrogram in dB, and saving."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray
from scipy.signal import stft

# Okabe and Ito (2008), "Color universal design": distinct under every common colour vision deficiency.
PALETTE: dict[str, str] = {
    "black": "#000000",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "purple": "#CC79A7",
}

SPECTROGRAM_CMAP = "magma"


def new_figure(width_in: float, height_in: float) -> Figure:
    """An empty figure of `width_in` by `height_in` inches, laid out tightly, outside pyplot's global state."""
    figure = Figure(figsize=(width_in, height_in), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def check_picture(path: str | Path) -> None:
    """Raise ValueError with one line for a path that `save_figure` cannot write: a folder, or an unknown ending."""
    path = Path(path)
    if path.is_dir():
        raise ValueError(f"{path} is a folder: name a file in it, as {path / 'picture.png'}")
    if path.suffix.lower().removeprefix(".") not in FigureCanvasAgg.filetypes:
        raise ValueError(f"{path}: no picture has this ending: use .png, .pdf or .svg")


def save_figure(figure: Figure, path: str | Path, dpi: int = 150) -> Path:
    """Write `figure` to `path`, format by suffix, through a temporary file in the same folder; returns the path."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.tmp{path.suffix}")
    try:
        with warnings.catch_warnings():  # a box stands for a letter that the font lacks, as in names of files
            warnings.filterwarnings("ignore", message="Glyph .* missing from")
            figure.savefig(temporary, dpi=dpi)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def relative_spectrogram_db(
    samples: ArrayLike,
    sample_rate: int,
    *,
    n_fft: int = 512,
    hop: int = 128,
    reference: float | None = None,
    range_db: float = 50.0,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Magnitude spectrogram in dB relative to a reference, clipped `range_db` below it.

        dB = max(20 log10(|S| / reference), -range_db),   S the STFT with a Hann window

    samples      (N,) audio; shorter than `n_fft` is padded with zeros
    sample_rate  Hz
    reference    the |S| that is 0 dB; None: the largest |S| of these samples. S is scaled so that a sine of
                 amplitude A gives |S| = A / 2, so two spectrograms with one `reference` share their colours
    Returns times (T,) in seconds, the centres of the frames; frequencies (F,) in Hz, F = n_fft / 2 + 1; dB (F, T).
    A non-finite sample raises ValueError.
    """
    signal = np.asarray(samples, dtype=np.float64)
    if signal.ndim != 1:
        raise ValueError(f"a spectrogram needs one channel of samples, got an array of shape {signal.shape}")
    if not np.isfinite(signal).all():
        raise ValueError(
            f"sample {int(np.argmin(np.isfinite(signal)))} is not finite: a spectrogram needs finite samples"
        )
    if len(signal) < n_fft:
        signal = np.pad(signal, (0, n_fft - len(signal)))
    frequencies, times, spectrum = stft(signal, fs=sample_rate, window="hann", nperseg=n_fft, noverlap=n_fft - hop)
    magnitude = np.abs(spectrum)
    top = float(magnitude.max()) if reference is None else reference
    floor = 10.0 ** (-range_db / 20.0)
    relative = magnitude / top if top > 0.0 else np.zeros_like(magnitude)
    return times, frequencies, 20.0 * np.log10(np.maximum(relative, floor))
