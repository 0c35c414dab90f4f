"""Adapters that speak. They run inside the worker; the harness only knows them by name."""
