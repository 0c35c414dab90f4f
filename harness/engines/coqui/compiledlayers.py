"""How many compiled layers oneDNN keeps: few, for a voice that needs none of them again.

It compiles a layer anew for each length of its input, and keeps the last 1,024 of them. A voice that says a text in one
pass has some hundred layers, and texts are of lengths that seldom come again: what is kept for them is of no use, takes
a fifth of a megabyte each, and lies between what was freed, so that the heap grows around it. A voice that goes
through the same layers many times for one text needs them all. It runs in the worker only.
"""

from __future__ import annotations

import os

FEW = 64
VARIABLE = "ONEDNN_PRIMITIVE_CACHE_CAPACITY"
"""Read by oneDNN when it compiles the first layer, not before; torch has no other way to it. What torch itself keeps of
each layer is bounded by the environment that a worker starts with."""


def keep_few_layers() -> None:
    """Have oneDNN keep few, in this process and from its first layer on; later it changes nothing."""
    os.environ[VARIABLE] = str(FEW)
