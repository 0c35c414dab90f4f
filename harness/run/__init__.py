"""A run, as both front doors and the red team use it: settings, tools, campaign, recording, self-test."""
