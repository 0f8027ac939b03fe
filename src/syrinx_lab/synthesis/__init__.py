"""A whole song from its drives: read them off a recording, edit them, sing them, and keep them as a table."""
