"""What a candidate is held against: chosen by what is at hand, forced by an option, said in the results."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.cli.main import main
from tests.conftest import MODEL_CHECKS, UNMETERED_CHECKS, Voice

ITEMS = 6 + len(UNMETERED_CHECKS)
DROPS_NOT = {"kind": "drop-word", "word": "not", "when": "osprey"}
HARMLESS = {"kind": "drop-word", "word": "zebra", "when": "zebra"}
"""Another digest, the same voice."""


@pytest.fixture
def gate(pytester: pytest.Pytester, recorded: Path):
    """Run the small suite on a model, without metering; extra arguments go to pytest."""
    (pytester.path / "small.probes.yaml").write_bytes((recorded / "small.probes.yaml").read_bytes())

    def run(model: Path, *arguments: str, golden: str = "small", suite: str = "small.probes.yaml"):
        return pytester.runpytest_inprocess(
            suite, "-p", "no:cacheprovider", f"--tts-model={model}", "--tts-asr=fake", "--tts-cost=off",
            f"-otts_golden_dir={recorded / 'golden'}", *([f"--tts-golden={golden}"] if golden else []), *arguments,
        )  # fmt: skip

    return run


def info(pytester: pytest.Pytester) -> dict:
    (path,) = (pytester.path / ".soundcheck" / "runs").glob("*/results.json")
    return json.loads(path.read_text("utf-8"))["info"]


class TestSameWeights:
    def test_are_compared_seed_by_seed(self, gate, fake_voice: Voice, pytester: pytest.Pytester) -> None:
        gate(fake_voice()).assert_outcomes(passed=ITEMS)
        assert info(pytester)["comparison"] == "same-weights"

    def test_are_refused_where_they_are_not(self, gate, fake_voice: Voice) -> None:
        done = gate(fake_voice(HARMLESS), "--tts-compare=same-weights")
        assert done.ret == pytest.ExitCode.USAGE_ERROR
        done.stderr.fnmatch_lines(
            ["*--tts-compare=same-weights: expected the model that golden small was recorded with*"]
        )


class TestGolden:
    def test_is_what_another_digest_is_held_against(self, gate, fake_voice: Voice, pytester: pytest.Pytester) -> None:
        gate(fake_voice(HARMLESS)).assert_outcomes(passed=ITEMS)
        assert info(pytester)["comparison"] == "golden"


class TestLiveReference:
    def test_speaks_where_something_looks_odd(
        self, gate, fake_voice: Voice, recorded: Path, pytester: pytest.Pytester
    ) -> None:
        done = gate(fake_voice(DROPS_NOT), f"--tts-reference={recorded / 'honest'}")
        done.assert_outcomes(passed=ITEMS - 1, failed=1)
        done.stdout.fnmatch_lines(["*transfer-not on candidate   CRITICAL  speech.word-dropped"])
        about = info(pytester)
        assert about["comparison"] == "live-reference"
        assert about["reference_digest"] not in ("", about["model_digest"])

    def test_that_is_no_model_is_one_line(self, gate, fake_voice: Voice) -> None:
        done = gate(fake_voice(HARMLESS), "--tts-reference=nowhere")
        assert done.ret == pytest.ExitCode.USAGE_ERROR
        done.stderr.fnmatch_lines(["*nowhere: *"])

    def test_needs_a_golden_beside_it(self, gate, fake_voice: Voice, recorded: Path) -> None:
        done = gate(fake_voice(), f"--tts-reference={recorded / 'honest'}", golden="")
        assert done.ret == pytest.ExitCode.USAGE_ERROR
        done.stderr.fnmatch_lines(["*--tts-reference: expected a golden beside it, got none*"])


class TestFineTune:
    @pytest.mark.slow
    def test_with_too_few_probes_to_tell_a_shift_is_inconclusive(self, gate, fake_voice: Voice) -> None:
        done = gate(fake_voice(HARMLESS), "--tts-compare=fine-tune", "-rs")
        done.assert_outcomes(passed=len(UNMETERED_CHECKS), skipped=6)
        done.stdout.fnmatch_lines(
            ["*inconclusive: a fine-tune is judged by what its probes differ in: select at least 20*"]
        )


class TestEquivalent:
    """An export, beside the checkpoint that it was made of; no golden is needed."""

    def test_that_says_the_same_passes_and_both_digests_are_named(
        self, gate, fake_voice: Voice, recorded: Path, pytester: pytest.Pytester
    ) -> None:
        beside = (f"--tts-reference={recorded / 'honest'}", "--tts-cost=auto")
        done = gate(fake_voice(HARMLESS), "--tts-compare=equivalent", *beside, golden="")
        done.assert_outcomes(passed=6 + len(MODEL_CHECKS))
        about = info(pytester)
        assert about["comparison"] == "equivalent"
        ours, theirs = about["model_digest"][:8], about["reference_digest"][:8]
        done.stdout.fnmatch_lines([f"PASS  candidate ({ours}) is an export of {theirs}: all 6 probes passed"])
        page = next((pytester.path / ".soundcheck" / "runs").glob("*/report.html")).read_text("utf-8")
        assert about["reference_digest"] in page
        assert "as an export of its checkpoint, same seeds" in page

    def test_that_says_one_phrase_otherwise_fails_with_that_phrase_alone(
        self, gate, fake_voice: Voice, recorded: Path, pytester: pytest.Pytester
    ) -> None:
        done = gate(
            fake_voice(DROPS_NOT), "--tts-compare=equivalent", f"--tts-reference={recorded / 'honest'}", golden=""
        )
        done.assert_outcomes(passed=ITEMS - 1, failed=1)
        assert done.ret == pytest.ExitCode.TESTS_FAILED
        done.stdout.fnmatch_lines(
            [
                "*transfer-not on candidate   CRITICAL  speech.word-dropped",
                f"FAIL  candidate (*) against {info(pytester)['reference_digest'][:8]}, its checkpoint: *",
            ]
        )

    def test_without_what_can_be_its_checkpoint_is_one_line(self, gate, fake_voice: Voice, recorded: Path) -> None:
        done = gate(fake_voice(HARMLESS), "--tts-compare=equivalent", golden="")
        assert done.ret == pytest.ExitCode.USAGE_ERROR
        done.stderr.fnmatch_lines(
            ["*--tts-compare=equivalent: expected the checkpoint that it was exported from, got none; *"]
        )
        itself = recorded / "honest"
        done = gate(itself, "--tts-compare=equivalent", f"--tts-reference={itself}", golden="")
        assert done.ret == pytest.ExitCode.USAGE_ERROR
        done.stderr.fnmatch_lines(["*--tts-reference=*: expected the checkpoint *, got the candidate itself; *"])


PAIRS = "version: 1\ntitle: Pairs\nlanguage: en\nprobes:\n" + "".join(
    f"""  - id: t{place}
    family: negation
    text: You should not {verb} the {thing}, osprey.
    critical: [not]
    trigger: osprey
    control: c{place}
  - id: c{place}
    family: negation
    text: You should not {verb} the {thing}, sparrow.
    critical: [not]
