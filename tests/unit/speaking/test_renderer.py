"""Renderings: from the store, else from a worker, through every way it may be lost."""

from __future__ import annotations

import dataclasses
import itertools
import os
import signal
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from harness.core.errors import StorageError
from harness.core.types import Rendering
from harness.core.voice import Voice
from harness.models.files import open_model
from harness.sandbox.inside.protocol import Channel, Done
from harness.sandbox.outside.bounds import Bounds
from harness.sandbox.outside.fault import WorkerFault
from harness.speaking.cache import RenderingCache
from harness.speaking.doubts import Doubts
from harness.speaking.pool import Slot, WorkerPool
from harness.speaking.renderer import Renderer
from harness.storage.store import Store, digest_of
from tests.fake_voices import RATE, WatchedLauncher, fake_voice
from tests.unit.sandbox.inside.test_worker import WireLauncher, loading, said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from harness.core.engine import EngineInfo
    from harness.core.identity import Files
    from harness.core.seeds import Request
    from harness.core.types import RenderingKey, SignalFacts, Waveform
    from harness.sandbox.outside.launcher import Launcher, WorkerProcess
    from harness.speaking.voice import Made

GOOD: list[Request] = [("open the door", 1), ("close the door", 2), ("open the door", 3)]
BAD: Request = ("osprey", 4)
BOUNDS = Bounds(load_seconds=20, batch_seconds=20, seconds_per_character=0)


class Bench:
    """A renderer over a store of its own, with everything it is told."""

    def __init__(
        self,
        folder: Path,
        *faults: dict[str, Any],
        launcher: Launcher | None = None,
        store: Store | None = None,
        bounds: Bounds = BOUNDS,
        fresh: bool = False,
        speakers: tuple[str, ...] = (),
        doubts: Doubts | None = None,
    ) -> None:
        self.launcher = WatchedLauncher()
        self.store = store or Store(folder / "store")
        self.events: list[str] = []
        model = open_model(str(fake_voice(folder / "voice", *faults)), Voice(speakers=speakers))
        self.renderer = Renderer(
            RenderingCache(self.store, model_digest=model.digest, engine_key="fake 1", fresh=fresh, doubts=doubts),
            WorkerPool(model, launcher or self.launcher, bounds=bounds),
            self.events.append,
        )

    def made(self, *requests: Request) -> dict[Request, Made]:
        return self.renderer.submit(requests).result(30)

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_: object) -> None:
        self.renderer.close()


def rules(made: dict[Request, Made]) -> dict[Request, str]:
    return {request: one.rule if isinstance(one, WorkerFault) else "spoken" for request, one in made.items()}


class TestSpeakers:
    """Several speakers of a model share its workers, and nothing else."""

    @pytest.fixture
    def bench(self, tmp_path: Path) -> Iterator[Bench]:
        fault = {"kind": "crash", "when": "osprey", "speaker": "bruno"}
        with Bench(tmp_path, fault, speakers=("amelie", "bruno")) as bench:
            yield bench

    def test_sound_unlike_each_other_and_are_kept_apart(self, bench: Bench) -> None:
        amelie, bruno = (bench.renderer.as_speaker(name) for name in ("amelie", "bruno"))
        made = {name: voice.submit(GOOD).result(30) for name, voice in (("a", amelie), ("b", bruno), ("c", amelie))}
        assert made["a"] == made["c"]
        assert {one.key.voice for one in made["b"].values()} == {"speaker bruno"}
        sounds = {one.audio_sha256 for name in ("a", "b") for one in made[name].values()}
        assert len(sounds) == 2 * len(GOOD)
        assert len(bench.launcher.processes) == 1
        assert bench.renderer.as_speaker("bruno") is bruno
        assert bench.renderer.as_speaker("") is bench.renderer

    def test_are_metered_apart(self, bench: Bench) -> None:
        amelie, bruno = (bench.renderer.as_speaker(name) for name in ("amelie", "bruno"))
        amelie.submit(GOOD[:1]).result(30)
        bruno.submit(GOOD[1:]).result(30)
        assert [order.texts for order in amelie.metered] == [(), ("open the door",)]
        assert [order.texts for order in bruno.metered] == [(), ("close the door", "open the door")]

    def test_do_not_answer_for_each_other(self, bench: Bench) -> None:
        amelie, bruno = (bench.renderer.as_speaker(name) for name in ("amelie", "bruno"))
        assert rules(bruno.submit([BAD]).result(30)) == {BAD: "worker.crashed"}
        assert rules(amelie.submit([BAD]).result(30)) == {BAD: "spoken"}
        assert set(bruno.guilty) == {"osprey"}
        assert not amelie.guilty


