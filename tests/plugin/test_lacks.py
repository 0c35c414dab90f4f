"""What this machine lacks ends a session, or a verb, as an error of the harness: never as a finding about the voice."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from harness.cli.main import main
from harness.engines.registry import ENGINES
from tests.conftest import Voice

ERROR = pytest.ExitCode.INTERNAL_ERROR


@pytest.fixture
def gate(pytester: pytest.Pytester, recorded: Path):
    """Run the small suite on a model; extra arguments go to pytest."""
    (pytester.path / "small.probes.yaml").write_bytes((recorded / "small.probes.yaml").read_bytes())

    def run(model: Path, *arguments: str) -> pytest.RunResult:
        return pytester.runpytest_inprocess(
            "small.probes.yaml", "-p", "no:cacheprovider", f"--tts-model={model}", "--tts-asr=fake",
            f"-otts_golden_dir={recorded / 'golden'}", "--tts-golden=small", *arguments,
        )  # fmt: skip

    return run


def record(model: Path, folder: Path) -> int:
    suite = folder / "small.probes.yaml"
    return main(
        ["record", "--model", str(model), "--suite", str(suite), "--out", str(folder / "new"), "--asr", "fake",
         "--dir", str(folder / ".soundcheck"), "--no-cost"]
    )  # fmt: skip


def said(text: str, cause: str) -> bool:
    """Whether the cause is told on one line, by the harness, and nothing is said of the voice."""
    lines = [line for line in text.splitlines() if cause in line]
    return (
        bool(lines) and "soundcheck: " in lines[0] and not any(word in text for word in ("FAIL", "HIGH", "Traceback"))
    )


class TestBrokenInstallation:
    @pytest.fixture(autouse=True)
    def broken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(ENGINES, "fake", dataclasses.replace(ENGINES["fake"], preloads=("no_such_package",)))

    def test_is_an_error_of_the_session(self, gate, fake_voice: Voice) -> None:
        done = gate(fake_voice())
        assert done.ret == ERROR
        assert said(done.stdout.str(), "ModuleNotFoundError: No module named 'no_such_package' (while importing")
        assert "failed" not in done.parseoutcomes()

    def test_is_an_error_of_record(self, gate, fake_voice: Voice, pytester: pytest.Pytester, capsys) -> None:
        assert record(fake_voice(), pytester.path) == 3
        assert said(capsys.readouterr().err, "No module named 'no_such_package' (while importing no_such_package)")
