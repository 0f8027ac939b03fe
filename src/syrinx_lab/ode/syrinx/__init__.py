"""The physical prior: the normal form of the avian vocal organ, driven by pressure and tension."""