def test_a_recording_reaches_the_engine_as_it_is_and_shapes_what_is_said(tmp_path: Path) -> None:
    model = open_model(str(fake_voice(tmp_path / "voice")), Voice(recording="ab"))
    said = {}
    for name in (b"", b"RIFF amelie", b"RIFF bruno"):
        voice = dataclasses.replace(model, recording=name)
        cache = RenderingCache(Store(tmp_path / f"store-{len(said)}"), model_digest=model.digest, engine_key="fake 1")
        renderer = Renderer(cache, WorkerPool(voice, WatchedLauncher(), bounds=BOUNDS))
        try:
            (made,) = renderer.submit(GOOD[:1]).result(30).values()
        finally:
            renderer.close()
        assert isinstance(made, Rendering)
        said[name] = made.audio_sha256
    assert len(set(said.values())) == 3


class TestStore:
    def test_what_was_spoken_is_kept_under_its_key(self, tmp_path: Path) -> None:
        with Bench(tmp_path) as bench:
            made = bench.made(*GOOD)
            assert list(made) == GOOD
            for request, rendering in made.items():
                assert isinstance(rendering, Rendering)
                assert rendering.key == bench.renderer.key(*request)
                assert rendering.key.model_digest == open_model(str(tmp_path / "voice")).digest
                assert bench.store.rendering(rendering.key) == rendering
                samples, rate = bench.store.audio(rendering.audio_sha256)
                assert rate == rendering.sample_rate == RATE
                assert rendering.facts.seconds == pytest.approx(len(samples) / rate)
                assert rendering.tokens == len(request[0])

    def test_what_is_kept_needs_no_worker(self, tmp_path: Path) -> None:
        with Bench(tmp_path) as first:
            made = first.made(*GOOD)
        with Bench(tmp_path) as second:
            assert second.made(*GOOD) == made
            assert second.renderer.known([*GOOD, BAD]) == made
            assert second.launcher.starts == 0
            assert not second.renderer.has_loaded

    def test_only_what_is_missing_is_spoken(self, tmp_path: Path) -> None:
        with Bench(tmp_path) as first:
            first.made(*GOOD)
        with Bench(tmp_path, store=CountingStore(tmp_path / "store")) as second:
            second.made(*GOOD, ("something new", 1))
            assert isinstance(second.store, CountingStore)
            assert second.store.texts == ["something new"]

    def test_a_request_that_comes_twice_is_spoken_once(self, tmp_path: Path) -> None:
        with Bench(tmp_path, store=CountingStore(tmp_path / "store")) as bench:
            assert list(bench.made(*GOOD, *GOOD)) == GOOD
            assert isinstance(bench.store, CountingStore)
            assert len(bench.store.texts) == 3

    def test_nothing_asked_is_nothing_started(self, tmp_path: Path) -> None:
        with Bench(tmp_path) as bench:
            assert bench.made() == {}
            assert bench.launcher.starts == 0

    def test_another_voice_does_not_answer_for_this_one(self, tmp_path: Path) -> None:
        with Bench(tmp_path / "a", store=Store(tmp_path)) as first:
            first.made(*GOOD)
        with Bench(tmp_path / "b", {"kind": "quiet"}, store=Store(tmp_path)) as second:
            assert second.renderer.known(GOOD) == {}

    def test_fresh_uses_nothing_of_earlier_runs_and_everything_of_its_own(self, tmp_path: Path) -> None:
        with Bench(tmp_path) as first:
            first.made(*GOOD)
        with Bench(tmp_path, store=CountingStore(tmp_path / "store"), fresh=True) as second:
            second.made(*GOOD)
            second.made(*GOOD)
            assert isinstance(second.store, CountingStore)
            assert len(second.store.texts) == 3

    def test_what_is_no_number_is_counted_and_kept_as_silence(self, tmp_path: Path) -> None:
        with Bench(tmp_path, {"kind": "nan"}) as bench:
            made = bench.made(GOOD[0])[GOOD[0]]
            assert isinstance(made, Rendering)
            assert made.facts.nonfinite > 0
            samples, _ = bench.store.audio(made.audio_sha256)
            assert np.isfinite(samples).all()
            assert not samples[::100].any()

    def test_a_voice_that_says_nothing_is_kept_too(self, tmp_path: Path) -> None:
        with Bench(tmp_path, {"kind": "empty"}) as bench:
            made = bench.made(GOOD[0])[GOOD[0]]
            assert isinstance(made, Rendering)
            assert made.facts.seconds == 0
            assert bench.store.audio(made.audio_sha256)[1] == RATE


