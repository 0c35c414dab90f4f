"""The checkpoint check: finds out by content what each file is, and has it read by the reader of that format.

Names decide nothing, except that text is left to the configuration check. Nothing is executed, memory stays bounded
whatever the files hold, and what nobody here can read is inconclusive. Its rules live in
:mod:`harness.admission.reading.rules`.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from harness.admission.base import Examination
from harness.admission.checks.filenames import place_in_line
from harness.admission.checks.leftovers import sort_out
from harness.admission.reading import numpyfile, rules, tararchive, torchfile, ziparchive
from harness.admission.reading.arrays import check_arrays
from harness.admission.reading.bytesource import ByteSource, FileBytes, MemoryBytes
from harness.admission.reading.joblibfile import ArraySteps
from harness.admission.reading.notebook import WHOLE, Budget, Notebook, OutOfBudget
from harness.admission.reading.onnx import rules as onnxrules
from harness.admission.reading.pickles import PickleReader
from harness.admission.reading.tensorformats import SUFFIXES, format_of
from harness.admission.reading.zipdirectory import has_directory
from harness.admission.tree import Entry, Tree
from harness.core.grades import Verdict
from harness.core.places import Place
from harness.core.rules import Rule

if TYPE_CHECKING:
    import bz2
    import lzma

    from harness.admission.reading.onnx.fingerprint import KnownGraph

MAX_UNPACKED: Final = 48 << 20
"""Bytes of a compressed checkpoint that are read; more is refused."""
MAX_LAYERS: Final = 3
HEAD: Final = 1 << 16
_PICKLE_SUFFIXES: Final = (".pth", ".pt", ".pkl", ".pickle", ".ckpt", ".bin", ".p", ".joblib", ".npy", ".dill", ".dat")

_MEDIA: Final = (
    b"RIFF", b"fLaC", b"OggS", b"ID3", b"\xff\xfb", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"%PDF-", b"wOF2",
    b"\x00\x01\x00\x00\x00", b"caff",
)  # fmt: skip
"""Audio, pictures and fonts: no loader of a voice unpickles them, the directory check judges them."""
_FOREIGN: Final = (
    (b"\x89HDF\r\n\x1a\n", "HDF5 (Keras)"), (b"GGUF", "GGUF"), (b"\x04\x22\x4d\x18", "LZ4"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"), (b"Rar!", "RAR"), (b"7z\xbc\xaf", "7-Zip"), (b"\x7fELF", "ELF program"),
    (b"MZ", "Windows program"), (b"\x1c\x00\x00\x00TFL3", "TensorFlow Lite"), (b"SQLite format 3", "SQLite"),
    (b"\xca\xfe\xba\xbe", "Mach-O or Java program"), (b"PAR1", "Parquet"), (b"ARROW1", "Arrow"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CheckpointCheck:
    """Reads every checkpoint in a tree against an allow-list; see the module."""

    has_values: bool = True
    """Whether checksums and tensors' values are looked at too; otherwise structure and pickles only."""
    graphs: tuple[KnownGraph, ...] = ()
    """Graphs of ONNX files that a policy accepts."""

    @property
    def name(self) -> str:
        """See :class:`harness.admission.base.Check`."""
        return "checkpoint"

    @property
    def rules(self) -> tuple[Rule, ...]:
        """See :class:`harness.admission.base.Check`."""
        return (*rules.RULES, *onnxrules.RULES)

    def examine(self, tree: Tree) -> Examination:
        """See :class:`harness.admission.base.Check`."""
        left = Budget.of_folder()
        found: dict[str, Notebook] = {}
        sorted_out = sort_out(tree)
        files = (*sorted_out.voice.files, *sorted_out.beside)
        for entry in sorted(files, key=lambda entry: place_in_line(entry.path)):
            given, own = left.of_file(), left.of_file()
            found[entry.path] = self._examine_file(tree, entry, own)
            left.take(given, own)
        for entry in sorted_out.beside:  # what nobody needs to understand, unless it is hostile
            beside = found[entry.path]
            beside.flaws = [flaw for flaw in beside.flaws if flaw.rule.verdict is Verdict.FAIL]
        notes = [found[entry.path] for entry in files]
        facts = {"files": str(len(notes)), "tensors": str(sum(one.tensors for one in notes))}
        graphs = [one.learned["graph"] for one in notes if "graph" in one.learned]
        if graphs:
            facts["as graph"] = ", ".join(dict.fromkeys(graphs[:4]))
        left_out = sum(one.left_out for one in notes)
        if left_out:
            facts["flaws left out"] = str(left_out)
        flaws = tuple(flaw for one in notes for flaw in one.flaws)
        return Examination(check=self.name, flaws=flaws, facts=facts, unasked=sum(one.unasked for one in notes))

    def _examine_file(self, tree: Tree, entry: Entry, budget: Budget) -> Notebook:
        notebook = Notebook(entry.path, budget, graphs=self.graphs)
        try:
            with tree.open(entry) as file:
                read_any(FileBytes(file.fileno(), entry.size), notebook, has_values=self.has_values)
                if os.fstat(file.fileno()).st_size != entry.size:
                    notebook.add(rules.UNREADABLE, WHOLE, "its size changed while it was read")
        except OSError as error:
            notebook.add(rules.UNREADABLE, WHOLE, error.strerror or str(error))
        return notebook


