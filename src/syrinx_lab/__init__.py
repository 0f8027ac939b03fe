"""Train driven nonlinear oscillators to sing birdsong by themselves."""

import os

from . import homeless

# OpenMP's idle threads spin by default and take the cores from our own compiled loops and from other processes: on two
# shared cores an optimisation step took 0.5 to 2.4 s with spinning and 0.40 to 0.46 s without.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
homeless.provide()
