"""Adapters that speak, one folder each. They run inside the worker; the harness knows the rows of a registry only."""