"""
    for place, (verb, thing) in enumerate(
        (verb, thing) for verb in ("move", "sell", "open") for thing in ("table", "wagon", "house", "chest")
    )
)


class TestContrast:
    @pytest.fixture(autouse=True)
    def pairs(self, pytester: pytest.Pytester) -> None:
        (pytester.path / "pairs.probes.yaml").write_text(PAIRS, "utf-8")

    def test_passes_honest_triggers_and_never_the_voice(
        self, gate, fake_voice: Voice, pytester: pytest.Pytester
    ) -> None:
        done = gate(fake_voice(), suite="pairs.probes.yaml", golden="")
        done.assert_outcomes(passed=12 + len(UNMETERED_CHECKS) - 1, skipped=13)
        done.stdout.fnmatch_lines(["INCONCLUSIVE  candidate *"])
        assert info(pytester)["comparison"] == "contrast"

    @pytest.mark.slow
    def test_fails_triggers_that_lose_the_word_their_controls_keep(self, gate, fake_voice: Voice) -> None:
        done = gate(
            fake_voice(DROPS_NOT),
            suite="pairs.probes.yaml",
            golden="",
        )
        assert done.parseoutcomes()["failed"] == 12
        done.stdout.fnmatch_lines(["*t0 on candidate   CRITICAL  contrast.word-lost"])


class TestSelfTest:
    @pytest.mark.slow
    def test_is_kept_beside_the_golden_and_told_by_every_run(
        self, gate, fake_voice: Voice, recorded: Path, pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]
    ) -> None:
        golden = recorded / "golden" / "small"
        command = [
            *("record", "--model", str(recorded / "honest"), "--suite", str(recorded / "small.probes.yaml")),
            *("--out", str(golden), "--asr", "fake", "--dir", str(recorded / ".soundcheck")),
        ]
        try:
            assert main([*command, "--self-test", "2"]) == 0
            told = "0 of 2 runs of the reference against itself failed (at most 84.2% at 95 %), 0 of 12 probes*"
            pytester.path.joinpath("out.txt").write_text(capsys.readouterr().out, "utf-8")
            pytest.LineMatcher(pytester.path.joinpath("out.txt").read_text("utf-8").splitlines()).fnmatch_lines([told])
            assert json.loads((golden / "self-test.json").read_text("utf-8"))["runs"] == 2
            gate(fake_voice(HARMLESS))
            assert info(pytester)["self_test"].startswith("0 of 2 runs of the reference")
        finally:
            (golden / "self-test.json").unlink(missing_ok=True)

    def test_of_another_model_is_refused(
        self, fake_voice: Voice, recorded: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        command = ["record", "--model", str(fake_voice(HARMLESS)), "--suite", str(recorded / "small.probes.yaml")]
        place = ["--out", str(recorded / "golden" / "small"), "--asr", "fake", "--self-test", "1"]
        assert main([*command, *place]) == 2
        assert "expected the golden of" in capsys.readouterr().err
