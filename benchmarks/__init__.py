"""Figures of the product: each module is one benchmark, run by ``make bench-NAME``, and says what its goal is."""
