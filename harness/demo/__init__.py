"""The demonstration: a real voice made from a wheel, so that a first run needs no hub and no account."""
