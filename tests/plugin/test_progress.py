"""What somebody sees who waits for a session: on a terminal, in a log, and after Ctrl-C."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from harness.pytest_plugin.progress import BACK, BELOW, ProgressLine
from tests.conftest import WITHOUT_OTHERS, Voice

NAN = {"kind": "nan", "when": "door"}


@pytest.fixture
def command(pytester: pytest.Pytester, recorded: Path, fake_voice: Voice) -> list[str]:
    (pytester.path / "small.probes.yaml").write_bytes((recorded / "small.probes.yaml").read_bytes())
    return [
        *(sys.executable, "-m", "pytest", "small.probes.yaml", "-p", "no:cacheprovider", "--tts-asr=fake"),
        *WITHOUT_OTHERS,
        *(f"--tts-model={fake_voice(NAN)}", f"-otts_golden_dir={recorded / 'golden'}", "--tts-golden=small"),
        "--tts-cost=off",
    ]


def on_a_terminal(command: list[str], folder: Path, **environment: str) -> str:
    """What a command writes on a terminal."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command,
        cwd=folder,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", **environment},
    ):
        os.close(theirs)
        written = b""
        while True:
            try:
                data = os.read(ours, 4096)
            except OSError:  # how a terminal says that nobody writes any more
                break
            if not data:
                break
            written += data
    os.close(ours)
    return written.decode("utf-8", "replace")


@pytest.mark.slow
class TestOnATerminal:
    def test_one_line_moves_below_pytest_s_own_and_is_gone_at_the_end(
        self, command: list[str], pytester: pytest.Pytester
    ) -> None:
        written = on_a_terminal(command, pytester.path, COLUMNS="140")
        moving = re.findall(re.escape(BELOW) + "([^\x1b]+)" + re.escape(BACK), written)
        assert moving
        assert all(line.startswith("soundcheck: ") and "\n" not in line and len(line) < 120 for line in moving)
        assert any(re.search(r"rendering batch 1 of \d+; judged \d+ of \d+ items, no finding", line) for line in moving)
        assert any("1 finding" in line for line in moving)
        last = written.rindex("soundcheck: ", 0, written.index("FAIL  candidate"))
        assert BELOW + BACK in written[last:], "wiped before the summary"

    @pytest.mark.parametrize(("term", "more"), [("dumb", []), ("xterm", ["-q"])])
    def test_nothing_moves_where_that_cannot_be_or_is_not_wanted(
        self, term: str, more: list[str], command: list[str], pytester: pytest.Pytester
    ) -> None:
        assert BELOW not in on_a_terminal([*command, *more], pytester.path, TERM=term)


class TestInALog:
    def test_there_is_a_line_a_minute(self, pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]) -> None:
        config = pytester.parseconfigure("-p", "no:capture")
        now = [0.0]
        line = ProgressLine(config, clock=lambda: now[0])
        ids = [f"a.probes.yaml::candidate::{number}" for number in range(40)]
        line.pytest_xdist_node_collection_finished([*ids, "test_own.py::test_own"])
        capsys.readouterr()
        for number, node_id in enumerate(ids):
            now[0] += 10.0
            line.tell("rendering batch 1 of 7")
            outcome = "failed" if number == 3 else "passed"
            for when in ("call", "teardown"):
                line.pytest_runtest_logreport(_report(node_id, when, outcome if when == "call" else "passed"))
            line.pytest_runtest_logfinish(node_id)
        told = [text for text in capsys.readouterr().out.splitlines() if text]
        assert len(told) == 6
        assert told[0] == ("soundcheck: rendering batch 1 of 7; judged 5 of 40 items, 1 finding, about 7 min left")
        assert "\x1b" not in "".join(told)


def _report(node_id: str, when: str, outcome: str) -> pytest.TestReport:
    return pytest.TestReport(node_id, ("a", 0, "b"), {}, outcome, None, when)  # type: ignore[arg-type]


class TestStopped:
    def test_ctrl_c_says_what_is_kept(self, command: list[str], pytester: pytest.Pytester) -> None:
        pytester.makeconftest("def pytest_runtest_call(item):\n    if item.name == 'door': raise KeyboardInterrupt")
        done = pytester.run(*command)
        assert done.ret == pytest.ExitCode.INTERRUPTED
        done.stdout.fnmatch_lines(
            [
                "INCONCLUSIVE  candidate * incomplete (* of * items decided)",
                "exit code 2: *what was rendered and decided is kept, and the same command goes on",
            ]
        )
