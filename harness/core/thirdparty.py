"""Other people's packages: loaded under filters of our own, and told in one line where they do not load.

With ``filterwarnings = error`` a library that Whisper loads would fail an honest voice: a project's filters are
for the project's own code. And a package that is installed may still not load, beside another release of torch for one.
"""

from __future__ import annotations

import contextlib
import importlib
import warnings
from collections.abc import Iterator
from typing import Final

from harness.core.errors import MissingDependency
from harness.core.installation import install_advice
from harness.core.text import error_line

IMPORT_FAILS: Final = (
    *(ImportError, OSError, RuntimeError, AttributeError, NameError, SyntaxError, SystemError),
    *(TypeError, ValueError, LookupError),
)
"""What an import raises for a package that is not there, is broken, or does not load beside another."""


DISTRIBUTIONS: Final = {"yaml": "pyyaml"}
"""Module -> what pip calls it, where that differs, of what Soundcheck itself requires."""


@contextlib.contextmanager
def own_filters() -> Iterator[None]:
    """Until it ends, no warning is shown, counted or raised."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def require(module: str, *, extra: str = "") -> None:
    """Import a package, so that whoever imports it next has it.

    Args:
        module: Its name.
        extra: Extra of Soundcheck that installs it, ``""`` where Soundcheck itself does.

    Raises:
        MissingDependency: With the cause, and what installs it.
    """
    try:
        with own_filters():
            importlib.import_module(module)
    except IMPORT_FAILS as error:
        raise MissingDependency(unloadable(module, error, extra=extra)) from None


def unloadable(module: str, error: BaseException, *, extra: str = "") -> str:
    """The line for a package that cannot be imported."""
    name = DISTRIBUTIONS.get(module, module)
    advice = install_advice(extra) if extra else f"install it again: pip install --force-reinstall {name}"
    return f"{module} cannot be imported ({type(error).__name__}: {error_line(error)}); {advice}"
