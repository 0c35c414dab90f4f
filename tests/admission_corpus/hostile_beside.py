"""What honest trainers save beside weights, with what no honest writer puts there: functions, foreign classes, lies.

Generators of random numbers, masked arrays, records, collections and patterns: siblings of ``clean_objects``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.admission_corpus import pickle_assembly as asm
from tests.admission_corpus.artefact import Hostile, shell
from tests.admission_corpus.pickle_assembly import call, named, stream, text

IMPORT, CALL, STATE = "pickle-import", "pickle-call", "pickle-state"
ENCODE = named("_codecs", "encode")
ADAM = named("torch.optim.adam", "Adam")
BITS = named("numpy.random._pickle", "__bit_generator_ctor")
PCG = named("numpy.random._pcg64", "PCG64")


def _tuple(*items: bytes) -> bytes:
    return asm.MARK + b"".join(items) + asm.TUPLE


def _list(*items: bytes) -> bytes:
    return asm.EMPTY_LIST + asm.MARK + b"".join(items) + asm.APPENDS


def _new(module: str, name: str, state: bytes = b"") -> bytes:
    return named(module, name) + asm.EMPTY_TUPLE + asm.NEWOBJ + (state + asm.BUILD if state else b"")


def _bits(name: str = "MT19937", module: str = "_mt19937") -> bytes:
    return call("numpy.random._pickle", "__bit_generator_ctor", named(f"numpy.random.{module}", name))


def _dtype(name: str, state: bytes = b"", *, record: bool = False) -> bytes:
    kind = named("numpy", "record") if record else text(name)
    made = call("numpy", "dtype", kind, b"\x89", b"\x88")
    return made + (state + asm.BUILD if state else b"")


def _array(dtype: bytes, shape: int, data: bytes, kind: bytes = named("numpy", "ndarray")) -> bytes:
    made = call("numpy._core.multiarray", "_reconstruct", kind, _tuple(asm.number(0)), b"C\x01b")
    return made + _array_state(dtype, shape, data) + asm.BUILD


def _array_state(dtype: bytes, shape: int, data: bytes) -> bytes:
    return _tuple(
        asm.number(1), _tuple(asm.number(shape)), dtype, b"\x89", b"B" + len(data).to_bytes(4, "little") + data
    )


def _record(size: int, place: int, *, field: str = "f4", record: bool = False) -> bytes:
    """A dtype with one field at a place."""
    fields = asm.state_dict(("a", _tuple(_dtype(field), asm.number(place))))
    state = _tuple(asm.number(3), text("|"), asm.NONE, _tuple(text("a")), fields, *map(asm.number, (size, 1, 16)))
    return _dtype(f"V{size}", state, record=record)


def _part(size: int, count: int) -> bytes:
    """A dtype that says it holds an array of so many numbers."""
    sub = _tuple(_dtype("f4"), _tuple(asm.number(count)))
    return _dtype(f"V{size}", _tuple(asm.number(3), text("|"), sub, asm.NONE, asm.NONE, *map(asm.number, (size, 1, 0))))


def _twister(*entries: tuple[str, bytes], name: str = "MT19937") -> bytes:
    key = _array(_dtype("u4"), 624, bytes(2496))
    table = dict((("key", key), ("pos", asm.number(624)), *entries))
    return asm.state_dict(("bit_generator", text(name)), ("state", asm.state_dict(*table.items())))


def _state_of_bits(state: bytes, seeds: bytes = asm.NONE) -> bytes:
    return _bits() + _tuple(state, seeds) + asm.BUILD


def _masked(
    *state: bytes, kind: bytes = named("numpy.ma", "MaskedArray"), base: bytes = named("numpy", "ndarray")
) -> bytes:
    made = call("numpy.ma.core", "_mareconstruct", kind, base, _tuple(asm.number(0)), text("b"))
    return made + (_tuple(*state) + asm.BUILD if state else b"")


def _of_array(data: bytes = bytes(8), filling: bytes = asm.NONE, mask: bytes = b"C\x02\0\0") -> tuple[bytes, ...]:
    whole = (asm.number(1), _tuple(asm.number(2)), _dtype("f4"), b"\x89", b"C" + bytes((len(data),)) + data)
    return (*whole, mask, filling)


def _python(index: int) -> bytes:
    table = _tuple(*(asm.number(1) for _ in range(624)), asm.number(index))
    return call("random", "Random") + _tuple(asm.number(3), table, asm.NONE) + asm.BUILD


def _philox(place: int) -> bytes:
    vector = _array(_dtype("u8"), 4, bytes(32))
    inner = asm.state_dict(("counter", vector), ("key", vector))
    state = asm.state_dict(
        ("bit_generator", text("Philox")), ("state", inner), ("buffer", vector), ("buffer_pos", asm.number(place))
    )
    return _bits("Philox", "_philox") + _tuple(state, asm.NONE) + asm.BUILD


def beside() -> Iterator[Hostile]:
    """All of them."""
    for name, rule, body in (*_randoms(), *_arrays(), *_held(), *_texts()):
        yield Hostile(f"beside-{name}", "best_model.pkl", "", rule, lambda m, b=body: stream(b, 3))
    for name, around in _armed().items():
        yield Hostile(f"beside-{name}", "best_model.pkl", "pickle", IMPORT, lambda m, a=around: stream(a(shell(m)), 3))


def _randoms() -> Iterator[tuple[str, str, bytes]]:
    yield "bits-of-a-class", CALL, call("numpy.random._pickle", "__bit_generator_ctor", ADAM)
    yield "bits-of-an-object", CALL, call("numpy.random._pickle", "__bit_generator_ctor", _new("argparse", "Namespace"))
    yield "bits-of-a-name", CALL, call("numpy.random._pickle", "__bit_generator_ctor", text("os"))
    for maker in ("__generator_ctor", "__randomstate_ctor"):
        made = asm.state_dict(("capsule", asm.number(1)))
        held = _new("argparse", "Namespace", made)
        yield f"{maker}-of-an-object", CALL, call("numpy.random._pickle", maker, held)
        yield f"{maker}-by-a-function", CALL, call("numpy.random._pickle", maker, text("PCG64"), ENCODE)
        yield f"{maker}-by-a-class", CALL, call("numpy.random._pickle", maker, text("PCG64"), ADAM)
        yield f"{maker}-of-three", CALL, call("numpy.random._pickle", maker, text("PCG64"), BITS, asm.NONE)
    yield "bits-called", CALL, PCG + asm.EMPTY_TUPLE + asm.REDUCE
    for place in (-1, 625, 1 << 30):
        yield f"table-at-{place}", STATE, _state_of_bits(_twister(("pos", asm.number(place))))
        yield f"python-at-{place}", STATE, _python(place)
        yield f"philox-at-{place}", STATE, _philox(place)
    yield "table-of-another", STATE, _state_of_bits(_twister(name="PCG64"))
    yield "table-with-a-function", STATE, _state_of_bits(_twister(("inc", ENCODE)))
    yield "table-with-an-object", STATE, _state_of_bits(_twister(("key", _new("argparse", "Namespace"))))
    yield "table-with-more", STATE, _state_of_bits(_twister(("capsule", asm.number(1))))
    yield "table-twice", STATE, _state_of_bits(_twister()) + _tuple(_twister(), asm.NONE) + asm.BUILD
    yield "seeds-that-are-an-object", STATE, _state_of_bits(_twister(), _new("argparse", "Namespace"))
    old = call("numpy.random._pickle", "__randomstate_ctor", text("MT19937"))
    key = _array(_dtype("u4"), 624, bytes(2496))
    yield "old-table-beyond", STATE, old + _tuple(text("MT19937"), key, asm.number(9_999)) + asm.BUILD
    seeds = "numpy.random.bit_generator"
    yield "seeds-of-a-class", CALL, call(seeds, "__pyx_unpickle_SeedSequence", ADAM, asm.number(65708578), asm.NONE)
    own = call(seeds, "__pyx_unpickle_SeedSequence", named(seeds, "SeedSequence"), asm.number(65708578), asm.NONE)
    numbers = (asm.number(1), asm.number(0), key, asm.number(4))
    yield "seeds-with-a-dictionary", STATE, own + _tuple(*numbers, asm.EMPTY_TUPLE, asm.EMPTY_DICT) + asm.BUILD
    yield "seeds-with-a-function", STATE, own + _tuple(*numbers, _tuple(ENCODE)) + asm.BUILD
    yield "python-seeded-by-a-file", CALL, call("random", "Random", text("seed"))
    yield "system-random", IMPORT, call("random", "SystemRandom")


def _arrays() -> Iterator[tuple[str, str, bytes]]:
    yield "array-of-a-class", CALL, _array(_dtype("f4"), 1, bytes(4), kind=ADAM)
    yield "array-of-masked", CALL, _array(_dtype("f4"), 1, bytes(4), kind=named("numpy.ma", "MaskedArray"))
    yield "matrix-called", CALL, call("numpy", "matrix", text("1; 2"))
    yield "masked-of-a-class", CALL, _masked(kind=ADAM)
    yield "masked-on-a-class", CALL, _masked(base=named("numpy", "matrix"))
    yield "masked-filled-by-an-object", STATE, _masked(*_of_array(filling=_new("argparse", "Namespace")))
    yield "masked-filled-by-a-function", STATE, _masked(*_of_array(filling=ENCODE))
    yield "masked-by-a-text", STATE, _masked(*_of_array(mask=text("ab")))
    yield "masked-beyond", STATE, _masked(*_of_array(bytes(4)))
    yield "masked-by-a-dictionary", STATE, _masked() + asm.state_dict(("_fill_value", asm.NONE)) + asm.BUILD
    for name, dtype in (
        ("field-beyond", _record(4, 8)),
        ("field-before", _record(8, -4)),
        ("field-across", _record(6, 4)),
        ("record-field-beyond", _record(4, 1 << 20, record=True)),
        ("part-beyond", _part(8, 1 << 20)),
        ("part-negative", _part(8, -2)),
        ("record-of-gigabytes", _record(1 << 30, 0, record=True)),
    ):
        yield name, STATE, _array(dtype, 1, bytes(8))
    grown = _record(4, 0, record=True) + asm.put(9) + asm.POP + _array(asm.get(9), 1, bytes(4)) + asm.POP
    state = _tuple(asm.number(3), text("|"), asm.NONE, asm.EMPTY_TUPLE, asm.EMPTY_DICT, *map(asm.number, (4096, 1, 16)))
    yield "record-grown-later", STATE, grown + asm.get(9) + state + asm.BUILD
    early = _dtype("", record=True) + asm.put(9) + asm.POP + _array(asm.get(9), 4, b"") + asm.POP
    yield "record-grown-after", STATE, early + asm.get(9) + state + asm.BUILD
    yield "texts-by-a-function", CALL, call("numpy._core._internal", "_convert_to_stringdtype_kwargs", b"\x88", ENCODE)
    yield "numbers-of-a-class", CALL, call("array", "_array_reconstructor", ADAM, text("d"), asm.number(16), b"C\x00")
    yield "numbers-of-objects", CALL, call("array", "array", text("d"), _list(_new("argparse", "Namespace")))


def _held() -> Iterator[tuple[str, str, bytes]]:
    for name in ("ChainMap", "UserDict", "UserList"):
        for what, held in (("function", ENCODE), ("class", ADAM)):
            key = "maps" if name == "ChainMap" else "data"
            yield f"{name}-with-a-{what}", STATE, _new("collections", name, asm.state_dict((key, _list(held))))
        yield f"{name}-with-a-method", STATE, _new("collections", name, asm.state_dict(("__missing__", ENCODE)))
        yield f"{name}-called", CALL, call("collections", name, asm.EMPTY_DICT)
        yield f"{name}-filled", STATE, _new("collections", name) + text("a") + asm.NONE + asm.SETITEM
    yield (
        "scaler-with-a-function",
        STATE,
        _new("sklearn.preprocessing._data", "StandardScaler", asm.state_dict(("mean_", ENCODE))),
    )
    for module, name in (("easydict", "EasyDict"), ("munch", "Munch"), ("yacs.config", "CfgNode")):
        for key, value in (("__class__", text("x")), ("__setitem__", asm.NONE), ("encode", ENCODE)):
            items = text(key) + value + asm.SETITEM
            yield f"{name}-with-{key}", STATE, _new(module, name) + items
        yield f"{name}-with-a-number", STATE, _new(module, name) + asm.number(1) + asm.NONE + asm.SETITEM
        yield f"{name}-called", CALL, call(module, name, asm.EMPTY_DICT)
    node = asm.state_dict(("_val", ENCODE))
    yield "omegaconf-with-a-function", STATE, _new("omegaconf.nodes", "AnyNode", node)
    yield "unlisted-omegaconf", IMPORT, call("omegaconf", "OmegaConf")
    factory = call("collections", "defaultdict", named("torch.optim.adam", "Adam"))
    yield "notes-by-a-class", CALL, factory
    yield "generator-of-torch-beyond", CALL, call("torch._C", "Generator", text("cpu"))
    device = call("torch", "device", text("cpu"))
    state = _tuple(asm.number(1), asm.NONE, ENCODE)
    yield "generator-of-torch-with-a-function", STATE, call("torch._C", "Generator", device) + state + asm.BUILD
    yield "rows-of-objects", CALL, call("torch.nn.utils.rnn", "PackedSequence", _new("argparse", "Namespace"))
    yield "moment-of-a-function", CALL, call("pandas._libs.tslibs.timestamps", "_unpickle_timestamp", ENCODE)
    yield "frame-of-pandas", IMPORT, call("pandas.core.internals.managers", "BlockManager")
    yield "type-called", CALL, call("numpy", "float32", asm.number(1))
    yield "any-called", CALL, call("typing", "Any", text("a"))
    yield "unlisted-collection", IMPORT, call("collections", "UserEvil")
    yield "unlisted-scaler", IMPORT, call("sklearn.preprocessing._function_transformer", "FunctionTransformer")


def _texts() -> Iterator[tuple[str, str, bytes]]:
    yield "pattern-of-an-object", CALL, call("re", "_compile", _new("argparse", "Namespace"), asm.number(32))
    yield "pattern-that-prints", CALL, call("re", "_compile", text("a"), asm.number(32 + 128))
    yield "pattern-of-megabytes", CALL, call("re", "_compile", text("(a|b)" * 300_000), asm.number(32))
    yield "text-of-a-function", CALL, call("collections", "UserString", ENCODE)
    yield "version-of-a-function", CALL, call("torch.torch_version", "TorchVersion", ENCODE)
    yield "template", IMPORT, call("re", "template", text("a"))


def _armed() -> dict[str, Callable[[bytes], bytes]]:
    """Around a payload that runs."""
    return {
        "shell-as-entropy": lambda shell: _new("collections", "UserDict", asm.state_dict(("data", shell))),
        "shell-in-a-chain": lambda shell: _new("collections", "ChainMap", asm.state_dict(("maps", _list(shell)))),
        "shell-after-a-table": lambda shell: _state_of_bits(_twister()) + asm.POP + shell,
        "shell-as-filling": lambda shell: _masked(*_of_array(filling=shell)),
        "shell-as-bits": lambda shell: call("numpy.random._pickle", "__generator_ctor", shell),
    }
