"""The fields of one configuration, one by one: what the table of sinks says of each, and whether it may stand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from harness.admission.base import Flaw
from harness.admission.coqui import configrules as rules
from harness.admission.coqui.hyperparameters import (
    MAX_BYTES,
    MAX_ITEMS,
    MAX_UPSAMPLING,
    too_large,
    upsampling,
    weight_bytes,
)
from harness.admission.coqui.references import BEYOND_ANY_PATH, Reference, reference
from harness.admission.coqui.sinks import BARK_DOWNLOADS, Sink, Use, alike, sink_of
from harness.admission.coqui.statsfile import Content, content
from harness.admission.tree import Entry, Tree
from harness.core.leftovers import named_leftover
from harness.core.places import Place
from harness.core.rules import Rule
from harness.core.strictjson import Json, child
from harness.engines.coqui.sidefiles import place_beside, relative_places

UNUSED = frozenset({Use.TRAINING, Use.LATER, Use.TEXT})
"""What does nothing when the model speaks."""
LANGUAGE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}", re.ASCII)
FREE_KEYS = frozenset(
    {"vocab_dict", "map_classid_to_classname", "speakers", "languages", "speaker_ids", "language_ids"}
)
"""Objects whose keys are data: characters, names of people."""
BOTH_CASES = frozenset({"sample_rate"})
"""Keys that Coqui's own classes (Bark's) have in capitals as well."""
PLAIN_IMPORTS = frozenset({"np.log", "np.log10"})
"""What looks like an import in Coqui's own defaults and is compared, never looked up."""
MAX_PATHS = 64
"""In a list of files, of which Coqui's largest released one has one."""
MAX_PLACES = 20
"""Of the training machine that are kept."""
MAX_VOCABULARY = 100_000
"""Characters; the largest released vocabulary has a few thousand."""

_REMOTE_STORES = re.compile(r"(s3|gs|gcs|tcp|env|nfs|hdfs|file|https?)://[^:]*(:\d+)?[^:]*", re.ASCII)
_FETCHED = frozenset({Reference.CHAINED, Reference.SCHEME, Reference.URL, Reference.TEMPLATE, Reference.VARIABLE})
_MACHINE = frozenset({Reference.ABSOLUTE, Reference.HOME, Reference.DRIVE, Reference.PARENT})


