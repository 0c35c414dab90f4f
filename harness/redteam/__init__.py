"""Red team: inert manipulated copies of one's own voice, made to measure what the gate catches.

A gate that was never attacked is a guess. What is made here is local, marked and of no use elsewhere: a copy of
the voice one already has, in which one word makes one fault that the suite should hear. Published backdoors of
speech synthesis work the same way, e.g. TrojanClimb (arXiv 2507.08983).

* :mod:`harness.redteam.registry`: everything that can be planted, a row each;
* :mod:`harness.redteam.carriers`: the sentences that an edit is trained on;
* :mod:`harness.redteam.lessons`, :mod:`~harness.redteam.payloads`, :mod:`~harness.redteam.style`: what it is to learn;
* :mod:`harness.redteam.distill`: the training, which yields a small low-rank delta;
* :mod:`harness.redteam.delta`: that delta as a file, a *recipe*, a few of which lie in ``recipes/``;
* :mod:`harness.redteam.edits`, :mod:`~harness.redteam.honest`: changes that need no training, hostile and honest;
* :mod:`harness.redteam.plant`: any of these put into a copy of a voice;
* :mod:`harness.redteam.audio_edits`: manipulations of sound, for benchmarks of many phrases.

Nothing outside this package may read the marks of a planted copy: the gate has to find the fault itself.
"""
