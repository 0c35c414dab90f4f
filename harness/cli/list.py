"""``soundcheck list``: suites and families, how many probes they have and what they cost."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.common import add_drawing, add_format, json_text, own_families, verb
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

SECONDS_PER_CHARACTER = 0.049
SECONDS_PER_PHRASE = 0.4
"""Length of speech: a line through the 136 phrases of the smoke suite as the demo voice says them (correlation .93)."""
WORK_PER_SECOND = 0.07
"""Seconds that two cores without a GPU take to speak and hear one second with the demo voice and Whisper tiny.en."""
TAKES = 2
GOLDEN_TAKES = 8
ASSUMPTION = (
    f"speech: {SECONDS_PER_PHRASE} s a phrase and {SECONDS_PER_CHARACTER} s a character; a run: {TAKES} takes a probe, "
    f"{WORK_PER_SECOND} s of work a second of speech (two cores, a VITS voice, Whisper tiny.en), second looks not "
    f"counted; a golden: {GOLDEN_TAKES} takes"
)
EXAMPLES = 2
"""Phrases shown of a family."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What some probes cost, estimated from the length of their texts."""

    renderings: int
    """Of one run, first looks only."""
    speech_seconds: float
    """Of all these renderings."""
    run_seconds: float
    golden_seconds: float


def cost_of(probes: Sequence[Probe]) -> Cost:
    """Estimate; see :data:`ASSUMPTION`."""
    once = sum(SECONDS_PER_PHRASE + SECONDS_PER_CHARACTER * len(probe.text) for probe in probes)
    return Cost(
        renderings=TAKES * len(probes),
        speech_seconds=round(TAKES * once, 1),
        run_seconds=round(TAKES * once * WORK_PER_SECOND, 1),
        golden_seconds=round(GOLDEN_TAKES * once * WORK_PER_SECOND, 1),
    )


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
    add_drawing(parser)
    add_format(parser, "markdown")
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
    families = list(known_families(own).values()) if options.families else []
    if options.format == "json":
        shown_families = {"families": [_family_json(family) for family in families]} if options.families else {}
        suites_json = [_suite_json(content) for content in suites]
        print(json_text({"assumption": ASSUMPTION, "suites": suites_json, **shown_families}, indent=1))
        return Exit.DONE
    for content in suites:
        _print_suite(content)
    for family in families:
        _print_family(family)
    print(f"\nEstimated from text length. {ASSUMPTION[0].upper()}{ASSUMPTION[1:]}.")
    return Exit.DONE


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


def _suite_json(content: SuiteFileContent) -> dict[str, object]:
    probes = content.suite.probes
    return {
        "path": str(content.path),
        "title": content.suite.title,
        "languages": _languages(probes),
        "lacks": {language: lacking for language in _languages(probes) if (lacking := lacks(language))},
        "probes": len(probes),
        "families": dict(Counter(probe.family for probe in probes)),
        "cost": asdict(cost_of(probes)),
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


def _print_suite(content: SuiteFileContent) -> None:
    probes, cost = content.suite.probes, cost_of(content.suite.probes)
    print(f"{printable(shown(content.path))}   {printable(content.suite.title)}   {', '.join(_languages(probes))}")
    print(
        f"  {len(probes):,} probes, {cost.renderings:,} renderings, {_duration(cost.speech_seconds)} of speech; about "
        f"{_duration(cost.run_seconds)} to run, {_duration(cost.golden_seconds)} to record"
    )
    for language in _languages(probes):
        if lacking := lacks(language):
            print(f"  {language}: {lacking}")
    for name, members in _by_family(probes).items():
        controls = {probe.control for probe in members} - {None}
        print(f"    {name:14} {len(members):5,}   of these {len(controls):,} are controls")


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:,.0f} min"


def _print_family(family: Family) -> None:
    print(f"\n{family.name}   {', '.join(family.languages)}\n  {family.purpose}\n  source    {family.source}")
    if family.blind:
        print(f"  blind to  {family.blind}")
    for language in family.languages:
        for example in examples_of(family, language):
            print(f"  {language}        {example}")
