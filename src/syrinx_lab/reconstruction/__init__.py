"""Known systems, models that are to reconstruct them from their paths alone, and how alike both are."""
