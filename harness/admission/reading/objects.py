"""How a pickle makes objects of old formats, each call with a check of its arguments; a decision is always needed.

What state they may then get is :mod:`harness.admission.reading.states`'. Knows symbols, not bytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from harness.admission.reading import arraykinds, randomstates
from harness.admission.reading.oldnames import (
    DIMENSIONS,
    ENUMS,
    JOBLIB_WRAPPER,
    KNOWN_PACKAGES,
    NUMBER_TYPES,
    OLD_TENSORS,
    REFRESH,
    RETURN_TYPES,
    STATEFUL,
)
from harness.admission.reading.rebuilding import NESTED, Maker, Outdated, Refused, arguments
from harness.admission.reading.symbols import Blob, Box, Global, Tensor, show

USER_TEXT = "collections.UserString"
MAX_PATTERN = 10_000
"""Bytes of a regular expression."""
UNPICKLE_ZONE = "zoneinfo.ZoneInfo._unpickle"
_ZONE = re.compile(r"[A-Za-z0-9_+-]{1,40}(/[A-Za-z0-9_+-]{1,40}){0,3}\Z")
_CLASS = re.compile(r"[A-Z][A-Za-z0-9]{0,60}\Z")
_MODULE = re.compile(r"[a-z_][a-z0-9_]{0,60}(\.[a-z_][a-z0-9_]{0,60}){0,6}\Z", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,39}\Z")
_NUMBER = re.compile(r"[-+]?[0-9./eE+-]{1,200}\Z|-?(Infinity|s?NaN)\Z")


def _plain(name: str) -> Maker:
    def make(args: Sequence[object], _: int) -> object:
        if args:
            raise Refused(f"expected no arguments, got {show(args[0])}")
        raise Outdated(name)

    return make


def _path(args: Sequence[object], _: int) -> object:
    if len(args) > 64 or not all(isinstance(one, str) for one in args):
        raise Refused("expected a path's parts as texts")
    raise Outdated("a path")


def _date(args: Sequence[object], _: int) -> object:
    if len(args) > 8 or not all(isinstance(one, int | bytes) or _is_made(one, "a time zone") for one in args):
        raise Refused(f"expected a date, got {show(args[0])}")
    raise Outdated("a date")


def _duration(args: Sequence[object], _: int) -> object:
    arguments(args, 0, 3, "timedelta")
    if not all(isinstance(one, int) for one in args):
        raise Refused(f"expected days, seconds and microseconds, got {show(args[0])}")
    raise Outdated("a duration")


def _zone(args: Sequence[object], _: int) -> object:
    arguments(args, 1, 2, "timezone")
    if not _is_made(args[0], "a duration") or not all(isinstance(one, str) for one in args[1:]):
        raise Refused(f"expected an offset, got {show(args[0])}")
    raise Outdated("a time zone")


def _named_zone(args: Sequence[object], _: int) -> object:
    arguments(args, 1, 2, "ZoneInfo")
    if not isinstance(args[0], str) or not _ZONE.match(args[0]) or not all(isinstance(one, int) for one in args[1:]):
        raise Refused(f"expected the name of a time zone, got {show(args[0])}")
    raise Outdated("a time zone")


def _pytz(args: Sequence[object], _: int) -> object:
    arguments(args, 0, 4, "pytz")
    if not all(isinstance(one, int | str) for one in args):
        raise Refused(f"expected the name of a time zone and an offset, got {show(args[0])}")
    raise Outdated("a time zone")


def _decimal(args: Sequence[object], _: int) -> object:
    arguments(args, 1, 2, "a number of many digits")
    if not all(isinstance(one, int) or (isinstance(one, str) and _NUMBER.match(one)) for one in args):
        raise Refused(f"expected a number as text, got {show(args[0])}")
    raise Outdated("a number")


def _text(args: Sequence[object], _: int) -> object:
    arguments(args, 1, 1, "a text of a class of its own")
    if not isinstance(args[0], str) and not (isinstance(args[0], Blob) and args[0].kind == "text"):
        raise Refused(f"expected a text, got {show(args[0])}")
    raise Outdated(USER_TEXT)


def _pattern(args: Sequence[object], _: int) -> object:
    """A regular expression; one that prints how it is compiled is a debugger's."""
    arguments(args, 2, 2, "re._compile")
    text, flags = args
    is_text = isinstance(text, str | bytes) or (isinstance(text, Blob) and text.byte_count <= MAX_PATTERN)
    if not is_text or not isinstance(flags, int) or not 0 <= flags < re.DEBUG * 4 or flags & re.DEBUG:
        raise Refused(f"expected a regular expression and its flags, got {show(text)} and {show(flags)}")
    raise Outdated("a regular expression")


def _packed(args: Sequence[object], _: int) -> object:
    """Rows of different lengths in one tensor, or what a function of torch's gives back."""
    arguments(args, 1, 4, "tensors with names")
    parts = args[0].items if isinstance(args[0], Box) and args[0].kind == "tuple" else args
    rest = args[1:] if parts is not args else ()
    if not all(one is None or isinstance(one, Tensor) for one in parts) or any(not _is_empty(one) for one in rest):
        raise Refused(f"expected tensors, got {show(args[0])}")
    raise Outdated("tensors with names")


def _is_empty(value: object) -> bool:
    return isinstance(value, Box) and value.kind == "dict" and not value.count


