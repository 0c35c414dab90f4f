"""Formats of checkpoints that hold tensors and no pickles: a header of their own, then elements. One row each.

ONNX files are among them, whose graph is held against those that are known. Zip archives, tars, streams and numpy's
files may hold pickles, and are taken apart elsewhere. Knows no check.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from harness.admission.reading import safetensors
from harness.admission.reading.bytesource import ByteSource
from harness.admission.reading.notebook import WHOLE, Notebook
from harness.admission.reading.onnx.head import is_onnx
from harness.admission.reading.weight import Weight
from harness.core.places import Place


class Read(Protocol):
    """Holds a file against the rules of its format."""

    def __call__(self, source: ByteSource, notebook: Notebook, *, has_values: bool, where: Place = WHOLE) -> None:
        """Check all of a file.

        Args:
            source: The file, or a part of one.
            notebook: Where flaws go, and the number of tensors.
            has_values: Whether values are looked at.
            where: What is read, within the file.

        Raises:
            OutOfBudget: There is more than is read.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorFormat:
    """One format."""

    name: str
    """As people know it."""
    suffix: str
    """What its files are called, and no file of another format."""
    is_one: Callable[[ByteSource], bool]
    """Whether some bytes begin as one; asked of all kinds of files, and of heads of files. No text may pass for it."""
    read: Read
    """Every byte belongs to a tensor or to the header, or there is a flaw."""
    weights: Callable[[ByteSource], dict[str, Weight]]
    """Its tensors by name; asked only of a file in which `read` finds no flaw."""


SAFETENSORS: Final = TensorFormat(
    name="safetensors",
    suffix=".safetensors",
    is_one=safetensors.is_safetensors,
    read=safetensors.read_safetensors,
    weights=safetensors.weights_of,
)


def _read_onnx(source: ByteSource, notebook: Notebook, *, has_values: bool, where: Place = WHOLE) -> None:
    from harness.admission.reading.onnx.file import read_onnx  # 20 ms, and most checkpoints are of another format

    read_onnx(source, notebook, has_values=has_values, where=where)


def _weights_of_onnx(source: ByteSource) -> dict[str, Weight]:
    from harness.admission.reading.onnx.file import weights_of

    return weights_of(source)


ONNX: Final = TensorFormat(
    name="ONNX",
    suffix=".onnx",
    is_one=is_onnx,
    read=_read_onnx,
    weights=_weights_of_onnx,
)

FORMATS: Final = (SAFETENSORS, ONNX)
"""Every format. Bytes that begin as several are the first one's."""

SUFFIXES: Final = tuple(one.suffix for one in FORMATS)


def format_of(source: ByteSource) -> TensorFormat | None:
    """The format that some bytes begin as; None where it is none of these."""
    return next((one for one in FORMATS if one.is_one(source)), None)
