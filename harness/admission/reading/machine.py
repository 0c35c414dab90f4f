"""The unpickler's machine: stack, marks, memo and literals of every operation, with symbols for values.

Mirrors Lib/pickle.py. What importing, calling and growing mean is left to :mod:`harness.admission.reading.pickles`.
"""

from __future__ import annotations

import abc
import codecs
from collections import ChainMap
from collections.abc import Callable, MutableMapping
from typing import Final

from harness.admission.reading.bytesource import ByteSource
from harness.admission.reading.cursor import Bomb, Broken, Cursor
from harness.admission.reading.opcodes import OPCODES, Argument
from harness.admission.reading.symbols import UNKNOWN, ArrayData, Blob, Box, Writing, show

MAX_STACK: Final = 150_000
MAX_NUMBER: Final = 4096
"""Bytes of a whole number: to print one takes time quadratic in its length."""

Entry = tuple[Callable[[], object] | None, Callable[[object], None]]
"""How an operation takes its argument, and what it does with it."""


class Machine(Cursor, abc.ABC):
    """Stack, marks and memo of one stream at a time."""

    def __init__(self, source: ByteSource, start: int) -> None:
        """Begin at a byte."""
        super().__init__(source, start)
        self._position = start
        self._stack: list[object] = []
        self._marks: list[int] = []
        self._memo: MutableMapping[int, object] = {}
        self._renames = True
        self._is_stopped = False
        self._table = self._make_table()

    def _go_on(self, other: Machine) -> None:
        """Have what another machine has, which stays as it is."""
        self._stack, self._marks = list(other._stack), list(other._marks)
        self._memo = ChainMap({}, other._memo)
        self._renames = other._renames

    # --- what the reader decides -------------------------------------------------------------------------------

    @abc.abstractmethod
    def _box(self, kind: str, items: list[object]) -> Box:
        """Make a container of what is on the stack."""

    @abc.abstractmethod
    def _append(self, items: list[object]) -> None:
        """Append to what is on top."""

    @abc.abstractmethod
    def _set_items(self, items: list[object]) -> None:
        """Set keys and values, in turn, of what is on top."""

    @abc.abstractmethod
    def _add_items(self, items: list[object]) -> None:
        """Add to the set on top."""

    @abc.abstractmethod
    def _import(self, module: object, attribute: object) -> object:
        """Look a name up."""

    @abc.abstractmethod
    def _call(self, target: object, args: object, names: object = None) -> object:
        """Call something; `names` are named arguments."""

    @abc.abstractmethod
    def _build(self, state: object) -> None:
        """Set the state of what is on top."""

    @abc.abstractmethod
    def _persistent(self, pid: object) -> object:
        """Ask the loader for an object by its persistent id."""

    @abc.abstractmethod
    def _odd(self, found: str, effect: str) -> None:
        """Write down an operation that no checkpoint uses."""

    # --- stack and memo ----------------------------------------------------------------------------------------

    def _pop(self) -> object:
        if len(self._stack) <= (self._marks[-1] if self._marks else 0):
            raise Broken("expected a value on the stack, got none")
        return self._stack.pop()

    def _top(self) -> object:
        if len(self._stack) <= (self._marks[-1] if self._marks else 0):
            raise Broken("expected a value on the stack, got none")
        return self._stack[-1]

    def _pop_mark(self) -> list[object]:
        if not self._marks:
            raise Broken("expected a mark on the stack, got none")
        mark = self._marks.pop()
        items = self._stack[mark:]
        del self._stack[mark:]
        return items

    def _put(self, index: object) -> None:
        if not isinstance(index, int) or index < 0:
            raise Broken("expected a memo index from 0")
        if index > self._position:
            raise Bomb(f"memo index {index}, though only {self._position} bytes came before")
        stack = self._stack  # the commonest operation of all: without asking for the top
        if len(stack) <= (self._marks[-1] if self._marks else 0):
            raise Broken("expected a value on the stack, got none")
        self._memo[index] = stack[-1]

    def _get(self, index: object) -> None:
        if not isinstance(index, int) or index not in self._memo:
            raise Broken(f"expected a memo index of this stream, got {index}")
        self._stack.append(self._memo[index])

    # --- operations --------------------------------------------------------------------------------------------

    def _make_table(self) -> list[Entry | None]:
        takes: dict[Argument, Callable[[], object] | None] = {
            Argument.NONE: None, Argument.U1: self._u1, Argument.U2: self._u2, Argument.I4: self._i4,
            Argument.U4: self._u4, Argument.U8: self._u8, Argument.F8: self._f8, Argument.LINE: self._line,
            Argument.TEXT_LINE: lambda: self._escaped_line(Writing.UNICODE),
            Argument.QUOTED_LINE: lambda: self._escaped_line(Writing.STRING),
            Argument.TWO_LINES: self._two_lines, Argument.BYTES1: lambda: self._sized(self._u1()),
            Argument.BYTES4: self._bytes4, Argument.SIGNED4: lambda: self._sized(self._i4()),
            Argument.BYTES8: lambda: self._sized(self._u8()),
        }  # fmt: skip
        push = self._stack_push
        acts: dict[str, Callable[[object], None]] = {
            "BININT": push, "BININT1": push, "BININT2": push, "BINFLOAT": push,
            "INT": self._op_int, "LONG": self._op_int, "LONG1": self._op_long, "LONG4": self._op_long,
            "FLOAT": self._op_float, "STRING": self._op_string,
            "BINSTRING": self._op_binstring, "SHORT_BINSTRING": self._op_binstring,
            "BINBYTES": push, "SHORT_BINBYTES": push, "BINBYTES8": push,
            "BYTEARRAY8": self._op_bytearray,
            "NEXT_BUFFER": self._op_buffer, "READONLY_BUFFER": self._op_buffer,
            "NONE": lambda _: push(None), "NEWTRUE": lambda _: push(True), "NEWFALSE": lambda _: push(False),
            "UNICODE": self._op_unicode, "SHORT_BINUNICODE": self._op_binunicode,
            "BINUNICODE": self._op_binunicode, "BINUNICODE8": self._op_binunicode,
            "EMPTY_LIST": lambda _: push(Box("list")), "EMPTY_TUPLE": lambda _: push(Box("tuple")),
            "EMPTY_DICT": lambda _: push(Box("dict")), "EMPTY_SET": lambda _: push(Box("set")),
            "APPEND": lambda _: self._append([self._pop()]), "APPENDS": lambda _: self._append(self._pop_mark()),
            "LIST": lambda _: push(self._box("list", self._pop_mark())),
            "TUPLE": lambda _: push(self._box("tuple", self._pop_mark())),
            "TUPLE1": lambda _: self._op_tuple(1), "TUPLE2": lambda _: self._op_tuple(2),
            "TUPLE3": lambda _: self._op_tuple(3),
            "FROZENSET": self._op_frozenset,
            "DICT": self._op_dict, "SETITEM": self._op_setitem, "SETITEMS": lambda _: self._set_items(self._pop_mark()),
            "ADDITEMS": lambda _: self._add_items(self._pop_mark()),
            "POP": self._op_pop, "POP_MARK": self._op_pop_mark, "DUP": lambda _: push(self._top()),
            "MARK": self._op_mark,
            "GET": lambda line: self._get(_number(line)), "BINGET": self._get, "LONG_BINGET": self._get,
            "PUT": lambda line: self._put(_number(line)), "BINPUT": self._put, "LONG_BINPUT": self._put,
            "MEMOIZE": lambda _: self._put(len(self._memo)),
            "EXT1": self._op_extension, "EXT2": self._op_extension, "EXT4": self._op_extension,
            "GLOBAL": self._op_global, "STACK_GLOBAL": self._op_stack_global, "REDUCE": self._op_reduce,
            "BUILD": lambda _: self._build(self._pop()), "INST": self._op_inst, "OBJ": self._op_obj,
            "NEWOBJ": self._op_reduce, "NEWOBJ_EX": self._op_newobj_ex, "PROTO": self._op_proto,
            "STOP": self._op_stop, "FRAME": self._op_frame,
            "PERSID": lambda line: push(self._persistent(line)),
            "BINPERSID": lambda _: push(self._persistent(self._pop())),
        }  # fmt: skip
        table: list[Entry | None] = [None] * 256
        for code, opcode in OPCODES.items():
            table[code] = (takes[opcode.argument], acts[opcode.name])
        return table

    def _stack_push(self, value: object) -> None:
        self._stack.append(value)

    def _op_int(self, line: object) -> None:
        text = line.rstrip(b"L") if isinstance(line, bytes) else b""
        self._stack.append({b"00": False, b"01": True}.get(text) if text in (b"00", b"01") else _number(text))

    def _op_long(self, data: object) -> None:
        if isinstance(data, bytes):
            self._stack.append(int.from_bytes(data, "little", signed=True))
        elif isinstance(data, Blob) and data.size > MAX_NUMBER:
            raise Bomb(f"a number of {data.size} bytes")
        else:
            self._stack.append(_as(data, "number"))

    def _op_float(self, line: object) -> None:
        try:
            self._stack.append(float(line if isinstance(line, bytes) else b""))
        except ValueError:
            raise Broken(f"expected a floating point number, got {show(line)}") from None

    def _op_string(self, line: object) -> None:
        if isinstance(line, Blob):
            self._stack.append(line)
            return
        data = line if isinstance(line, bytes) else b""
        if len(data) < 2 or data[:1] not in (b"'", b'"') or data[-1:] != data[:1]:
            raise Broken(f"expected a quoted string, got {show(data)}")
        try:
            self._op_binstring(codecs.escape_decode(data[1:-1])[0])
        except ValueError:
            raise Broken(f"expected a string's escapes, got {show(data)}") from None

    def _op_binstring(self, data: object) -> None:
        if isinstance(data, bytes):
            self._stack.append(data.decode("ascii") if data.isascii() else data)
        else:
            self._stack.append(data)

    def _op_unicode(self, line: object) -> None:
        if isinstance(line, Blob):
            self._stack.append(line)
            return
        try:
            self._stack.append((line if isinstance(line, bytes) else b"").decode("raw-unicode-escape"))
        except UnicodeDecodeError:
            raise Broken(f"expected text, got {show(line)}") from None

    def _op_binunicode(self, data: object) -> None:
        if not isinstance(data, bytes):
            self._stack.append(_as(data, "text"))
            return
        try:
            self._stack.append(data.decode() if data.isascii() else data.decode("utf-8", "surrogatepass"))
        except UnicodeDecodeError:
            raise Broken(f"expected text in UTF-8, got {show(data)}") from None

    def _op_bytearray(self, data: object) -> None:
        size = data.byte_count if isinstance(data, Blob) else len(data) if isinstance(data, bytes) else 0
        held = ArrayData("", data) if isinstance(data, bytes | Blob) else None
        self._stack.append(Box("bytearray", count=size, array=held))

    def _op_buffer(self, _: object) -> None:
        self._odd("out-of-band buffer", "asks the loader for bytes that are not in the file")
        self._stack.append(UNKNOWN)

    def _op_tuple(self, count: int) -> None:
        if len(self._stack) - count < (self._marks[-1] if self._marks else 0):
            raise Broken("expected a value on the stack, got none")
        items = self._stack[-count:]
        del self._stack[-count:]
        self._stack.append(self._box("tuple", items))

    def _op_frozenset(self, _: object) -> None:
        self._stack.append(self._box("frozenset", self._pop_mark()))

    def _op_dict(self, _: object) -> None:
        items = self._pop_mark()
        self._stack.append(Box("dict"))
        self._set_items(items)

    def _op_setitem(self, _: object) -> None:
        value, key = self._pop(), self._pop()
        self._set_items([key, value])

    def _op_pop(self, _: object) -> None:
        if self._marks and self._marks[-1] == len(self._stack):
            self._marks.pop()
        else:
            self._pop()

    def _op_mark(self, _: object) -> None:
        if len(self._marks) >= MAX_STACK:
            raise Bomb(f"more than {MAX_STACK} marks")
        self._marks.append(len(self._stack))

    def _op_pop_mark(self, _: object) -> None:
        self._pop_mark()

    def _op_extension(self, code: object) -> None:
        self._odd(f"extension code {code}", "imports what the loading program registered")
        self._stack.append(UNKNOWN)

    def _op_global(self, lines: object) -> None:
        module, name = lines if isinstance(lines, tuple) else (b"", b"")
        self._stack.append(self._import(module, name))

    def _op_stack_global(self, _: object) -> None:
        name, module = self._pop(), self._pop()
        self._stack.append(self._import(module, name))

    def _op_reduce(self, _: object) -> None:
        args, target = self._pop(), self._pop()
        self._stack.append(self._call(target, args))

    def _op_newobj_ex(self, _: object) -> None:
        names, args, target = self._pop(), self._pop(), self._pop()
        self._stack.append(self._call(target, args, names))

    def _op_inst(self, lines: object) -> None:
        module, name = lines if isinstance(lines, tuple) else (b"", b"")
        args = self._box("tuple", self._pop_mark())
        self._stack.append(self._call(self._import(module, name), args))

    def _op_obj(self, _: object) -> None:
        items = self._pop_mark()
        if not items:
            raise Broken("expected a class after the mark, got nothing")
        self._stack.append(self._call(items[0], self._box("tuple", items[1:])))

    def _op_proto(self, number: object) -> None:
        if not isinstance(number, int) or number > 5:
            raise Broken(f"expected a protocol up to 5, got {number}")
        self._renames = number < 3

    def _op_frame(self, size: object) -> None:
        if not isinstance(size, int) or self.end + size > self.source.size:
            raise Broken(f"expected a frame within the data, got one of {size} bytes")

    def _op_stop(self, _: object) -> None:
        self._top()
        self._is_stopped = True


def _number(line: object) -> int:
    try:
        return int(line if isinstance(line, bytes) else b"", 0)
    except ValueError:
        try:
            return int(line if isinstance(line, bytes) else b"")  # "007": C's strtol and int() differ
        except ValueError:
            raise Broken(f"expected a number, got {show(line)}") from None


def _as(data: object, kind: str) -> object:
    return Blob(kind, data.start, data.size) if isinstance(data, Blob) else data
