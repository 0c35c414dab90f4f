"""The rules of the directory check."""

from __future__ import annotations

from harness.admission.documented import documented_rule
from harness.core.grades import Severity, Verdict
from harness.core.rules import RUNS_CODE

EXECUTABLE = documented_rule(
    "directory-executable",
    Severity.CRITICAL,
    "Program in a model's directory",
    "A model is data.",
    "Remove it, and ask whoever packed the directory what it was for.",
    unacceptable=RUNS_CODE,
)
CODE = documented_rule(
    "directory-code",
    Severity.CRITICAL,
    "Code beside the model",
    "Python imports what lies where it is started, and a configuration may name it.",
    "Remove it.",
    unacceptable=RUNS_CODE,
)
ARCHIVE = documented_rule(
    "directory-archive",
    Severity.HIGH,
    "Archive in a model's directory",
    "What is packed is not checked, and some tool unpacks it.",
    "Remove it or unpack it before the check.",
)
POLYGLOT = documented_rule(
    "directory-two-formats",
    Severity.CRITICAL,
    "File that is two formats at once",
    "One reader checks the one, another loads the other.",
    "Make the file anew with the tool that it is for.",
    unacceptable=RUNS_CODE,
)
MISMATCH = documented_rule(
    "directory-mismatch",
    Severity.HIGH,
    "Content that its name does not promise",
    "Loaders go by content, people by name.",
    "Rename it or remove it.",
)
SCRIPTED = documented_rule(
    "directory-scripted-page",
    Severity.HIGH,
    "Page or drawing with scripts",
    "It runs in the browser of whoever opens it.",
    "Remove it, or write the model card as Markdown.",
    unacceptable=RUNS_CODE,
)
LINK_OUT = documented_rule(
    "directory-link-out",
    Severity.HIGH,
    "Link that leads out of the directory",
    "What is loaded is not what was checked.",
    "Copy the directory with links resolved (cp -L) from a place you trust.",
)
SPECIAL = documented_rule(
    "directory-special",
    Severity.HIGH,
    "Entry that is no file",
    "Opening a pipe, socket or device hangs or has effects.",
    "Remove it.",
)
SETUID = documented_rule(
    "directory-privileged",
    Severity.HIGH,
    "File with a privileged mode",
    "A model's file needs no set-user-id, set-group-id or sticky bit.",
    "Clear it: chmod 0644.",
)
NAME = documented_rule(
    "directory-name",
    Severity.HIGH,
    "Name that is not what it seems",
    "People and other systems read another name than the loader.",
    "Rename the file with plain letters.",
)
LOOKALIKE = documented_rule(
    "directory-lookalike",
    Severity.HIGH,
    "Names that look alike",
    "Which of them is loaded depends on the system.",
    "Keep one, named in plain ASCII.",
)
LINK = documented_rule(
    "directory-link",
    Severity.MEDIUM,
    "Link within the directory",
    "It can be turned after the check.",
    "Replace it by the file: cp -L.",
    Verdict.INCONCLUSIVE,
)
MODE = documented_rule(
    "directory-mode",
    Severity.LOW,
    "File that may be executed, or written by anyone",
    "Data needs neither.",
    "Clear it: chmod 0644.",
    Verdict.INCONCLUSIVE,
)
HIDDEN = documented_rule(
    "directory-hidden",
    Severity.MEDIUM,
    "Hidden file",
    "It is easily overlooked and some signatures skip it.",
    "Remove what the model does not need.",
    Verdict.INCONCLUSIVE,
)
UNKNOWN = documented_rule(
    "directory-unknown",
    Severity.MEDIUM,
    "Kind of file that a model does not need",
    "Nothing here can say what it does.",
    "Remove it, or keep it elsewhere.",
    Verdict.INCONCLUSIVE,
)
CROWDED = documented_rule(
    "directory-crowded",
    Severity.MEDIUM,
    "More files than a model has",
    "Loaders pick files by name: among many, a reviewer overlooks the one that counts.",
    "Name the model's own directory, without the training data.",
    Verdict.INCONCLUSIVE,
)
LEFTOVER = documented_rule(
    "directory-leftover",
    Severity.LOW,
    "Left by a tool, no part of a voice",
    "No worker may open it.",
    "Remove it.",
    Verdict.INCONCLUSIVE,
)
POINTER = documented_rule(
    "directory-pointer",
    Severity.MEDIUM,
    "Git LFS pointer instead of the file",
    "The weights were not fetched.",
    "Fetch them: git lfs pull.",
    Verdict.INCONCLUSIVE,
    "stands for a file that is not there",
)
CACHED = documented_rule(
    "directory-cached",
    Severity.LOW,
    "A hub's cache of links, no model's own folder",
    "What a link leads to may be exchanged by the next download.",
    "Judge a copy with links resolved: cp -rL.",
    Verdict.INCONCLUSIVE,
)
NO_MODEL = documented_rule(
    "directory-no-model",
    Severity.MEDIUM,
    "Nothing here is a model",
    "Without a checkpoint nothing was judged.",
    "Name the folder that has config.json and a checkpoint.",
    Verdict.INCONCLUSIVE,
    "is for want of a model",
)

UNREAD = documented_rule(
    "directory-unread",
    Severity.HIGH,
    "What was not read to its end",
    "Nothing is known about the rest, so it is refused.",
    "Name the model's own directory, without what no voice needs; mend its permissions.",
)

RULES = (
    EXECUTABLE, CODE, ARCHIVE, POLYGLOT, MISMATCH, SCRIPTED, LINK_OUT, SPECIAL, SETUID, NAME, LOOKALIKE, LINK, MODE,
    HIDDEN, UNKNOWN, CROWDED, UNREAD, LEFTOVER, POINTER, CACHED, NO_MODEL,
)  # fmt: skip