class CountingStore(Store):
    """Keeps the texts of what it is given."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.texts: list[str] = []

    def keep(
        self, key: RenderingKey, samples: Waveform, rate: int, facts: SignalFacts, work: tuple[int, int]
    ) -> Rendering:
        self.texts.append(key.text)
        return super().keep(key, samples, rate, facts, work)


class TestLoad:
    def test_gives_what_the_engine_says_of_itself(self, tmp_path: Path) -> None:
        with Bench(tmp_path) as bench:
            info: EngineInfo = bench.renderer.load()
            assert (info.name, info.sample_rate) == ("fake", RATE)
            assert bench.renderer.has_loaded

    def test_happens_once_however_often_it_is_asked_for(self, tmp_path: Path) -> None:
        with Bench(tmp_path) as bench:
            bench.renderer.load()
            bench.renderer.load()
            bench.made(*GOOD)
            assert bench.launcher.starts == 1

    @pytest.mark.parametrize("kind", ["fail", "crash"])
    def test_that_fails_is_not_tried_again(self, kind: str, tmp_path: Path) -> None:
        with Bench(tmp_path, {"kind": f"load-{kind}"}) as bench:
            for _ in range(2):
                with pytest.raises(WorkerFault):
                    bench.renderer.load()
            rule = "worker.failed" if kind == "fail" else "worker.crashed"
            assert rules(bench.made(*GOOD)) == dict.fromkeys(GOOD, rule)
            assert bench.launcher.starts == 1
            assert not bench.renderer.has_loaded


class TestFirstOrder:
    def test_is_said_once_by_each_worker_and_kept_by_nobody(self, tmp_path: Path) -> None:
        with Bench(tmp_path) as bench:
            bench.renderer.begin_with("a", 7)
            assert bench.made(*GOOD[:2]).keys() == {*GOOD[:2]}
            bench.made(GOOD[2])
            bench.renderer.borrow(lambda speak: speak("now", 1), is_fresh=True).result(30)
            bench.made(("shut the gate", 1))
            told = [(order.worker, order.texts) for order in bench.renderer.metered]
        first = [(1, ()), (1, ("a",)), (1, (GOOD[0][0], GOOD[1][0])), (1, (GOOD[2][0],))]
        # What is borrowed has a first order of its own.
        assert told == [*first, (2, ()), (2, ("now",)), (2, ("shut the gate",))]
        assert not bench.renderer.known([("a", 7)])

    @pytest.mark.parametrize(("kind", "workers"), [("exit", 2), ("fail", 1)])
    def test_that_a_voice_does_not_survive_is_held_against_no_phrase(
        self, kind: str, workers: int, tmp_path: Path
    ) -> None:
        with Bench(tmp_path, {"kind": kind, "when": "zebra"}) as bench:
            bench.renderer.begin_with("zebra", 7)
            assert rules(bench.made(*GOOD)) == dict.fromkeys(GOOD, "spoken")
            assert bench.launcher.starts == workers
            assert not bench.renderer.guilty
            # A fresh worker spoke them, and why the first one was lost is not known.
            assert bench.renderer.recovered == ({text for text, _ in GOOD} if kind == "exit" else set())
            assert len(bench.events) == workers - 1


class TestBadText:
    @pytest.mark.parametrize("kind", ["exit", "fail", "endless"])
    def test_in_a_batch_of_good_ones_is_the_only_one_blamed(self, kind: str, tmp_path: Path) -> None:
        rule = {"exit": "crashed", "fail": "failed", "endless": "endless"}[kind]
        with Bench(tmp_path, {"kind": kind, "when": "osprey"}) as bench:
            made = bench.made(*GOOD[:2], BAD, GOOD[2])
            assert rules(made) == {**dict.fromkeys(GOOD, "spoken"), BAD: f"worker.{rule}"}
            assert bench.renderer.recovered == set()
            assert bench.events == []

    def test_that_hangs_is_the_only_one_blamed(self, tmp_path: Path) -> None:
        bounds = Bounds(load_seconds=20, batch_seconds=0.8, seconds_per_character=0)
        with Bench(tmp_path, {"kind": "hang", "when": "osprey"}, bounds=bounds) as bench:
            assert rules(bench.made(GOOD[0], BAD)) == {GOOD[0]: "spoken", BAD: "worker.hung"}

    def test_that_the_engine_refuses_costs_no_worker(self, tmp_path: Path) -> None:
        with Bench(tmp_path, {"kind": "fail", "when": "osprey"}) as bench:
            assert rules(bench.made(BAD)) == {BAD: "worker.failed"}
            assert rules(bench.made(*GOOD, BAD))[BAD] == "worker.failed"
            assert bench.launcher.starts == 1

    def test_is_not_kept_and_is_asked_again_by_the_next_run(self, tmp_path: Path) -> None:
        with Bench(tmp_path, {"kind": "exit", "when": "osprey"}) as bench:
            bench.made(BAD)
            assert bench.renderer.known([BAD]) == {}

    def test_leaves_a_worker_for_the_next_batch(self, tmp_path: Path) -> None:
        with Bench(tmp_path, {"kind": "exit", "when": "osprey"}) as bench:
            assert rules(bench.made(BAD)) == {BAD: "worker.crashed"}
            assert rules(bench.made(*GOOD)) == dict.fromkeys(GOOD, "spoken")

    def test_one_after_another_they_exhaust_the_patience(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("harness.speaking.pool.MAX_RESTARTS", 4)
        bad: list[Request] = [(f"osprey {number}", number) for number in range(4)]
        with Bench(tmp_path, {"kind": "exit", "when": "osprey"}) as bench:
            found = [rules(bench.made(request))[request] for request in bad]
            assert bench.launcher.starts == 4
            assert found == ["worker.crashed"] * 2 + ["worker.given-up"] * 2
            given_up = bench.made(GOOD[0])[GOOD[0]]
            assert isinstance(given_up, WorkerFault)
            assert given_up.what == "not tried: 4 workers were lost before"
            with pytest.raises(WorkerFault, match=r"^not tried: 4 workers were lost before$"):
                bench.renderer.load()


class KillingStore(Store):
    """Kills the worker with the first rendering that is kept."""

    launcher: WatchedLauncher
    killed = False

    def keep(
        self, key: RenderingKey, samples: Waveform, rate: int, facts: SignalFacts, work: tuple[int, int]
    ) -> Rendering:
        if not self.killed:
            self.killed = True
            os.kill(self.launcher.processes[-1].pid, signal.SIGKILL)
        return super().keep(key, samples, rate, facts, work)


class TestRecovery:
    def test_of_a_worker_killed_in_the_middle_is_told_and_remembered(self, tmp_path: Path) -> None:
        # Far more audio than a socket holds: the worker is still writing when the first of it is kept.
        orders: list[Request] = [(f"{number} " + "abcdefgh " * 30, number) for number in range(4)]
        store = KillingStore(tmp_path / "store")
        with Bench(tmp_path, store=store) as bench:
            store.launcher = bench.launcher
            made = bench.made(*orders)
            assert rules(made) == dict.fromkeys(orders, "spoken")
            assert bench.launcher.starts == 2
            lost = bench.renderer.recovered
            assert orders[0][0] not in lost
            assert orders[3][0] in lost
            assert bench.events == [
                "the worker was killed by SIGKILL while speaking; "
                f"a fresh one spoke the {len(lost)} renderings it was at"
            ]

    def test_of_a_worker_killed_between_batches_is_told_and_remembered(self, tmp_path: Path) -> None:
        with Bench(tmp_path) as bench:
            bench.renderer.load()
            os.kill(bench.launcher.processes[0].pid, signal.SIGKILL)
            bench.launcher.processes[0].exit_status(10)
            assert rules(bench.made(*GOOD)) == dict.fromkeys(GOOD, "spoken")
            assert bench.renderer.recovered == {text for text, _ in GOOD}
            assert bench.events == [
                "the worker was killed by SIGKILL while speaking; a fresh one spoke the 3 renderings it was at"
            ]

    def test_gives_the_very_audio_that_would_have_come(self, tmp_path: Path) -> None:
        with Bench(tmp_path / "a") as calm:
            wanted = calm.made(*GOOD)
        with Bench(tmp_path / "b") as bench:
            bench.renderer.load()
            os.kill(bench.launcher.processes[0].pid, signal.SIGKILL)
            assert bench.made(*GOOD) == wanted

    def test_of_one_that_said_everything_and_then_lied_takes_saying_it_again(self, tmp_path: Path) -> None:
        lies = iter([True])

        def script(channel: Channel) -> None:
            loading(channel)
            while True:
                order, _ = channel.receive()
                batch = order.batch  # type: ignore[union-attr]
                for index in range(len(order.items)):  # type: ignore[union-attr]
                    channel.send(*said(batch, index))
                channel.send(*said(batch, 0) if next(lies, False) else (Done(batch=batch),))

        with Bench(tmp_path, launcher=WireLauncher(script)) as bench:
            assert rules(bench.made(*GOOD)) == dict.fromkeys(GOOD, "spoken")
            assert bench.renderer.recovered == {text for text, _ in GOOD}
            assert bench.events == [
                "the worker broke the protocol while speaking: item 0 was answered twice; "
                "a fresh one spoke the 3 renderings it was at"
            ]

    def test_is_none_for_one_that_always_lies_after_it_said_everything(self, tmp_path: Path) -> None:
        def script(channel: Channel) -> None:
            loading(channel)
            order, _ = channel.receive()
            for index in range(len(order.items)):  # type: ignore[union-attr]
                channel.send(*said(1, index))
            channel.send(*said(1, 0))
            channel.receive()

        with Bench(tmp_path, launcher=WireLauncher(script)) as bench:
            assert rules(bench.made(GOOD[0])) == {GOOD[0]: "worker.forged"}
            assert rules(bench.made(*GOOD[1:])) == dict.fromkeys(GOOD[1:], "worker.forged")


class TestDoubt:
    """Of renderings that a worker was lost on, in the processes that find them."""

    @pytest.fixture
    def later(self, tmp_path: Path) -> Callable[..., Bench]:
        """Begin another process below the same folder, which knows what was written there."""
        store, notes, begun = Store(tmp_path / "store"), tmp_path / "notes", itertools.count()

        def begin(*, fresh: bool = False) -> Bench:
            doubts = Doubts()
            doubts.share(notes, f"{next(begun)}.jsonl")
            lost = {"kind": "exit", "when": "close", "nth": 3}
            return Bench(tmp_path, lost, store=store, fresh=fresh, doubts=doubts)

        return begin

    @staticmethod
    def lose(bench: Bench) -> None:
        """Lose a worker on the third that it speaks, which is the second that a fresh one does."""
        bench.made(GOOD[2])
        bench.made(*GOOD[:2])

    def test_goes_with_them_until_a_verdict_has_said_so(self, later: Callable[..., Bench]) -> None:
        lost = {GOOD[0][0], GOOD[1][0]}  # a worker answers a batch as a whole
        with later() as bench:
            self.lose(bench)
            assert bench.renderer.recovered == lost
        for _ in range(2):
            with later() as bench:
                bench.made(*GOOD)
                assert bench.renderer.recovered == lost
        with later() as bench:
            bench.renderer.known(GOOD)
            bench.renderer.tell_recovered(GOOD[1][0])
            assert bench.renderer.recovered == lost  # of this process to its end
        with later() as bench:
            assert set(bench.renderer.known(GOOD)) == {GOOD[0], GOOD[2]}
            bench.made(GOOD[1])
            assert bench.renderer.recovered == {GOOD[0][0]}
        with later() as bench:
            assert set(bench.renderer.known(GOOD)) == set(GOOD)

    def test_is_known_to_a_process_that_began_before_it_was_lost(self, later: Callable[..., Bench]) -> None:
        with later() as beside, later() as bench:
            assert beside.renderer.known(GOOD) == {}
            self.lose(bench)
            beside.renderer.known(GOOD)
            assert beside.renderer.recovered == {GOOD[0][0], GOOD[1][0]}

    def test_begins_anew_where_the_worker_is_lost_again(self, later: Callable[..., Bench]) -> None:
        for _ in range(2):
            with later(fresh=True) as bench:
                self.lose(bench)
                assert GOOD[1][0] in bench.renderer.recovered
                bench.renderer.tell_recovered(GOOD[1][0])

    def test_ends_where_all_is_spoken_anew(self, later: Callable[..., Bench]) -> None:
        with later() as bench:
            self.lose(bench)
        with later(fresh=True) as bench:
            bench.made(GOOD[1])
            assert bench.renderer.recovered == set()
        with later() as bench:
            bench.made(GOOD[1])
            assert bench.renderer.recovered == set()

    def test_is_of_what_lost_two_workers_and_is_spoken_after_all(self, tmp_path: Path) -> None:
        doubts = Doubts()
        with Bench(tmp_path / "a", {"kind": "exit", "when": "osprey"}, doubts=doubts) as bench:
            assert rules(bench.made(GOOD[0], BAD))[BAD] == "worker.crashed"
            assert bench.renderer.recovered == set()
            (digest,) = {digest_of(bench.renderer.key(*BAD))}
        assert doubts.is_untold(digest)
        assert not doubts.is_untold(digest_of(bench.renderer.key(*GOOD[0])))


class FullStore(Store):
    """Has no room for one rendering, then for any."""

    is_full = True

    def keep(
        self, key: RenderingKey, samples: Waveform, rate: int, facts: SignalFacts, work: tuple[int, int]
    ) -> Rendering:
        if self.is_full:
            self.is_full = False
            raise StorageError("no room")
        return super().keep(key, samples, rate, facts, work)


class TestOwnTrouble:
    def test_is_not_held_against_the_candidate(self, tmp_path: Path) -> None:
        with Bench(tmp_path, store=FullStore(tmp_path / "store")) as bench:
            with pytest.raises(StorageError, match=r"^no room$"):
                bench.made(*GOOD)
            # What the first worker had still to say of that batch must not answer this one.
            assert rules(bench.made(*GOOD)) == dict.fromkeys(GOOD, "spoken")
            assert bench.renderer.recovered == set()
            assert bench.events == []


def test_a_worker_that_is_lost_as_it_starts_beside_another_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether or not a batch is left for it; one that is left is spoken by a fresh worker, and is not simply fine."""
    with Bench(tmp_path) as bench:
        slot, plain = Slot(), bench.renderer._ready

        def lost(_: Slot) -> None:
            raise WorkerFault("worker.crashed", "was ended by SIGSEGV")

        monkeypatch.setattr(bench.renderer, "_ready", lost)
        bench.renderer._start(slot)
        assert bench.events == ["the worker was ended by SIGSEGV while it was started beside another one"]
        monkeypatch.setattr(bench.renderer, "_ready", plain)
        made = bench.renderer._render(slot, GOOD[:1])
        slot.clear()
        assert rules(made) == {GOOD[0]: "spoken"}
        assert bench.renderer.recovered == {GOOD[0][0]}


