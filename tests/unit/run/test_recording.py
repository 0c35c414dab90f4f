"""Recording a golden with a voice of tones: whole, resumable, never over another, clear about a bad reference."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import soundfile

from harness.core.errors import BadInput
from harness.core.seeds import seed_for
from harness.goldens.folder import Golden, read_golden
from harness.hearing.asr.fake import ToneTranscriber
from harness.hearing.listener import Listener
from harness.models.files import open_model
from harness.run.recording import BASIS_TAKES, Recording, record_golden
from harness.sandbox.outside.bounds import Bounds
from harness.speaking.cache import RenderingCache
from harness.speaking.pool import WorkerPool
from harness.speaking.renderer import Renderer
from harness.storage.store import Store
from harness.suites.parse import parse_suite
from tests.fake_voices import WatchedLauncher, fake_voice

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.suites.parse import Suite

SUITE = parse_suite(
    """\
version: 1
title: three phrases
language: en
probes:
  - id: open
    family: carriers
    text: Open the door.
  - id: not-open
    family: negation
    text: Do not open the door.
    critical: [not]
    control: open
  - id: rare
    family: rare-words
    text: Open the osprey door.
    trigger: osprey
""",
    "three.probes.yaml",
)


class Recorder:
    """One invocation of the recorder; what it keeps is shared by all that have the same folder."""

    def __init__(self, folder: Path, *faults: dict[str, Any], suites: tuple[Suite, ...] = (SUITE,)) -> None:
        self.out = folder / "golden" / "joe"
        self.launcher = WatchedLauncher()
        self.progress: list[str] = []
        self.heard = 0
        self._suites = suites
        self._store = Store(folder / "store")
        self._model = open_model(str(fake_voice(folder / "joe-1.4", *faults)))

    def run(self, *, takes: int = 8, with_audio: bool = True, then: Callable[[str], None] = lambda _: None) -> Golden:
        def told(line: str) -> None:
            self.progress.append(line)
            then(line)

        renderer = Renderer(
            RenderingCache(self._store, model_digest=self._model.digest, engine_key="fake"),
            WorkerPool(self._model, self.launcher, bounds=Bounds(load_seconds=20, batch_seconds=20)),
        )
        try:
            recording = Recording(
                out=self.out,
                suites=[(suite, "ab" * 32) for suite in self._suites],
                takes=takes,
                seed=0,
                reason="listened to",
                with_audio=with_audio,
            )
            listener = Listener(self._store, ToneTranscriber)
            return record_golden(recording, self._model, renderer, listener, self._store, engine="fake", progress=told)
        finally:
            renderer.close()

    def renderings(self) -> set[Path]:
        return set((self._store.root / "renderings").rglob("*.json"))


class TestGolden:
    @pytest.fixture(scope="class")
    @classmethod
    def recording(cls, tmp_path_factory: pytest.TempPathFactory) -> Recorder:
        recording = Recorder(tmp_path_factory.mktemp("recording"))
        recording.run()
        return recording

    @pytest.fixture
    def golden(self, recording: Recorder) -> Golden:
        return read_golden(recording.out)

    def test_holds_every_probe_eight_times_over(self, golden: Golden) -> None:
        assert sorted(golden.records) == ["not-open", "open", "rare"]
        for probe in SUITE.probes:
            record = golden.records[probe.id]
            assert record.text == probe.text
            assert record.transcript == probe.text.lower()
            assert len(record.takes) == 8
            assert len({take.seed for take in record.takes}) == 8
            assert len({take.audio_sha256 for take in record.takes}) == 8

    def test_scores_the_same_text_on_every_take(self, golden: Golden) -> None:
        for record in golden.records.values():
            for take in record.takes:
                assert take.hearing.text == record.transcript
                assert take.hearing.forced is not None
                assert take.hearing.forced.text == record.transcript
                assert take.hearing.forced.mean > -0.3

    def test_was_spoken_with_seeds_that_no_candidate_gets(self, golden: Golden) -> None:
        text = golden.records["open"].text
        seeds = {take.seed for take in golden.records["open"].takes}
        assert seeds == {seed_for("golden", 0, text, number) for number in range(8)}
        assert not seeds & {seed_for(purpose, 0, text, n) for purpose in ("screen", "confirm") for n in range(64)}

    def test_says_what_it_was_recorded_with(self, golden: Golden, recording: Recorder) -> None:
        manifest = golden.manifest
        assert (manifest.version, manifest.name, manifest.model) == (2, "joe", "joe-1.4")
        assert manifest.model_digest == open_model(str(recording.out.parent.parent / "joe-1.4")).digest
        assert manifest.asr == ToneTranscriber().identity
        assert manifest.normaliser.startswith("openai-whisper ")
        assert manifest.suites == {"three.probes.yaml": "ab" * 32}
        assert (manifest.engine, manifest.seed, manifest.takes, manifest.reason) == ("fake", 0, 8, "listened to")

    def test_holds_one_take_of_each_to_listen_to(self, golden: Golden) -> None:
        for record in golden.records.values():
            path = golden.audio(record)
            assert path is not None
            assert soundfile.info(str(path)).duration == pytest.approx(record.takes[0].facts.seconds, rel=0.2)

    def test_took_one_worker_and_told_how_far_it_was(self, recording: Recorder) -> None:
        assert recording.launcher.starts == 1
        fitted = [f"fitted axes to {number} of 3 phrases" for number in (1, 2, 3)]
        told = [line.partition(", ")[0] for line in recording.progress]  # a slow machine is told how long it will take
        assert told == [*fitted, *(f"recorded {number} of 3 probes" for number in (1, 2, 3))]

    def test_is_the_same_bytes_when_recorded_again(self, golden: Golden, tmp_path: Path) -> None:
        again = Recorder(tmp_path)
        assert again.run().digest == golden.digest

    def test_may_go_without_audio(self, recording: Recorder) -> None:
        recording.out = recording.out.parent / "silent"
        try:
            golden = recording.run(with_audio=False)
        finally:
            recording.out = recording.out.parent / "joe"
        assert [record.audio for record in golden.records.values()] == ["", "", ""]
        assert not (golden.path / "audio").exists()


class Interrupted(Exception):
    """What Ctrl-C is to a test."""


def interrupt(line: str) -> None:
    raise Interrupted


class TestResume:
    def test_of_one_interrupted_when_all_was_spoken_speaks_nothing(self, tmp_path: Path) -> None:
        def at_the_end(line: str) -> None:
            if line == "recorded 3 of 3 probes":
                raise Interrupted

        first = Recorder(tmp_path)
        with pytest.raises(Interrupted):
            first.run(then=at_the_end)
        assert not first.out.parent.exists()
        second = Recorder(tmp_path)
        golden = second.run()
        assert second.launcher.starts == 0
        assert len(golden.records) == 3

    def test_of_one_interrupted_on_the_way_keeps_what_was_spoken(self, tmp_path: Path) -> None:
        first = Recorder(tmp_path)
        with pytest.raises(Interrupted):
            first.run(then=interrupt)
        kept = {path: path.stat().st_ino for path in first.renderings()}
        assert len(kept) >= BASIS_TAKES
        assert not first.out.parent.exists()
        second = Recorder(tmp_path)
        golden = second.run()
        assert len(second.renderings()) == 3 * (8 + BASIS_TAKES)
        assert {path: path.stat().st_ino for path in kept} == kept
        assert golden.digest == Recorder(tmp_path / "calm").run().digest

    def test_leaves_no_worker_behind(self, tmp_path: Path) -> None:
        recording = Recorder(tmp_path)
        with pytest.raises(Interrupted):
            recording.run(then=interrupt)
        assert [process.exit_status(0) is None for process in recording.launcher.processes] == [False]

    def test_with_more_takes_speaks_only_those(self, tmp_path: Path) -> None:
        first = Recorder(tmp_path)
        few = first.run(takes=2)
        second = Recorder(tmp_path)
        second.out = tmp_path / "golden" / "more"
        more = second.run(takes=3)
        assert len(second.renderings()) == 3 * (3 + BASIS_TAKES)
        for name, record in few.records.items():
            assert [take.audio_sha256 for take in record.takes] == [
                take.audio_sha256 for take in more.records[name].takes[:2]
            ]


class TestRefusal:
    def test_to_overwrite_comes_before_anything_is_spoken(self, tmp_path: Path) -> None:
        recording = Recorder(tmp_path)
        recording.out.mkdir(parents=True)
        with pytest.raises(BadInput) as caught:
            recording.run()
        assert str(caught.value) == (
            f"{recording.out}: exists already; goldens are never overwritten: choose another --out, or remove it first"
        )
        assert recording.launcher.starts == 0
        assert list(recording.out.iterdir()) == []

    @pytest.mark.parametrize(
        ("kind", "what"),
        [
            ("crash", "was killed by SIGSEGV while speaking"),
            ("fail", "RuntimeError: planted failure"),
        ],
    )
    def test_of_a_reference_that_misbehaves_names_the_phrase_on_one_line(
        self, kind: str, what: str, tmp_path: Path
    ) -> None:
        recording = Recorder(tmp_path, {"kind": kind, "when": "osprey"})
        with pytest.raises(BadInput) as caught:
            recording.run(takes=2)
        assert str(caught.value) == f"three.probes.yaml:13: the reference cannot speak 'rare': {what}"
        assert not recording.out.parent.exists()

    def test_of_a_reference_that_does_not_load_says_why_on_one_line(self, tmp_path: Path) -> None:
        recording = Recorder(tmp_path, {"kind": "load-fail"})
        with pytest.raises(BadInput) as caught:
            recording.run()
        assert str(caught.value) == (
            "three.probes.yaml:5: the reference cannot speak 'open': "
            "the model could not be loaded: RuntimeError: planted failure"
        )
        assert recording.launcher.starts == 1

    def test_of_two_suites_with_one_probe_id_names_both_places(self, tmp_path: Path) -> None:
        other = replace(SUITE, name="other.probes.yaml", probes=(replace(SUITE.probes[1], source="other.probes.yaml"),))
        recording = Recorder(tmp_path, suites=(SUITE, other))
        with pytest.raises(BadInput) as caught:
            recording.run()
        assert str(caught.value) == (
            "other.probes.yaml:8: probe 'not-open' is also in three.probes.yaml:8; "
            "probe ids must differ between the suites of one golden"
        )
        assert recording.launcher.starts == 0
