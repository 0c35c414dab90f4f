"""Objects of old formats with what no honest file gives them: names behind dots, functions, items, a second state."""

from __future__ import annotations

from collections.abc import Iterator

from tests.admission_corpus import pickle_assembly as asm
from tests.admission_corpus.artefact import FOUR, Hostile, shell
from tests.admission_corpus.pickle_assembly import call, legacy, named, stream, text, torch_archive

IMPORT, CALL, STATE, OPERATION = "pickle-import", "pickle-call", "pickle-state", "pickle-operation"
ENCODE = named("_codecs", "encode")
NAMESPACE = named("argparse", "Namespace") + asm.EMPTY_TUPLE + asm.NEWOBJ
MODULE = named("torch.nn.modules.linear", "Linear") + asm.EMPTY_TUPLE + asm.NEWOBJ


def _dotted(module: str, path: str, *arguments: bytes) -> bytes:
    """Protocol 4 goes from attribute to attribute."""
    return text(module) + text(path) + asm.STACK_GLOBAL + asm.MARK + b"".join(arguments) + asm.TUPLE + asm.REDUCE


def _with_state(state: bytes, made: bytes = NAMESPACE) -> bytes:
    return stream(made + state + asm.BUILD)


def objects() -> Iterator[Hostile]:
    """All of them."""
    for module in ("torch.nn.modules.module", "torch.optim.optimizer", "torch"):
        yield Hostile(
            f"dotted-{module}",
            "model.pkl",
            "pickle",
            IMPORT,
            lambda m, n=module: stream(_dotted(n, _way(n), text(m), text("w")), 4),
        )
    yield Hostile(
        "dotted-allowed", "model.pkl", "", IMPORT, lambda m: stream(_dotted("torch", "_utils._rebuild_tensor_v2"), 4)
    )
    for name in (
        "torch.nn.modules.module.Anything",
        "torch.nn.modules.linear.Evil",
        "torch.optim.Popen",
        "TTS.evil.RunConfig",
        "TTS.tts.configs.vits_config.EvilArgs",
        "torch.EvilTensor",
    ):
        parent, _, last = name.rpartition(".")
        yield Hostile(f"unlisted-{name}", "model.pkl", "", IMPORT, lambda m, p=parent, n=last: stream(call(p, n)))
    yield Hostile(
        "state-dunder", "model.pkl", "", STATE, lambda m: _with_state(asm.state_dict(("__setstate__", text("x"))))
    )
    yield Hostile(
        "state-dunder-in-a-layer",
        "model.pkl",
        "",
        STATE,
        lambda m: _with_state(asm.state_dict(("training", asm.NONE), ("__class__", text("x"))), MODULE),
    )
    yield Hostile("state-function", "model.pkl", "", STATE, lambda m: _with_state(asm.state_dict(("extend", ENCODE))))
    yield Hostile(
        "state-class",
        "model.pkl",
        "",
        STATE,
        lambda m: _with_state(asm.state_dict(("forward", named("torch.optim.adam", "Adam"))), MODULE),
    )
    yield Hostile(
        "state-function-in-a-tuple",
        "model.pkl",
        "",
        STATE,
        lambda m: _with_state(asm.state_dict(("hooks", asm.NONE + ENCODE + asm.TUPLE1 + asm.TUPLE2))),
    )
    yield Hostile(
        "state-function-in-a-list",
        "model.pkl",
        "",
        STATE,
        lambda m: _with_state(asm.state_dict(("hooks", asm.EMPTY_LIST + ENCODE + b"a"))),
    )
    yield Hostile(
        "state-function-behind-many",
        "model.pkl",
        "",
        STATE,
        lambda m: _with_state(asm.state_dict(*((f"a{one}", asm.NONE) for one in range(300)), ("b", ENCODE))),
    )
    yield Hostile("state-function-later", "model.pkl", "", STATE, _later)
    yield Hostile(
        "state-function-by-a-set",
        "model.pkl",
        "",
        STATE,
        lambda m: _with_state(asm.state_dict(("hooks", call("builtins", "list", ENCODE + asm.TUPLE1)))),
    )
    yield Hostile(
        "state-slots",
        "model.pkl",
        "",
        STATE,
        lambda m: _with_state(asm.NONE + asm.state_dict(("a", asm.NONE)) + asm.TUPLE2),
    )
    yield Hostile("state-list", "model.pkl", "", STATE, lambda m: _with_state(asm.EMPTY_LIST, MODULE))
    yield Hostile(
        "state-number-keys",
        "model.pkl",
        "",
        STATE,
        lambda m: _with_state(asm.EMPTY_DICT + asm.number(1) + asm.NONE + asm.SETITEM),
    )
    yield Hostile(
        "state-twice",
        "model.pkl",
        "",
        STATE,
        lambda m: stream(NAMESPACE + (asm.state_dict(("a", asm.NONE)) + asm.BUILD) * 2),
    )
    date = call("datetime", "date", b"C\x04\x07\xea\x01\x01")
    for name, made in (
        ("date", date),
        ("path", call("pathlib", "PosixPath", text("a"))),
        ("number", call("decimal", "Decimal", text("1.5"))),
    ):
        yield Hostile(
            f"state-on-a-{name}",
            "model.pkl",
            "",
            STATE,
            lambda m, o=made: stream(o + asm.state_dict(("a", asm.NONE)) + asm.BUILD, 3),
        )
    for name, what in (
        ("append", asm.NONE + b"a"),
        ("appends", asm.MARK + asm.NONE + asm.APPENDS),
        ("setitem", text("a") + asm.NONE + asm.SETITEM),
        ("setitems", asm.MARK + text("a") + asm.NONE + asm.SETITEMS),
        ("additems", asm.MARK + asm.NONE + b"\x90"),
    ):
        yield Hostile(f"object-{name}", "model.pkl", "", STATE, lambda m, w=what: stream(NAMESPACE + w, 4))
        yield Hostile(f"layer-{name}", "model.pth", "", STATE, lambda m, w=what: torch_archive(stream(MODULE + w, 4)))
    yield Hostile("object-call", "model.pkl", "", CALL, lambda m: stream(NAMESPACE + asm.EMPTY_TUPLE + asm.REDUCE))
    yield Hostile("object-arguments", "model.pkl", "", CALL, lambda m: stream(call("argparse", "Namespace", text("a"))))
    yield Hostile(
        "getattr-of-a-class",
        "model.pkl",
        "",
        IMPORT,
        lambda m: stream(call("builtins", "getattr", named("argparse", "Namespace"), text("__init__"))),
    )
    yield Hostile(
        "getattr-of-an-enumeration",
        "model.pkl",
        "",
        IMPORT,
        lambda m: stream(call("builtins", "getattr", named("http", "HTTPStatus"), text("__subclasses__"))),
    )
    yield Hostile(
        "zone-of-a-path",
        "model.pkl",
        "",
        CALL,
        lambda m: stream(call("zoneinfo", "ZoneInfo", text("../../etc/passwd"))),
    )
    yield Hostile(
        "decimal-of-an-object", "model.pkl", "", CALL, lambda m: stream(call("decimal", "Decimal", NAMESPACE))
    )
    yield Hostile("old-tensor-outside", "model.pth", "", "tensor-bounds", _old_tensor)
    yield Hostile("buffer-attributes", "model.pth", "", CALL, lambda m: torch_archive(stream(_buffer("data")), FOUR))
    yield Hostile(
        "buffer-hooks", "model.pth", "", CALL, lambda m: torch_archive(stream(_buffer("_backward_hooks")), FOUR)
    )
    yield Hostile(
        "script-object",
        "model.pth",
        "",
        STATE,
        lambda m: torch_archive(
            stream(
                named("torch", "ScriptObject")
                + asm.EMPTY_TUPLE
                + asm.NEWOBJ
                + asm.NONE
                + text("__torch__.torch.classes.evil.Runner")
                + asm.TUPLE2
                + asm.BUILD
            )
        ),
    )
    source = text("f.py") + text("class X: pass") + asm.TUPLE + asm.BINPERSID
    yield Hostile(
        "module-source-of-a-function",
        "model.pth",
        "torch",
        IMPORT,
        lambda m: legacy(
            asm.MARK
            + text("module")
            + named("posix", "system")
            + asm.NONE * 2
            + asm.TUPLE
            + asm.BINPERSID
            + text(f": > {m}")
            + asm.TUPLE1
            + asm.REDUCE
        ),
    )
    yield Hostile(
        "module-source-today",
        "model.pth",
        "",
        OPERATION,
        lambda m: torch_archive(stream(asm.MARK + text("module") + MODULE[:-2] + source)),
    )
    yield Hostile(
        "state-after-harm",
        "model.pkl",
        "pickle",
        IMPORT,
        lambda m: stream(NAMESPACE + asm.state_dict(("a", shell(m))) + asm.BUILD),
    )


