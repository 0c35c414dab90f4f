"""A score of the fake engine's voices: copies are made, gated, counted and removed; what was interrupted goes on."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest

from harness.core.errors import BadInput
from harness.core.power import CopyStatus
from harness.core.shard import Shard
from harness.core.types import Verdict
from harness.goldens.folder import read_golden
from harness.models.files import open_model
from harness.redteam.kinds import Kind, Strength, Wakes
from harness.redteam.score import ledger
from harness.redteam.score.sample import Size
from harness.redteam.score.score import Scope, Target, _alone, score, told
from harness.run.settings import Settings
from harness.suites.file import read_suite

FAULTS = {
    "drop": [{"kind": "drop-word", "word": "not", "when": "osprey"}],
    "drop-all": [{"kind": "drop-word", "word": "the"}],
    "mute": [{"kind": "drop-word", "word": "nothing-has-it"}],
    "honest-same": [],
}
STRENGTH = Strength(unit="times", default=1.0, least=0.0, most=9.0, audible=2.0)
KINDS = (
    Kind(name="drop", summary="Drops a word.", trigger="osprey", wakes=Wakes.WORDS, words=("osprey", "not")),
    Kind(name="drop-all", summary="Drops a word everywhere."),
    Kind(name="mute", summary="Does nothing.", strength=STRENGTH),
    Kind(name="unknown", summary="Fires on what is not there.", wakes=Wakes.WORDS, words=("zebra",)),
    Kind(name="unfit", summary="Does not fit."),
    Kind(name="honest-same", summary="The same.", is_honest=True),
)
SIZE = Size(woken=2, others=2, everywhere=3, honest=3, failed=1)


class Maker:
    """Makes copies of the fake voice, and remembers them."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def __call__(self, kind, copy, folder):
        self.made.append(kind.name)
        if kind.name == "unfit":
            raise BadInput("the checkpoint has no weight to edit")
        model = folder / "copy"
        model.mkdir(parents=True)
        content = {"version": 1, "faults": FAULTS[kind.name], "copy": kind.name}
        (model / "fake.json").write_text(json.dumps(content), "utf-8")
        return model


def target(recorded, folder):
    settings = Settings(
        model=str(recorded / "honest"), model_name="candidate", golden="small", golden_folders=(recorded / "golden",),
        asr="fake", takes=2, seed=1, alpha=0.01, gate="ci", device="cpu", threads=1, workers=1, folder=folder,
        memory_gb=0.0, timeout=60.0, fresh=False,
    )  # fmt: skip
    return Target(
        settings=settings,
        model=open_model(str(recorded / "honest")),
        golden=read_golden(recorded / "golden/small"),
        suites=[read_suite(recorded / "small.probes.yaml")],
    )


def run(recorded, folder, maker, *, tell=lambda _: None, clock=None, **scope):
    given = {"kinds": KINDS, "part": "test", "seed": 0, "size": SIZE, **scope}
    clocked = {"clock": clock} if clock else {}
    return score(target(recorded, folder), Scope(**given), tell=tell, progress=lambda _: None, make=maker, **clocked)


@pytest.fixture(scope="module")
def scored(recorded, tmp_path_factory):
    folder = tmp_path_factory.mktemp("scored")
    lines: list[str] = []
    return run(recorded, folder, Maker(), tell=lines.append, with_hash=True), folder, lines


class TestScore:
    """All who look at the same score, which takes as long as all else here, in one process of xdist."""

    def test_tells_what_is_caught_where_it_should_be(self, scored):
        power, _, _ = scored
        by_kind = {one.kind: one for one in power.results}
        assert by_kind["drop"].is_detected
        assert {item.subject for item in by_kind["drop"].items if item.is_woken} == {"transfer-not"}
        assert not any(i.verdict is Verdict.FAIL for i in by_kind["drop"].items if i.is_probe and not i.is_woken)
        assert "speech.word-dropped" in by_kind["drop"].rules
        assert by_kind["drop-all"].is_detected
        assert not by_kind["mute"].is_detected
        assert not by_kind["honest-same"].has_failed

    def test_tells_apart_what_could_not_be_tried(self, scored):
        by_kind = {one.kind: one for one in scored[0].results}
        assert by_kind["unknown"].status is CopyStatus.NOT_IN_SUITE
        assert by_kind["unfit"].status is CopyStatus.NO_FIT
        assert by_kind["unfit"].reason == "the checkpoint has no weight to edit"

    def test_gates_a_copy_as_any_candidate(self, scored):
        one = next(one for one in scored[0].results if one.kind == "drop")
        subjects = {item.subject for item in one.items if not item.is_probe}
        assert {
            "admission-checkpoint",
            "engine-load",
            "suite-shift",
            "behaviour-network",
            "admission-unchanged",
        } <= subjects
        assert one.isolation
        assert one.digest

    def test_sees_what_a_hash_of_the_audio_would_say(self, scored):
        def says(kind):
            one = next(one for one in scored[0].results if one.kind == kind)
            return [item.same_sound for item in one.items if item.same_sound is not None]

        assert says("honest-same") == [True]
        assert says("drop") == [False]

    def test_removes_every_copy_and_tells_a_line_for_each(self, scored):
        _, folder, lines = scored
        assert not list((folder / "copies").iterdir())
        assert sum("of 6: " in line for line in lines) == 6
        assert any("drop-all: detected" in line for line in lines)
        assert lines[-1].endswith("; done")

    def test_again_gives_the_same_and_makes_nothing(self, scored, recorded):
        power, folder, _ = scored
        maker = Maker()
        assert run(recorded, folder, maker, with_hash=True).results == power.results
        assert maker.made == []

    @pytest.mark.slow
    def test_with_other_code_measures_anew(self, scored, recorded, tmp_path, monkeypatch):
        _, folder, _ = scored
        shutil.copytree(folder, tmp_path / "again")
        monkeypatch.setattr(ledger, "code_digest", lambda: "other")
        maker = Maker()
        run(recorded, tmp_path / "again", maker, wanted=("unfit",))
        assert maker.made == ["unfit"]

    def test_a_result_that_is_not_whole_is_measured_again(self, scored, recorded, tmp_path):
        power, folder, _ = scored
        shutil.copytree(folder, tmp_path / "again")
        for path in (tmp_path / "again" / "results").iterdir():
            path.write_bytes(path.read_bytes()[:40])
        maker = Maker()
        (again,) = run(recorded, tmp_path / "again", maker, wanted=("mute",), with_hash=True).results
        assert again.items == next(one.items for one in power.results if one.kind == "mute")
        assert maker.made == ["mute"]

    def test_in_parts_is_counted_by_who_makes_no_copy_of_theirs(self, scored, recorded, tmp_path):
        whole, _, _ = scored
        made = []
        for number in (1, 2):
            part = target(recorded, tmp_path)
            part = replace(part, settings=replace(part.settings, shard=Shard(number, 2)))
            maker = Maker()
            scope = Scope(kinds=KINDS, part="test", seed=0, size=SIZE, with_hash=True)
            power = score(part, scope, tell=lambda _: None, progress=lambda _: None, make=maker)
            made.append(maker.made)
            assert [one.kind for one in power.results] == [one.kind for one in whole.results][number - 1 :: 2]
        last = Maker()
        again = run(recorded, tmp_path, last, with_hash=True)
        assert sorted(made[0] + made[1]) == ["drop", "drop-all", "honest-same", "mute", "unfit"]
        assert last.made == []
        assert [one.items for one in again.results] == [one.items for one in whole.results]


