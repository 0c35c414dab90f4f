"""Generators of random numbers, numpy's, torch's and Python's, as trainers save them: their makers and their state.

numpy follows the position in a generator's table without a look at its bounds, and calls whatever class it is given, so
both are held to what numpy itself writes. A decision is always needed. Knows symbols, not bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from harness.admission.reading.rebuilding import Maker, Outdated, Refused, arguments, is_box
from harness.admission.reading.symbols import Box, Global, Scalar, Tensor, show

_MODULES: Final = {
    "MT19937": "_mt19937", "PCG64": "_pcg64", "PCG64DXSM": "_pcg64", "Philox": "_philox", "SFC64": "_sfc64",
}  # fmt: skip
"""numpy's bit generators, and the module of each below ``numpy.random``."""
_CLASSES: Final = {f"numpy.random.{module}.{name}": name for name, module in _MODULES.items()}
_SEQUENCE: Final = "numpy.random.bit_generator.SeedSequence"
_BITS: Final = "numpy.random._pickle.__bit_generator_ctor"
NAMES: Final = frozenset({*_CLASSES, _SEQUENCE})
"""Classes that are only named: arguments of the functions below."""

GENERATOR: Final = "a generator of random numbers"
SEEDS: Final = "a sequence of seeds"
PYTHON: Final = "a generator of random numbers of Python's"
TORCH: Final = "a generator of random numbers of torch's"
_BIT_GENERATOR: Final = "a bit generator: "

_TABLE: Final = 624
"""Numbers in the table of a Mersenne Twister."""
_MOST: Final = {"pos": _TABLE, "buffer_pos": 4, "has_uint32": 1, "has_gauss": 1}
"""The largest value of what numpy follows or asks; a larger position is read beyond the table."""
_KEYS: Final = frozenset({"bit_generator", "state", "uinteger", "buffer", "gauss", *_MOST} - {"pos"})
_INNER: Final = frozenset({"key", "pos", "counter", "state", "inc"})
_MAX_POOL: Final = 4096


def _bit_generator(args: Sequence[object], _: int) -> object:
    arguments(args, 0, 1, "numpy's bit generator")
    kind = args[0] if args else "MT19937"
    name = _CLASSES.get(kind.name) if isinstance(kind, Global) else kind
    if not isinstance(name, str) or name not in _MODULES:
        raise Refused(f"expected a bit generator of numpy's, got {show(kind)}")
    raise Outdated(_BIT_GENERATOR + name)


def _generator(args: Sequence[object], _: int) -> object:
    """Numpy's ``Generator`` or ``RandomState``: of a bit generator or its name, and of the function that makes it."""
    arguments(args, 0, 2, "numpy's generator")
    inner = args[0] if args else "MT19937"
    is_made = isinstance(inner, Box) and inner.kind == "object" and inner.detail.startswith(_BIT_GENERATOR)
    if not is_made and not (isinstance(inner, str) and inner in _MODULES):
        raise Refused(f"expected a bit generator of numpy's, got {show(inner)}")
    if len(args) > 1 and not (isinstance(args[1], Global) and args[1].name == _BITS):
        raise Refused(f"expected numpy's own function that makes bit generators, got {show(args[1])}")
    raise Outdated(GENERATOR)


def _seeds(args: Sequence[object], _: int) -> object:
    """As Cython writes its classes: the class, a sum over its fields' names, and no state yet."""
    arguments(args, 3, 3, "numpy's sequence of seeds")
    kind, names, state = args
    if not isinstance(kind, Global) or kind.name != _SEQUENCE or not isinstance(names, int) or state is not None:
        raise Refused(f"expected {_SEQUENCE}, a number and None, got {show(kind)}, {show(names)} and {show(state)}")
    raise Outdated(SEEDS)


def _of_python(args: Sequence[object], _: int) -> object:
    arguments(args, 0, 0, "random.Random")
    raise Outdated(PYTHON)


def _of_torch(args: Sequence[object], _: int) -> object:
    arguments(args, 1, 1, "torch's generator")
    if not is_box(args[0], "device"):
        raise Refused(f"expected a device, got {show(args[0])}")
    raise Outdated(TORCH)


