"""How fast the lab is, how much memory it takes, and how far both are from what the machine allows."""
