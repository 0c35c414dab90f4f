"""A voice that is not one, for tests: tones in place of sounds, and faults on request."""
