"""What somebody adds to the lab from outside: one file a thing, and none of them is known to the lab."""
