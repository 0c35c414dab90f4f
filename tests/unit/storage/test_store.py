"""What lasts, what a crash may leave behind, and what a full disk says."""

from __future__ import annotations

import dataclasses
import errno
import itertools
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest

from harness.core.errors import IntegrityError, StorageError
from harness.core.findings import Finding, Outcome
from harness.core.types import Acoustics, Hearing, Probe, Rendering, RenderingKey, Severity, SignalFacts, Take, Verdict
from harness.core.verdict import RunInfo, SuiteInfo
from harness.storage.rundirectory import RunDirectory
from harness.storage.store import Store, digest_of, write_atomically
from tests.rule_samples import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.core.types import Waveform

KEY = RenderingKey(model_digest="ab" * 32, text="do not €", seed=7, engine="fake")
FACTS = SignalFacts(seconds=0.5, peak=0.5, rms=0.1, dc=0.0, clipped_share=0.0, nonfinite=3)
HEARING = Hearing(text="do not", tokens=2, avg_logprob=-0.1, no_speech=0.0, truncated=False)
ACOUSTICS = Acoustics(
    seconds=0.5,
    leading_silence=0.0,
    trailing_silence=0.0,
    longest_silence=0.0,
    level_db=-20.0,
    f0_hz=0.0,
    timbre=(0.0,) * 24,
)
INFO = RunInfo(
    run_id="0123456789ab",
    version="0.1.0",
    model="voices/joe",
    model_name="candidate",
    model_digest="ab" * 32,
    golden="joe",
    golden_digest="cd" * 32,
    golden_model_digest="ef" * 32,
    engine="fake",
    device="cpu",
    asr={"name": "fake"},
    suites=(SuiteInfo(name="a.probes.yaml", path="a.probes.yaml", sha256="00" * 32, probes=2),),
    seed=1,
    takes=2,
    alpha=0.01,
    isolation="process",
)


def tone(samples: int = 8000) -> Waveform:
    return (0.5 * np.sin(np.arange(samples) / 10)).astype(np.float32)


def kept(store: Store, key: RenderingKey = KEY, samples: Waveform | None = None) -> Rendering:
    return store.keep(key, tone() if samples is None else samples, 16_000, FACTS, (4, 9))


def take_of(rendering: Rendering) -> Take:
    return Take(
        seed=rendering.key.seed,
        audio_sha256=rendering.audio_sha256,
        facts=rendering.facts,
        hearing=HEARING,
        acoustics=ACOUSTICS,
    )


def outcome(subject: str, verdict: Verdict = Verdict.PASS, *, source: str = "a.probes.yaml", line: int = 1) -> Outcome:
    probe = Probe(id=subject, text="do not", family="negation", expect="do not", source=source, line=line)
    return Outcome(subject=subject, verdict=verdict, probe=probe)


def files_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() or path.is_symlink())


