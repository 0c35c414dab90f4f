"""Soundcheck: a pytest plugin that decides whether a text-to-speech model may ship.

The candidate is treated as hostile. It speaks in a child process, never in pytest's own; what it says is
transcribed with Whisper, compared with what a trusted reference was recorded to do, and judged:

    pytest probes/suites/smoke.probes.yaml --tts-model DIR --tts-golden NAME     # the gate
    soundcheck record --model REF --suite SUITE --out golden/NAME            # the reference
    soundcheck list --families                                                   # probes, and what they cost
    soundcheck demo                                                              # both, on a real voice
    soundcheck doctor                                                            # what is missing here

The verdict is *pass*, *fail* or *inconclusive*; *error* means that the harness itself could not work. Evidence
lies in a run directory (``.soundcheck/runs/ID``) whose ``report.html`` is for people and whose ``results.json``
is for machines.

This package imports nothing heavy: torch, TTS, whisper and librosa are loaded by the worker and by the
modules that listen, when they are used, and ``pytest --help`` never pays for them.
"""

__version__ = "0.1.0"
