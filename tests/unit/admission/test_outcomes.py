"""The door: admission's word on one model, before it is loaded and after."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

from harness.admission.checks.integrity import Provenance
from harness.admission.outcomes import CHECKS, MOST_FINDINGS, UNCHANGED, Door
from harness.core.errors import BadInput
from harness.core.identity import Beside
from harness.core.types import Model, Verdict
from harness.models.files import open_model, read_directory
from harness.report.wording import happened
from tests.fake_voices import fake_voice


class Evil:
    def __reduce__(self):
        return print, ("a marker, nothing else",)


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    return fake_voice(tmp_path / "voice")


def door(voice: Path) -> Door:
    return Door(Model(engine="fake", path=voice, digest=""), Provenance(model=voice))


class TestDoor:
    def test_is_open_for_an_honest_model(self, voice: Path) -> None:
        here = door(voice)
        assert [outcome.subject for outcome in here.outcomes] == list(CHECKS)
        assert {outcome.verdict for outcome in here.outcomes} == {Verdict.PASS}
        assert here.refusal is None
        assert here.outcome(UNCHANGED).verdict is Verdict.PASS

    def test_is_shut_for_a_pickle_that_executes(self, voice: Path) -> None:
        (voice / "model.pth").write_bytes(pickle.dumps(Evil()))
        here = door(voice)
        outcome = here.outcome("admission-checkpoint")
        assert outcome.verdict is Verdict.FAIL
        assert outcome.findings[0].rule.id == "admission.pickle-import"
        found = outcome.findings[0]
        assert "builtins.print" in found.heard
        assert found.place is not None
        assert (found.place.file, found.place.inside, found.place.pointer) == ("model.pth", (), "")
        assert happened(found).startswith(f"model.pth, byte 0x{found.place.offset:x}: ")
        assert here.refusal.startswith("not loaded: admission-checkpoint failed (")

    def test_leaves_a_question_open_and_says_what_would_settle_it(self, voice: Path) -> None:
        (voice / "notes.bin").write_bytes(bytes(range(256)))
        outcome = next(one for one in door(voice).outcomes if one.verdict is Verdict.INCONCLUSIVE)
        assert outcome.reason.startswith("notes.bin")
        assert not outcome.findings

    def test_does_not_say_twice_that_nothing_is_a_model(self, tmp_path: Path) -> None:
        (tmp_path / "README.md").write_text("Not yet.\n", "utf-8")
        refusal = Door(Model(engine="coqui", path=tmp_path, digest=""), Provenance(model=tmp_path)).refusal
        assert refusal is not None
        assert refusal.count("Nothing here is a model") == 1

    def test_is_as_shut_for_a_hostile_vocoder(self, voice: Path, tmp_path: Path) -> None:
        vocoder = fake_voice(tmp_path / "vocoder")
        (vocoder / "model.pth").write_bytes(pickle.dumps(Evil()))
        digest, files = read_directory(vocoder)
        beside = Beside(path=vocoder, digest=digest, files=files)
        here = Door(Model(engine="fake", path=voice, digest="", vocoder=beside), Provenance(model=voice))
        outcome = here.outcome("admission-checkpoint")
        assert outcome.verdict is Verdict.FAIL
        assert outcome.findings[0].place.file == "vocoder/model.pth"
        assert here.refusal.startswith("not loaded: admission-checkpoint failed (")
        (vocoder / "more.json").write_text("{}", "utf-8")
        assert here.outcome(UNCHANGED).verdict is Verdict.FAIL

    def test_notices_a_file_that_changed_meanwhile(self, voice: Path) -> None:
        here = door(voice)
        assert not here.refusal
        (voice / "fake.json").write_text(json.dumps({"faults": [], "x": 1}), "utf-8")
        (voice / "new.txt").write_text("new", "utf-8")
        outcome = here.outcome(UNCHANGED)
        assert outcome.verdict is Verdict.FAIL
        assert [finding.place.file for finding in outcome.findings if finding.place] == ["fake.json", "new.txt"]

    def test_shows_so_many_findings_and_counts_the_rest(self, voice: Path) -> None:
        for number in range(MOST_FINDINGS + 5):
            (voice / f"m{number}.pth").write_bytes(pickle.dumps(Evil()))
        outcome = door(voice).outcome("admission-checkpoint")
        assert len(outcome.findings) == MOST_FINDINGS
        assert outcome.notes[-1] == "5 more findings of this check are not shown"

    def test_prints_hostile_names_harmlessly(self, voice: Path) -> None:
        (voice / "a\x1b[2Jb.pth").write_bytes(pickle.dumps(Evil()))
        for outcome in door(voice).outcomes:
            for finding in outcome.findings:
                assert "\x1b" not in happened(finding) + finding.evidence.words + finding.hint


def test_the_door_reads_the_files_whose_digest_was_taken_and_no_other(tmp_path: Path) -> None:
    voice = tmp_path / "voice"
    voice.mkdir()
    (voice / "fake.json").write_text('{"version": 1, "faults": []}', "utf-8")
    model = open_model(str(voice))
    assert not Door(model, Provenance(model=voice)).refusal
    (tmp_path / "other").write_bytes((voice / "fake.json").read_bytes())
    (tmp_path / "other").rename(voice / "fake.json")
    with pytest.raises(BadInput, match=r"fake\.json: cannot be read \(.*another file than a moment ago"):
        _ = Door(model, Provenance(model=voice)).outcomes
