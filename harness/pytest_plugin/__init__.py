"""pytest's front door: options, items and the gate's life in a session. Nothing imports it."""
