"""On a bird whose gestures are known the bifurcations lie where its syllables begin and end."""

from __future__ import annotations

import numpy as np

from syrinx_lab.data.synthetic import SyntheticFinch, render_song
from syrinx_lab.dynamics.crossings import crossings, onset_and_offset
from syrinx_lab.dynamics.path import DrivenPath
from syrinx_lab.dynamics.systems.vocal_organ import VocalOrgan


def test_every_true_onset_and_offset_is_a_bifurcation_that_was_crossed() -> None:
    """A Hopf bifurcation takes some ms to be heard, since the oscillation grows from nothing; a circle does not."""
    spec = SyntheticFinch(n_recordings=1, motifs_per_recording=1)
    song = render_song(spec, np.random.default_rng([spec.seed, 0]))
    every = 44  # samples: 1 ms
    alpha, beta = (np.asarray(y)[::every] for y in (song.alpha, song.beta))
    path = DrivenPath(VocalOrgan().plane()[0].field(alpha, beta), np.arange(len(alpha)) * every / spec.sample_rate)
    found = crossings(path, homoclinic=False, parts=1)
    for syllable in song.syllables:
        heard = syllable.onset / spec.sample_rate, syllable.offset / spec.sample_rate
        onset, offset = onset_and_offset(found, *heard, within_s=0.02)
        assert onset is not None, syllable
        assert offset is not None, syllable
        slow = 12e-3 if onset.kind == "hopf" else 1.5e-3
        assert -slow < onset.seconds - heard[0] < 0, (syllable, onset)
        assert abs(offset.seconds - heard[1]) < 4e-3, (syllable, offset)
        assert onset.after == "sings"
        at = np.interp([onset.seconds], path.seconds, np.arange(len(alpha)))
        a, b = (np.interp(at, np.arange(len(alpha)), y)[0] for y in (alpha, beta))
        if onset.kind == "hopf":  # alpha = 0
            assert abs(a) < 1e-8
            assert b > 0
        else:  # alpha = 2 x^3 - x^2, beta = 2 x - 3 x^2
            np.testing.assert_allclose([a, b], [2 * onset.x**3 - onset.x**2, 2 * onset.x - 3 * onset.x**2], atol=1e-8)
    assert {"supercritical Hopf", "saddle-node on a circle"} <= {one.label for one in found if one.ignites}