def _moment(args: Sequence[object], _: int) -> object:
    """A moment or a span of pandas: nanoseconds, a frequency that is none, a time zone, a unit."""
    arguments(args, 1, 4, "a moment of pandas")
    if not all(one is None or isinstance(one, int) or _is_made(one, "a time zone") for one in args):
        raise Refused(f"expected whole numbers and a time zone, got {show(args[0])}")
    raise Outdated("a moment")


def _enum(args: Sequence[object], _: int) -> object:
    arguments(args, 1, 1, "an enumeration")
    if not isinstance(args[0], int | str):
        raise Refused(f"expected a value, got {show(args[0])}")
    raise Outdated("a member of an enumeration")


def _reconstructor(args: Sequence[object], _: int) -> object:
    arguments(args, 3, 3, "copyreg._reconstructor")
    kind, base, state = args
    if not isinstance(kind, Global) or (kind.name not in STATEFUL and kind.name != USER_TEXT):
        raise Refused(f"expected a class of an old format, got {show(kind)}")
    if not isinstance(base, Global) or base.name != "builtins.object" or state is not None:
        raise Refused(f"expected builtins.object and None, got {show(base)} and {show(state)}")
    raise Outdated(kind.name)


def _nested(args: Sequence[object], _: int) -> object:
    """A tensor of tensors: a buffer, and their sizes, strides and places, which nobody here follows."""
    arguments(args, 4, 4, "_rebuild_nested_tensor")
    if not all(isinstance(one, Tensor) for one in args):
        raise Refused(f"expected four tensors, got {show(next(one for one in args if not isinstance(one, Tensor)))}")
    raise Outdated("a nested tensor")


def _named_only(args: Sequence[object], _: int) -> object:
    raise Refused(f"expected a mere name, got a call with {show(args[0] if args else None)}")


def _member(args: Sequence[object], position: int) -> object:
    if not is_member(args):
        raise Refused(f"expected an enumeration and the name of a member, got {show(args[0] if args else None)}")
    kind = args[0]
    if isinstance(kind, Global) and (kind.name in ENUMS or kind.standing == "own"):
        kind.call = kind.call or f".{args[1]}"
        raise Outdated("a member of an enumeration")
    return Global(UNPICKLE_ZONE, position, "legacy")


def is_own_class(module: str, name: str) -> bool:
    """Whether it may be an enumeration that a trainer's own package defines: a class, of no package that is known."""
    return bool(_CLASS.match(name) and _MODULE.match(module)) and module.partition(".")[0] not in KNOWN_PACKAGES


def is_own_member(args: Sequence[object]) -> bool:
    """Whether a class is called as enumerations are: with one whole number or one short word."""
    return len(args) == 1 and (isinstance(args[0], int) or (isinstance(args[0], str) and bool(_WORD.match(args[0]))))


def is_member(args: Sequence[object]) -> bool:
    """Whether ``getattr`` is called as Python 3.11 writes members of enumerations and time zones."""
    if len(args) != 2 or not isinstance(args[0], Global) or not isinstance(args[1], str):
        return False
    if args[0].name == "zoneinfo.ZoneInfo":
        return args[1] == "_unpickle"
    if args[0].standing == "own":
        return args[1].isidentifier() and not args[1].startswith("_")
    return args[0].name in ENUMS and args[1].isidentifier() and not args[1].startswith("_") and args[1].isupper()


def _is_made(value: object, detail: str) -> bool:
    return isinstance(value, Box) and value.kind == "object" and value.detail == detail


NAMES = arraykinds.NAMES | randomstates.NAMES | NUMBER_TYPES | REFRESH
"""What may be named, as an argument of those below or by itself, but not called."""

CALLS: Mapping[str, Maker] = {
    **arraykinds.CALLS,
    **randomstates.CALLS,
    USER_TEXT: _text,
    "re._compile": _pattern,
    "torch.nn.utils.rnn.PackedSequence": _packed,
    **dict.fromkeys(RETURN_TYPES, _packed),
    "pandas._libs.tslibs.timestamps._unpickle_timestamp": _moment,
    "pandas._libs.tslibs.timedeltas._timedelta_unpickle": _moment,
    "pandas._libs.tslibs.nattype._nat_unpickle": _moment,
    **{name: _plain(name) for name in STATEFUL | OLD_TENSORS},
    **{name: _plain(name) for name in (JOBLIB_WRAPPER, "torch.ScriptObject")},
    "torch.nn.backends.thnn._get_thnn_function_backend": _plain("what layers of torch before 1.2 hold"),
    **dict.fromkeys(ENUMS, _enum),
    **{
        f"pathlib.{module}{name}": _path
        for module in ("", "_local.")  # Python 3.13 writes pathlib._local
        for name in ("Path", "PosixPath", "PurePath", "PurePosixPath", "WindowsPath", "PureWindowsPath")
    },
    "datetime.date": _date,
    "datetime.datetime": _date,
    "datetime.time": _date,
    "datetime.timedelta": _duration,
    "datetime.timezone": _zone,
    "zoneinfo.ZoneInfo": _named_zone,
    UNPICKLE_ZONE: _named_zone,
    "pytz._UTC": _pytz,
    "pytz._p": _pytz,
    "decimal.Decimal": _decimal,
    "fractions.Fraction": _decimal,
    "torch._utils._rebuild_nested_tensor": _nested,
    f"{NESTED}_rebuild_njt": _named_only,
    f"{NESTED}NestedTensor": _named_only,
    DIMENSIONS: _plain(DIMENSIONS),
    "copyreg._reconstructor": _reconstructor,
    "builtins.getattr": _member,
}
"""What makes an object, and who checks the arguments."""
