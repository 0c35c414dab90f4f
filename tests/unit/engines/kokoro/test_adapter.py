"""What a Kokoro network is given: ids, the style of the speaker and of that length, speed; and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.core.voice import Voice
from harness.engines.kokoro.adapter import KokoroEngine
from harness.engines.kokoro.phonemes import sentences
from harness.engines.network import Network
from tests.admission_corpus.onnx_assembly import value
from tests.kokoro_voices import INT32, network, write
from tests.lazily import needs

pytestmark = needs("onnxruntime", "espeakng_loader")
PHRASE = "Open the door."


def loaded(folder: Path, voice: Voice) -> KokoroEngine:
    engine = KokoroEngine()
    engine.prepare(device="cpu", threads=1)
    info = engine.load(folder, device="cpu", threads=1, voice=voice)
    assert (info.name, info.sample_rate, sorted(info.versions)) == (
        "kokoro",
        24_000,
        ["espeakng-loader", "onnxruntime"],
    )
    return engine


def expected(text: str, speaker: float, accent: str = "en-us") -> np.ndarray:
    """What the small network says: each id times the row of that length."""
    (ids,) = sentences(text, accent)
    return np.repeat(np.array(ids, np.float32), 256) * np.float32(speaker + (len(ids) - 2) / 1000)


class TestSpeaking:
    def test_gives_the_style_of_the_text_s_length(self, tmp_path: Path) -> None:
        (speech,) = loaded(write(tmp_path), Voice()).render([PHRASE], [1])
        assert np.allclose(speech.samples, expected(PHRASE, 1), rtol=1e-5)
        assert (speech.sample_rate, speech.tokens) == (24_000, len(sentences(PHRASE, "en-us")[0]))

    def test_depends_on_text_and_speaker_alone(self, tmp_path: Path) -> None:
        engine = loaded(write(tmp_path, "af_heart", "bm_george"), Voice(speakers=("af_heart", "bm_george")))
        alone = engine.render([PHRASE], [7])[0]
        among = engine.render(["Hello.", PHRASE, "Something longer than the others."], [1, 8, 2])[1]
        assert np.array_equal(alone.samples, among.samples)
        engine.speak_as("bm_george")
        assert np.allclose(engine.render([PHRASE], [7])[0].samples, expected(PHRASE, 2, "en-gb"), rtol=1e-5)
        engine.speak_as("af_heart")
        assert np.array_equal(engine.render([PHRASE], [7])[0].samples, alone.samples)

    def test_says_a_text_once_that_a_batch_has_several_times(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        engine, runs = loaded(write(tmp_path), Voice()), list[str]()
        run = Network.run
        monkeypatch.setattr(Network, "run", lambda self, *given: runs.append("run") or run(self, *given))
        first, other, again = engine.render([PHRASE, "Hello.", PHRASE], [1, 2, 3])
        assert np.array_equal(first.samples, again.samples)
        assert len(other.samples) != len(first.samples)
        assert len(runs) == 2

    def test_speaks_the_language_that_was_chosen(self, tmp_path: Path) -> None:
        english, french = (loaded(write(tmp_path), Voice(language=code)) for code in ("en", "fr"))
        assert not np.array_equal(
            english.render(["Bonjour"], [1])[0].samples, french.render(["Bonjour"], [1])[0].samples
        )

    def test_a_text_of_several_pieces_is_said_to_its_end(self, tmp_path: Path) -> None:
        text = "Open the red door, please. " * 60
        (speech,) = loaded(write(tmp_path), Voice()).render([text], [1])
        assert len(speech.samples) == 256 * speech.tokens
        assert speech.tokens == sum(map(len, sentences(text, "en-us")))

    def test_silence_is_a_text_in_which_nothing_can_be_said(self, tmp_path: Path) -> None:
        assert len(loaded(write(tmp_path), Voice()).render(["..."], [1])[0].samples) == 0


class TestNetworks:
    def test_newer_exports_are_given_what_they_call_it(self, tmp_path: Path) -> None:
        newer = network(tokens="input_ids", speed=INT32)
        (speech,) = loaded(write(tmp_path, data=newer), Voice()).render([PHRASE], [1])
        assert np.allclose(speech.samples, expected(PHRASE, 1), rtol=1e-5)

    @pytest.mark.parametrize("data", [network(tokens="text"), network(more=(value("more", (1,)),)), network(speed=9)])
    def test_one_that_takes_something_else_is_refused(self, tmp_path: Path, data: bytes) -> None:
        with pytest.raises(ValueError, match="expected a network that takes input_ids or tokens, style and speed, got"):
            loaded(write(tmp_path, data=data), Voice())

    def test_noise_is_the_seed_s(self, tmp_path: Path) -> None:
        engine = loaded(write(tmp_path, data=network(noise=True)), Voice())
        one, same, other = (speech.samples for speech in engine.render([PHRASE] * 3, [1, 1, 2]))
        assert np.array_equal(one, same)
        assert not np.array_equal(one, other)
