"""Names of files: which suffixes promise what, and which names are more than names. Data only."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from harness.admission.reading.tensorformats import SUFFIXES

CHECKPOINTS = frozenset({".pth", ".pt", ".bin", ".ckpt", ".npy", ".npz", *SUFFIXES})
PICKLES = frozenset({".pkl", ".pickle", ".joblib"})
"""What Coqui does not need, and the checkpoint check reads all the same."""
CONFIGURATIONS = frozenset({".json", ".yml", ".yaml"})
DOCUMENTS = frozenset({".md", ".txt", ".rst", ".cff", ".bib", ".csv", ".tsv"})
RECORDINGS = frozenset({".wav", ".flac", ".mp3", ".ogg", ".opus"})
IMAGES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp"})
SIGNATURES = frozenset({".sig", ".asc", ".sigstore", ".sha256", ".sha512", ".pub", ".pem"})
PLAIN_NAMES = frozenset(
    {"license", "licence", "copying", "notice", "readme", "model_card", "modelcard", "citation", "authors", "changelog",
     "sha256sums", "sha256sums.txt", ".gitattributes"}
)  # fmt: skip
CODE_SUFFIXES = frozenset(
    {".py", ".pyw", ".pyc", ".pyo", ".pyd", ".pyi", ".pyx", ".pyz", ".ipynb", ".egg-link", ".egg", ".whl", ".so",
     ".dll", ".dylib", ".exe", ".com", ".scr", ".msi", ".sys", ".o", ".a", ".sh", ".bash", ".zsh", ".fish", ".bat",
     ".cmd", ".ps1", ".psm1", ".vbs", ".vbe", ".js", ".mjs", ".cjs", ".ts", ".jse", ".wsf", ".hta", ".jar", ".class",
     ".wasm", ".app", ".apk", ".deb", ".rpm", ".run", ".lnk", ".desktop", ".reg", ".scpt", ".command",
     ".php", ".pl", ".rb", ".lua", ".r", ".jl", ".c", ".cc", ".cpp", ".cu", ".ptx", ".cubin", ".hsaco", ".rs", ".go"}
)  # fmt: skip
ARCHIVE_SUFFIXES = frozenset(
    {".zip", ".tar", ".gz", ".tgz", ".bz2", ".tbz2", ".xz", ".txz", ".7z", ".rar", ".zst", ".lz4", ".lzma", ".cab",
     ".iso", ".dmg", ".img", ".tar.gz"}
)  # fmt: skip
CODE_NAMES = frozenset(
    {"sitecustomize", "usercustomize", "conftest", "makefile", "dockerfile", "pyproject.toml", "setup.cfg", "tox.ini",
     "pytest.ini", ".pre-commit-config.yaml", ".envrc", "autorun.inf", "desktop.ini"}
)  # fmt: skip
DEVICE = re.compile(r"(con|prn|aux|nul|clock\$|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.I)
TWINS = str.maketrans(
    "аеорсухіјѕԁһԛԝνοραɡıʟ０１ΑΒΕΖΗΙΚΜΝΟΡΤΥΧАВЕКМНОРСТУХ", "aeopcyxijsdhqwvopagil01ABEZHIKMNOPTYXABEKMHOPCTYX"
)
"""Cyrillic and Greek letters that look Latin."""


def place_in_line(path: str) -> tuple[int, int, str]:
    """Sorts files as they are read: configuration and checkpoint of the model first, whatever lies beside them.

    Args:
        path: Below the model's folder.
    """
    place = PurePosixPath(path)
    name, depth = place.name.lower(), len(place.parts)
    if depth == 1 and name.startswith("config"):
        return 0, depth, path
    if depth == 1 and place.suffix.lower() in CHECKPOINTS:
        return (1 if name.startswith(("best_model", "model")) else 2), depth, path
    return 3, depth, path
