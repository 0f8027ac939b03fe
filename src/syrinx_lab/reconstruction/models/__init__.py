"""Models of a path's dynamics, one a file."""
