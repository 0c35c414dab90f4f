"""What a voice needs is copied, whatever lies beside it; nothing is overwritten, and nothing hostile is copied."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.admission.admit import admit
from harness.admission.converting.copying import copy_voice
from harness.cli.main import main
from harness.core.errors import BadInput, StorageError
from harness.core.types import Verdict
from tests.admission_corpus.folder_parts import DECIDE, Folder, checkpoint, events, files, pointer, then, voice
from tests.admission_corpus.honest_folders import HONEST, LOG, SCRIPT, write
from tests.admission_corpus.hostile_folders import GADGET, HOSTILE_FOLDERS

LEFT = tuple(
    one for one in HONEST
    if one.expect == DECIDE and not one.is_slow
    and one.name.startswith(("run-", "macos-", "windows-", "editor-", "repository-", "hub-", "notebook", "file-server"))
    and not one.name.startswith("hub-cache")
)  # fmt: skip
"""Folders of which a copy is a clean voice."""
EVENTS = "events.out.tfevents.1700000000.host.1.0"


class TestCopies:
    @pytest.mark.parametrize("folder", LEFT, ids=lambda one: one.name)
    def test_of_what_tools_were_at_pass(self, folder: Folder, tmp_path: Path) -> None:
        made = copy_voice(write(folder, tmp_path), tmp_path / "out")
        assert admit(tmp_path / "out").verdict is Verdict.PASS
        assert "config.json" in made.files

    def test_have_the_best_checkpoint_of_a_run_and_its_side_files(self, tmp_path: Path) -> None:
        voice(
            name="best_model.pth",
            also={
                EVENTS: events(), "train.py": SCRIPT, "trainer_0_log.txt": LOG, "checkpoint_1000.pth": checkpoint(),
                "best_model_900.pth": checkpoint(), "speakers.pth": checkpoint(writer="speakers"), "README.md": "# A\n",
                "SHA256SUMS": f"{'a' * 64}  train.py\n", "notes.xyz": "x", "samples/._a.wav": b"",
            },
        )(tmp_path)  # fmt: skip
        made = copy_voice(tmp_path, tmp_path.parent / "copy-of-a-run")
        assert made.files == ("README.md", "best_model.pth", "config.json", "speakers.pth")
        assert sorted(path.name for path in made.path.iterdir()) == list(made.files)
        assert (made.path / "best_model.pth").read_bytes() == (tmp_path / "best_model.pth").read_bytes()
        assert "notes.xyz" in made.left
        assert "checkpoint_1000.pth" in made.left

    @pytest.mark.slow
    def test_of_a_run_of_coquis_own_trainer_pass(self, tmp_path: Path) -> None:
        folder = next(one for one in HONEST if one.is_slow)
        made = copy_voice(write(folder, tmp_path), tmp_path / "out")
        assert made.files == ("best_model.pth", "config.json")
        assert admit(tmp_path / "out").verdict is Verdict.PASS

    def test_have_the_checkpoint_that_was_named(self, tmp_path: Path) -> None:
        voice(also={"checkpoint_9.pth": checkpoint("glow")})(tmp_path)
        made = copy_voice(tmp_path, tmp_path.parent / "named", checkpoint="checkpoint_9.pth")
        assert made.files == ("checkpoint_9.pth", "config.json")

    def test_are_files_where_the_source_had_a_hubs_links(self, tmp_path: Path) -> None:
        folder = next(one for one in HONEST if one.name == "hub-snapshot")
        made = copy_voice(write(folder, tmp_path), tmp_path / "out")
        assert made.files == ("config.json", "model.pth")
        assert not any(path.is_symlink() for path in made.path.iterdir())


class TestRefusals:
    def test_of_several_checkpoints_ask_which(self, tmp_path: Path) -> None:
        voice(also={"other.pth": checkpoint("glow")})(tmp_path)
        with pytest.raises(BadInput, match="name the one to judge"):
            copy_voice(tmp_path, tmp_path.parent / "several")

    def test_of_what_was_not_fetched(self, tmp_path: Path) -> None:
        files({"config.json": '{"model": "vits"}', "model.pth": pointer()})(tmp_path)
        with pytest.raises(BadInput, match="was not fetched"):
            copy_voice(tmp_path, tmp_path.parent / "pointers")
        assert not (tmp_path.parent / "pointers").exists()

    def test_of_an_empty_folder(self, tmp_path: Path) -> None:
        with pytest.raises(BadInput, match="expected a checkpoint"):
            copy_voice(tmp_path, tmp_path.parent / "nothing")

    @pytest.mark.parametrize("there", ["file", "folder", "link"])
    def test_of_a_place_that_is_taken(self, there: str, tmp_path: Path) -> None:
        voice()(tmp_path)
        out = tmp_path.parent / f"taken-{there}"
        {"file": out.touch, "folder": out.mkdir, "link": lambda: out.symlink_to("nowhere")}[there]()
        with pytest.raises(BadInput, match="nothing is overwritten"):
            copy_voice(tmp_path, out)

    def test_of_a_place_within_the_source(self, tmp_path: Path) -> None:
        voice()(tmp_path)
        with pytest.raises(BadInput, match="outside of"):
            copy_voice(tmp_path, tmp_path / "out")

    def test_leave_nothing_behind_where_writing_fails(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        source = tmp_path / "source"
        source.mkdir()
        voice()(source)

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("shutil.copyfileobj", full)
        with pytest.raises(StorageError, match="No space left"):
            copy_voice(source, tmp_path / "out")
        assert [path.name for path in tmp_path.iterdir()] == ["source"]


class TestVerb:
    def test_tells_source_and_copy_and_ends_as_the_copy_is(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run = tmp_path / "run"
        run.mkdir()
        voice(name="best_model.pth", also={EVENTS: events(), "train.py": SCRIPT})(run)
        assert main(["scan", "--copy-voice", str(tmp_path / "new"), str(run)]) == 0
        told = capsys.readouterr().out.splitlines()
        assert told[1].startswith(f"{run}: INCONCLUSIVE")
        assert told[2] == f"{tmp_path / 'new'}: written, 2 files; 2 were left where they are"
        assert told[3].startswith(f"{tmp_path / 'new'}: PASS")

    def test_says_so_in_json(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        run = tmp_path / "run"
        run.mkdir()
        voice(also={".DS_Store": b""})(run)
        assert main(["scan", "--format", "json", "--copy-voice", str(tmp_path / "new"), str(run)]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["copy"] == {
            "path": str(tmp_path / "new"), "files": ["config.json", "model.pth"], "left": [".DS_Store"]
        }  # fmt: skip

    @pytest.mark.parametrize("folder", HOSTILE_FOLDERS[:6], ids=lambda one: one.name)
    def test_copies_nothing_of_what_is_hostile(self, folder: Folder, tmp_path: Path) -> None:
        assert main(["scan", "--copy-voice", str(tmp_path / "new"), str(write(folder, tmp_path))]) == 1
        assert not (tmp_path / "new").exists()

    def test_looks_at_the_copy_of_what_a_cache_held(self, tmp_path: Path) -> None:
        """A revision's links are not read where they are: their blobs are, once they are copied."""
        folder = next(one for one in HONEST if one.name == "hub-snapshot")
        place = write(folder, tmp_path)
        (place.parent.parent / "blobs" / ("9" * 64)).write_bytes(GADGET)
        then(lambda at: (at / "speakers.pth").symlink_to("../../blobs/" + "9" * 64))(place)
        assert main(["scan", "--copy-voice", str(tmp_path / "new"), str(place)]) == 1
        assert not (tmp_path / "new").exists()

    @pytest.mark.parametrize(
        "more", [["--structure"], ["--convert", "a.pth"], ["--reference", "."], ["--checkpoint", "a.pth"]]
    )
    def test_refuses_options_that_do_not_go_together(self, more: list[str], tmp_path: Path) -> None:
        voice()(tmp_path)
        copying = [] if more[0] == "--checkpoint" else ["--copy-voice", str(tmp_path / "x")]
        assert main(["scan", *copying, *more, str(tmp_path)]) == 2
