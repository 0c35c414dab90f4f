"""Text to phonemes in this process, through the libespeak-ng that the ``espeakng-loader`` wheel carries.

Coqui's own wrapper starts the program ``espeak-ng`` for every clause. In the worker that is not acceptable:
there a started program is a finding about the candidate, so the harness must never start one itself, and no
system package should be needed. :func:`install_inprocess_espeak` puts the library under Coqui's wrapper; what
comes out is what the program would print, except that words at a clause border keep the space between them.

This module knows nothing about models. Coqui is imported inside :func:`install_inprocess_espeak` only.
"""

from __future__ import annotations

import ctypes
import functools
import importlib.metadata
import re
import shutil
import tempfile
import threading
import weakref
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from harness.core.errors import IntegrityError, MissingDependency
from harness.core.installation import install_advice

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SEPARATOR: Final = "_"
"""What libespeak puts between the phonemes of a word; it is no IPA symbol."""

EXTRA: Final = "coqui"
"""Of our own distribution: brings what this module needs."""
_PROGRAMS: Final = ("espeak-ng", "espeak")
_LONGEST_DATA_PATH: Final = 140  # libespeak-ng 1.52 cuts the folder's name at 159 bytes, without a word
_AUDIO_OUTPUT_SYNCHRONOUS: Final = 0x02  # speak_lib.h: no audio device is opened
_INITIALIZE_DONT_EXIT: Final = 0x8000  # speak_lib.h: without it, missing data ends the whole process
_CHARS_UTF8: Final = 1
_PHONEMES_IPA: Final = 0x02
_LANGUAGE_SWITCH: Final = re.compile(r"\([^()]*\)")  # "(en)fˈʊtbɔːl(fr)": text never yields a parenthesis


