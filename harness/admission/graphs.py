"""Fingerprints of graphs: those that a policy accepts, and new ones of a file, to be looked at and accepted.

How a graph is read and compared is the business of :mod:`harness.admission.reading.onnx`. Executes nothing.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from harness.admission.acceptances import DAYS, lines_of
from harness.admission.reading.bytesource import FileBytes
from harness.admission.reading.notebook import Budget, Notebook, OutOfBudget
from harness.admission.reading.onnx.file import read_model
from harness.admission.reading.onnx.fingerprint import MAX_BYTES, KnownGraph, read_fingerprint
from harness.admission.reading.onnx.head import is_onnx
from harness.admission.tree import Tree
from harness.core.errors import BadInput, StorageError
from harness.core.paths import shown
from harness.core.text import printable
from harness.policy.acceptance import OF_GRAPHS, Acceptance
from harness.policy.file import today
from harness.storage.smallfile import read_input

if TYPE_CHECKING:
    from harness.policy.file import PolicyFile


def accepted_graphs(policy: PolicyFile | None) -> tuple[KnownGraph, ...]:
    """The graphs that a policy accepts today.

    Raises:
        BadInput: A fingerprint is not there, is none, or is another one than was accepted.
    """
    found = []
    for one in policy.policy.acceptances if policy else ():
        if policy is None or not one.graph or not one.holds(today()):
            continue
        path = policy.path.parent / one.graph
        where = f"{shown(policy.path)}:{one.line}"
        data = read_input(path, MAX_BYTES, "the fingerprint of a graph")
        digest = hashlib.sha256(data).hexdigest()
        if digest != one.sha256:
            line = f"{where}: expected {shown(path)} with sha256 {one.sha256[:12]}, got {digest[:12]}"
            raise BadInput(printable(f"{line}; look at what changed and accept it anew"))
        try:
            found.append(KnownGraph(fingerprint=read_fingerprint(data), accepted=one.words))
        except ValueError as error:
            raise BadInput(printable(f"{where}: {shown(path)} is no fingerprint of a graph: {error}")) from None
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A fingerprint that was written."""

    path: Path
    nodes: int
    tensors: int
    sha256: str
    """Of the graph."""
    proposal: tuple[str, ...]
    """Lines for a policy that accept it; who answers, and why, is left to be filled in."""


def check_target(out: Path) -> None:
    """See whether a fingerprint can be written there.

    Raises:
        BadInput: It is not called ``.json``, the folder is not there, or there is a file already.
    """
    if out.suffix != ".json":
        raise BadInput(printable(f"{out}: expected a name that ends in .json, got {out.suffix!r}"))
    if not out.parent.is_dir():
        raise BadInput(printable(f"{out}: expected a folder to write to, got none"))
    if os.path.lexists(out):
        raise BadInput(printable(f"{out}: exists already, and nothing is overwritten; name another file"))


def write_fingerprint(path: Path, out: Path, title: str = "") -> Written | None:
    """Write the fingerprint of a file's graph. Whether the file is hostile must have been looked at before.

    Args:
        path: An ONNX file.
        out: Where to write, see :func:`check_target`.
        title: Whose export it is; the file's name where nothing is said.

    Returns:
        What was written; None where the file is none, or has no graph.

    Raises:
        BadInput: It cannot be written there, or `path` cannot be read.
        StorageError: Writing failed.
    """
    check_target(out)
    tree = Tree.of(path)
    try:
        with tree.open(tree.files[0]) as file:
            source = FileBytes(file.fileno(), os.fstat(file.fileno()).st_size)
            model = read_model(source, Notebook(path.name, Budget())) if is_onnx(source) else None
            if model is None or model.graph is None or not model.graph.nodes:
                return None
            found = model.fingerprint
    except (OSError, OutOfBudget) as error:
        raise BadInput(printable(f"{path}: cannot be read ({error})")) from None
    made = dataclasses.replace(found, title=printable(title or path.name)[:200])
    data = made.write().encode()
    try:
        with out.open("xb") as file:
            file.write(data)
    except OSError as error:
        raise StorageError(printable(f"{out}: cannot be written ({error.strerror or error})")) from None
    one = Acceptance(
        rule=OF_GRAPHS,
        file="",
        graph=out.name,
        sha256=hashlib.sha256(data).hexdigest(),
        owner="",
        reason="",
        expires=(date.fromisoformat(today()) + timedelta(days=DAYS)).isoformat(),
    )
    return Written(
        path=out, nodes=len(made.nodes), tensors=len(made.tensors), sha256=made.sha256, proposal=lines_of(one)
    )
