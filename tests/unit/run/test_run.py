"""What a run is put together from: the language that is listened for."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from harness.core.errors import BadInput
from harness.run.settings import Settings
from harness.run.tools import make_transcriber
from harness.suites.file import SuiteFileContent, language_of, read_suite


def suite(folder: Path, name: str, language: str, more: str = "") -> SuiteFileContent:
    path = folder / f"{name}.probes.yaml"
    text = f"version: 1\ntitle: t\nlanguage: {language}\nprobes:\n  - {{id: {name}, family: f, text: Hallo{more}}}\n"
    path.write_text(text, "utf-8")
    return read_suite(path)


def settings(folder: Path, asr: str) -> Settings:
    return Settings(
        model="", model_name="candidate", golden="", golden_folders=(), asr=asr, takes=2, seed=1, alpha=0.01, gate="ci",
        device="cpu", threads=1, workers=1, folder=folder, memory_gb=0.0, timeout=60.0, fresh=False,
    )  # fmt: skip


class TestLanguageOf:
    def test_it_is_that_of_the_suites(self, tmp_path: Path) -> None:
        assert language_of([suite(tmp_path, "a", "de"), suite(tmp_path, "b", "de")]) == "de"
        assert language_of([]) == "en"

    def test_two_suites_of_two_languages_cannot_be_heard_in_one_run(self, tmp_path: Path) -> None:
        with pytest.raises(BadInput) as caught:
            language_of([suite(tmp_path, "a", "en"), suite(tmp_path, "b", "de")])
        assert str(caught.value) == (
            "b.probes.yaml:5: expected language 'en' as in a.probes.yaml, got 'de'; a run and a golden hear one "
            "language, so put the other into a suite and run of its own"
        )

    def test_nor_can_two_probes(self, tmp_path: Path) -> None:
        with pytest.raises(BadInput, match=r"^a\.probes\.yaml:5: expected language 'en'"):
            language_of([suite(tmp_path, "b", "en"), suite(tmp_path, "a", "en", ", language: fr")])


class TestTranscriber:
    def test_whisper_listens_for_the_language_and_says_so(self, tmp_path: Path) -> None:
        weights = tmp_path / "some.pt"
        weights.write_bytes(b"not loaded before something is heard")
        made = make_transcriber(settings(tmp_path, f"whisper:{weights}"), lambda _: None, "de")
        assert made.identity["language"] == "de"

    def test_a_salt_does_not_show_where_settings_do(self, tmp_path: Path) -> None:
        salted = dataclasses.replace(settings(tmp_path, "fake"), salt="nobody knows this")
        assert "nobody" not in repr(salted)
        assert len(salted.salt_digest) == 64
        assert settings(tmp_path, "fake").salt_digest == ""
