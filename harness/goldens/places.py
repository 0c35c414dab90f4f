"""Where goldens are looked for by name: the project's own folder, then the package's."""

from __future__ import annotations

from pathlib import Path


def golden_folders(*projects: Path) -> tuple[Path, ...]:
    """The project's goldens, then those that travel with the package; each folder once."""
    return tuple(dict.fromkeys((*projects, packaged_golden())))


def packaged_golden() -> Path:
    """The demo's golden: package data in a wheel, the repository's own folder in a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "data" / "golden"
    return inside if inside.is_dir() else package.parent / "golden"
