"""The rules of the checkpoint check: what each reader may report, and what that means."""

from __future__ import annotations

from functools import partial

from harness.admission.documented import documented_rule
from harness.core.grades import Severity, Verdict
from harness.core.rules import RUNS_CODE

_CONVERT = "Write its tensors anew, which executes nothing: soundcheck scan --convert OUT.pth FILE. Admit the result."
_PICKLE = "Python's pickle documentation; the opcodes are described in Lib/pickletools.py"
_ZIP = "APPNOTE.TXT, .ZIP File Format Specification, sections 4.3 and 4.4"
_TORCH = "torch/serialization.py and caffe2/serialize"


_rule = partial(documented_rule, source="")

IMPORT = _rule(
    "pickle-import",
    Severity.CRITICAL,
    "A pickle imports what rebuilding tensors does not need",
    "Loading the file imports the name and can call it.",
    "Do not load it; ask its publisher for safetensors.",
    source=_PICKLE,
    unacceptable=RUNS_CODE,
)
CALL = _rule(
    "pickle-call",
    Severity.CRITICAL,
    "A pickle calls something in a way no checkpoint does",
    "The name is allowed, these arguments are not.",
    "Do not load the file.",
    source=_PICKLE,
    unacceptable=RUNS_CODE,
)
STATE = _rule(
    "pickle-state",
    Severity.HIGH,
    "A pickle sets state on what takes none",
    "State can replace methods and attributes.",
    "Do not load the file.",
    source=_PICKLE,
    unacceptable=RUNS_CODE,
)
OPERATION = _rule(
    "pickle-operation",
    Severity.HIGH,
    "A pickle uses operations that no checkpoint uses",
    "Extension codes, foreign persistent ids and out-of-band buffers mean what another program says.",
    "Do not load it.",
    source=_PICKLE,
    unacceptable=RUNS_CODE,
)
BROKEN = _rule(
    "pickle-broken",
    Severity.HIGH,
    "A pickle is truncated or malformed",
    "A loader executes what comes before the break.",
    "Get the file again; where it stays broken, do not load it.",
    source=_PICKLE,
    unacceptable=RUNS_CODE,
)
TRAILING = _rule(
    "pickle-trailing",
    Severity.HIGH,
    "Bytes follow the end of a pickle",
    "No honest writer leaves any: they are a second file or a hidden payload.",
    "Do not load it.",
    source=_PICKLE,
)
BOMB = _rule(
    "pickle-bomb",
    Severity.HIGH,
    "A pickle grows or nests beyond any checkpoint",
    "Loading it would exhaust memory, time or the stack.",
    "Do not load it.",
    source=_PICKLE,
)
TOO_LARGE = _rule(
    "too-large",
    Severity.HIGH,
    "Too much to be read to its end",
    "Nothing is known about the rest, so it is refused.",
    "Keep the voice's weights alone, as torch or safetensors write them.",
)
OBJECT = _rule(
    "pickle-object",
    Severity.MEDIUM,
    "A pickle holds Python objects beside tensors",
    "Trainers pickle configurations, modules and generators of random numbers; loading them needs their classes' code.",
    _CONVERT,
    verdict=Verdict.INCONCLUSIVE,
    source="coqui-tts, TTS/tts/models/xtts.py: _legacy_safe_globals",
)
LEGACY = _rule(
    "legacy-format",
    Severity.LOW,
    "A format that torch or numpy no longer writes",
    "It is read, but other readers may read it otherwise.",
    _CONVERT,
    verdict=Verdict.INCONCLUSIVE,
    source=_TORCH,
)
COMPRESSED = _rule(
    "compressed-checkpoint",
    Severity.LOW,
    "A checkpoint is wrapped in a compressor",
    "No loader of Coqui unwraps it, joblib and pandas do.",
    "Unpack it and admit the result.",
    verdict=Verdict.INCONCLUSIVE,
)
UNKNOWN = _rule(
    "unknown-format",
    Severity.MEDIUM,
    "A file's format is not understood",
    "Nothing is known about what it does when it is loaded.",
    "Remove it where the voice does not need it, or convert it.",
    verdict=Verdict.INCONCLUSIVE,
)
POLYGLOT = _rule(
    "polyglot",
    Severity.HIGH,
    "One file is two formats at once",
    "One program reads a harmless file, another a different one.",
    "Do not load it.",
    unacceptable=RUNS_CODE,
)
TORCHSCRIPT = _rule(
    "torchscript",
    Severity.HIGH,
    "A TorchScript archive is a program",
    "torch runs its code when the model speaks, and torch.load hands it to torch.jit.",
    "Ask for the state dict.",
    source=_TORCH,
    unacceptable=RUNS_CODE,
)
UNREADABLE = _rule(
    "unreadable",
    Severity.HIGH,
    "A file cannot be read to its end",
    "Nothing is known about it, so it is refused.",
    "Mend its permissions, and see that nobody changes it meanwhile.",
)

