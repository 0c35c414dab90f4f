"""A golden on disk: whole or refused, the same bytes for the same recording, found by name or path."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import os
import secrets
import shutil
import struct
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest
import soundfile

from harness.core.errors import BadInput, IntegrityError, StorageError
from harness.core.speakers import spoken_id
from harness.core.types import Acoustics, ForcedScore, GoldenRecord, Hearing, SignalFacts, Take
from harness.goldens.folder import (
    Golden,
    Manifest,
    audio_name,
    differs_in,
    find_golden,
    read_golden,
    without_spread,
    write_golden,
)
from harness.goldens.prints import PrintBook
from harness.hearing.asr.likeness import Basis
from harness.storage import opus

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.core.types import Waveform

ASR = {"name": "fake", "weights": "none", "decoding": "tones-2"}
MANIFEST = Manifest(
    version=2,
    name="joe",
    model="joe-1.4",
    model_digest="ab" * 32,
    engine="fake",
    asr=ASR,
    normaliser="openai-whisper 20250625",
    suites={"a.probes.yaml": "cd" * 32},
    seed=0,
    takes=2,
    reason="release 1.4 – listened to by the voice team",
    records_sha256="",
    prints_sha256="",
    audio_sha256={},
    senses={"senses": "3"},
)


def tone(samples: int = 16_000) -> Waveform:
    return (0.5 * np.sin(np.arange(samples) / 8)).astype(np.float32)


def record(probe_id: str, *, audio: str = "") -> GoldenRecord:
    takes = tuple(
        Take(
            seed=seed,
            audio_sha256=hashlib.sha256(bytes([seed])).hexdigest(),
            facts=SignalFacts(seconds=1.5, peak=0.5, rms=0.1, dc=1e-17, clipped_share=0.0, nonfinite=0),
            hearing=Hearing(
                text="do not \u202e€",
                tokens=3,
                avg_logprob=-0.1234,
                no_speech=0.0,
                truncated=False,
                forced=ForcedScore(text="do not", pieces=(" do", " not", ""), logprobs=(-0.1, -0.2, -0.0001)),
            ),
            acoustics=Acoustics(
                seconds=1.5,
                leading_silence=0.1,
                trailing_silence=0.2,
                longest_silence=0.0,
                level_db=-20.0 + 0.1 * seed,
                f0_hz=120.0,
                timbre=(0.5,) * 24,
            ),
        )
        for seed in (1, 2)
    )
    return GoldenRecord(probe_id=probe_id, text="do not", transcript="do not", takes=takes, audio=audio)


RECORDS = [record("b", audio="b.opus"), record("a", audio="a.opus")]
PRINTS = PrintBook(
    basis=Basis(mean=np.zeros(3, np.float32), axes=np.eye(3, 2, dtype=np.float32)),
    takes={name: ((1, np.full((4, 2), 9, np.int8)), (2, np.full((5, 2), 7, np.int8))) for name in "ab"},
)
AUDIO = {"a.opus": b"OggS a", "b.opus": b"OggS b"}


@pytest.fixture
def golden(tmp_path: Path) -> Golden:
    return write_golden(tmp_path / "golden" / "joe", MANIFEST, RECORDS, PRINTS, AUDIO)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refusal(path: Path) -> str:
    with pytest.raises(IntegrityError) as caught:
        read_golden(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


class TestRoundTrip:
    def test_gives_back_what_was_written(self, golden: Golden) -> None:
        again = read_golden(golden.path)
        assert again == golden
        assert again.name == "joe"
        assert again.records == {"a": RECORDS[1], "b": RECORDS[0]}
        assert again.manifest.reason == MANIFEST.reason
        assert again.manifest.audio_sha256 == {name: hashlib.sha256(data).hexdigest() for name, data in AUDIO.items()}
        assert again.digest == hashlib.sha256((golden.path / "manifest.json").read_bytes()).hexdigest()

    def test_says_where_every_repeat_is_the_same_audio(self, golden: Golden) -> None:
        assert (golden.fixed, without_spread(golden)) == ((), "")
        same = replace(golden.records["a"], takes=golden.records["a"].takes[:1] * 2)
        half = replace(golden, records={**golden.records, "a": same})
        assert half.fixed == ("a",)
        assert without_spread(half).startswith("the repeats of 1 of 2 probes are one and the same audio")
        whole = replace(golden, records={"a": same})
        assert without_spread(whole).startswith("the repeats of each probe are one and the same audio")

    def test_without_audio_is_whole_too(self, tmp_path: Path) -> None:
        golden = write_golden(tmp_path / "joe", MANIFEST, [record("a")], PRINTS, {})
        assert golden.audio(golden.records["a"]) is None
        assert set(contents(golden.path)) == {"manifest.json", "prints.npz", "records.jsonl"}

    def test_gives_the_same_bytes_whatever_the_order(self, tmp_path: Path) -> None:
        first = write_golden(tmp_path / "one" / "joe", MANIFEST, RECORDS, PRINTS, AUDIO)
        backwards = dict(reversed(AUDIO.items()))
        other = msgspec.structs.replace(MANIFEST, asr=dict(reversed(ASR.items())))
        second = write_golden(tmp_path / "two" / "joe", other, RECORDS[::-1], PRINTS, backwards)
        assert contents(first.path) == contents(second.path)
        assert first.digest == second.digest

    def test_another_record_gives_another_digest(self, golden: Golden, tmp_path: Path) -> None:
        changed = [RECORDS[0], dataclasses.replace(RECORDS[1], text="do")]
        assert write_golden(tmp_path / "other", MANIFEST, changed, PRINTS, AUDIO).digest != golden.digest

    def test_is_text_that_a_diff_can_show(self, golden: Golden) -> None:
        files = contents(golden.path)
        assert files["manifest.json"].endswith(b"}\n")
        assert len(files["manifest.json"].splitlines()) > 15
        assert [json.loads(line)["probe_id"] for line in files["records.jsonl"].splitlines()] == ["a", "b"]

    def test_survives_a_move(self, golden: Golden, tmp_path: Path) -> None:
        shutil.move(golden.path, tmp_path / "moved")
        assert read_golden(tmp_path / "moved").digest == golden.digest


class TestWrite:
    def test_refuses_a_folder_that_exists_and_leaves_it_as_it_is(self, golden: Golden) -> None:
        before = contents(golden.path)
        with pytest.raises(BadInput) as caught:
            write_golden(golden.path, MANIFEST, [record("c")], PRINTS, {})
        assert str(caught.value) == (
            f"{golden.path}: exists already; goldens are never overwritten: choose another --out, or remove it first"
        )
        assert contents(golden.path) == before

    def test_refuses_an_empty_folder_and_a_file_too(self, tmp_path: Path) -> None:
        (tmp_path / "folder").mkdir()
        (tmp_path / "file").touch()
        for name in ("folder", "file"):
            with pytest.raises(BadInput, match="exists already"):
                write_golden(tmp_path / name, MANIFEST, RECORDS, PRINTS, AUDIO)

    def test_is_readable_by_others(self, golden: Golden) -> None:
        assert golden.path.stat().st_mode & 0o777 == 0o755

    def test_on_a_full_disk_says_so_on_one_line_and_leaves_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        out = tmp_path / "golden" / "joe"
        monkeypatch.setattr(secrets, "token_hex", lambda _: "00000000")
        whole = Path.mkdir

        def mkdir(path: Path, *args: int, **options: bool) -> None:
            whole(path, *args, **options)
            if path.name == "audio":  # the first file's temporary name leads to a device that is always full
                (path / f".a.opus.{os.getpid()}.00000000").symlink_to("/dev/full")

        monkeypatch.setattr(Path, "mkdir", mkdir)
        with pytest.raises(StorageError) as caught:
            write_golden(out, MANIFEST, RECORDS, PRINTS, AUDIO)
        line = str(caught.value)
        assert line.startswith(f"{tmp_path}/golden/.joe.")
        assert line.endswith(
            "/audio/a.opus: cannot be written (No space left on device); "
            "free some space, then give the same command again: what was measured is kept"
        )
        assert list((tmp_path / "golden").iterdir()) == []

    def test_below_a_file_says_so_on_one_line(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(StorageError) as caught:
            write_golden(tmp_path / "file" / "joe", MANIFEST, RECORDS, PRINTS, AUDIO)
        assert str(caught.value) == (
            f"{tmp_path}/file/joe: cannot be written (File exists); choose another folder with --out"
        )


class TestRead:
    @pytest.mark.parametrize(
        "change",
        [
            lambda data: data[:-1],
            lambda data: data + b"\n",
            lambda data: data.replace(b"-0.1234", b"-0.1235", 1),
            lambda data: b"".join(sorted(data.splitlines(keepends=True), reverse=True)),
            lambda data: data.splitlines(keepends=True)[0],
            lambda _: b"",
        ],
        ids=["cut", "longer", "a digit", "order", "a record less", "empty"],
    )
    def test_refuses_changed_records(self, change: Callable[[bytes], bytes], golden: Golden) -> None:
        path = golden.path / "records.jsonl"
        path.write_bytes(change(path.read_bytes()))
        assert refusal(golden.path) == f"{path}: not the records of its manifest; restore it, or record it again"

    def test_sees_a_changed_manifest_in_the_digest(self, golden: Golden) -> None:
        path = golden.path / "manifest.json"
        path.write_bytes(path.read_bytes().replace(b"release 1.4", b"release 1.5"))
        assert read_golden(golden.path).digest != golden.digest

    @pytest.mark.parametrize(
        "content",
        [b"", b"{", b"[]", b"{}", b'{"version": 2}', b"\xff", b'{"version": "1"}', b'{"version": 2, "name": "\xff"}'],
        ids=repr,
    )
    def test_refuses_a_broken_manifest(self, content: bytes, golden: Golden) -> None:
        (golden.path / "manifest.json").write_bytes(content)
        line = refusal(golden.path)
        assert line.startswith(f"{golden.path}: not a whole golden (")
        assert line.endswith("); restore it, or record it again")

    def test_refuses_a_manifest_with_a_field_too_many(self, golden: Golden) -> None:
        path = golden.path / "manifest.json"
        path.write_bytes(path.read_bytes().replace(b"{\n", b'{\n "extra": 1,\n', 1))
        assert refusal(golden.path) == (
            f"{golden.path}: not a whole golden (Object contains unknown field `extra`); restore it, or record it again"
        )

    def test_says_of_a_later_format_that_it_is_one(self, golden: Golden) -> None:
        (golden.path / "manifest.json").write_bytes(b'{"version": 99, "something": "new"}')
        assert refusal(golden.path) == (
            f"{golden.path}: expected a golden of version 2, got 99; a newer Soundcheck wrote it: install that one"
        )

    def test_says_of_an_earlier_format_what_to_do(self, golden: Golden) -> None:
        (golden.path / "manifest.json").write_bytes(b'{"version": 1}')
        assert refusal(golden.path) == f"{golden.path}: expected a golden of version 2, got 1; record it again"

    @pytest.mark.parametrize("name", ["manifest.json", "prints.npz", "records.jsonl"])
    def test_refuses_a_golden_with_a_file_missing(self, name: str, golden: Golden) -> None:
        (golden.path / name).unlink()
        missing = f"[Errno 2] No such file or directory: '{golden.path / name}'"
        assert refusal(golden.path) == f"{golden.path}: not a whole golden ({missing}); restore it, or record it again"

    @pytest.mark.parametrize("line", [b"{}\n", b"no json\n", b'{"probe_id": "\xff"}\n', b"\n"], ids=repr)
    def test_refuses_malformed_records_although_the_manifest_vouches_for_them(
        self, line: bytes, golden: Golden
    ) -> None:
        bound = msgspec.structs.replace(golden.manifest, records_sha256=hashlib.sha256(line).hexdigest())
        (golden.path / "manifest.json").write_bytes(msgspec.json.encode(bound))
        (golden.path / "records.jsonl").write_bytes(line)
        assert refusal(golden.path).startswith(f"{golden.path}/records.jsonl: malformed (")


class TestAudio:
    def test_is_found_beside_the_records(self, golden: Golden) -> None:
        path = golden.audio(golden.records["a"])
        assert path == golden.path / "audio" / "a.opus"
        assert path.read_bytes() == AUDIO["a.opus"]

    def test_that_is_not_there_is_none(self, golden: Golden) -> None:
        (golden.path / "audio" / "a.opus").unlink()
        assert golden.audio(golden.records["a"]) is None

    def test_that_was_changed_is_none(self, golden: Golden) -> None:
        (golden.path / "audio" / "a.opus").write_bytes(AUDIO["b.opus"])
        assert golden.audio(golden.records["a"]) is None
        assert golden.audio(golden.records["b"]) is not None

    @pytest.mark.parametrize("name", ["../../secret", "", ".", "a.opus/../../../../secret"])
    def test_outside_the_golden_is_none(self, name: str, golden: Golden) -> None:
        (golden.path.parent.parent / "secret").write_bytes(b"secret")
        (golden.path.parent / "secret").write_bytes(b"secret")
        assert golden.audio(dataclasses.replace(golden.records["a"], audio=name)) is None

    def test_names_are_file_names(self) -> None:
        assert audio_name("not-transfer-osprey2") == "not-transfer-osprey2.opus"
        assert audio_name("../A b") == "_____b.opus"


def pages(ogg: bytes) -> list[bytes]:
    found, start = [], 0
    while start < len(ogg):
        assert ogg[start : start + 4] == b"OggS"
        segments = ogg[start + 26]
        end = start + 27 + segments + sum(ogg[start + 27 : start + 27 + segments])
        found.append(ogg[start:end])
        start = end
    return found


class TestOpus:
    def test_gives_the_same_bytes_for_the_same_audio(self, tmp_path: Path) -> None:
        first, second = opus.encode(tone(), 16_000), opus.encode(tone(), 16_000)
        assert first == second
        one = write_golden(tmp_path / "one", MANIFEST, RECORDS, PRINTS, {"a.opus": first})
        two = write_golden(tmp_path / "two", MANIFEST, RECORDS, PRINTS, {"a.opus": second})
        assert contents(one.path) == contents(two.path)

    def test_gives_other_bytes_for_other_audio(self) -> None:
        assert opus.encode(tone(), 16_000) != opus.encode(tone()[::-1], 16_000)

    @pytest.mark.parametrize("rate", [8000, 16_000, 22_050, 24_000, 44_100])
    def test_decodes_to_what_was_encoded(self, rate: int) -> None:
        whole = tone(rate)
        samples, decoded_rate = soundfile.read(io.BytesIO(opus.encode(whole, rate)))
        assert decoded_rate == 24_000
        assert len(samples) / decoded_rate == pytest.approx(1.0, abs=0.05)
        assert np.sqrt(np.mean(samples**2)) == pytest.approx(np.sqrt(np.mean(whole**2)), rel=0.1)

    def test_is_refused_by_a_decoder_when_a_checksum_is_wrong(self) -> None:
        """So that the test above shows that ours are right."""
        data = bytearray(opus.encode(tone(), 16_000))
        data[22] ^= 1
        with pytest.raises(soundfile.LibsndfileError):
            soundfile.read(io.BytesIO(data))

    def test_has_one_serial_number_and_pages_in_order(self) -> None:
        found = pages(opus.encode(tone(64_000), 16_000))
        assert len({page[14:18] for page in found}) == 1
        assert [struct.unpack_from("<I", page, 18)[0] for page in found] == list(range(len(found)))

    def test_of_no_sound_at_all_can_be_made(self) -> None:
        samples, _ = soundfile.read(io.BytesIO(opus.encode(np.zeros(1, np.float32), 16_000)))
        assert not np.any(np.abs(samples) > 0.01)


class TestFind:
    @pytest.fixture
    def folders(self, tmp_path: Path) -> list[Path]:
        for name in ("near/joe", "near/amy", "far/joe", "far/zoe"):
            write_golden(tmp_path / name, msgspec.structs.replace(MANIFEST, name=name), [record("a")], PRINTS, {})
        (tmp_path / "near" / "no-golden").mkdir()
        shutil.copytree(tmp_path / "near" / "joe", tmp_path / "near" / ".joe.half-written")
        return [tmp_path / "near", tmp_path / "far", tmp_path / "missing"]

    def test_takes_the_first_folder_that_has_the_name(self, folders: list[Path]) -> None:
        assert find_golden("joe", folders) == folders[0] / "joe"
        assert find_golden("zoe", folders) == folders[1] / "zoe"

    def test_takes_a_path_before_a_name(
        self, folders: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path / "far")
        assert find_golden("joe", folders) == tmp_path / "far" / "joe"
        assert find_golden("../near/amy", folders).resolve() == tmp_path / "near" / "amy"
        assert find_golden(str(tmp_path / "far" / "zoe"), []) == tmp_path / "far" / "zoe"

    def test_expands_a_home_folder(self, folders: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOME", str(tmp_path))
        assert find_golden("~/near/amy", []) == tmp_path / "near" / "amy"

    @pytest.mark.parametrize("name", ["bob", "no-golden", "nowhere/joe"])
    def test_of_an_unknown_name_tells_the_known_ones(self, name: str, folders: list[Path]) -> None:
        with pytest.raises(BadInput) as caught:
            find_golden(name, folders)
        assert str(caught.value) == (
            f"{name}: no such golden (looked for manifest.json there and in {folders[0]}, {folders[1]}, {folders[2]}; "
            "known: amy, joe, zoe); record one with: soundcheck record --help"
        )

    def test_where_there_is_none_says_so(self, tmp_path: Path) -> None:
        with pytest.raises(BadInput, match=r"; known: none\); record one with: soundcheck record --help$"):
            find_golden("joe", [tmp_path])


class TestDifference:
    def test_is_none_where_every_setting_agrees(self) -> None:
        assert differs_in(MANIFEST, ASR) is None
        assert differs_in(MANIFEST, {**ASR, "name": "other", "threads": "4", "device": "cuda"}) is None

    @pytest.mark.parametrize("setting", ["weights", "decoding", "language", "precision", "windows"])
    def test_is_told_with_both_values(self, setting: str) -> None:
        before = repr(ASR.get(setting))
        assert differs_in(MANIFEST, {**ASR, setting: "x"}) == f"{setting} {before} in the golden, 'x' now"

    def test_is_a_missing_setting_too(self) -> None:
        assert differs_in(MANIFEST, {"name": "fake", "decoding": "tones-2"}) == "weights 'none' in the golden, None now"

    def test_is_the_first_of_several(self) -> None:
        assert differs_in(MANIFEST, {}).startswith("weights ")


class TestSpeakers:
    """A golden of several speakers holds records of each."""

    @pytest.fixture
    def golden(self, tmp_path: Path) -> Golden:
        records = [record(spoken_id(name, who)) for who in ("p225", "P225", "a b") for name in ("door", "gate")]
        manifest = msgspec.structs.replace(MANIFEST, speakers=("p225", "P225", "a b"))
        frames = np.zeros((3, 2), np.int8)
        takes = {one.probe_id: ((0, frames), (1, frames)) for one in records}
        return write_golden(tmp_path / "joe", manifest, records, PrintBook(basis=PRINTS.basis, takes=takes), {})

    def test_gives_each_its_own_under_the_names_of_the_suite(self, golden: Golden) -> None:
        own = golden.of("a b")
        assert {one.probe_id for one in own.records.values()} == set(own.records) == {"door", "gate"}
        assert set(own.prints.takes) == {"door", "gate"}
        assert own.digest == golden.digest
        assert not golden.of("nobody").records

    def test_keeps_a_repeat_of_each_in_a_file_of_its_own(self) -> None:
        names = [audio_name(spoken_id("door", who)).casefold() for who in ("p225", "P225", "a b", "a_b", "")]
        assert len(set(names)) == len(names)
        assert names[-1] == "door.opus"
