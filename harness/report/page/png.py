"""Small pictures as PNG: sixteen colours, each with its own opacity, written by hand. Knows nothing of what they show.

Source: Portable Network Graphics (Third Edition), sections 5, 7.2 and 11.
"""

from __future__ import annotations

import base64
import struct
import zlib
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

COLOURS: Final = 16
"""Four bits for each pixel: a third of the size of eight, and more steps than an eye tells apart in a spectrogram."""

Colour = tuple[int, int, int, int]
"""Red, green, blue and opacity, 0..255."""


def indexed_png(pixels: NDArray[np.uint8], palette: Sequence[Colour]) -> bytes:
    """A picture.

    Args:
        pixels: Shape [height, width], each below 16, the top row first.
        palette: One colour for each value, at most 16.

    Raises:
        ValueError: The picture is empty, or a pixel has no colour.
    """
    height, width = pixels.shape
    if not pixels.size or pixels.max() >= len(palette) or len(palette) > COLOURS:
        raise ValueError(f"expected pixels below {len(palette)} and at most {COLOURS} colours, got {pixels.shape}")
    even = np.zeros((height, width + width % 2), np.uint8)
    even[:, :width] = pixels
    rows = np.zeros((height, 1 + even.shape[1] // 2), np.uint8)  # each row begins with its filter: 0, none
    rows[:, 1:] = even[:, ::2] << 4 | even[:, 1::2]
    header = struct.pack(">IIBBBBB", width, height, 4, 3, 0, 0, 0)  # 4 bits, indexed, not interlaced
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (
            _chunk(b"IHDR", header),
            _chunk(b"PLTE", bytes(part for colour in palette for part in colour[:3])),
            _chunk(b"tRNS", bytes(colour[3] for colour in palette)),
            _chunk(b"IDAT", zlib.compress(rows.tobytes(), 9)),
            _chunk(b"IEND", b""),
        )
    )


def data_uri(png: bytes) -> str:
    """The picture as the source of an ``img``."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
