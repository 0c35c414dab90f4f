"""Are these the files that somebody vouched for? Signatures, plain digests and pins; nothing is left out in silence.

The signature file itself is the one thing that is not compared, and only at the very place where it was looked for.
File modes, times and owners are covered by no format that is read here; the worker runs none of the files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from harness.admission.base import Examination, Flaw
from harness.admission.checks.digests import digests_of
from harness.admission.checks.matching import (
    CHANGED,
    LINKED,
    MISSING,
    UNLISTED,
    WEAK,
    compare,
    compare_weak,
    open_entry,
)
from harness.admission.tree import Tree
from harness.core.errors import BadInput
from harness.core.grades import Severity, Verdict
from harness.core.rules import Rule
from harness.core.text import printable
from harness.signing import bundle, sums
from harness.signing.dsse import BadSignature
from harness.signing.manifest import WHOLE_FILE
from harness.signing.signature import Trust, verify
from harness.storage.digests import listing_sha256
from harness.storage.smallfile import read_head

SIGNATURE_NAME: Final = "model.sig"
_SPEC: Final = "OpenSSF Model Signing 1.0"

BAD_SIGNATURE = Rule(
    id="admission.signature-bad",
    severity=Severity.CRITICAL,
    title="The signature is not good",
    meaning="Nothing is known about who made these files.",
    advice="Get model and signature again, together, and the public key from another way than the model came.",
    source=_SPEC,
)
NO_SIGNATURE = Rule(
    id="admission.signature-missing",
    severity=Severity.HIGH,
    title="The model is not signed, and the policy asks for it",
    meaning="Nobody vouches for these files.",
    advice="Ask its maker for a signature, or review the model and sign it yourselves: "
    "soundcheck sign MODEL --key KEY.",
)
UNCHECKED = Rule(
    id="admission.signature-unchecked",
    severity=Severity.MEDIUM,
    title="There is a signature, and nobody said whose counts",
    meaning="Anybody can make a signature.",
    advice="Name public keys, roots or an identity in pyproject.toml under [tool.soundcheck.signing].",
    verdict=Verdict.INCONCLUSIVE,
    unacceptable="is for those to settle who say whose signature counts",
)
BAD_LIST = Rule(
    id="admission.digests-malformed",
    severity=Severity.HIGH,
    title="The list of digests cannot be read in one way",
    meaning="Two readers of it may expect other files.",
    advice="Write it anew with sha256sum, or fetch the hub's listing again.",
)
PIN = Rule(
    id="admission.digest-pin",
    severity=Severity.CRITICAL,
    title="The model is not the one pinned in pyproject.toml",
    meaning="Its digest is another than the one that was reviewed.",
    advice="If the new one is meant, review it and change the pin under [tool.soundcheck.models].",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What is known about a model from elsewhere."""

    model: Path
    """Directory or file, as it was named."""
    trust: Trust = field(default_factory=Trust)
    signature: Path | None = None
    """Where the signature lies; None: ``model.sig`` in the model, else ``MODEL.sig`` beside it, where there is one."""
    require_signature: bool = False
    sums: Path | None = None
    """A ``SHA256SUMS`` file."""
    listing: Path | None = None
    """A hub's file listing (JSON)."""
    digest: str = ""
    """``sha256:HEX`` of the directory, as pinned, or ``""``."""


