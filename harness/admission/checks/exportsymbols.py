"""The symbols of a Piper export beside those of its checkpoint: which row each stands for, and which says another.

Each engine turns phonemes into rows of a table, by an order or by a list of its own. A symbol that has no row is not
spoken, one with two rows is spoken as two, and one that another stands for is spoken as that: none of it is in the
network.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.core.strictjson import Malformed
from harness.engines.coqui.configfile import read_config as read_coqui
from harness.engines.piper.configfile import PAD, PiperConfig
from harness.engines.piper.configfile import read_config as read_piper


def symbol_rows(export: bytes, checkpoint: bytes) -> dict[str, tuple[int, int]] | None:
    """Symbol -> its row in a Piper export's table, and in that of a Coqui checkpoint; None where that is not known.

    Args:
        export: ``NAME.onnx.json``, empty for none.
        checkpoint: ``config.json`` of the checkpoint, empty for none.
    """
    try:
        ids = read_piper(export).ids
        content = read_coqui(checkpoint, "config.json").value
    except (ValueError, Malformed):
        return None
    order = _order(content)
    if order is None:
        return None
    rows: dict[str, tuple[int, int]] = {}
    for row, (symbol, called) in enumerate(order):
        theirs = ids.get(called, ())
        if len(theirs) == 1:
            rows.setdefault(symbol, (theirs[0], row))
    return rows or None


def symbols_otherwise(ours: PiperConfig, checkpoint: object) -> Iterator[tuple[str, str, str]]:
    """Symbols that an export does not say as its checkpoint: place in ``NAME.onnx.json``, what it has, what is meant.

    Args:
        ours: Of the export.
        checkpoint: ``config.json`` of the checkpoint; whose order of symbols is not known has none.
    """
    for symbol, others in ours.symbols.items():
        if others != (symbol,):
            yield f"$.phoneme_map[{symbol!r}]", " ".join(map(repr, others)) or "nothing", repr(symbol)
    for symbol, called in dict(_order(checkpoint) or ()).items():
        found = ours.ids.get(called, ())
        if len(found) != 1:
            yield f"$.phoneme_id_map[{called!r}]", f"{len(found)} ids", f"one row for {symbol!r}"


def _order(content: object) -> list[tuple[str, str]] | None:
    """Symbols of a Coqui configuration in the order of their rows, each with what Piper calls it."""
    section = content.get("characters") if isinstance(content, Mapping) else None
    if not isinstance(section, dict) or section.get("is_unique"):  # whose order is that of a set
        return None
    letters = section.get("phonemes") or section.get("characters")
    others = [section.get(key) for key in ("pad", "eos", "bos", "blank")]
    marks = section.get("punctuations")
    if not isinstance(letters, str) or not isinstance(marks, str) or not all(isinstance(one, str) for one in others):
        return None
    order = [str(one) for one in others if one]
    order += sorted(letters) if section.get("is_sorted") else letters
    order += marks
    return [(symbol, PAD if symbol == section.get("blank") else symbol) for symbol in order]
