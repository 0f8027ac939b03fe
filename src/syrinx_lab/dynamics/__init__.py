"""What the oscillator does under frozen and moving drives: fixed points, cycles, bifurcations."""
