"""Voices: models that travel with the package, each a run's folder with weights alone, a checksum and a provenance."""
