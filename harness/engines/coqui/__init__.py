"""Coqui voices: the adapter, and phonemes without a program that must be started for them."""
