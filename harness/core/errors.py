"""What can go wrong that is nobody's verdict: each error is one line that says what, where, and what to do."""

from __future__ import annotations

from typing import Self

from harness.core.text import printable


class SoundcheckError(Exception):
    """The harness cannot go on. ``str(error)`` is one line fit for a terminal, without a traceback."""


class BadInput(SoundcheckError):
    """Something the user named is missing, malformed or contradictory (exit code 2)."""


class MissingDependency(SoundcheckError):
    """A package or weight file is not installed; the line ends with the command that installs it (exit code 3)."""


class WorkerUnready(SoundcheckError):
    """No worker can be made ready to load a model: the harness lacks something, whatever the model is (exit code 3)."""

    @classmethod
    def of(cls, why: str, words: str) -> Self:
        """The cause itself, on one line.

        Args:
            why: What happened.
            words: The end of what the process printed.
        """
        last = next((line for line in reversed(words.split("\n")) if line.strip()), "")
        told = f"; it printed last: {printable(last.strip())[-300:]}" if last else ""
        cause = f"{printable(why)}{told}"
        return cls(
            f"the voice's process could not be made ready, before a byte of the model was read: {cause}; "
            "soundcheck doctor says what is missing"
        )


class EngineFailure(SoundcheckError):
    """An engine raised an error, and nothing shows that the model is to blame (exit code 3)."""


class MachineShort(SoundcheckError):
    """This machine had no memory or no processor for a worker that was within its own limits (exit code 3)."""

    @classmethod
    def of(cls, doing: str) -> Self:
        """The line for a worker that was ended while it was `doing` something."""
        return cls(
            f"this machine ran out of memory while the model was {doing}, and its kernel ended the voice's process; "
            "close what else runs here, take fewer --tts-workers or another machine, or lower --tts-memory-gb so that "
            "the voice's own limit is reached first"
        )

    @classmethod
    def of_processors(cls, doing: str, seconds: float) -> Self:
        """The line for a worker that got next to no processor time while it was `doing` something."""
        return cls(
            f"this machine had no processor for the model: it waited for one for most of {seconds:.0f} s of {doing}; "
            "close what else runs here, or take fewer --tts-workers or another machine"
        )


class IntegrityError(SoundcheckError):
    """Bytes are not the bytes they should be: a digest differs, a file is half-written (exit code 3)."""


class StorageError(SoundcheckError):
    """The run, cache or golden folder cannot be written: disk full, read-only, no permission (exit code 3)."""


class AsrError(SoundcheckError):
    """The transcriber cannot be loaded or cannot listen (exit code 3)."""
