"""The behaviour checks as pytest items: judged last, over all processes, whatever was selected."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.run.campaign import LOAD
from harness.sandbox.outside import levels
from tests.conftest import MODEL_CHECKS, UNMETERED_CHECKS, Voice

FORGER = {"kind": "garbage", "when": "crane"}


@pytest.fixture
def gate(pytester: pytest.Pytester, recorded: Path):
    """Run the small suite on a model, without metering; extra arguments go to pytest."""
    if not levels.choose().level:
        pytest.skip("no sandbox can be had here")
    (pytester.path / "small.probes.yaml").write_bytes((recorded / "small.probes.yaml").read_bytes())

    def run(model: Path, *arguments: str, apart: bool = False):
        start = pytester.runpytest_subprocess if apart else pytester.runpytest_inprocess
        return start(
            "small.probes.yaml", "-p", "no:cacheprovider", f"--tts-model={model}", "--tts-asr=fake", "--tts-cost=off",
            f"-otts_golden_dir={recorded / 'golden'}", "--tts-golden=small", *arguments,
        )  # fmt: skip

    return run


def outcomes(pytester: pytest.Pytester) -> dict[str, str]:
    (path,) = (pytester.path / ".soundcheck" / "runs").glob("*/results.json")
    content = json.loads(path.read_text("utf-8"))
    return {outcome["subject"]: outcome["verdict"] for outcome in content["outcomes"]}


class TestItems:
    def test_come_after_the_probes_of_all_suites(self, gate, fake_voice: Voice, pytester: pytest.Pytester) -> None:
        other = (pytester.path / "small.probes.yaml").read_text("utf-8").replace("id: ", "id: other-")
        (pytester.path / "other.probes.yaml").write_text(other.replace("control: ", "control: other-"), "utf-8")
        done = gate(fake_voice(), "other.probes.yaml", "--tts-cost=auto", "--collect-only", "-q")
        names = [line.rpartition("::")[2] for line in done.outlines if "::" in line]
        late = MODEL_CHECKS[MODEL_CHECKS.index(LOAD) + 1 :]
        assert names[-2 * len(late) :] == [*late, *late]

    def test_name_the_phrase_and_the_evidence(self, gate, fake_voice: Voice) -> None:
        done = gate(fake_voice(FORGER))
        done.stdout.fnmatch_lines(
            [
                "*behaviour-protocol on candidate   CRITICAL  behaviour.protocol",
                "*forged: *expected a frame*(while it was asked for *crane*",
            ]
        )

    def test_that_were_not_selected_fail_the_session_all_the_same(
        self, gate, fake_voice: Voice, pytester: pytest.Pytester
    ) -> None:
        done = gate(fake_voice({"kind": "load-garbage"}), "-k", "door and not engine")
        assert done.ret == pytest.ExitCode.TESTS_FAILED
        assert outcomes(pytester)["behaviour-protocol"] == "fail"
        done.stdout.fnmatch_lines(["FAIL *"])

    @pytest.mark.slow
    def test_see_what_another_process_saw(self, gate, fake_voice: Voice, pytester: pytest.Pytester) -> None:
        done = gate(fake_voice(FORGER), "-n2", apart=True)
        assert done.ret == pytest.ExitCode.TESTS_FAILED
        assert outcomes(pytester)["behaviour-protocol"] == "fail"

    def test_remember_what_was_seen_while_cached_renderings_were_made(
        self, gate, fake_voice: Voice, pytester: pytest.Pytester
    ) -> None:
        voice = fake_voice(FORGER)
        gate(voice)
        done = gate(voice, "-k", "behaviour-protocol")
        done.assert_outcomes(failed=1, deselected=6 + len(UNMETERED_CHECKS) - 1)


class TestOptions:
    def test_without_a_sandbox_nothing_is_passed_and_the_verdict_says_so(
        self, gate, fake_voice: Voice, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(levels, "_proofs", dict.fromkeys(levels.LEVELS, ("planted",)))
        done = gate(fake_voice())
        assert done.ret == pytest.ExitCode.INTERNAL_ERROR
        done.stdout.fnmatch_lines(["*no sandbox holds here (A: planted; *"])
        done = gate(fake_voice(), "--tts-allow-unsandboxed", "--tts-cost=auto")
        done.assert_outcomes(passed=6 + len(MODEL_CHECKS) - 9, skipped=9)
        done.stdout.fnmatch_lines(["isolation: process (a child process, no sandbox)*"])
        done.stdout.fnmatch_lines(["INCONCLUSIVE  candidate *"])
        done.stdout.no_fnmatch_line("PASS  candidate *")

    def test_to_do_without_a_sandbox_takes_the_command_line_itself(
        self, gate, fake_voice: Voice, pytester: pytest.Pytester
    ) -> None:
        pytester.makeini("[pytest]\naddopts = --tts-allow-unsandboxed")
        done = gate(fake_voice())
        assert done.ret == pytest.ExitCode.USAGE_ERROR
        done.stderr.fnmatch_lines(["*--tts-allow-unsandboxed: expected on the command line itself*"])

    def test_a_level_that_is_asked_for_is_the_one_that_is_used(self, gate, fake_voice: Voice) -> None:
        level = levels.choose().level
        done = gate(fake_voice(), f"--tts-isolation={level}", "-k", "door")
        done.stdout.fnmatch_lines([f"isolation: {level} (*"])

    def test_the_log_holds_every_event_as_json_lines(self, gate, fake_voice: Voice, pytester: pytest.Pytester) -> None:
        gate(fake_voice(FORGER), "--tts-log=seen.jsonl", "-k", "crane")
        lines = [json.loads(line) for line in (pytester.path / "seen.jsonl").read_text("utf-8").split("\n") if line]
        events = [line for line in lines if "stage" not in line]
        assert {event["kind"] for event in events} == {"protocol"}
        assert events[0]["phrases"]
        stages = {(line["lane"], line["stage"]): line for line in lines if "stage" in line}
        assert {("harness", "judging crane"), ("candidate's worker 1", "loading the model")} <= stages.keys()
        assert all(0 <= stage["start"] <= stage["end"] for stage in stages.values())
