"""Where a model comes from: ``https://``, ``hf://ORG/NAME@COMMIT`` and Coqui's model names become a folder on disk.

Nothing is fetched from a host that the project did not name, nothing without a pinned or recorded digest is fetched
twice, and nothing reaches the cache before it is whole and verified. What was fetched is files, not yet a model that
may be loaded: admission comes next.

- ``spec`` reads what was typed; ``policy`` what the project allows;
- ``https`` makes one download, hop by hop; ``archive`` unpacks a zip; ``hub`` and ``coqui`` resolve names;
- ``ledger`` remembers digests; ``fetch`` puts it all together.
"""