class _Voice(ctypes.Structure):
    """``espeak_VOICE`` of speak_lib.h."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("xx1", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EspeakFiles:
    """Where a libespeak-ng lies."""

    library: Path
    """The shared library."""
    data: Path
    """Its ``espeak-ng-data`` folder."""


def find_espeak() -> EspeakFiles:
    """Return the library and data of the ``espeakng-loader`` wheel.

    Raises:
        MissingDependency: The wheel is not installed, or has no library for this platform.
    """
    try:
        import espeakng_loader
    except ImportError:
        raise MissingDependency(f"espeakng-loader (phonemes) is not installed; {install_advice(EXTRA)}") from None
    files = EspeakFiles(
        library=Path(espeakng_loader.get_library_path()),
        data=Path(espeakng_loader.__file__).parent / "espeak-ng-data",
    )
    for path in (files.library, files.data):
        if not path.exists():
            raise MissingDependency(f"espeakng-loader is installed without {path.name}; re-{install_advice(EXTRA)}")
    return files


def join_clauses(clauses: Iterable[str]) -> str:
    """Join what libespeak says per clause: a space at each border, no language marks, no empty clauses."""
    cleaned = (_LANGUAGE_SWITCH.sub("", clause).strip() for clause in clauses)
    return " ".join(clause for clause in cleaned if clause)


def first_language(languages: bytes) -> str | None:
    """Return the main code in ``espeak_VOICE.languages``: a priority byte, then a C string, repeated."""
    code = languages[1:].split(b"\0", 1)[0]
    return code.decode("ascii", "replace") or None


class Espeak:
    """One libespeak-ng. It keeps global state, so use :func:`espeak`, the only instance of the process.

    Safe to call from several threads (one at a time gets in).

    Attributes:
        version: Version of the library, e.g. ``1.52.0``.
    """

    def __init__(self, files: EspeakFiles) -> None:
        """Load and initialise the library.

        Raises:
            IntegrityError: The library cannot be loaded, or reads its data from elsewhere than `files.data`.
        """
        self._lock = threading.Lock()
        self._voice: str | None = None
        try:
            self._lib = ctypes.CDLL(str(files.library))
        except OSError as error:
            raise IntegrityError(f"cannot load {files.library}: {error}") from None
        self._declare()
        data = self._short_path(files.data)
        started = self._lib.espeak_Initialize(_AUDIO_OUTPUT_SYNCHRONOUS, 0, str(data).encode(), _INITIALIZE_DONT_EXIT)
        used = ctypes.c_char_p()
        self.version: str = (self._lib.espeak_Info(ctypes.byref(used)) or b"").decode()
        if started <= 0 or Path((used.value or b"").decode()) != data:
            raise IntegrityError(f"libespeak-ng does not read its data in {files.data}; re-{install_advice(EXTRA)}")

    def _declare(self) -> None:
        """Tell ctypes the signatures (speak_lib.h)."""
        lib, text_pointer = self._lib, ctypes.POINTER(ctypes.c_char_p)
        lib.espeak_Initialize.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_int]
        lib.espeak_Info.argtypes, lib.espeak_Info.restype = [text_pointer], ctypes.c_char_p
        lib.espeak_SetVoiceByName.argtypes = [ctypes.c_char_p]
        lib.espeak_SetVoiceByProperties.argtypes = [ctypes.POINTER(_Voice)]
        lib.espeak_ListVoices.argtypes = [ctypes.POINTER(_Voice)]
        lib.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
        lib.espeak_TextToPhonemes.argtypes = [text_pointer, ctypes.c_int, ctypes.c_int]
        lib.espeak_TextToPhonemes.restype = ctypes.c_char_p

    def _short_path(self, data: Path) -> Path:
        """Return `data`, or a link to it where the path would not fit into libespeak's buffer."""
        if len(str(data).encode()) <= _LONGEST_DATA_PATH:
            return data
        # Files are opened lazily: the link lives as long as we do.
        folder = tempfile.mkdtemp(prefix="espeak-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        link = Path(folder) / "data"
        link.symlink_to(data, target_is_directory=True)
        return link

    def phonemes(self, text: str, language: str) -> str:
        """Return `text` as IPA with stress marks, ``_`` between phonemes, one space between words.

        Punctuation shapes clauses and is not returned.

        Args:
            text: Any text; a NUL counts as a space.
            language: A code of :meth:`languages`, or any other that libespeak matches to a voice.

        Raises:
            ValueError: libespeak has no voice for `language`.
        """
        return join_clauses(said for said, _ in self.clauses(text, language))

    def clauses(self, text: str, language: str) -> list[tuple[str, str]]:
        """What is said of each clause, as libespeak says it, and the text up to the clause's end.

        The first character of a clause that follows another stands in neither's text.

        Args:
            text: Any text; a NUL counts as a space.
            language: As of :meth:`phonemes`.

        Raises:
            ValueError: As there.
        """
        mode = _PHONEMES_IPA | ord(SEPARATOR) << 8
        data = text.replace("\0", " ").encode("utf-8", "replace")
        found: list[tuple[str, str]] = []
        with self._lock:
            self._select(language)
            # The call moves the pointer past the clause that it translated, and to NULL at the end.
            rest = ctypes.c_char_p(data)
            left = data
            while rest.value is not None:
                said = self._lib.espeak_TextToPhonemes(ctypes.byref(rest), _CHARS_UTF8, mode)
                behind = rest.value or b""
                source = left[: len(left) - len(behind)].decode("utf-8", "replace")
                # libespeak has read the first character of what comes next, unless nothing does.
                found.append(((said or b"").decode("utf-8", "replace"), source[:-1] if behind else source))
                left = behind
        return found

    def _select(self, language: str) -> None:
        """Make `language` the current voice, in the order in which the program's ``-v`` looks for one."""
        if language == self._voice:
            return
        self._voice = None
        name = language.encode("utf-8", "replace")
        if self._lib.espeak_SetVoiceByName(name) != 0:
            wanted = ctypes.create_string_buffer(name)
            voice = _Voice(languages=ctypes.cast(wanted, ctypes.c_void_p))
            if self._lib.espeak_SetVoiceByProperties(ctypes.byref(voice)) != 0:
                raise ValueError(f"libespeak-ng {self.version} has no voice for language {language!r}")
        self._voice = language

    def languages(self) -> dict[str, str]:
        """Return language code -> voice name (spaces as ``_``), as ``espeak-ng --voices`` lists them."""
        listed: dict[str, str] = {}
        with self._lock:
            voices = self._lib.espeak_ListVoices(None)
            index = 0
            while voices[index]:
                voice = voices[index].contents
                index += 1
                # The first byte is a priority and never 0, so the code ends at the first NUL after it.
                code = first_language(ctypes.string_at(voice.languages)) if voice.languages else None
                if code:
                    listed[code] = (voice.name or b"").decode("utf-8", "replace").replace(" ", "_")
        return listed


@functools.cache
def espeak() -> Espeak:
    """Return the process's libespeak, loaded at the first call.

    Raises:
        MissingDependency: The wheel is not installed.
        IntegrityError: It is damaged.
    """
    return Espeak(find_espeak())


@contextmanager
def _programs_hidden() -> Iterator[None]:
    """Make ``shutil.which`` blind for espeak's programs: Coqui's wrapper starts what it finds on import."""
    which = shutil.which

    def blind(cmd: Any, *args: Any, **kwargs: Any) -> Any:
        return None if cmd in _PROGRAMS else which(cmd, *args, **kwargs)

    shutil.which = blind
    try:
        yield
    finally:
        shutil.which = which


@contextmanager
def _packages_listed_once() -> Iterator[None]:
    """Have the installed packages listed once: Coqui lists them twice while it is imported, at 0.2 s each."""
    own = importlib.metadata.packages_distributions
    importlib.metadata.packages_distributions = functools.cache(own)
    try:
        yield
    finally:
        importlib.metadata.packages_distributions = own


def _refuse_program(*_: object, **__: object) -> NoReturn:
    raise RuntimeError("Soundcheck does not let Coqui start the espeak program")


def install_inprocess_espeak() -> Espeak:
    """Make Coqui's ``ESpeak`` phonemizer use :func:`espeak`; nothing starts a program, now or later.

    Call it before anything else imports ``TTS``: where a program ``espeak-ng`` exists, the wrapper starts
    it while it is imported. Calling it again changes nothing.

    Returns:
        The library that is in use now.

    Raises:
        MissingDependency: ``coqui-tts`` or ``espeakng-loader`` is not installed.
    """
    library = espeak()
    try:
        with _programs_hidden(), _packages_listed_once():
            # Heavy (torch), and only the worker and the demo need it.
            from TTS.tts.utils.text import phonemizers
            from TTS.tts.utils.text.phonemizers import espeak_wrapper as wrapper
    except ImportError as error:
        raise MissingDependency(f"coqui-tts cannot be imported ({error}); {install_advice(EXTRA)}") from None

    def phonemize_espeak(self: Any, text: str, separator: str = "|", *, tie: bool = False) -> str:
        if tie:  # nothing in Coqui asks for it
            raise NotImplementedError("ties between phonemes are not available in-process")
        return library.phonemes(text, self._language).replace(SEPARATOR, separator)

    wrapper._is_tool = lambda name: name in _PROGRAMS
    wrapper.get_espeak_version = wrapper.get_espeakng_version = lambda: library.version
    wrapper._DEF_ESPEAK_LIB, wrapper._DEF_ESPEAK_VER = "espeak-ng", library.version
    wrapper._espeak_exe = _refuse_program
    wrapper.ESpeak.phonemize_espeak = phonemize_espeak
    wrapper.ESpeak.supported_languages = staticmethod(library.languages)
    # Filled at the first look-up, and wrongly where that came before us: let it be filled again.
    phonemizers.DEF_LANG_TO_PHONEMIZER.clear()
    return library
