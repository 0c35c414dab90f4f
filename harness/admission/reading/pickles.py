"""Follows a pickle stream without executing it: every operation, stack and memo included, against an allow-list.

The machine mirrors CPython's unpickler with symbols for values, so a name that is computed, laundered through the memo
or hidden behind a break is still seen. Work and memory are bounded by counting operations, stack, memo and kept values.
Knows nothing of files and archives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from harness.admission.reading import allowances as allow
from harness.admission.reading import growth, objects, rebuilding, rules
from harness.admission.reading.bytesource import ByteSource
from harness.admission.reading.callees import callee_of, is_refused
from harness.admission.reading.cursor import Bomb, Broken
from harness.admission.reading.keys import KeyWatch
from harness.admission.reading.machine import MAX_STACK, Machine
from harness.admission.reading.notebook import WHOLE, Notebook, OutOfBudget
from harness.admission.reading.oldnames import DICTIONARIES, JOBLIB_WRAPPER, OLD_TENSORS
from harness.admission.reading.states import is_attribute, is_plain_name, may_have
from harness.admission.reading.symbols import (
    UNKNOWN,
    ArrayData,
    Box,
    Global,
    Sparse,
    Storage,
    Tensor,
    Unknown,
    show,
    text_of,
)
from harness.core.places import Place
from harness.core.rules import Rule

MAX_MEMO: Final = 400_000
MAX_KEPT: Final = 600_000
MAX_DICT_ITEMS: Final = 128
MAX_GLOBALS: Final = 2_000


class PickleReader(Machine):
    """Follows the streams of one file or member, one :meth:`read` per stream."""

    def __init__(
        self,
        source: ByteSource,
        notebook: Notebook,
        *,
        start: int = 0,
        where: Place = WHOLE,
        has_storages: bool = False,
        keeps_entries: bool = False,
    ) -> None:
        """Begin at a byte.

        Args:
            source: Where the bytes are.
            notebook: Where flaws go.
            start: First byte of the first stream.
            where: What is read, within the file.
            has_storages: Whether persistent ids may name storages, as in torch's files.
            keeps_entries: Whether dictionaries keep every entry, for whoever asks what a loader finds under a name;
                otherwise only small ones do.
        """
        super().__init__(source, start)
        self.notebook = notebook
        self.where = where
        self.has_storages = has_storages
        self.has_modules = False
        """Whether persistent ids may name classes with their source, as torch wrote whole modules before 1.6."""
        self.has_views = False
        """Whether a storage is a part of another, as very old files have it; its symbol is that of the whole."""
        self._most_entries = MAX_KEPT if keeps_entries else MAX_DICT_ITEMS
        self.storages: dict[str, Storage] = {}
        self.tensors: list[Tensor] = []
        self.sparse: list[Sparse] = []
        """Sparse tensors, whose indices are to be looked at."""
        self.arrays: list[ArrayData] = []
        """Arrays whose bytes lie in the pickle."""
        self.is_whole = False
        """Whether the last stream was followed to its end."""
        self.names: set[str] = set()
        """What the streams so far import, dotted, as it is written there."""
        self.calls = 0
        """Calls that an unpickler would make so far, refused ones included."""
        self.after_build: Callable[[Box, int], int] | None = None
        """Gives the bytes to skip after the state of joblib's wrapper, for its arrays; None where no joblib reads."""
        self._kept = 0
        self._begin()

    def _begin(self) -> None:
        """Forget what belongs to one stream."""
        self._stack, self._marks, self._memo = [], [], {}
        self._renames, self._is_stopped, self.is_whole = True, False, False
        self._keys = KeyWatch()
        self._globals: list[Global] = []
        self._held: Global | None = None
        """The first function or class that a container holds."""
        self._copied = 0
        """Bytes that calls may have copied."""
        self._has_objects = False
        self._grew_late = False
        """Whether a container was filled after something held it."""

    def read(self, *, after: PickleReader | None = None) -> object:
        """Follow one stream to its end and write down what is wrong with it.

        Args:
            after: A reader with whose stack and memo it is followed: that one is in the middle of its stream.

        Returns:
            The symbol of what it would load; None also where the stream breaks off, see `is_whole`.

        Raises:
            OutOfBudget: It is too long to follow.
        """
        self._begin()
        if after is not None:
            self._go_on(after)
        try:
            value = self._follow()
            if self._grew_late and isinstance(value, Box):
                growth.check_whole(value, self.end)
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
                if left < 0:
                    raise OutOfBudget(f"the pickle's {self._place().within} is as far as the limits reach")
                if len(self._stack) > MAX_STACK or len(self._memo) > MAX_MEMO or self._kept > MAX_KEPT:
                    raise Bomb("more values at once than any checkpoint has")
        finally:
            budget.operations = left
        return self._stack.pop()

    def _place(self) -> Place:
        return self.where.byte(self._position)

    def _note(self, rule: Rule, found: str, effect: str = "") -> None:
        self.notebook.add(rule, self._place(), found, effect=effect)

    def _odd(self, found: str, effect: str) -> None:
        self._note(rules.OPERATION, found, effect)

    def _report_globals(self) -> None:
        old: set[str] = set()
        for one in self._globals:
            place = self.where.byte(one.position)
            if one.standing == "refused" or (one.standing == "own" and not one.call):
                does = f"calls {one.name}{one.call}; it " if one.call else "imports it; it "
                self.notebook.add(rules.IMPORT, place, one.name, effect=does + allow.effect_of(one.name))
            elif one.name not in old:
                old.add(one.name)
                self.notebook.add(rules.OBJECT, place, one.name, effect="imports it, and may make an object of it")
        if self._has_objects and self._held is not None:
            place, shown = self.where.byte(self._held.position), f"{self._held.name} beside objects"
            self.notebook.add(rules.STATE, place, shown, effect="gives an object a function of the file's choice")
        self._globals = []

    # --- making values -----------------------------------------------------------------------------------------

    def _box(self, kind: str, items: list[object]) -> Box:
        made = Box(kind)
        if kind != "tuple":
            self._grow(made, items)
            return made
        # The commonest container by far, which grows no more once it is made.
        made.count, made.items, made.callee = len(items), items, callee_of(items)
        self._kept += len(items) + growth.put_in(made, items)
        growth.check(made, self._position)
        return made

    def _grow(self, box: Box, items: list[object]) -> None:
        box.count += len(items)
        self._hold(items)
        if box.kind == "frozenset":
            box.items = items
            self._kept += len(items)
            for item in items:
                self._keys.check(item)
        elif box.kind in ("dict", "mapping"):
            if box.count <= self._most_entries and len(box.items) + len(items) == box.count:
                box.items.extend(items)
                self._kept += len(items)
        elif box.kind == "list":
            kept = [item for item in items if type(item) is not float]
            box.items.extend(kept)
            self._kept += len(kept)
        self._kept += growth.put_in(box, items)
        self._grew_late = self._grew_late or (box.is_held and bool(items))
        growth.check(box, self._position)

    def _hold(self, items: list[object]) -> None:
        if self._held is None:
            self._held = callee_of(items)

    def _append(self, items: list[object]) -> None:
        target = self._top()
        if isinstance(target, Box) and target.kind == "list":
            self._grow(target, items)
        elif not isinstance(target, Unknown):
            self._note(rules.STATE, f"appends to {show(target)}", "calls its append or extend")

    def _set_items(self, items: list[object]) -> None:
        if len(items) % 2:
            raise Broken("expected keys and values in pairs")
        target = self._top()
        if isinstance(target, Box) and target.kind in ("dict", "mapping"):
            for index in range(0, len(items), 2):
                key, value = items[index], items[index + 1]
                if isinstance(key, str):
                    rebuilding.label(value, key)
                    if target.is_plain_state and not is_plain_name(key):
                        target.is_plain_state = False
                else:
                    target.is_plain_state = False
                    self._keys.check(key)
            self._grow(target, items)
        elif isinstance(target, Box) and target.detail in DICTIONARIES and all(map(is_attribute, items[::2])):
            self._grow(target, items)
        elif not isinstance(target, Unknown):
            self._note(rules.STATE, f"sets items of {show(target)}", "calls its __setitem__")

    def _add_items(self, items: list[object]) -> None:
        target = self._top()
        if isinstance(target, Box) and target.kind == "set":
            for item in items:
                self._keys.check(item)
            self._grow(target, items)
        elif not isinstance(target, Unknown):
            self._note(rules.STATE, f"adds items to {show(target)}", "calls its add")

    def _import(self, module: object, attribute: object) -> Global:
        module, attribute = text_of(module), text_of(attribute)
        if isinstance(module, str) and isinstance(attribute, str):
            self.names.add(f"{module}.{attribute}")
            made = allow.look_up(module, attribute, self._position, renames=self._renames)
        else:
            made = Global(f"{show(module)}.{show(attribute)}", self._position, "refused")
        if made.standing != "allowed":
            self._globals.append(made)
            if len(self._globals) > MAX_GLOBALS:
                raise Bomb(f"more than {MAX_GLOBALS} imports that no checkpoint needs")
        return made

    def _call(self, target: object, args: object, names: object = None) -> object:
        self.calls += 1
        if isinstance(target, Unknown):
            return UNKNOWN
        if isinstance(target, Global) and isinstance(args, Box):
            allow.admit_member(target, args)
        if isinstance(target, Global) and target.standing == "own":
            if names is None and isinstance(args, Box) and args.kind == "tuple" and objects.is_own_member(args.items):
                target.call = target.call or show(args)
                self._has_objects = True
                return Box("object", detail="a member of an enumeration")
            target.standing = "refused"
        if isinstance(target, Global) and target.standing == "refused":
            target.call = target.call or show(args)
            return UNKNOWN
        if names is not None and not isinstance(names, Unknown) and not (isinstance(names, Box) and not names.count):
            self._note(rules.CALL, f"{show(target)} with named arguments", "makes an object with named arguments")
        if not isinstance(target, Global):
            self._note(rules.CALL, f"calls {show(target)}", "calls a computed function")
            return UNKNOWN
        if not isinstance(args, Box) or args.kind != "tuple":
            self._note(rules.CALL, f"{target.name} with {show(args)}", "calls it with what is no list of arguments")
            return UNKNOWN
        self._count_copies(args.items)
        try:
            made = allow.call(target, args.items, self._position)
        except rebuilding.Refused as problem:
            if any(isinstance(item, Unknown) or is_refused(item) for item in args.items):
                return UNKNOWN  # the cause has been written down
            self._note(rules.CALL, f"{target.name}: {problem}", f"calls {target.name}{show(args)}")
            return UNKNOWN
        except rebuilding.Outdated as made_object:
            self._has_objects = self._has_objects or str(made_object) != JOBLIB_WRAPPER  # it becomes an array
            return Box("object", detail=str(made_object))
        if isinstance(made, Box):
            self._take_over(made, args)
            self._keep_array(made)
        if isinstance(made, Sparse):
            self.sparse.append(made)
            return Box("tensor", detail="sparse tensor")
        if isinstance(made, Tensor) and made.position == self._position:
            self.tensors.append(made)
            self._kept += len(made.shape) + 4
        return made

    def _take_over(self, made: Box, args: Box) -> None:
        """What was made of containers weighs what they weigh, and their items are keys of a set or mapping."""
        given = [item for item in args.items if isinstance(item, Box)]
        if made.kind in ("set", "frozenset", "mapping", "list", "dict"):
            for box in given:
                self._hold(box.items)
                for item in box.items[:: 2 if box.kind in ("dict", "mapping") else 1]:
                    is_pair = made.kind == "mapping" and isinstance(item, Box) and item.kind in ("tuple", "list")
                    self._keys.check(item.items[0] if is_pair and isinstance(item, Box) and item.items else item)
        self._kept += growth.put_in(made, given)
        growth.check(made, self._position)

    def _build(self, state: object) -> None:
        target = self._top()
        self.calls += 1
        if isinstance(target, Unknown):
            return
        if isinstance(target, Box):
            is_wrapper = target.detail == JOBLIB_WRAPPER
            if may_have(target, state) and not target.is_built and (self.after_build is not None or not is_wrapper):
                target.is_built = target.kind in ("object", "dtype")
                if target.is_record:
                    self._note(rules.RECORDS, f"an array of records ({target.detail})")
                if isinstance(state, Box):
                    self._count_copies(state.items if target.kind == "array" else ())
                    if target.kind == "object":
                        self._grow_object(target, state)
                    if is_wrapper and self.after_build is not None:
                        target.items = state.items
                        self._skip(self.after_build(target, self.end))
                        target.kind, target.detail = "array", "array with data"
                self._keep_array(target)
                return
        self._note(
            rules.STATE, f"sets {show(state)} on {show(target)}", "replaces its attributes or calls __setstate__"
        )

    def _count_copies(self, values: Sequence[object]) -> None:
        self._copied += growth.copied(values)
        growth.check_copied(self._copied, self._position)

    def _keep_array(self, box: Box) -> None:
        if box.kind == "array" and box.array is not None:
            box.array.position = self._position
            self.arrays.append(box.array)
            self._kept += 1

    def _grow_object(self, target: Box, state: Box) -> None:
        if target.is_held:
            self._grew_late = True
        self._kept += growth.put_in(target, [state])
        growth.check(target, self._position)
        if target.detail in OLD_TENSORS:
            self.tensors.append(rebuilding.tensor(state.items, self._position))

    def _persistent(self, pid: object) -> object:
        if self.has_modules and (kind := rebuilding.module_of(pid)) is not None:
            return kind
        if self.has_storages:
            try:
                storage, view = rebuilding.storage_of(pid)
            except rebuilding.Refused as problem:
                if not isinstance(pid, Unknown):
                    self._odd(str(problem), "asks the loader for something other than a storage")
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
        self._odd(f"persistent id {show(pid)}", "asks the loader for an object that is not in the file")
        return UNKNOWN
