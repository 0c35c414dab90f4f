"""Every option that both front doors share, once: its spellings, what it takes, its default, what it means.

The stem ``takes`` is ``--tts-takes`` for pytest, ``tts_takes`` in its ini file and ``--takes`` for a verb. Two
functions give a parser its options from the table; :mod:`harness.run.settings` reads what was chosen. What an option
does is not known here.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from harness.core.grades import ComparisonKind
from harness.core.shard import MOST_SHARDS
from harness.run.option import Bounds, Option

if TYPE_CHECKING:
    import argparse

    import pytest

GATES = ("ci", "release")
COMPARISONS = ("auto", *(kind.value for kind in ComparisonKind if kind is not ComparisonKind.REFERENCE))
"""A live reference is asked for by naming one."""
METERING = ("auto", "off")
ISOLATIONS = ("auto", "A", "A-", "B")
DEVICES = ("auto", "cpu", "cuda")
SALT_VARIABLE = "SOUNDCHECK_SALT"


OPTIONS: Final = (
    Option(stem="model", metavar="DIR", help="candidate: a model directory, ENGINE:DIR, or a source to fetch it from"),
    Option(
        stem="model-name",
        metavar="NAME",
        default="candidate",
        bounds=Bounds(
            wording="letters, digits, '.', '-' and '_'",
            holds=lambda name: name.replace("-", "").replace("_", "").replace(".", "").isalnum(),
        ),
        help="its name in item ids",
    ),
    Option(
        stem="checkpoint",
        metavar="FILE",
        without="the only one",
        shapes_verdict=True,
        help="which checkpoint of the model directory is judged, by its name there",
    ),
    Option(
        stem="speaker",
        metavar="NAME",
        without="the only one",
        shapes_verdict=True,
        is_repeatable=True,
        help="which speaker of the model is judged: a name, all, or sample:N for so many, drawn by a seed",
    ),
    Option(
        stem="speaker-wav",
        type=Path,
        metavar="FILE",
        without="a speaker of the model's own",
        shapes_verdict=True,
        help="recording whose speaker is cloned and judged (1 to 60 s; for models that clone)",
    ),
    Option(
        stem="language",
        metavar="CODE",
        without="the suite's",
        shapes_verdict=True,
        help="which language of the model it speaks, as the model calls it",
    ),
    Option(
        stem="vocoder",
        metavar="DIR",
        without="the one in the model's folder, else Griffin-Lim",
        shapes_verdict=True,
        help="vocoder that makes sound of the model's spectrograms",
    ),
    Option(stem="golden", metavar="NAME", help="golden reference, by name or folder"),
    Option(
        stem="golden-dir",
        type=Path,
        metavar="DIR",
        default="golden",
        help="folder in which goldens are looked for by name",
    ),
    Option(
        stem="asr",
        metavar="SPEC",
        default="whisper:tiny.en",
        shapes_verdict=True,
        help="transcriber: whisper:NAME or whisper:FILE",
    ),
    Option(
        stem="takes",
        type=int,
        metavar="N",
        default=2,
        bounds=Bounds(wording="1 to 64", holds=lambda takes: 1 <= takes <= 64),
        shapes_verdict=True,
        help="renderings per probe at the first look",
    ),
    Option(
        stem="seed",
        type=int,
        metavar="N",
        default=1,
        bounds=Bounds(wording="0 to 2^63 - 1", holds=lambda seed: 0 <= seed < 1 << 63),
        shapes_verdict=True,
        help="base of the candidate's seeds",
    ),
    Option(
        stem="compare",
        choices=COMPARISONS,
        default="auto",
        shapes_verdict=True,
        help="what the candidate is held against; auto: the same seeds where the golden's reference has the same "
        "digest, else the golden's distribution, without one trigger phrases against their controls; fine-tune: only "
        "what single probes differ by beyond the others; equivalent: an export, beside the checkpoint that "
        "--tts-reference names, with the same seeds",
    ),
    Option(
        stem="reference",
        metavar="DIR",
        shapes_verdict=True,
        help="a trusted model that speaks beside the candidate wherever something looks odd, or the checkpoint of an "
        "export",
    ),
    Option(
        stem="policy",
        type=Path,
        metavar="FILE",
        shapes_verdict=True,
        help="policy: severities, waivers, required coverage (TOML)",
    ),
    Option(
        stem="alpha",
        type=float,
        metavar="P",
        without="the policy's, else 0.01",
        bounds=Bounds(wording="a rate above 0 and below 0.5", holds=lambda alpha: 0 < alpha < 0.5),
        shapes_verdict=True,
        help="false-alarm rate of the whole verdict",
    ),
    Option(
        stem="timeout",
        type=float,
        metavar="S",
        default=60.0,
        bounds=Bounds(wording="seconds above 0", holds=lambda seconds: seconds > 0),
        shapes_verdict=True,
        help="seconds for a batch besides its length",
    ),
    Option(
        stem="isolation",
        choices=ISOLATIONS,
        default="auto",
        without="auto, the best that holds",
        shapes_verdict=True,
        help="level of the sandbox that must hold",
    ),
    Option(
        stem="cost",
        choices=METERING,
        default="auto",
        shapes_verdict=True,
        help="off: do not judge what the candidate costs the machine",
    ),
    Option(
        stem="soak",
        metavar="TIME",
        shapes_verdict=True,
        help="repeat the judged suite for so long (90s, 30m, 8h) and watch what grows; Ctrl-C ends it early",
    ),
    Option(
        stem="hunt",
        metavar="TIME",
        shapes_verdict=True,
        help="also search for so long (10m, 1h) for words that wake something, though no suite has them (VITS, "
        "GlowTTS, FastPitch and its like)",
    ),
    Option(
        stem="shard",
        metavar="I/N",
        only_typed="each of the machines is told which part is its own",
        help="only speak and hear the I-th of N parts, as one of N machines: nothing is judged (see soundcheck merge)",
    ),
    Option(
        stem="on",
        metavar="WHERE",
        only_typed="a session that other machines are to work for says so itself",
        without="nowhere else",
        help="first have the parts done side by side, then judge: here (processes of this machine), ray (a Ray cluster "
        "of this machine; ray:3 for three nodes; extra ray), or a cluster's address",
    ),
    Option(
        stem="shards",
        type=int,
        metavar="N",
        only_typed="it goes with --tts-on",
        default=0,
        without="two here, else one for each node",
        bounds=Bounds(wording=f"0 to {MOST_SHARDS}", holds=lambda number: 0 <= number <= MOST_SHARDS),
        help="how many parts are made for --tts-on",
    ),
    Option(
        stem="gate",
        choices=GATES,
        without="the policy's, else ci",
        help="ci: inconclusive skips; release: inconclusive fails",
    ),
    Option(stem="device", choices=DEVICES, default="auto", help="where voice and Whisper run"),
    Option(
        stem="threads",
        type=int,
        metavar="N",
        without="half the cores",
        bounds=Bounds(wording="1 to 256", holds=lambda threads: 1 <= threads <= 256),
        help="CPU threads of the voice and of Whisper, each",
    ),
    Option(
        stem="workers",
        type=int,
        metavar="N",
        without="two to four, one on a GPU",
        bounds=Bounds(wording="1 to 64", holds=lambda workers: 1 <= workers <= 64),
        help="processes of the voice that speak at a time",
    ),
    Option(
        stem="memory-gb",
        type=float,
        metavar="GB",
        default=8.0,
        bounds=Bounds(wording="0 or more", holds=lambda size: size >= 0),
        help="worker's address space on a CPU, 0 for no bound",
    ),
    Option(stem="dir", type=Path, metavar="DIR", default=".soundcheck", help="folder of runs and cached renderings"),
    Option(
        stem="store",
        metavar="URL",
        without="nothing is shared",
        help="share renderings and takes with other machines: a folder, or s3://BUCKET/PREFIX (gs://, az://; extra "
        "store); the folder of runs is a cache of it",
    ),
    Option(
        stem="fresh",
        type=bool,
        only_typed="a choice for one run: written down, it would render everything anew each time",
        help="speak and hear anew, whatever is cached or shared",
    ),
    Option(
        stem="allow-unsandboxed",
        type=bool,
        only_typed="somebody has to say each time that this machine may be thrown away",
        help="go on where no sandbox holds; the verdict says so (a machine that can be thrown away)",
    ),
    Option(
        stem="log",
        type=Path,
        metavar="FILE",
        help="append what the candidate was seen to do, and when each stage ran, as JSON lines",
    ),
    Option(
        stem="report",
        metavar="FORMAT[=PATH]",
        is_repeatable=True,
        without="in the run's folder",
        help="also write the run as sarif, github-summary, github-annotations, gitlab, csv, prometheus or json",
    ),
    Option(
        stem="salt",
        metavar="TEXT",
        only_typed="a secret does not belong into a file that is committed",
        help=f"draw generated probes privately; only the text's sha256 is kept (better: in {SALT_VARIABLE})",
    ),
)
BY_STEM: Final = {option.stem: option for option in OPTIONS}
JUDGING: Final = (
    "checkpoint", "speaker", "speaker-wav", "language", "vocoder", "golden", "gate", "policy", "compare", "reference",
    "alpha", "takes", "seed", "soak", "hunt", "cost", "shard", "on", "shards", "store", "fresh", "report",
)  # fmt: skip
"""What nobody types who does not want a candidate judged."""
RUNNING: Final = (
    "asr", "checkpoint", "speaker", "speaker-wav", "language", "vocoder", "device", "threads", "workers", "timeout",
    "memory-gb", "isolation", "allow-unsandboxed", "dir",
)  # fmt: skip
"""What every verb needs that speaks and listens."""
PARTED: Final = ("shard", "on", "shards", "store")
"""What a verb needs whose work can be done in parts."""


def add_options(parser: pytest.Parser) -> None:
    """Register everything under ``--tts-*`` and ``tts_*`` with pytest.

    None has a default there, so that what was typed can be told from what was not.
    """
    group = parser.getgroup("soundcheck", "soundcheck: may this text-to-speech model ship?")
    for option in OPTIONS:
        group.addoption(option.flag, **_pytest_arguments(option), help=option.full_help)
        if option.key and option.is_repeatable:
            parser.addini(option.key, f"soundcheck: as {option.flag}, one a line", type="linelist", default=[])
        elif option.key:
            parser.addini(option.key, f"soundcheck: as {option.flag}", default="")


def _pytest_arguments(option: Option) -> dict[str, Any]:
    """A path stays text: xdist sends what was typed to its workers, and can send no path."""
    about = _arguments(option)
    return {name: value for name, value in about.items() if (name, value) != ("type", Path)}


def add_option(parser: argparse.ArgumentParser, stem: str, **own: Any) -> None:
    """Give a verb an option of the table.

    Args:
        parser: The verb's.
        stem: Names the option.
        own: What the verb has otherwise than the table: ``help``, ``default``, ``metavar`` or ``required``.
    """
    option = BY_STEM[stem]
    default = Path(str(option.default)) if option.type is Path and option.default else option.default
    about = _arguments(option) | {"default": default, "help": option.full_help} | own
    parser.add_argument(option.verb_flag, **about)
    parser.set_defaults(stems=(*(parser.get_default("stems") or ()), stem))


def _arguments(option: Option) -> dict[str, Any]:
    """What pytest's and argparse's parsers are told alike."""
    if option.type is bool:
        return {"action": "store_true"}
    about: dict[str, Any] = {"choices": option.choices} if option.choices else {"metavar": option.metavar}
    if option.is_repeatable:
        about["action"] = "append"
    return about if option.type is str else about | {"type": option.type}


def as_verb_spells(line: str, stems: tuple[str, ...]) -> str:
    """A line in which options of these stems are named as a verb spells them; others stay as pytest spells them."""
    for stem in stems:
        line = re.sub(rf"{BY_STEM[stem].flag}(?![\w-])", BY_STEM[stem].verb_flag, line)
    return line
