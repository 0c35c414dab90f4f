"""Many models judged as one fleet: each is read first, then gated as any candidate, and one report is made of all.

* :mod:`harness.fleet.file`: what a ``fleet.toml`` says;
* :mod:`harness.fleet.members`: which models that names;
* :mod:`harness.fleet.basis`: all that a verdict depends on, and its key;
* :mod:`harness.fleet.verdicts`: verdicts on disk, by that key;
* :mod:`harness.fleet.looking`: a member's files read, and whether its verdict is known;
* :mod:`harness.fleet.gating`: a gate as a command;
* :mod:`harness.fleet.orders`, :mod:`harness.fleet.node`: the same as an order, which a node of a cluster obeys;
* :mod:`harness.fleet.course`: the way of members to their verdicts, some at a time;
* :mod:`harness.fleet.holding`: one driver at a time;
* :mod:`harness.fleet.ended`: from a gate that has ended to a verdict, or why there is none;
* :mod:`harness.fleet.audits`: what earlier audits found;
* :mod:`harness.fleet.audit`: all of it, from where it was interrupted;
* :mod:`harness.fleet.standing`: what an audit would find to do;
* :mod:`harness.fleet.serving`: the same for models that are handed in one by one.

Nothing is decided here: a row repeats the verdict of that model's own run.
"""
