"""Beside the plugins and the versions of pytest that users have: the same verdicts and exit codes in each of them.

The plugins stay out of the development environment, where they would reorder our own tests. They are installed by hash
into a folder of it, once, from ``environments/``; a session finds them by PYTHONPATH.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from tests.conftest import TWO_PHRASES, Voice

pytestmark = pytest.mark.slow

PINS = Path(__file__).parent / "environments"
VERSIONS = tuple(path.stem.removeprefix("pytest-") for path in sorted(PINS.glob("pytest-*.txt")))
NAN = {"kind": "nan", "when": "door"}
HANG = {"kind": "hang", "when": "train"}
Session = Callable[..., pytest.RunResult]


def installed(pins: Path) -> Path:
    """A folder with what a file of pins names, made once for each content of the file."""
    digest = hashlib.sha256(pins.read_bytes()).hexdigest()[:16]
    folder = Path(sys.prefix) / "other-plugins" / f"{pins.stem}-{digest}"
    folder.parent.mkdir(exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not (folder / "complete").is_file():
            uv = Path(sys.executable).with_name("uv")
            command = [str(uv), "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--target", str(folder)]
            done = subprocess.run([*command, "-r", str(pins)], capture_output=True, text=True, check=False)
            assert done.returncode == 0, (
                f"{pins.name} cannot be installed, and these tests cannot do without:\n{done.stderr}"
            )
            (folder / "complete").touch()
    return folder


@pytest.fixture
def session(pytester: pytest.Pytester, recorded: Path, fake_voice: Voice, monkeypatch: pytest.MonkeyPatch) -> Session:
    """Gate two phrases in a process of its own, with pins on its path."""
    (pytester.path / "two.probes.yaml").write_text(TWO_PHRASES, "utf-8")

    def run(
        pins: str, *arguments: str, faults: tuple[dict[str, object], ...] = (), what: str = "two.probes.yaml"
    ) -> pytest.RunResult:
        monkeypatch.setenv(
            "PYTHONPATH", os.pathsep.join([str(installed(PINS / f"{pins}.txt")), *filter(None, sys.path)])
        )
        return pytester.runpytest_subprocess(
            what, f"--tts-model={fake_voice(*faults)}", "--tts-asr=fake", "--tts-cost=off",
            f"-otts_golden_dir={recorded / 'golden'}", "--tts-golden=small", *arguments,
        )  # fmt: skip

    return run


def results_of(pytester: pytest.Pytester) -> dict[str, Any]:
    """The newest run of a folder."""
    paths = (pytester.path / ".soundcheck" / "runs").glob("*/results.json")
    newest = max(paths, key=lambda path: path.stat().st_mtime_ns)
    return dict(json.loads(newest.read_text("utf-8")))


def verdict_of(pytester: pytest.Pytester) -> str:
    """What it came to."""
    return str(results_of(pytester)["verdict"])


def verdicts_of(pytester: pytest.Pytester) -> dict[str, str]:
    """What its two phrases came to."""
    found = {one["subject"]: one["verdict"] for one in results_of(pytester)["outcomes"]}
    return {phrase: found[phrase] for phrase in ("door", "train")}


def assert_one_failed(done: pytest.RunResult, pytester: pytest.Pytester) -> None:
    """The voice that says nothing of the door failed for that, and was heard on the train: the rest is as ever."""
    assert (done.ret, verdict_of(pytester)) == (1, "fail")
    assert done.parseoutcomes()["failed"] == 1
    assert verdicts_of(pytester) == {"door": "fail", "train": "pass"}


class TestSocket:
    def test_keeps_tests_from_the_network_and_us_from_nothing(
        self, session: Session, pytester: pytest.Pytester
    ) -> None:
        """Beside a timeout that is not reached, which changes nothing either."""
        done = session("plugins", "--disable-socket", "--timeout=300", "--tts-gate=release")
        assert (done.ret, verdict_of(pytester)) == (0, "pass")

    def test_that_lets_some_hosts_through_neither(self, session: Session, pytester: pytest.Pytester) -> None:
        done = session("plugins", "--allow-hosts=127.0.0.1", "--tts-gate=release", faults=(NAN,))
        assert_one_failed(done, pytester)

    def test_still_keeps_tests_beside_a_suite_from_it(self, session: Session, pytester: pytest.Pytester) -> None:
        pytester.makepyfile(test_own="import socket\ndef test_own(): socket.socket()")
        done = session("plugins", "--disable-socket", what=".")
        assert done.ret == 1
        done.stdout.fnmatch_lines(["*SocketBlockedError*"])
        assert verdict_of(pytester) == "pass"


class TestTimeout:
    @pytest.mark.parametrize("method", ["signal", "thread"])
    def test_ends_an_item_and_fails_no_model(self, method: str, session: Session, pytester: pytest.Pytester) -> None:
        done = session("plugins", "--timeout=3", f"--timeout-method={method}", "-k", "train", faults=(HANG,))
        assert (done.ret, verdict_of(pytester)) == (3, "error")
        done.stdout.fnmatch_lines(["ERROR     *ended by Failed while it was being judged: Timeout (>3.0s)*"])

    def test_of_a_whole_session_is_no_pass_and_no_failed_model(
        self, session: Session, pytester: pytest.Pytester
    ) -> None:
        done = session("plugins", "--session-timeout=0.01")
        assert (done.ret, verdict_of(pytester)) == (10, "inconclusive")


class TestRerunfailures:
    def test_does_not_wash_a_failure_out(self, session: Session, pytester: pytest.Pytester) -> None:
        done = session("plugins", "--reruns=2", faults=(NAN,))
        assert (done.ret, verdict_of(pytester)) == (1, "fail")
        assert done.parseoutcomes()["failed"] == 1
        assert done.parseoutcomes()["rerun"] == 2

    def test_may_repeat_what_a_fixture_broke(self, session: Session, pytester: pytest.Pytester) -> None:
        pytester.makeconftest(
            "import pytest\ntries = []\n@pytest.fixture(autouse=True)\ndef database(request):\n"
            "    tries.append(request.node.name)\n"
            "    assert request.node.name != 'door' or tries.count('door') > 1\n"
        )
        done = session("plugins", "--reruns=2", "--tts-gate=release")
        assert (done.ret, verdict_of(pytester)) == (0, "pass")


class TestOthers:
    @pytest.mark.parametrize("seed", [1, 2])
    def test_in_any_order_and_on_a_page_of_pytest_html(
        self, seed: int, session: Session, pytester: pytest.Pytester
    ) -> None:
        page = ("--html=page.html", "--self-contained-html")
        assert_one_failed(session("plugins", f"--randomly-seed={seed}", *page, faults=(NAN,)), pytester)
        assert "two.probes.yaml::candidate::door" in (pytester.path / "page.html").read_text("utf-8")

    def test_with_too_little_covered(self, session: Session, pytester: pytest.Pytester) -> None:
        pytester.makepyfile(test_own="def test_own(): pass\ndef unused():\n    return 1\n")
        done = session("plugins", "--cov=test_own", "--cov-fail-under=100", what=".")
        assert (done.ret, verdict_of(pytester)) == (1, "pass")


class TestXdist:
    # Those by file and by group are the scheduler of the one by scope, which looks at another part of an item's name.
    @pytest.mark.parametrize("mode", ["load", "loadscope", "worksteal", "each"])
    def test_in_each_of_its_modes_finds_what_fails_and_nothing_else(
        self, mode: str, session: Session, pytester: pytest.Pytester
    ) -> None:
        done = session("plugins", f"--dist={mode}", "--tx=2*popen", "--tts-gate=release", faults=(NAN,))
        assert (done.ret, verdict_of(pytester)) == (1, "fail")
        assert verdicts_of(pytester) == {"door": "fail", "train": "pass"}
        assert results_of(pytester)["complete"] is True
        assert done.parseoutcomes()["failed"] == (2 if mode == "each" else 1)
        done.stdout.fnmatch_lines(["FAIL  candidate (*) against golden small: 1 of 2 probes failed*"])

    @pytest.mark.parametrize("mode", ["load", "each"])
    def test_passes_an_honest_voice_that_is_shared_or_judged_twice(
        self, mode: str, session: Session, pytester: pytest.Pytester
    ) -> None:
        done = session("plugins", f"--dist={mode}", "--tx=2*popen", "--tts-gate=release")
        assert (done.ret, verdict_of(pytester)) == (0, "pass")
        done.stdout.fnmatch_lines(["PASS  candidate *"])


class TestImportModes:
    @pytest.mark.parametrize("mode", ["prepend", "append", "importlib"])
    def test_make_no_difference(self, mode: str, session: Session, pytester: pytest.Pytester) -> None:
        """The first of them is pytest's own, and shown with coverage measured."""
        pytester.makepyfile(test_own="def test_own(): pass\ndef unused():\n    return 1\n")
        covered = ("--cov=test_own", "--cov-fail-under=0") if mode == "prepend" else ()
        done = session("plugins", f"--import-mode={mode}", *covered, "--tts-gate=release", what=".")
        assert (done.ret, verdict_of(pytester)) == (0, "pass")


