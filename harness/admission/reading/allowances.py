"""What a checkpoint's pickle may import: what rebuilding tensors needs and a Coqui trainer's checkpoint holds.

Everything else is refused. How the allowed names may be called is said by :mod:`harness.admission.reading.rebuilding`,
``numpycalls`` and ``objects``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from harness.admission.reading import numpycalls, objects, plaincalls, rebuilding
from harness.admission.reading.oldnames import ACTIVATIONS, NUMBER_TYPES, REFRESH
from harness.admission.reading.plaincalls import PLAIN_TYPES
from harness.admission.reading.rebuilding import TENSOR_TYPES, Maker, Refused
from harness.admission.reading.symbols import DTYPE_BYTES, STORAGE_DTYPES, Box, Global

CALLS: Mapping[str, Maker] = {**plaincalls.CALLS, **rebuilding.CALLS, **numpycalls.CALLS}

_SCHEMES = {
    f"torch.per_{what}" for what in ("tensor_affine", "channel_affine", "channel_affine_float_qparams")
}  # fmt: skip
_TYPES = {f"torch.{name}" for name in DTYPE_BYTES}

DATA = frozenset(
    {
        "numpy.ndarray",
        *PLAIN_TYPES,
        *TENSOR_TYPES,
        *_TYPES,
        *_SCHEMES,
        *(f"{parent}.{name}" for name in STORAGE_DTYPES for parent in ("torch", "torch.cuda", "torch.storage")),
    }
)
"""What may be named, as an argument to the above, but not called."""

MERE_NAMES = frozenset({"numpy.ndarray", *PLAIN_TYPES, *_TYPES, *_SCHEMES, *ACTIVATIONS, *NUMBER_TYPES, *REFRESH})
"""Types of elements, of arrays and of plain values: nothing happens where an object holds or calls one."""

_RENAMED_MODULES = {"__builtin__": "builtins", "copy_reg": "copyreg"}
_RENAMED = {
    ("__builtin__", "xrange"): ("builtins", "range"),
    ("__builtin__", "long"): ("builtins", "int"),
    ("__builtin__", "unicode"): ("builtins", "str"),
    ("UserDict", "IterableUserDict"): ("collections", "UserDict"),
    ("UserList", "UserList"): ("collections", "UserList"),
    ("UserString", "UserString"): ("collections", "UserString"),
}
"""Names of Python 2 that protocols below 3 write, of those that are allowed; the others are refused under any name."""


def look_up(module: str, attribute: str, position: int, *, renames: bool) -> Global:
    """What an import is; `renames` applies Python 2's names for protocols below 3, as unpicklers do.

    An attribute with dots goes from object to object, wherever that leads, so none is allowed.
    """
    if renames:
        module, attribute = _RENAMED.get((module, attribute), (_RENAMED_MODULES.get(module, module), attribute))
    name = f"{module}.{attribute}"
    if "." in attribute:
        return Global(
            name, position, "legacy" if (module, attribute) == ("zoneinfo", "ZoneInfo._unpickle") else "refused"
        )
    if name in CALLS or name in DATA:
        return Global(name, position, "allowed")
    is_old = (name in objects.CALLS and name != "builtins.getattr") or name in objects.NAMES or name in ACTIVATIONS
    standing = "legacy" if is_old else "own" if objects.is_own_class(module, attribute) else "refused"
    return Global(name, position, standing)


def admit_member(target: Global, args: Box) -> None:
    """Let ``getattr`` stand where it names a member of a known enumeration; otherwise it reaches anything."""
    if target.name == "builtins.getattr" and objects.is_member(args.items):
        target.standing = "legacy"


def is_mere_name(name: str) -> bool:
    """Whether it is a type of elements or the like: nothing happens where an object holds or calls it."""
    return name in MERE_NAMES


def call(target: Global, args: Sequence[object], position: int) -> object:
    """Check a call and give its symbolic result.

    Raises:
        Refused: A checkpoint does not call it, or not so.
        Outdated: It makes an object of an old format.
    """
    maker = (objects.CALLS if target.standing == "legacy" else CALLS).get(target.name)
    if maker is None:
        raise Refused(f"expected {target.name} as a mere name, got a call of it")
    return maker(args, position)


_EFFECTS = (
    (r"(os|posix|nt|subprocess|pty|commands|_posixsubprocess|asyncio\.subprocess)\.", "runs programs"),
    (r"builtins\.(eval|exec|compile|execfile)\Z|(runpy|code|timeit|cProfile|pdb)\.", "runs code"),
    (r"builtins\.(getattr|__import__|globals|vars)\Z|(importlib|operator|functools|types|pydoc)\.",
     "reaches any other function"),
    (r"(socket|urllib|http|requests|ftplib|smtplib|ssl|webbrowser|fsspec|aiohttp)\b", "uses the network"),
    (r"builtins\.open\Z|(io|shutil|pathlib|tempfile|zipfile|tarfile|codecs|fileinput)\.", "touches files"),
    (r"(ctypes|_ctypes|cffi|mmap)\.", "runs native code"),
    (r"(pickle|_pickle|cloudpickle|dill|joblib|marshal|torch\.(load|jit|storage|hub|serialization))",
     "loads more code"),
)  # fmt: skip


def effect_of(name: str) -> str:
    """What a refused import is known to do, for the report; the verdict never depends on it."""
    return next((effect for pattern, effect in _EFFECTS if re.match(pattern, name)), "runs whatever that module does")
