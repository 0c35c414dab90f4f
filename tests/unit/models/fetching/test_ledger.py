"""What was fetched before, and the verb that fetches."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.cli.main import main
from harness.core.errors import BadInput
from harness.models.fetching.ledger import NAME, Ledger

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ONE, TWO = "sha256:" + "1" * 64, "sha256:" + "2" * 64


class TestLedger:
    def test_remembers_the_first_digest(self, tmp_path: Path) -> None:
        ledger = Ledger(tmp_path)
        assert ledger.digest("https://a.example/v.zip") is None
        ledger.record("https://a.example/v.zip", ONE, NOW)
        ledger.record("https://b.example/v.zip", TWO, NOW)
        ledger.record("https://a.example/v.zip", ONE, NOW)
        assert Ledger(tmp_path).digest("https://a.example/v.zip") == ONE
        content = json.loads((tmp_path / NAME).read_text("utf-8"))
        assert content["sources"]["https://b.example/v.zip"] == {
            "digest": TWO,
            "first_fetched": "2026-06-01T12:00:00Z",
        }

    def test_never_changes_one(self, tmp_path: Path) -> None:
        Ledger(tmp_path).record("https://a.example/v.zip", ONE, NOW)
        with pytest.raises(BadInput, match="was recorded with another digest meanwhile"):
            Ledger(tmp_path).record("https://a.example/v.zip", TWO, NOW)
        assert Ledger(tmp_path).digest("https://a.example/v.zip") == ONE

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "[]",
            "{}",
            '{"version": 1, "sources": {"a": {"digest": "sha256:1", "first_fetched": ""}}}',
            f'{{"version": 1, "sources": {{"a": {{"digest": "{"1" * 64}", "first_fetched": ""}}}}}}',
            f'{{"version": 1, "sources": {{"a": {{"digest": "{ONE}", "first_fetched": "", "x": 1}}}}}}',
            '{"version": 1, "sources": {}, "sources": {}}',
            "<<<<<<< HEAD",
        ],
    )
    def test_refuses_what_it_did_not_write(self, tmp_path: Path, text: str) -> None:
        (tmp_path / NAME).write_text(text, "utf-8")
        with pytest.raises(BadInput, match=re.escape(NAME)):
            Ledger(tmp_path).digest("a")


class TestVerb:
    def test_says_how_to_allow_a_host(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "pyproject.toml").write_text("", "utf-8")
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("SOUNDCHECK_CACHE", str(tmp_path / "cache"))
        assert main(["fetch", "https://a.example/v.zip"]) == 2
        assert 'hosts = ["a.example"]' in capsys.readouterr().err

    def test_refuses_a_branch(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["fetch", "hf://acme/voice@main"]) == 2
        assert "a branch or tag can be moved" in capsys.readouterr().err
