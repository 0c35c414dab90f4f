"""What a voice costs the machine as pytest items: sponges of the fake engine, each named with its phrase and number."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.cli.main import main
from harness.costs import costing, floors, phrases, sample, scaling, suspects
from harness.costs.machine import workload_seconds
from harness.policy.release import COST_CHECKS
from harness.pytest_plugin import plugin
from tests.conftest import MODEL_CHECKS, Voice

ITEMS = 6 + len(MODEL_CHECKS)
Gate = Callable[..., pytest.RunResult]


def workloads(kind: str, times: float, **more: object) -> dict[str, object]:
    """A fault that takes so many calibration workloads, some 5 ms each: on any machine as much beside its floors."""
    return {"kind": kind, "seconds": times * workload_seconds(), **more}


def work() -> dict[str, object]:
    """What an honest voice of these tests does for each phrase."""
    return workloads("burn", 2)


def busy() -> dict[str, object]:
    """What no other phrase of its length does."""
    return workloads("burn", 40, when="crane")


@pytest.fixture(scope="session")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A voice that takes its time."""
    folder = tmp_path_factory.mktemp("honest")
    (folder / "fake.json").write_text(json.dumps({"version": 1, "faults": [work()]}), "utf-8")
    return folder


@pytest.fixture(scope="session")
def metered(honest: Path, recorded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small golden, recorded once more from that voice, with what it cost."""
    folder = tmp_path_factory.mktemp("metered")
    status = main(
        [
            *("record", "--model", str(honest), "--suite", str(recorded / "small.probes.yaml")),
            *("--out", str(folder / "golden/small"), "--asr", "fake", "--takes", "6"),
            *("--dir", str(folder / ".soundcheck"), "--reason", "made for tests"),
        ]
    )
    assert status == 0
    return folder


@pytest.fixture
def gate(pytester: pytest.Pytester, recorded: Path, fake_voice: Voice) -> Gate:
    """Run the small suite on a voice with faults; extra arguments go to pytest."""
    (pytester.path / "small.probes.yaml").write_bytes((recorded / "small.probes.yaml").read_bytes())

    def run(*faults: dict, arguments: tuple[str, ...] = (), golden: Path | None = None) -> pytest.RunResult:
        return pytester.runpytest_inprocess(
            "small.probes.yaml", "-p", "no:cacheprovider", f"--tts-model={fake_voice(work(), *faults)}",
            f"-otts_golden_dir={golden or recorded / 'golden'}", "--tts-golden=small", "--tts-asr=fake",
            "--tts-compare=golden", *arguments,
        )  # fmt: skip

    return run


def outcomes(pytester: pytest.Pytester) -> dict[str, dict]:
    (path,) = (pytester.path / ".soundcheck" / "runs").glob("*/results.json")
    return {one["subject"]: one for one in json.loads(path.read_text("utf-8"))["outcomes"]}


def _found(path: Path) -> list[dict]:
    return [finding for one in json.loads(path.read_text("utf-8"))["outcomes"] for finding in one["findings"]]


class TestHonestVoice:
    def test_passes_and_is_told_what_was_not_compared(self, gate: Gate, pytester: pytest.Pytester) -> None:
        gate().assert_outcomes(passed=ITEMS)
        notes = outcomes(pytester)["cost-latency"]["notes"]
        assert notes[0].startswith("clocks were not compared: give --tts-reference")
        assert "6 of 6 phrases were metered while they were spoken in this process" in notes

    @pytest.mark.slow
    def test_passes_beside_a_golden_that_knows_what_its_reference_cost(self, gate: Gate, metered: Path) -> None:
        gate(golden=metered / "golden").assert_outcomes(passed=ITEMS)

    def test_passes_beside_a_live_reference(self, gate: Gate, honest: Path, pytester: pytest.Pytester) -> None:
        arguments = (f"--tts-reference={honest}", "-k", "cost-memory or cost-load or cost-first")
        gate(arguments=arguments).assert_outcomes(passed=3, deselected=ITEMS - 3)
        assert "; the live reference " in outcomes(pytester)["cost-load"]["notes"][0]


class TestSponges:
    @pytest.mark.slow
    def test_that_work_on_a_word_fail_with_the_phrase(self, gate: Gate) -> None:
        done = gate(busy())
        assert done.parseoutcomes()["failed"] == 1
        done.stdout.fnmatch_lines(
            [
                "  what      costs far more than other phrases of its length",
                "  heard     crane: [0-9].* s of processor time for 0.* s of audio",
                "  expected  0.* s, as other phrases take",
            ]
        )
        done.stdout.fnmatch_lines(["DEARER *"])

    @pytest.mark.slow
    def test_that_work_on_a_word_fail_again_when_all_was_spoken_before(
        self, gate: Gate, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sample, "MOST_PAIRS", 0)
        monkeypatch.setattr(sample, "MOST_PHRASES", 1)  # as in a suite that is far larger than the pass
        gate(busy(), arguments=("--tts-cost=off",)).assert_outcomes(passed=ITEMS - len(COST_CHECKS))
        gate(busy(), arguments=("-k", "cost-latency")).assert_outcomes(failed=1, deselected=ITEMS - 1)
        found = [one for path in (pytester.path / ".soundcheck/runs").glob("*/results.json") for one in _found(path)]
        assert [(one["rule"], one["heard"][:6]) for one in found] == [("cost.phrase", "crane:")]

    @pytest.mark.slow
    def test_that_sleep_on_a_word_fail_with_the_phrase(self, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(floors, "WAIT", 60.0)
        done = gate(workloads("doze", 120, when="crane"))
        assert done.parseoutcomes()["failed"] == 1
        done.stdout.fnmatch_lines(
            ["  what      keeps one waiting without working", "  heard     crane: blocked for [0-9].* s", "DEARER *"]
        )

    def test_that_might_sleep_are_open_where_the_kernel_does_not_tell(
        self, gate: Gate, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(costing, "tells_queueing", lambda: False)
        done = gate(arguments=("-k", "cost-latency", "-rs"))
        done.assert_outcomes(skipped=1, deselected=ITEMS - 1)
        done.stdout.fnmatch_lines(["*inconclusive: sleep cannot be told from waiting for a processor*"])

    def test_that_take_memory_on_a_word_fail_with_the_phrase(self, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
        for module in (phrases, suspects):
            monkeypatch.setattr(module, "JUMP_BYTES", 24 << 20)
        monkeypatch.setattr(suspects, "BYTES_A_SECOND", 0)
        done = gate({"kind": "hoard", "bytes": 48 << 20, "when": "crane"})
        assert done.parseoutcomes()["failed"] == 1
        done.stdout.fnmatch_lines(["*cost.memory", "  heard     crane: [789]? MiB at most while it was spoken"])

    def test_that_leak_fail_with_what_each_call_leaves(self, gate: Gate) -> None:
        done = gate({"kind": "leak", "bytes": 1 << 20}, arguments=("-k", "cost-leak"))
        done.assert_outcomes(failed=1, deselected=ITEMS - 1)
        done.stdout.fnmatch_lines(["  heard     [01].* MiB a call, 1[456].* MiB in 16 calls of crane"])

    def test_that_leave_files_fail(self, gate: Gate) -> None:
        done = gate({"kind": "litter", "bytes": 300_000}, arguments=("-k", "cost-leak"))
        done.assert_outcomes(failed=1, deselected=ITEMS - 1)
        done.stdout.fnmatch_lines(["  what      leaves scratch files behind"])

    @pytest.mark.slow
    def test_whose_work_grows_with_the_square_of_the_text_fail(self, gate: Gate) -> None:
        done = gate(workloads("quadratic", 40), arguments=("-k", "cost-scaling"))
        done.assert_outcomes(failed=1, deselected=ITEMS - 1)
        done.stdout.fnmatch_lines(["  heard     with the power of [12].* characters"])

    @pytest.mark.slow
    def test_that_wait_for_the_nth_call_fail_with_the_order(self, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(floors, "SPIKE", 60.0)
        done = gate(workloads("burn", 120, nth=7))
        # The worker in which leaks are looked for has a 7th call, too, and may be done before the first check is asked.
        assert done.parseoutcomes()["failed"] in (1, 2)
        done.stdout.fnmatch_lines(["  what      worked long for no reason, once"])
        done.stdout.fnmatch_lines(["DEARER *cost-latency*"])

    @pytest.mark.slow
    def test_that_load_for_long_fail_beside_a_reference(
        self, gate: Gate, honest: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(floors, "LOADING", 40.0)
        done = gate(
            workloads("load-burn", 600),
            arguments=("--tts-workers=1", f"--tts-reference={honest}", "-k", "cost-load"),
        )
        done.assert_outcomes(failed=1, deselected=ITEMS - 1)
        done.stdout.fnmatch_lines(["  what      takes far longer to load than it should"])

    def test_whose_memory_grows_with_the_square_of_the_text_fail(
        self, gate: Gate, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(scaling, "LEAST_BYTES", 32 << 20)
        done = gate({"kind": "swell", "bytes": 2_000}, arguments=("-k", "cost-scaling"))
        done.assert_outcomes(failed=1, deselected=ITEMS - 1)
        done.stdout.fnmatch_lines(["  what      memory grows faster with the length of the text than it should"])

    def test_that_sleep_while_they_load_fail(self, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(floors, "WAIT_LOADING", -200.0)
        done = gate({"kind": "load-doze", "seconds": 1.5}, arguments=("--tts-workers=1", "-k", "cost-load"))
        assert done.parseoutcomes()["failed"] == 1
        done.stdout.fnmatch_lines(["  what      keeps one waiting while it loads"])

    @pytest.mark.slow
    def test_that_use_up_the_time_for_second_looks_are_open(self, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(suspects, "ALLOWED_SECONDS", 0.0)
        monkeypatch.setattr(suspects, "ALLOWED_SHARE", 0.0)
        done = gate(busy(), arguments=("-rs",))
        done.assert_outcomes(passed=ITEMS - 1, skipped=1)
        done.stdout.fnmatch_lines(["*inconclusive: crane* cost too much and could not be looked at again*"])

    @pytest.mark.slow
    def test_that_never_end_cost_their_bound_and_no_other_item(self, gate: Gate, pytester: pytest.Pytester) -> None:
        done = gate({"kind": "endless", "when": "crane"})
        assert done.parseoutcomes() == {"passed": ITEMS - 2, "failed": 2}  # the phrase, and behaviour-limits
        assert all(outcomes(pytester)[check]["verdict"] == "pass" for check in COST_CHECKS)


class TestOptions:
    def test_off_makes_no_such_items(self, gate: Gate) -> None:
        gate(arguments=("--tts-cost=off",)).assert_outcomes(passed=ITEMS - len(COST_CHECKS))

    def test_a_policy_may_turn_checks_off_or_require_clocks(self, gate: Gate, pytester: pytest.Pytester) -> None:
        head = 'version = 1\ntitle = "t"\nowner = "o"\n[cost]\n'
        (pytester.path / "policy.toml").write_text(head + 'off = ["cost-leak"]\nrequired = true\n', "utf-8")
        done = gate(arguments=("--tts-policy=policy.toml", "-k", "cost-l", "-rs"))
        done.assert_outcomes(passed=1, skipped=1, deselected=ITEMS - 2)
        done.stdout.fnmatch_lines(["*inconclusive: clocks were not compared: give --tts-reference*"])
        done = gate(arguments=("--tts-policy=policy.toml", "--tts-cost=off"))
        assert done.ret == pytest.ExitCode.USAGE_ERROR
        done.stderr.fnmatch_lines(["*--tts-cost: expected auto, as the policy requires clocks to be compared*"])

    @pytest.mark.slow
    def test_a_soak_repeats_the_suite_and_says_for_how_long(self, gate: Gate, pytester: pytest.Pytester) -> None:
        gate(arguments=("--tts-soak=1s", "-k", "cost-leak")).assert_outcomes(passed=1, deselected=ITEMS - 1)
        assert re.search(r"soaked for \d+\.\d min", outcomes(pytester)["cost-leak"]["notes"][-1])

    @pytest.mark.parametrize("typed", ["30", "m", "-1s", "8d", "nanh", "9999h"])
    def test_a_soak_of_no_time_is_refused(self, gate: Gate, typed: str) -> None:
        done = gate(arguments=(f"--tts-soak={typed}",))
        assert done.ret == pytest.ExitCode.USAGE_ERROR
        done.stderr.fnmatch_lines(["*--tts-soak: expected a time such as 90s, 30m or 8h*"])


class TestLetter:
    def report(self, *rules: str) -> pytest.TestReport:
        return pytest.TestReport(
            "x.probes.yaml::candidate::x", ("x", 1, "x"), {}, "failed", "text", "call",
            user_properties=[("tts_verdict", "fail"), *(("tts_finding", f"high {rule}") for rule in rules)],
        )  # fmt: skip

    def test_is_d_for_what_failed_by_nothing_but_its_cost(self) -> None:
        assert plugin.pytest_report_teststatus(self.report("cost.phrase", "worker.hung")) == ("failed", "D", "DEARER")

    def test_is_pytest_s_for_everything_else(self) -> None:
        assert plugin.pytest_report_teststatus(self.report("cost.phrase", "speech.word-dropped")) is None
        assert plugin.pytest_report_teststatus(self.report()) is None
