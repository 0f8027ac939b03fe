"""Simulated birds: known gestures of the vocal organ through random tracts, rooms and recorders."""
