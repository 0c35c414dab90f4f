"""A run written for machines: one writer per format, and the registry of them."""
