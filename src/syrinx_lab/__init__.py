"""Train driven nonlinear oscillators to sing birdsong by themselves."""
