"""The W&B workspace in which loss modes are compared: what it shows, that it is sound, and how it is saved."""
