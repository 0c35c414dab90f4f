"""A run as a whole: put together, refused at the door, under a policy, recorded. No worker runs here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from harness.core.errors import BadInput
from harness.core.findings import Outcome
from harness.core.types import ComparisonKind, Model, Verdict
from harness.policy.file import PolicyFile
from harness.policy.release import Policy, Waiver
from harness.run import run as run_module
from harness.run.campaign import LOAD
from harness.run.comparing import choose_comparison
from harness.run.run import Run
from harness.run.tools import Equipment
from harness.sandbox.outside.events import EventLog
from harness.storage.store import Store
from harness.suites.file import SuiteFileContent, read_suite
from tests.campaign_samples import HANGS, DrawnListener, DrawnVoice, FreeLocks, Says, honest, made_comparison
from tests.unit.run.test_run import settings

if TYPE_CHECKING:
    pass

SUITE = "version: 1\ntitle: Pairs\nlanguage: en\nprobes:\n" + "".join(
    f"  - {{id: t{place}, family: negation, text: Do not open {word} osprey, critical: [not], control: c{place}}}\n"
    f"  - {{id: c{place}, family: negation, text: Do not open {word} robin, critical: [not]}}\n"
    for place, word in enumerate(["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"])
)
CHECK = "admission-checkpoint"
NOT_LOADED = "not loaded: admission-checkpoint failed (opens a shell); soundcheck scan tells more"
WAIVER = Waiver(rule="worker.hung", subject="t0", owner="voice team", reason="known", expires="2999-01-01", line=1)


class Door:
    """What admission says of a model that nobody looked at."""

    def __init__(self, refusal: str | None = None) -> None:
        self.refusal = refusal

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        return (self.outcome(CHECK),)

    def outcome(self, name: str) -> Outcome:
        is_bad = self.refusal is not None and name == CHECK
        return Outcome(subject=name, verdict=Verdict.FAIL if is_bad else Verdict.PASS)


@pytest.fixture
def suite(tmp_path: Path) -> SuiteFileContent:
    path = tmp_path / "pairs.probes.yaml"
    path.write_text(SUITE, "utf-8")
    return read_suite(path)


@pytest.fixture
def put_together(tmp_path: Path, suite: SuiteFileContent, monkeypatch: pytest.MonkeyPatch):
    def make(voice: DrawnVoice | None = None, says: Says = honest, *, door: Door | None = None, **changes) -> Run:
        tools = SimpleNamespace(door=door or Door(), voice=voice or DrawnVoice())
        equipment = Equipment(
            model=Model(path=tmp_path, engine="fake", digest="d" * 64),
            store=Store(tmp_path / "store"),
            renderer=tools.voice,
            listener=DrawnListener(made_comparison(ComparisonKind.CONTRAST), says),
            engine="drawn 1",
            isolation="A (drawn)",
            events=EventLog(),
            door=tools.door,
        )
        monkeypatch.setattr(run_module, "make_equipment", lambda *_, **__: equipment)
        monkeypatch.setattr(Equipment, "beside", lambda self, *_: replace_locks(self))
        probes = suite.suite.probes
        wanted = replace(settings(tmp_path, "fake"), cost="off", **changes)
        return Run(wanted, [suite], probes, writer="main", planned=len(probes), tell=lambda _: None)

    return make


def replace_locks(equipment: Equipment):
    from harness.run.takes import Tools

    return Tools(candidate=equipment.renderer, listener=equipment.listener, store=FreeLocks())


def policy(tmp_path: Path, **changes: object) -> PolicyFile:
    made = Policy(title="Releases", owner="voice team", **changes)  # type: ignore[arg-type]
    return PolicyFile(policy=made, path=tmp_path / "policy.toml", data=b"title = 'Releases'\n", sha256="p" * 64)


def probe_of(run: Run, name: str):
    return next(probe for probe in run.campaign._comparison.basis.probes if probe.id == name)


class TestPuttingTogether:
    def test_gives_the_same_id_to_the_same_inputs_and_another_to_others(self, put_together) -> None:
        first, again, other = put_together(), put_together(), put_together(seed=2)
        assert first.info.run_id == again.info.run_id != other.info.run_id
        assert first.info.comparison == "contrast"

    def test_writes_down_what_it_is_about_before_anything_is_spoken(self, put_together) -> None:
        voice = DrawnVoice()
        run = put_together(voice)
        assert run.directory.result().info == run.info
        assert voice.asked == []

    def test_judges_what_it_was_put_together_for(self, put_together) -> None:
        run = put_together()
        assert run.judge(probe_of(run, "t0")).verdict is Verdict.PASS
        assert run.check(LOAD).verdict is Verdict.PASS


class TestRefusal:
    def test_leaves_every_probe_open_and_never_asks_the_voice(self, put_together) -> None:
        voice = DrawnVoice()
        run = put_together(voice, door=Door(NOT_LOADED))
        outcome = run.judge(probe_of(run, "t0"))
        assert (outcome.verdict, outcome.reason) == (Verdict.INCONCLUSIVE, NOT_LOADED)
        assert run.check(LOAD).reason == NOT_LOADED
        assert (voice.asked, voice.has_loaded) == ([], False)

    def test_is_on_record_whichever_items_were_selected(self, put_together) -> None:
        run = put_together(door=Door(NOT_LOADED))
        run.judge(probe_of(run, "t0"))
        assert [(one.subject, one.verdict) for one in run.directory.result().outcomes] == [(CHECK, Verdict.FAIL)]

    def test_is_not_there_for_what_admission_itself_says(self, put_together) -> None:
        assert put_together(door=Door(NOT_LOADED)).check(CHECK).verdict is Verdict.FAIL


class TestUnderAPolicy:
    def hangs(self) -> DrawnVoice:
        return DrawnVoice(faults={"Do not open a osprey": HANGS})

    def test_a_waiver_lets_its_item_pass_and_keeps_the_finding(self, put_together, tmp_path: Path) -> None:
        waived = policy(tmp_path, waivers=(replace(WAIVER, allows_hostile=True),))
        run = put_together(self.hangs(), policy=waived)
        outcome = run.judge(probe_of(run, "t0"))
        assert outcome.verdict is Verdict.PASS
        assert outcome.findings[0].accepted.startswith("waived by voice team")

    def test_one_that_does_not_speak_of_hostile_behaviour_does_not_cover_it(self, put_together, tmp_path: Path) -> None:
        run = put_together(self.hangs(), policy=policy(tmp_path, waivers=(WAIVER,)))
        assert run.judge(probe_of(run, "t0")).verdict is Verdict.FAIL

    def test_the_run_keeps_its_own_copy(self, put_together, tmp_path: Path) -> None:
        run = put_together(policy=policy(tmp_path))
        assert (run.directory.path / "policy.toml").read_bytes() == b"title = 'Releases'\n"
        assert run.info.policy_digest == "p" * 64

    def test_there_is_no_check_of_the_policy_without_one(self, put_together) -> None:
        with pytest.raises(RuntimeError, match="only where there is a policy"):
            put_together().check("policy")


class TestRecord:
    def test_has_every_outcome_that_was_recorded_and_no_other(self, put_together) -> None:
        run = put_together()
        outcome = run.judge(probe_of(run, "t1"))
        assert run.directory.result().outcomes == ()
        run.record(outcome)
        assert [one.subject for one in run.directory.result().outcomes] == ["t1"]

    def test_closing_ends_the_voice(self, put_together) -> None:
        voice = DrawnVoice()
        put_together(voice).close()
        assert voice.is_closed


def golden(digest: str):
    return SimpleNamespace(name="good", manifest=SimpleNamespace(model_digest=digest, voice="", speakers=()))


MODEL = Model(path=Path(), engine="fake", digest="a" * 64)
OWN, OTHER = golden("a" * 64), golden("b" * 64)


class TestChoosing:
    @pytest.mark.parametrize(
        ("asked", "reference", "against", "kind"),
        [
            ("auto", "", None, ComparisonKind.CONTRAST),
            ("contrast", "", None, ComparisonKind.CONTRAST),
            ("auto", "", OWN, ComparisonKind.SAME),
            ("same-weights", "", OWN, ComparisonKind.SAME),
            ("golden", "", OWN, ComparisonKind.GOLDEN),
            ("auto", "", OTHER, ComparisonKind.GOLDEN),
            ("fine-tune", "", OTHER, ComparisonKind.FINE_TUNE),
            ("auto", "voice", OTHER, ComparisonKind.REFERENCE),
            ("auto", "voice", OWN, ComparisonKind.REFERENCE),
            ("golden", "voice", OTHER, ComparisonKind.REFERENCE),
        ],
    )
    def test_follows_from_what_is_asked_and_at_hand(self, asked, reference, against, kind, tmp_path: Path) -> None:
        wanted = replace(settings(tmp_path, "fake"), compare=asked, reference=reference)
        assert choose_comparison(wanted, MODEL, against).kind is kind

    @pytest.mark.parametrize(
        ("asked", "reference", "against", "line"),
        [
            ("auto", "voice", None, "--tts-reference: expected a golden beside it, got none; add --tts-golden=NAME"),
            ("golden", "", None, "--tts-compare=golden: expected a golden beside it, got none; add --tts-golden=NAME"),
            (
                *("same-weights", "", None),
                "--tts-compare=same-weights: expected a golden beside it, got none; add --tts-golden=NAME",
            ),
            (
                *("fine-tune", "voice", None),
                "--tts-reference: expected a golden beside it, got none; add --tts-golden=NAME",
            ),
            (
                *("same-weights", "", OTHER),
                "--tts-compare=same-weights: expected the model that golden good was recorded with (bbbbbbbbbbbb), "
                "got aaaaaaaaaaaa; leave the option out",
            ),
            (
                *("contrast", "", OWN),
                "--tts-compare=contrast: expected no golden beside it, got one; leave one of them out",
            ),
            (
                *("fine-tune", "voice", OTHER),
                "--tts-reference: expected no --tts-compare=fine-tune beside it; leave one of them out",
            ),
            (
                *("same-weights", "voice", OWN),
                "--tts-reference: expected no --tts-compare=same-weights beside it; leave one of them out",
            ),
        ],
    )
    def test_refuses_on_one_line_what_cannot_be_had(self, asked, reference, against, line, tmp_path: Path) -> None:
        wanted = replace(settings(tmp_path, "fake"), compare=asked, reference=reference)
        with pytest.raises(BadInput) as caught:
            choose_comparison(wanted, MODEL, against)
        assert str(caught.value) == line