ZIP_BROKEN = _rule(
    "zip-broken",
    Severity.HIGH,
    "An archive is truncated or malformed",
    "Readers recover from this differently and see different members.",
    "Get the file again.",
    source=_ZIP,
)
ZIP_DUPLICATE = _rule(
    "zip-duplicate",
    Severity.CRITICAL,
    "An archive has two members of one name",
    "torch reads the first, Python the last: a scanner sees another pickle than the loader.",
    "Do not load it.",
    source=_ZIP,
)
ZIP_DISAGREE = _rule(
    "zip-disagree",
    Severity.CRITICAL,
    "An archive's headers disagree about a member",
    "Readers that believe one or the other read different bytes.",
    "Do not load it.",
    source=_ZIP,
)
ZIP_ENCRYPTED = _rule(
    "zip-encrypted",
    Severity.HIGH,
    "An archive member is marked encrypted",
    "Scanners skip what they cannot unpack, other readers ignore the mark.",
    "Do not load it.",
    source=_ZIP,
)
ZIP_NAME = _rule(
    "zip-name",
    Severity.HIGH,
    "An archive member has a name that no writer gives",
    "Absolute, climbing, invisible or look-alike names lead readers astray.",
    "Do not load it.",
    source=_ZIP,
)
ZIP_HIDDEN = _rule(
    "zip-hidden-bytes",
    Severity.HIGH,
    "An archive has bytes that belong to no member",
    "Before, between and after members another file or a payload can hide.",
    "Do not load it.",
    source=_ZIP,
)
ZIP_OVERLAP = _rule(
    "zip-overlap",
    Severity.HIGH,
    "Archive members overlap",
    "The same bytes read twice are how zip bombs and hidden members are made.",
    "Do not load it.",
    source="D. Fifield, A better zip bomb, WOOT 2019",
)
ZIP_CRC = _rule(
    "zip-crc",
    Severity.HIGH,
    "An archive member does not match its checksum",
    "It was damaged or edited after it was written; torch does not look.",
    "Get the file again.",
    source=_ZIP,
)
ZIP_RATIO = _rule(
    "zip-bomb",
    Severity.HIGH,
    "An archive member unpacks to far more than it is",
    "Loading it would exhaust memory.",
    "Do not load it.",
    source=_ZIP,
)
ZIP_METHOD = _rule(
    "zip-method",
    Severity.HIGH,
    "An archive member is packed in an unusual way",
    "Only stored and deflated members are read alike everywhere.",
    "Do not load it.",
    source=_ZIP,
)
ZIP_COMPRESSED = _rule(
    "zip-compressed",
    Severity.LOW,
    "A torch archive was packed again",
    "torch stores members uncompressed; another program wrote this one.",
    "Save it again with torch.",
    verdict=Verdict.INCONCLUSIVE,
    source=_TORCH,
)
ZIP_NESTED = _rule(
    "zip-nested",
    Severity.HIGH,
    "An archive holds another archive",
    "No checkpoint does.",
    "Do not load it.",
    source=_ZIP,
)
TORCH_MEMBER = _rule(
    "torch-member",
    Severity.HIGH,
    "A torch archive's members are not those torch writes",
    "Its layout is fixed: data.pkl, version, byteorder and the storages that data.pkl names.",
    "Do not load it.",
    source=_TORCH,
)
STORAGE_SIZE = _rule(
    "storage-size",
    Severity.HIGH,
    "A storage is not as large as the pickle says",
    "Loading reads past it or leaves memory uninitialised.",
    "Do not load it.",
    source="CVE-2026-24747 and " + _TORCH,
)
TENSOR_BOUNDS = _rule(
    "tensor-bounds",
    Severity.HIGH,
    "A tensor reaches outside its storage",
    "Its offset, sizes and strides do not fit.",
    "Do not load it.",
    source="CVE-2026-24747 and " + _TORCH,
)
TENSOR_EXPANSION = _rule(
    "tensor-expansion",
    Severity.HIGH,
    "A tensor shows few bytes as very many elements",
    "A stride of 0 makes a small file a huge tensor as soon as it is copied.",
    "Do not load it.",
)
TENSOR_DTYPE = _rule(
    "tensor-dtype",
    Severity.HIGH,
    "An array has elements that are no numbers",
    "Objects and records in an array are pickles by another name.",
    "Do not load it.",
    source="numpy, numpy/lib/format.py",
)
RECORDS = _rule(
    "tensor-records",
    Severity.LOW,
    "An array has records",
    "No voice needs them, and the numbers in them are not looked at.",
    "Save its columns as arrays of numbers.",
    verdict=Verdict.INCONCLUSIVE,
    source="numpy, numpy/lib/format.py",
)
NOT_FINITE = _rule(
    "tensor-not-finite",
    Severity.MEDIUM,
    "A tensor holds NaN or infinity",
    "The voice is damaged or made to fail on some inputs.",
    "Get it again or train it again.",
)
MAGNITUDE = _rule(
    "tensor-magnitude",
    Severity.LOW,
    "A tensor holds absurdly large values",
    "Weights of a working voice are far smaller.",
    "Ask its publisher, or compare it with a trusted copy.",
    verdict=Verdict.INCONCLUSIVE,
)
SAFETENSORS = _rule(
    "safetensors-header",
    Severity.HIGH,
    "A safetensors header breaks the format",
    "Readers will differ about where tensors lie.",
    "Do not load it; write it again with safetensors.",
    source="safetensors README, Format",
)
NUMPY_HEADER = _rule(
    "numpy-header",
    Severity.HIGH,
    "A numpy file's header breaks the format",
    "numpy evaluates it as Python literals.",
    "Do not load it; save the array again.",
    source="numpy, numpy/lib/format.py",
)

RULES = (
    IMPORT, CALL, STATE, OPERATION, BROKEN, TRAILING, BOMB, TOO_LARGE, OBJECT, LEGACY, COMPRESSED, UNKNOWN, POLYGLOT,
    TORCHSCRIPT, UNREADABLE, ZIP_BROKEN, ZIP_DUPLICATE, ZIP_DISAGREE, ZIP_ENCRYPTED, ZIP_NAME, ZIP_HIDDEN, ZIP_OVERLAP,
    ZIP_CRC, ZIP_RATIO, ZIP_METHOD, ZIP_COMPRESSED, ZIP_NESTED, TORCH_MEMBER, STORAGE_SIZE, TENSOR_BOUNDS,
    TENSOR_EXPANSION, TENSOR_DTYPE, RECORDS, NOT_FINITE, MAGNITUDE, SAFETENSORS, NUMPY_HEADER,
)  # fmt: skip
