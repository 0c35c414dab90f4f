"""Every operation of every pickle protocol (0 to 5): its code, its name, and what argument follows it.

From the table in CPython's Lib/pickletools.py. What an operation does is :mod:`harness.admission.reading.pickles`'s.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Argument(enum.Enum):
    """What follows an operation's code."""

    NONE = "none"
    U1 = "one unsigned byte"
    U2 = "two bytes, unsigned, little end first"
    I4 = "four bytes, signed, little end first"
    U4 = "four bytes, unsigned, little end first"
    U8 = "eight bytes, unsigned, little end first"
    F8 = "eight bytes, a double, big end first"
    LINE = "text up to a newline"
    TEXT_LINE = "a text of any length up to a newline, with escapes"
    QUOTED_LINE = "a byte string of any length up to a newline, in quotes, with escapes"
    TWO_LINES = "two texts, each up to a newline"
    BYTES1 = "one byte of length, then as many bytes"
    BYTES4 = "four bytes of length, unsigned, then as many bytes"
    SIGNED4 = "four bytes of length, signed, then as many bytes"
    BYTES8 = "eight bytes of length, then as many bytes"


@dataclass(frozen=True, slots=True)
class Opcode:
    """One operation."""

    code: int
    """Its byte."""
    name: str
    """Its name in pickletools."""
    argument: Argument
    """What follows the byte."""


_TABLE = (
    ("I", "INT", Argument.LINE), ("J", "BININT", Argument.I4), ("K", "BININT1", Argument.U1),
    ("M", "BININT2", Argument.U2), ("L", "LONG", Argument.LINE), ("\x8a", "LONG1", Argument.BYTES1),
    ("\x8b", "LONG4", Argument.SIGNED4), ("S", "STRING", Argument.QUOTED_LINE), ("T", "BINSTRING", Argument.SIGNED4),
    ("U", "SHORT_BINSTRING", Argument.BYTES1), ("B", "BINBYTES", Argument.BYTES4),
    ("C", "SHORT_BINBYTES", Argument.BYTES1), ("\x8e", "BINBYTES8", Argument.BYTES8),
    ("\x96", "BYTEARRAY8", Argument.BYTES8), ("\x97", "NEXT_BUFFER", Argument.NONE),
    ("\x98", "READONLY_BUFFER", Argument.NONE), ("N", "NONE", Argument.NONE), ("\x88", "NEWTRUE", Argument.NONE),
    ("\x89", "NEWFALSE", Argument.NONE), ("V", "UNICODE", Argument.TEXT_LINE),
    ("\x8c", "SHORT_BINUNICODE", Argument.BYTES1), ("X", "BINUNICODE", Argument.BYTES4),
    ("\x8d", "BINUNICODE8", Argument.BYTES8), ("F", "FLOAT", Argument.LINE), ("G", "BINFLOAT", Argument.F8),
    ("]", "EMPTY_LIST", Argument.NONE), ("a", "APPEND", Argument.NONE), ("e", "APPENDS", Argument.NONE),
    ("l", "LIST", Argument.NONE), (")", "EMPTY_TUPLE", Argument.NONE), ("t", "TUPLE", Argument.NONE),
    ("\x85", "TUPLE1", Argument.NONE), ("\x86", "TUPLE2", Argument.NONE), ("\x87", "TUPLE3", Argument.NONE),
    ("}", "EMPTY_DICT", Argument.NONE), ("d", "DICT", Argument.NONE), ("s", "SETITEM", Argument.NONE),
    ("u", "SETITEMS", Argument.NONE), ("\x8f", "EMPTY_SET", Argument.NONE), ("\x90", "ADDITEMS", Argument.NONE),
    ("\x91", "FROZENSET", Argument.NONE), ("0", "POP", Argument.NONE), ("2", "DUP", Argument.NONE),
    ("(", "MARK", Argument.NONE), ("1", "POP_MARK", Argument.NONE), ("g", "GET", Argument.LINE),
    ("h", "BINGET", Argument.U1), ("j", "LONG_BINGET", Argument.U4), ("p", "PUT", Argument.LINE),
    ("q", "BINPUT", Argument.U1), ("r", "LONG_BINPUT", Argument.U4), ("\x94", "MEMOIZE", Argument.NONE),
    ("\x82", "EXT1", Argument.U1), ("\x83", "EXT2", Argument.U2), ("\x84", "EXT4", Argument.I4),
    ("c", "GLOBAL", Argument.TWO_LINES), ("\x93", "STACK_GLOBAL", Argument.NONE), ("R", "REDUCE", Argument.NONE),
    ("b", "BUILD", Argument.NONE), ("i", "INST", Argument.TWO_LINES), ("o", "OBJ", Argument.NONE),
    ("\x81", "NEWOBJ", Argument.NONE), ("\x92", "NEWOBJ_EX", Argument.NONE), ("\x80", "PROTO", Argument.U1),
    (".", "STOP", Argument.NONE), ("\x95", "FRAME", Argument.U8), ("P", "PERSID", Argument.LINE),
    ("Q", "BINPERSID", Argument.NONE),
)  # fmt: skip

OPCODES = {ord(code): Opcode(ord(code), name, argument) for code, name, argument in _TABLE}
"""By code."""
