"""Policies as files."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from harness.core.errors import BadInput, IntegrityError
from harness.policy.file import COPY, alpha_under, gate_under, policy_of_run, read_policy

TEXT = b'version = 1\ntitle = "Releases"\nowner = "voice team"\nalpha = 0.02\ngate = "release"\n'


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / COPY
    path.write_bytes(TEXT)
    return path


class TestReading:
    def test_takes_the_digest_of_the_bytes(self, policy: Path) -> None:
        read = read_policy(policy)
        assert (read.policy.title, read.sha256) == ("Releases", hashlib.sha256(TEXT).hexdigest())

    @pytest.mark.parametrize(
        ("data", "line"),
        [
            (b"version = \xff", "expected UTF-8, got byte 0xff at offset 10"),
            (b"#" * 300_000, "expected a policy of at most 262144 bytes, got more"),
            (b"titel = 1", "policy.toml:1: unknown key 'titel'; did you mean 'title'?"),
        ],
    )
    def test_refuses_other_files_with_one_line(self, policy: Path, data: bytes, line: str) -> None:
        policy.write_bytes(data)
        with pytest.raises(BadInput, match="policy") as caught:
            read_policy(policy)
        assert line in str(caught.value)

    def test_says_that_there_is_none(self, tmp_path: Path) -> None:
        with pytest.raises(BadInput, match=r"none\.toml: cannot be read \(No such file or directory\)"):
            read_policy(tmp_path / "none.toml")


class TestTheCommandLine:
    def test_may_be_stricter(self, policy: Path) -> None:
        read = read_policy(policy)
        assert alpha_under(read, 0.05) == 0.05
        assert gate_under(read, "release") == "release"

    def test_gets_the_policy_s_word_where_it_says_nothing(self, policy: Path) -> None:
        read = read_policy(policy)
        assert (alpha_under(read, None), gate_under(read, "")) == (0.02, "release")

    def test_is_never_laxer(self, policy: Path) -> None:
        read = read_policy(policy)
        with pytest.raises(BadInput, match=r"--tts-alpha: expected at least 0.02, which .* demands, got 0.01"):
            alpha_under(read, 0.01)
        with pytest.raises(BadInput, match=r"--tts-gate: expected release, which .*owner: voice team.* got ci"):
            gate_under(read, "ci")

    def test_is_free_without_a_policy(self) -> None:
        assert (alpha_under(None, None), alpha_under(None, 0.001)) == (0.01, 0.001)
        assert (gate_under(None, ""), gate_under(None, "release")) == ("ci", "release")


class TestTheCopyOfARun:
    def test_is_the_policy_it_was_judged_by(self, policy: Path) -> None:
        found = policy_of_run(policy.parent, hashlib.sha256(TEXT).hexdigest())
        assert found is not None
        assert found.policy.owner == "voice team"

    def test_is_none_where_there_was_none(self, tmp_path: Path) -> None:
        assert policy_of_run(tmp_path, None) is None
        assert policy_of_run(tmp_path, "") is None, "as runs of before have it"

    def test_counts_only_as_it_was(self, policy: Path) -> None:
        policy.write_bytes(TEXT + b"\n")
        with pytest.raises(IntegrityError, match="not the policy that the run was judged by; run again"):
            policy_of_run(policy.parent, hashlib.sha256(TEXT).hexdigest())
        policy.unlink()
        with pytest.raises(IntegrityError, match="the run's own copy of its policy is not whole"):
            policy_of_run(policy.parent, hashlib.sha256(TEXT).hexdigest())
