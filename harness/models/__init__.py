"""Which model is meant: a folder, the project's say about it, its pins, and the demo voice."""
