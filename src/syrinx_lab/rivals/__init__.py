"""What others can do on the same clips: vocoders, the untrained prior and trained runs under one contract."""
