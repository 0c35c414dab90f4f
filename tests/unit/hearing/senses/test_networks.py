"""The two networks: pinned weights, front ends as they were trained with, prints that tell speakers apart."""

from __future__ import annotations

import numpy as np
import pytest

from harness.core.errors import IntegrityError, MissingDependency
from harness.hearing.senses import quality, speaker
from harness.hearing.senses.mel import slaney_filters
from harness.storage.pinned import package_folder
from tests.sounds import babble

soxr = pytest.importorskip("soxr")


def narrow(samples):
    return soxr.resample(samples, 22050, 16000)


def angle(one, other):
    return np.degrees(np.arccos(min(1.0, float(one @ other))))


class TestFrontEnds:
    def test_filters_have_equal_area_in_hertz(self):
        areas = slaney_filters(16000, 4096, 40).sum(axis=1) * 16000 / 4096
        assert areas == pytest.approx(np.ones(40), rel=0.02)

    def test_filters_are_those_that_the_networks_were_trained_with(self):
        librosa = pytest.importorskip("librosa")
        expected = librosa.filters.mel(sr=16000, n_fft=400, n_mels=40)
        np.testing.assert_allclose(slaney_filters(16000, 400, 40), expected, atol=1e-6)

    @pytest.mark.parametrize(("frames", "expected"), [(1, 1), (160, 1), (161, 1), (198, 2), (300, 3), (314, 3)])
    def test_windows_cover_a_clip(self, frames, expected):
        cut = speaker.windows(np.ones((frames, 40)))
        assert cut.shape == (expected, 160, 40)

    def test_nine_seconds_are_900_frames(self):
        assert quality.features(np.resize(narrow(babble(1)), 144_000)).shape == (900, 120)


@pytest.mark.skipif(package_folder("resemblyzer") is None, reason="Resemblyzer's weights are not installed")
@pytest.mark.skipif(package_folder("torch") is None, reason="torch is not installed")
class TestSpeaker:
    def test_a_print_has_length_1_and_is_not_negative(self):
        (print_,) = speaker.voiceprints([narrow(babble(1))])
        assert np.linalg.norm(print_) == pytest.approx(1, abs=1e-5)
        assert print_.min() >= 0

    def test_another_throat_is_further_off_than_another_take(self):
        own, again, other = speaker.voiceprints([narrow(babble(1)), narrow(babble(2)), narrow(babble(1, rate=17500))])
        assert angle(own, again) < 0.5 * angle(own, other)

    def test_a_batch_is_heard_as_its_clips_are(self):
        clips = [narrow(babble(1)), np.zeros(100, np.float32), narrow(babble(2))[:20_000]]
        together = speaker.voiceprints(clips)
        for clip, print_ in zip(clips, together, strict=True):
            np.testing.assert_allclose(print_, speaker.voiceprints([clip])[0], atol=1e-5)
        assert not together[1].any()

    def test_level_plays_no_part(self):
        loud, quiet = speaker.voiceprints([narrow(babble(1)), narrow(babble(1)) * np.float32(0.1)])
        assert angle(loud, quiet) < 0.5

    def test_packing_loses_less_than_half_a_degree(self):
        (print_,) = speaker.voiceprints([narrow(babble(1))])
        packed = np.frombuffer(speaker.packed(print_), np.uint8).astype(float)
        assert packed.size == 256
        assert angle(print_, packed / np.linalg.norm(packed)) < 0.5

    def test_other_weights_are_refused(self, monkeypatch, tmp_path):
        (tmp_path / "other.pt").write_bytes(b"other")
        monkeypatch.setattr(speaker, "package_file", lambda *a, **k: tmp_path / "other.pt")
        speaker._network.cache_clear()
        with pytest.raises(IntegrityError, match="expected 39373b86"):
            speaker.voiceprints([narrow(babble(1))])

    def test_a_missing_package_says_what_to_install(self, monkeypatch):
        monkeypatch.setattr(speaker, "PACKAGE", "no_such_package")
        speaker._network.cache_clear()
        with pytest.raises(MissingDependency, match="no_such_package is not installed"):
            speaker.voiceprints([narrow(babble(1))])


@pytest.mark.skipif(package_folder("speechmos") is None, reason="speechmos is not installed")
@pytest.mark.skipif(package_folder("onnxruntime") is None, reason="onnxruntime is not installed")
class TestQuality:
    def test_noise_is_marked_down(self):
        clip = narrow(babble(1))
        noise = np.random.default_rng(0).normal(0, 0.02, clip.size).astype(np.float32)
        assert quality.opinion_score(clip + noise) < quality.opinion_score(clip) - 0.1

    def test_it_is_the_packages_own_estimate(self):
        import onnxruntime

        clip = np.resize(narrow(babble(1)), 144_000)
        librosa = pytest.importorskip("librosa")
        mel = librosa.feature.melspectrogram(y=clip, sr=16000, n_fft=321, hop_length=160, n_mels=120)
        theirs = ((librosa.power_to_db(mel, ref=np.max) + 40) / 40).T.astype(np.float32)[None]
        path = package_folder("speechmos") / quality.INNER
        session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
        expected = float(session.run(None, {"input_1": theirs})[0].item())
        assert quality.opinion_score(clip) == pytest.approx(expected, abs=2e-3)

    def test_another_network_is_refused(self, monkeypatch, tmp_path):
        (tmp_path / "other.onnx").write_bytes(b"other")
        monkeypatch.setattr(quality, "package_file", lambda *a, **k: tmp_path / "other.onnx")
        quality._session.cache_clear()
        with pytest.raises(IntegrityError, match="expected 9246480c"):
            quality.opinion_score(narrow(babble(1)))
