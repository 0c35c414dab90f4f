"""Where commands run: some at once on this machine, or on the nodes of a cluster; none outlives whoever began it.

* :mod:`harness.placing.tasks`: what is to be run, and what a place for it has to keep to;
* :mod:`harness.placing.local`: processes of this machine;
* :mod:`harness.placing.rays`: nodes of a Ray cluster, which places orders and is trusted with nothing;
* :mod:`harness.placing.obeying`: what such a node does with an order;
* :mod:`harness.placing.nodes`: several such nodes on this machine, to try one;
* :mod:`harness.placing.holding`: one process at a time does a task, also where its node was lost on the way.

What is run, and what comes of it, is not known here.
"""
