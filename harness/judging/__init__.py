"""How a candidate is judged: comparisons, detectors, the suite as a whole, behaviour. Pure."""