def read_any(source: ByteSource, notebook: Notebook, *, has_values: bool, layer: int = 0, where: Place = WHOLE) -> None:
    """Find out what some bytes are and read them; what is wrong goes to the notebook.

    Args:
        source: A file, or a part of one.
        notebook: Where flaws go.
        has_values: Whether checksums and values are looked at.
        layer: How many wrappers were taken off already.
        where: What is read, within the file.
    """
    try:
        _read_any(source, notebook, has_values=has_values, layer=layer, where=where)
    except OutOfBudget as problem:
        notebook.add(rules.TOO_LARGE, where, str(problem))


def _read_any(source: ByteSource, notebook: Notebook, *, has_values: bool, layer: int, where: Place) -> None:
    if not source.size:
        if _is_named_checkpoint(notebook.file):
            notebook.add(rules.UNKNOWN, where, "an empty file where its name promises a checkpoint")
        return
    head = source.read(0, HEAD)
    unpack = _unpacker_of(head)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        _read_zip(source, notebook, has_values=has_values, where=where)
        if tararchive.is_tar(source):
            notebook.add(rules.POLYGLOT, where, "a zip archive and a tar archive", effect="readers take different ones")
        return
    if has_directory(source):
        notebook.add(rules.POLYGLOT, where, "a zip archive with something in front of it",
                     effect="one program reads the archive, another what is in front")  # fmt: skip
    if tararchive.is_tar(source):
        _read_tar(source, head, notebook, where=where)
    elif head.startswith(numpyfile.MAGIC):
        numpyfile.read_npy(source, notebook, has_values=has_values, where=where)
    elif unpack is not None:
        _read_packed(source, unpack, notebook, has_values=has_values, layer=layer, where=where)
    else:
        _read_other(source, head, notebook, has_values=has_values, where=where)


def _read_zip(source: ByteSource, notebook: Notebook, *, has_values: bool, where: Place) -> None:
    archive = ziparchive.read_archive(source, notebook, where=where)
    if archive is None:
        return
    if torchfile.is_torch(archive):
        torchfile.read_zip(archive, notebook, has_values=has_values)
    elif archive.members and all(member.name.endswith(".npy") for member in archive.members):
        for member in archive.members:
            source = archive.content(member)
            if has_values and member.method == ziparchive.STORED:
                for _ in archive.blocks(member):
                    pass
            numpyfile.read_npy(source, notebook, has_values=has_values, where=where.member(member.name))
    else:
        notebook.add(
            rules.UNKNOWN, where, f"a zip archive of {len(archive.members)} members, of neither torch nor numpy"
        )
        for member in archive.members:
            ziparchive.check_nesting(archive, member)
            place = where.member(member.name)
            _read_inner(archive.content(member), notebook, where=place)


