"""The ear: a small network, trained on simulated song, that names the gestures behind a recording."""
