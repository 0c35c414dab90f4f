"""A small file is read whole, or one line says why not; what is no file of that size is never waited for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.core.errors import BadInput
from harness.storage.smallfile import TooLarge, read_head, read_input, read_input_text, read_small


def note(folder: Path, data: bytes = b"12345678") -> Path:
    path = folder / "note"
    path.write_bytes(data)
    return path


class TestReading:
    def test_takes_a_file_that_is_as_large_as_it_may_be(self, tmp_path: Path) -> None:
        assert read_small(note(tmp_path), 8) == b"12345678"

    def test_refuses_a_file_that_is_a_byte_larger(self, tmp_path: Path) -> None:
        with pytest.raises(TooLarge, match=r"^at most 7 bytes, got more$"):
            read_small(note(tmp_path), 7)

    def test_takes_the_beginning_where_that_is_asked_for(self, tmp_path: Path) -> None:
        assert read_head(note(tmp_path), 3) == b"123"

    def test_follows_a_link_only_where_it_is_told_to(self, tmp_path: Path) -> None:
        link = tmp_path / "link"
        link.symlink_to(note(tmp_path))
        with pytest.raises(OSError, match="expected a regular file, got a link"):
            read_small(link, 8)
        assert read_small(link, 8, follow_links=True) == b"12345678"

    def test_does_not_wait_for_a_pipe(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(OSError, match="expected a regular file, got something else"):
            read_small(tmp_path / "pipe", 8)

    def test_takes_a_pipe_where_a_shell_may_hand_one_over(self) -> None:
        ours, theirs = os.pipe()
        os.write(theirs, b"secret\n")
        os.close(theirs)
        try:
            assert read_input(Path(f"/dev/fd/{ours}"), 64, "a key") == b"secret\n"
        finally:
            os.close(ours)

    def test_is_not_kept_busy_by_an_endless_device(self) -> None:
        with pytest.raises(OSError, match="expected a regular file"):
            read_small(Path("/dev/zero"), 8)


class TestWhatTheUserNamed:
    def test_is_refused_with_one_line(self, tmp_path: Path) -> None:
        def refusal(path: Path, **more: str) -> str:
            with pytest.raises(BadInput) as caught:
                read_input_text(path, 7, "a suite", **more)
            return str(caught.value).removeprefix(f"{tmp_path}")

        assert refusal(note(tmp_path)) == "/note: expected a suite of at most 7 bytes, got more"
        assert refusal(note(tmp_path), advice="split it").endswith("got more; split it")
        assert refusal(note(tmp_path, b"a\xff")) == "/note: expected UTF-8, got byte 0xff at offset 1"
        assert refusal(tmp_path / "none") == "/none: cannot be read (No such file or directory)"
        assert refusal(tmp_path) == ": cannot be read (Is a directory)"

    def test_may_be_called_what_it_likes(self, tmp_path: Path) -> None:
        with pytest.raises(BadInput) as caught:
            read_input(tmp_path / "a\nb\u202e", 7, "a key")
        assert "a⟨U+000A⟩b⟨U+202E⟩: cannot be read" in str(caught.value)

    def test_may_be_a_link(self, tmp_path: Path) -> None:
        link = tmp_path / "link"
        link.symlink_to(note(tmp_path))
        assert read_input_text(link, 8, "a suite") == ("12345678", b"12345678")
