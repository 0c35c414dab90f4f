"""``soundcheck gate``: pytest on suites, configured by the project that it is started in and by nothing else.

Builds pytest's command line and becomes that process: how a model is judged is the plugin's affair.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NoReturn

from harness.cli.common import verb
from harness.core.errors import BadInput, SoundcheckError
from harness.core.paths import shown
from harness.core.text import inert, printable
from harness.models.judged import Judged
from harness.run.options import OPTIONS, add_option, as_verb_spells

USAGE_ERROR: Final = 4
"""As pytest ends where it is called wrongly, for its other codes are this verb's too."""

MAX_BYTES: Final = 1 << 20
INI_FILES: Final = {
    "pytest.toml": "",
    ".pytest.toml": "",
    "pytest.ini": "",
    ".pytest.ini": "",
    "pyproject.toml": "tool.pytest",
    "tox.ini": "pytest",
    "setup.cfg": "tool:pytest",
}
"""Files that configure pytest, in its order, and the table that makes each one of them; without one it always is."""

EXAMPLES: Final = """\
soundcheck gate my.probes.yaml --model voices/candidate --golden reference
  soundcheck gate suites/ --model voices/candidate --gate release -- -n 2 --junitxml=junit.xml
  soundcheck gate my.probes.yaml::candidate::door --model voices/candidate -- -x

What stands after -- goes to pytest. Exit codes are pytest's: 0 passed, 1 failed, 4 called wrongly, 10 undecided."""


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb."""
    parser = verb(verbs, "gate", "run suites on a model; only the project that you are in configures how", EXAMPLES)
    parser.add_argument("suites", nargs="+", metavar="SUITE", help="suite file, folder, or item (FILE::MODEL::PROBE)")
    for option in OPTIONS:
        add_option(parser, option.stem, default=None)

    def refuse(message: str) -> NoReturn:
        parser.exit(USAGE_ERROR, f"soundcheck: gate: {printable(message)}\n")

    parser.error = refuse  # type: ignore[method-assign]
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Become pytest."""
    try:
        command = pytest_command(options, options.handed)
    except SoundcheckError as error:
        print(f"soundcheck: {inert(as_verb_spells(str(error), options.stems))}", file=sys.stderr)
        return USAGE_ERROR
    sys.stdout.flush()
    # The same process, so that Ctrl-C, a deadline of the service and the exit code need nobody between.
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted


def pytest_command(options: argparse.Namespace, handed: Sequence[str]) -> list[str]:
    """What to start.

    Args:
        options: What was typed of the table of options, and the suites.
        handed: Further arguments for pytest.

    Raises:
        BadInput: A suite is not there, or this folder lies in what is to be judged.
    """
    here = Path.cwd()
    judged = Judged.of(candidate=options.model or "", reference=options.reference or "", vocoder=options.vocoder or "")
    if owner := judged.holding(here):
        raise BadInput(printable(f"{here}: this folder lies in {owner}; start from your own project"))
    ini = find_ini(here, judged)
    root = ini.parent if ini else here
    typed = [
        f"{option.flag}={value}"
        for option in OPTIONS
        if option.type is not bool
        for value in _values(getattr(options, option.name))
    ]
    typed += [option.flag for option in OPTIONS if option.type is bool and getattr(options, option.name)]
    # -P: modules are not looked for in the current folder. -c and --confcutdir: nothing is left for pytest to find.
    pinned = [f"--rootdir={root}", f"--confcutdir={root}", "-c", str(ini or os.devnull)]
    suites = [_suite(word) for word in options.suites]
    return [sys.executable, "-P", "-m", "pytest", "-p", "soundcheck", *pinned, *suites, *typed, *handed]


def find_ini(start: Path, judged: Judged) -> Path | None:
    """The file that configures pytest at or above a folder, outside what is judged; None where there is none.

    Raises:
        BadInput: One that would have to be read cannot be.
    """
    for folder in (start, *start.parents):
        for name, table in INI_FILES.items():
            path = folder / name
            if path.is_file() and judged.holding(path) is None and (not table or _has(path, table)):
                return path
    return None


def _has(path: Path, table: str) -> bool:
    from harness.storage.smallfile import read_input_text

    text, _ = read_input_text(path, MAX_BYTES, "a project file")
    if path.suffix != ".toml":
        return re.search(rf"^\[{table}\]", text, re.MULTILINE) is not None
    try:
        content: object = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{shown(path)}: expected TOML: {printable(str(error))}") from None
    for key in table.split("."):
        content = content.get(key) if isinstance(content, dict) else None
    return content is not None


def _suite(word: str) -> str:
    """A suite as a path that is no option and no file of arguments to pytest.

    Raises:
        BadInput: It is not there.
    """
    if not Path(word.partition("::")[0] or word).exists():
        raise BadInput(printable(f"{word}: no such suite; expected a file of probes, or a folder that has some"))
    return word if word.startswith(("/", "./", "../")) else f"./{word}"


def _values(value: object) -> list[object]:
    if isinstance(value, list):
        return value
    return [] if value is None else [value]
