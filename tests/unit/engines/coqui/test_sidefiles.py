"""What a configuration's name of a file beside it means, and what Coqui is given for it."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.admission.coqui.sinks import SINKS, Use
from harness.engines.coqui.rewriting import OddStatistics, read_statistics, write_config
from harness.engines.coqui.sidefiles import SIDE_FIELDS, find_side_file

FILES = {"config.json", "speakers.pth", "ids/speakers.json", "encoder/config_se.json", "encoder/stats.npy"}


class TestName:
    @pytest.mark.parametrize(
        "value",
        [
            "speakers.pth",
            "./speakers.pth",
            "/content/drive/MyDrive/run/speakers.pth",
            "/home/a b/.local/share/tts/vctk--vits/speakers.pth",
            "C:\\Users\\me\\run\\speakers.pth",
            "D:/run/speakers.pth",
        ],
    )
    def test_means_the_file_beside_the_configuration_in_either_spelling(self, value: str) -> None:
        assert find_side_file(value, "config.json", FILES) == "speakers.pth"

    def test_is_relative_to_the_configuration_or_to_the_folder_of_the_model(self) -> None:
        assert find_side_file("ids/speakers.json", "config.json", FILES) == "ids/speakers.json"
        assert find_side_file("stats.npy", "encoder/config_se.json", FILES) == "encoder/stats.npy"
        assert find_side_file("speakers.pth", "encoder/config_se.json", FILES) == "speakers.pth"

    @pytest.mark.parametrize(
        "value",
        [
            "", "/", ".", "/content/", "../speakers.pth", "/content/../speakers.pth", "~/speakers.pth",
            "$HOME/speakers.pth", "file:///content/speakers.pth", "zip::/a/speakers.pth", "//host/share/speakers.pth",
            "\\\\host\\share\\speakers.pth", "/content/run/other.pth", "/content/run\n/speakers.pth",
            "/ids/speakers.json", "a\x00/speakers.pth", "/%2e%2e/speakers.pth",
        ],
    )  # fmt: skip
    def test_means_nothing_where_it_is_no_plain_path_of_a_file_that_is_there(self, value: str) -> None:
        assert find_side_file(value, "config.json", FILES) is None

    def test_is_looked_up_for_every_field_that_coqui_opens(self) -> None:
        opened = {sink.field for sink in SINKS if sink.use in (Use.OPENED, Use.UNPICKLED)}
        assert opened == SIDE_FIELDS


def write(folder: Path, content: dict[str, Any], name: str = "config.json") -> Path:
    (folder / name).write_text("// ours\n" + json.dumps(content), "utf-8")
    return folder


class TestConfiguration:
    def given(self, model: Path, tmp_path: Path) -> Any:
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        return json.loads(write_config(model, scratch).read_text("utf-8"))

    @pytest.fixture
    def model(self, tmp_path: Path) -> Path:
        (tmp_path / "model").mkdir()
        (tmp_path / "model" / "speakers.pth").write_bytes(b"")
        return tmp_path / "model"

    def test_names_side_files_where_they_lie_at_any_depth(self, model: Path, tmp_path: Path) -> None:
        here = str(model / "speakers.pth")
        write(model, {"speakers_file": "speakers.pth", "model_args": {"d_vector_file": ["/x/speakers.pth"]}, "n": 1})
        given = self.given(model, tmp_path)
        assert given == {"speakers_file": here, "model_args": {"d_vector_file": [here]}, "n": 1}

    def test_never_names_a_file_outside_the_model(self, model: Path, tmp_path: Path) -> None:
        values = ["/etc/passwd", "../../etc/passwd", "http://h/x", "~/x", "x.json"]
        write(model, {"speakers_file": values, "language_ids_file": None, "stats_path": ""})
        given = self.given(model, tmp_path)
        assert [Path(value).parent for value in given["speakers_file"]] == [model] * 5
        assert (given["language_ids_file"], given["stats_path"]) == (None, "")

    def test_of_a_speaker_encoder_is_rewritten_too(self, model: Path, tmp_path: Path) -> None:
        np.save(model / "s.npy", np.array({"mel_mean": np.arange(3.0)}), allow_pickle=True)
        write(model, {"audio": {"stats_path": "/train/s.npy"}}, "config_se.json")
        write(model, {"model_args": {"speaker_encoder_config_path": "/train/config_se.json"}})
        encoder = json.loads(Path(self.given(model, tmp_path)["model_args"]["speaker_encoder_config_path"]).read_text())
        copy = Path(encoder["audio"]["stats_path"])
        assert copy.parent == tmp_path / "scratch"
        assert np.load(copy, allow_pickle=True).item()["mel_mean"].tolist() == [0, 1, 2]

    def test_that_is_its_own_encoder_s_is_written_once(self, model: Path, tmp_path: Path) -> None:
        write(model, {"speaker_encoder_config_path": "config.json"})
        assert Path(self.given(model, tmp_path)["speaker_encoder_config_path"]).parent == tmp_path / "scratch"


class Marking:
    """Pickled, it would make a list with a mark when it is read."""

    def __reduce__(self) -> tuple[object, ...]:
        return (RAN.append, ("ran",))


RAN: list[str] = []


class TestStatistics:
    def test_are_what_numpy_reads(self, tmp_path: Path) -> None:
        kept = {"mel_mean": np.ones(80, np.float32), "audio_config": {"sample_rate": 22050, "log_func": "np.log"}}
        np.save(tmp_path / "s.npy", np.array(kept), allow_pickle=True)
        read = read_statistics(tmp_path / "s.npy").item()
        assert read["mel_mean"].tolist() == [1.0] * 80
        assert read["audio_config"] == kept["audio_config"]
        np.save(tmp_path / "plain.npy", np.zeros(3))
        assert read_statistics(tmp_path / "plain.npy").tolist() == [0, 0, 0]

    @pytest.mark.parametrize("protocol", [2, 3, 4, 5])
    def test_are_read_whatever_the_pickles_protocol_is(self, protocol: int, tmp_path: Path) -> None:
        kept = np.array({"mel_mean": np.arange(4.0), "mel_std": np.float64(0.5)}, dtype=object)
        np.save(tmp_path / "s.npy", kept, allow_pickle=True)
        header = (tmp_path / "s.npy").read_bytes().split(b"\n", 1)[0] + b"\n"
        (tmp_path / "s.npy").write_bytes(header + pickle.dumps(kept, protocol))
        read = read_statistics(tmp_path / "s.npy").item()
        assert (read["mel_mean"].tolist(), read["mel_std"]) == ([0.0, 1.0, 2.0, 3.0], 0.5)

    def test_that_would_run_something_run_nothing(self, tmp_path: Path) -> None:
        np.save(tmp_path / "s.npy", np.array({"mel_mean": Marking()}, dtype=object), allow_pickle=True)
        with pytest.raises(OddStatistics, match="expected arrays and numbers"):
            read_statistics(tmp_path / "s.npy")
        assert RAN == []

    @pytest.mark.parametrize("data", [b"", b"\x93NUMPY", pickle.dumps({"a": 1}), b"PK\x03\x04" + b"x" * 99])
    def test_that_are_none_are_refused(self, data: bytes, tmp_path: Path) -> None:
        (tmp_path / "s.npy").write_bytes(data)
        with pytest.raises(OddStatistics):
            read_statistics(tmp_path / "s.npy")
