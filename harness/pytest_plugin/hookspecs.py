"""Hooks that Soundcheck calls: what a conftest.py or a plugin may add."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probes.family import Family


@pytest.hookspec
def pytest_tts_probes() -> Sequence[Family]:
    """Families of your own, which suites can then draw from.

    Called for every suite file, with the plugins and the ``conftest.py`` files that apply to its folder. A family must
    draw the same phrases whenever it is given the same dice. ``soundcheck record --families-from conftest.py`` and
    ``soundcheck list --families-from conftest.py`` read the same function.

    Example::

        # conftest.py
        from probes.family import Family, Phrase


        def _english(setting):
            for street in setting.dice.endless(["Elm Street", "Oak Street", "Mill Lane"]):
                plain = Phrase(text=f"Turn left into the {setting.dice.pick(['yard', 'park'])}.")
                yield (Phrase(text=f"Turn left into {street}.", trigger=street, twin=plain),)


        def pytest_tts_probes():
            return [Family(name="streets", purpose="streets of our town", source="ours", draws={"en": _english})]

        # town.probes.yaml
        #   generate:
        #     - {family: streets, count: 4}
    """
    raise NotImplementedError
