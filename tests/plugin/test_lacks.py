"""What this machine lacks ends a session, or a verb, as an error of the harness: never as a finding about the voice."""

from __future__ import annotations

import dataclasses
import json
import pwd
import tempfile
import warnings
from pathlib import Path

import pytest

from harness.cli.main import main
from harness.core.errors import StorageError
from harness.core.paths import cache_root
from harness.engines.registry import ENGINES
from harness.hearing.asr import weights
from harness.hearing.asr.fake import ToneTranscriber
from harness.models import needs
from harness.run import tools
from tests.conftest import MODEL_CHECKS, Voice

ERROR = pytest.ExitCode.INTERNAL_ERROR
UNMETERED = 6 + len([name for name in MODEL_CHECKS if not name.startswith("cost-")])
"""Items of the small suite where no cost is judged."""


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


class TestEngineThatFails:
    """What an untrained voice of the same configuration fails on as well is not said of the model."""

    def test_on_one_phrase_makes_that_phrase_an_error_and_judges_the_others(self, gate, fake_voice: Voice) -> None:
        done = gate(fake_voice({"kind": "fail", "when": "crane", "of": "engine"}), "--tts-cost=off")
        assert done.ret == ERROR
        done.assert_outcomes(passed=UNMETERED - 1, failed=1)
        text = done.stdout.str()
        assert "ERROR     crane" in text
        assert "planted failure; an untrained voice of the same configuration fails as well" in text
        assert not any(word in text for word in ("HIGH", "FAIL  ", "Traceback"))

    def test_with_the_models_own_side_files_alone_fails_the_phrase(self, gate, fake_voice: Voice) -> None:
        done = gate(fake_voice({"kind": "fail", "when": "crane", "of": "side-file"}), "--tts-cost=off")
        assert done.ret == 1
        done.assert_outcomes(passed=UNMETERED - 1, failed=1)
        assert "worker.failed" in done.stdout.str()

    @pytest.mark.slow
    def test_while_loading_ends_the_session(self, gate, fake_voice: Voice) -> None:
        done = gate(fake_voice({"kind": "load-fail", "of": "engine"}), "--tts-cost=off")
        assert done.ret == ERROR
        assert said(done.stdout.str(), "an untrained voice of the same configuration fails as well")

    @pytest.mark.slow
    def test_is_an_error_of_record(self, fake_voice: Voice, recorded: Path, pytester: pytest.Pytester, capsys) -> None:
        (pytester.path / "small.probes.yaml").write_bytes((recorded / "small.probes.yaml").read_bytes())
        assert record(fake_voice({"kind": "fail", "when": "crane", "of": "engine"}), pytester.path) == 3
        assert said(capsys.readouterr().err, "an untrained voice of the same configuration fails as well")


