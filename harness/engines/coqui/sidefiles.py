"""Files beside a Coqui configuration that it names: one rule for what a name means, for admission and engine alike.

Coqui opens these relative to wherever it is started; its trainer and its model manager write absolute paths of the
machine that they run on. Here a relative name is a file of the model. An absolute one means the file of that name
beside the configuration, where there is one, and is never followed. Pure: it is given names and opens nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import PurePosixPath

from harness.core.strictjson import Json

SIDE_FIELDS = frozenset(
    {
        "d_vector_file",
        "language_ids_file",
        "speaker_encoder_config_path",
        "speaker_encoder_model_path",
        "speaker_file",
        "speakers_file",
        "stats_path",
        "tokenizer_file",
    }
)
"""Fields whose values Coqui opens to speak, wherever they stand in a configuration."""
PLAIN_STATISTICS = frozenset(
    {
        "_codecs.encode",
        "builtins.dict",
        "builtins.list",
        "numpy.dtype",
        "numpy.ndarray",
        *(
            f"numpy.{core}.{name}"
            for core in ("core", "_core")
            for name in ("multiarray._reconstruct", "multiarray.scalar", "numeric._frombuffer")
        ),
    }
)
"""All that a pickle of statistics may import: what arrays, numbers and texts are rebuilt by."""

_PART = r"[\w(.][\w ().,+@=-]*"
_RELATIVE = re.compile(r"(\./)?[\w(][\w ().,+@=/-]*")
_ABSOLUTE = re.compile(rf"(?:[A-Za-z]:)?([/\\]{_PART})+")


def relative_places(value: str, config: str) -> tuple[str, ...]:
    """Where the file may lie that a configuration names relatively: beside it, then in the model's folder.

    Args:
        value: What the configuration says.
        config: Path of the configuration below the model's folder.
    """
    if not _RELATIVE.fullmatch(value) or ".." in PurePosixPath(value).parts:
        return ()
    return tuple(dict.fromkeys((str(PurePosixPath(config).parent / value), str(PurePosixPath(value)))))


def place_beside(value: str, config: str, files: Collection[str]) -> str | None:
    """The file beside a configuration that an absolute path of another machine means; None where it means none.

    Args:
        value: What the configuration says: a path as POSIX or Windows writes it.
        config: Path of the configuration below the model's folder.
        files: Paths of the model's files.
    """
    parts = re.split(r"[/\\]", value)
    if not _ABSOLUTE.fullmatch(value) or ".." in parts:
        return None
    beside = str(PurePosixPath(config).parent / parts[-1])
    return beside if parts[-1] and beside in files else None


def find_side_file(value: str, config: str, files: Collection[str]) -> str | None:
    """The file of the model that a configuration means by a value of one of :data:`SIDE_FIELDS`; None for none."""
    found = next((place for place in relative_places(value, config) if place in files), None)
    return found or place_beside(value, config, files)


def side_values(config: Json) -> Iterator[tuple[str, str]]:
    """Yield each field of :data:`SIDE_FIELDS` with a text that it names a file by, wherever it stands."""
    stack = [config]
    while stack:
        one = stack.pop()
        if isinstance(one, list):
            stack += one
        elif isinstance(one, dict):
            stack += [value for value in one.values() if isinstance(value, dict | list)]
            for field in sorted(SIDE_FIELDS & one.keys()):
                values = one[field]
                for value in values if isinstance(values, list) else [values]:
                    if isinstance(value, str) and value:
                        yield field, value
