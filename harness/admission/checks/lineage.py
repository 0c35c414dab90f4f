"""Where a candidate's weights come from: the reference's own, trained further, edited in few places, or others.

A manipulated voice is often a good one with a small edit: a handful of tensors changed, sometimes by a matrix of low
rank, everything else equal to the bit. Honest fine-tuning touches nearly every tensor. Neither proves anything, so the
kind of change is shown with its places, and only an edit in few places asks for a decision. An ONNX file beside a
checkpoint is an export, and is held against what that checkpoint makes (:mod:`harness.admission.checks.exports`).
"""

from __future__ import annotations

import enum
import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from harness.admission.base import Examination, Flaw
from harness.admission.checks.exports import Exported, compare_export, is_export, sibling
from harness.admission.checks.exportsettings import Otherwise, settings_otherwise
from harness.admission.checks.exportsymbols import symbol_rows
from harness.admission.checks.weights import Unreadable, is_checkpoint, opened
from harness.admission.reading.weight import Weight, Weights, numbers_of
from harness.admission.tree import Entry, Tree
from harness.core.grades import Severity, Verdict
from harness.core.places import Place
from harness.core.rules import Rule
from harness.core.text import printable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

MAX_RANK: Final = 32
"""Ranks above this are called full: adapters in use have 4 to 32."""
RANK_ENERGY: Final = 0.99
"""Share of the squared difference that a rank must explain."""
MAX_RANK_BYTES: Final = 64 << 20
"""Largest difference (float32) that is held in memory for its rank."""
MOST_ROWS: Final = 8
"""Rows of a tensor that are named, where as few explain so much of the difference: of an embedding, these are ids."""
FEW: Final = 0.5
"""Below this share of changed tensors a change is an edit. Fine-tuning a whole voice changes nearly all of them."""
SHARED: Final = 0.5
"""Share of the reference's elements that must have a counterpart for the two to be one architecture."""
MAX_SHOWN: Final = 12
NO_COUNTERPART: Final = (
    "Put NAME.onnx.json beside the export and config.json beside the checkpoint: the table of symbols is compared by "
    "them. Tensors of other exporters, and those whose names say nothing, are not compared."
)
REFERENCE: Final = "reference:"
"""Before the name of a file of the reference's; no file of a model may be called so."""
_BLOCK: Final = 1 << 20
_FLOATS: Final = ("float64", "float32", "float16", "bfloat16")

EDITED = Rule(
    id="admission.lineage-edited",
    severity=Severity.HIGH,
    title="The reference, edited in few places",
    meaning="Most tensors equal the reference to the bit, a few do not. A planted trigger can look like this, and so "
    "can training with frozen layers.",
    advice="Ask whoever made it what was changed, and why.",
    verdict=Verdict.INCONCLUSIVE,
)
OTHER = Rule(
    id="admission.lineage-other",
    severity=Severity.LOW,
    title="Another architecture than the reference",
    meaning="Nothing can be said about where these weights come from.",
    advice="Compare with the right reference, or with none.",
    verdict=Verdict.INCONCLUSIVE,
)
UNREAD = Rule(
    id="admission.lineage-unread",
    severity=Severity.LOW,
    title="Weights that cannot be compared with the reference",
    meaning="Nothing can be said about whether they were changed.",
    advice="Convert both to safetensors, or see what the checkpoint check says about them.",
    verdict=Verdict.INCONCLUSIVE,
)

EXPORT = Rule(
    id="admission.lineage-export",
    severity=Severity.HIGH,
    title="An export that is not what its checkpoint makes",
    meaning="Numbers of the ONNX file differ from the reference's weights by more than rounding. Edits of an export "
    "look like this, and so does the export of another checkpoint.",
    advice="Export the reference again, or name the checkpoint that it was made of.",
    verdict=Verdict.INCONCLUSIVE,
)
SETTINGS = Rule(
    id="admission.lineage-settings",
    severity=Severity.HIGH,
    title="An export that is told to speak otherwise than its checkpoint",
    meaning="Rate, noise, length, language or symbols in NAME.onnx.json are not those of the reference's config.json: "
    "the same network then says it faster, hoarser, in another accent, or with other sounds.",
    advice="Export the reference again, or ask whoever made it why.",
    verdict=Verdict.INCONCLUSIVE,
)