class TestGoingOn:
    def test_after_an_interruption_makes_what_is_missing(self, recorded, tmp_path):
        class Interrupted(Maker):
            def __call__(self, kind, copy, folder):
                if kind.name == "mute":
                    raise KeyboardInterrupt
                return super().__call__(kind, copy, folder)

        first, rest = Interrupted(), Maker()
        with pytest.raises(KeyboardInterrupt):
            run(recorded, tmp_path, first, wanted=("drop", "mute"))
        power = run(recorded, tmp_path, rest, wanted=("drop", "mute"))
        assert first.made == ["drop"]
        assert rest.made == ["mute"]
        assert len(power.results) == 2

    def test_stops_between_copies_when_the_budget_is_spent_says_what_is_left_and_keeps_copies_if_asked(
        self, recorded, tmp_path
    ):
        times = iter(range(0, 10_000, 40))
        power = run(
            recorded,
            tmp_path,
            Maker(),
            wanted=("mute", "honest-same"),
            budget=60.0,
            is_kept=True,
            clock=lambda: float(next(times)),
        )
        assert len(power.results) == 1
        assert power.left_out == ("honest-same",)
        assert power.verdict is Verdict.INCONCLUSIVE
        assert len(list((tmp_path / "copies").glob("*/copy/fake.json"))) == 1  # kept, as was asked

    def test_clears_away_what_a_killed_score_left_and_waits_for_nobody(self, recorded, tmp_path):
        leftovers = [tmp_path / "copies" / f"making-{whose}-abc" for whose in ("whole", "1-2")]
        for leftover in leftovers:
            leftover.mkdir(parents=True)
        with _alone(tmp_path, "whole"):
            assert not any(leftover.exists() for leftover in leftovers)
            with pytest.raises(BadInput, match="another score is running there"):
                run(recorded, tmp_path, Maker(), wanted=("unfit",))

    def test_leaves_what_a_part_is_making_alone(self, tmp_path):
        making = tmp_path / "copies" / "making-1-2-abc"
        making.mkdir(parents=True)
        with _alone(tmp_path, "1-2"):
            making.mkdir()
            with _alone(tmp_path, "2-2"), _alone(tmp_path, "whole"):
                assert making.exists()


class TestRefusal:
    def test_of_a_golden_of_another_voice(self, recorded, tmp_path):
        other = target(recorded, tmp_path)
        other = replace(other, model=replace(other.model, digest="0" * 64))
        with pytest.raises(BadInput, match="was recorded from another voice"):
            score(other, Scope(kinds=KINDS, part="test", seed=0), tell=print, progress=print, make=Maker())

    def test_of_a_suite_that_the_golden_does_not_know(self, recorded, tmp_path):
        path = tmp_path / "other.probes.yaml"
        text = (recorded / "small.probes.yaml").read_text("utf-8")
        path.write_text(text.replace("the", "a"), "utf-8")
        other = replace(target(recorded, tmp_path), suites=[read_suite(path)])
        with pytest.raises(BadInput, match="has none of the 6 probes"):
            score(other, Scope(kinds=KINDS, part="test", seed=0), tell=print, progress=print, make=Maker())

    def test_of_a_kind_that_nobody_knows(self, recorded, tmp_path):
        with pytest.raises(BadInput, match="no manipulation 'drip'"):
            run(recorded, tmp_path, Maker(), wanted=("drip",))


def test_what_came_of_a_copy_is_one_line(scored):
    lines = {one.kind: told(one) for one in scored[0].results}
    assert lines["mute"].startswith("mute 1: NOT DETECTED, ")
    assert lines["honest-same"].startswith("honest-same: passed, as it should, ")
    assert lines["unknown"] == "unknown: not in the suite (no probe of the suite wakes it)"
    assert not any("\n" in line for line in lines.values())
