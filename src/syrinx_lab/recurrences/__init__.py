"""Piecewise-linear recurrences, one a file, for known systems and in the oscillator's place."""
