"""What is to be signed: a model directory as a manifest, refused where a signature could not cover all of it."""

from __future__ import annotations

from pathlib import Path

from harness.admission.checks.digests import digests_of
from harness.admission.tree import Tree
from harness.core.errors import BadInput
from harness.core.text import printable
from harness.signing.manifest import WHOLE_FILE, Manifest


def manifest_of(model: Path, signature: Path) -> Manifest:
    """List a model's files with their digests.

    Args:
        model: Directory or file.
        signature: Where the signature will lie; left out where that is in the model.

    Raises:
        BadInput: There is nothing to sign, or something that a signature over files would not cover: a link, a
            special file, an empty folder.
    """
    tree = Tree.of(model)
    name = model.resolve().name
    if model.is_file():
        return Manifest(name=name, files={WHOLE_FILE: digests_of(tree)[model.name]})
    place = signature.parent.resolve() / signature.name
    root = model.resolve()
    inside = place.relative_to(root).as_posix() if place.is_relative_to(root) else ""
    kept = Tree(tree.root, tuple(entry for entry in tree.entries if entry.path != inside))
    for entry in kept.entries:
        if not entry.is_file and not entry.is_folder:
            kind = "a link" if entry.is_link else "no regular file"
            raise BadInput(printable(f"{model / entry.path}: is {kind}, which no signature covers; replace it"))
        if entry.is_folder and not any(file.path.startswith(f"{entry.path}/") for file in kept.files):
            raise BadInput(printable(f"{model / entry.path}: is an empty folder, which no signature covers; remove it"))
    if not kept.files:
        raise BadInput(printable(f"{model}: expected files to sign, got none"))
    return Manifest(name=name, files=digests_of(kept), ignored=(inside,) if inside else ())
