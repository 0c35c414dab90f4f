"""What nobody has used for long goes, what a run or a process may need stays, whatever moment it is killed at."""

from __future__ import annotations

import dataclasses
import os
import time
from pathlib import Path

import msgspec
import numpy as np
import pytest

from harness.core.errors import BadInput, IntegrityError
from harness.core.types import Rendering, RenderingKey
from harness.speaking.cache import RenderingCache
from harness.storage import runseal
from harness.storage.clearing import Clearing, carry_out, plan, read_age
from harness.storage.inventory import inventory
from harness.storage.leases import lock_alone
from harness.storage.rundirectory import RunDirectory
from harness.storage.store import Store, lease_path
from tests.campaign_samples import FACTS
from tests.report_samples import INFO, make_take

OLD = "a" * 64
"""A model that nobody has asked for long."""
DAYS = 86_400.0
HOW = {"asr": "fake"}
TAKE = make_take("one", name="one", seed=1, score=-0.1, seconds=1.0)


def key(text: str, model: str = OLD) -> RenderingKey:
    return RenderingKey(model_digest=model, text=text, seed=1, engine="fake")


def spoken(store: Store, text: str, model: str = OLD, level: float = 0.1) -> Rendering:
    """Spoken and heard."""
    made = store.keep(key(text, model), np.full(800, level, np.float32), 16_000, FACTS, (1, 1))
    store.keep_take(made, HOW, dataclasses.replace(TAKE, audio_sha256=made.audio_sha256))
    return made


def age(root: Path, days: float) -> None:
    """Let everything be as old as that."""
    for path in root.rglob("*"):
        if path.is_file():
            os.utime(path, (time.time() - days * DAYS,) * 2)


def planned(root: Path, days: float = 30) -> Clearing:
    return plan(root, before=time.time() - days * DAYS)


def kinds(clearing: Clearing) -> dict[str, int]:
    names = [one.kind for one in clearing.going]
    return {name: names.count(name) for name in names}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """One voice's two phrases, spoken forty days ago."""
    store = Store(tmp_path)
    spoken(store, "one", level=0.1)
    spoken(store, "two", level=0.2)
    age(tmp_path, 40)
    return tmp_path


def test_what_is_old_and_nobody_s_goes_whole(root: Path) -> None:
    clearing = planned(root)
    assert kinds(clearing) == {"renderings": 2, "takes": 2, "audio": 2}
    assert len(carry_out(root, clearing)) == 6
    assert [one.objects for one in inventory(root) if one.kind in ("renderings", "takes", "audio")] == [0, 0, 0]
    assert planned(root).going == ()


def test_what_is_younger_stays(root: Path) -> None:
    assert planned(root, days=41).going == ()


def test_what_was_used_since_is_young(root: Path) -> None:
    store = Store(root)
    made = store.rendering(key("one"))
    assert made
    store.take(made, HOW)
    carry_out(root, planned(root))
    assert (found := store.rendering(key("one")))
    assert store.audio(found.audio_sha256)[1] == 16_000
    assert store.take(found, HOW)
    assert store.rendering(key("two")) is None


def test_audio_that_two_voices_share_stays_while_one_of_them_needs_it(root: Path) -> None:
    store = Store(root)
    made = spoken(store, "one", model="b" * 64, level=0.1)
    carry_out(root, planned(root))
    assert store.rendering(key("one")) is None
    assert store.audio(made.audio_sha256)


def test_of_a_run_that_has_not_ended_everything_stays(root: Path) -> None:
    about = dataclasses.replace(INFO, model_digest=OLD)
    directory = RunDirectory(root, about.run_id)
    directory.begin(about, 2)
    age(root, 40)
    clearing = planned(root)
    assert clearing.unfinished == (about.run_id,)
    assert kinds(clearing) == {}
    directory.end()
    assert kinds(planned(root)) == {"renderings": 2, "takes": 2, "audio": 2}
    assert (directory.path / runseal.NAME).is_file(), "a run itself stays"


def test_of_a_run_that_cannot_be_read_nobody_knows_what_it_needs(root: Path) -> None:
    path = root / "runs/0123/run.json"
    path.parent.mkdir(parents=True)
    path.write_text("{")
    with pytest.raises(IntegrityError, match="nobody knows what it needs; remove its folder"):
        planned(root)


def test_what_a_process_works_with_stays(root: Path) -> None:
    at_work = Store(root)
    at_work.use(OLD)
    clearing = planned(root)
    assert clearing.in_use == (OLD,)
    assert kinds(clearing) == {}
    del at_work
    assert kinds(planned(root)) == {"renderings": 2, "takes": 2, "audio": 2}


