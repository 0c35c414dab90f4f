"""The gate put to the test: copies of a voice are made, gated as any candidate, and what came of it is added up.

* :mod:`harness.redteam.score.sample`: which probes a copy has to speak;
* :mod:`harness.redteam.score.trial`: one copy, made, gated, and removed;
* :mod:`harness.redteam.score.score`: all copies of a plan, within a budget, from where it was interrupted;
* :mod:`harness.redteam.score.ledger`: results on disk, by everything that they depend on.

Nothing that decides may import it, as little as the red team itself.
"""
