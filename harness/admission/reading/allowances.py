"""What a checkpoint's pickle may import: what rebuilding tensors needs and a Coqui trainer's checkpoint holds.

Everything else is refused. How the allowed names may be called is :mod:`harness.admission.reading.rebuilding`'s.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.admission.reading.rebuilding import CALLS, LEGACY_CALLS, PLAIN_TYPES, TENSOR_TYPES, Refused, plain_object
from harness.admission.reading.symbols import DTYPE_BYTES, STORAGE_DTYPES, Global

_MODULE = r"[A-Za-z_]\w*"
LEGACY = re.compile(
    r"TTS(\.[a-z]\w*)+\.[A-Z]\w*(Config|Args|Characters)\Z"
    r"|TTS\.config\.shared_configs\.[A-Z]\w*\Z"
    r"|TTS\.utils\.radam\.RAdam\Z"
    r"|coqpit(\.coqpit)?\.Coqpit\Z"
    r"|trainer\.trainer\.Trainer(Config|Args)\Z"
    rf"|torch\.nn\.modules(\.{_MODULE})*\.[A-Z]\w*\Z"
    r"|torch\.optim\.(\w+\.)?[A-Z]\w*\Z"
    r"|torch(\.cuda)?\.[A-Z][a-z]+Tensor\Z"
    r"|pathlib\.(_local\.)?(Pure)?(Posix|Windows)?Path\Z"  # Python 3.13 writes pathlib._local
    r"|(argparse\.Namespace|types\.SimpleNamespace|datetime\.(date|datetime))\Z"
    r"|copyreg\._reconstructor\Z"
    r"|builtins\.object\Z"
    r"|joblib\.numpy_pickle\.NumpyArrayWrapper\Z"
)
"""Classes that old but honest Coqui, torch and joblib files pickled. Their presence is never a pass."""


DATA = frozenset(
    {
        "numpy.ndarray",
        *PLAIN_TYPES,
        *TENSOR_TYPES,
        *(f"torch.{name}" for name in DTYPE_BYTES),
        *(f"{parent}.{name}" for name in STORAGE_DTYPES for parent in ("torch", "torch.cuda", "torch.storage")),
    }
)
"""What may be named, as an argument to the above, but not called."""

_RENAMED = {"__builtin__": "builtins", "copy_reg": "copyreg"}


def standing_of(name: str) -> str:
    """``allowed``, ``legacy`` or ``refused``."""
    if name in CALLS or name in DATA:
        return "allowed"
    return "legacy" if LEGACY.match(name) else "refused"


def name_of(module: str, attribute: str, *, renames: bool) -> str:
    """The dotted name of an import; `renames` applies Python 2's names for protocols below 3, as unpicklers do."""
    return f"{_RENAMED.get(module, module) if renames else module}.{attribute}"


def call(target: Global, args: Sequence[object], position: int) -> object:
    """Check a call and give its symbolic result.

    Raises:
        Refused: A checkpoint does not call it, or not so.
        Outdated: It makes an object of an old format.
    """
    if target.standing == "legacy":
        return LEGACY_CALLS.get(target.name, plain_object)(args, position)
    maker = CALLS.get(target.name)
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
