"""A study as one HTML page that needs nothing beside it: figures, tables, sounds."""