def is_random(kind: str) -> bool:
    """Whether an object of this kind is one of those here."""
    return kind in (GENERATOR, SEEDS, PYTHON, TORCH) or kind.startswith(_BIT_GENERATOR)


def may_have(kind: str, state: Box) -> bool:
    """Whether a generator's own writer sets this state on it."""
    if kind == SEEDS:
        return _is_state_of_seeds(state)
    if kind == PYTHON:
        return _is_state_of_python(state)
    if kind == TORCH:
        return state.kind == "tuple" and state.count == 3 and all(map(_is_of_torch, state.items))
    if kind == GENERATOR:
        return _is_table(state) if state.kind == "tuple" else _is_state(state, None)
    name = kind.removeprefix(_BIT_GENERATOR)
    if state.kind != "tuple":
        return _is_state(state, name)
    return state.count == 2 and _is_state(state.items[0], name) and _is_seeds(state.items[1])


def _is_state(state: object, name: str | None) -> bool:
    """Whether it is what numpy calls the state of a bit generator of this name, or of any."""
    found = _entries(state, _KEYS)
    kind, inner = found.pop("bit_generator", None), _entries(found.pop("state", None), _INNER)
    if kind not in _MODULES or name not in (None, kind):
        return False
    return bool(inner) and all(map(_is_quiet, (*inner, *found), (*inner.values(), *found.values())))


def _entries(value: object, keys: frozenset[str]) -> dict[object, object]:
    """A dictionary's entries; none where it has others than these."""
    if not isinstance(value, Box) or value.kind != "dict" or not value.is_complete:
        return {}
    found = dict(zip(value.items[::2], value.items[1::2], strict=True))
    return found if found.keys() <= keys else {}


def _is_quiet(key: object, value: object) -> bool:
    """Whether it is an array or a number, and a number that numpy can follow."""
    if isinstance(key, str) and key in _MOST:
        return isinstance(value, int) and 0 <= value <= _MOST[key]
    return isinstance(value, int | float | Scalar) or is_box(value, "array")


def _is_table(state: Box) -> bool:
    """What ``get_state()`` gives: a name, a table, a position, and a number drawn ahead."""
    if state.count not in (3, 5) or state.items[0] != "MT19937":
        return False
    keys = ("key", "pos", "has_gauss", "gauss")[: state.count - 1]
    return all(map(_is_quiet, keys, state.items[1:]))


def _is_seeds(value: object) -> bool:
    return value is None or (isinstance(value, Box) and value.kind == "object" and value.detail == SEEDS)


def _is_state_of_seeds(state: Box) -> bool:
    if state.kind != "tuple" or state.count != 5:
        return False
    entropy, spawned, pool, size, key = state.items
    return (
        (_is_whole(entropy) or _are_whole(entropy) or entropy is None)
        and _is_whole(spawned)
        and is_box(pool, "array")
        and isinstance(size, int)
        and 0 < size <= _MAX_POOL
        and _are_whole(key)
    )


def _is_state_of_python(state: Box) -> bool:
    if state.kind != "tuple" or state.count != 3:
        return False
    version, table, ahead = state.items
    return (
        isinstance(version, int)
        and isinstance(table, Box)
        and table.count == _TABLE + 1
        and _are_whole(table)
        and _is_quiet("pos", table.items[-1])
        and (ahead is None or isinstance(ahead, float | Scalar))
    )


def _is_of_torch(value: object) -> bool:
    """A seed, an offset or none, and a tensor whose length torch looks at."""
    return value is None or isinstance(value, Tensor) or _is_whole(value)


def _is_whole(value: object) -> bool:
    return isinstance(value, int | Scalar)


def _are_whole(value: object) -> bool:
    if not isinstance(value, Box) or value.kind == "array":
        return isinstance(value, Box)
    return value.kind in ("tuple", "list") and value.is_complete and all(map(_is_whole, value.items))


CALLS: Mapping[str, Maker] = {
    _BITS: _bit_generator,
    "numpy.random._pickle.__generator_ctor": _generator,
    "numpy.random._pickle.__randomstate_ctor": _generator,
    "numpy.random.__RandomState_ctor": _generator,
    "numpy.random.bit_generator.__pyx_unpickle_SeedSequence": _seeds,
    "random.Random": _of_python,
    "torch._C.Generator": _of_torch,
}
"""What makes one, and who checks the arguments."""
