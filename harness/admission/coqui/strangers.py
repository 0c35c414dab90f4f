"""Whether a configuration is Coqui's at all, for files that stand for themselves: a commit has many of other programs.

In a model's folder nobody asks that: there every configuration is judged as Coqui's.
"""

from __future__ import annotations

from harness.admission.coqui import configrules as rules
from harness.admission.coqui.configfields import UNUSED
from harness.admission.coqui.sinks import SINKS, sink_of
from harness.core.strictjson import Json
from harness.engines.coqui.kinds import CONVERTERS, ENCODERS, GENERATORS, TTS_MODELS, VOCODERS

BEYOND_ANY_LOADER = frozenset(
    {rules.IMPORT, rules.PICKLE, rules.URL, rules.PATH, rules.READERS_DIFFER, rules.UNREADABLE}
)
"""What counts in a configuration of another program too; its sizes and names mean something else there."""

_NAMES = TTS_MODELS | VOCODERS | CONVERTERS | ENCODERS | GENERATORS
_TABLES = ("model_args", "model_params", "audio", "characters")
_ANYWHERE = frozenset({"$.model", "phonemizer", "datasets.language"})
"""Fields that other programs have as well."""
_WORDS = tuple(
    sink.field.rpartition(".")[2].encode()
    for sink in SINKS
    if sink.use not in UNUSED and sink.field not in _ANYWHERE and not sink.field.endswith(".path")
)


def is_of_coqui(value: Json) -> bool:
    """Whether something in it says so: a model's name, one of its tables, or a field of which Coqui makes something."""
    if isinstance(value, dict):
        named = value.get("model", value.get("generator_model"))
        if isinstance(named, str) and named.lower() in _NAMES:
            return True
        if any(isinstance(value.get(key), dict) for key in _TABLES):
            return True
    stack: list[tuple[Json, tuple[str, ...]]] = [(value, ())]
    while stack:
        one, path = stack.pop()
        if isinstance(one, list):
            stack += [(item, path) for item in one if isinstance(item, dict | list)]
        elif isinstance(one, dict):
            for key, item in one.items():
                sink = sink_of((*path, key)[-4:])
                if sink is not None and sink.use not in UNUSED and sink.field not in _ANYWHERE:
                    return True
                if isinstance(item, dict | list):
                    stack.append((item, (*path, key)))
    return False


def may_be_of_coqui(data: bytes) -> bool:
    """Whether bytes that nobody can read as a configuration hold a word that only Coqui's have."""
    lower = data.lower()
    return any(word.lower() in lower for word in _WORDS) or any(b'"%s"' % name.encode() in lower for name in _NAMES)
