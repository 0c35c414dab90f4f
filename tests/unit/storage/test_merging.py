"""Folders of several machines become one; a half-written or foreign file is brought by nobody."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from harness.core.errors import BadInput, IntegrityError
from harness.core.types import BehaviourEvent, RenderingKey
from harness.sandbox.outside.events import lines_of
from harness.storage.merging import merge, merge_shared
from harness.storage.objects import FolderObjects
from harness.storage.shared import SharedStore
from harness.storage.store import Store
from tests.campaign_samples import FACTS

MODEL = "0" * 32


def key(text: str) -> RenderingKey:
    return RenderingKey(model_digest="0" * 64, text=text, seed=1, engine="fake")


def spoken(folder: Path, text: str, level: float = 0.1) -> Path:
    """A folder in which a text was spoken; the file of its rendering."""
    Store(folder).keep(key(text), np.full(800, level, np.float32), 16_000, FACTS, (1, 1))
    return max((folder / "renderings").glob("*/*.json"), key=lambda path: path.stat().st_mtime_ns)


def events(folder: Path, data: bytes = b"") -> Path:
    path = folder / "behaviour" / MODEL / "1-2.jsonl"
    path.parent.mkdir(parents=True)
    seen = BehaviourEvent(when="speaking", kind="network", what="connect", detail="127.0.0.1:9")
    path.write_bytes(data or lines_of([seen]))
    return path


def test_all_of_them_is_there_afterwards_and_merging_again_changes_nothing(tmp_path: Path) -> None:
    for place, text in enumerate(("one", "two")):
        spoken(tmp_path / f"{place}", text)
    events(tmp_path / "0")
    target = tmp_path / "all of them"
    assert [merge(target, tmp_path / name).brought for name in ("0", "1")] == [1, 1]
    before = sorted(target.rglob("*"))
    again = merge(target, tmp_path / "0")
    assert (again.brought, again.known, again.broken, again.events) == (0, 1, 0, 1)
    assert sorted(target.rglob("*")) == before
    store = Store(target)
    for text in ("one", "two"):
        assert (made := store.rendering(key(text)))
        assert store.audio(made.audio_sha256)[1] == 16_000


def test_what_is_there_already_counts(tmp_path: Path) -> None:
    for place, level in enumerate((0.1, 0.2)):
        spoken(tmp_path / f"{place}", "one", level)
    for place in range(2):
        merge(tmp_path / "all", tmp_path / f"{place}")
    assert Store(tmp_path / "all").rendering(key("one")) == Store(tmp_path / "0").rendering(key("one"))


def _other_audio(folder: Path, rendering: Path) -> None:
    (audio,) = (folder / "audio").glob("*/*.flac")
    audio.write_bytes(b"other")


def _half(folder: Path, rendering: Path) -> None:
    rendering.write_bytes(rendering.read_bytes()[:40])


def _other_name(folder: Path, rendering: Path) -> None:
    place = folder / "renderings/00"
    place.mkdir(exist_ok=True)
    rendering.rename(place / f"{'0' * 64}.json")


def _link(folder: Path, rendering: Path) -> None:
    rendering.rename(folder / "elsewhere.json")
    rendering.symlink_to(folder / "elsewhere.json")


def _audio_elsewhere(folder: Path, rendering: Path) -> None:
    text = rendering.read_text()
    digest = text.partition('"audio_sha256":"')[2][:64]
    (folder / f"{digest}.flac").write_bytes(b"of somebody else")
    rendering.write_text(text.replace(digest, f"../../{digest}"))


@pytest.mark.parametrize("spoil", [_other_audio, _half, _other_name, _link, _audio_elsewhere])
def test_what_is_not_whole_is_left_out_and_counted(spoil: Callable[[Path, Path], None], tmp_path: Path) -> None:
    spoil(tmp_path / "one", spoken(tmp_path / "one", "one"))
    made = merge(tmp_path / "all", tmp_path / "one")
    assert made.broken == 1
    assert Store(tmp_path / "all").rendering(key("one")) is None


def test_half_written_and_foreign_files_are_passed_over(tmp_path: Path) -> None:
    rendering = spoken(tmp_path / "one", "one")
    rendering.with_name(f".{rendering.name}.12.ab").write_bytes(b"{")
    (tmp_path / "one/renderings/README").write_text("hello")
    assert merge(tmp_path / "all", tmp_path / "one").broken == 0
    assert len(list((tmp_path / "all/renderings").glob("*/*"))) == 1


@pytest.mark.parametrize("data", [b'{"when": "speaking"', b"\n\xff\n"])
def test_without_what_workers_were_seen_to_do_nothing_is_merged(data: bytes, tmp_path: Path) -> None:
    spoken(tmp_path / "one", "one")
    events(tmp_path / "one", data)
    with pytest.raises(IntegrityError, match="what workers were seen to do cannot be read"):
        merge(tmp_path / "all", tmp_path / "one")
    assert not (tmp_path / "all").exists()


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match="got nothing of the kind"):
        merge(tmp_path / "all", tmp_path / "empty")
    with pytest.raises(BadInput, match="got no folder"):
        merge(tmp_path / "all", tmp_path / "missing")


def test_a_folder_that_machines_share_is_named_as_such(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    FolderObjects(tmp_path / "shared").put(f"renderings/ab/{'ab' * 32}", b"sealed")
    with pytest.raises(BadInput, match=f"got one that --tts-store names; say file://{tmp_path}/shared"):
        merge(tmp_path / "all", tmp_path / "shared")


class TestWhatMachinesShare:
    @pytest.fixture
    def shared(self, tmp_path: Path) -> FolderObjects:
        (tmp_path / "shared").mkdir()
        objects = FolderObjects(tmp_path / "shared")
        events(tmp_path / "one")
        store = Store(tmp_path / "one", SharedStore(objects, tmp_path / "one", print))
        for text in ("one", "two"):
            store.keep(key(text), np.full(800, 0.1, np.float32), 16_000, FACTS, (1, 1))
        return objects

    def test_is_brought_once_and_whole(self, shared: FolderObjects, tmp_path: Path) -> None:
        told: list[str] = []
        made = merge_shared(tmp_path / "all", shared, tell=told.append, say=lambda _: None)
        assert (made.brought, made.known, made.broken, made.events) == (2, 0, 0, 1)
        made = merge_shared(tmp_path / "all", shared, tell=told.append, say=lambda _: None)
        assert (made.brought, made.known, made.broken, made.events) == (0, 2, 0, 1)
        assert told == []
        assert Store(tmp_path / "all").rendering(key("two"))
        assert len(list((tmp_path / "all/behaviour").rglob("*.jsonl"))) == 1

    def test_is_left_out_where_it_is_not_whole(self, shared: FolderObjects, tmp_path: Path) -> None:
        spoilt = next(iter((tmp_path / "shared/renderings").glob("*/*")))
        spoilt.write_bytes(spoilt.read_bytes()[:-1])
        told: list[str] = []
        made = merge_shared(tmp_path / "all", shared, tell=told.append, say=lambda _: None)
        assert (made.brought, made.broken) == (1, 1)
        assert f"{spoilt.name} is not whole" in told[0]

    def test_without_what_workers_were_seen_to_do_is_not_brought(self, shared: FolderObjects, tmp_path: Path) -> None:
        (seen,) = (tmp_path / "shared/behaviour").glob("*/*")
        seen.write_bytes(seen.read_bytes()[:-1])
        with pytest.raises(IntegrityError, match="what workers were seen to do cannot be read"):
            merge_shared(tmp_path / "all", shared, tell=print, say=lambda _: None)
        assert not (tmp_path / "all/renderings").exists()


def test_so_is_the_target_by_whatever_name(tmp_path: Path) -> None:
    spoken(tmp_path / "one", "one")
    (tmp_path / "link").symlink_to(tmp_path / "one")
    with pytest.raises(BadInput, match="expected another folder"):
        merge(tmp_path / "one", tmp_path / "link")