def _way(module: str) -> str:
    return "hub.zipfile.ZipFile" if module == "torch" else "torch.hub.zipfile.ZipFile"


def _later(_: str) -> bytes:
    """A dictionary that an object holds already gets its function by the memo."""
    held = asm.EMPTY_DICT + asm.put(7)
    body = NAMESPACE + asm.state_dict(("hooks", held)) + asm.BUILD
    return stream(body + asm.get(7) + text("a") + ENCODE + asm.SETITEM + asm.TUPLE2)


def _old_tensor(_: str) -> bytes:
    made = named("torch", "FloatTensor") + asm.EMPTY_TUPLE + asm.REDUCE
    state = asm.MARK + asm.storage("0", 4) + asm.number(0) + asm.number(9) + asm.TUPLE1 + asm.number(1) + asm.TUPLE1
    return torch_archive(stream(made + state + asm.TUPLE + asm.BUILD), FOUR)


def _buffer(attribute: str) -> bytes:
    inner = (
        asm.MARK
        + asm.storage("0", 4)
        + asm.number(0)
        + asm.number(4)
        + asm.TUPLE1
        + asm.number(1)
        + asm.TUPLE1
        + b"\x89"
        + call("collections", "OrderedDict")
        + asm.TUPLE
    )
    return call(
        "torch._tensor",
        "_rebuild_from_type_v2",
        named("torch._utils", "_rebuild_tensor_v2"),
        named("torch", "Tensor"),
        inner,
        asm.state_dict((attribute, b"\x88")),
    )
