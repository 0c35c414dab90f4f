"""From a file or a family to probes: suites read, checked and drawn."""
