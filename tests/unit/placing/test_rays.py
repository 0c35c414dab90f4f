"""What goes to a node and comes back is bounded and read with suspicion. Ray is not needed."""

from __future__ import annotations

import pytest

from harness.core.errors import BadInput
from harness.placing import rays
from harness.placing.rays import MOST_BYTES, checked_order, read_answer
from harness.placing.tasks import REFUSED


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"0\n", 0),
        (b"10\n", 10),
        (b"-9\n", -9),
        (b"", REFUSED),
        (b"fine", REFUSED),
        (b"1" * 99, REFUSED),
        ("0", REFUSED),
    ],
)
def test_what_is_no_answer_is_no_pass(answer: object, status: int) -> None:
    assert read_answer(answer) == status


def test_nothing_of_ours_gets_what_ray_has_in_its_environment() -> None:
    environment = {"RAY_AUTH_TOKEN": "x", "RAY_ADDRESS": "y", "PATH": "/bin"}
    assert rays.without(environment) == {"PATH": "/bin"}


def test_an_order_that_is_too_long_is_not_sent() -> None:
    assert checked_order(b"x" * MOST_BYTES, "a") == b"x" * MOST_BYTES
    with pytest.raises(BadInput, match="a: expected an order of at most 65536 bytes, got 65537"):
        checked_order(b"x" * (MOST_BYTES + 1), "a")