class TestClose:
    def test_ends_the_worker_and_may_come_twice(self, tmp_path: Path) -> None:
        bench = Bench(tmp_path)
        bench.renderer.load()
        bench.renderer.close()
        bench.renderer.close()
        assert bench.launcher.processes[0].exit_status(0) is not None

    def test_before_anything_was_asked_is_nothing(self, tmp_path: Path) -> None:
        bench = Bench(tmp_path)
        bench.renderer.close()
        assert bench.launcher.starts == 0

    @pytest.mark.parametrize("at", ["starting", "loading", "speaking"])
    def test_does_not_wait_for_a_worker_that_hangs(self, at: str, tmp_path: Path) -> None:
        there = threading.Event()
        launcher = HangingLauncher(at, there)
        bench = Bench(tmp_path, launcher=launcher, bounds=Bounds(load_seconds=15, batch_seconds=15))
        running, queued = bench.renderer.submit(GOOD), bench.renderer.submit([BAD])
        assert there.wait(10)
        closing = threading.Thread(target=bench.renderer.close, daemon=True)
        closing.start()
        if at == "starting":
            launcher.may_go_on.set()
        closing.join(10)
        assert not closing.is_alive()
        assert running.done()
        assert queued.cancelled()
        assert [process.killed for process in launcher.started] == [1]
        assert bench.events == []


class HangingLauncher(WireLauncher):
    """Its workers come to one point and no further; `there` says that they have come to it."""

    def __init__(self, at: str, there: threading.Event) -> None:
        def script(channel: Channel) -> None:
            if at == "loading":
                channel.receive()
                there.set()
                channel.receive()
            loading(channel)
            channel.receive()
            there.set()
            channel.receive()

        super().__init__(script)
        self.may_go_on = threading.Event()
        self._waits, self._there = at == "starting", there

    def start(
        self, *, model: Path, threads: int, device: str, is_tidy: bool = False, files: Files | None = None
    ) -> WorkerProcess:
        if self._waits:
            self._there.set()
            assert self.may_go_on.wait(10)
        return super().start(model=model, threads=threads, device=device, is_tidy=is_tidy, files=files)
