"""A toy engine: what docs/extending/engine.md has a reader write, one file for the adapter, one for its files."""
