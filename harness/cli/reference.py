"""``docs/options.md``, written from the table of options, from the verbs' own parsers and from the list of exit codes.

``python -m harness.cli.reference > docs/options.md`` writes it again.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Final

from harness.cli.main import VERBS, make_parser
from harness.core.exits import Exit
from harness.run.option import Option
from harness.run.options import OPTIONS

COMMAND: Final = "python -m harness.cli.reference > docs/options.md"

HEAD: Final = f"""\
# Options and exit codes

<!-- Written by `{COMMAND}`; change harness/run/options.py instead. -->

An option has one name: what is `--tts-takes` for pytest is `tts_takes` in pytest's ini file and `--takes` for a verb of
`soundcheck`. For pytest, write `--tts-model=DIR` with an equals sign: after a space, pytest takes the folder for one of
its own arguments and reads configuration in it.

What is typed counts before the ini file. Policy, log and report lie below the project where the ini file names them,
below the folder that you are in where they are typed; so do models, and weights of Whisper that are a file. `--tts-dir`
lies below the project. Goldens are looked for in both folders, those that the ini file names in the project only.

What shapes the verdict (●) is kept with the run, is part of its id, and stands in the command that repeats it.
"""


def page() -> str:
    """The whole page."""
    users = verbs_by_stem()
    lines = [HEAD, "| pytest | ini key | meaning | default | shapes |", "|---|---|---|---|---|"]
    lines += [_row(option) for option in OPTIONS]
    lines += ["", "No ini key sets these, they have to be typed:", ""]
    lines += [f"- `{option.flag}`: {option.only_typed}." for option in OPTIONS if option.only_typed]
    lines += ["", "## Verbs", "", "What a verb means by an option, where it differs, is in its own `--help`.", ""]
    lines += ["| option | verbs |", "|---|---|"]
    for option in OPTIONS:
        if option.stem in users:
            lines.append(f"| `{option.verb_flag}` | {', '.join(f'`{verb}`' for verb in users[option.stem])} |")
    lines += [
        "",
        "## Exit codes",
        "",
        "Of the `soundcheck` command; those of pytest and `soundcheck gate` are in [ci.md](ci.md), those of "
        "`soundcheck fleet run` in [fleet.md](fleet.md).",
        "",
    ]
    lines += ["| code | meaning |", "|---|---|"]
    lines += [f"| {code.value} | {code.meaning} |" for code in Exit]
    return "\n".join(lines) + "\n"


def verbs_by_stem() -> dict[str, list[str]]:
    """Which verbs take an option of the table, by its stem."""
    found: dict[str, list[str]] = {}
    for verb, parser in parsers():
        for stem in parser.get_default("stems") or ():
            found.setdefault(stem, []).append(verb)
    return found


def parsers() -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every verb and action with its parser: ``record``, ``golden list``."""

    def below(parser: argparse.ArgumentParser, words: tuple[str, ...]) -> Iterator[tuple[str, argparse.ArgumentParser]]:
        yield " ".join(words), parser
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                for name, child in action.choices.items():
                    yield from below(child, (*words, name))

    return below(make_parser(VERBS), ())


def _row(option: Option) -> str:
    word = f"={option.metavar}" if option.metavar else f"={'|'.join(option.choices)}" if option.choices else ""
    key = f"`{option.key}`" if option.key else ""
    bounds = f"; expected: {option.bounds.wording}" if option.bounds else ""
    repeat = "; repeatable" if option.is_repeatable else ""
    spelled = f"`{option.flag}{word}`".replace("|", "\\|")
    return (
        f"| {spelled} | {key} | {option.help}{bounds}{repeat} | {option.by_default or ''} | "
        f"{'●' if option.shapes_verdict else ''} |"
    )


if __name__ == "__main__":
    print(page(), end="")