class TestRenderings:
    def test_what_was_kept_is_found_by_its_key_and_no_other(self, tmp_path: Path) -> None:
        store = Store(tmp_path)
        made = kept(store)
        assert Store(tmp_path).rendering(KEY) == made
        for changed in ({"seed": 8}, {"text": "do"}, {"engine": "coqui"}, {"device": "cuda"}, {"model_digest": ""}):
            assert store.rendering(dataclasses.replace(KEY, **changed)) is None

    def test_audio_comes_back_to_within_16_bits(self, tmp_path: Path) -> None:
        store = Store(tmp_path)
        samples, rate = store.audio(kept(store).audio_sha256)
        assert rate == 16_000
        assert samples.dtype == np.float32
        assert np.max(np.abs(samples - tone())) <= 2**-15

    def test_equal_audio_is_kept_once(self, tmp_path: Path) -> None:
        store = Store(tmp_path)
        first, second = kept(store), kept(store, dataclasses.replace(KEY, seed=8))
        assert first.audio_sha256 == second.audio_sha256
        assert len(list((tmp_path / "audio").rglob("*.flac"))) == 1

    def test_no_audio_at_all_can_be_kept_and_heard(self, tmp_path: Path) -> None:
        store = Store(tmp_path)
        made = kept(store, samples=np.zeros(0, np.float32))
        assert store.rendering(KEY) == made
        samples, rate = store.audio(made.audio_sha256)
        assert (len(samples), rate) == (1, 16_000)
        assert not samples.any()

    @pytest.mark.parametrize("rate", [4000, 22_050, 65_535, 192_000])
    def test_every_rate_that_a_worker_may_announce_can_be_kept(self, rate: int, tmp_path: Path) -> None:
        store = Store(tmp_path)
        made = store.keep(KEY, tone(), rate, FACTS, (0, 0))
        assert store.audio(made.audio_sha256)[1] == rate

    @pytest.mark.parametrize(
        "content",
        [b"", b"{", b'{"key":', b"\0" * 300, b"\xff\xfe", b'{"audio_sha256": "\xff"}', b"[]", b"null"],
        ids=repr,
    )
    def test_a_broken_record_is_as_if_it_were_not_there(self, content: bytes, tmp_path: Path) -> None:
        store = Store(tmp_path)
        kept(store)
        next((tmp_path / "renderings").rglob("*.json")).write_bytes(content)
        assert store.rendering(KEY) is None
        kept(store)
        assert store.rendering(KEY) is not None

    def test_a_record_cut_anywhere_is_as_if_it_were_not_there(self, tmp_path: Path) -> None:
        store = Store(tmp_path)
        kept(store)
        path = next((tmp_path / "renderings").rglob("*.json"))
        whole = path.read_bytes()
        for length in range(0, len(whole) - 1, 9):
            path.write_bytes(whole[:length])
            assert store.rendering(KEY) is None

    def test_a_record_under_a_foreign_name_is_not_believed(self, tmp_path: Path) -> None:
        store = Store(tmp_path)
        kept(store)
        other = dataclasses.replace(KEY, seed=8)
        digest = digest_of(other)
        (tmp_path / "renderings" / digest[:2]).mkdir(exist_ok=True)
        source = next((tmp_path / "renderings").rglob("*.json"))
        (tmp_path / "renderings" / digest[:2] / f"{digest}.json").write_bytes(source.read_bytes())
        assert store.rendering(other) is None

    def test_without_its_audio_a_rendering_is_made_again(self, tmp_path: Path) -> None:
        store = Store(tmp_path)
        made = kept(store)
        store.audio_path(made.audio_sha256).unlink()
        assert store.rendering(KEY) is None
        kept(store)
        assert store.rendering(KEY) == made

    def test_changed_audio_is_refused_on_one_line_and_removed(self, tmp_path: Path) -> None:
        store = Store(tmp_path)
        path = store.audio_path(kept(store).audio_sha256)
        whole = path.read_bytes()
        for damaged in (whole[:-1], whole + b"\0", b"", bytes([whole[0] ^ 1]) + whole[1:]):
            path.write_bytes(damaged)
            with pytest.raises(IntegrityError) as caught:
                store.audio(path.stem)
            assert str(caught.value) == f"{path}: not the audio its name says; removed, run the same command again"
            assert not path.exists()
            assert store.rendering(KEY) is None
        assert kept(store).audio_sha256 == path.stem
        assert path.read_bytes() == whole

    def test_missing_audio_says_the_same(self, tmp_path: Path) -> None:
        with pytest.raises(IntegrityError, match=r"not the audio its name says; removed, run the same command again$"):
            Store(tmp_path).audio("00" * 32)


class TestTakes:
    def test_what_was_heard_is_found_by_rendering_and_way_of_listening(self, tmp_path: Path) -> None:
        store = Store(tmp_path)
        made = kept(store)
        how = {"asr": "a", "forced": "'do not'"}
        assert store.take(made, how) is None
        store.keep_take(made, how, take_of(made))
        assert store.take(made, how) == take_of(made)
        assert store.take(made, {**how, "forced": "None"}) is None
        assert store.take(dataclasses.replace(made, audio_sha256="00" * 32), how) is None


