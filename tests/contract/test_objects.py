"""Whatever keeps objects for several machines: a folder, and every store of obstore's that works without a network.

What a local server of S3 is asked besides is in ``tests/unit/storage/test_bucket.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness.storage.bucket import BucketObjects
from harness.storage.objects import FolderObjects, Objects
from harness.storage.smallfile import TooLarge

NAME = f"takes/ab/{'ab' * 32}"
OTHER = f"renderings/cd/{'cd' * 32}"
SEEN = f"behaviour/{'0' * 32}/{'ef' * 32}"

Made = Callable[[Path], Objects]


def folder(root: Path) -> Objects:
    return FolderObjects(root)


def local(root: Path) -> Objects:
    store = pytest.importorskip("obstore.store", reason="pip install '.[store]'")
    return BucketObjects(store.LocalStore(root), "local")


def memory(root: Path) -> Objects:
    store = pytest.importorskip("obstore.store", reason="pip install '.[store]'")
    return BucketObjects(store.MemoryStore(), "memory")


@pytest.fixture(params=[folder, local, memory])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    (tmp_path / "store").mkdir()
    made: Objects = request.param(tmp_path / "store")
    return made


def test_what_was_put_is_got_byte_for_byte(objects: Objects) -> None:
    data = bytes(range(256)) * 5000
    assert objects.get(NAME, len(data)) is None
    assert objects.put(NAME, data)
    assert objects.get(NAME, len(data)) == data
    assert objects.put(OTHER, b"")
    assert objects.get(OTHER, 0) == b""


def test_the_first_one_stays(objects: Objects) -> None:
    assert objects.put(NAME, b"first")
    assert not objects.put(NAME, b"second")
    assert objects.get(NAME, 100) == b"first"


def test_of_many_at_once_one_wins_and_all_learn_it(objects: Objects) -> None:
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda number: objects.put(NAME, bytes([number]) * 10_000), range(16)))
    assert won.count(True) == 1
    assert objects.get(NAME, 20_000) == bytes([won.index(True)]) * 10_000


def test_more_than_was_asked_for_is_not_read(objects: Objects) -> None:
    objects.put(NAME, bytes(1001))
    with pytest.raises(TooLarge, match="at most 1000 bytes, got more"):
        objects.get(NAME, 1000)


def test_each_is_listed_by_its_kind(objects: Objects) -> None:
    for name in (NAME, OTHER, SEEN):
        objects.put(name, b"12345")
    assert [(one.name, one.bytes) for one in objects.list("takes")] == [(NAME, 5)]
    assert [one.name for one in objects.list("renderings")] == [OTHER]
    assert [one.name for one in objects.list(f"behaviour/{'0' * 32}")] == [SEEN]
    assert list(objects.list(f"behaviour/{'1' * 32}")) == []
    assert next(objects.list("takes")).modified > 1_700_000_000


@pytest.mark.parametrize(
    "name",
    ["", "takes", "takes/ab", f"takes/../{'ab' * 32}", f"/takes/ab/{'ab' * 32}", f"other/ab/{'ab' * 32}", f"{NAME}\n"],
)
def test_a_name_that_is_none_is_never_used(name: str, objects: Objects) -> None:
    with pytest.raises(ValueError, match="expected the name of an object"):
        objects.get(name, 10)
    with pytest.raises(ValueError, match="expected the name of an object"):
        objects.put(name, b"")


def test_no_place_holds_more_than_an_address(objects: Objects) -> None:
    assert objects.place
    assert "\n" not in objects.place