def _read_tar(source: ByteSource, head: bytes, notebook: Notebook, *, where: Place) -> None:
    notebook.add(rules.LEGACY, where, "a tar archive, as torch wrote before 0.1.10")
    if _looks_pickled(source, notebook, where=where, is_text=_is_text(head)):
        notebook.add(rules.POLYGLOT, where, "a tar archive and a pickle", effect="readers take different ones")
        _read_pickles(source, notebook, has_values=False, where=where)
    for member in tararchive.members_of(source):
        _read_inner(member.data, notebook, where=where.member(member.name), has_storages=member.name == "pickle")


def _read_inner(source: ByteSource, notebook: Notebook, *, where: Place, has_storages: bool = False) -> None:
    """Read an archive's member as a pickle where it looks like one; the archive as such is inconclusive already."""
    head = source.read(0, HEAD)
    if head.startswith(numpyfile.MAGIC):
        numpyfile.read_npy(source, notebook, has_values=False, where=where)
        return
    is_marked = head[:1] == b"\x80" and len(head) > 1 and head[1] <= 5
    if is_marked or _looks_pickled(source, notebook, where=where, is_text=_is_text(head)):
        _read_pickles(source, notebook, has_values=False, where=where, has_storages=has_storages)


def _unpacker_of(head: bytes) -> Callable[[ByteSource, Budget], Iterator[bytes]] | None:
    if head.startswith(b"\x1f\x8b"):
        return lambda source, budget: _inflate(source, budget, 31)
    if head[:1] == b"x" and len(head) > 1 and (head[0] << 8 | head[1]) % 31 == 0 and not _is_text(head):
        return lambda source, budget: _inflate(source, budget, 15)
    if head.startswith(b"BZh"):
        import bz2

        return lambda source, budget: _expand(source, budget, bz2.BZ2Decompressor())
    if head.startswith((b"\xfd7zXZ\x00", b"\x5d\x00\x00")):
        import lzma

        return lambda source, budget: _expand(source, budget, lzma.LZMADecompressor(memlimit=128 << 20))
    return None


def _inflate(source: ByteSource, budget: Budget, bits: int) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(bits)
    offset = 0
    while not unpacker.eof and (block := unpacker.unconsumed_tail or source.read(offset, HEAD)):
        offset += 0 if unpacker.unconsumed_tail else len(block)
        out = unpacker.decompress(block, 1 << 20)
        budget.spend_inflated(len(out))
        yield out
    if not unpacker.eof or unpacker.unused_data or offset < source.size:
        raise ValueError("an end that does not come with the file's end")


def _expand(
    source: ByteSource, budget: Budget, unpacker: bz2.BZ2Decompressor | lzma.LZMADecompressor
) -> Iterator[bytes]:
    offset = 0
    while not unpacker.eof:
        block = b""
        if unpacker.needs_input:
            block = source.read(offset, HEAD)
            offset += len(block)
            if not block:
                break
        out = unpacker.decompress(block, 1 << 20)
        budget.spend_inflated(len(out))
        yield out
    if not unpacker.eof or unpacker.unused_data or offset < source.size:
        raise ValueError("an end that does not come with the file's end")


