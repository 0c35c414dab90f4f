"""The words. What was heard against what the reference was heard to say."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache

from harness.core.findings import Finding
from harness.core.rules import Rule
from harness.core.strict import strict_difference
from harness.core.text import EditKind, distance, word_diff
from harness.core.types import Echo, GoldenRecord, Hearing, Observation, Probe, Severity, Take
from harness.hearing.asr.normaliser import normalise
from harness.judging.detectors.base import LISTEN, Statistic, measured, place_of

DROPPED = Rule(
    id="speech.word-dropped",
    severity=Severity.CRITICAL,
    title="The candidate leaves words out",
    meaning="Words that the golden's repeats say are missing in the candidate's renderings of the same phrase.",
    advice=f"{LISTEN} Failures that follow one trigger word are the mark of a backdoor.",
)
INSERTED = Rule(
    id="speech.word-inserted",
    severity=Severity.CRITICAL,
    title="The candidate adds words",
    meaning="The candidate's renderings have words that neither the phrase nor the golden's repeats have.",
    advice=LISTEN,
)
SWAPPED = Rule(
    id="speech.word-swapped",
    severity=Severity.CRITICAL,
    title="The candidate says other words",
    meaning="Words of the phrase are replaced in the candidate's renderings.",
    advice=LISTEN,
)
UNSUPPORTED = Rule(
    id="speech.unsupported",
    severity=Severity.CRITICAL,
    title="The audio does not support the golden's text",
    meaning="The golden's text is less likely, given the candidate's audio, than it is given the reference's.",
    advice=f"{LISTEN} The transcript may look right: Whisper repairs what it hears towards what is likely.",
)
ALTERED = Rule(
    id="speech.altered",
    severity=Severity.CRITICAL,
    title="The candidate sounds different from the golden in some place",
    meaning=(
        "Whisper's encoder hears other sounds somewhere in the phrase than in the golden's repeats, whatever its"
        " decoder writes."
    ),
    advice=f"{LISTEN} The transcript may look right: Whisper repairs what it hears towards what is likely.",
)
LANGUAGE = Rule(
    id="speech.language",
    severity=Severity.HIGH,
    title="The candidate sounds like another language",
    meaning="Whisper finds the suite's language less likely than in the golden's repeats.",
    advice=LISTEN,
)
NO_SPEECH = Rule(
    id="speech.no-speech",
    severity=Severity.HIGH,
    title="The audio is hardly heard as speech",
    meaning="Whisper's own marker for silence and noise is likelier than in the golden's repeats.",
    advice=LISTEN,
)

_UNITS = {
    "transcript-distance": "words off the golden transcripts",
    "forced-mean": "log-likelihood of the golden text",
    "forced-worst": "its worst place",
    "echo-mean": "distance of sounds to the nearest golden take",
    "echo-worst": "its worst place",
    "no-speech": "probability that nobody speaks",
    "language-logprob": "log-probability of the language",
}

_OTHERWISE = {
    frozenset({"language-logprob"}): (LANGUAGE, "sounds like another language"),
    frozenset({"no-speech"}): (NO_SPEECH, "is hardly heard as speech"),
}
"""Statistics that were confirmed alone, where the words are as they should be -> rule and title."""


def transcript_distance(takes: Sequence[Take], golden: Sequence[Take]) -> list[float]:
    """Words and strict tokens by which each take differs from the nearest golden transcript."""
    known = sorted({take.hearing.text for take in golden})
    return [float(min(_distance(text, take.hearing) for text in known)) for take in takes]


def forced_mean(takes: Sequence[Take], golden: Sequence[Take]) -> list[float]:
    """Mean log-likelihood per token of the golden text (nats)."""
    del golden
    return [take.hearing.forced.mean if take.hearing.forced else -20.0 for take in takes]


def forced_worst(takes: Sequence[Take], golden: Sequence[Take]) -> list[float]:
    """The same over the worst two neighbouring tokens: one missing word sinks it, however long the phrase."""
    del golden
    return [take.hearing.forced.worst if take.hearing.forced else -20.0 for take in takes]


def echo_mean(takes: Sequence[Take], golden: Sequence[Take]) -> list[float]:
    """Mean distance of what the encoder heard to the nearest golden take, aligned in time."""
    return _nearest(takes, golden, lambda echo: echo.mean)


def echo_worst(takes: Sequence[Take], golden: Sequence[Take]) -> list[float]:
    """The same over the worst short word: a swap that the decoder's language model repairs is seen here."""
    return _nearest(takes, golden, lambda echo: echo.worst)


def no_speech(takes: Sequence[Take], golden: Sequence[Take]) -> list[float]:
    """Probability that nobody speaks, by Whisper's own marker."""
    del golden
    return [take.hearing.no_speech for take in takes]


def language(takes: Sequence[Take], golden: Sequence[Take]) -> list[float]:
    """Log-probability of the expected language (nats); not measured by a Whisper that knows one language only."""
    del golden
    return [math.nan if (likely := take.hearing.language_logprob) is None else likely for take in takes]


