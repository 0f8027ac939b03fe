"""What an encoder's core can remember, count and time: one generated task a file, trained and examined alike."""