class TestVoiceThatNeedsMore:
    """What a voice names and the machine lacks is decided by its configuration and this machine, outside the worker."""

    @pytest.fixture
    def japanese(self, fake_voice: Voice, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setitem(ENGINES, "fake", dataclasses.replace(ENGINES["fake"], needs=ENGINES["coqui"].needs))
        monkeypatch.setattr(needs, "is_importable", lambda name: name != "fugashi")
        folder = fake_voice()
        config = {"use_phonemes": True, "phonemizer": "ja_jp_phonemizer", "phoneme_language": "ja-jp"}
        (folder / "config.json").write_text(json.dumps(config), "utf-8")
        return folder

    def test_ends_the_session_before_anything_is_judged(self, gate, japanese: Path) -> None:
        done = gate(Path(f"fake:{japanese}"))
        assert done.ret == ERROR
        assert done.parseoutcomes() == {}
        line = (
            "this voice needs fugashi for its phonemizer ja_jp_phonemizer, not installed: pip install 'coqui-tts[ja]'"
        )
        assert said(done.stdout.str() + done.stderr.str(), line)

    def test_ends_record(self, gate, japanese: Path, pytester: pytest.Pytester, capsys) -> None:
        assert record(Path(f"fake:{japanese}"), pytester.path) == 3
        assert said(capsys.readouterr().err, "this voice needs fugashi")

    def test_fails_all_the_same_where_its_files_are_hostile(self, gate, japanese: Path) -> None:
        (japanese / "model.pth").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
        done = gate(Path(f"fake:{japanese}"))
        assert done.ret == pytest.ExitCode.TESTS_FAILED
        assert "admission-checkpoint" in done.stdout.str()


class TestForeignFolder:
    def test_is_a_usage_line(self, gate, tmp_path: Path, pytester: pytest.Pytester, capsys) -> None:
        (tmp_path / "kokoro").mkdir()
        (tmp_path / "kokoro" / "config.json").write_text('{"istftnet": {}, "plbert": {}}', "utf-8")
        done = gate(tmp_path / "kokoro")
        assert done.ret == pytest.ExitCode.USAGE_ERROR
        told = "no Coqui model; this looks like a Kokoro or StyleTTS 2 voice, which Soundcheck cannot load"
        assert told in done.stderr.str()
        assert record(tmp_path / "kokoro", pytester.path) == 2
        assert told in capsys.readouterr().err


class TestWarnings:
    def test_of_what_the_harness_loads_fail_nobody_under_a_project_s_filters(
        self, gate, fake_voice: Voice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "vocabulary").touch()
        listen = ToneTranscriber.listen

        def careless(self: ToneTranscriber, *arguments: object) -> object:
            list((tmp_path / "vocabulary").open("rb"))  # closed by nobody, as Whisper's
            warnings.warn("somebody else's", DeprecationWarning, stacklevel=1)
            return listen(self, *arguments)

        monkeypatch.setattr(ToneTranscriber, "listen", careless)
        gate(fake_voice(), "-W", "error", "-k", "door", "--tts-cost=off").assert_outcomes(
            passed=1, deselected=UNMETERED - 1
        )


class TestHomelessUser:
    @pytest.fixture(autouse=True)
    def homeless(self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
        """A container's arbitrary user: no HOME, and no entry in the system's list."""

        def gone(uid: int) -> None:
            raise KeyError(uid)

        for name in ("HOME", "XDG_CACHE_HOME", "SOUNDCHECK_CACHE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setattr(pwd, "getpwuid", gone)

    def test_needs_no_cache_where_nothing_is_kept_in_it(self, gate, fake_voice: Voice) -> None:
        gate(fake_voice(), "-k", "door", "--tts-cost=off").assert_outcomes(passed=1, deselected=UNMETERED - 1)

    def test_is_told_the_variable_where_one_is_needed(self, gate, fake_voice: Voice) -> None:
        done = gate(fake_voice(), "-k", "door", "--tts-asr=whisper:tiny.en")
        assert done.ret == pytest.ExitCode.USAGE_ERROR
        assert "name a folder that can be written in SOUNDCHECK_CACHE" in done.stderr.str()

    @pytest.mark.parametrize("variable", ["HOME", "SOUNDCHECK_CACHE", "XDG_CACHE_HOME"])
    def test_is_told_of_a_cache_that_cannot_be_written(
        self, gate, fake_voice: Voice, pytester: pytest.Pytester, variable: str, monkeypatch: pytest.MonkeyPatch, capsys
    ) -> None:
        monkeypatch.setenv(variable, "/proc/nowhere")
        monkeypatch.setattr(weights, "_openai_urls", lambda: {"tiny.en": "https://x.example/00/tiny.en.pt"})
        monkeypatch.setattr(tools, "require", lambda name, extra: None)
        gate(fake_voice(), "-k", "door", "--tts-asr=fake", "--tts-cost=off").assert_outcomes(
            passed=1, deselected=UNMETERED - 1
        )
        with pytest.raises(StorageError, match="in SOUNDCHECK_CACHE"):
            weights.resolve_whisper("tiny.en", cache_root())

    def test_is_told_of_a_temporary_folder_that_cannot_be_written(
        self, fake_voice: Voice, recorded: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, capsys
    ) -> None:
        (pytester.path / "small.probes.yaml").write_bytes((recorded / "small.probes.yaml").read_bytes())
        monkeypatch.setattr(tempfile, "tempdir", "/proc/nowhere")
        assert record(fake_voice(), pytester.path) == 3
        assert said(capsys.readouterr().err, "name one that can be written in TMPDIR")
