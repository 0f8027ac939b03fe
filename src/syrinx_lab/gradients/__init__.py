"""From how far away a loss finds the pitch: clips sung with a known error, and methods that try to take it back."""
