"""The wire format: what is a field, and what readers would take in two ways."""

from __future__ import annotations

import pytest

from harness.admission.reading.bytesource import MemoryBytes
from harness.admission.reading.notebook import Budget, OutOfBudget
from harness.admission.reading.wire import FIELD_COST, Blocks, Misshapen, fields, numbers, signed, varint


def read(data: bytes, budget: Budget | None = None) -> list[tuple[int, int, int, int, int]]:
    return [tuple(one) for one in fields(MemoryBytes(data), 0, len(data), budget or Budget())]


class TestFields:
    def test_are_told_by_number_form_and_place(self) -> None:
        data = b"\x08\x96\x01" + b"\x12\x02hi" + b"\x1d" + bytes(4) + b"\x21" + bytes(8)
        assert read(data) == [(1, 0, 150, 0, 3), (2, 2, 0, 5, 7), (3, 5, 0, 8, 12), (4, 1, 0, 13, 21)]

    @pytest.mark.parametrize(
        ("data", "why"),
        [
            (b"\x08", "a number without an end"),
            (b"\x08\x80\x00", "longer than it has to be"),
            (b"\x08" + b"\xff" * 9 + b"\x02", "longer than it has to be"),
            (b"\x08" + b"\x80" * 10, "without an end"),
            (b"\x12\x05hi", "field 2 of 5 bytes where 2 are left"),
            (b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "field 2 of 18446744073709551615 bytes"),
            (b"\x1d\0\0", "field 3 of 4 bytes"),
            (b"\x0b", "of a kind that nobody writes"),
            (b"\x0f\0", "of a kind that nobody writes"),
            (b"\0\0", "field 0, which cannot be"),
            (b"\x80\x80\x80\x80\x20\0", "which cannot be"),
        ],
    )
    def test_are_refused_where_readers_differ_or_read_beyond(self, data: bytes, why: str) -> None:
        with pytest.raises(Misshapen, match=why):
            read(data)

    def test_end_with_the_budget(self) -> None:
        with pytest.raises(OutOfBudget):
            read(b"\x08\x01" * 3, Budget(operations=2 * FIELD_COST))


class TestNumbers:
    def test_are_the_same_packed_and_alone(self) -> None:
        packed, alone = b"\x0a\x03\x01\xac\x02", b"\x08\x01\x08\xac\x02"
        found = [
            [
                one
                for field in fields(MemoryBytes(data), 0, len(data), Budget())
                for one in numbers(MemoryBytes(data), field, 9)
            ]
            for data in (packed, alone)
        ]
        assert found == [[1, 300], [1, 300]]

    def test_have_a_sign_in_64_bits(self) -> None:
        assert (signed((1 << 64) - 1), signed(1 << 63), signed(5)) == (-1, -(1 << 63), 5)
        assert varint(b"\xff" * 9 + b"\x01", 0, 0) == ((1 << 64) - 1, 10)


def test_short_reads_that_follow_each_other_cost_one() -> None:
    class Counted(MemoryBytes):
        reads = 0

        def read(self, offset: int, length: int) -> bytes:
            type(self).reads += 1
            return super().read(offset, length)

    source = Blocks(Counted(bytes(range(256)) * 200))
    assert [source.read(at, 4) for at in range(0, 16_000, 4)] == [
        source.source.read(at, 4) for at in range(0, 16_000, 4)
    ]
    assert Counted.reads <= 2 + 4_000  # 4,000 are the comparison's own
    assert source.read(51_198, 4) == b"\xfe\xff"
