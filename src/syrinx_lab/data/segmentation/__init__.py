"""From sound to syllables without a teacher: onsets and offsets, bouts, labels."""