class TestAtomicWrites:
    def test_replace_the_whole_file_and_leave_nothing_else(self, tmp_path: Path) -> None:
        path = tmp_path / "a" / "b" / "file.json"
        write_atomically(path, b"first, and long")
        write_atomically(path, b"second")
        assert path.read_bytes() == b"second"
        assert files_below(tmp_path) == [path]

    def test_show_every_reader_one_whole_content(self, tmp_path: Path) -> None:
        path = tmp_path / "file"
        contents = [bytes([number]) * 50_000 for number in range(8)]
        write_atomically(path, contents[0])
        writers = [
            threading.Thread(target=lambda: [write_atomically(path, one) for one in contents for _ in range(5)])
            for _ in range(3)
        ]
        for writer in writers:
            writer.start()
        while any(writer.is_alive() for writer in writers):
            assert path.read_bytes() in contents
        assert files_below(tmp_path) == [path]

    def test_on_a_full_disk_say_so_on_one_line_and_keep_the_old_file(self, tmp_path: Path, full: Path) -> None:
        path = tmp_path / "file.json"
        path.write_bytes(b"old")
        full.symlink_to("/dev/full")
        with pytest.raises(StorageError) as caught:
            write_atomically(path, b"new")
        assert str(caught.value) == (
            f"{path}: cannot be written (No space left on device); "
            "free some space, then give the same command again: what was measured is kept"
        )
        assert path.read_bytes() == b"old"
        assert files_below(tmp_path) == [path]

    @pytest.fixture
    def full(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """The temporary name of the next write to ``file.json``: leads to a device that is always full."""
        monkeypatch.setattr(secrets, "token_hex", lambda _: "00000000")
        return tmp_path / f".file.json.{os.getpid()}.00000000"

    @pytest.mark.parametrize(
        ("number", "text"),
        [
            (errno.EDQUOT, "Disk quota exceeded); free some space, then give the same command again: what was "),
            (errno.EROFS, "Read-only file system); choose a writable folder with --tts-dir"),
            (errno.EACCES, "Permission denied); choose a writable folder with --tts-dir"),
            (errno.EIO, "Input/output error); choose another folder with --tts-dir"),
        ],
    )
    def test_that_fail_otherwise_say_what_to_do(
        self, number: int, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(path: Path, data: bytes) -> int:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(Path, "write_bytes", refuse)
        with pytest.raises(StorageError) as caught:
            write_atomically(tmp_path / "file", b"new")
        assert str(caught.value).startswith(f"{tmp_path / 'file'}: cannot be written ({text}")

    def test_below_a_file_say_so(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"")
        with pytest.raises(
            StorageError, match=r"/file/inner: cannot be written \(File exists\); choose another folder"
        ):
            write_atomically(tmp_path / "file" / "inner", b"")

    def test_beyond_the_limit_of_file_sizes_leave_no_part_behind(self, tmp_path: Path) -> None:
        """A limit that the kernel keeps breaks a write in the middle, as a disk that fills up does."""
        code = (
            "import resource, sys; from pathlib import Path; from harness.core.errors import StorageError;"
            "from harness.storage.store import write_atomically;"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
            "try: write_atomically(Path(sys.argv[1]), b'x' * 9000)\n"
            "except StorageError as error: print(error)"
        )
        path = tmp_path / "file"
        done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
        assert done.stdout == f"{path}: cannot be written (File too large); choose another folder with --tts-dir\n"
        assert files_below(tmp_path) == []


class TestDigest:
    def test_does_not_depend_on_the_order_of_keys(self) -> None:
        assert digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1})
        assert digest_of({"a": 1}) != digest_of({"a": 2})

    def test_of_a_rendering_key_depends_on_every_field(self) -> None:
        other = RenderingKey(model_digest="x", text="x", seed=0, engine="x", device="x")
        changed = [
            dataclasses.replace(KEY, **{field.name: getattr(other, field.name)}) for field in dataclasses.fields(KEY)
        ]
        assert len({digest_of(key) for key in (KEY, *changed)}) == 6


HOLDER = """
import sys
from pathlib import Path
from harness.storage.store import Store
lock = Store(Path(sys.argv[1])).try_lock("batch")
print("held" if lock else "taken", flush=True)
sys.stdin.read()
"""


