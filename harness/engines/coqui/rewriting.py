"""The configuration that Coqui is given: as it was read, with each side file where it lies in the model's folder.

Runs in the worker. Coqui then opens what admission read: no comments are cut twice, no path of another machine is
followed, no name is looked for wherever the process happens to stand, and statistics are not unpickled from the model's
own file.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from harness.core.strictjson import Json
from harness.core.voice import Voice
from harness.engines.coqui.configfile import MAX_CONFIG_BYTES, read_config
from harness.engines.coqui.sidefiles import PLAIN_STATISTICS, SIDE_FIELDS, find_side_file
from harness.engines.coqui.standins import write_stand_in


class OddStatistics(ValueError):
    """A statistics file holds more than arrays, numbers and texts."""


def write_config(model: Path, scratch: Path, *, stand_in_for: Voice | None = None) -> Path:
    """Write the configuration of a model, and what it names that has to be rewritten too, into a scratch folder.

    Args:
        model: The model's folder.
        scratch: Where it is to lie.
        stand_in_for: Who is to speak without the files that the configuration names: others are made of it
            (:mod:`harness.engines.coqui.standins`). None for the model's own files.

    Returns:
        The file for Coqui to load.

    Raises:
        FileNotFoundError: There is no configuration.
        Malformed: It cannot be read as Coqui reads it.
        OddStatistics: A statistics file would have run code.
        NoUntrained: Nothing can stand in for a file that the configuration names.
    """
    files = frozenset(str(PurePosixPath(path.relative_to(model))) for path in model.rglob("*") if path.is_file())
    return _Rewriter(model, scratch, files, stand_in_for).write("config.json")


class _Rewriter:
    def __init__(self, model: Path, scratch: Path, files: frozenset[str], stand_in_for: Voice | None) -> None:
        self._model, self._scratch, self._files, self._voice = model, scratch, files, stand_in_for
        self._whole: Mapping[str, Json] = {}
        """The configuration that is being written."""
        self._written: dict[str, Path] = {}

    def write(self, config: str) -> Path:
        """One configuration of the model, each once."""
        if config not in self._written:
            target = self._written[config] = self._scratch / f"config-{len(self._written)}.json"
            with (self._model / config).open("rb") as file:
                content = read_config(file.read(MAX_CONFIG_BYTES + 1), config).value
            self._whole = content if isinstance(content, dict) else {}
            target.write_text(json.dumps(self._placed(content, config)), "utf-8")
        return self._written[config]

    def _placed(self, value: Json, config: str) -> Json:
        if isinstance(value, list):
            return [self._placed(one, config) for one in value]
        if not isinstance(value, dict):
            return value
        return {
            key: self._named(key, one, config) if key in SIDE_FIELDS else self._placed(one, config)
            for key, one in value.items()
        }

    def _named(self, field: str, value: Json, config: str) -> Json:
        if isinstance(value, list):
            return [self._named(field, one, config) for one in value]
        if not isinstance(value, str) or not value:
            return value
        if self._voice is not None:
            return str(write_stand_in(field, self._whole, self._voice, self._scratch))
        found = find_side_file(value, config, self._files)
        if found is None:  # where Coqui opens it after all, it says which file is not there
            return str(self._model / PurePosixPath(value.replace("\\", "/")).name)
        if field == "stats_path":
            return str(self._statistics(self._model / found))
        if field == "speaker_encoder_config_path":
            return str(self.write(found))
        return str(self._model / found)

    def _statistics(self, path: Path) -> Path:
        """A copy that Coqui may unpickle, as it insists on: it is ours, of arrays, numbers and texts."""
        target = self._scratch / f"stats-{len(list(self._scratch.iterdir()))}.npy"
        np.save(target, read_statistics(path), allow_pickle=True)
        return target


def read_statistics(path: Path) -> Any:
    """What Coqui's ``compute_statistics`` keeps, read so that nothing in it can run.

    Raises:
        OddStatistics: It is no array, or is rebuilt by something else than numpy.
    """
    with path.open("rb") as file:
        try:
            version = np.lib.format.read_magic(file)
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            _, _, kind = read(file)
            if not kind.hasobject:
                file.seek(0)
                return np.load(file, allow_pickle=False)
            return _PlainUnpickler(file, encoding="latin1").load()
        except OddStatistics:
            raise
        except (ValueError, EOFError, pickle.UnpicklingError, AttributeError, IndexError, TypeError, KeyError) as error:
            raise OddStatistics(f"{path.name} is no file of statistics: {error}") from None


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if f"{module}.{name}" not in PLAIN_STATISTICS:
            raise OddStatistics(f"expected arrays and numbers as statistics, got {module}.{name}")
        return super().find_class(module, name)
