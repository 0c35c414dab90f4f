"""Who a Coqui model can speak as, read from what its classes write, without loading anything."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import pytest

from harness.admission.coqui.speakers import read_choices
from tests.config_corpus import Marking


def torch_file(value: object) -> bytes:
    """What ``torch.save`` writes of a value without tensors."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(value, protocol=2))
        archive.writestr("archive/version", "3\n")
    return buffer.getvalue()


def model(folder: Path, config: dict[str, Any], **files: object) -> Path:
    (folder / "config.json").write_text("// ours\n" + json.dumps({"model": "vits", **config}), "utf-8")
    for name, value in files.items():
        stem, _, kind = name.rpartition("_")
        data = torch_file(value) if kind == "pth" else json.dumps(value).encode()
        (folder / f"{stem}.{kind}").write_bytes(data)
    return folder


IDS = {"amelie": 0, "bruno": 1}
CLIPS = {f"clip{n}.wav": {"name": name, "embedding": [0.5] * 8} for n, name in enumerate(["amelie", "bruno", "amelie"])}


class TestSpeakers:
    @pytest.mark.parametrize("spelling", ["speakers.pth", "/content/run/speakers.pth"])
    @pytest.mark.parametrize("is_nested", [True, False])
    def test_are_those_of_the_side_file(self, spelling: str, is_nested: bool, tmp_path: Path) -> None:
        fields = {"use_speaker_embedding": True, "speakers_file": spelling}
        config = {"model_args": fields} if is_nested else fields
        assert read_choices(model(tmp_path, config, speakers_pth=IDS)).speakers == ("amelie", "bruno")

    def test_may_be_json_or_a_list_of_the_configuration(self, tmp_path: Path) -> None:
        fields = {"use_speaker_embedding": True, "speakers_file": "speakers.json"}
        assert read_choices(model(tmp_path, fields, speakers_json=IDS)).speakers == ("amelie", "bruno")
        assert read_choices(model(tmp_path, {**fields, "speakers": ["x", "y"]})).speakers == ("x", "y")

    @pytest.mark.parametrize("kind", ["json", "pth"])
    def test_of_d_vectors_are_the_names_of_their_clips(self, kind: str, tmp_path: Path) -> None:
        fields = {"use_d_vector_file": True, "d_vector_file": [f"/train/d.{kind}"]}
        assert read_choices(model(tmp_path, fields, **{f"d_{kind}": CLIPS})).speakers == ("amelie", "bruno")

    def test_of_xtts_are_in_its_own_table(self, tmp_path: Path) -> None:
        found = read_choices(model(tmp_path, {"model": "xtts"}, speakers_xtts_pth={"Ana": {}, "Bo": {}}))
        assert found.speakers == ("Ana", "Bo")
        assert (len(found.languages), found.languages[12]) == (17, "zh-cn")

    def test_are_none_where_there_is_one_or_the_flag_is_off(self, tmp_path: Path) -> None:
        one = {"use_speaker_embedding": True, "speakers_file": "speakers.pth"}
        assert read_choices(model(tmp_path, one, speakers_pth={"only": 0})).speakers == ()
        assert read_choices(model(tmp_path, {"speakers_file": "speakers.pth"}, speakers_pth=IDS)).speakers == ()
        (tmp_path / "config.json").write_text("no json", "utf-8")
        assert read_choices(tmp_path).speakers == ()

    def test_that_cannot_be_read_say_why(self, tmp_path: Path) -> None:
        fields = {"use_speaker_embedding": True, "speakers_file": "speakers.pth"}
        assert read_choices(model(tmp_path, fields)).unlisted == "speakers.pth is not beside the configuration"
        (tmp_path / "speakers.pth").write_bytes(b"x")
        assert read_choices(tmp_path).unlisted == "speakers.pth is no zip archive as torch writes it"

    def test_are_never_loaded(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SOUNDCHECK_MARKER", str(tmp_path / "ran"))
        fields = {"use_speaker_embedding": True, "speakers_file": "speakers.pth"}
        found = read_choices(model(tmp_path, fields, speakers_pth={"amelie": Marking("x"), "bruno": 1}))
        assert (found.speakers, bool(found.unlisted)) == ((), True)
        assert not (tmp_path / "ran").exists()


class TestLanguages:
    def test_are_those_of_the_configuration_or_its_file_or_its_data(self, tmp_path: Path) -> None:
        assert read_choices(model(tmp_path, {"languages": ["en", "fr"]})).languages == ("en", "fr")
        fields = {"model_args": {"use_language_embedding": True, "language_ids_file": "/x/language_ids.json"}}
        assert read_choices(model(tmp_path, fields, language_ids_json={"fr": 0, "en": 1})).languages == ("fr", "en")
        data = {"datasets": [{"language": "pt"}, {"language": "en"}, {}]}
        assert read_choices(model(tmp_path, data)).languages == ("en", "pt")
        assert read_choices(model(tmp_path, {"languages": ["en"]})).languages == ()
