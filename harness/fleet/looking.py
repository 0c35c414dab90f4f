"""A member looked at: its settings, the digest of its files, all that its verdict depends on; and the door, asked.

Everything here reads; nothing of a model is executed or loaded.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness.admission.checks.integrity import Provenance
from harness.admission.checks.provenance import provenance_of
from harness.admission.outcomes import Door
from harness.admission.tree import Tree
from harness.core.errors import BadInput, SoundcheckError
from harness.core.paths import expanded, shown
from harness.core.text import printable
from harness.core.types import Model
from harness.fleet.basis import Material, Materials, key_of, parts_of, places_of, ruleset_of
from harness.fleet.file import Entry, Fleet
from harness.fleet.members import Member
from harness.models.fetching.local import local_model
from harness.models.files import find_model, read_directory
from harness.models.judged import Judged, refuse_inside
from harness.models.project import find_project
from harness.models.vocoder import with_vocoder
from harness.run.choices import Choice, Choices
from harness.run.settings import Settings, make_settings
from harness.run.tools import vocoder_provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What whoever starts an audit says, for all members."""

    folder: Path
    """Folder of runs, absolute."""
    is_fresh: bool = False
    """Speak and hear anew, and ask no stored verdict."""
    allow_unsandboxed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A member, and what its files were when they were read."""

    member: Member
    flaw: str = ""
    """Why it cannot be judged; ``""`` where it can, and then all else is there."""
    settings: Settings | None = None
    material: Material | None = None
    parts: dict[str, str] | None = None
    places: tuple[Path, ...] = ()
    """Folders that are judged."""

    @property
    def digest(self) -> str:
        """Of the model's files, ``""`` where they could not be read."""
        return self.parts["model"] if self.parts else ""

    @property
    def key(self) -> str:
        """Of its verdict, ``""`` where it has none."""
        return key_of(self.parts) if self.parts else ""


class Eye:
    """Looks at the members of one fleet. The current folder is the fleet's, as it is for their gates."""

    def __init__(self, fleet: Fleet, terms: Terms, tell: Callable[[str], None]) -> None:
        """Look at nothing yet.

        Args:
            fleet: The fleet.
            terms: What holds for all members.
            tell: Told what is going on, for people.
        """
        self.fleet = fleet
        self.terms = terms
        self._tell = tell
        self._materials = Materials(fleet.folder, tell)
        self._first: dict[str, Settings] = {}

    def look(self, member: Member) -> Looked:
        """Read a member's files for their digest, and what it is judged by.

        Raises:
            SoundcheckError: What the fleet file says for it cannot be: a suite, a golden, a policy, an option.
        """
        if member.flaw:  # a link may lead to our own policy: nothing more is asked about it
            return Looked(member=member, flaw=member.flaw)
        with _told_at(member.entry.heading):
            settings = self._settings(member)
            material = self._materials.of(settings, member.entry.suites)
            reference = self._materials.reference(settings.reference)
        try:
            self._refuse_held(settings, material)
            model = _read(member, settings, self._tell)
            if member.digest and model.digest != member.digest:
                raise BadInput(f"its files have the digest {model.digest}, and were handed in as {member.digest}")
            parts = parts_of(settings, model, material, _provenance(settings, model.path), reference)
        except (SoundcheckError, OSError) as error:  # of one model: the others are none the worse for it
            return Looked(member=member, flaw=printable(str(error)), settings=settings)
        return Looked(member=member, settings=settings, material=material, parts=parts, places=places_of(model))

    def admit(self, looked: Looked) -> Looked:
        """Have every file of a member read by admission, before anything of any member is loaded.

        What admission refuses stays: its gate refuses it as well, loads nothing, and writes down why.

        Returns:
            The same, or with a flaw where its files cannot be read or are others by now.
        """
        if looked.settings is None or looked.flaw:
            return looked
        settings = looked.settings
        try:
            model = _read(looked.member, settings, self._tell)
            if model.digest != looked.digest:
                return Looked(member=looked.member, flaw=CHANGED, settings=settings)
            beside = vocoder_provenance(settings, model)
            refusal = Door(model, _provenance(settings, model.path), settings.policy, beside).refusal
        except (SoundcheckError, OSError) as error:
            return Looked(member=looked.member, flaw=printable(str(error)), settings=settings)
        if refusal:
            self._tell(printable(f"{looked.member.name}: {refusal}"))
        return looked

    def ruleset(self, entry: Entry) -> str:
        """Digest of all that verdicts on an entry's models depend on, beside the models themselves.

        Raises:
            SoundcheckError: As :meth:`look`.
        """
        with _told_at(entry.heading):
            settings = self._settings(Member(name="", spec=entry.spec, entry=entry))
            material = self._materials.of(settings, entry.suites)
            reference = self._materials.reference(settings.reference)
            vocoder = read_directory(expanded(settings.vocoder))[0] if settings.vocoder else ""
            provenance = _provenance(settings, self.fleet.folder / entry.spec)
        return ruleset_of(settings, material, provenance, vocoder, reference)

    def _settings(self, member: Member) -> Settings:
        entry = member.entry
        chosen = dict(entry.choices)
        chosen["model"] = Choice(value=member.spec, name=entry.heading)
        chosen["dir"] = Choice(value=str(self.terms.folder), name="--dir")
        if self.terms.is_fresh:
            chosen["fresh"] = Choice(value=True, name="--fresh")
        if self.terms.allow_unsandboxed:
            chosen["allow-unsandboxed"] = Choice(value=True, name="--allow-unsandboxed")
        made = make_settings(Choices(by_stem=chosen, project=self.fleet.folder, here=Path.cwd()))
        # Of one entry the same but for the model, and so the same objects: a thousand of them take no room.
        first = self._first.setdefault(entry.heading, made)
        return dataclasses.replace(first, model=made.model)

    def _refuse_held(self, settings: Settings, material: Material) -> None:
        """Refuse a fleet file, suites and a folder of runs that lie in what is judged."""
        judged = Judged.of(candidate=settings.model, reference=settings.reference, vocoder=settings.vocoder)
        refuse_inside(judged, [("fleet", self.fleet.path), *(("suites", one.path) for one in material.suites)])
        if owner := judged.holding(settings.folder):
            raise BadInput(printable(f"--dir: {shown(settings.folder)} lies in {owner}; keep your own elsewhere"))


