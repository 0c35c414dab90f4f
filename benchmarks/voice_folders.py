"""Folders of :mod:`tests.coqui_layouts` on disk, and their copies: the same weights, or one changed sound.

Knows where the benchmark of voices keeps things, and no verdict.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import json
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.admission.converting.copying import copy_voice
from harness.core.errors import SoundcheckError
from harness.engines.coqui.layout import find_checkpoint
from harness.redteam.edits import EMBEDDINGS, table_of
from harness.redteam.parts import Chosen, Parts, vocabulary
from harness.redteam.plant import plant
from harness.run.codedigest import code_digest
from tests.coqui_layouts import BY_NAME, Layout, vocoder_of, write_layout

ROOT = Path(__file__).parents[1]
FOLDER = Path(".soundcheck").absolute() / "voices"
SOUND, OTHERS = "o", "abcdefghiklmnprstuvw"
"""The sound that a changed copy says as another one: as that of the others which lies farthest from it."""
_WRITERS = ("audible_letters", "coqui_layouts", "coqui_voices")
_MEASURERS = ("deaf_ear", "voice_folders", "voices")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One layout as it lies on disk."""

    layout: Layout
    folder: Path
    """Of the voice."""
    vocoder: str
    """Its folder, ``""`` for none."""
    work: Path
    """Where its goldens, runs and copies go."""

    @property
    def parts(self) -> list[Path]:
        """Voice and vocoder."""
        return [self.folder, *([Path(self.vocoder)] if self.vocoder else [])]


@functools.cache
def folders_key() -> str:
    """Digest of everything that shapes a folder of weights."""
    code = b"".join((ROOT / "tests" / f"{name}.py").read_bytes() for name in _WRITERS)
    versions = [importlib.metadata.version(name) for name in ("coqui-tts", "torch")]
    return hashlib.sha256(code + repr(versions).encode()).hexdigest()[:12]


@functools.cache
def results_key() -> str:
    """Digest of everything that shapes what is measured of it: judging with other code is another measurement."""
    code = b"".join((ROOT / "benchmarks" / f"{name}.py").read_bytes() for name in _MEASURERS)
    return hashlib.sha256(code + f"{folders_key()} {code_digest()}".encode()).hexdigest()[:12]


def kept(kind: str, name: str, measure: Callable[[str], Mapping[str, Any]]) -> Mapping[str, Any]:
    """A result that is there already, else a new one."""
    path = _result(kind, name)
    if is_kept(kind, name):
        known: Mapping[str, Any] = json.loads(path.read_text("utf-8"))
        return known
    content = measure(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, sort_keys=True), "utf-8")
    return content


def is_kept(kind: str, name: str) -> bool:
    """Whether a result is there."""
    return _result(kind, name).is_file()


def _result(kind: str, name: str) -> Path:
    return FOLDER / "results" / results_key() / f"{name}.{kind}.json"


def built(name: str) -> Place:
    """The folder of a layout, written once."""
    layout = BY_NAME[name]
    root = FOLDER / folders_key()
    folder, copied, done = root / name, root / f"{name}-copied", root / f"{name}.done"
    if not done.is_file():
        for left in (folder, vocoder_of(folder), copied):
            shutil.rmtree(left, ignore_errors=True)
        written = write_layout(root, name)
        if layout.is_copied:
            copy_voice(written, copied)
        done.touch()
    return Place(
        layout=layout,
        folder=copied if layout.is_copied else folder,
        vocoder=str(vocoder_of(folder)) if layout.vocoder else "",
        work=FOLDER / "work" / results_key() / name,
    )


def unchanged_copy(place: Place) -> Path:
    """The same weights in another release."""
    out = _free(place, "unchanged")
    shutil.copytree(place.folder, out)
    (out / "README.md").write_text("The same weights in another release.\n", "utf-8")
    return out


def changed_copy(place: Place) -> tuple[Path, bool]:
    """One sound is said as another; and whether the red team made the copy.

    Of architectures whose table of symbols the red team does not know, its row is changed here.
    """
    import torch

    out = _free(place, "changed")
    table = _table(place.layout, place.folder)
    content = torch.load(place.folder / table.file, weights_only=False)
    state = content.get("model", content)
    sounds = state[table.name]
    own = sounds[table.rows[SOUND]].float()
    there = [one for one in OTHERS if one in table.rows]
    other = max(there, key=lambda one: float((sounds[table.rows[one]].float() - own).norm()))
    try:
        return plant("sound-swap", place.folder, out, Chosen(trigger=f"{SOUND}:{other}")), True
    except SoundcheckError as error:
        print(f"  {place.layout.name}: {error}", file=sys.stderr)
    shutil.copytree(place.folder, out)
    state[table.name] = sounds.clone()
    state[table.name][table.rows[SOUND]] = sounds[table.rows[other]]
    torch.save(content, out / table.file)
    return out, False


def _free(place: Place, name: str) -> Path:
    out = place.work / name
    shutil.rmtree(out, ignore_errors=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    return out


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """Where sounds lie."""

    file: str
    """Checkpoint."""
    name: str
    rows: Mapping[str, int]
    """Symbol -> row."""


def _table(layout: Layout, folder: Path) -> _Table:
    """The table of symbols of a layout."""
    import torch

    if layout.architecture.startswith("XTTS"):
        file = next(path.name for path in folder.glob("*.pth") if path.name != "speakers_xtts.pth")
        words = json.loads(
            next(path for path in folder.glob("*.json") if path.name != "config.json").read_text("utf-8")
        )
        name = "xtts.gpt.text_embedding.weight" if file.startswith("best") else "gpt.text_embedding.weight"
        return _Table(file=file, name=name, rows=words["model"]["vocab"])
    if layout.architecture.startswith("MMS"):
        letters = (folder / "vocab.txt").read_text("utf-8").split("\n")
        return _Table(file="G_100000.pth", name="enc_p.emb.weight", rows={one: at for at, one in enumerate(letters)})
    config = json.loads((folder / "config.json").read_text("utf-8"))
    checkpoint = find_checkpoint(folder)
    parts = Parts(weights=torch.load(checkpoint, weights_only=False)["model"], config=config)
    rows = {symbol: row for row, symbol in enumerate(vocabulary(parts))}
    return _Table(file=checkpoint.name, name=table_of(parts, EMBEDDINGS), rows=rows)
