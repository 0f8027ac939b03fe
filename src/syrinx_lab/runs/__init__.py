"""Run directories, identity, history, manifest and selection rules; nothing here imports torch."""