class TestLocks:
    @pytest.fixture
    def holder(self, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
        """Another process that took the lock."""
        process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        with process:
            yield process
            process.kill()

    def test_keep_other_processes_out_until_the_holder_ends(
        self, tmp_path: Path, holder: subprocess.Popen[str]
    ) -> None:
        store = Store(tmp_path)
        assert store.try_lock("batch") is None
        other = store.try_lock("another")
        assert other is not None
        other.close()
        holder.communicate("")
        mine = store.try_lock("batch")
        assert mine is not None
        mine.close()

    def test_are_released_by_kill_9(self, tmp_path: Path, holder: subprocess.Popen[str]) -> None:
        assert Store(tmp_path).try_lock("batch") is None
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        mine = Store(tmp_path).try_lock("batch")
        assert mine is not None
        mine.close()

    def test_are_released_when_the_file_is_closed(self, tmp_path: Path) -> None:
        first = Store(tmp_path).try_lock("batch")
        assert first is not None
        assert Store(tmp_path).try_lock("batch") is None
        first.close()
        second = Store(tmp_path).try_lock("batch")
        assert second is not None
        second.close()

    def test_do_not_follow_into_a_worker(self, tmp_path: Path) -> None:
        first = Store(tmp_path).try_lock("batch")
        assert first is not None
        with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
            first.close()
            second = Store(tmp_path).try_lock("batch")
            child.kill()
        assert second is not None
        second.close()

    def test_where_there_are_none_the_folder_is_to_blame_not_another_process(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(file: object, flags: int) -> None:
            raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

        monkeypatch.setattr("fcntl.flock", refuse)
        with pytest.raises(StorageError) as caught:
            Store(tmp_path).try_lock("batch")
        path = tmp_path / "locks" / "batch"
        assert str(caught.value) == (
            f"{path}: cannot be written (No locks available); choose another folder with --tts-dir"
        )


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    directory = RunDirectory(tmp_path, INFO.run_id)
    directory.begin(INFO, 3)
    return directory


class TestRunDirectory:
    def test_gives_back_what_was_recorded(self, run: RunDirectory) -> None:
        finding = Finding(
            rule=rule("speech.word-dropped"), severity=Severity.CRITICAL, subject="b", title="drops a word"
        )
        failed = dataclasses.replace(outcome("b", Verdict.FAIL, line=9), findings=(finding,), reason="\u202e€ \x1b[2J")
        load = Outcome(subject="engine-load", verdict=Verdict.PASS, notes=("fake, 16000 Hz",))
        for one in (failed, outcome("a", line=4), load):
            run.record("main", one)
        run.event("main", "the worker was killed")
        result = run.result()
        assert result.info == INFO
        assert result.planned == 3
        assert result.outcomes == (load, outcome("a", line=4), failed)
        assert result.events == ("the worker was killed",)
        assert result.verdict is Verdict.FAIL

    def test_reads_findings_of_older_runs_which_had_the_ids_of_their_rules_only(self, run: RunDirectory) -> None:
        finding = Finding(rule=rule("timing.slow"), severity=Severity.HIGH, subject="b", title="is slow")
        run.record("main", dataclasses.replace(outcome("b", Verdict.FAIL), findings=(finding,)))
        file = run.path / "records" / "main.jsonl"
        record = json.loads(file.read_bytes())
        record["outcome"]["findings"][0]["rule"] = "timing.slow"
        file.write_text(json.dumps(record), "utf-8")
        (read,) = run.result().outcomes
        (older,) = read.findings
        assert (older.rule.id, older.rule.severity, older.rule.title) == ("timing.slow", Severity.HIGH, "timing.slow")
        assert dataclasses.replace(older, rule=finding.rule) == finding
        file.write_text(json.dumps({"outcome": {"findings": "none"}}), "utf-8")
        assert run.result().outcomes == ()

    def test_is_whole_before_anything_was_recorded(self, run: RunDirectory) -> None:
        result = run.result()
        assert result.outcomes == ()
        assert result.verdict is Verdict.INCONCLUSIVE

    def test_orders_probes_by_suite_and_line_whoever_recorded_them_when(self, run: RunDirectory) -> None:
        places = [("b.probes.yaml", 2), ("a.probes.yaml", 30), ("a.probes.yaml", 4)]
        for writer, (source, line) in zip(("gw1", "gw0", "gw1"), places, strict=True):
            run.record(writer, outcome(f"probe-{line}", source=source, line=line))
        assert [one.subject for one in run.result().outcomes] == ["probe-4", "probe-30", "probe-2"]

    def test_tells_an_event_once_however_often_it_is_said(self, run: RunDirectory) -> None:
        for line in ("b", "a", "b"):
            run.event("main", line)
        assert run.result().events == ("b", "a")

    def test_keeps_the_same_probe_id_of_two_suites_apart(self, run: RunDirectory) -> None:
        run.record("main", outcome("a", Verdict.FAIL, source="a.probes.yaml"))
        run.record("main", outcome("a", Verdict.PASS, source="b.probes.yaml"))
        assert [one.verdict for one in run.result().outcomes] == [Verdict.FAIL, Verdict.PASS]

    def test_that_is_none_says_so_on_one_line(self, tmp_path: Path) -> None:
        directory = RunDirectory(tmp_path, "nothing")
        with pytest.raises(IntegrityError) as caught:
            directory.result()
        missing = f"[Errno 2] No such file or directory: '{directory.path / 'run.json'}'"
        assert str(caught.value) == f"{directory.path}: no run lies here ({missing})"

    @pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"version": 1}', b"\xff", b'{"version": "\xff"}'])
    def test_whose_description_is_broken_says_so_on_one_line(self, content: bytes, run: RunDirectory) -> None:
        (run.path / "run.json").write_bytes(content)
        with pytest.raises(IntegrityError) as caught:
            run.result()
        assert str(caught.value).startswith(f"{run.path}: no run lies here (")
        assert "\n" not in str(caught.value)


class TestLatestOutcome:
    def test_of_one_writer_counts(self, run: RunDirectory) -> None:
        for verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS):
            run.record("main", outcome("a", verdict))
        assert [one.verdict for one in run.result().outcomes] == [Verdict.PASS]

    @pytest.mark.parametrize("order", list(itertools.permutations(["gw0", "gw1", "main"])))
    def test_of_several_writers_counts_whatever_they_wrote_later(
        self, order: tuple[str, ...], run: RunDirectory
    ) -> None:
        for writer, verdict in zip(order, (Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.FAIL), strict=True):
            run.record(writer, outcome("a", verdict))
        # The writer of the oldest outcome goes on with another probe: its file is now the newest.
        run.record(order[0], outcome("b", line=2))
        assert {one.subject: one.verdict for one in run.result().outcomes} == {"a": Verdict.FAIL, "b": Verdict.PASS}

    def test_counts_although_all_files_were_copied_at_once(self, run: RunDirectory) -> None:
        for writer, verdict in (("gw1", Verdict.FAIL), ("gw0", Verdict.PASS), ("main", Verdict.INCONCLUSIVE)):
            run.record(writer, outcome("a", verdict))
        for path in (run.path / "records").iterdir():
            os.utime(path, ns=(0, 0))
        assert [one.verdict for one in run.result().outcomes] == [Verdict.INCONCLUSIVE]