@contextlib.contextmanager
def _told_at(heading: str) -> Iterator[None]:
    """Put the place of an entry before what is wrong with it, unless that names its own."""
    try:
        yield
    except BadInput as error:
        is_placed = str(error).startswith(f"{heading.rpartition(':')[0] or heading}:")
        raise BadInput(str(error) if is_placed else f"{heading}: {error}") from None


MAX_MODEL_BYTES: Final = 64 << 30
CHANGED: Final = "its files were changed while they were looked at; find out by whom, then give the same command again"


def _read(member: Member, settings: Settings, tell: Callable[[str], None]) -> Model:
    engine, path = find_model(local_model(settings.model, tell))
    _refuse_endless(path, is_strangers=member.entry.is_glob)
    digest, files = read_directory(path)
    return with_vocoder(Model(engine=engine, path=path, digest=digest, files=files), settings.vocoder)


def _refuse_endless(path: Path, *, is_strangers: bool) -> None:
    """Refuse a folder whose files would be read for hours: of sizes that no voice has, or somebody else's by a link.

    Raises:
        BadInput: It is one, or cannot be listed.
    """
    tree = Tree.of(path)
    if (size := sum(entry.size for entry in tree.files)) > MAX_MODEL_BYTES:
        expected = f"expected files of at most {MAX_MODEL_BYTES >> 30} GB together, got {size >> 30} GB"
        raise BadInput(printable(f"{shown(path)}: {expected}; is this a model's own folder?"))
    place = path.resolve()
    for entry in tree.entries if is_strangers else ():
        if entry.is_link and not (path / entry.path).resolve().is_relative_to(place):
            what = "is a link that leads out of the model, and what a pattern has is not followed"
            raise BadInput(printable(f"{shown(path / entry.path)}: {what}; copy the model, or name it by its path"))


def _provenance(settings: Settings, place: Path) -> Provenance:
    project = find_project(Path.cwd(), settings.model, settings.reference, settings.vocoder)
    return provenance_of(project, settings.model, place)
