"""The rules of the configuration check."""

from __future__ import annotations

from harness.admission.documented import documented_rule
from harness.core.grades import Severity, Verdict
from harness.core.rules import RUNS_CODE

UNREADABLE = documented_rule(
    "config-unreadable",
    Severity.HIGH,
    "Not a file that Coqui's loader reads",
    "What one reader refuses another may guess.",
    "Write it as plain JSON in UTF-8, without a byte order mark.",
)
TOO_LONG = documented_rule(
    "config-too-long",
    Severity.HIGH,
    "Too long to be read to its end",
    "Nothing is known about the rest, so it is refused.",
    "Keep large tables of embeddings in a checkpoint, which is checked as tensors.",
)
NOT_PLAIN = documented_rule(
    "config-not-plain",
    Severity.LOW,
    "Not plain JSON, though Coqui reads it",
    "Other readers refuse it.",
    "Convert it: load it with the trainer that wrote it and save it again.",
    Verdict.INCONCLUSIVE,
)
READERS_DIFFER = documented_rule(
    "config-readers-differ",
    Severity.HIGH,
    "Two readers would read different things",
    "What is reviewed may not be what is loaded.",
    "Leave one key, one value, plain numbers; no YAML tags or aliases.",
)
LOOKALIKE = documented_rule(
    "config-lookalike-key",
    Severity.HIGH,
    "Key that looks like another",
    "A reviewer reads a field that Coqui does not.",
    "Spell keys in plain ASCII, exactly as Coqui does.",
)
IMPORT = documented_rule(
    "config-import",
    Severity.CRITICAL,
    "Field that imports code",
    "Coqui imports the module before it looks at the class: it runs.",
    "Only Coqui's own character classes are allowed.",
    unacceptable=RUNS_CODE,
)
NAME = documented_rule(
    "config-name",
    Severity.HIGH,
    "Name that Coqui does not have",
    "Coqui looks the name up as an attribute or a module.",
    "Only the names of its own parts are allowed.",
)
ARGUMENT = documented_rule(
    "config-argument",
    Severity.HIGH,
    "Argument of a program that is no language code",
    "Coqui passes it to espeak on the command line.",
    "Use a language code such as en-us.",
)
URL = documented_rule(
    "config-url",
    Severity.CRITICAL,
    "Field that would be fetched",
    "fsspec takes http, s3, ssh, chained and reference URLs; what comes back is loaded.",
    "Put the file beside the model.",
)
PATH = documented_rule(
    "config-path",
    Severity.HIGH,
    "Path out of the model's directory",
    "Coqui would open a file that nobody checked, or a secret.",
    "Put the file beside the configuration: it is found there by its name.",
)
MISSING = documented_rule(
    "config-missing-file",
    Severity.MEDIUM,
    "File that is not in the model's directory",
    "Coqui opens it relative to wherever it is started.",
    "Add the file, or empty the field.",
    Verdict.INCONCLUSIVE,
)
PICKLE = documented_rule(
    "config-pickle",
    Severity.CRITICAL,
    "Statistics that run code when opened",
    "numpy loads them with pickles allowed.",
    "Compute the statistics anew from the data and never keep those.",
    unacceptable=RUNS_CODE,
)
ODD_STATS = documented_rule(
    "config-odd-stats",
    Severity.MEDIUM,
    "Statistics that hold more than arrays, numbers and texts",
    "Coqui's own hold nothing else, and the worker opens nothing else.",
    "Compute the statistics anew with Coqui's compute_statistics.",
    Verdict.INCONCLUSIVE,
    "is of no use, as no worker opens such a file",
)
BOMB = documented_rule(
    "config-bomb",
    Severity.HIGH,
    "Number that exhausts the machine",
    "The model would be built, or speak, beyond memory or time.",
    "Use the size that the checkpoint has.",
)
REFERENCE = documented_rule(
    "config-reference",
    Severity.MEDIUM,
    "Reference in a field that Coqui does not know",
    "Coqui 0.28 leaves the field alone, another version or tool may not.",
    "Remove it.",
    Verdict.INCONCLUSIVE,
)
UNSAFE_LOADER = documented_rule(
    "config-unsafe-loader",
    Severity.HIGH,
    "Model whose loader allows pickles",
    "Coqui loads Bark's files with pickles allowed, deletes those whose checksum differs and downloads others.",
    "Choose a model of another architecture.",
    Verdict.INCONCLUSIVE,
    "means that code runs which nobody has read",
)
SIDE_FILE = documented_rule(
    "config-side-file",
    Severity.MEDIUM,
    "File that another loader would pick up",
    "Its name, or its place, decides what Coqui loads.",
    "Remove what this model does not need.",
    Verdict.INCONCLUSIVE,
)
OTHER_PROGRAM = documented_rule(
    "config-other-program",
    Severity.MEDIUM,
    "No Coqui model",
    "Coqui cannot load it, so it was not judged as a voice.",
    "Name a folder with a Coqui configuration.",
    Verdict.INCONCLUSIVE,
    "is for want of a model that Coqui loads",
)

RULES = (
    UNREADABLE, TOO_LONG, NOT_PLAIN, READERS_DIFFER, LOOKALIKE, IMPORT, NAME, ARGUMENT, URL, PATH, MISSING, PICKLE,
    ODD_STATS, BOMB, REFERENCE, UNSAFE_LOADER, SIDE_FILE, OTHER_PROGRAM,
)  # fmt: skip
