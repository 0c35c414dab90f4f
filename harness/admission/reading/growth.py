"""What containers weigh: how many values a walk over them visits, shared ones as often as they are held; and what calls
copy.

A stream that holds one list ten times in another, that one ten times in the next, is small and stands for billions of
values: whatever walks over it (moving tensors to a device, printing, hashing) never ends. Knows symbols, not streams.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from harness.admission.reading.cursor import Bomb
from harness.admission.reading.numpycalls import item_bytes
from harness.admission.reading.symbols import Blob, Box

MAX_DEPTH: Final = 100
MAX_WEIGHT: Final = 10_000_000
"""More is a bomb where the file has fewer bytes: a value that is not shared takes one at least."""
MAX_COPIED: Final = 64 << 20
"""Bytes that calls may copy in any case; beyond, twice what was read is a bomb: an honest stream copies each once."""


def copied(values: Sequence[object]) -> int:
    """How many bytes a call may copy of its arguments: texts and byte strings, which a stream may name many times."""
    total = 0
    for value in values:
        if isinstance(value, str | bytes):
            total += len(value)
        elif isinstance(value, Blob):
            total += value.byte_count
        elif isinstance(value, Box) and value.kind == "bytearray":
            total += value.count
        elif isinstance(value, Box) and value.kind == "dtype" and value.detail != "O":
            total += item_bytes(value.detail)  # a scalar without bytes of its own is so many zeros
    return total


def check_copied(total: int, size: int) -> None:
    """See whether calls copied more than there is, in a file of which `size` bytes were read.

    Raises:
        Bomb: They did.
    """
    if total > MAX_COPIED + 2 * size:
        raise Bomb(f"calls that make {total} bytes of {size}")


def put_in(box: Box, items: Sequence[object]) -> int:
    """Count what is put into a container.

    Returns:
        How many of the items are containers or objects.
    """
    count = 0
    box.weight += len(items)
    for item in items:
        if type(item) is Box:
            count += 1
            item.is_held = True
            box.inner.append(item)
            box.weight += item.weight
            if item.depth >= box.depth:
                box.depth = item.depth + 1
    return count


def check(box: Box, size: int) -> None:
    """See whether a container is within bounds, in a file of which `size` bytes were read.

    Raises:
        Bomb: It is not.
    """
    if box.depth > MAX_DEPTH:
        raise Bomb(f"more than {MAX_DEPTH} containers in each other")
    if box.weight > MAX_WEIGHT + size:
        raise Bomb(f"a {box.kind} that stands for more than {MAX_WEIGHT} values")


def check_whole(root: Box, size: int) -> None:
    """Weigh a whole again, from below, for a stream that filled containers after it had put them into others.

    Raises:
        Bomb: It is a bomb, or a container that holds itself.
    """
    weights: dict[int, tuple[int, int]] = {}
    open_boxes: set[int] = set()
    way: list[tuple[Box, bool]] = [(root, False)]
    while way:
        box, is_left = way.pop()
        if is_left:
            open_boxes.discard(id(box))
            known = [weights[id(one)] for one in box.inner if id(one) in weights]
            leaves = box.count if box.kind != "object" else 1
            weights[id(box)] = weight, depth = (
                1 + leaves + sum(one[0] for one in known),
                1 + max((one[1] for one in known), default=0),
            )
            if depth > MAX_DEPTH:
                raise Bomb(f"more than {MAX_DEPTH} containers in each other")
            if weight > MAX_WEIGHT + size:
                raise Bomb(f"a {box.kind} that stands for more than {MAX_WEIGHT} values")
        elif id(box) not in weights and id(box) not in open_boxes:
            open_boxes.add(id(box))
            way.append((box, True))
            for one in box.inner:
                if id(one) in open_boxes and box.kind != "object" and one.kind != "object":
                    raise Bomb("a container that holds itself")
                way.append((one, False))