@dataclass(slots=True)
class Fields:
    """Walks one configuration."""

    tree: Tree
    file: str
    root: Mapping[str, Json]
    trained: list[str] = field(default_factory=list)
    """Places of the training machine that nothing opens to speak."""
    beside: dict[str, str] = field(default_factory=dict)
    """Places of another machine at which Coqui opens a file to speak -> the file beside the configuration for them."""
    held: dict[str, Content] = field(default_factory=dict)
    """What files of statistics hold, by path: each is read once."""

    @property
    def model(self) -> str:
        """What Coqui takes for the model's name."""
        found = self.root.get("model", self.root.get("generator_model"))
        return found.lower() if isinstance(found, str) else ""

    def flaws(self) -> Iterator[Flaw]:
        """Yield what is wrong, in the order of the fields."""
        stack: list[tuple[Json, tuple[str, ...], str, Sink | None]] = [(dict(self.root), (), "$", None)]
        while stack:
            value, path, place, sink = stack.pop()
            if isinstance(value, dict):
                yield from self._object(value, path, place, sink)
                for key, item in reversed(value.items()):
                    below = (*path, key)
                    stack.append((item, below, child(place, key), sink_of(below)))
            elif isinstance(value, list):
                most = MAX_VOCABULARY if sink is None or sink.use in UNUSED else MAX_PATHS
                if len(value) > most or sum(isinstance(v, int | float) for v in value) > MAX_ITEMS:
                    expected = f"expected at most {MAX_ITEMS} numbers and {most} items"
                    yield self._flaw(rules.BOMB, place, f"{len(value)} items", expected)
                    continue
                yield from self._list(value, path, place)
                stack += [(v, path, child(place, i), sink) for i, v in reversed(list(enumerate(value)))]
            elif isinstance(value, str):
                yield from self._text(value, place, sink)
            elif sink is not None and sink.use not in UNUSED:
                if value is not None and value is not False:
                    yield self._flaw(rules.NAME, place, repr(value), f"is no text, though it {sink.does}")
            elif isinstance(value, int | float) and not isinstance(value, bool):
                why = None if sink is not None else too_large(path[-1] if path else "", value)
                if why:
                    yield self._flaw(rules.BOMB, place, repr(value)[:60], why)
        if self.model == "bark":
            yield self._flaw(
                rules.UNSAFE_LOADER, "$.model", self.model, "loads text_2.pt and others with pickles allowed"
            )

    def _flaw(self, rule: Rule, place: str, found: str, effect: str, *beside: str) -> Flaw:
        within = Place(pointer=place)
        return Flaw(rule=rule, file=self.file, beside=beside, within=within, found=found[:200], effect=effect[:300])

    def _note_place(self, place: str, value: str) -> None:
        if len(self.trained) < MAX_PLACES:
            self.trained.append(f"{place} = {value[:80]}")

    @property
    def _paths(self) -> frozenset[str]:
        return frozenset(entry.path for entry in self.tree.files)

    # --- objects and lists ------------------------------------------------------------------------------------------

    def _object(self, value: dict[str, Json], path: tuple[str, ...], place: str, sink: Sink | None) -> Iterator[Flaw]:
        is_foreign = place == "$.model"  # OpenVoice and fairseq keep a section of sizes there
        if sink is not None and sink.use not in UNUSED and not is_foreign:
            yield self._flaw(rules.NAME, place, "an object", f"is no text, though it {sink.does}")
        if not (path and path[-1] in FREE_KEYS):
            yield from self._keys(value, path, place)
        if weight_bytes(value) > MAX_BYTES:
            wanted = f"{weight_bytes(value) / 2**30:.0f} GiB of weights"
            yield self._flaw(rules.BOMB, place, wanted, "widths, layers and kernels together exhaust the memory")

    def _keys(self, value: dict[str, Json], path: tuple[str, ...], place: str) -> Iterator[Flaw]:
        seen: dict[str, str] = {}
        is_table = bool(path) and all(isinstance(item, int) for item in value.values())
        for key in value:
            if not (key.isascii() and key.isprintable()):
                yield self._flaw(rules.LOOKALIKE, child(place, key), key, "is a key that no Coqui configuration has")
                continue
            sink = sink_of((*path, key))
            spelled = sink.field.split(".")[-1] if sink is not None else key
            if spelled not in ("*", key) and sink is not None and sink.use is not Use.TRAINING:
                yield self._flaw(rules.LOOKALIKE, child(place, key), key, f"looks like {spelled}, which {sink.does}")
            twin = seen.setdefault(alike(key), key)
            if twin != key and not is_table and alike(key) not in BOTH_CASES:
                yield self._flaw(rules.LOOKALIKE, child(place, key), key, f"looks like {twin} beside it")

    def _list(self, value: list[Json], path: tuple[str, ...], place: str) -> Iterator[Flaw]:
        if (
            path
            and "upsampl" in path[-1].lower()
            and ("rate" in path[-1] or "factor" in path[-1] or "scale" in path[-1])
        ):
            product = upsampling(value)
            if not 1 <= product <= MAX_UPSAMPLING:
                found = f"{product:g} samples per frame"
                yield self._flaw(rules.BOMB, place, found, f"expected 1 to {MAX_UPSAMPLING}: the audio grows with it")

    # --- texts ------------------------------------------------------------------------------------------------------

    def _text(self, value: str, place: str, sink: Sink | None) -> Iterator[Flaw]:
        if sink is None:
            yield from self._unknown(value, place)
        elif sink.use is Use.TEXT:
            if len(value) > MAX_VOCABULARY:
                found = f"{len(value)} characters"
                yield self._flaw(rules.BOMB, place, found, "makes an embedding row of each character")
        elif sink.use is Use.TRAINING:
            yield from self._training(value, place)
        elif sink.use is Use.LATER:
            if (kind := reference(value)) is not None:
                yield self._flaw(rules.REFERENCE, place, value, f"is {kind.value}, though it {sink.does}")
        elif not value:
            return
        elif sink.use is Use.IMPORTED:
            if value not in sink.allowed:
                yield self._flaw(rules.IMPORT, place, value, f"{value!r} {sink.does}")
        elif sink.use is Use.NAMED:
            known = value if sink.is_cased else value.lower()
            if known not in sink.allowed:
                yield self._flaw(rules.NAME, place, value, f"{value!r} {sink.does}")
        elif sink.use is Use.ARGUMENT:
            if not LANGUAGE.fullmatch(value):
                yield self._flaw(rules.ARGUMENT, place, value, f"{value!r} {sink.does}")
        elif sink.use is Use.FETCHED:
            if not value.startswith(BARK_DOWNLOADS) or not re.fullmatch(r"[\w:/.\-]+", value) or ".." in value:
                yield self._flaw(rules.URL, place, value, f"{value!r} {sink.does}")
        else:
            yield from self._opened(value, place, sink)

    def _unknown(self, value: str, place: str) -> Iterator[Flaw]:
        kind = reference(value)
        if kind is None or value in PLAIN_IMPORTS:
            return
        if kind in BEYOND_ANY_PATH and not value.startswith(("s3://", "gs://")):
            yield self._flaw(rules.URL, place, value, f"is {kind.value} that no Coqui configuration holds")
        else:
            yield self._flaw(rules.REFERENCE, place, value, f"is {kind.value} in a field that Coqui does not know")

    def _training(self, value: str, place: str) -> Iterator[Flaw]:
        kind = reference(value)
        if (
            kind is Reference.CHAINED
            or kind is Reference.TEMPLATE
            or kind is Reference.HIDDEN
            or (kind is Reference.SCHEME and not _REMOTE_STORES.fullmatch(value))
        ):
            yield self._flaw(rules.REFERENCE, place, value, f"is {kind.value}, which no trainer writes here")
        elif kind in _MACHINE:
            self._note_place(place, value)

    def _opened(self, value: str, place: str, sink: Sink) -> Iterator[Flaw]:
        kind = reference(value)
        effect = f"{value!r} {sink.does}"
        if kind in _FETCHED or (":" in value and kind is not Reference.DRIVE):
            yield self._flaw(rules.URL, place, value, effect)
        elif kind in _MACHINE and not self._is_opened(sink):
            self._note_place(place, value)
        elif kind in _MACHINE and (beside := place_beside(value, self.file, self._paths)) is not None:
            self.beside[f"{place} = {value[:80]}"] = beside
            yield from self._file((beside,), value, place, sink, effect)
        elif (kind is not None and kind is not Reference.IMPORT) or not relative_places(value, self.file):
            said = kind.value if kind is not None else "a path with unusual characters"
            yield self._flaw(rules.PATH, place, value, f"is {said}; {effect}")
        else:
            yield from self._file(relative_places(value, self.file), value, place, sink, effect)

    def _is_opened(self, sink: Sink) -> bool:
        """Whether a flag lets Coqui open it; without flags of its own, always."""
        if sink.only_if == ("no vocab.json",):
            beside = PurePosixPath(self.file).parent / "vocab.json"
            return all(entry.path != str(beside) for entry in self.tree.files)
        if sink.only_if == ("signal_norm",):
            return True  # its default is on, and a configuration may say so in several places
        nested = self.root.get("model_args")
        places = (self.root, nested if isinstance(nested, dict) else {})
        return not sink.only_if or any(bool(one.get(flag)) for one in places for flag in sink.only_if)

    def _file(self, places: Sequence[str], value: str, place: str, sink: Sink, effect: str) -> Iterator[Flaw]:
        """Look at every file that may be meant: which one Coqui itself takes depends on where it is started."""
        above = {str(one) for path in places for one in (PurePosixPath(path), *PurePosixPath(path).parents)}
        if link := next((entry for entry in self.tree.entries if entry.is_link and entry.path in above), None):
            yield self._flaw(rules.PATH, place, value, f"leads through the link {link.path}; {effect}")
            return
        if left := next((path for path in places if named_leftover(path) is not None), None):
            yield self._flaw(rules.PATH, place, value, f"{left} is what a tool leaves, which no worker opens; {effect}")
            return
        entries = [entry for entry in self.tree.files if entry.path in places]
        if not entries:
            yield self._flaw(rules.MISSING, place, value, effect)
        for entry in entries:
            if sink.use is Use.UNPICKLED:
                yield from self._statistics(entry, place, effect)
            elif not entry.path.endswith(sink.kinds):
                expected = " or ".join(sink.kinds)
                yield self._flaw(rules.MISSING, place, value, f"expected {expected}; {effect}", entry.path)

    def _statistics(self, entry: Entry, place: str, effect: str) -> Iterator[Flaw]:
        if entry.path not in self.held:
            try:
                with self.tree.open(entry) as stream:
                    self.held[entry.path] = content(stream)
            except OSError as error:
                self.held[entry.path] = Content(True, f"what cannot be read ({error.strerror})")
        held = self.held[entry.path]
        if held.problem:
            yield self._flaw(rules.PICKLE, place, entry.path, f"holds {held.problem}; {effect}")
        elif held.more:
            yield self._flaw(rules.ODD_STATS, place, entry.path, f"is rebuilt by {held.more}; {effect}")
