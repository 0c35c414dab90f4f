"""Machines that share a store: nothing goes twice, what was seen goes first, what is not whole is nobody's."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from harness.core.errors import BadInput, IntegrityError, StorageError
from harness.core.types import BehaviourEvent, Rendering, RenderingKey
from harness.run.seen import seen_of
from harness.sandbox.outside.events import lines_of
from harness.storage import sent
from harness.storage.objects import FolderObjects, Listed, Objects, checked
from harness.storage.sealed import store_key
from harness.storage.sealing import NONE, Spoken, pack_spoken, pack_take, seal
from harness.storage.shared import SharedStore
from harness.storage.smallfile import TooLarge
from harness.storage.store import Store, digest_of
from tests.campaign_samples import FACTS
from tests.report_samples import make_take

MODEL = "0" * 64
HOW = {"asr": "fake"}
TAKE = make_take("one", name="one", seed=1, score=-0.1, seconds=1.0)


class Memory:
    """Objects in memory, and what was asked of them. Implements :class:`harness.storage.objects.Objects`."""

    place = "memory"

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.is_down = False

    def get(self, name: str, most: int) -> bytes | None:
        self._note(f"get {checked(name)}")
        data = self.kept.get(name)
        if data is not None and len(data) > most:
            raise TooLarge(f"at most {most} bytes, got more")
        return data

    def put(self, name: str, data: bytes) -> bool:
        self._note(f"put {checked(name)}")
        return self.kept.setdefault(name, data) is data

    def list(self, prefix: str) -> Iterator[Listed]:
        self._note(f"list {prefix}")
        for name in sorted(self.kept):
            if name.startswith(f"{prefix}/"):
                yield Listed(name=name, bytes=len(self.kept[name]), modified=0.0)

    def _note(self, what: str) -> None:
        if self.is_down:
            raise StorageError("memory: cannot be asked (HTTP 503)")
        self.asked.append(what)

    def asked_of(self, verb: str) -> int:
        return sum(one.startswith(f"{verb} ") for one in self.asked)


def key(text: str, model: str = MODEL) -> RenderingKey:
    return RenderingKey(model_digest=model, text=text, seed=1, engine="fake")


def machine(objects: Objects, folder: Path, told: list[str] | None = None) -> Store:
    return Store(folder, SharedStore(objects, folder, ([] if told is None else told).append))


def speak(store: Store, text: str, level: float = 0.1) -> Rendering:
    made = store.keep(key(text), np.full(800, level, np.float32), 16_000, FACTS, (1, 1))
    store.keep_take(made, HOW, dataclasses.replace(TAKE, audio_sha256=made.audio_sha256))
    return made


def see(folder: Path, what: str, name: str = "1-2.jsonl") -> None:
    path = folder / "behaviour" / MODEL[:32] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(lines_of([BehaviourEvent(when="speaking", kind="network", what=what, detail="127.0.0.1:9")]))


def seen(folder: Path) -> set[tuple[str, int]]:
    return {(event.what, event.count) for event in seen_of(folder, MODEL)}


@pytest.fixture
def objects() -> Memory:
    return Memory()


def test_what_one_machine_spoke_and_heard_another_has(objects: Memory, tmp_path: Path) -> None:
    made = speak(machine(objects, tmp_path / "a"), "one")
    other = machine(objects, tmp_path / "b")
    assert other.rendering(key("one")) == made
    assert other.audio(made.audio_sha256)[0].size == 800
    assert (take := other.take(made, HOW))
    assert take.hearing == TAKE.hearing


def test_nothing_is_fetched_or_sent_twice(objects: Memory, tmp_path: Path) -> None:
    made = speak(machine(objects, tmp_path / "a"), "one")
    for _ in range(2):
        again = machine(objects, tmp_path / "a")  # another process of the same machine
        assert again.rendering(key("one"))
        assert again.take(made, HOW)
    assert (objects.asked_of("put"), objects.asked_of("get")) == (2, 0)
    for _ in range(2):
        other = machine(objects, tmp_path / "b")
        for _ in range(2):
            assert other.rendering(key("one"))
            assert other.take(made, HOW)
            assert other.rendering(key("never spoken")) is None
    assert objects.asked_of("put") == 2
    assert objects.asked_of("get") == 2 + 2, "what is missing is asked for once by each process"


def test_several_are_fetched_at_once(tmp_path: Path) -> None:
    together = threading.Barrier(8)

    class Meeting(Memory):
        def get(self, name: str, most: int) -> bytes | None:
            together.wait(20)  # breaks, and fails the test, unless eight are asked for at a time
            return super().get(name, most)

    objects = Meeting()
    first = machine(objects, tmp_path / "a")
    made = [speak(first, f"{number}", number / 20) for number in range(8)]
    other = machine(objects, tmp_path / "b")
    assert other.renderings([one.key for one in made]) == made
    assert [take.audio_sha256 for take in other.takes([(one, HOW) for one in made]) if take] == [
        one.audio_sha256 for one in made
    ]


def test_what_was_there_before_the_store_was_named_is_sent(objects: Memory, tmp_path: Path) -> None:
    made = speak(Store(tmp_path / "a"), "one")
    store = machine(objects, tmp_path / "a")
    assert store.rendering(key("one"))
    assert store.take(made, HOW)
    assert machine(objects, tmp_path / "b").rendering(key("one")) == made


def test_what_a_store_lost_to_its_own_rules_is_sent_again_a_week_later(
    objects: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    speak(machine(objects, tmp_path / "a"), "one")
    objects.kept.clear()
    assert machine(objects, tmp_path / "a").rendering(key("one"))
    assert objects.kept == {}
    now = sent.time.time()
    monkeypatch.setattr(sent.time, "time", lambda: now + sent.BELIEVED_SECONDS + 1)
    assert machine(objects, tmp_path / "a").rendering(key("one"))
    assert len(objects.kept) == 1


def test_a_store_that_is_down_costs_a_line_and_a_later_run_goes_on(objects: Memory, tmp_path: Path) -> None:
    objects.is_down = True
    with pytest.raises(StorageError, match="HTTP 503"):
        speak(machine(objects, tmp_path / "a"), "one")
    objects.is_down = False
    store = machine(objects, tmp_path / "a")
    made = store.rendering(key("one"))
    assert made, "what was spoken is kept here"
    assert machine(objects, tmp_path / "b").rendering(key("one")) == made


class TestWhatWasSeen:
    def test_comes_with_what_was_spoken(self, objects: Memory, tmp_path: Path) -> None:
        first = machine(objects, tmp_path / "a")
        see(tmp_path / "a", "connect")
        speak(first, "one")
        see(tmp_path / "a", "bind")
        speak(first, "two", 0.2)
        other = machine(objects, tmp_path / "b")
        other.rendering(key("one"))
        assert seen(tmp_path / "b") == {("connect", 1)}
        other.rendering(key("two"))
        assert seen(tmp_path / "b") == {("connect", 1), ("bind", 1)}

    def test_is_brought_whole_by_who_fetches_the_last_rendering_only(self, objects: Memory, tmp_path: Path) -> None:
        for number, what in enumerate(("connect", "bind", "listen")):
            see(tmp_path / "a", what)
            speak(machine(objects, tmp_path / "a"), what, number / 10 + 0.1)  # a process each
        machine(objects, tmp_path / "b").rendering(key("listen"))
        assert seen(tmp_path / "b") == {("connect", 1), ("bind", 1), ("listen", 1)}

    def test_after_the_last_rendering_is_brought_at_the_end(self, objects: Memory, tmp_path: Path) -> None:
        first = machine(objects, tmp_path / "a")
        speak(first, "one")
        see(tmp_path / "a", "connect")
        first.send_seen(MODEL)
        other = machine(objects, tmp_path / "b")
        other.rendering(key("one"))
        assert seen(tmp_path / "b") == set()
        other.bring_seen(MODEL)
        other.bring_seen(MODEL)
        assert seen(tmp_path / "b") == {("connect", 1)}

    def test_is_sent_once_and_never_sent_back(self, objects: Memory, tmp_path: Path) -> None:
        see(tmp_path / "a", "connect")
        for _ in range(3):
            machine(objects, tmp_path / "a").send_seen(MODEL)
        other = machine(objects, tmp_path / "b")
        other.bring_seen(MODEL)
        other.send_seen(MODEL)
        assert len(objects.kept) == 1
        see(tmp_path / "b", "bind", "3-4.jsonl")
        other.send_seen(MODEL)
        first = machine(objects, tmp_path / "a")
        first.bring_seen(MODEL)
        assert seen(tmp_path / "a") == seen(tmp_path / "b") == {("connect", 1), ("bind", 1)}

    def test_in_a_file_of_any_name_is_sent_once(self, objects: Memory, tmp_path: Path) -> None:
        see(tmp_path / "a", "connect", "of somebody else %20.jsonl")
        for _ in range(3):
            machine(objects, tmp_path / "a").send_seen(MODEL)
        assert len(objects.kept) == 1

    def test_of_any_length_is_sent_in_parts(
        self, objects: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("harness.storage.sharedseen.MOST_SENT", 300)
        for number in range(20):
            see(tmp_path / "a", f"step {number}", f"{number % 3}-1.jsonl")
        machine(objects, tmp_path / "a").send_seen(MODEL)
        speak(machine(objects, tmp_path / "a"), "one")
        names = [name for name in objects.kept if name.startswith("behaviour/")]
        assert len(names) >= 20 // 3
        assert all(len(objects.kept[name]) < 300 + 200 for name in names)
        machine(objects, tmp_path / "b").rendering(key("one"))
        assert seen(tmp_path / "b") == {(f"step {number}", 1) for number in range(20)}
        see(tmp_path / "a", "x" * 400)
        with pytest.raises(StorageError, match="expected lines of at most 300 bytes, got a longer one"):
            machine(objects, tmp_path / "a").send_seen(MODEL)

    def test_too_often_is_not_fetched(self, objects: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("harness.storage.sharedseen.MOST_STEPS", 5)
        for number in range(6):
            see(tmp_path / "a", f"step {number}")
            machine(objects, tmp_path / "a").send_seen(MODEL)
        with pytest.raises(IntegrityError, match="expected at most 5 objects of what workers of a model were seen"):
            machine(objects, tmp_path / "b").bring_seen(MODEL)

    def test_and_gone_or_changed_makes_its_renderings_nobody_s(self, objects: Memory, tmp_path: Path) -> None:
        see(tmp_path / "a", "connect")
        speak(machine(objects, tmp_path / "a"), "one")
        (name,) = (name for name in objects.kept if name.startswith("behaviour/"))
        data = objects.kept.pop(name)
        told: list[str] = []
        assert machine(objects, tmp_path / "b", told).rendering(key("one")) is None
        assert "which it names, is gone" in told[0]
        objects.kept[name] = data[:-9] + b'"count":0'
        assert machine(objects, tmp_path / "c", told).rendering(key("one")) is None
        with pytest.raises(IntegrityError, match="no verdict may do without it; find out who changed it"):
            machine(objects, tmp_path / "c").bring_seen(MODEL)

    def test_without_end_is_not_followed(
        self, objects: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("harness.storage.sharedseen.MOST_STEPS", 5)
        for number in range(7):
            see(tmp_path / "a", f"step {number}")
            machine(objects, tmp_path / "a").send_seen(MODEL)
        speak(machine(objects, tmp_path / "a"), "one")
        told: list[str] = []
        assert machine(objects, tmp_path / "b", told).rendering(key("one")) is None
        assert "more than 5 objects of what was seen follow one another" in told[0]


def _cut(data: bytes, other: bytes) -> bytes:
    return data[: len(data) // 2]


def _empty(data: bytes, other: bytes) -> bytes:
    return b""


def _flipped(data: bytes, other: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


def _another(data: bytes, other: bytes) -> bytes:
    return other


@pytest.mark.parametrize("spoil", [_cut, _empty, _flipped, _another])
@pytest.mark.parametrize("kind", ["renderings", "takes"])
def test_what_is_not_whole_is_left_aside_and_told(kind: str, spoil: object, objects: Memory, tmp_path: Path) -> None:
    first = machine(objects, tmp_path / "a")
    made, other = speak(first, "one"), speak(first, "two", 0.2)
    name = f"{kind}/{_digest(kind, made)[:2]}/{_digest(kind, made)}"
    another = f"{kind}/{_digest(kind, other)[:2]}/{_digest(kind, other)}"
    objects.kept[name] = spoil(objects.kept[name], objects.kept[another])  # type: ignore[operator]
    told: list[str] = []
    store = machine(objects, tmp_path / "b", told)
    found = store.rendering(key("one")) if kind == "renderings" else store.take(made, HOW)
    assert found is None
    assert len(told) == 1
    assert f"{name} is not whole" in told[0]
    speak(store, "one")  # made anew, and used here from now on
    assert store.rendering(key("one"))


def _digest(kind: str, made: Rendering) -> str:
    return digest_of(made.key) if kind == "renderings" else digest_of([made.audio_sha256, made.key, HOW])


class TestAKey:
    """With a secret of all machines, whoever may write and does not have it can make nothing that is used."""

    KEY = b"k" * 32

    def machine(self, objects: Objects, folder: Path, key: bytes, told: list[str] | None = None) -> Store:
        return Store(folder, SharedStore(objects, folder, ([] if told is None else told).append, key=key))

    def test_opens_what_was_sealed_with_it(self, objects: Memory, tmp_path: Path) -> None:
        see(tmp_path / "a", "connect")
        made = speak(self.machine(objects, tmp_path / "a", self.KEY), "one")
        other = self.machine(objects, tmp_path / "b", self.KEY)
        assert other.rendering(key("one")) == made
        assert other.take(made, HOW)
        assert seen(tmp_path / "b") == {("connect", 1)}
        assert not any(self.KEY in data for data in objects.kept.values())

    def test_of_another_opens_nothing(self, objects: Memory, tmp_path: Path) -> None:
        speak(self.machine(objects, tmp_path / "a", b"x" * 32), "one")
        told: list[str] = []
        assert self.machine(objects, tmp_path / "b", self.KEY, told).rendering(key("one")) is None
        assert "its digest is not that of its content" in told[0]

    @pytest.mark.parametrize(("theirs", "ours"), [(b"", KEY), (KEY, b"")], ids=["forged without", "read without"])
    def test_that_only_some_machines_have_ends_the_run(
        self, theirs: bytes, ours: bytes, objects: Memory, tmp_path: Path
    ) -> None:
        made = speak(self.machine(objects, tmp_path / "a", theirs), "one")
        store = self.machine(objects, tmp_path / "b", ours)
        for ask in (lambda: store.rendering(key("one")), lambda: store.take(made, HOW)):
            with pytest.raises(
                IntegrityError, match="give all machines that share the same SOUNDCHECK_STORE_KEY"
            ) as it:
                ask()
            assert self.KEY.decode() not in str(it.value)
        see(tmp_path / "a", "connect")
        self.machine(objects, tmp_path / "a", theirs).send_seen(MODEL)
        with pytest.raises(IntegrityError, match="is sealed with"):
            store.bring_seen(MODEL)

    def test_that_can_be_guessed_is_refused_and_not_repeated(self) -> None:
        assert store_key({}) == b""
        assert store_key({"SOUNDCHECK_STORE_KEY": "k" * 32}) == self.KEY
        with pytest.raises(BadInput, match=r"expected 32 characters or more \(or none\), got 7") as caught:
            store_key({"SOUNDCHECK_STORE_KEY": "hunter2"})
        assert "hunter2" not in str(caught.value)


class TestAHostileStore:
    """Whoever may write seals what he likes; where that leads is bounded all the same."""

    def spoken(self, objects: Memory, asked: str, rendering: Rendering, flac: bytes, seen: str = NONE) -> None:
        digest = digest_of(key(asked))
        name = f"renderings/{digest[:2]}/{digest}"
        objects.kept[name] = seal(name, pack_spoken(Spoken(rendering=rendering, flac=flac, seen=seen)))

    def rendering(self, flac: bytes, model: str = MODEL, audio: str = "") -> Rendering:
        digest = audio or hashlib.sha256(flac).hexdigest()
        return Rendering(
            key=key("one", model), audio_sha256=digest, sample_rate=16_000, facts=FACTS, frames=1, tokens=1
        )

    @pytest.mark.parametrize("audio", ["../../../etc/x", "A" * 64, ""])
    def test_cannot_name_a_file_outside(self, audio: str, objects: Memory, tmp_path: Path) -> None:
        self.spoken(objects, "one", self.rendering(b"fLaC", audio=audio or "/"), b"fLaC")
        assert machine(objects, tmp_path / "b").rendering(key("one")) is None
        assert not list(tmp_path.rglob("*.flac"))

    @pytest.mark.parametrize("model", ["../../outside", "f" * 64, "0" * 64 + "x"])
    def test_cannot_answer_with_another_model_s(self, model: str, objects: Memory, tmp_path: Path) -> None:
        self.spoken(objects, "one", self.rendering(b"fLaC", model=model), b"fLaC", seen="a" * 64)
        told: list[str] = []
        assert machine(objects, tmp_path / "b", told).rendering(key("one")) is None
        assert "another one than its name says" in told[0]
        assert objects.asked_of("get") == 1

    def test_that_sends_too_much_is_not_read_to_its_end(
        self, objects: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = speak(machine(objects, tmp_path / "a"), "one")
        monkeypatch.setattr("harness.storage.sealed.MOST_BYTES", {"renderings": 100, "takes": 100})
        told: list[str] = []
        store = machine(objects, tmp_path / "b", told)
        assert (store.rendering(key("one")), store.take(made, HOW)) == (None, None)
        assert [line.count("at most 100 bytes, got more") for line in told] == [1, 1]

    def test_whose_small_file_stands_for_hours_of_sound_is_no_bomb(
        self, objects: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import soundfile

        buffer = io.BytesIO()
        soundfile.write(buffer, np.zeros(200_000, np.float32), 16_000, format="FLAC")
        self.spoken(objects, "one", self.rendering(buffer.getvalue()), buffer.getvalue())
        store = machine(objects, tmp_path / "b")
        made = store.rendering(key("one"))
        assert made
        monkeypatch.setattr("harness.storage.store.MOST_SAMPLES", 100_000)
        with pytest.raises(IntegrityError, match="expected one channel of at most 100,000 samples, got more"):
            store.audio(made.audio_sha256)

    @pytest.mark.parametrize(("rate", "channels"), [(1, 1), (500_000, 1), (16_000, 8)])
    def test_whose_sound_no_worker_may_send_is_one_line(
        self, rate: int, channels: int, objects: Memory, tmp_path: Path
    ) -> None:
        import soundfile

        buffer = io.BytesIO()
        soundfile.write(buffer, np.zeros((800, channels), np.float32), rate, format="FLAC")
        self.spoken(objects, "one", self.rendering(buffer.getvalue()), buffer.getvalue())
        store = machine(objects, tmp_path / "b")
        made = store.rendering(key("one"))
        assert made
        with pytest.raises(IntegrityError, match="is no audio that a voice may have"):
            store.audio(made.audio_sha256)

    def test_whose_sound_is_none_is_one_line(self, objects: Memory, tmp_path: Path) -> None:
        self.spoken(objects, "one", self.rendering(b"no sound"), b"no sound")
        store = machine(objects, tmp_path / "b")
        made = store.rendering(key("one"))
        assert made
        with pytest.raises(IntegrityError, match="is no audio that a voice may have"):
            store.audio(made.audio_sha256)

    def test_cannot_give_one_rendering_s_take_for_another(self, objects: Memory, tmp_path: Path) -> None:
        made = speak(machine(objects, tmp_path / "a"), "one")
        digest = _digest("takes", made)
        name = f"takes/{digest[:2]}/{digest}"
        objects.kept[name] = seal(name, pack_take(dataclasses.replace(TAKE, audio_sha256="f" * 64)))
        store = machine(objects, tmp_path / "b")
        assert store.take(made, HOW) is None


def test_a_torn_line_of_what_was_sent_is_sent_again(objects: Memory, tmp_path: Path) -> None:
    speak(machine(objects, tmp_path / "a"), "one")
    (ledger,) = (tmp_path / "a/shared").glob("*.sent")
    ledger.write_bytes(ledger.read_bytes()[:-20] + b"\xff\nseen x y z\nhas a b\n")
    store = machine(objects, tmp_path / "a")
    assert store.rendering(key("one"))
    speak(store, "two", 0.2)
    assert machine(objects, tmp_path / "b").rendering(key("two"))


def test_two_stores_are_told_apart(tmp_path: Path) -> None:
    for name in ("x", "y"):
        (tmp_path / name).mkdir()
        store = machine(FolderObjects(tmp_path / name), tmp_path / "a")
        assert store.rendering(key("one")) is None or name == "y"
        see(tmp_path / "a", name)
        speak(store, "one")
        store.send_seen(MODEL)
    other = machine(FolderObjects(tmp_path / "y"), tmp_path / "b")
    assert other.rendering(key("one"))
    other.bring_seen(MODEL)
    assert seen(tmp_path / "b") == {("x", 1), ("y", 1)}
