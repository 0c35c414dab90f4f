"""What the repository's own tests need at the root: the plugin that tests plugins, what it leaves loaded, their tiers,
and few collections.
"""

import gc

pytest_plugins = ("pytester", "tests.kept_modules", "tests.tiers")

gc.set_threshold(200_000, 50, 100)
"""A session keeps 14,000 items to its end: looking for garbage among them every few hundred objects takes a tenth of
its time."""


def pytest_collection_finish() -> None:
    """What is there now is there to the end."""
    gc.freeze()
