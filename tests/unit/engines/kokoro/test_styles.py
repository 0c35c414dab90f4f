"""Style vectors: what kokoro-onnx writes is read, everything else is one line."""

from __future__ import annotations

import contextlib
import io
import random
import zipfile
from collections.abc import Callable

import numpy as np
import pytest

from harness.engines.kokoro.styles import MAX_SPEAKERS, rows_of, speakers_of
from tests.kokoro_voices import archive, styles


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        for name, data in members:
            file.writestr(name, data)
    return out.getvalue()


def npy(array: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


ROWS = np.zeros((4, 1, 256), np.float32)


class TestHonest:
    def test_speakers_are_listed(self) -> None:
        data = archive(styles("bm_george", "af_heart"))
        assert speakers_of(io.BytesIO(data)) == ("af_heart", "bm_george")

    def test_rows_are_the_speaker_s_own(self) -> None:
        file = io.BytesIO(archive(styles("af_heart", "bm_george", lengths=7)))
        rows = rows_of(file, "bm_george")
        assert (rows.shape, rows.dtype) == ((7, 256), np.float32)
        assert np.allclose(rows[3], 2.003)

    def test_rows_may_lack_the_dimension_of_one(self) -> None:
        assert rows_of(io.BytesIO(archive({"af": np.ones((4, 256), np.float32)})), "af").shape == (4, 256)

    def test_a_speaker_who_is_not_there_is_told(self) -> None:
        with pytest.raises(ValueError, match="expected a speaker 'zoe', got none"):
            rows_of(io.BytesIO(archive({"af": ROWS})), "zoe")


CUT = npy(ROWS)[:-4]
HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "expected numpy's archive"),
    "no archive": (lambda: b"\x80\x04N.", "expected numpy's archive"),
    "a list without end": (lambda: listing(6_000), "expected numpy's archive, got none"),
    "a list longer than it says": (lambda: listing(2), "each once"),
    "more behind its end": (lambda: archive({"af": ROWS}) + b"\0", "expected numpy's archive, got none"),
    "cut": (lambda: archive({"af": ROWS})[:-30], "expected numpy's archive"),
    "nobody": (zipped, "expected 1 to 512 speakers, got 0"),
    "a crowd": (lambda: zipped(*((f"s{n}.npy", b"") for n in range(MAX_SPEAKERS + 1))), "got 513"),
    "packed": (lambda: zipped(("af.npy", npy(ROWS)), method=zipfile.ZIP_DEFLATED), "that is packed"),
    "a climbing name": (lambda: zipped(("../af.npy", npy(ROWS))), "expected names of speakers"),
    "an unseen name": (lambda: zipped(("af\u200b.npy", npy(ROWS))), "expected names of speakers"),
    "another suffix": (lambda: zipped(("af.pkl", npy(ROWS))), "expected names of speakers"),
    "a pickle": (lambda: zipped(("af.npy", npy(np.array([None])))), "got another array"),
    "other numbers": (lambda: zipped(("af.npy", npy(ROWS.astype("f8")))), "got another array"),
    "other rows": (lambda: zipped(("af.npy", npy(ROWS[:, :, :128]))), "got another array"),
    "columns first": (lambda: zipped(("af.npy", npy(np.asfortranarray(np.ones((4, 256), "f4"))))), "another array"),
    "rows without end": (lambda: zipped(("af.npy", npy(np.zeros((1025, 1, 256), "f4")))), "got another array"),
    "no rows": (lambda: zipped(("af.npy", npy(ROWS[:0]))), "got another array"),
    "text": (lambda: zipped(("af.npy", b"hello")), "got another array"),
    "fewer bytes than it says": (lambda: zipped(("af.npy", CUT)), "expected 4 rows of 256 numbers, got"),
    "more bytes than it says": (lambda: zipped(("af.npy", npy(ROWS) + b"\0")), "expected 4 rows of 256 numbers"),
}


def listing(entries: int) -> bytes:
    """An archive whose list names one array many times."""
    data = zipped(("af.npy", npy(ROWS)))
    at = data.index(b"PK\1\2")
    entry, end = data[at:-22], bytearray(data[-22:])
    end[12:16] = (len(entry) * entries).to_bytes(4, "little")
    return data[:at] + entry * entries + bytes(end)


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_none_is_one_line(name: str) -> None:
    make, why = HOSTILE[name]
    with pytest.raises(ValueError, match=why) as caught:
        speakers_of(io.BytesIO(make()))
    assert str(caught.value).isprintable()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_speaker_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="each once"):
        speakers_of(io.BytesIO(zipped(("af.npy", npy(ROWS)), ("af.npy", npy(ROWS)))))


def test_however_it_is_changed_it_is_read_or_refused() -> None:
    whole, rng = archive(styles("af_heart", "bm_george", lengths=2)), random.Random(1)
    read = 0
    for _ in range(400):
        data = bytearray(whole)
        for _ in range(rng.choice((1, 1, 3))):
            data[rng.randrange(len(data))] = rng.randrange(256)
        file = io.BytesIO(data[: rng.choice((len(data), rng.randrange(len(data))))])
        with contextlib.suppress(ValueError):
            read += [rows_of(file, name).shape for name in speakers_of(file)] == [(2, 256)] * 2
    assert read
