"""Known oscillators, one a file, for teaching and for tests."""
