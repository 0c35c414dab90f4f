"""What can be known of the Whisper transcriber before it hears anything."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from harness.core.errors import AsrError, MissingDependency
from harness.core.installation import install_command
from harness.hearing.asr.weights import WhisperWeights
from harness.hearing.asr.whisper import WhisperTranscriber

CLIP = (np.zeros(160, np.float32), 16000)
ROOT = Path(__file__).parents[4]


@pytest.fixture
def weights(tmp_path):
    return WhisperWeights(name="tiny.en", path=tmp_path / "tiny.en.pt", sha256="ab" * 32, source="file")


def test_importing_it_and_naming_its_settings_loads_nothing_heavy():
    code = """
import sys
from pathlib import Path
from harness.hearing.asr.weights import WhisperWeights
from harness.hearing.asr.whisper import WhisperTranscriber
weights = WhisperWeights(name="tiny.en", path=Path("x"), sha256="", source="")
WhisperTranscriber(weights, threads=1).identity
print(*{name.split(".")[0] for name in sys.modules})
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"torch", "whisper", "librosa", "numba", "soxr"} & set(done.stdout.split())


@pytest.mark.skipif(importlib.util.find_spec("whisper") is None, reason="openai-whisper is not installed")
class TestIdentity:
    def test_says_what_shapes_the_numbers(self, weights):
        identity = WhisperTranscriber(weights, threads=1, language="de").identity
        assert identity["weights"] == "ab" * 32
        assert identity["language"] == "de"
        assert {"name", "source", "windows", "decoding", "torch", "openai-whisper"} < set(identity)
        assert all(isinstance(value, str) for value in identity.values())

    def test_threads_and_batch_are_no_part_of_it(self, weights):
        one, other = (WhisperTranscriber(weights, threads=count, batch=count).identity for count in (1, 4))
        assert one == other


class TestWhatIsMissing:
    @pytest.mark.parametrize("gone", ["torch", "openai-whisper", "soxr"])
    def test_a_package_is_named_with_the_command_that_installs_it(self, weights, monkeypatch, gone):
        real = importlib.metadata.version

        def version(name):
            if name == gone:
                raise importlib.metadata.PackageNotFoundError(name)
            return "1" if name in {"torch", "openai-whisper", "soxr"} else real(name)

        monkeypatch.setattr(importlib.metadata, "version", version)
        with pytest.raises(MissingDependency) as raised:
            WhisperTranscriber(weights, threads=1)
        assert str(raised.value) == (f"Whisper needs {gone}, which is not installed: {install_command('whisper')}")

    @pytest.mark.real
    @pytest.mark.slow
    @pytest.mark.parametrize("broken", ["torch", "whisper"])
    def test_a_package_that_does_not_import_is_one_line_too(self, weights, monkeypatch, broken):
        pytest.importorskip("whisper")
        monkeypatch.setitem(sys.modules, broken, None)
        with pytest.raises(MissingDependency) as raised:
            WhisperTranscriber(weights, threads=1).listen([CLIP], [None])
        assert str(raised.value).startswith(f"{broken} cannot be imported (ModuleNotFoundError: ")
        assert str(raised.value).endswith(install_command("whisper"))


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Detected pickle protocol:UserWarning")
class TestWhatIsNoCheckpoint:
    @pytest.mark.parametrize(
        "content", [None, b"", b"not a checkpoint", b"\x80\x04."], ids=["none", "empty", "text", "pickle"]
    )
    def test_the_file_is_named_in_one_line(self, weights, content):
        pytest.importorskip("whisper")
        if content is not None:
            weights.path.write_bytes(content)
        with pytest.raises(AsrError) as raised:
            WhisperTranscriber(weights, threads=1).listen([CLIP], [None])
        assert str(raised.value).startswith(f"{weights.path}: does not load as a Whisper checkpoint on cpu (")
        assert "\n" not in str(raised.value)
