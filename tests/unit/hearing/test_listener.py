"""Who listens is loaded beside something else, once, and what is wrong with it is said."""

from __future__ import annotations

import dataclasses
import threading
from pathlib import Path

import numpy as np
import pytest

from harness.core.errors import AsrError
from harness.core.stages import Stages
from harness.hearing.asr.fake import ToneTranscriber
from harness.hearing.listener import Listener
from harness.hearing.listening import Expected
from harness.storage.store import Store, json_line
from tests.campaign_samples import FACTS, rendering_key


class Loading(ToneTranscriber):
    """Loads when it is first asked."""

    def __init__(self, error: AsrError | None = None) -> None:
        self.loaded_in: list[threading.Thread] = []
        self._error = error

    def listen(self, clips, forced, prints=None):
        self.loaded_in.append(threading.current_thread())
        if self._error is not None:
            raise self._error
        return super().listen(clips, forced, prints)


def listener(folder: Path, transcriber: Loading, stages: Stages | None = None) -> Listener:
    return Listener(Store(folder), lambda: transcriber, stages)


def test_is_loaded_in_a_thread_of_its_own_while_the_block_lasts(tmp_path: Path) -> None:
    loading, ticks = Loading(), iter(range(9))
    stages = Stages(lambda: float(next(ticks)))
    with listener(tmp_path, loading, stages).getting_ready():
        pass
    (thread,) = loading.loaded_in
    assert thread is not threading.main_thread()
    assert not thread.is_alive()
    assert [(one.lane, one.what) for one in stages.known] == [("whisper", "loading")]


def test_what_is_wrong_is_raised_when_the_block_has_ended(tmp_path: Path) -> None:
    done = []
    with (
        pytest.raises(AsrError, match="no checkpoint"),
        listener(tmp_path, Loading(AsrError("no checkpoint"))).getting_ready(),
    ):
        done.append("the block")
    assert done == ["the block"]


def test_what_the_block_raises_goes_first(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match="the voice"),
        listener(tmp_path, Loading(AsrError("no checkpoint"))).getting_ready(),
    ):
        raise ValueError("the voice")


@pytest.mark.parametrize("fresh", [False, True])
def test_what_others_say_was_heard_is_believed_unless_it_is_to_be_fresh(fresh: bool, tmp_path: Path) -> None:
    """The same weights speak the same audio from the same seed: whoever knows it could have left a take of it."""
    store, wanted = Store(tmp_path), [Expected(text=None)]
    made = store.keep(rendering_key("one", 1), np.zeros(1600, np.float32), 16_000, FACTS, (1, 1))
    (heard,) = Listener(store, Loading).takes([made], wanted)
    forged = dataclasses.replace(heard, hearing=dataclasses.replace(heard.hearing, text="all is well"))
    (path,) = (tmp_path / "takes").glob("*/*.json")
    path.write_bytes(json_line(forged))
    transcriber = Loading()
    again = Listener(store, lambda: transcriber, fresh=fresh)
    (found,) = again.takes([made], wanted)
    assert found == (heard if fresh else forged)
    assert again.takes([made], wanted) == [found]
    assert len(transcriber.loaded_in) == (1 if fresh else 0), "what this process has heard it believes"
