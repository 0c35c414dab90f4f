"""The project's own say in ``pyproject.toml``: the tables under ``[tool.soundcheck]``, read strictly."""

from __future__ import annotations

from pathlib import Path

from harness.core.errors import BadInput
from harness.core.plaintoml import Document, Table, parse_toml
from harness.models.judged import Judged
from harness.storage.smallfile import read_input_text

MAX_BYTES = 1 << 20


def table(root: Path, name: str) -> Table:
    """Read ``[tool.soundcheck.NAME]`` of the project at `root`.

    Raises:
        BadInput: The file cannot be read or is no TOML, or what has that name is no table.
    """
    path = root / "pyproject.toml"
    place = ("tool", "soundcheck", name)
    heading = f"[{'.'.join(place)}]"
    if path.exists():
        source, _ = read_input_text(path, MAX_BYTES, "a project file")
        document = parse_toml(source, str(path))
    else:
        document = Document(name=str(path), content={}, lines={})
    content: object = document.content
    for key in (*place, ""):
        if not isinstance(content, dict):
            raise document.error(place, f"expected a table, got {type(content).__name__}", heading)
        content = content.get(key, {}) if key else content
    assert isinstance(content, dict)
    return Table(document=document, place=place, heading=heading, root=root, values=content)


def find_project(start: Path, *judged: str | Path) -> Path:
    """The nearest folder at or above `start` that has a ``pyproject.toml``, outside all that is judged.

    Args:
        start: The current folder.
        judged: Models that are looked at, as typed. A file that lies in them, or is a link into them, is not ours.

    Returns:
        Its folder; where none has such a file, the first that lies outside.

    Raises:
        BadInput: No folder does.
    """
    start = start.absolute()
    models = Judged.of(**{f"model {place}": model for place, model in enumerate(judged, 1)})
    outside = [folder for folder in (start, *start.parents) if models.holding(folder / "pyproject.toml") is None]
    if not outside:
        raise BadInput(f"{start}: expected a project outside of what is looked at, got none")
    return next((folder for folder in outside if (folder / "pyproject.toml").is_file()), outside[0])
