"""Evidence that walls hold: believed in the very circumstances in which it was gathered, and in no others."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from harness.sandbox.inside.attacker import ATTACKS
from harness.sandbox.outside import levels, proofs, selftest

HELD = {
    "tried": [f"{name} refused: PermissionError" for name in ATTACKS],
    "reached": [],
    "seen": list(selftest.EXPECTED_KINDS),
}
NOW = 1_000_000.0


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SOUNDCHECK_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def kept(cache: Path) -> Path:
    """The file of evidence for level A."""
    proofs.keep("A", HELD, now=lambda: NOW)
    (file,) = (cache / proofs.FOLDER).glob("A-*.json")
    return file


def known(level: str = "A", *, later: float = 1.0) -> proofs.Evidence | None:
    return proofs.known(level, now=lambda: NOW + later)


class TestEvidence:
    def test_is_known_where_it_was_kept(self, kept: Path) -> None:
        assert known() == HELD
        assert kept.stat().st_mode & 0o777 == 0o600
        assert kept.parent.stat().st_mode & 0o777 == 0o700

    def test_of_one_level_is_none_of_another(self, kept: Path) -> None:
        assert known("A-") is None
        assert known("B") is None

    @pytest.mark.parametrize(
        "name",
        [
            "/proc/sys/kernel/random/boot_id",
            "/proc/sys/user/max_user_namespaces",
            "/proc/self/attr/current",
            "/proc/self/uid_map",
            "/sys/kernel/security/lsm",
            "/proc/self/status",
        ],
    )
    def test_is_none_after_the_kernel_says_something_else(
        self, kept: Path, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        text = proofs._text
        monkeypatch.setattr(proofs, "_text", lambda asked: "CapEff:\tchanged" if asked == name else text(asked))
        assert known() is None

    @pytest.mark.parametrize(
        ("owner", "name", "value"),
        [
            (proofs, "_code", lambda: "other code"),
            (proofs, "_link", lambda name: f"{name}:[1]"),
            (proofs, "_identity", lambda path: f"another {path}"),
            (proofs, "readable_paths", lambda: ("/home",)),
            (proofs.landlock, "abi", lambda: 1),
            (proofs.cgroups, "parents", dict),
            (proofs.tempfile, "gettempdir", lambda: "/elsewhere"),
        ],
        ids=["code", "namespaces", "programs", "allow-list", "landlock", "cgroups", "temporary folder"],
    )
    def test_is_none_where_anything_else_differs(
        self, kept: Path, owner: object, name: str, value: object, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (is_same := known()) and monkeypatch.setattr(owner, name, value)
        assert is_same
        assert known() is None

    def test_is_none_where_the_boot_cannot_be_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        text = proofs._text
        monkeypatch.setattr(proofs, "_text", lambda asked: "" if asked.endswith("boot_id") else text(asked))
        proofs.keep("A", HELD, now=lambda: NOW)
        assert known() is None

    @pytest.mark.parametrize("later", [-1.0, proofs.MOST_SECONDS + 1])
    def test_is_none_from_the_future_and_after_a_day(self, kept: Path, later: float) -> None:
        assert known(later=later) is None

    @pytest.mark.parametrize("mode", [0o660, 0o602, 0o666])
    def test_is_none_where_others_may_write_the_file(self, kept: Path, mode: int) -> None:
        kept.chmod(mode)
        assert known() is None

    def test_is_none_where_others_may_write_the_folder_and_is_not_kept_there(self, kept: Path) -> None:
        kept.parent.chmod(0o777)
        assert known() is None
        kept.unlink()
        proofs.keep("A", HELD, now=lambda: NOW)
        assert list(kept.parent.iterdir()) == []

    def test_is_none_of_somebody_else(self, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(proofs.os, "geteuid", lambda: kept.stat().st_uid + 1)
        assert known() is None

    def test_is_none_behind_a_link(self, kept: Path, tmp_path: Path) -> None:
        kept.rename(tmp_path / "elsewhere.json")
        kept.symlink_to(tmp_path / "elsewhere.json")
        assert known() is None

    @pytest.mark.parametrize(
        "text", ["", "[]", "{", '{"at": "x"}', '{"at": 1e6}', "\x00", "9" * (proofs.MAX_BYTES + 9)]
    )
    def test_is_none_where_the_file_is_not_what_was_kept(self, kept: Path, text: str) -> None:
        kept.write_text(text, "utf-8")
        assert known() is None

    def test_is_none_where_the_file_is_of_other_circumstances_under_this_name(self, kept: Path) -> None:
        content = json.loads(kept.read_text("utf-8"))
        content["circumstances"]["kernel"] = "another"
        kept.write_text(json.dumps(content), "utf-8")
        assert known() is None

    def test_that_cannot_be_kept_is_gathered_again(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "file").write_text("", "utf-8")
        monkeypatch.setenv("SOUNDCHECK_CACHE", str(tmp_path / "file" / "below"))
        proofs.keep("A", HELD)
        assert proofs.known("A") is None


def test_evidence_that_is_too_old_is_removed_when_other_is_kept(cache: Path) -> None:
    for level in ("A", "A-"):
        proofs.keep(level, HELD)
    folder = cache / proofs.FOLDER
    (old,) = folder.glob("A-[0-9a-f]*.json")
    os.utime(old, (1.0, 1.0))
    proofs.keep("B", HELD)
    assert sorted(file.name.rpartition("-")[0] for file in folder.iterdir()) == ["A-", "B"]


class TestLevels:
    @pytest.fixture(autouse=True)
    def attacked(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """Levels that were attacked, in vain."""
        asked: list[str] = []

        def attack(level: str) -> proofs.Evidence:
            asked.append(level)
            return HELD

        monkeypatch.setattr(levels, "_proofs", {})
        monkeypatch.setattr(selftest, "attack", attack)
        return asked

    def test_are_attacked_once_and_then_believed(self, attacked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
        for _ in range(3):  # processes
            monkeypatch.setattr(levels, "_proofs", {})
            assert levels.choose().level == "A"
        assert attacked == ["A"]

    def test_are_attacked_anew_where_that_is_asked_for(
        self, attacked: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        levels.choose()
        monkeypatch.setattr(levels, "_proofs", {})
        assert levels.choose(is_anew=True).level == "A"
        assert attacked == ["A", "A"]

    @pytest.mark.parametrize(
        "wrong",
        [
            {**HELD, "tried": [*HELD["tried"][1:], "connect succeeded"]},
            {**HELD, "tried": HELD["tried"][1:]},
            {**HELD, "seen": HELD["seen"][1:]},
            {**HELD, "reached": ["a connection reached this machine"]},
            {"broken": ["no user namespaces"]},
            {},
        ],
    )
    def test_are_attacked_anew_where_the_evidence_shows_nothing(self, attacked: list[str], wrong: dict) -> None:
        proofs.keep("A", wrong)
        assert levels.choose().level == "A"
        assert attacked == ["A"]

    def test_that_do_not_hold_are_not_kept(
        self, attacked: list[str], cache: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(selftest, "attack", lambda level: {"broken": [f"{level} cannot be built"]})
        assert levels.choose().level == ""
        assert not list(cache.glob("**/*.json"))