class IntegrityCheck:
    """Compares every file with what was signed, listed or pinned."""

    name = "integrity"
    rules = (
        CHANGED,
        MISSING,
        UNLISTED,
        LINKED,
        BAD_SIGNATURE,
        NO_SIGNATURE,
        UNCHECKED,
        BAD_LIST,
        WEAK,
        PIN,
    )

    def __init__(self, provenance: Provenance, *, now: datetime | None = None) -> None:
        self._known = provenance
        self._now = now or datetime.now(UTC)

    def examine(self, tree: Tree) -> Examination:
        """Look at every file.

        Raises:
            BadInput: A file cannot be read, or a key or list that the user named is not there.
            MissingDependency: A signature cannot be checked with what is installed.
        """
        digests = digests_of(tree)
        flaws: list[Flaw] = []
        facts = {"files": str(len(digests))}
        flaws += self._signature(tree, digests, facts)
        flaws += self._lists(tree, digests, facts)
        flaws += self._pin(tree, digests, facts)
        unique = {(flaw.rule.id, flaw.file, flaw.place, flaw.found): flaw for flaw in flaws}
        ordered = sorted(unique.values(), key=lambda flaw: (flaw.file, flaw.place))
        return Examination(check=self.name, flaws=tuple(ordered), facts=facts)

    def _signature(self, tree: Tree, digests: Mapping[str, str], facts: dict[str, str]) -> Iterator[Flaw]:
        path, trust = self._signature_place(tree), self._known.trust
        shown = printable(path.name) if path else ""
        if path is None or not path.is_file():
            facts["signature"] = "none"
            if self._known.require_signature or self._known.signature is not None:
                where = self._known.signature or f"{SIGNATURE_NAME} in the model or beside it"
                yield Flaw(rule=NO_SIGNATURE, file="", found=printable(f"nothing at {where}"))
            return
        if trust.is_empty:
            facts["signature"] = f"{shown}, not checked: nobody said whose signature counts"
            if self._known.require_signature:
                yield Flaw(rule=UNCHECKED, file=shown)
            return
        inside = self._inside(tree, path)
        try:
            verified = verify(_read(tree, path, inside, bundle.MAX_BYTES), trust, self._now)
        except BadSignature as error:
            facts["signature"] = "not good"
            yield Flaw(rule=BAD_SIGNATURE, file=shown, found=printable(str(error)))
            return
        facts["signature"] = f"good, by {verified.signer}"
        yield from compare(tree, digests, self._as_listed(verified.manifest.files, tree), inside)

    def _lists(self, tree: Tree, digests: Mapping[str, str], facts: dict[str, str]) -> Iterator[Flaw]:
        for path, read in ((self._known.sums, sums.from_sums), (self._known.listing, sums.from_hub)):
            if path is None:
                continue
            inside = self._inside(tree, path)
            try:
                listing = read(_read(tree, path, inside, sums.MAX_BYTES))
            except BadSignature as error:
                yield Flaw(rule=BAD_LIST, file=printable(path.name), found=printable(str(error)))
                continue
            facts[printable(path.name)] = f"{len(listing.sha256)} files by SHA-256, {len(listing.git)} by SHA-1"
            yield from compare(tree, digests, listing.sha256, inside, others=listing.names)
            yield from compare_weak(tree, listing)

    def _pin(self, tree: Tree, digests: Mapping[str, str], facts: dict[str, str]) -> Iterator[Flaw]:
        odd = [entry for entry in tree.entries if not entry.is_file and not entry.is_folder]
        broken = [name for name in digests if "\n" in name]
        found = "" if odd or broken else f"sha256:{listing_sha256(digests)}"
        if found:
            facts["digest"] = found
        if self._known.digest and found != self._known.digest:
            got = found or f"a directory with {printable((broken or [odd[0].path])[0])}, which has no digest"
            yield Flaw(rule=PIN, file="", found=f"expected {printable(self._known.digest)}, got {got}")

    def _signature_place(self, tree: Tree) -> Path | None:
        if self._known.signature is not None:
            return self._known.signature
        model = self._known.model
        inside = tree.root / SIGNATURE_NAME
        beside = model.with_name(f"{model.name}.sig") if model.name else None
        if not model.is_file() and any(entry.path == SIGNATURE_NAME for entry in tree.entries):
            return inside
        return beside if beside and beside.is_file() else None

    def _inside(self, tree: Tree, path: Path) -> str | None:
        """Path below the model, where a file lies in it; its own last part is not followed."""
        if self._known.model.is_file():
            return None
        place, root = path.parent.resolve() / path.name, tree.root.resolve()
        return place.relative_to(root).as_posix() if place.is_relative_to(root) else None

    def _as_listed(self, files: Mapping[str, str], tree: Tree) -> Mapping[str, str]:
        """A manifest of one file calls it ``.``; that counts only for a model which is one file."""
        if WHOLE_FILE in files and self._known.model.is_file():
            return {tree.entries[0].path: files[WHOLE_FILE]}
        return files


def _read(tree: Tree, path: Path, inside: str | None, limit: int) -> bytes:
    try:
        entry = next((entry for entry in tree.files if entry.path == inside), None)
        if inside is not None and entry is None:
            raise BadSignature("expected a regular file, got a link or something else")
        if entry is None:
            return read_head(path, limit + 1, follow_links=True, pipes=True)  # the reader refuses what is longer
        with open_entry(tree, entry) as file:
            return file.read(limit + 1)
    except OSError as error:
        raise BadInput(printable(f"{path}: cannot be read ({error.strerror})")) from None
