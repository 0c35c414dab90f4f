"""Every verb of the command: help with an example, and the machine's format where there is something to say."""

from __future__ import annotations

import pytest

from harness.cli import VERBS, main

SUB_VERBS = {"redteam"}
"""Verbs whose options belong to a second word."""


@pytest.mark.parametrize("verb", VERBS)
class TestEveryVerb:
    def test_has_help_with_an_example(self, verb: str, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as done:
            main([verb, "--help"])
        assert done.value.code == 0
        told = capsys.readouterr().out
        assert f"example:\n  soundcheck {verb}" in told
        assert ("--format" in told) is (verb not in SUB_VERBS)

    def test_says_what_is_wrong_with_its_arguments(self, verb: str, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as done:
            main([verb, "--no-such-option"])
        assert done.value.code == 2
        assert capsys.readouterr().err.startswith("usage: soundcheck")
