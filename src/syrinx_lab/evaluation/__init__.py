"""A trained model scored: held-out vocalisations, cold starts, anchors, outputs, and weights read from files."""
