"""How well pitch and gestures are heard: trackers on simulated birds, whose truth is known."""
