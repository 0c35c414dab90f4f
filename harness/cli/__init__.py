"""What ``soundcheck`` does that pytest cannot: one module per verb, each with ``add`` (its parser) and ``run``."""