def _read_packed(
    source: ByteSource,
    unpack: Callable[[ByteSource, Budget], Iterator[bytes]],
    notebook: Notebook,
    *,
    has_values: bool,
    layer: int,
    where: Place,
) -> None:
    import lzma

    notebook.add(rules.COMPRESSED, where, "compressed data")
    if layer >= MAX_LAYERS:
        notebook.add(rules.TOO_LARGE, where, f"more than {MAX_LAYERS} wrappers")
        return
    parts: list[bytes] = []
    total = 0
    try:
        for block in unpack(source, notebook.budget):
            parts.append(block)
            total += len(block)
            if total > MAX_UNPACKED:
                notebook.add(rules.TOO_LARGE, where, f"unpacks to more than {MAX_UNPACKED} bytes")
                break
    except (ValueError, OSError, EOFError, zlib.error, lzma.LZMAError) as problem:
        notebook.add(rules.TRAILING, where, f"compressed data that is damaged or followed by more: {problem}")
    inner = MemoryBytes(b"".join(parts))
    parts.clear()
    read_any(inner, notebook, has_values=has_values, layer=layer + 1, where=where.step("unpacked"))


def _read_other(source: ByteSource, head: bytes, notebook: Notebook, *, has_values: bool, where: Place) -> None:
    """Pickles, tensors alone, text, and what is known or not known to be something else."""
    tensors = format_of(source)
    is_media = head.startswith(_MEDIA)
    is_text = _is_text(head)
    is_marked = head[:1] == b"\x80" and len(head) > 1 and head[1] <= 5 and tensors is None
    if is_marked or _looks_pickled(source, notebook, where=where, is_text=is_text):
        if tensors or is_media:
            notebook.add(rules.POLYGLOT, where, "a pickle and something else", effect="readers take different ones")
        _read_pickles(source, notebook, has_values=has_values, where=where)
        if tensors is None:
            return
    if tensors:
        tensors.read(source, notebook, has_values=has_values, where=where)
    elif is_text:
        if _is_named_checkpoint(notebook.file) and head.lstrip()[:1] not in (b"{", b"["):
            notebook.add(rules.UNKNOWN, where, f"text where its name promises a checkpoint: {head[:40]!r}")
    elif not is_media or _is_named_checkpoint(notebook.file):
        foreign = next((what for magic, what in _FOREIGN if head.startswith(magic)), "")
        notebook.add(rules.UNKNOWN, where, foreign or f"unknown bytes: {head[:16]!r}", effect="is not known")


def _is_named_checkpoint(file: str) -> bool:
    return file.lower().endswith((".npz", *SUFFIXES, *_PICKLE_SUFFIXES))


def _is_text(head: bytes) -> bool:
    if b"\0" in head:
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 3 and len(head) == HEAD  # a character cut by the block
    return True


def _read_pickles(
    source: ByteSource, notebook: Notebook, *, has_values: bool, where: Place, has_storages: bool = False
) -> None:
    reader = _reader(source, notebook, where=where)
    reader.has_storages = has_storages
    value = reader.read()
    if has_values:
        check_arrays(reader, notebook)
    if torchfile.is_legacy(value):
        torchfile.read_legacy(reader, notebook, has_values=has_values)
    elif reader.is_whole and reader.end < source.size:
        torchfile.read_further(reader, notebook, "more than one pickle")


def _looks_pickled(source: ByteSource, notebook: Notebook, *, where: Place, is_text: bool) -> bool:
    """Whether following the bytes as a pickle calls something or reaches an end: old protocols have no mark."""
    trial = Notebook(notebook.file, notebook.budget)
    reader = _reader(source, trial, where=where)
    reader.read()
    has_import = any(flaw.rule in (rules.IMPORT, rules.OBJECT) for flaw in trial.flaws)
    is_named_so = notebook.file.lower().endswith(_PICKLE_SUFFIXES)
    is_cut = any(flaw.rule is rules.BOMB for flaw in trial.flaws)
    if reader.calls or (is_cut and is_named_so) or (has_import and (is_named_so or not is_text)):
        return True
    return reader.is_whole and (has_import or is_named_so or not is_text)


def _reader(source: ByteSource, notebook: Notebook, *, where: Place) -> PickleReader:
    reader = PickleReader(source, notebook, where=where)
    reader.after_build = ArraySteps(source, notebook, where, reader).bytes_after
    return reader
