"""Every check of the whole model in the registry: its place, what becomes of it, its line in the documents."""

from __future__ import annotations

import dataclasses
import pickle
import re
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.core.findings import Outcome
from harness.core.types import Verdict
from harness.run.checks.base import ModelCheck, When
from harness.run.checks.behaviour import BEHAVIOUR_CHECKS
from harness.run.checks.registry import HUNT_CHECK, MODEL_CHECKS, POLICY_CHECK, check_named, checks_of, table
from harness.run.run import Run
from harness.run.settings import Settings
from harness.suites.file import read_suite
from tests.conftest import SUITE, Voice
from tests.fake_voices import fake_voice
from tests.report_samples import calm_probes, make_outcome

PAGE = Path(__file__).parents[2] / "docs" / "extending" / "model-check.md"
POLICY = 'version = 1\ntitle = "All of it"\nowner = "a test"\n'

by_check = pytest.mark.parametrize("check", MODEL_CHECKS, ids=lambda check: check.name)


class Evil:
    def __reduce__(self):
        return print, ("a marker, nothing else",)


def settings(folder: Path, model: Path) -> Settings:
    return Settings(
        model=str(model), model_name="candidate", golden="", golden_folders=(), asr="fake", takes=2, seed=1, alpha=0.01,
        gate="ci", device="cpu", threads=1, workers=1, folder=folder / "runs", memory_gb=0.0, timeout=60.0, fresh=False,
        allow_unsandboxed=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A run of a model that admission refuses."""
    folder = tmp_path_factory.mktemp("refused")
    voice = fake_voice(folder / "voice")
    (voice / "model.pth").write_bytes(pickle.dumps(Evil()))
    (folder / "small.probes.yaml").write_text(SUITE, "utf-8")
    suite = read_suite(folder / "small.probes.yaml")
    run = Run(settings(folder, voice), [suite], suite.suite.probes, writer="test", planned=9, tell=lambda _: None)
    yield run
    run.close()


@by_check
class TestCheck:
    def test_has_a_name_that_an_item_can_have_and_no_other_has(self, check: ModelCheck) -> None:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", check.name)
        assert check_named(check.name) is check
        assert [one.name for one in MODEL_CHECKS].count(check.name) == 1

    def test_has_a_line_in_the_documents(self, check: ModelCheck) -> None:
        assert f"| `{check.name}` | {check.when} | {check.title} |\n" in PAGE.read_text("utf-8")

    def test_is_left_open_where_the_model_was_refused_unless_it_says_otherwise(
        self, check: ModelCheck, refused: Run
    ) -> None:
        if not check.is_of_model:
            pytest.skip("is about the run, whatever the model is")
        outcome = refused.check(check.name)
        assert outcome.subject == check.name
        is_open = outcome.verdict is Verdict.INCONCLUSIVE and (outcome.reason or "").startswith("not loaded: ")
        assert is_open is check.needs_admission


class TestLateOutcomes:
    def test_are_of_checks_that_another_process_or_item_may_still_decide(self) -> None:
        late = {check for check in MODEL_CHECKS if check.late_outcome}
        assert late >= {*BEHAVIOUR_CHECKS, POLICY_CHECK}


def probes(*verdicts: Verdict) -> SimpleNamespace:
    """A run in which as many probes have these verdicts, and a check of the model passed."""
    made = tuple(
        replace(make_outcome(one), verdict=verdict)
        for one, verdict in zip(calm_probes(len(verdicts)), verdicts, strict=True)
    )
    outcomes = (Outcome(subject="engine-load", verdict=Verdict.PASS), *made)
    return SimpleNamespace(directory=SimpleNamespace(result=lambda: SimpleNamespace(outcomes=outcomes)))


class TestPage:
    """The example that people start from keeps to what its page asks of a check."""

    @pytest.mark.parametrize(
        ("verdicts", "expected"),
        [
            ((), Verdict.INCONCLUSIVE),
            ((Verdict.PASS, Verdict.INCONCLUSIVE), Verdict.INCONCLUSIVE),
            ((Verdict.PASS, Verdict.ERROR, Verdict.ERROR), Verdict.INCONCLUSIVE),
            ((Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE), Verdict.PASS),
        ],
    )
    def test_passes_only_what_it_has_seen(self, verdicts: tuple[Verdict, ...], expected: Verdict) -> None:
        (code,) = re.findall(r"^   ```python\n(.*?)^   ```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
        made: dict[str, Any] = {}
        exec(textwrap.dedent(code), made)
        check: ModelCheck = made["DECIDED_CHECK"]
        run: Any = probes(*verdicts)
        assert check.late_outcome is not None
        for outcome in (check.outcome(check.name, run), check.late_outcome(check.name, run)):
            assert outcome is not None
            assert (outcome.subject, outcome.verdict) == (check.name, expected)
            assert bool(outcome.reason) is (expected is Verdict.INCONCLUSIVE)


class TestRegistry:
    def test_is_in_the_order_in_which_checks_are_made(self) -> None:
        places = [list(When).index(check.when) for check in MODEL_CHECKS]
        assert places == sorted(places)

    def test_is_what_the_page_shows(self) -> None:
        assert table() in PAGE.read_text("utf-8"), f"docs/extending/model-check.md should have:\n{table()}"

    def test_items_are_collected_in_its_order_around_the_probes(
        self, pytester: pytest.Pytester, fake_voice: Voice
    ) -> None:
        (pytester.path / "small.probes.yaml").write_text(SUITE, "utf-8")
        (pytester.path / "policy.toml").write_text(POLICY, "utf-8")
        done = pytester.runpytest_inprocess(
            "small.probes.yaml", f"--tts-model={fake_voice()}", "--tts-asr=fake", "--tts-policy=policy.toml",
            "--tts-hunt=10m", "--collect-only", "-q", "-p", "no:cacheprovider",
        )  # fmt: skip
        names = [line.rpartition("::")[2] for line in done.outlines if "::" in line]
        first = [check.name for check in MODEL_CHECKS if check.when is When.FIRST]
        last = [check.name for check in MODEL_CHECKS if check.when is not When.FIRST]
        assert names[: len(first)] == first
        assert names[-len(last) :] == last
        assert len(names) == len(MODEL_CHECKS) + SUITE.count("- id:")

    def test_settings_switch_off_what_is_metered_and_what_asks_a_policy(self, tmp_path: Path) -> None:
        plain = settings(tmp_path, tmp_path)
        assert {*MODEL_CHECKS} - {*checks_of(plain)} == {HUNT_CHECK, POLICY_CHECK}
        unmetered = checks_of(dataclasses.replace(plain, cost="off"))
        assert {one.name.partition("-")[0] for one in {*checks_of(plain)} - {*unmetered}} == {"cost"}
