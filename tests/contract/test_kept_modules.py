"""Sessions of pytest within our own tests leave the packages that they loaded, and nothing of what they tested."""

from __future__ import annotations

import pickle
import sys

import pytest


def test_a_package_that_a_session_loaded_is_the_same_after_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        beside="",
        test_inner="import beside, numpy\ndef test_it(): assert numpy.char.array(['a'])\n",
    )
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)
    assert "test_inner" not in sys.modules
    assert "beside" not in sys.modules
    import numpy as np

    assert np.char is sys.modules["numpy.char"]
    assert pickle.loads(pickle.dumps(np.char.array(["a"]))) == ["a"]
