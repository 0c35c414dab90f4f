"""What can go wrong that is nobody's verdict: each error is one line that says what, where, and what to do."""


class SoundcheckError(Exception):
    """The harness cannot go on. ``str(error)`` is one line fit for a terminal, without a traceback."""


class BadInput(SoundcheckError):
    """Something the user named is missing, malformed or contradictory (exit code 2)."""


class MissingDependency(SoundcheckError):
    """A package or weight file is not installed; the line ends with the command that installs it (exit code 3)."""


class IntegrityError(SoundcheckError):
    """Bytes are not the bytes they should be: a digest differs, a file is half-written (exit code 3)."""


class StorageError(SoundcheckError):
    """The run, cache or golden folder cannot be written: disk full, read-only, no permission (exit code 3)."""


class AsrError(SoundcheckError):
    """The transcriber cannot be loaded or cannot listen (exit code 3)."""
