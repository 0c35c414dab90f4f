"""Readers of the formats that models come in: bounded, strict, and nothing is executed."""
