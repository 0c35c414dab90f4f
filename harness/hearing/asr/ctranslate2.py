"""Whisper in CTranslate2's file format, read and renamed to openai-whisper's checkpoint.

The format (CTranslate2, ``model_spec.py``, binary version 6): little-endian; u32 version, string name, u32
revision, u32 count, then for each variable: string name, u8 rank, u32 dimensions, u8 type, u32 size, bytes. A
string is a u16 length and that many bytes, NUL included. Aliases follow and are not needed here.

Only files in float16 or float32 are read: they hold Whisper's very numbers. Knows neither files nor torch.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from harness.core.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    Variables = Mapping[str, NDArray[Any]]

_TYPES: Final = {0: "<f4", 1: "<i1", 2: "<i2", 3: "<i4", 4: "<f2"}
_NORM: Final = {"gamma": "weight", "beta": "bias"}
_PLAIN: Final = (
    (r"layer_norm/(gamma|beta)", "{final}.{0}"),
    (r"layer_(\d+)/self_attention/layer_norm/(gamma|beta)", "blocks.{0}.attn_ln.{1}"),
    (r"layer_(\d+)/self_attention/linear_1/(weight|bias)", "blocks.{0}.attn.out.{1}"),
    (r"layer_(\d+)/attention/layer_norm/(gamma|beta)", "blocks.{0}.cross_attn_ln.{1}"),
    (r"layer_(\d+)/attention/linear_0/(weight|bias)", "blocks.{0}.cross_attn.query.{1}"),
    (r"layer_(\d+)/attention/linear_2/(weight|bias)", "blocks.{0}.cross_attn.out.{1}"),
    (r"layer_(\d+)/ffn/layer_norm/(gamma|beta)", "blocks.{0}.mlp_ln.{1}"),
    (r"layer_(\d+)/ffn/linear_0/(weight|bias)", "blocks.{0}.mlp.0.{1}"),
    (r"layer_(\d+)/ffn/linear_1/(weight|bias)", "blocks.{0}.mlp.2.{1}"),
    (r"conv([12])/(weight|bias)", "conv{0}.{1}"),
    (r"embeddings/(weight)", "token_embedding.{0}"),
    (r"position_encodings/encodings", "positional_embedding"),
)
_FUSED: Final = (
    (r"layer_(\d+)/self_attention/linear_0/(weight|bias)", "blocks.{0}.attn", ("query", "key", "value")),
    (r"layer_(\d+)/attention/linear_1/(weight|bias)", "blocks.{0}.cross_attn", ("key", "value")),
)


def read_variables(data: bytes) -> dict[str, NDArray[Any]]:
    """Return name -> array of a CTranslate2 ``model.bin``. Arrays are views of `data`.

    Raises:
        IntegrityError: `data` is not such a file, is cut short, or holds a type other than those of `_TYPES`.
    """
    at = 0

    def number(kind: str) -> int:
        nonlocal at
        (value,) = struct.unpack_from("<" + kind, data, at)
        at += struct.calcsize(kind)
        return int(value)

    def block(size: int) -> bytes:
        nonlocal at
        if at + size > len(data):
            raise IntegrityError(f"CTranslate2 file is cut short: {len(data)} bytes, expected {at + size} or more")
        at += size
        return data[at - size : at]

    def text() -> str:
        return block(number("H")).rstrip(b"\0").decode("ascii")

    variables: dict[str, NDArray[Any]] = {}
    try:
        version, spec = number("I"), text()
        if version != 6 or spec != "WhisperSpec":
            raise IntegrityError(f"CTranslate2 file is {spec!r} version {version}, expected 'WhisperSpec' version 6")
        number("I")  # revision
        for _ in range(number("I")):
            name = text()
            shape = tuple(number("I") for _ in range(number("B")))
            kind, size = number("B"), number("I")
            if kind not in _TYPES:
                raise IntegrityError(f"CTranslate2 variable {name!r} has type {kind}, expected one of {sorted(_TYPES)}")
            variables[name] = np.frombuffer(block(size), dtype=_TYPES[kind]).reshape(shape)
    except (struct.error, UnicodeDecodeError, ValueError) as error:
        raise IntegrityError(f"CTranslate2 file is damaged at byte {at}: {error}") from None
    return variables


def to_openai(variables: Variables) -> tuple[dict[str, int], dict[str, NDArray[Any]]]:
    """Return openai-whisper's ``(dims, model_state_dict)``: the same numbers in the same precision.

    Raises:
        IntegrityError: A variable has no place in Whisper, or one that Whisper needs is missing.
    """
    state: dict[str, NDArray[Any]] = {}
    for name, value in variables.items():
        state.update(_rename(name, value))
    try:
        dims = {
            "n_mels": state["encoder.conv1.weight"].shape[1],
            "n_audio_ctx": state["encoder.positional_embedding"].shape[0],
            "n_audio_state": state["encoder.positional_embedding"].shape[1],
            "n_audio_head": int(variables["encoder/num_heads"]),
            "n_audio_layer": _layers(state, "encoder"),
            "n_vocab": state["decoder.token_embedding.weight"].shape[0],
            "n_text_ctx": state["decoder.positional_embedding"].shape[0],
            "n_text_state": state["decoder.positional_embedding"].shape[1],
            "n_text_head": int(variables["decoder/num_heads"]),
            "n_text_layer": _layers(state, "decoder"),
        }
    except KeyError as error:
        raise IntegrityError(f"CTranslate2 file lacks what becomes {error} in Whisper") from None
    return dims, state


def _rename(name: str, value: NDArray[Any]) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield Whisper's names and arrays for one variable; nothing for a setting (a scalar)."""
    if value.ndim == 0:
        return
    part, _, rest = name.partition("/")
    known = part in ("encoder", "decoder")
    for pattern, renamed in _PLAIN:
        if known and (match := re.fullmatch(pattern, rest)):
            groups = (_NORM.get(group, group) for group in match.groups())
            yield f"{part}." + renamed.format(*groups, final="ln_post" if part == "encoder" else "ln"), value
            return
    for pattern, stem, roles in _FUSED:
        if known and (match := re.fullmatch(pattern, rest)):
            for role, piece in zip(roles, np.split(value, len(roles)), strict=True):
                if (role, match[2]) != ("key", "bias"):
                    yield f"{part}.{stem.format(match[1])}.{role}.{match[2]}", piece
                elif piece.any():  # Whisper's keys have no bias: the converter wrote zeros
                    raise IntegrityError(f"CTranslate2 variable {name!r} has a bias for keys, expected zeros")
            return
    raise IntegrityError(f"CTranslate2 variable {name!r} has no place in Whisper")


def _layers(state: Mapping[str, object], part: str) -> int:
    """Return the number of transformer blocks of ``encoder`` or ``decoder``."""
    return len({name.split(".")[2] for name in state if name.startswith(f"{part}.blocks.")})
