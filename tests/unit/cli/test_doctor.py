"""What the doctor says: only what was imported is ok, what a model needs is told, and nothing ends in a traceback."""

from __future__ import annotations

import json
import pwd
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from harness.cli import doctor
from harness.cli.doctor_model import Check
from harness.cli.main import main
from harness.core.errors import StorageError
from harness.core.installation import install_command
from harness.models import needs
from harness.sandbox.outside import levels

Doctor = Callable[..., dict[str, Check]]


@pytest.fixture
def ill(monkeypatch: pytest.MonkeyPatch) -> Callable[[Mapping[str, str]], None]:
    """Have imports break as told; none is really made."""

    def make(broken: Mapping[str, str]) -> None:
        monkeypatch.setattr(doctor, "try_imports", lambda names: {name: broken.get(name, "") for name in names})

    monkeypatch.setattr(doctor, "is_installed", lambda name: True)
    monkeypatch.setattr(doctor.importlib.metadata, "version", lambda name: "2.11.1")
    monkeypatch.setattr(levels, "choose", lambda **_: levels.Choice(level="B", failures={}))
    make({})
    return make


def told(model: str = "") -> dict[str, Check]:
    return {check.name: check for check in doctor.examine(model)}


class TestPackages:
    def test_that_import_are_ok(self, ill) -> None:
        found = told()
        assert found["torchaudio"].ok
        assert found["engine coqui"].ok

    def test_that_are_installed_and_do_not_load_are_missing(self, ill, capsys) -> None:
        ill({"torchaudio": "OSError: libtorchaudio.so: undefined symbol: torch_exception"})
        assert main(["doctor"]) == 3
        out = capsys.readouterr().out
        line = (
            "MISSING  torchaudio               2.11.1 cannot be imported: OSError: libtorchaudio.so: undefined symbol"
        )
        assert line in out
        assert "MISSING  engine coqui" in out
        assert f"{install_command('coqui')} --force-reinstall" in out

    def test_of_an_engine_are_tried_as_its_worker_does(self, ill) -> None:
        ill({"TTS.tts.models.vits": "ModuleNotFoundError: No module named 'six'"})
        found = told()
        assert found["coqui-tts"].ok
        assert found["engine coqui"].detail == (
            "cannot be made ready: ModuleNotFoundError: No module named 'six' (while importing TTS.tts.models.vits)"
        )


class TestMachine:
    def test_without_a_home_names_the_variable(self, ill, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
        def gone(uid: int) -> None:
            raise KeyError(uid)

        for name in ("HOME", "XDG_CACHE_HOME", "SOUNDCHECK_CACHE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setattr(pwd, "getpwuid", gone)
        assert main(["doctor", "--model", "~/voice"]) == 3
        captured = capsys.readouterr()
        assert "MISSING  cache                    no folder for the cache" in captured.out
        assert "in SOUNDCHECK_CACHE" in captured.out
        assert "~/voice: nobody here has a home folder" in captured.out
        assert "Traceback" not in captured.err

    def test_without_a_temporary_folder_says_so(self, ill, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tempfile, "tempdir", "/proc/nowhere")
        found = told()
        assert not found["temporary folder"].ok
        assert "TMPDIR" in found["temporary folder"].fix

    @pytest.mark.parametrize("error", [StorageError("no room"), ValueError("odd\nlines"), OSError(13, "denied")])
    def test_that_cannot_be_looked_at_is_missing(
        self, ill, monkeypatch: pytest.MonkeyPatch, error: Exception, capsys
    ) -> None:
        def broken() -> None:
            raise error

        monkeypatch.setattr(doctor, "_senses", broken)
        assert main(["doctor"]) == 3
        (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("MISSING")]
        assert line.startswith("MISSING  senses")


class TestModel:
    def voice(self, folder: Path, **config: object) -> Path:
        folder.mkdir(exist_ok=True)
        (folder / "config.json").write_text(json.dumps({"model": "vits", **config}), "utf-8")
        (folder / "model.pth").write_bytes(b"weights")
        return folder

    def test_that_needs_nothing_more_is_ok(self, ill, tmp_path: Path) -> None:
        found = told(str(self.voice(tmp_path / "voice")))
        assert found["voice"].detail == "checkpoint model.pth"
        assert found["package"].detail == "none beside those of its engine"
        assert "GiB free" in found["memory"].detail

    def test_that_needs_a_phonemizer_is_told_which(self, ill, tmp_path: Path, monkeypatch) -> None:
        monkeypatch.setattr(needs, "is_importable", lambda name: False)
        voice = self.voice(
            tmp_path / "voice", use_phonemes=True, phonemizer="ja_jp_phonemizer", phoneme_language="ja-jp"
        )
        found = told(str(voice))
        assert found["package"].detail == "fugashi not installed (for its phonemizer ja_jp_phonemizer)"
        assert found["package"].fix == "pip install 'coqui-tts[ja]'"
        assert "Whisper for 'ja'" in found

    def test_that_is_too_large_for_a_worker_is_told_the_option(self, ill, tmp_path: Path) -> None:
        voice = self.voice(tmp_path / "voice")
        with (voice / "model.pth").open("wb") as file:
            file.truncate(8 << 30)
        assert not told(str(voice))["memory"].ok

    @pytest.mark.parametrize("name", ["gone", "kokoro", "empty", "odd"])
    def test_that_is_none_is_one_line(self, ill, tmp_path: Path, name: str, capsys) -> None:
        folder = tmp_path / name
        if name != "gone":
            folder.mkdir()
        if name in ("kokoro", "odd"):
            (folder / "config.json").write_text('{"istftnet": {}}' if name == "kokoro" else "[" * 9000, "utf-8")
        assert main(["doctor", "--model", str(folder)]) == 3
        captured = capsys.readouterr()
        (line,) = [line for line in captured.out.splitlines() if line.startswith("MISSING")]
        assert line.startswith("MISSING  model")
        assert captured.err == ""
