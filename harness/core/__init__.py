"""The pure heart: types, suites, statistics, text, verdicts. No I/O, clock, environment or global randomness."""
