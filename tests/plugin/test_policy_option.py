"""--tts-policy as users meet it: items, exit codes, results and reports agree."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from harness.cli.main import main
from harness.judging.detectors import DETECTORS
from tests.conftest import UNMETERED_CHECKS, Voice

ITEMS = 6 + len(UNMETERED_CHECKS) + 1
"""Probes, checks of the whole model, and the policy."""
HEAD = 'version = 1\ntitle = "Releases"\nowner = "voice team"\n'
SLOW = {"kind": "cut", "keep": 0.8, "when": "crane"}


def waiver(rule: str, subject: str, expires: str = "2999-12-31", more: str = "") -> str:
    return (
        f'[[waiver]]\nrule = "{rule}"\nsubject = "{subject}"\nowner = "voice team"\nreason = "known"\n'
        f"expires = {expires}\n{more}\n"
    )


ALL_OF_CRANE = "".join(waiver(rule, "crane") for rule in sorted({rule.id for one in DETECTORS for rule in one.rules}))
FIRST_RULE = min(rule.id for one in DETECTORS for rule in one.rules)


@pytest.fixture
def gate(pytester: pytest.Pytester, recorded: Path):
    """Run the small suite on a model under a policy, without metering; extra arguments go to pytest."""
    (pytester.path / "small.probes.yaml").write_bytes((recorded / "small.probes.yaml").read_bytes())

    def run(model: Path, policy: str, *arguments: str, golden: str = "small", apart: bool = False):
        (pytester.path / "policy.toml").write_text(policy, "utf-8")
        start = pytester.runpytest_subprocess if apart else pytester.runpytest_inprocess
        return start(
            "small.probes.yaml", "-p", "no:cacheprovider", f"--tts-model={model}", "--tts-asr=fake", "--tts-cost=off",
            f"-otts_golden_dir={recorded / 'golden'}", *([f"--tts-golden={golden}"] if golden else []),
            *(arguments if any("policy" in one for one in arguments) else ("--tts-policy=policy.toml", *arguments)),
        )  # fmt: skip

    return run


def results(pytester: pytest.Pytester) -> dict:
    (path,) = (pytester.path / ".soundcheck" / "runs").glob("*/results.json")
    return json.loads(path.read_text("utf-8"))


class TestWaivers:
    def test_let_a_run_pass_and_show_everywhere_what_they_cover(
        self, gate, fake_voice: Voice, pytester: pytest.Pytester
    ) -> None:
        done = gate(
            fake_voice(SLOW), HEAD + ALL_OF_CRANE, "--junitxml=junit.xml",
            *(f"--tts-report={name}" for name in ("sarif", "csv", "prometheus", "github-summary", "gitlab")),
        )  # fmt: skip
        done.assert_outcomes(passed=ITEMS)
        done.stdout.fnmatch_lines(
            ["PASS  *", "policy: policy.toml (sha256 *)", "ACCEPTED  high crane  speaks faster *"]
        )
        digest = hashlib.sha256((pytester.path / "policy.toml").read_bytes()).hexdigest()
        found = results(pytester)
        assert (found["verdict"], found["info"]["policy_digest"]) == ("pass", digest)
        (crane,) = [one for one in found["outcomes"] if one["subject"] == "crane"]
        assert crane["verdict"] == "pass"
        assert {one["accepted"] for one in crane["findings"]} == {"waived by voice team until 2999-12-31: known"}
        (run,) = (pytester.path / ".soundcheck/runs").iterdir()
        sarif = json.loads((run / "results.sarif").read_text("utf-8"))["runs"][0]
        assert sarif["properties"]["policyDigest"] == digest
        assert all(one["suppressions"][0]["justification"].startswith("waived by") for one in sarif["results"])
        assert digest in (run / "observations.csv").read_text("utf-8")
        assert f'policy_digest="{digest}"' in (run / "soundcheck.prom").read_text("utf-8")
        assert "accepted by the policy" in (run / "summary.md").read_text("utf-8")
        assert {one["severity"] for one in json.loads((run / "gl-code-quality-report.json").read_text())} == {"info"}
        page = (run / "report.html").read_text("utf-8")
        assert "Accepted by the policy" in page
        assert digest in page
        cases = ElementTree.parse(pytester.path / "junit.xml").iter("testcase")
        (case,) = [one for one in cases if one.get("name") == "crane"]
        properties = {(one.get("name"), one.get("value")) for one in case.iter("property")}
        assert ("tts_policy", digest) in properties
        assert ("tts_accepted", "high timing.fast, waived by voice team until 2999-12-31: known") in properties
        assert "tts_finding" not in {name for name, _ in properties}

    def test_that_have_expired_fail_the_item_and_the_check(
        self, gate, fake_voice: Voice, pytester: pytest.Pytester
    ) -> None:
        done = gate(fake_voice(SLOW), HEAD + ALL_OF_CRANE.replace("2999", "2001"))
        done.assert_outcomes(passed=ITEMS - 2, failed=2)
        assert done.ret == pytest.ExitCode.TESTS_FAILED
        done.stdout.fnmatch_lines(
            [
                "*crane on candidate   HIGH  timing.fast",
                "*policy on candidate   HIGH  policy.waiver-expired",
                f"  heard     waiver of {FIRST_RULE} on crane (line 4) ended on 2001-12-31",
            ]
        )
        assert results(pytester)["verdict"] == "fail"

    def test_that_have_expired_fail_even_where_the_check_was_not_selected(self, gate, fake_voice: Voice) -> None:
        done = gate(fake_voice(), HEAD + waiver("timing.slow", "door", "2001-01-01"), "-k", "door")
        done.assert_outcomes(passed=1, deselected=ITEMS - 1)
        assert done.ret == pytest.ExitCode.TESTS_FAILED
        done.stdout.fnmatch_lines(["*policy  a waiver has expired  [[]policy.waiver-expired]"])

    @pytest.mark.slow
    def test_that_nobody_needs_are_noted(self, gate, fake_voice: Voice, pytester: pytest.Pytester) -> None:
        gate(fake_voice(), HEAD + waiver("timing.slow", "door")).assert_outcomes(passed=ITEMS)
        (policy,) = [one for one in results(pytester)["outcomes"] if one["subject"] == "policy"]
        assert policy["notes"][1:] == ["waiver of timing.slow on door: not in use; remove it from the policy"]

    def test_do_not_make_a_probe_pass_that_nothing_was_compared_with(self, gate, fake_voice: Voice) -> None:
        voice = fake_voice({"kind": "silence", "when": "door"})
        done = gate(voice, HEAD + waiver("signal.silent", "door"), "-k", "door", "-rs", golden="")
        done.assert_outcomes(skipped=1, deselected=ITEMS - 1)

    def test_cover_what_a_model_does_to_the_machine_only_where_they_say_so(self, gate, fake_voice: Voice) -> None:
        voice = fake_voice({"kind": "crash", "when": "crane"})
        refused = gate(voice, HEAD + waiver("worker.crashed", "crane"))
        assert refused.ret == pytest.ExitCode.USAGE_ERROR
        refused.stderr.fnmatch_lines(
            ["ERROR: policy.toml:5: worker.crashed is about what the model does to the machine; *"]
        )
        allowed = gate(voice, HEAD + waiver("worker.crashed", "crane", more='allow = "hostile"'))
        allowed.assert_outcomes(passed=ITEMS)


class TestThePolicy:
    @pytest.mark.slow
    def test_gives_the_run_an_id_of_its_own(self, gate, fake_voice: Voice, pytester: pytest.Pytester) -> None:
        for policy in (HEAD, HEAD, HEAD + "# another\n"):
            gate(fake_voice(), policy, "-k", "admission")
        assert len(list((pytester.path / ".soundcheck/runs").iterdir())) == 2

    def test_may_be_named_in_the_ini_file(self, gate, fake_voice: Voice, pytester: pytest.Pytester) -> None:
        gate(fake_voice(), HEAD, "-otts_policy=policy.toml", "-k", "policy").assert_outcomes(
            passed=1, deselected=ITEMS - 1
        )

    @pytest.mark.slow
    def test_lets_milder_findings_through(self, gate, fake_voice: Voice) -> None:
        gate(fake_voice(SLOW), HEAD + 'fail_at = "critical"\n').assert_outcomes(passed=ITEMS)

    def test_has_the_release_gate_where_it_says_so(self, gate, fake_voice: Voice) -> None:
        done = gate(fake_voice(), HEAD + 'gate = "release"\n', golden="")
        done.assert_outcomes(passed=ITEMS - 7, failed=7)  # the probes and suite-shift
        assert done.ret == 10

    def test_is_inconclusive_where_coverage_is_missing_and_the_run_with_it(
        self, gate, fake_voice: Voice, pytester: pytest.Pytester
    ) -> None:
        done = gate(fake_voice(), HEAD + '[coverage]\nfamilies = ["unicode"]\n', "-rs")
        done.assert_outcomes(passed=ITEMS - 1, skipped=1)
        done.stdout.fnmatch_lines(["*inconclusive: the policy requires family unicode, and the suites have no*"])
        assert results(pytester)["verdict"] == "inconclusive"

    @pytest.mark.slow
    def test_is_judged_once_more_when_every_process_has_ended(
        self, gate, fake_voice: Voice, pytester: pytest.Pytester
    ) -> None:
        policy = HEAD + ALL_OF_CRANE + waiver("timing.slow", "door") + "[coverage]\nmin_probes = 6\n"
        gate(fake_voice(SLOW), policy, "-n2", apart=True).assert_outcomes(passed=ITEMS)
        (found,) = [one for one in results(pytester)["outcomes"] if one["subject"] == "policy"]
        assert "waiver of timing.slow on door: not in use; remove it from the policy" in found["notes"]
        assert any("waiver of timing.fast on crane: in use" in note for note in found["notes"])

    @pytest.mark.parametrize(
        ("policy", "option", "line"),
        [
            ("alpha = 0.05\n", "--tts-alpha=0.01", "ERROR: --tts-alpha: expected at least 0.05, which policy.toml (*"),
            ('gate = "release"\n', "--tts-gate=ci", "ERROR: --tts-gate: expected release, which policy.toml (owner:*"),
            ("allfa = 0.05\n", "-q", "ERROR: policy.toml:4: unknown key 'allfa'; did you mean 'alpha'?"),
        ],
    )
    def test_is_never_overruled_and_never_misread(
        self, gate, fake_voice: Voice, policy: str, option: str, line: str
    ) -> None:
        done = gate(fake_voice(), HEAD + policy, option)
        assert done.ret == pytest.ExitCode.USAGE_ERROR
        done.stderr.fnmatch_lines([line.replace("[", "[[]")])

    def test_is_part_of_the_command_that_repeats_an_item(self, gate, fake_voice: Voice) -> None:
        done = gate(fake_voice(SLOW), HEAD)
        done.stdout.fnmatch_lines(
            ["  re-run    pytest 'small.probes.yaml::candidate::crane' *--tts-policy=policy.toml *"]
        )


class TestTheVerb:
    def test_tells_what_a_policy_says(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = tmp_path / "policy.toml"
        path.write_text(HEAD + waiver("timing.slow", "carrier-*"), "utf-8")
        assert main(["policy", "check", str(path)]) == 0
        told = capsys.readouterr().out
        assert f"sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}" in told
        assert "waiver of timing.slow on carrier-*, until 2999-12-31, voice team: known" in told

    def test_finds_expired_waivers_and_rules_that_nobody_reports(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / "policy.toml"
        path.write_text(HEAD + '[severity]\n"voice.levl" = "low"\n' + waiver("timing.slow", "a", "2001-01-01"), "utf-8")
        assert main(["policy", "check", str(path), "--format", "json"]) == 1
        assert json.loads(capsys.readouterr().out)["problems"] == [
            "line 6: waiver of timing.slow on a ended on 2001-01-01",
            "no rule is called voice.levl; did you mean voice.level?",
        ]

    def test_refuses_with_the_line(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = tmp_path / "policy.toml"
        path.write_text(HEAD.replace("owner", "ownr"), "utf-8")
        assert main(["policy", "check", str(path)]) == 2
        assert capsys.readouterr().err.endswith("policy.toml:3: unknown key 'ownr'; did you mean 'owner'?\n")
