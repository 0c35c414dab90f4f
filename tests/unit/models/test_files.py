"""A model as files: what its digest depends on, and one line for everything that is not as it must be."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from pathlib import Path

import pytest

from harness.core.errors import BadInput
from harness.engines.coqui.configfile import MAX_CONFIG_BYTES
from harness.models.files import digest_of_directory, find_model, open_model
from tests.fake_voices import fake_voice


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    """A Coqui model directory in all that this module looks at."""
    folder = tmp_path / "voice"
    (folder / "vocoder").mkdir(parents=True)
    (folder / "config.json").write_text('{"model": "vits"}', "utf-8")
    (folder / "model.pth").write_bytes(b"weights")
    (folder / "vocoder" / "model.pth").write_bytes(b"more weights")
    return folder


def refusal(spec: object) -> str:
    with pytest.raises(BadInput) as caught:
        open_model(str(spec))
    return str(caught.value)


class TestDigest:
    def test_is_that_of_the_listing_that_sha256sum_would_print(self, voice: Path) -> None:
        # Goldens name the reference they were recorded from by it: it must stay what it was.
        names = ("config.json", "model.pth", "vocoder/model.pth")
        sums = [hashlib.sha256((voice / name).read_bytes()).hexdigest() for name in names]
        listing = "".join(f"{digest}  {name}\n" for digest, name in zip(sums, names, strict=True))
        assert digest_of_directory(voice) == hashlib.sha256(listing.encode()).hexdigest()

    def test_depends_on_contents(self, voice: Path) -> None:
        before = digest_of_directory(voice)
        (voice / "model.pth").write_bytes(b"weightz")
        assert digest_of_directory(voice) != before

    def test_depends_on_names(self, voice: Path) -> None:
        before = digest_of_directory(voice)
        (voice / "model.pth").rename(voice / "best_model.pth")
        assert digest_of_directory(voice) != before

    def test_depends_on_which_folder_a_file_lies_in(self, voice: Path) -> None:
        before = digest_of_directory(voice)
        (voice / "vocoder").rename(voice / "encoder")
        assert digest_of_directory(voice) != before

    def test_depends_on_which_name_has_which_content(self, voice: Path) -> None:
        before = digest_of_directory(voice)
        (voice / "model.pth").write_bytes(b"more weights")
        (voice / "vocoder" / "model.pth").write_bytes(b"weights")
        assert digest_of_directory(voice) != before

    def test_depends_on_hidden_and_empty_files(self, voice: Path) -> None:
        digests = {digest_of_directory(voice)}
        for name in (".hidden", "empty", "vocoder/empty"):
            (voice / name).touch()
            digests.add(digest_of_directory(voice))
        assert len(digests) == 4

    def test_does_not_depend_on_order_times_modes_or_place(self, voice: Path, tmp_path: Path) -> None:
        copy = tmp_path / "elsewhere"
        for name in ("vocoder/model.pth", "model.pth", "config.json"):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes((voice / name).read_bytes())
            os.utime(copy / name, (0, 0))
            (copy / name).chmod(0o600)
        (copy / "empty folder").mkdir()
        assert digest_of_directory(copy) == digest_of_directory(voice)

    def test_takes_a_linked_file_for_what_it_holds(self, voice: Path, tmp_path: Path) -> None:
        before = digest_of_directory(voice)
        (voice / "model.pth").rename(tmp_path / "blob")
        (voice / "model.pth").symlink_to(tmp_path / "blob")
        assert digest_of_directory(voice) == before

    def test_takes_names_that_are_no_utf_8(self, voice: Path) -> None:
        before = digest_of_directory(voice)
        Path(os.fsdecode(os.fsencode(voice) + b"/\xff.pth")).touch()
        assert digest_of_directory(voice) != before

    def test_cannot_be_forged_by_a_name_that_holds_another_line(self, voice: Path) -> None:
        name = "zz\n" + "00" * 32 + "  model_file.pth"
        (voice / name).write_bytes(b"")
        assert refusal(voice) == f"{voice}: expected file names without line breaks, got {name!r}; rename that file"

    def test_refuses_a_linked_folder(self, voice: Path, tmp_path: Path) -> None:
        (tmp_path / "other").mkdir()
        (voice / "link").symlink_to(tmp_path / "other")
        assert refusal(voice) == (
            f"{voice / 'link'}: expected a regular file, got something else; remove it from the model"
        )

    def test_refuses_a_pipe_without_waiting_for_it(self, voice: Path) -> None:
        os.mkfifo(voice / "pipe")
        assert refusal(voice) == (
            f"{voice / 'pipe'}: expected a regular file, got something else; remove it from the model"
        )

    def test_refuses_a_device(self, voice: Path) -> None:
        (voice / "zero").symlink_to("/dev/zero")
        assert refusal(voice) == (
            f"{voice / 'zero'}: expected a regular file, got something else; remove it from the model"
        )

    def test_refuses_a_link_to_nowhere(self, voice: Path) -> None:
        (voice / "gone.pth").symlink_to("/nowhere")
        assert refusal(voice) == f"{voice / 'gone.pth'}: cannot be read (No such file or directory)"

    def test_refuses_what_cannot_be_read(self, voice: Path) -> None:
        (voice / "bad.pth").symlink_to("/proc/self/mem")  # a regular file whose first page no one can read
        assert stat.S_ISREG((voice / "bad.pth").stat().st_mode)
        assert refusal(voice) == f"{voice / 'bad.pth'}: cannot be read (Input/output error)"

    @pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
    def test_refuses_what_may_not_be_read(self, voice: Path) -> None:
        (voice / "model.pth").chmod(0)
        assert refusal(voice) == f"{voice / 'model.pth'}: cannot be read (Permission denied)"

    def test_refuses_a_folder_of_too_many_files(self, voice: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("harness.models.files.MAX_FILES", 4)
        (voice / "fourth").touch()
        digest_of_directory(voice)
        (voice / "fifth").touch()
        assert refusal(voice) == f"{voice}: expected at most 4 files, got 5; is this the model's own folder?"

    def test_refuses_more_files_than_a_worker_can_be_shown_and_counts_no_leftovers(
        self, voice: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("harness.models.files.MAX_SHOWN", 4)
        (voice / "fourth").touch()
        (voice / ".DS_Store").touch()
        digest_of_directory(voice)
        (voice / "fifth").touch()
        assert refusal(voice) == (
            f"{voice}: expected at most 4 files, got 5: more than any voice has, and each is bound for the worker by "
            "itself; copy what the voice needs: soundcheck scan --copy-voice OUT voice"
        )

    def test_shows_hostile_names_without_what_would_move_a_cursor(self, voice: Path) -> None:
        (voice / "\x1b[2J\u202epipe").symlink_to("/nowhere")
        assert refusal(voice) == f"{voice}/⟨U+202E⟩pipe: cannot be read (No such file or directory)"


class TestExchanged:
    def test_a_pipe_that_was_put_there_meanwhile_is_not_waited_for(self, tmp_path, monkeypatch):
        """Whoever may write into a folder must not have us wait in it for ever."""
        os.mkfifo(tmp_path / "model.pth")
        seen = iter([True, False])
        monkeypatch.setattr("harness.models.files.stat.S_ISREG", lambda _: next(seen))
        with pytest.raises(BadInput, match="was exchanged while it was being read"):
            digest_of_directory(tmp_path)


class TestSpec:
    def test_a_directory_is_a_coqui_model_by_its_config(self, voice: Path) -> None:
        model = open_model(str(voice))
        assert (model.engine, model.path) == ("coqui", voice)
        assert model.digest == digest_of_directory(voice)

    def test_a_directory_is_a_fake_model_by_its_file(self, tmp_path: Path) -> None:
        assert find_model(str(fake_voice(tmp_path / "fake"))) == ("fake", tmp_path / "fake")

    def test_an_engine_may_be_named(self, voice: Path) -> None:
        fake_voice(voice)
        assert find_model(f"fake:{voice}") == ("fake", voice)
        assert find_model(f"coqui:{voice}") == ("coqui", voice)
        assert find_model(str(voice)) == ("coqui", voice)

    def test_a_relative_path_is_made_absolute(self, voice: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(voice.parent)
        assert find_model("voice") == ("coqui", voice)
        assert find_model("coqui:./voice") == ("coqui", voice)

    def test_a_home_folder_is_expanded(self, voice: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOME", str(voice.parent))
        assert find_model("~/voice") == ("coqui", voice)

    def test_a_colon_in_a_folder_name_is_no_engine(self, voice: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(voice.parent)
        voice.rename(voice.parent / "joe:2")
        assert find_model("joe:2") == ("coqui", voice.parent / "joe:2")

    @pytest.mark.parametrize("engine", ["", "coqui:", "fake:"])
    def test_a_missing_directory_says_so(self, engine: str, tmp_path: Path) -> None:
        assert refusal(f"{engine}{tmp_path}/gone") == (
            f"{tmp_path}/gone: no such model directory; --tts-model takes a folder with config.json and a checkpoint"
        )

    def test_a_file_in_place_of_a_directory_says_so(self, voice: Path) -> None:
        assert refusal(voice / "model.pth") == (
            f"{voice}/model.pth: expected a model directory, got a file; name the folder that holds it"
        )

    def test_an_empty_directory_says_what_was_looked_for(self, tmp_path: Path) -> None:
        assert refusal(tmp_path) == (
            f"{tmp_path}: expected a Coqui model (config.json and a checkpoint) "
            "or a Piper voice (NAME.onnx and NAME.onnx.json) or a Kokoro voice (NAME.onnx and voices*.bin), got none"
        )

    def test_a_directory_of_another_engine_than_named_says_so(self, voice: Path) -> None:
        assert refusal(f"fake:{voice}") == (f"{voice}/fake.json: no such file, which a model of engine 'fake' has")

    def test_an_unknown_engine_says_which_are_known(self) -> None:
        assert refusal("bark:voices/joe") == (
            "bark:voices/joe: unknown engine 'bark'; expected one of coqui, fake, kokoro, piper, or a directory"
        )

    def test_a_hostile_name_is_shown_without_what_would_move_a_cursor(self, tmp_path: Path) -> None:
        assert refusal(f"{tmp_path}/\x1b[2Jgone\n") == (
            f"{tmp_path}/gone⟨U+000A⟩: no such model directory; "
            "--tts-model takes a folder with config.json and a checkpoint"
        )


NO_JSON = ": expected JSON as Coqui reads it, with // comments or none, got a flaw at"


class TestConfig:
    def config_refusal(self, voice: Path, content: bytes) -> str:
        (voice / "config.json").write_bytes(content)
        line = refusal(voice)
        assert line.startswith(str(voice / "config.json"))
        assert "\n" not in line
        return line.removeprefix(str(voice / "config.json"))

    def test_that_is_no_json_is_told_with_its_line(self, voice: Path) -> None:
        content = b'{\n  "model": "vits",\n  "audio": oops\n}\n'
        assert self.config_refusal(voice, content) == f"{NO_JSON} line 3, column 12: expected a value"

    def test_that_is_cut_off_is_told_with_its_line(self, voice: Path) -> None:
        assert self.config_refusal(voice, b'{\n  "model":').endswith("line 2, column 11: expected a value")

    def test_that_is_empty_is_told(self, voice: Path) -> None:
        assert self.config_refusal(voice, b"") == f"{NO_JSON} line 1, column 1: expected a value"

    def test_that_is_no_utf_8_is_told(self, voice: Path) -> None:
        assert self.config_refusal(voice, b'{"model": "\xff"}') == f"{NO_JSON} byte 11: expected UTF-8"

    def test_that_is_no_object_is_told(self, voice: Path) -> None:
        assert self.config_refusal(voice, b'["vits"]') == ": expected a JSON object, got list"

    def test_that_nests_without_end_is_told(self, voice: Path) -> None:
        assert self.config_refusal(voice, b"[" * 100_000) == f"{NO_JSON} line 1, column 50: expected at most 48 levels"

    def test_that_is_longer_than_admission_reads_is_told_unread(self, voice: Path) -> None:
        with (voice / "config.json").open("wb") as file:
            file.truncate(MAX_CONFIG_BYTES + 1)
        assert refusal(voice).endswith(
            f"config.json: expected a configuration of at most {MAX_CONFIG_BYTES} bytes, got more"
        )

    def test_that_is_a_pipe_is_not_waited_for(self, voice: Path) -> None:
        (voice / "config.json").unlink()
        os.mkfifo(voice / "config.json")
        with pytest.raises(BadInput):
            find_model(f"coqui:{voice}")

    def test_that_cannot_be_read_is_told(self, voice: Path) -> None:
        (voice / "config.json").unlink()
        (voice / "config.json").symlink_to("/proc/self/mem")
        assert refusal(voice) == f"{voice}/config.json: cannot be read (Input/output error)"

    @pytest.mark.parametrize(
        "content",
        [
            '{\n  // the model\n  "model": "vits",\n\t// and "more" {\n  "url": "https://host//x"\n}\n',
            '{"model": "vits", // the model\n "audio": {"fft": 1024 // "hop": 3\n}, // end }\n "x": [1 // one\n]}',
            '// ours\n{"model": "vits"} // theirs',
            '{"model": "vits",\t\t// set by \'hand\'\r\n"run": "say \\"//\\" twice"}',
        ],
    )
    def test_may_have_comments_wherever_coqui_allows_them(self, voice: Path, content: str) -> None:
        (voice / "config.json").write_text(content, "utf-8")
        assert find_model(str(voice)) == ("coqui", voice)

    def test_with_a_block_comment_is_told_as_coqui_refuses_it(self, voice: Path) -> None:
        line = self.config_refusal(voice, b'{"model": "vits", /* ours */ "x": 1}')
        assert line == f"{NO_JSON} line 1, column 19: expected a key"

    def test_with_comments_is_told_with_the_line_of_the_file(self, voice: Path) -> None:
        content = b'{\n  // one\n  // two\n  "model": ]\n}\n'
        assert self.config_refusal(voice, content) == f"{NO_JSON} line 4, column 12: expected a value"

    def test_is_not_looked_at_for_another_engine(self, tmp_path: Path) -> None:
        voice = fake_voice(tmp_path)
        (voice / "config.json").write_text("no json", "utf-8")
        assert find_model(f"fake:{voice}") == ("fake", voice)

    def test_of_any_shape_is_not_changed(self, voice: Path) -> None:
        before = (voice / "config.json").read_bytes()
        open_model(str(voice))
        assert (voice / "config.json").read_bytes() == before
        assert json.loads(before) == {"model": "vits"}
