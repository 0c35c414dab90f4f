"""A fleet that is handed its models one by one: a queue of digests, and an answer for each.

* :mod:`harness.fleet.serving.queue`: what was handed in and has no answer yet, as files;
* :mod:`harness.fleet.serving.answers`: what was answered, as files, and what makes an answer one of today;
* :mod:`harness.fleet.serving.rules`: by what is judged, looked at again and again;
* :mod:`harness.fleet.serving.service`: takes from the queue, has it judged, answers;
* :mod:`harness.fleet.serving.desk`: what is said to whoever asks; files in, words out;
* :mod:`harness.fleet.serving.front`: the same by HTTP, in a process of its own that knows digests and nothing else;
* :mod:`harness.fleet.serving.listening`: where that listens, to whom, and its life.

Nothing is decided here either: an answer repeats the verdict of that model's own run, and what has none never passes.
"""
