"""Fuzzes the readers of configurations: no exception, no hang; what they call plain, Coqui's readers read alike.

Run it with ``make fuzz-config``. Findings become files in tests/data/fuzz-config, which a test reads ever after.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["harness.admission", "tests.config_reading"]):
    sys.path.insert(0, str(Path(__file__).parent.parent))
    from tests import config_reading


def main() -> None:
    """Fuzz until libFuzzer is told to stop."""
    atheris.Setup(sys.argv, config_reading.read_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
