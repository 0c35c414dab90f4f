"""``soundcheck fleet serve``: models that are handed in one by one, by digest, and an answer for each."""

from __future__ import annotations

import argparse
import contextlib
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from harness.cli.common import print_json, say, say_progress, verb
from harness.core.exits import Exit
from harness.run.options import add_option

if TYPE_CHECKING:
    from harness.fleet.serving.answers import Answer
    from harness.fleet.serving.listening import Address

MOST: Final = 1000
MOST_AT_ALL: Final = 100_000
REASONS: Final = ("none", "rules", "all")
EXAMPLE: Final = """\
soundcheck fleet serve fleet.toml --http 8321 --jobs 4
  soundcheck fleet serve fleet.toml --http 10.0.0.7:8321 --token-file token --reasons none
  soundcheck fleet serve fleet.toml --once

  curl -H 'Content-Type: application/json' -d '{"digest": "DIGEST"}' http://127.0.0.1:8321/v1/models
  curl http://127.0.0.1:8321/v1/models/DIGEST

exit codes:
  with --once those of fleet run, over what was answered: 1 a model failed, else 3 one could not be judged, else 10 one
  is undecided, else 0, as where nothing waited; 0 SIGTERM; 130 Ctrl-C; 2 the list, or something that it names, is not
  as it must be; 3 the harness could not work. Whatever ends it, the same command goes on"""


class Terminated(KeyboardInterrupt):
    """SIGTERM: as Ctrl-C, by whoever runs services."""


def add(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the action."""
    from harness.cli.fleet import add_list  # which registers this action

    parser = verb(
        actions,
        "serve",
        "judge models that are handed in one by one, by their digest: in a folder, or by HTTP on this machine",
        EXAMPLE,
    )
    add_list(parser)
    parser.add_argument(
        "--http",
        default="",
        metavar="[ADDRESS:]PORT",
        help="also listen there (default address: 127.0.0.1; another one needs --token-file; default: no HTTP)",
    )
    parser.add_argument(
        "--token-file", type=Path, metavar="FILE", help="its first line has to be sent: Authorization: Bearer LINE"
    )
    parser.add_argument(
        "--name",
        action="append",
        default=[],
        metavar="HOST",
        help="also answer who asks for this host, as a proxy does; may be repeated (default: the address alone)",
    )
    parser.add_argument(
        "--reasons",
        choices=REASONS,
        default="all",
        help="what answers say beside the verdict: nothing, which rules fired, or also why (default: all)",
    )
    parser.add_argument(
        "--most", type=int, default=MOST, metavar="N", help=f"how many models may wait (default: {MOST})"
    )
    parser.add_argument(
        "--jobs", type=int, default=1, metavar="N", help="gates at a time, which share the processors (default: 1)"
    )
    parser.add_argument("--once", action="store_true", help="judge what waits, say it on stdout, and end")
    add_option(parser, "allow-unsandboxed")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Serve until somebody ends it; with ``--once``, until nothing waits.

    Raises:
        SoundcheckError: The list, or something that it names, is not as it must be; or the harness could not work.
    """
    from harness.fleet.serving.service import ending_of

    address = _address(options)
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        answers = _served(options, address)
    except Terminated:
        say("ended; what waits goes on waiting")
        return Exit.INTERRUPTED if options.once else Exit.DONE
    finally:
        signal.signal(signal.SIGTERM, before)
    _show(answers, options.format)
    return ending_of(answers)


def _address(options: argparse.Namespace) -> Address | None:
    """Where to listen, once all that was typed is seen to be possible.

    Raises:
        BadInput: It is not.
    """
    from harness.cli.fleet import MOST_JOBS
    from harness.core.errors import BadInput
    from harness.fleet.serving.listening import read_address

    if not 1 <= options.jobs <= MOST_JOBS:
        raise BadInput(f"--jobs: expected 1 to {MOST_JOBS}, got {options.jobs}")
    if not 1 <= options.most <= MOST_AT_ALL:
        raise BadInput(f"--most: expected 1 to {MOST_AT_ALL}, got {options.most}")
    if not options.http:
        if options.name or options.token_file:
            raise BadInput("--name and --token-file are for --http; say where to listen, or leave them out")
        return None
    if options.once:
        raise BadInput("--once judges what waits and ends; leave --http out")
    return read_address(options.http, options.name, options.token_file)


def _terminate(*_: object) -> NoReturn:
    raise Terminated


def _served(options: argparse.Namespace, address: Address | None) -> list[Answer]:
    from harness.cli.fleet import terms_of
    from harness.fleet.course import Way
    from harness.fleet.file import read_fleet
    from harness.fleet.holding import held
    from harness.fleet.serving.answers import Reasons
    from harness.fleet.serving.listening import listening
    from harness.fleet.serving.rules import Rules
    from harness.fleet.serving.service import Service

    fleet = read_fleet(options.fleet)
    terms = terms_of(options, fleet)
    way = Way(tell=say, progress=say_progress, now=datetime.now(UTC).isoformat(timespec="seconds"), jobs=options.jobs)
    answers: list[Answer] = []
    hears = answers.append if options.once else lambda _: None
    with contextlib.chdir(fleet.folder):
        rules = Rules(fleet.path, terms, say)
        service = Service(rules, terms, way, most=options.most, reasons=Reasons(options.reasons))
        with held(service.folder, say) as lock:
            service.begin()
            with way.begin(lock, say) as gates, listening(address, lock, service.places, options.most) as front:
                say(f"{service.queue_folder} is read" + (f"; listening at {front.address}" if address else ""))
                while service.turn(gates, hears) or not options.once:
                    front.require()
    return answers


def _show(answers: list[Answer], shape: str) -> None:
    """Say what was answered."""
    import msgspec

    if shape == "json":
        print_json({"version": 1, "answers": msgspec.to_builtins(answers)})
        return
    for one in answers:
        print(f"{one.state.value.upper():<12}  {one.digest}  {one.reason or one.name}".rstrip())
