"""Writes an old or odd checkpoint anew, as safetensors or as torch's plain zip archive, without loading it.

The source is followed symbolically: what is pickled in it stays a symbol and is dropped, tensors are copied as bytes.
So nothing of it runs, here or later. Memory is bounded by blocks, whatever the sizes. Knows no command line.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Collection, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from harness.admission.checks.checkpoint import CheckpointCheck
from harness.admission.checks.weights import SAFE_DTYPES, Unreadable, contents
from harness.admission.converting.torchwriter import STORAGES, UNTYPED, Short, blocks_of, write_torch
from harness.admission.reading.safetensors import MAX_NAME
from harness.admission.reading.symbols import DTYPE_BYTES
from harness.admission.reading.weight import Weights
from harness.admission.tree import Tree
from harness.core.errors import BadInput, StorageError
from harness.core.grades import Verdict
from harness.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

_SAFE_NAMES: Final = {dtype: name for name, dtype in SAFE_DTYPES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """What was written."""

    path: Path
    """Where."""
    sha256: str
    """Of the file, in hex."""
    size_bytes: int
    """Of the file."""
    tensors: int
    """How many it has."""
    dropped: tuple[str, ...]
    """What the source holds besides the weights, e.g. ``optimizer: a list``. Printable."""


def check_target(out: Path) -> None:
    """See whether something can be written there.

    Raises:
        BadInput: The suffix is unknown, the folder is not there, or there is a file already.
    """
    shown = printable(str(out))
    if out.suffix not in _WRITERS:
        raise BadInput(f"{shown}: expected a name that ends in .safetensors or .pth, got {printable(out.suffix)!r}")
    if not out.parent.is_dir():
        raise BadInput(f"{shown}: expected a folder to write to, got none")
    if os.path.lexists(out):
        raise BadInput(f"{shown}: exists already, and nothing is overwritten; name another file")


def convert(path: Path, out: Path) -> Conversion:
    """Write the weights of a checkpoint anew. Whether the source is hostile must have been looked at before.

    Args:
        path: A checkpoint.
        out: Where to write: ``.safetensors``, or ``.pth`` for torch's archive.

    Raises:
        BadInput: `path` is no file, or `out` cannot be written to, see :func:`check_target`.
        Unreadable: There is nothing that can be converted, or the result would not be admitted.
        StorageError: Writing failed; nothing is left behind.
    """
    check_target(out)
    tree = Tree.of(path)
    if not path.is_file():
        raise BadInput(printable(f"{path}: expected one checkpoint file to convert, got a directory"))
    with contents(tree, tree.files[0]) as found:
        _check_types(found.weights, _SAFE_NAMES if out.suffix == ".safetensors" else {*STORAGES, *UNTYPED})
        with _written_whole(out) as file:
            try:
                _WRITERS[out.suffix](found.weights, file)
            except Short:
                raise Unreadable("ends before its tensors do") from None
            file.flush()
            result = CheckpointCheck().examine(Tree.of(Path(file.name)))
            if result.verdict is not Verdict.PASS:
                raise Unreadable(printable(f"the result would not pass: {result.flaws[0].rule.title.lower()}"))
            with Path(file.name).open("rb") as written:
                digest, size = hashlib.file_digest(written, "sha256").hexdigest(), written.tell()
    return Conversion(path=out, sha256=digest, size_bytes=size, tensors=len(found.weights), dropped=found.left)


def _check_types(weights: Weights, known: Collection[str]) -> None:
    for name, weight in weights.items():
        shown = printable(name[:80])
        if weight.dtype not in known:
            raise Unreadable(f"{shown} is of {weight.dtype}, which the new format does not have")
        if len(name) > MAX_NAME or name == "__metadata__" or any("\ud800" <= one <= "\udfff" for one in name):
            raise Unreadable(f"{shown!r} is no name for a tensor")


def _write_safetensors(weights: Weights, file: IO[bytes]) -> None:
    """Widest elements first, then by name, so that all are aligned. Source: safetensors README, Format."""
    names = sorted(weights, key=lambda name: (-DTYPE_BYTES[weights[name].dtype], name))
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    at = 0
    for name in names:
        weight = weights[name]
        end = at + weight.data.size
        header[name] = {"dtype": _SAFE_NAMES[weight.dtype], "shape": weight.shape, "data_offsets": [at, end]}
        at = end
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 8)
    file.write(len(text).to_bytes(8, "little") + text)
    for name in names:
        for block in blocks_of(weights[name]):
            file.write(block)


_WRITERS: Final[Mapping[str, Callable[[Weights, IO[bytes]], None]]] = {
    ".safetensors": _write_safetensors,
    ".pth": write_torch,
}


@contextmanager
def _written_whole(out: Path) -> Iterator[IO[bytes]]:
    """A file beside `out` that gets its name when the block ends, and is removed where the block fails.

    Raises:
        BadInput: Meanwhile something else got that name.
        StorageError: The file cannot be written.
    """
    temporary: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(prefix=".", suffix=out.suffix, dir=out.parent, delete=False) as file:
            temporary = Path(file.name)
            yield file
        temporary.chmod(0o644)
        try:
            os.link(temporary, out)  # unlike a rename, it never replaces
        except FileExistsError:
            raise BadInput(printable(f"{out}: appeared meanwhile, and nothing is overwritten")) from None
        except OSError:  # a file system without links
            check_target(out)
            temporary.rename(out)
    except OSError as error:
        raise StorageError(printable(f"{out}: cannot be written ({error.strerror or error})")) from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
