"""The ``soundcheck`` command: reads the command line, calls a verb, turns errors into one line and an exit code.

stdout carries data, stderr carries talk; how a command may end is in :mod:`harness.core.exits`.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from harness import __version__
from harness.core.errors import BadInput, SoundcheckError
from harness.core.exits import Exit
from harness.core.text import inert
from harness.core.thirdparty import unloadable
from harness.run.options import as_verb_spells

VERBS = (
    "audit", "demo", "doctor", "fetch", "fleet", "gate", "golden", "history", "hunt", "list", "merge", "policy",
    "record", "redteam", "report", "scan", "sign", "signoff", "store", "verify", "verify-signoff",
)  # fmt: skip
"""Modules of :mod:`harness.cli`; the one that is called is imported, all of them for the help."""


UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG)
"""What a stream says that takes no more, and no file: those are named where they are written."""
ONLY_READS = ("scan",)
"""Verbs that start nothing and leave nothing behind but what they have said."""


def command() -> NoReturn:
    """Be the process: run its command line and end.

    A verb that only reads ends at once: taking down the interpreter and numpy piece by piece costs a tenth of a scan.
    """
    code = main()
    if sys.argv[1:2] in ([verb] for verb in ONLY_READS):
        os._exit(_flushed(code))
    sys.exit(code)


def _flushed(code: int) -> int:
    """The exit code, once everything that was said is out; another one where that cannot be."""
    try:
        if sys.stdout:
            sys.stdout.flush()
        if sys.stderr and not sys.stderr.closed:
            sys.stderr.flush()
    except BrokenPipeError:
        return Exit.PIPE_CLOSED
    except OSError as error:
        return _unwritten(error)
    return code


def _unwritten(error: OSError) -> Exit:
    print(f"soundcheck: what was found cannot be written ({error.strerror}); nothing is decided", file=sys.stderr)
    return Exit.BROKEN


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line.

    Args:
        arguments: Without the program's name; None takes the process's own.

    Returns:
        The exit code.
    """
    arguments, handed = _handed(sys.argv[1:] if arguments is None else arguments)
    parser = make_parser([arguments[0]] if arguments and arguments[0] in VERBS else VERBS)
    options = parser.parse_args(arguments, argparse.Namespace(handed=handed, typed=tuple(arguments)))
    if not hasattr(options, "run"):
        parser.print_help(sys.stderr)
        return Exit.USAGE
    try:
        return int(options.run(options))
    except SoundcheckError as error:
        print(f"soundcheck: {inert(as_verb_spells(str(error), getattr(options, 'stems', ())))}", file=sys.stderr)
        return Exit.USAGE if isinstance(error, BadInput) else Exit.BROKEN
    except ImportError as error:
        if (error.name or "harness").startswith("harness"):
            raise  # ours, and no package that is missing
        told = unloadable(str(error.name), error)
        print(f"soundcheck: {inert(told)}; soundcheck doctor says what else is missing", file=sys.stderr)
        return Exit.BROKEN
    except KeyboardInterrupt:
        kept = "whatever was rendered and heard is kept, and the same command goes on from there"
        print(f"\nsoundcheck: interrupted; {kept}", file=sys.stderr)
        return Exit.INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has left; say nothing more
        return Exit.PIPE_CLOSED
    except OSError as error:
        if error.filename or error.errno not in UNWRITABLE:
            raise
        return _unwritten(error)


def _handed(arguments: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """What stands before ``--``, and what the gate hands on to pytest; other verbs hand nothing on."""
    if not arguments or arguments[0] != "gate" or "--" not in arguments:
        return arguments, ()
    place = list(arguments).index("--")
    return arguments[:place], arguments[place + 1 :]


class _Parser(argparse.ArgumentParser):
    """argparse's, whose errors name what was typed."""

    def error(self, message: str) -> NoReturn:
        super().error(inert(message))


def make_parser(names: Sequence[str]) -> argparse.ArgumentParser:
    """The command line's grammar, with the verbs of these modules."""
    parser = _Parser(
        prog="soundcheck",
        description="Decides whether a text-to-speech model may ship. soundcheck gate SUITE --model DIR runs "
        "pytest SUITE --tts-model=DIR, configured by nobody but your project.",
    )
    parser.add_argument("--version", action="version", version=f"soundcheck {__version__}")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB")
    for name in names:
        importlib.import_module(f"harness.cli.{name.replace('-', '_')}").add(verbs)
    return parser


if __name__ == "__main__":
    command()
