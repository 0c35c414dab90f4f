"""Parts of a whole."""

from __future__ import annotations

import pytest

from harness.core.errors import BadInput
from harness.core.shard import Shard, read_shard


@pytest.mark.parametrize("of", [1, 2, 7])
def test_each_batch_is_of_one_of_them(of: int) -> None:
    shards = [Shard(number, of) for number in range(1, of + 1)]
    assert [sum(shard.has(place) for shard in shards) for place in range(30)] == [1] * 30


def test_is_written_as_it_is_read() -> None:
    assert str(read_shard("2/4")) == "2/4"
    assert read_shard("") is None


@pytest.mark.parametrize("typed", ["0/1", "2/1", "1/0", "-1/2", "1/2/3", "½", "1/10001", " 1/2", "1/2\n", "٣/٤"])
def test_anything_else_is_refused(typed: str) -> None:
    with pytest.raises(BadInput, match="--tts-shard: expected I/N"):
        read_shard(typed)
