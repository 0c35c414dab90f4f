"""What is built once into the cache is all there and is what was pinned, or it is refused."""

from __future__ import annotations

import hashlib
import sys
import threading

import pytest

from harness.core.errors import IntegrityError, MissingDependency, StorageError
from harness.core.installation import install_command
from harness.storage import pinned

CONTENT = b"a voice"
PINS = {"model": hashlib.sha256(CONTENT).hexdigest()}


def make_folder(fresh):
    fresh.mkdir()
    (fresh / "model").write_bytes(CONTENT)


def refuse(fresh):
    raise AssertionError("nothing was to be built")


class TestBuildOnce:
    def test_the_first_call_builds_and_later_calls_do_not(self, tmp_path):
        target = tmp_path / "cache" / "voice"
        assert pinned.build_once(target, PINS, make_folder) == target
        assert pinned.build_once(target, PINS, refuse) == target
        assert (target / "model").read_bytes() == CONTENT

    def test_a_target_may_be_a_file(self, tmp_path):
        pins = {".": PINS["model"]}
        target = pinned.build_once(tmp_path / "w.pt", pins, lambda fresh: fresh.write_bytes(CONTENT))
        assert target.read_bytes() == CONTENT
        assert pinned.build_once(target, pins, refuse) == target

    def test_a_changed_file_is_refused_and_named_with_the_way_out(self, tmp_path):
        target = pinned.build_once(tmp_path / "voice", PINS, make_folder)
        (target / "model").write_bytes(b"another voice")
        with pytest.raises(IntegrityError) as error:
            pinned.build_once(target, PINS, refuse)
        got = hashlib.sha256(b"another voice").hexdigest()
        assert str(error.value) == (
            f"{target / 'model'} has sha256 {got}, expected {PINS['model']}; "
            f"it was changed: delete {target} to have it rebuilt"
        )

    def test_a_folder_with_a_file_missing_is_rebuilt(self, tmp_path):
        target = tmp_path / "voice"
        target.mkdir()
        (target / "leftover").touch()
        pinned.build_once(target, PINS, make_folder)
        assert [path.name for path in target.iterdir()] == ["model"]

    def test_a_build_that_fails_leaves_nothing(self, tmp_path):
        def fail(fresh):
            make_folder(fresh)
            raise IntegrityError("no")

        with pytest.raises(IntegrityError, match=r"^no$"):
            pinned.build_once(tmp_path / "voice", PINS, fail)
        assert [path.name for path in tmp_path.iterdir()] == [".voice.lock"]

    def test_what_a_killed_build_left_is_never_used_and_cleared_by_the_next(self, tmp_path):
        left = tmp_path / ".building-voice-abc" / "voice"
        left.parent.mkdir()
        make_folder(left)
        target = pinned.build_once(tmp_path / "voice", PINS, make_folder)
        assert target.is_dir()
        assert not left.parent.exists()

    def test_other_bytes_than_pinned_are_not_published(self, tmp_path):
        def other(fresh):
            fresh.mkdir()
            (fresh / "model").write_bytes(b"other")

        with pytest.raises(IntegrityError, match=r"^model came out with sha256 d9298a10\w+, expected \w+; "):
            pinned.build_once(tmp_path / "voice", PINS, other)
        assert not (tmp_path / "voice").exists()

    @pytest.mark.parametrize(
        ("version", "reason"),
        [
            ("2.15.0+cu132", "please report this"),
            ("2.12.1", "made with torch 2.12, pinned with 2.15: pip install 'torch==2.15.*'"),
        ],
    )
    def test_another_torch_is_named_as_the_reason(self, tmp_path, monkeypatch, version, reason):
        torch = pytest.importorskip("torch")
        monkeypatch.setattr(torch, "__version__", version)
        with pytest.raises(IntegrityError) as error:
            pinned.build_once(tmp_path / "w", {".": "0" * 64}, lambda fresh: fresh.write_bytes(b"x"))
        assert str(error.value).endswith("; " + reason)
        assert "\n" not in str(error.value)

    def test_several_callers_build_once(self, tmp_path):
        built = []

        def build(fresh):
            built.append(1)
            make_folder(fresh)

        def call():
            pinned.build_once(tmp_path / "voice", PINS, build)

        callers = [threading.Thread(target=call) for _ in range(6)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        assert len(built) == 1

    def test_a_cache_that_cannot_be_written_is_one_line(self, tmp_path):
        (tmp_path / "file").touch()
        target = tmp_path / "file" / "voice"
        with pytest.raises(StorageError) as error:
            pinned.build_once(target, PINS, make_folder)
        place = tmp_path / "file"
        assert str(error.value) == (
            f"{place}: cannot be written ([Errno 17] File exists: '{place}'); "
            "name a folder that can be written in SOUNDCHECK_CACHE"
        )

    def test_without_filelock_there_is_one_line_with_the_command(self, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "filelock", None)
        with pytest.raises(MissingDependency) as error:
            pinned.build_once(tmp_path / "voice", PINS, refuse)
        assert str(error.value) == (f"filelock is not installed; install it with: {install_command('demo')}")

    def test_a_full_disk_under_torch_is_one_line(self, tmp_path):
        torch = pytest.importorskip("torch")
        with pytest.raises(StorageError, match=r"^cannot write /dev/full: is the disk full\? \([^\n]+\)$"):
            pinned.save_checkpoint({"a": torch.zeros(1 << 20)}, pinned.Path("/dev/full"))


class TestPackages:
    @pytest.fixture
    def wheel(self, tmp_path, monkeypatch):
        folder = tmp_path / "soundcheck_test_wheel"
        folder.mkdir()
        (folder / "__init__.py").write_text("raise SystemExit('code of the wheel was run')")
        (folder / "data.bin").write_bytes(CONTENT)
        monkeypatch.syspath_prepend(str(tmp_path))
        return folder

    def test_a_file_is_found_without_running_the_package(self, wheel):
        path = pinned.package_file(wheel.name, "data.bin", install="pip install --no-deps x==1")
        assert path == wheel / "data.bin"

    def test_a_missing_package_is_one_line_with_the_command(self):
        with pytest.raises(MissingDependency) as error:
            pinned.package_file("soundcheck_no_such_wheel", "data.bin", install="pip install --no-deps x==1")
        assert (
            str(error.value) == "soundcheck_no_such_wheel is not installed; install it with: pip install --no-deps x==1"
        )

    def test_a_missing_file_is_one_line_with_the_command(self, wheel):
        with pytest.raises(MissingDependency) as error:
            pinned.package_file(wheel.name, "gone.bin", install="pip install --no-deps x==1")
        assert str(error.value) == (
            "soundcheck_test_wheel is installed without gone.bin; re-install it: pip install --no-deps x==1"
        )

    @pytest.mark.parametrize("name", ["os", "a.b.c", ""])
    def test_what_is_no_package_has_no_folder(self, name):
        assert pinned.package_folder(name) is None


def test_parts_are_digested_as_one_file(tmp_path):
    (tmp_path / "1").write_bytes(CONTENT[:3])
    (tmp_path / "2").write_bytes(CONTENT[3:])
    pinned.require_sha256(PINS["model"], tmp_path / "1", tmp_path / "2")
    with pytest.raises(IntegrityError, match=r"/2 \+ .*/1 has sha256 \w+, expected \w+; re-install$"):
        pinned.require_sha256(PINS["model"], tmp_path / "2", tmp_path / "1", hint="re-install")