class Kinship(enum.StrEnum):
    """How two checkpoints are related."""

    SAME = "same"
    FINE_TUNED = "fine-tuned"
    EDITED = "edited in few places"
    OTHER = "another architecture"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happened to one tensor."""

    name: str
    """Hostile text."""
    relative: float
    """Norm of the difference over the norm of the reference's tensor; infinite where that is 0 or a value is none."""
    share: float
    """Share of its elements that differ."""
    rank: int = 0
    """Of the difference, where it is low: the smallest that explains 99 % of it; 0 for full, or not a matrix."""

    rows: tuple[int, ...] = ()
    """Rows that explain 99 % of the difference, where they are few, the most changed first; empty else."""

    def __str__(self) -> str:
        where = f", rank {self.rank}" if self.rank else ""
        if self.rows:
            where += f", {'row' if len(self.rows) == 1 else 'rows'} {', '.join(map(str, self.rows))}"
        return printable(f"{self.name[:120]}: changed by {self.relative:.2g} ({self.share:.0%} of elements{where})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A candidate's weights beside a reference's."""

    kinship: Kinship
    equal: int
    """Tensors that are equal to the bit."""
    changes: tuple[Change, ...]
    """Largest first."""
    added: tuple[str, ...]
    """Names that only the candidate has."""
    missing: tuple[str, ...]
    """Names that only the reference has."""
    reshaped: tuple[str, ...]
    """Names with another shape or type."""


def compare(reference: Weights, candidate: Weights) -> Comparison:
    """Compare two sets of weights, tensor by tensor; memory is bounded by one tensor's difference.

    Raises:
        Unreadable: A file ends before a tensor does.
    """
    common = [name for name in reference if name in candidate]
    fitting = [name for name in common if _form(reference[name]) == _form(candidate[name])]
    changes = [change for name in fitting if (change := _change(name, reference[name], candidate[name]))]
    missing = tuple(name for name in reference if name not in candidate)
    added = tuple(name for name in candidate if name not in reference)
    reshaped = tuple(name for name in common if name not in set(fitting))
    total = sum(weight.count for weight in reference.values())
    shared = sum(reference[name].count for name in fitting)
    if not fitting or shared < SHARED * total:
        kinship = Kinship.OTHER
    elif not (changes or missing or added or reshaped):
        kinship = Kinship.SAME
    else:
        floats = [name for name in fitting if reference[name].dtype in _FLOATS]
        touched = len(changes) + len(missing) + len(added) + len(reshaped)
        kinship = Kinship.EDITED if touched < FEW * (len(floats) or 1) else Kinship.FINE_TUNED
    return Comparison(
        kinship=kinship,
        equal=len(fitting) - len(changes),
        changes=tuple(sorted(changes, key=lambda change: (-change.relative, change.name))),
        added=added,
        missing=missing,
        reshaped=reshaped,
    )


class LineageCheck:
    """Compares every checkpoint of a model with the one of the same name in a reference."""

    name = "lineage"
    rules = (EDITED, OTHER, UNREAD, EXPORT, SETTINGS)

    def __init__(self, reference: Tree) -> None:
        self._reference = reference

    def examine(self, tree: Tree) -> Examination:
        """Compare."""
        flaws: list[Flaw] = []
        facts: dict[str, str] = {}
        for ours, theirs in self._pairs(tree):
            shown = printable(ours.path)
            try:
                with ExitStack() as stack:
                    reference = stack.enter_context(opened(self._reference, theirs))
                    candidate = stack.enter_context(opened(tree, ours))
                    if is_export(tree, ours) and not is_export(self._reference, theirs):
                        told = sibling(tree, ours, ".json"), sibling(self._reference, theirs)
                        exported = compare_export(candidate, reference, symbol_rows(*told))
                        facts[shown] = exported.words
                        flaws += _export_flaws(ours, theirs, exported)
                        flaws += _settings_flaws(ours, theirs, settings_otherwise(*told))
                        continue
                    found = compare(reference, candidate)
            except Unreadable as error:
                beside = (REFERENCE + theirs.path,)
                flaws.append(Flaw(rule=UNREAD, file=ours.path, beside=beside, found=printable(str(error))))
                continue
            facts[shown] = f"{found.kinship}: {found.equal} tensors equal, {len(found.changes)} changed"
            beside = (REFERENCE + theirs.path,)
            flaws += (replace(flaw, beside=beside) for flaw in _flaws(ours, found))
        if not facts and not flaws:
            flaws.append(Flaw(rule=UNREAD, file="", found="no checkpoint with a counterpart in the reference"))
        return Examination(check=self.name, flaws=tuple(flaws), facts=facts)

    def _pairs(self, tree: Tree) -> Iterator[tuple[Entry, Entry]]:
        ours = [entry for entry in tree.files if is_checkpoint(tree, entry)]
        theirs = {entry.path: entry for entry in self._reference.files if is_checkpoint(self._reference, entry)}
        if len(ours) == len(theirs) == 1:  # best_model.pth beside model.pth
            yield ours[0], next(iter(theirs.values()))
            return
        yield from ((entry, theirs[entry.path]) for entry in ours if entry.path in theirs)


def _export_flaws(ours: Entry, theirs: Entry, found: Exported) -> Iterator[Flaw]:
    """What is to be decided about an export; both files are what it is about."""
    beside = (REFERENCE + theirs.path,)
    for one in found.moved[:MAX_SHOWN]:
        where = Place(pointer=f"tensor {printable(one.name[:120])}")
        yield Flaw(rule=EXPORT, file=ours.path, beside=beside, within=where, found=str(one))
    if len(found.moved) > MAX_SHOWN:
        told = f"and {len(found.moved) - MAX_SHOWN} tensors more"
        yield Flaw(rule=EXPORT, file=ours.path, beside=beside, found=told)
    if found.strange:
        told = ", ".join(name[:80] for name in found.strange[:MAX_SHOWN])
        more = f" and {len(found.strange) - MAX_SHOWN} more" if len(found.strange) > MAX_SHOWN else ""
        told = printable(f"tensors without a known counterpart in the reference: {told}{more}")
        yield Flaw(rule=UNREAD, file=ours.path, beside=beside, found=told, remedy=NO_COUNTERPART)


def _settings_flaws(ours: Entry, theirs: Entry, found: Sequence[Otherwise]) -> Iterator[Flaw]:
    beside = (REFERENCE + str(PurePosixPath(theirs.path).with_name("config.json")),)
    for one in found[:MAX_SHOWN]:
        where = Place(pointer=printable(one.pointer))
        yield Flaw(rule=SETTINGS, file=f"{ours.path}.json", beside=beside, within=where, found=str(one))
    if len(found) > MAX_SHOWN:
        told = f"and {len(found) - MAX_SHOWN} settings more"
        yield Flaw(rule=SETTINGS, file=f"{ours.path}.json", beside=beside, found=told)


def _flaws(entry: Entry, found: Comparison) -> Iterator[Flaw]:
    if found.kinship is Kinship.OTHER:
        what = f"{len(found.missing)} tensors missing, {len(found.added)} added, {len(found.reshaped)} of another form"
        yield Flaw(rule=OTHER, file=entry.path, found=what)
    if found.kinship is not Kinship.EDITED:
        return
    for change in found.changes[:MAX_SHOWN]:
        yield Flaw(
            rule=EDITED,
            file=entry.path,
            within=Place(pointer=f"tensor {printable(change.name[:120])}"),
            found=str(change),
        )
    others = (("added", found.added), ("missing", found.missing), ("another form", found.reshaped))
    for what, names in others:
        for name in names[:MAX_SHOWN]:
            yield Flaw(
                rule=EDITED, file=entry.path, within=Place(pointer=f"tensor {printable(name[:120])}"), found=what
            )
    left = sum(max(0, len(names) - MAX_SHOWN) for names in (found.changes, found.added, found.missing, found.reshaped))
    if left:
        yield Flaw(rule=EDITED, file=entry.path, found=f"and {left} tensors more")


def _form(weight: Weight) -> tuple[str, tuple[int, ...]]:
    return weight.dtype, weight.shape


def _change(name: str, reference: Weight, candidate: Weight) -> Change | None:
    """Difference of two tensors of one form; None where they are equal to the bit, which is cheap to see."""
    if all(before == now for before, now in _blocks(reference, candidate)):
        return None
    import numpy as np  # 80 ms, so only where there is something to measure

    is_float = reference.dtype in _FLOATS
    square = norm = 0.0
    differing = 0
    for before, now in _blocks(reference, candidate):
        if not is_float:
            differing += int(np.count_nonzero(np.frombuffer(before, np.uint8) != np.frombuffer(now, np.uint8)))
            continue
        with np.errstate(invalid="ignore", over="ignore"):
            first = numbers_of(before, reference.dtype)
            difference = numbers_of(now, reference.dtype) - first
            norm += float(np.dot(first, first))
            square += float(np.dot(difference, difference))
        differing += int(np.count_nonzero(difference))
    is_finite = norm > 0 and math.isfinite(square) and math.isfinite(norm)
    matrix = _difference(reference, candidate) if is_float and square and is_finite else None
    return Change(
        name=name,
        relative=math.sqrt(square / norm) if is_float and is_finite else math.inf,
        share=differing / max(reference.count if is_float else reference.data.size, 1),
        rank=0 if matrix is None else _rank(matrix),
        rows=() if matrix is None else _rows(matrix),
    )


def _blocks(reference: Weight, candidate: Weight) -> Iterator[tuple[bytes, bytes]]:
    for at in range(0, reference.data.size, _BLOCK):
        before, now = reference.data.read(at, _BLOCK), candidate.data.read(at, _BLOCK)
        if len(before) != len(now) or len(before) != min(_BLOCK, reference.data.size - at):
            raise Unreadable("ends before its tensors do")
        yield before, now


def _difference(reference: Weight, candidate: Weight) -> Matrix | None:
    """The difference as a matrix whose largest element is one; None of what has no rows, or is too large to hold."""
    import numpy as np

    if len(reference.shape) < 2 or not 0 < reference.count * 4 <= MAX_RANK_BYTES:
        return None
    difference = np.empty(reference.count, np.float32)
    at = 0
    for before, now in _blocks(reference, candidate):
        block = numbers_of(now, reference.dtype) - numbers_of(before, reference.dtype)
        difference[at : at + block.size] = block
        at += block.size
    largest = float(np.abs(difference).max())
    if not 0 < largest < math.inf:
        return None
    difference /= largest  # squares of what is tiny or huge must stay numbers
    return difference.reshape(reference.shape[0], -1)


def _rows(matrix: Matrix) -> tuple[int, ...]:
    """Rows in which nearly all of a difference is, where they are few among many."""
    import numpy as np

    energy = np.sum(matrix.astype(np.float64) ** 2, axis=1)
    order = np.argsort(-energy, kind="stable")
    count = int(np.searchsorted(np.cumsum(energy[order]), RANK_ENERGY * energy.sum())) + 1
    return tuple(order[:count].tolist()) if count <= min(MOST_ROWS, len(energy) // 4) else ()


def _rank(matrix: Matrix) -> int:
    """Rank of the difference of two matrices where it is low, by a random sketch of :data:`MAX_RANK` columns.

    Source: Halko, Martinsson, Tropp, "Finding structure with randomness" (2011), algorithm 4.1.
    """
    import numpy as np

    rows, columns = matrix.shape
    if min(rows, columns) <= 2 * MAX_RANK:  # too small for a rank to say anything
        return 0
    sketch = matrix @ np.random.default_rng(0).standard_normal((columns, MAX_RANK), np.float32)
    basis, _ = np.linalg.qr(sketch.astype(np.float64))
    values = np.linalg.svd(basis.T.astype(np.float32) @ matrix, compute_uv=False).astype(np.float64)
    explained = np.cumsum(values**2) / float(np.sum(matrix.astype(np.float64) ** 2))
    found = int(np.searchsorted(explained, RANK_ENERGY)) + 1
    return found if found <= MAX_RANK // 2 else 0
