"""Small Kokoro voices: speakers as they are released, and a network of five nodes that says what it was given."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tests.admission_corpus.onnx_assembly import INT64, attribute, graph, longs, model, node, tensor, value

LENGTHS = 510
FLOAT, INT32 = 1, 6
NAME = "kokoro-v1.0.onnx"
STYLES = "voices-v1.0.bin"


def network(*, tokens: str = "tokens", speed: int = FLOAT, more: tuple[bytes, ...] = (), noise: bool = False) -> bytes:
    """Its sound is each id times the style times the speed, one after the other.

    Args:
        tokens: Name of the input of ids.
        speed: Type of the input of that name.
        more: Further inputs.
        noise: Whether noise is added.
    """
    ends = (node("Identity", "flat", "audio"),)
    if noise:
        ends = (
            node("Unsqueeze", "flat axes", "row"),
            node("RandomNormalLike", "row", "drawn", attribute("dtype", "i", 1)),
            node("Add", "row drawn", "audio"),
        )
    return model(
        graph(
            node("Cast", tokens, "ids", attribute("to", "i", FLOAT)),
            node("Transpose", "ids", "column", attribute("perm", "ints", 1, 0)),
            node("Cast", "speed", "pace", attribute("to", "i", FLOAT)),
            node("Mul", "style pace", "scaled"),
            node("MatMul", "column scaled", "rows"),
            node("Reshape", "rows shape", "flat"),
            *ends,
            tensors=(tensor("shape", (1,), longs(-1), INT64), tensor("axes", (2,), longs(0, 1), INT64)),
            inputs=(value(tokens, (1, "length"), INT64), value("style", (1, 256)), value("speed", (1,), speed), *more),
            outputs=(value("audio", (1, 1, "samples") if noise else ("samples",)),),
        )
    )


def styles(*speakers: str, lengths: int = LENGTHS) -> dict[str, np.ndarray]:
    """Rows of each speaker: the n-th row of the m-th holds ``m + n / 1000`` throughout."""
    rows = np.arange(lengths, dtype=np.float32)[:, None, None] / 1000 + np.zeros((1, 1, 256), np.float32)
    return {name: rows + place for place, name in enumerate(speakers, 1)}


def archive(arrays: Mapping[str, np.ndarray]) -> bytes:
    """As kokoro-onnx writes its file of voices."""
    out = io.BytesIO()
    np.savez(out, allow_pickle=False, **arrays)
    return out.getvalue()


def write(folder: Path, *speakers: str, data: bytes | None = None) -> Path:
    """A whole folder."""
    folder.mkdir(exist_ok=True)
    (folder / NAME).write_bytes(network() if data is None else data)
    (folder / STYLES).write_bytes(archive(styles(*(speakers or ("af_heart",)))))
    return folder