class TestTornRecords:
    def test_a_torn_last_line_loses_that_line_only(self, run: RunDirectory) -> None:
        run.record("main", outcome("a"))
        path = run.path / "records" / "main.jsonl"
        before = path.stat().st_size
        run.record("main", outcome("b", line=2))
        whole = path.read_bytes()
        for length in range(before, len(whole) - 1, 7):
            path.write_bytes(whole[:length])
            assert [one.subject for one in run.result().outcomes] == ["a"]

    def test_the_line_after_a_torn_one_is_whole(self, run: RunDirectory) -> None:
        run.record("main", outcome("a"))
        path = run.path / "records" / "main.jsonl"
        path.write_bytes(path.read_bytes()[:-20])
        run.record("main", outcome("b", line=2))
        assert [one.subject for one in run.result().outcomes] == ["b"]

    @pytest.mark.parametrize(
        "torn", [b"\0" * 500, b'{"event": "\xc3', b'{"event": "\xff"}', b"\xff\xfe", b"[[[[", b"7"]
    )
    def test_bytes_that_are_no_record_are_passed_over(self, torn: bytes, run: RunDirectory) -> None:
        run.record("main", outcome("a"))
        with (run.path / "records" / "main.jsonl").open("ab") as file:
            file.write(torn)
        run.record("main", outcome("b", line=2))
        assert [one.subject for one in run.result().outcomes] == ["a", "b"]

    def test_records_of_several_processes_in_one_file_are_all_whole(self, run: RunDirectory) -> None:
        code = (
            "import sys; from pathlib import Path; from harness.storage.rundirectory import RunDirectory;"
            "run = RunDirectory(Path(sys.argv[1]), sys.argv[2])\n"
            "for number in range(40): run.event('main', f'{sys.argv[3]}{number} ' + 'x' * 20_000)"
        )
        root = run.path.parent.parent
        processes = [subprocess.Popen([sys.executable, "-c", code, root, INFO.run_id, name]) for name in "abc"]
        assert [process.wait() for process in processes] == [0, 0, 0]
        heard = {event.split()[0] for event in run.result().events}
        assert heard == {f"{name}{number}" for name in "abc" for number in range(40)}

    def test_a_full_disk_says_so_on_one_line_and_what_was_recorded_is_kept(self, run: RunDirectory) -> None:
        run.record("main", outcome("a"))
        path = run.path / "records" / "gw0.jsonl"
        path.symlink_to("/dev/full")
        with pytest.raises(StorageError) as caught:
            run.record("gw0", outcome("b", line=2))
        assert str(caught.value) == (
            f"{path}: cannot be written (No space left on device); "
            "free some space, then give the same command again: what was measured is kept"
        )
        path.unlink()
        run.record("gw0", outcome("b", line=2))
        assert [one.subject for one in run.result().outcomes] == ["a", "b"]

    def test_records_are_plain_lines_of_json(self, run: RunDirectory) -> None:
        run.record("main", outcome("a"))
        run.event("main", "something")
        lines = (run.path / "records" / "main.jsonl").read_bytes().split(b"\n")
        records = [msgspec.json.decode(line) for line in lines if line]
        assert records[0]["outcome"]["subject"] == "a"
        assert records[1]["event"] == "something"
