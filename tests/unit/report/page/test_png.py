"""Pictures are read back by an independent reader: bit for bit as they were written."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest

from harness.report.page.png import data_uri, indexed_png

PALETTE = [(16 * level, 0, 255 - 16 * level, 17 * level) for level in range(15)]


def read(png: bytes) -> tuple[np.ndarray, bytes, bytes]:
    """Pixels, palette and opacities of a picture of this kind; every checksum is looked at."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    chunks, at = {}, 8
    while at < len(png):
        (size,) = struct.unpack_from(">I", png, at)
        kind, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        assert struct.unpack_from(">I", png, at + 8 + size)[0] == zlib.crc32(kind + data)
        chunks[kind] = data
        at += 12 + size
    assert list(chunks) == [b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"]
    width, height, bits, colour, *rest = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert (bits, colour, *rest) == (4, 3, 0, 0, 0)
    stride = (width + 1) // 2
    raw = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, 1 + stride)
    assert not raw[:, 0].any()
    pixels = np.stack([raw[:, 1:] >> 4, raw[:, 1:] & 15], axis=-1).reshape(height, 2 * stride)
    return pixels[:, :width], chunks[b"PLTE"], chunks[b"tRNS"]


class TestAPicture:
    @pytest.mark.parametrize("shape", [(1, 1), (3, 8), (5, 7)])
    def test_holds_the_pixels_and_colours_it_was_given(self, shape: tuple[int, int]) -> None:
        pixels = np.random.default_rng(3).integers(0, 15, shape).astype(np.uint8)
        found, colours, opacity = read(indexed_png(pixels, PALETTE))
        assert np.array_equal(found, pixels)
        assert colours == bytes(part for colour in PALETTE for part in colour[:3])
        assert opacity == bytes(colour[3] for colour in PALETTE)

    def test_of_a_spectrogram_is_small(self) -> None:
        pixels = np.random.default_rng(3).integers(0, 15, (56, 240)).astype(np.uint8)
        assert len(indexed_png(pixels, PALETTE)) < 7_500

    @pytest.mark.parametrize("pixels", [np.zeros((0, 4), np.uint8), np.full((2, 2), 15, np.uint8)])
    def test_without_pixels_or_with_unknown_colours_is_refused(self, pixels: np.ndarray) -> None:
        with pytest.raises(ValueError, match="expected pixels below 15"):
            indexed_png(pixels, PALETTE)

    def test_is_a_data_uri(self) -> None:
        assert data_uri(b"\x89PNG") == "data:image/png;base64,iVBORw=="