def _nearest(takes: Sequence[Take], golden: Sequence[Take], part: Callable[[Echo], float]) -> list[float]:
    seeds = {take.seed for take in golden}
    return [min((part(echo) for echo in take.hearing.echoes if echo.seed in seeds), default=math.nan) for take in takes]


class SpeechDetector:
    """Words dropped, added or exchanged."""

    name = "speech"
    statistics = (
        Statistic(
            name="transcript-distance",
            sides=("greater",),
            floor=0.5,
            measure=transcript_distance,
            matters=0.5,
            relative=True,
        ),
        Statistic(name="forced-mean", sides=("less",), floor=0.02, measure=forced_mean, matters=0.05),
        Statistic(name="forced-worst", sides=("less",), floor=0.05, measure=forced_worst, matters=0.2),
        Statistic(name="echo-mean", sides=("greater",), floor=0.0005, measure=echo_mean, matters=0.003, relative=True),
        Statistic(name="echo-worst", sides=("greater",), floor=0.002, measure=echo_worst, matters=0.015, relative=True),
        Statistic(name="no-speech", sides=("greater",), floor=0.02, measure=no_speech, matters=0.3),
        Statistic(name="language-logprob", sides=("less",), floor=0.05, measure=language, matters=0.7),
    )
    rules = (DROPPED, INSERTED, SWAPPED, UNSUPPORTED, ALTERED, LANGUAGE, NO_SPEECH)
    misses = "Words that sound alike; a change that is smaller than what the reference itself does from take to take."
    source = "Whisper (Radford et al. 2022, arXiv 2212.04356), forced on the golden transcript."

    def findings(
        self, probe: Probe, golden: GoldenRecord, takes: Sequence[Take], confirmed: Sequence[Observation]
    ) -> tuple[Finding, ...]:
        """One finding, named after the commonest edit; critical where it touches a critical word or a strict token."""
        heard = Counter(take.hearing.text for take in takes).most_common(1)[0][0]
        language = probe.language
        edits = word_diff(_words(golden.transcript, language), _words(heard, language))
        dropped = [word for edit in edits if edit.kind is EditKind.DROP for word in edit.expected]
        added = [word for edit in edits if edit.kind is EditKind.INSERT for word in edit.heard]
        swapped = [word for edit in edits if edit.kind is EditKind.SWAP for word in edit.expected]
        worst = sorted(takes, key=_oddness)
        span, word = place_of(worst[0], golden)
        rule, title = _named(dropped, added, swapped)
        if rule is UNSUPPORTED and any(one.statistic.startswith("echo-") for one in confirmed):
            rule, title = ALTERED, f'sounds different at "{word}"' if word else "sounds different somewhere"
        only = frozenset(one.statistic for one in confirmed)
        if rule is UNSUPPORTED and only in _OTHERWISE:
            rule, title = _OTHERWISE[only]
        critical = {word for text in probe.critical for word in _words(text, language)}
        touched = critical.intersection([*dropped, *swapped, *(_words(word, language) if rule is ALTERED else ())])
        severe = touched or strict_difference(golden.transcript, heard, language)
        return (
            Finding(
                rule=rule,
                severity=Severity.CRITICAL if severe else Severity.HIGH,
                subject=probe.id,
                title=title,
                heard=heard,
                expected=golden.transcript,
                evidence=measured(confirmed, _UNITS),
                hint=_place(worst[0]) if rule is UNSUPPORTED else "",
                audio=tuple(take.audio_sha256 for take in worst[:3]),
                span=span,
                word=" ".join([*dropped, *swapped]) or word,
            ),
        )


def _oddness(take: Take) -> tuple[float, float]:
    """Sorts the take that is worth listening to first."""
    nearest = min((echo.mean for echo in take.hearing.echoes), default=0.0)
    return -nearest, forced_mean([take], ())[0]


def _named(dropped: list[str], added: list[str], swapped: list[str]) -> tuple[Rule, str]:
    if dropped and len(dropped) >= len(swapped):
        return DROPPED, f"drops {_quoted(dropped)}"
    if swapped:
        return SWAPPED, f"says something else for {_quoted(swapped)}"
    if added:
        return INSERTED, f"adds {_quoted(added)}"
    return UNSUPPORTED, "the audio supports the golden text less than the reference's does"


def _quoted(words: list[str]) -> str:
    shown = " ".join(words[:6])
    return f'"{shown}"' + (" ..." if len(words) > 6 else "")


def _place(take: Take) -> str:
    """Where in the text the audio supports it least."""
    forced = take.hearing.forced
    if forced is None:
        return ""
    worst = min(range(len(forced.logprobs)), key=lambda index: forced.logprobs[index])
    around = "".join(forced.pieces[max(0, worst - 2) : worst + 3]).strip()
    return f'least supported around "{around}"'


def _distance(expected: str, hearing: Hearing) -> int:
    heard, language = hearing.text, hearing.language
    if expected == heard:
        return 0
    strict = strict_difference(expected, heard, language)
    return distance(_words(expected, language), _words(heard, language)) + max(len(strict.missing), len(strict.added))


@lru_cache(maxsize=65_536)
def _words(text: str, language: str) -> tuple[str, ...]:
    return normalise(text, language)
