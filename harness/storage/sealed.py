"""Objects of a shared store, sealed when they are put and unsealed when they are got, with the key that machines have.

Knows seals, not what is sealed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from harness.core.errors import BadInput, IntegrityError
from harness.core.text import printable
from harness.storage.objects import Listed, Objects
from harness.storage.sealing import MOST_BYTES, Broken, OtherSeal, seal, unsealed
from harness.storage.smallfile import TooLarge

KEY_VARIABLE: Final = "SOUNDCHECK_STORE_KEY"
LEAST_KEY: Final = 32
"""Characters: whoever guesses the key may seal what he likes."""


class SealedObjects:
    """What is got is what was put, by somebody who has the key where there is one."""

    def __init__(self, objects: Objects, key: bytes) -> None:
        """Remember.

        Args:
            objects: What is shared.
            key: A secret of all machines that share; empty for none.
        """
        self._objects = objects
        self._key = key

    @property
    def place(self) -> str:
        """Where that is, for people."""
        return self._objects.place

    def get(self, name: str) -> bytes | None:
        """The content of an object, None where there is none of that name.

        Raises:
            Broken: It is not whole, or larger than one of its kind may be.
            IntegrityError: It is sealed with a key and there is none, or the other way round.
            StorageError: It cannot be read.
        """
        try:
            data = self._objects.get(name, MOST_BYTES[name.partition("/")[0]])
            return None if data is None else unsealed(name, data, self._key)
        except TooLarge as error:
            raise Broken(str(error)) from None
        except OtherSeal as error:
            wanted = f"{KEY_VARIABLE} gives one" if self._key else f"none is given in {KEY_VARIABLE}"
            raise IntegrityError(
                printable(
                    f"{self.place}: {name} {error}, and {wanted}; give all machines that share the same "
                    f"{KEY_VARIABLE}, or name another store"
                )
            ) from None

    def put(self, name: str, content: bytes) -> None:
        """Keep a content unless something of that name is there.

        Raises:
            StorageError: It cannot be written.
        """
        self._objects.put(name, seal(name, content, self._key))

    def list(self, prefix: str) -> Iterator[Listed]:
        """See :class:`harness.storage.objects.Objects`."""
        return self._objects.list(prefix)


def store_key(environment: Mapping[str, str]) -> bytes:
    """The secret that machines which share seal their objects with; empty where there is none.

    Args:
        environment: Of the process.

    Raises:
        BadInput: It is too short to stay a secret.
    """
    key = environment.get(KEY_VARIABLE, "").encode("utf-8", "surrogateescape")
    if 0 < len(key) < LEAST_KEY:
        raise BadInput(f"{KEY_VARIABLE}: expected {LEAST_KEY} characters or more (or none), got {len(key)}")
    return key
