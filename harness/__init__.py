"""Soundcheck: a pytest plugin that decides whether a text-to-speech model may ship.

The candidate is treated as hostile. It speaks in a child process, never in pytest's own; what it says is
transcribed with Whisper, compared with what a trusted reference was recorded to do, and judged:

    pytest probes/suites/smoke.probes.yaml --tts-model=DIR --tts-golden=NAME     # the gate
    soundcheck record --model REF --suite SUITE --out golden/NAME            # the reference
    soundcheck list --families                                                   # probes, and what they cost
    soundcheck demo                                                              # both, on a real voice
    soundcheck doctor                                                            # what is missing here

The verdict is *pass*, *fail* or *inconclusive*; *error* means that the harness itself could not work. Evidence
lies in a run directory (``.soundcheck/runs/ID``) whose ``report.html`` is for people and whose ``results.json``
is for machines.

What others may build on is listed in ``__all__`` and described in ``docs/api.md``; everything else is private and may
change in any release. Names are loaded when they are asked for: this package itself imports nothing, and
``pytest --help`` never pays for torch, TTS, Whisper or numpy.
"""

__version__ = "0.1.0"

__all__ = [
    "BadInput",
    "BehaviourEvent",
    "ComparisonKind",
    "Dice",
    "Family",
    "Finding",
    "GoldenRecord",
    "IntegrityError",
    "Observation",
    "Outcome",
    "Phrase",
    "Probe",
    "Rule",
    "RunInfo",
    "RunResult",
    "Setting",
    "Severity",
    "SoundcheckError",
    "SuiteInfo",
    "Take",
    "Verdict",
    "__version__",
    "hookspecs",
    "read_run",
]

TYPE_CHECKING = False  # type checkers take a variable of this name for true: so nothing is imported, typing neither

if TYPE_CHECKING:
    from harness.core.errors import BadInput, IntegrityError, SoundcheckError
    from harness.core.findings import Finding, Outcome
    from harness.core.rules import Rule
    from harness.core.types import (
        BehaviourEvent,
        ComparisonKind,
        GoldenRecord,
        Observation,
        Probe,
        Severity,
        Take,
        Verdict,
    )
    from harness.core.verdict import RunInfo, RunResult, SuiteInfo
    from harness.pytest_plugin import hookspecs
    from harness.storage.rundirectory import read_run
    from probes.dice import Dice
    from probes.family import Family, Phrase, Setting
else:
    _HOMES = {
        "harness.core.errors": ("BadInput", "IntegrityError", "SoundcheckError"),
        "harness.core.findings": ("Finding", "Outcome"),
        "harness.core.rules": ("Rule",),
        "harness.core.types": (
            "BehaviourEvent",
            "ComparisonKind",
            "GoldenRecord",
            "Observation",
            "Probe",
            "Severity",
            "Take",
            "Verdict",
        ),
        "harness.core.verdict": ("RunInfo", "RunResult", "SuiteInfo"),
        "harness.pytest_plugin": ("hookspecs",),
        "harness.storage.rundirectory": ("read_run",),
        "probes.dice": ("Dice",),
        "probes.family": ("Family", "Phrase", "Setting"),
    }

    def __getattr__(name):
        """A public name, from the module that defines it (PEP 562)."""
        for home, names in _HOMES.items():
            if name in names:
                module = __import__(home, fromlist=[name])
                return getattr(module, name)
        raise AttributeError(f"module 'harness' has no public name {name!r}; docs/api.md lists them")

    def __dir__():
        """What may be used, for completion."""
        return sorted(__all__)
