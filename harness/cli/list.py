"""``soundcheck list``: suites and families, how many probes they have and what they cost."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.common import add_drawing, add_format, json_text, own_families, verb
from harness.cli.list_budget import chosen_text, duration
from harness.cli.list_pace import Pace, pace_of
from harness.cli.redteam_score import seconds_of
from harness.core.errors import BadInput
from harness.core.exits import Exit
from harness.core.paths import shown
from harness.core.strict import lacks
from harness.core.text import printable
from harness.run.options import add_option

if TYPE_CHECKING:
    from harness.core.types import Probe
    from harness.suites.file import SuiteFileContent
    from probes.family import Family

EXAMPLES = 2
"""Phrases shown of a family."""


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb."""
    parser = verb(
        verbs,
        "list",
        "show suites and families of probes, with counts and estimated costs, or every rule",
        "soundcheck list probes/suites/full.probes.yaml --families",
    )
    parser.add_argument("suites", nargs="*", type=Path, metavar="SUITE", help="default: those that Soundcheck has")
    parser.add_argument("--families", action="store_true", help="show the families and an example or two of each")
    add_option(parser, "model", help="show what it is and who it can speak as; with suites: draw for its vocabulary")
    parser.add_argument("--voices", action="store_true", help="show who --model can speak as, whatever else is named")
    parser.add_argument("--rules", action="store_true", help="show what findings can go by: every rule, nothing else")
    parser.add_argument(
        "--budget",
        metavar="20m",
        help="choose the smallest part of the suites that fits into this time and says something of most families",
    )
    add_option(parser, "golden", help="estimate by the pace of this golden's reference, as it was measured")
    add_option(parser, "golden-dir")
    add_drawing(parser)
    add_format(parser, "markdown", "ids")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print.

    Raises:
        BadInput: A suite, model or file of families cannot be read, or the format does not fit.
    """
    if options.rules:
        print(_rules(options.format))
        return Exit.DONE
    if options.voices or (options.model and not options.suites and not options.families):
        from harness.cli.list_voices import voices_text

        print(voices_text(options.model, options.format))
        return Exit.DONE
    if options.format == "markdown":
        raise BadInput("list: --format markdown writes the page of rules; add --rules")
    if options.format == "ids" and not options.budget:
        raise BadInput("list: --format ids writes the items that a time was chosen for; add --budget")
    budget = seconds_of(options.budget) if options.budget else None
    from harness.admission.coqui.vocabulary import read_vocabulary
    from harness.models.files import find_model
    from harness.run.settings import checked_salt
    from harness.suites.expansion import Drawing, known_families
    from harness.suites.file import read_suite

    own = own_families(options.families_from)
    model = find_model(options.model)[1] if options.model else None
    drawing = Drawing(
        salt=checked_salt(options.salt),
        vocabulary=lambda: read_vocabulary(model) if model else (),
        families=own,
    )
    suites = [read_suite(path, drawing) for path in options.suites or packaged_suites()]
    pace = _pace(options)
    if budget is not None:
        print(chosen_text(suites, pace, budget, options))
        return Exit.DONE
    families = list(known_families(own).values()) if options.families else []
    if options.format == "json":
        shown_families = {"families": [_family_json(family) for family in families]} if options.families else {}
        suites_json = [_suite_json(content, pace) for content in suites]
        print(json_text({"assumption": pace.assumption, "suites": suites_json, **shown_families}, indent=1))
        return Exit.DONE
    for content in suites:
        _print_suite(content, pace)
    for family in families:
        _print_family(family)
    print(f"\nEstimated from text length. {pace.assumption[0].upper()}{pace.assumption[1:]}.")
    return Exit.DONE


def _pace(options: argparse.Namespace) -> Pace:
    """Of the golden that was named; of the demo voice, where none was."""
    if not options.golden:
        return Pace()
    from harness.goldens.folder import find_golden, read_golden
    from harness.goldens.places import golden_folders

    return pace_of(read_golden(find_golden(options.golden, golden_folders(options.golden_dir))))


def _rules(form: str) -> str:
    from harness.cli.list_rules import to_json, to_markdown, to_text
    from harness.run.rules import every_rule

    write = {"json": to_json, "markdown": to_markdown}.get(form, to_text)
    return write(every_rule()).rstrip("\n")


def packaged_suites() -> list[Path]:
    """The suites that travel with Soundcheck."""
    import probes

    return sorted((Path(str(probes.__file__)).parent / "suites").glob("*.probes.yaml"))


def examples_of(family: Family, language: str) -> list[str]:
    """The first phrases of a draw, fit for a terminal."""
    from probes.dice import Dice
    from probes.family import Setting

    group = next(family.draws[language](Setting(dice=Dice(family.name, language), vocabulary=())), ())
    phrases = [one for phrase in group for one in (phrase, phrase.twin) if one is not None]
    return [printable(phrase.text) for phrase in phrases][:EXAMPLES]


def _by_family(probes: Sequence[Probe]) -> dict[str, list[Probe]]:
    found: dict[str, list[Probe]] = {}
    for probe in probes:
        found.setdefault(probe.family, []).append(probe)
    return found


def _languages(probes: Sequence[Probe]) -> list[str]:
    return sorted({probe.language for probe in probes})


def _suite_json(content: SuiteFileContent, pace: Pace) -> dict[str, object]:
    probes = content.suite.probes
    return {
        "path": str(content.path),
        "title": content.suite.title,
        "languages": _languages(probes),
        "lacks": {language: lacking for language in _languages(probes) if (lacking := lacks(language))},
        "probes": len(probes),
        "families": dict(Counter(probe.family for probe in probes)),
        "cost": asdict(pace.cost_of(probes)),
    }


def _family_json(family: Family) -> dict[str, object]:
    return {
        "name": family.name,
        "purpose": family.purpose,
        "source": family.source,
        "blind": family.blind,
        "languages": list(family.languages),
        "examples": {language: examples_of(family, language) for language in family.languages},
    }


def _print_suite(content: SuiteFileContent, pace: Pace) -> None:
    probes, cost = content.suite.probes, pace.cost_of(content.suite.probes)
    print(f"{printable(shown(content.path))}   {printable(content.suite.title)}   {', '.join(_languages(probes))}")
    print(
        f"  {len(probes):,} probes, {cost.renderings:,} renderings, {duration(cost.speech_seconds)} of speech; about "
        f"{duration(cost.run_seconds)} to run, {duration(cost.golden_seconds)} to record"
    )
    for language in _languages(probes):
        if lacking := lacks(language):
            print(f"  {language}: {lacking}")
    for name, members in _by_family(probes).items():
        controls = {probe.control for probe in members} - {None}
        print(f"    {name:14} {len(members):5,}   of these {len(controls):,} are controls")


def _print_family(family: Family) -> None:
    print(f"\n{family.name}   {', '.join(family.languages)}\n  {family.purpose}\n  source    {family.source}")
    if family.blind:
        print(f"  blind to  {family.blind}")
    for language in family.languages:
        for example in examples_of(family, language):
            print(f"  {language}        {example}")