INCOMPLETE = pytest.param(("-n2", "--tts-gate=release", "-k", "door"), (), 10, id="incomplete by two processes")
ENDS = [
    pytest.param(
        ("-p", "no:terminal", "--tts-gate=release", "--junitxml=junit.xml"), (), 0, id="pass without a terminal"
    ),
    pytest.param((), (NAN,), 1, id="fail"),
    INCOMPLETE,
]


class TestVersionsOfPytest:
    """Each ending with the oldest and the newest, and with those between the one that most hooks have a part in."""

    @pytest.mark.parametrize(
        ("version", "arguments", "faults", "status"),
        [
            pytest.param(version, *one.values, id=f"{one.id}-{version}")
            for version in VERSIONS
            for one in (ENDS if version in (VERSIONS[0], VERSIONS[-1]) else [INCOMPLETE])
        ],
    )
    def test_end_with_the_same_code(
        self, version: str, arguments: tuple[str, ...], faults: tuple[dict[str, object], ...], status: int,
        session: Session, pytester: pytest.Pytester,
    ) -> None:  # fmt: skip
        done = session(f"pytest-{version}", *arguments, faults=faults)
        assert done.ret == status
        if "no:terminal" not in arguments:
            done.stdout.fnmatch_lines([f"*pytest-{version}.*"])

    @pytest.mark.parametrize("version", (VERSIONS[0], VERSIONS[-1]))
    def test_know_what_a_usage_error_is(self, version: str, session: Session) -> None:
        done = session(f"pytest-{version}", "--tts-alpha=2")
        assert done.ret == pytest.ExitCode.USAGE_ERROR
        assert "Traceback" not in done.stderr.str()
