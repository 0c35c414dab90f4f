"""Follows a pickle stream without executing it: every operation, stack and memo included, against an allow-list.

The machine mirrors CPython's unpickler (Lib/pickle.py) with symbols for values, so a name that is computed, laundered
through the memo or hidden behind a break is still seen. Work and memory are bounded by counting operations, stack,
memo and kept values. Knows nothing of files and archives.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable
from typing import Final

from harness.admission.reading import allowances as allow
from harness.admission.reading import rebuilding, rules
from harness.admission.reading.bytesource import ByteSource
from harness.admission.reading.cursor import Broken, Cursor
from harness.admission.reading.notebook import Notebook, OutOfBudget
from harness.admission.reading.opcodes import OPCODES, Argument
from harness.admission.reading.states import may_have
from harness.admission.reading.symbols import (
    FLOAT,
    UNKNOWN,
    Blob,
    Box,
    Global,
    Scalar,
    Storage,
    Tensor,
    Unknown,
    show,
)
from harness.core.rules import Rule

MAX_STACK: Final = 150_000
MAX_MEMO: Final = 400_000
MAX_KEPT: Final = 600_000
MAX_DEPTH: Final = 100
MAX_WEIGHT: Final = 10_000_000
MAX_DICT_ITEMS: Final = 128
MAX_GLOBALS: Final = 2_000
MAX_ODD_KEYS: Final = 2_000


class Bomb(Exception):
    """The stream makes something no loader should make."""


class PickleReader(Cursor):
    """Follows the streams of one file or member, one :meth:`read` per stream."""

    def __init__(
        self,
        source: ByteSource,
        notebook: Notebook,
        *,
        start: int = 0,
        where: str = "",
        has_storages: bool = False,
        keeps_entries: bool = False,
    ) -> None:
        """Begin at a byte.

        Args:
            source: Where the bytes are.
            notebook: Where flaws go.
            start: First byte of the first stream.
            where: Prefix of every place, e.g. ``member archive/data.pkl, ``.
            has_storages: Whether persistent ids may name storages, as in torch's files.
            keeps_entries: Whether dictionaries keep every entry, for whoever asks what a loader finds under a name;
                otherwise only small ones do.
        """
        super().__init__(source, start)
        self.notebook = notebook
        self.where = where
        self.has_storages = has_storages
        self.has_views = False
        """Whether a storage is a part of another, as very old files have it; its symbol is that of the whole."""
        self._most_entries = MAX_KEPT if keeps_entries else MAX_DICT_ITEMS
        self.storages: dict[str, Storage] = {}
        self.tensors: list[Tensor] = []
        self.is_whole = False
        """Whether the last stream was followed to its end."""
        self.calls = 0
        """Calls that an unpickler would make so far, refused ones included."""
        self.after_build: Callable[[Box, int], int] | None = None
        """Gives the bytes to skip after an object's state, for joblib's arrays."""
        self._position = start
        self._stack: list[object] = []
        self._marks: list[int] = []
        self._memo: dict[int, object] = {}
        self._kept = 0
        self._odd_keys = 0
        self._renames = True
        self._is_stopped = False
        self._globals: list[Global] = []
        self._table = self._make_table()

    def read(self) -> object:
        """Follow one stream to its end and write down what is wrong with it.

        Returns:
            The symbol of what it would load; None also where the stream breaks off, see `is_whole`.

        Raises:
            OutOfBudget: It is too long to follow.
        """
        self._stack, self._marks, self._memo = [], [], {}
        self._renames, self._is_stopped, self.is_whole = True, False, False
        try:
            value = self._follow()
            self.is_whole = True
            return value
        except Broken as problem:
            self._note(rules.BROKEN, str(problem), "executes what comes before this place, then fails")
        except Bomb as problem:
            self._note(rules.BOMB, str(problem), "exhausts memory, time or the stack")
        finally:
            self._report_globals()
        return None

    def _follow(self) -> object:
        table, budget = self._table, self.notebook.budget
        left = budget.operations
        try:
            while not self._is_stopped:
                if self._at >= len(self._buffer):
                    self._fill(1)
                self._position = self._base + self._at
                code = self._buffer[self._at]
                self._at += 1
                left -= 1
                entry = table[code]
                if entry is None:
                    raise Broken(f"expected an operation, got the byte 0x{code:02x}")
                take, act = entry
                act(take()) if take else act(None)
                if left & 63 and left > 0:
                    continue
                if left < 0 or len(self._stack) > MAX_STACK or len(self._memo) > MAX_MEMO or self._kept > MAX_KEPT:
                    raise OutOfBudget(f"the pickle's {self._place()} is as far as the limits reach")
        finally:
            budget.operations = left
        return self._stack.pop()

    def _place(self) -> str:
        return f"{self.where}byte 0x{self._position:x}"

    def _note(self, rule: Rule, found: str, effect: str = "") -> None:
        self.notebook.add(rule, self._place(), found, effect=effect)

    def _report_globals(self) -> None:
        old: set[str] = set()
        for one in self._globals:
            place = f"{self.where}byte 0x{one.position:x}"
            if one.standing == "refused":
                does = f"calls {one.name}{one.call}; it " if one.call else "imports it; it "
                self.notebook.add(rules.IMPORT, place, one.name, effect=does + allow.effect_of(one.name))
            elif one.name not in old:
                old.add(one.name)
                self.notebook.add(rules.OBJECT, place, one.name, effect="imports and makes an object of an old format")
        self._globals = []

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
        self._memo[index] = self._top()

    def _get(self, index: object) -> None:
        if not isinstance(index, int) or index not in self._memo:
            raise Broken(f"expected a memo index of this stream, got {index}")
        self._stack.append(self._memo[index])

    # --- making values -----------------------------------------------------------------------------------------

    def _box(self, kind: str, items: list[object]) -> Box:
        made = Box(kind)
        self._grow(made, items)
        return made

    def _grow(self, box: Box, items: list[object]) -> None:
        box.count += len(items)
        if box.kind in ("tuple", "frozenset"):
            box.items = items
            self._kept += len(items)
        elif box.kind in ("dict", "mapping"):
            if box.count <= self._most_entries and len(box.items) + len(items) == box.count:
                box.items.extend(items)
                self._kept += len(items)
        elif box.kind == "list":
            kept = [item for item in items if item is not FLOAT]
            box.items.extend(kept)
            self._kept += len(kept)
        for item in items:
            if isinstance(item, Box):
                if item.depth >= box.depth:
                    box.depth = item.depth + 1
                if item.kind in ("tuple", "frozenset"):
                    box.weight += item.weight
                    continue
            box.weight += 1
        if box.depth > MAX_DEPTH:
            raise Bomb(f"more than {MAX_DEPTH} containers in each other")
        if box.kind in ("tuple", "frozenset") and box.weight > MAX_WEIGHT:
            raise Bomb(f"a tuple that stands for more than {MAX_WEIGHT} values")

    def _append(self, items: list[object]) -> None:
        target = self._top()
        if isinstance(target, Box) and target.kind == "list":
            self._grow(target, items)
        elif not isinstance(target, Unknown) and not (isinstance(target, Box) and target.kind == "object"):
            self._note(rules.STATE, f"appends to {show(target)}", "calls its append or extend")

    def _set_items(self, items: list[object]) -> None:
        if len(items) % 2:
            raise Broken("expected keys and values in pairs")
        target = self._top()
        if isinstance(target, Box) and target.kind in ("dict", "mapping"):
            for index in range(0, len(items), 2):
                key, value = items[index], items[index + 1]
                if isinstance(value, Tensor) and not value.label and isinstance(key, str):
                    value.label = key
                self._check_key(key)
            self._grow(target, items)
        elif not isinstance(target, Unknown) and not (isinstance(target, Box) and target.kind == "object"):
            self._note(rules.STATE, f"sets items of {show(target)}", "calls its __setitem__")

    def _add_items(self, items: list[object]) -> None:
        target = self._top()
        if isinstance(target, Box) and target.kind == "set":
            for item in items:
                self._check_key(item)
            self._grow(target, items)
        elif not isinstance(target, Unknown):
            self._note(rules.STATE, f"adds items to {show(target)}", "calls its add")

    def _check_key(self, key: object) -> None:
        """Numbers modulo 2**61 - 1 and tuples of -1 and -2 share their hashes: a dictionary of many takes for ever."""
        if isinstance(key, int) and key.bit_length() > 60:
            raise Bomb("a huge number as a key, of which many can share one hash")
        if isinstance(key, Scalar) or (isinstance(key, Box) and key.kind in ("tuple", "frozenset")):
            self._odd_keys += 1
            if self._odd_keys > MAX_ODD_KEYS:
                raise Bomb(f"more than {MAX_ODD_KEYS} tuples and fractions as keys, of which many can share one hash")

    def _import(self, module: bytes | str | object, attribute: bytes | str | object) -> Global:
        module, attribute = _text(module), _text(attribute)
        if isinstance(module, str) and isinstance(attribute, str):
            name = allow.name_of(module, attribute, renames=self._renames)
            made = Global(name, self._position, allow.standing_of(name))
        else:
            made = Global(f"{show(module)}.{show(attribute)}", self._position, "refused")
        if made.standing != "allowed":
            self._globals.append(made)
            if len(self._globals) > MAX_GLOBALS:
                raise Bomb(f"more than {MAX_GLOBALS} imports that no checkpoint needs")
        return made

    def _call(self, target: object, args: object) -> object:
        self.calls += 1
        if isinstance(target, Unknown):
            return UNKNOWN
        if isinstance(target, Global) and target.standing == "refused":
            target.call = target.call or show(args)
            return UNKNOWN
        if not isinstance(target, Global):
            self._note(rules.CALL, f"calls {show(target)}", "calls a computed function")
            return UNKNOWN
        if not isinstance(args, Box) or args.kind != "tuple":
            self._note(rules.CALL, f"{target.name} with {show(args)}", "calls it with what is no list of arguments")
            return UNKNOWN
        try:
            made = allow.call(target, args.items, self._position)
        except rebuilding.Refused as problem:
            if any(isinstance(item, Unknown) or _is_refused(item) for item in args.items):
                return UNKNOWN  # the cause has been written down
            self._note(rules.CALL, f"{target.name}: {problem}", f"calls {target.name}{show(args)}")
            return UNKNOWN
        except rebuilding.Outdated:
            return Box("object", detail=target.name)
        if isinstance(made, Box) and made.kind in ("set", "frozenset", "mapping"):
            for argument in args.items:
                for item in argument.items if isinstance(argument, Box) else ():
                    self._check_key(item)
        if isinstance(made, Tensor) and made.position == self._position:
            self.tensors.append(made)
            self._kept += len(made.shape) + 4
        return made

    def _build(self, state: object) -> None:
        target = self._top()
        self.calls += 1
        if isinstance(target, Unknown) or (isinstance(target, Box) and may_have(target, state)):
            if isinstance(target, Box) and target.kind == "object" and self.after_build is not None:
                if isinstance(state, Box):
                    target.items = state.items
                self._skip(self.after_build(target, self.end))
            return
        self._note(
            rules.STATE, f"sets {show(state)} on {show(target)}", "replaces its attributes or calls __setstate__"
        )

    def _persistent(self, pid: object) -> object:
        if self.has_storages:
            try:
                storage, view = rebuilding.storage_of(pid)
            except rebuilding.Refused as problem:
                if not isinstance(pid, Unknown):
                    self._note(rules.OPERATION, str(problem), "asks the loader for something other than a storage")
                return UNKNOWN
            if view is not None:
                self.has_views = True
                self._note(rules.LEGACY, "a view of a storage", "reads a part of another storage")
            known = self.storages.setdefault(storage.key, storage)
            if (known.dtype, known.count) != (storage.dtype, storage.count):
                shown = f"{known.count} of {known.dtype}, then {storage.count} of {storage.dtype}"
                self._note(
                    rules.STORAGE_SIZE, f"storage {storage.key}: {shown}", "torch takes the first, others may not"
                )
            return known
        self._note(
            rules.OPERATION, f"persistent id {show(pid)}", "asks the loader for an object that is not in the file"
        )
        return UNKNOWN

    # --- operations --------------------------------------------------------------------------------------------

    def _make_table(self) -> list[tuple[Callable[[], object] | None, Callable[[object], None]] | None]:
        takes: dict[Argument, Callable[[], object] | None] = {
            Argument.NONE: None, Argument.U1: self._u1, Argument.U2: self._u2, Argument.I4: self._i4,
            Argument.U4: self._u4, Argument.U8: self._u8, Argument.F8: self._f8, Argument.LINE: self._line,
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
            "BYTEARRAY8": lambda _: push(Box("bytearray")),
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
        table: list[tuple[Callable[[], object] | None, Callable[[object], None]] | None] = [None] * 256
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
        else:
            self._stack.append(_as(data, "number"))

    def _op_float(self, line: object) -> None:
        try:
            float(line if isinstance(line, bytes) else b"")
        except ValueError:
            raise Broken(f"expected a floating point number, got {show(line)}") from None
        self._stack.append(FLOAT)

    def _op_string(self, line: object) -> None:
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

    def _op_buffer(self, _: object) -> None:
        self._note(rules.OPERATION, "out-of-band buffer", "asks the loader for bytes that are not in the file")
        self._stack.append(UNKNOWN)

    def _op_tuple(self, count: int) -> None:
        items = [self._pop() for _ in range(count)]
        self._stack.append(self._box("tuple", items[::-1]))

    def _op_frozenset(self, _: object) -> None:
        items = self._pop_mark()
        for item in items:
            self._check_key(item)
        self._stack.append(self._box("frozenset", items))

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
        self._note(rules.OPERATION, f"extension code {code}", "imports what the loading program registered")
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
        if not isinstance(names, Unknown) and not (isinstance(names, Box) and names.kind == "dict" and not names.count):
            self._note(rules.CALL, f"{show(target)} with named arguments", "makes an object with named arguments")
        self._stack.append(self._call(target, args))

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


def _text(value: object) -> object:
    """A name as text where it is one; names come as UTF-8."""
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return value
    return value


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


def _is_refused(value: object) -> bool:
    if isinstance(value, Box):
        return any(isinstance(item, Unknown) or _is_refused_name(item) for item in value.items[:64])
    return _is_refused_name(value)


def _is_refused_name(value: object) -> bool:
    return isinstance(value, Global) and value.standing == "refused"
