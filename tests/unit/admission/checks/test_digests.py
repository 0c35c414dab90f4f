"""Digests of files, and the seal around a run."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from harness.admission.checks.digests import CHANGED, TOUCHED, digests_of, seal
from harness.admission.tree import Tree
from harness.core.errors import BadInput


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    model = tmp_path / "voice"
    model.mkdir()
    (model / "config.json").write_bytes(b"{}")
    (model / "model.pth").write_bytes(bytes(3 << 20))
    (model / "empty").write_bytes(b"")
    return model


def changes(voice: Path, do: object) -> list[tuple[str, str]]:
    taken = seal(voice)
    assert callable(do)
    do()
    return [(flaw.rule.id, flaw.file) for flaw in taken.changes()]


class TestDigests:
    def test_are_sha256_of_every_regular_file(self, voice: Path) -> None:
        (voice / "link").symlink_to("config.json")
        found = digests_of(Tree.of(voice))
        expected = {
            name: hashlib.sha256((voice / name).read_bytes()).hexdigest()
            for name in ("config.json", "empty", "model.pth")
        }
        assert found == expected

    def test_a_file_that_grows_meanwhile_is_refused(self, voice: Path) -> None:
        tree = Tree.of(voice)
        with (voice / "model.pth").open("ab") as file:
            file.write(b"more")
        with pytest.raises(BadInput, match=r"model\.pth: changed its size while it was being read"):
            digests_of(tree)

    def test_a_link_put_in_a_file_s_place_is_refused(self, voice: Path) -> None:
        tree = Tree.of(voice)
        (voice / "config.json").unlink()
        (voice / "config.json").symlink_to("/etc/passwd")
        with pytest.raises(BadInput, match="cannot be read"):
            digests_of(tree)


class TestSeal:
    def test_holds_where_files_were_only_read(self, voice: Path) -> None:
        assert changes(voice, lambda: (voice / "model.pth").read_bytes()) == []

    def test_breaks_when_a_byte_changes_and_the_time_is_set_back(self, voice: Path) -> None:
        def sneak() -> None:
            before = (voice / "model.pth").stat()
            with (voice / "model.pth").open("r+b") as file:
                file.seek(1 << 20)
                file.write(b"x")
            os.utime(voice / "model.pth", ns=(before.st_atime_ns, before.st_mtime_ns))

        assert changes(voice, sneak) == [(CHANGED.id, "model.pth")]

    def test_breaks_when_something_comes_or_goes(self, voice: Path) -> None:
        assert changes(voice, lambda: (voice / "new").mkdir()) == [(CHANGED.id, "new")]
        assert changes(voice, lambda: (voice / "empty").unlink()) == [(CHANGED.id, "empty")]

    def test_breaks_when_a_file_becomes_a_link(self, voice: Path) -> None:
        def swap() -> None:
            (voice / "empty").rename(voice.parent / "away")
            (voice / "empty").symlink_to(voice.parent / "away")

        assert changes(voice, swap) == [(CHANGED.id, "empty")]

    def test_breaks_when_the_model_is_gone(self, voice: Path) -> None:
        assert changes(voice, lambda: voice.rename(voice.parent / "away")) == [(CHANGED.id, "")]

    def test_the_same_bytes_written_again_are_no_pass(self, voice: Path) -> None:
        """What lay there in between is not known."""

        def rewrite() -> None:
            (voice / "config.json").unlink()
            (voice / "config.json").write_bytes(b"{}")

        assert changes(voice, rewrite) == [(TOUCHED.id, "config.json")]

    def test_bytes_written_and_put_back_are_no_pass(self, voice: Path) -> None:
        def sneak() -> None:
            before = (voice / "config.json").stat()
            (voice / "config.json").write_bytes(b"[]")
            (voice / "config.json").write_bytes(b"{}")
            os.utime(voice / "config.json", ns=(before.st_atime_ns, before.st_mtime_ns))

        assert changes(voice, sneak) == [(TOUCHED.id, "config.json")]
