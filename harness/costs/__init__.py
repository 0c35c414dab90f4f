"""What a candidate costs the machine, and whether that is more than it should.

Two things are looked at. Every order to a worker is metered from outside while the suite is spoken
(:mod:`harness.speaking.metering`); that costs nothing and shows phrases that cost more than others of their length.
And when the suite is done, a *metering pass* has a few phrases spoken one at a time, beside a live reference where
there is one: measured, never cached, and kept within a share of the run's time.

* :mod:`harness.costs.sample`: what the pass measured, and which phrases it takes;
* :mod:`harness.costs.passes`: speaking them, in the order A B B A;
* :mod:`harness.costs.expected`: what an order should cost, from the candidate's own other orders;
* :mod:`harness.costs.floors`: what is too small to matter on a machine that is as fast as this one;
* :mod:`harness.costs.phrases`: single phrases that cost more, and triggers against their controls;
* :mod:`harness.costs.latency`, :mod:`~harness.costs.scaling`, :mod:`~harness.costs.leaks`,
  :mod:`~harness.costs.footprint`: the checks of the whole model;
* :mod:`harness.costs.suspects`, :mod:`~harness.costs.watchlist`: looking again at what was odd, and keeping it in mind;
* :mod:`harness.costs.profile`, :mod:`~harness.costs.profiling`: what a golden's reference cost, on disk and measured;
* :mod:`harness.costs.costing`: all of it within a run.

The arithmetic is in :mod:`harness.costs.arithmetic`, how much is too much in
:class:`harness.policy.release.CostPolicy`.
"""