def test_whoever_looks_for_a_rendering_works_with_its_model(root: Path) -> None:
    """Runs, recordings, hunts and scores all look for renderings here."""
    cache = RenderingCache(Store(root), model_digest=OLD, engine_key="fake")
    cache.of("another speaker").find_all([("three", 1)])
    assert planned(root).in_use == (OLD,)
    cache.find_all([])
    del cache
    assert planned(root).in_use == ()


def test_who_begins_between_the_look_and_the_removal_loses_nothing(root: Path) -> None:
    clearing = planned(root)
    at_work = Store(root)
    at_work.use(OLD)
    gone = carry_out(root, clearing)
    assert {one.kind for one in gone} <= {"half-written"}
    assert at_work.rendering(key("one"))


def test_a_process_that_speaks_anew_what_is_to_go_keeps_its_audio(root: Path) -> None:
    clearing = planned(root)
    made = spoken(Store(root), "three", model="c" * 64, level=0.1)
    carry_out(root, clearing)
    assert Store(root).audio(made.audio_sha256)


@pytest.mark.parametrize("after", range(6))
def test_killed_at_any_moment_it_leaves_whole_objects_and_goes_on(
    after: int, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(root)
    spoken(store, "kept", level=0.1)  # shares the audio of what goes
    remove, done = Path.unlink, []

    def until_killed(path: Path, missing_ok: bool = False) -> None:
        if len(done) == after:
            raise KeyboardInterrupt
        done.append(path)
        remove(path, missing_ok=missing_ok)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, "unlink", until_killed)
        carry_out(root, planned(root))
        raise KeyboardInterrupt  # five files go: whoever is killed after the last one lost nothing either
    for path in (root / "renderings").glob("*/*.json"):
        assert store.audio(msgspec.json.decode(path.read_bytes(), type=Rendering).audio_sha256)
    carry_out(root, planned(root))
    assert (made := store.rendering(key("kept")))
    assert store.audio(made.audio_sha256)
    assert len(list((root / "audio").glob("*/*"))) == 1


def test_links_and_other_people_s_files_are_not_looked_at(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / f"{'ab' * 32}.flac"
    elsewhere.parent.mkdir(exist_ok=True)
    elsewhere.write_bytes(b"of somebody else")
    (root / "audio/ab").mkdir()
    (root / "audio/ab" / elsewhere.name).symlink_to(elsewhere)
    (root / "audio/cd").symlink_to(elsewhere.parent)
    (root / "takes/README.json").write_text("hello")
    (root / "takes/00").mkdir(exist_ok=True)
    (root / "takes/00/notes.json").write_text("hello")
    age(root, 40)
    carry_out(root, planned(root))
    assert elsewhere.read_bytes() == b"of somebody else"
    assert (root / "audio/ab" / elsewhere.name).is_symlink()
    assert (root / "takes/00/notes.json").is_file()


def test_what_was_begun_and_never_named_goes_and_so_do_locks_of_nobody(root: Path) -> None:
    half = root / "audio/ab"
    half.mkdir()
    (half / f".{'ab' * 32}.flac.12.0f").write_bytes(b"half")
    (free := root / "locks/0123").parent.mkdir(exist_ok=True)
    for path in (free, held := root / "locks/4567"):
        path.write_bytes(b"")
    Store(root).use(OLD)
    age(root, 40)
    lock = lock_alone(held)
    assert lock is not None
    try:
        carry_out(root, planned(root))
    finally:
        os.close(lock)
    assert not list(half.iterdir())
    assert not free.exists()
    assert held.exists()
    assert lease_path(root, OLD).exists(), "whoever waits for it would lock a file that nobody finds"


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"expected a folder of runs, .* got nothing of the kind"):
        planned(tmp_path)


@pytest.mark.parametrize(("typed", "seconds"), [("30d", 30 * DAYS), ("1h", 3600.0), ("3650d", 3650 * DAYS)])
def test_an_age_is_hours_or_days(typed: str, seconds: float) -> None:
    assert read_age(typed) == seconds


@pytest.mark.parametrize("typed", ["", "30", "d", "-1d", "0d", "1.5d", "30m", "3651d", "99999999d", "30 d", "٣٠d"])
def test_anything_else_is_one_line(typed: str) -> None:
    with pytest.raises(BadInput, match=r"--older: expected an age such as 30d or 12h, from 1h to 3650d, got '"):
        read_age(typed)


def test_stats_count_each_kind(root: Path) -> None:
    directory = RunDirectory(root, "0123")
    directory.event("main", "something")
    (directory.path / "run.json").write_text("{}")
    held = {one.kind: one for one in inventory(root)}
    assert (held["renderings"].objects, held["takes"].objects, held["audio"].objects) == (2, 2, 2)
    assert held["runs"].objects == 1
    assert held["half-written"].oldest is None
    oldest = held["audio"].oldest
    assert oldest is not None
    assert time.time() - oldest == pytest.approx(40 * DAYS, abs=60)
