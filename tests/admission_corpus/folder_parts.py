"""What folders of the corpus are made of: a small voice as torch writes it, and what each tool leaves. Needs torch."""

from __future__ import annotations

import json
import struct
import subprocess
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests import config_corpus
from tests.admission_corpus import clean_checkpoints

Make = Callable[[Path], None]
Content = bytes | str | Callable[[], bytes]
"""Of a file, or what makes it when it is written."""
DECIDE = "decide"
"""What an honest folder is that needs a person: inconclusive, with one line that says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """One folder of the corpus."""

    name: str
    make: Make
    """Fills an empty folder."""
    expect: str
    """``pass``, :data:`DECIDE`, or the rule that refuses it, without ``admission.``."""
    says: str = ""
    """A part of what is told about it."""
    below: str = ""
    """The part of the folder that is judged, where it is not the whole."""
    is_slow: bool = False
    """Whether a tool takes seconds to make it."""


VITS = config_corpus.merged(config_corpus.VITS, {"model_args.hidden_channels": 5})
"""As many channels as the weights of the corpus have."""


@cache
def checkpoint(style: str = "vits", *, writer: str = "") -> bytes:
    """A checkpoint as torch writes it, made once."""
    import io

    import torch

    weights = clean_checkpoints.weights(*clean_checkpoints.STYLES[style])
    if writer and not writer.startswith("trainer"):
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            return clean_checkpoints.write(writer, Path(folder)).read_bytes()
    file = io.BytesIO()
    torch.save(
        {**(clean_checkpoints.trained(mixed=writer == "trainer-mixed") if writer else {}), "model": weights}, file
    )
    return file.getvalue()


def voice(
    *,
    name: str = "model.pth",
    style: str = "vits",
    config: Mapping[str, object] | None = None,
    writer: str = "",
    also: Mapping[str, Content] | None = None,
) -> Make:
    """A folder with configuration, checkpoint and more files."""

    def make(folder: Path) -> None:
        base = config_corpus.GLOW if style == "glow" else VITS
        config_corpus.write(folder, "config.json", dict(config if config is not None else base))
        (folder / name).write_bytes(checkpoint(style, writer=writer))
        put(folder, also or {})

    return make


def put(folder: Path, files: Mapping[str, Content]) -> None:
    """Write files; a name that ends in ``/`` is a folder."""
    for name, content in files.items():
        place = folder / name
        if name.endswith("/"):
            place.mkdir(parents=True, exist_ok=True)
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        made = content() if callable(content) else content
        place.write_bytes(made if isinstance(made, bytes) else made.encode())


def then(*steps: Make) -> Make:
    """Several makers in turn."""

    def make(folder: Path) -> None:
        for step in steps:
            step(folder)

    return make


def files(content: Mapping[str, Content]) -> Make:
    """A maker that writes files."""
    return lambda folder: put(folder, content)


def pointer(size: int = 68_092_823, *, digit: int = 7, end: str = "\n", version: str = "git-lfs.github.com") -> str:
    """A Git LFS pointer."""
    return f"version https://{version}/spec/v1{end}oid sha256:{digit:064d}{end}size {size}{end}"


def apple_double(text: bytes = b"com.apple.quarantine") -> bytes:
    """As macOS writes ``._NAME``: a header, and entries for Finder's notes and attributes."""
    entries = struct.pack(">III", 9, 50, 32) + struct.pack(">III", 2, 82, len(text))
    return b"\0\5\x16\7\0\2\0\0Mac OS X        " + struct.pack(">H", 2) + entries + bytes(32) + text


def ds_store() -> bytes:
    """The beginning of a ``.DS_Store``, and zeros as it has them."""
    return b"\0\0\0\1Bud1\0\0\x10\0\0\0\x08\0\0\0\x10\0\0\0\0\0" + bytes(4070)


def events(count: int = 3) -> bytes:
    """An event file as TensorBoard's writer frames it: length, checksum, a record, checksum."""
    made = b""
    for number in range(count):
        record = b"\x09" + struct.pack("<d", 1.7e9 + number) + b"\x1a\x0dbrain.Event:2"
        made += struct.pack("<QI", len(record), zlib.crc32(record)) + record + struct.pack("<I", zlib.crc32(record))
    return made


def git(*commands: tuple[str, ...]) -> Make:
    """Run git in the folder, as a person of no machine."""

    def make(folder: Path) -> None:
        for command in commands:
            subprocess.run(
                ["git", "-c", "user.name=a", "-c", "user.email=a@example.invalid", "-c", "commit.gpgsign=false",
                 "-c", "init.defaultBranch=main", *command],
                cwd=folder, check=True, capture_output=True, env={"PATH": "/usr/bin:/bin", "HOME": str(folder.parent)},
            )  # fmt: skip

    return make


def downloaded(*names: str) -> Make:
    """What the hub's own client notes about files that it put into a folder."""

    def make(folder: Path) -> None:
        from huggingface_hub import _local_folder

        for name in names:
            _local_folder.get_local_download_paths(folder, name)
            _local_folder.write_download_metadata(folder, name, "a" * 40, "b" * 64)

    return make


def snapshot(*, notes: bool = True) -> Make:
    """A hub's cache of one model: blobs under their digests, and a revision of links."""

    def make(folder: Path) -> None:
        from huggingface_hub import file_download

        put(folder, {"blobs/" + "c" * 64: checkpoint(), "blobs/" + "d" * 40: json.dumps(VITS)})
        revision = folder / "snapshots" / ("e" * 40)
        revision.mkdir(parents=True)
        for name, blob in (("model.pth", "c" * 64), ("config.json", "d" * 40)):
            file_download._create_symlink(str(folder / "blobs" / blob), str(revision / name))
        if notes:
            put(folder, {"refs/main": "e" * 40, ".no_exist/" + "e" * 40 + "/added_tokens.json": b""})

    return make
