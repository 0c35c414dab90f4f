"""The plugin as users meet it: pytest on a suite, with the fake voice and the fake transcriber."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.conftest import MODEL_CHECKS, UNMETERED_CHECKS, WITHOUT_OTHERS, Voice

PROBES = 6
DOOR = 6
"""Checks of the files."""
ITEMS = PROBES + len(UNMETERED_CHECKS)
METERED = "--tts-cost=auto"
"""The default, which some sessions leave as it is: what else a voice does must fail none of the items of cost."""
METERED_ITEMS = PROBES + len(MODEL_CHECKS)


@pytest.fixture
def gate(pytester: pytest.Pytester, recorded: Path):
    """Run the small suite on a model, without metering; extra arguments go to pytest."""
    (pytester.path / "small.probes.yaml").write_bytes((recorded / "small.probes.yaml").read_bytes())

    def run(model: Path, *arguments: str, golden: str = "small", suite: str = "small.probes.yaml", apart: bool = False):
        start = pytester.runpytest_subprocess if apart else pytester.runpytest_inprocess
        return start(
            suite, "-p", "no:cacheprovider", f"--tts-model={model}", "--tts-asr=fake", "--tts-cost=off",
            f"-otts_golden_dir={recorded / 'golden'}", *([f"--tts-golden={golden}"] if golden else []), *arguments,
        )  # fmt: skip

    return run


def results(pytester: pytest.Pytester) -> dict:
    (path,) = (pytester.path / ".soundcheck" / "runs").glob("*/results.json")
    return json.loads(path.read_text("utf-8"))


class TestVerdicts:
    def test_an_honest_voice_passes_every_item(self, gate, fake_voice: Voice, pytester: pytest.Pytester) -> None:
        done = gate(fake_voice(), "--tts-seed=5", METERED)
        done.assert_outcomes(passed=METERED_ITEMS)
        done.stdout.fnmatch_lines(["PASS  candidate (*) against golden small: all 6 probes passed"])
        assert results(pytester)["verdict"] == "pass"
        assert results(pytester)["complete"] is True

    def test_a_dropped_not_fails_its_probe_and_no_other(self, gate, fake_voice: Voice) -> None:
        done = gate(fake_voice({"kind": "drop-word", "word": "not", "when": "osprey"}), METERED)
        done.assert_outcomes(passed=METERED_ITEMS - 1, failed=1)
        done.stdout.fnmatch_lines(
            [
                "*transfer-not on candidate   CRITICAL  speech.word-dropped",
                '  heard     "you should transfer the money, osprey."*in 1? of 1? renderings',
                '  expected  "you should not transfer the money, osprey."',
                "  evidence  *spreads), p < *",
                "  re-run    pytest 'small.probes.yaml::candidate::transfer-not' --tts-model=*",
            ]
        )

    @pytest.mark.slow
    def test_a_phrase_that_is_cut_short_fails_and_no_other(self, gate, fake_voice: Voice) -> None:
        done = gate(fake_voice({"kind": "cut", "keep": 0.8, "when": "crane"}))
        done.assert_outcomes(passed=ITEMS - 1, failed=1)
        done.stdout.fnmatch_lines(["*crane on candidate   *"])

    @pytest.mark.parametrize(
        ("kind", "rule"),
        [
            ("nan", "signal.not-finite"),
            ("silence", "signal.silent"),
            ("empty", "signal.silent"),
            ("loud", "signal.clipped"),
        ],
    )
    def test_a_broken_signal_fails_at_once(self, gate, fake_voice: Voice, kind: str, rule: str) -> None:
        done = gate(fake_voice({"kind": kind, "when": "door"}), "-k", "door")
        done.assert_outcomes(failed=1, deselected=ITEMS - 1)
        done.stdout.fnmatch_lines([f"*{rule}*"])

    def test_runs_lie_where_pytest_was_started_wherever_the_model_lies(
        self, gate, fake_voice: Voice, pytester: pytest.Pytester
    ) -> None:
        gate(fake_voice(), "--rootdir=/", "-k", "door")
        assert results(pytester)["planned"] == ITEMS

    def test_without_a_golden_nothing_passes(self, gate, fake_voice: Voice) -> None:
        done = gate(fake_voice(), "-rs", golden="")
        done.assert_outcomes(passed=len(UNMETERED_CHECKS) - 1, skipped=PROBES + 1)
        done.stdout.fnmatch_lines(["*inconclusive: no golden to compare with; record one with: soundcheck record*"])

    def test_the_release_gate_fails_what_the_ci_gate_skips(self, gate, fake_voice: Voice) -> None:
        done = gate(fake_voice(), "--tts-gate=release", METERED, golden="")
        done.assert_outcomes(passed=len(MODEL_CHECKS) - 1, failed=PROBES + 1)
        assert done.ret == 10

    def test_the_release_gate_says_by_its_exit_code_when_something_really_failed(self, gate, fake_voice: Voice) -> None:
        done = gate(fake_voice({"kind": "nan", "when": "door"}), "--tts-gate=release", golden="")
        assert done.ret == pytest.ExitCode.TESTS_FAILED

    @pytest.mark.slow
    def test_another_transcriber_than_the_golden_s_is_inconclusive(
        self, gate, fake_voice: Voice, recorded: Path, pytester: pytest.Pytester
    ) -> None:
        copied = pytester.path / "other"
        for file in (recorded / "golden/small").rglob("*"):
            if file.is_file():
                target = copied / file.relative_to(recorded / "golden/small")
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(file.read_bytes())
        manifest = json.loads((copied / "manifest.json").read_text("utf-8"))
        manifest["asr"]["decoding"] = "tones-0"
        (copied / "manifest.json").write_text(json.dumps(manifest), "utf-8")
        done = gate(fake_voice(), "-rs", golden=str(copied))
        done.assert_outcomes(passed=len(UNMETERED_CHECKS) - 1, skipped=PROBES + 1)
        done.stdout.fnmatch_lines(
            ["*recorded with another transcriber (decoding 'tones-0' in the golden, 'tones-2' now)*"]
        )


class TestMisbehaviour:
    @pytest.mark.parametrize(
        ("kind", "rule", "behaviour"),
        [
            ("crash", "worker.crashed", ""),
            pytest.param("exit", "worker.crashed", "", marks=pytest.mark.slow),
            pytest.param("flood", "worker.flooded", "limits", marks=pytest.mark.slow),
            pytest.param("garbage", "worker.forged", "protocol", marks=pytest.mark.slow),
            pytest.param("fail", "worker.failed", "", marks=pytest.mark.slow),
            pytest.param("endless", "worker.endless", "limits", marks=pytest.mark.slow),
        ],
    )
    def test_a_worker_that_misbehaves_on_one_phrase_fails_that_phrase_only(
        self, gate, fake_voice: Voice, kind: str, rule: str, behaviour: str
    ) -> None:
        done = gate(fake_voice({"kind": kind, "when": "crane"}), *([METERED] if kind in ("crash", "garbage") else []))
        failed = 2 if behaviour else 1
        items = METERED_ITEMS if kind in ("crash", "garbage") else ITEMS
        done.assert_outcomes(passed=items - failed, failed=failed)
        done.stdout.fnmatch_lines([f"*crane on candidate   *  {rule}"])
        if behaviour:
            done.stdout.fnmatch_lines([f"*behaviour-{behaviour} on candidate   *  behaviour.{behaviour}"])

    @pytest.mark.slow
    def test_a_hang_costs_its_deadline_and_no_more_and_leaves_no_worker_behind(self, gate, fake_voice: Voice) -> None:
        done = gate(fake_voice({"kind": "hang", "when": "crane"}), "--tts-timeout=3", METERED)
        done.stdout.fnmatch_lines(["*crane on candidate   HIGH  worker.hung"])
        assert done.parseoutcomes()["failed"] == 2  # the phrase, and behaviour-limits
        ours = ["pgrep", "-P", str(os.getpid()), "-f", "harness.sandbox.inside.(worker|stub)"]
        assert subprocess.run(ours, capture_output=True, check=False).stdout == b""

    def test_a_model_that_cannot_load_fails_once_and_nothing_else_is_judged(self, gate, fake_voice: Voice) -> None:
        done = gate(fake_voice({"kind": "load-crash"}), "-rs")
        done.assert_outcomes(passed=DOOR, failed=1, skipped=ITEMS - DOOR - 1)
        done.stdout.fnmatch_lines(["  heard     the worker was killed by SIGSEGV while loading"])


class TestPytest:
    def test_every_probe_is_an_item_with_its_own_line(self, gate, fake_voice: Voice) -> None:
        done = gate(fake_voice(), "--collect-only", "-q")
        done.stdout.fnmatch_lines(
            ["small.probes.yaml::candidate::engine-load", "small.probes.yaml::candidate::transfer-not"]
        )

    def test_keywords_select_ids_and_families(self, gate, fake_voice: Voice) -> None:
        done = gate(fake_voice(), "-k", "carriers")
        done.assert_outcomes(passed=4, deselected=ITEMS - 4)
        done.stdout.fnmatch_lines([f"INCONCLUSIVE*incomplete (4 of {ITEMS} items decided)*"])

    def test_last_failed_repeats_the_failure_only(self, gate, fake_voice: Voice) -> None:
        voice = fake_voice({"kind": "nan", "when": "door"})
        gate(voice, "-p", "cacheprovider").assert_outcomes(passed=ITEMS - 1, failed=1)
        gate(voice, "-p", "cacheprovider", "--lf").assert_outcomes(failed=1, deselected=ITEMS - 1)

    def test_exitfirst_stops(self, gate, fake_voice: Voice) -> None:
        gate(fake_voice({"kind": "nan"}), "-x").assert_outcomes(passed=DOOR, failed=1)

    def test_junit_carries_the_verdict_and_the_rules(self, gate, fake_voice: Voice, pytester: pytest.Pytester) -> None:
        gate(fake_voice({"kind": "nan", "when": "door"}), "--junitxml=junit.xml")
        cases = ElementTree.parse(pytester.path / "junit.xml").iter("testcase")
        (door,) = [case for case in cases if case.get("name") == "door"]
        found = {(one.get("name"), one.get("value")) for one in door.iter("property")}
        assert ("tts_verdict", "fail") in found
        assert ("tts_finding", "high signal.not-finite") in found

    def test_a_session_without_suites_is_left_alone(self, pytester: pytest.Pytester) -> None:
        pytester.makepyfile("def test_something(): pass")
        done = pytester.run(sys.executable, "-X", "importtime", "-m", "pytest", "-p", "no:cacheprovider")
        done.assert_outcomes(passed=1)
        assert not (pytester.path / ".soundcheck").exists()
        paid = {line.rpartition("|")[2].strip() for line in done.errlines}
        assert paid & {"numpy", "harness.pytest_plugin.gate", "harness.run.run"} == set(), "nobody here wants a gate"

    def test_fixtures_and_marks_of_a_conftest_reach_the_items(
        self, gate, fake_voice: Voice, pytester: pytest.Pytester
    ) -> None:
        pytester.makeconftest(
            "import pytest\n"
            "@pytest.fixture(autouse=True)\n"
            "def told(request, capsys):\n"
            "    with capsys.disabled():\n"
            "        print('fixture for', request.node.name)\n"
        )
        done = gate(fake_voice(), "-k", "door")
        done.stdout.fnmatch_lines(["*fixture for door*"])


class TestBadInput:
    def test_a_suite_without_a_model_says_what_to_add(self, pytester: pytest.Pytester, recorded: Path) -> None:
        done = pytester.runpytest_subprocess(str(recorded / "small.probes.yaml"))
        assert done.ret == pytest.ExitCode.USAGE_ERROR
        done.stderr.fnmatch_lines(
            ["ERROR: *small.probes.yaml: which model? Add --tts-model=DIR, or tts_model to the ini file"]
        )

    def test_a_model_that_is_not_there(self, gate, pytester: pytest.Pytester) -> None:
        done = gate(pytester.path / "nowhere")
        assert done.ret == pytest.ExitCode.USAGE_ERROR
        done.stderr.fnmatch_lines(["ERROR: */nowhere: no such model directory; *"])

    def test_a_configuration_that_is_no_json(self, gate, tmp_path: Path) -> None:
        (tmp_path / "config.json").write_text('{"model": "vits",\n oops}', "utf-8")
        done = gate(tmp_path)
        assert done.ret == pytest.ExitCode.USAGE_ERROR
        done.stderr.fnmatch_lines(["ERROR: */config.json: expected JSON as Coqui reads it, * at line 2, column 2: *"])

    def test_a_golden_that_is_not_there_names_the_known_ones(self, gate, fake_voice: Voice) -> None:
        done = gate(fake_voice(), golden="smal")
        assert done.ret == pytest.ExitCode.USAGE_ERROR
        done.stderr.fnmatch_lines(
            ["ERROR: smal: no such golden (*known: *small*); record one with: soundcheck record --help"]
        )

    def test_a_typo_in_a_suite_gets_one_line_with_path_and_line(
        self, gate, fake_voice: Voice, pytester: pytest.Pytester
    ) -> None:
        path = pytester.path / "typo.probes.yaml"
        path.write_text(
            (pytester.path / "small.probes.yaml").read_text("utf-8").replace("family: carriers", "famly: carriers", 1),
            "utf-8",
        )
        done = gate(fake_voice(), suite="typo.probes.yaml")
        done.stdout.fnmatch_lines(["typo.probes.yaml:1?: unknown key 'famly' in probe 'door'; did you mean 'family'?*"])
        assert done.ret == pytest.ExitCode.INTERRUPTED

    @pytest.mark.parametrize(
        ("option", "line"),
        [
            ("--tts-takes=0", "--tts-takes: expected 1 to 64, got 0"),
            ("--tts-alpha=2", "--tts-alpha: expected a rate above 0 and below 0.5, got 2.0"),
            ("--tts-model-name=a/b", "--tts-model-name: expected letters, digits, '.', '-' and '_', got 'a/b'"),
        ],
    )
    def test_an_option_out_of_range(self, gate, fake_voice: Voice, option: str, line: str) -> None:
        done = gate(fake_voice(), option)
        assert done.ret == pytest.ExitCode.USAGE_ERROR
        done.stderr.fnmatch_lines([f"ERROR: {line}"])


class TestDurability:
    def test_the_second_run_renders_nothing(self, gate, fake_voice: Voice, pytester: pytest.Pytester) -> None:
        voice = fake_voice()
        gate(voice)
        before = {path: path.stat().st_mtime_ns for path in (pytester.path / ".soundcheck/audio").rglob("*.flac")}
        gate(voice).assert_outcomes(passed=ITEMS)
        after = {path: path.stat().st_mtime_ns for path in (pytester.path / ".soundcheck/audio").rglob("*.flac")}
        assert before == after

    @pytest.mark.slow
    def test_a_killed_pytest_leaves_a_run_that_the_same_command_finishes(
        self, pytester: pytest.Pytester, recorded: Path, fake_voice: Voice
    ) -> None:
        (pytester.path / "small.probes.yaml").write_bytes((recorded / "small.probes.yaml").read_bytes())
        voice = fake_voice({"kind": "hang", "when": "crane"})
        command = [
            sys.executable, "-m", "pytest", "small.probes.yaml", "-q", "-p", "no:cacheprovider", f"--tts-model={voice}",
            "--tts-asr=fake", f"-otts_golden_dir={recorded / 'golden'}", "--tts-golden=small", "--tts-cost=off",
            *WITHOUT_OTHERS, "--tts-timeout=3",
        ]  # fmt: skip
        process = subprocess.Popen(
            [*command[:-1], "--tts-timeout=600"], cwd=pytester.path, stdout=subprocess.DEVNULL, start_new_session=True
        )
        audio = pytester.path / ".soundcheck/audio"
        deadline = time.monotonic() + 60
        while not list(audio.rglob("*.flac")) and time.monotonic() < deadline:
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        done = subprocess.run(command, cwd=pytester.path, capture_output=True, text=True, check=False)
        assert f"2 failed, {ITEMS - 2} passed" in done.stdout
        assert "worker.hung" in done.stdout

    @pytest.mark.slow
    def test_a_full_disk_ends_the_run_with_one_line_and_nothing_lost(
        self, gate, fake_voice: Voice, pytester: pytest.Pytester
    ) -> None:
        pytester.makeconftest(
            "import errno, pathlib\n"
            "written = []\n"
            "original = pathlib.Path.write_bytes\n"
            "def write_bytes(path, data):\n"
            "    if path.suffix != '.json' and len(written) == 9:\n"
            "        raise OSError(errno.ENOSPC, 'No space left on device')\n"
            "    written.append(path)\n"
            "    return original(path, data)\n"
            "pathlib.Path.write_bytes = write_bytes\n"
        )
        done = gate(fake_voice(), apart=True)
        done.stdout.fnmatch_lines(
            ["*cannot be written (No space left on device); free some space, then give the same command again*"]
        )
        assert done.ret == pytest.ExitCode.INTERNAL_ERROR
        pytester.makeconftest("")
        gate(fake_voice()).assert_outcomes(passed=ITEMS)
