"""Systems whose equations and exponents are known, one a file."""
