"""Every verb of ``soundcheck``: help with an example, JSON alone on stdout, talk on stderr, no unwanted colour.

A new verb fails here until it has a command in :data:`COMMANDS`.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.cli import doctor
from harness.cli.golden_decide import CI_VARIABLES
from harness.cli.main import VERBS, main, make_parser
from harness.core.fleet import FleetReport, FleetRow
from harness.core.grades import Verdict
from harness.storage.rundirectory import RunDirectory
from tests.conftest import SUITE
from tests.report_samples import sample_run
from tests.tiers import slow

Path_ = tuple[str, ...]
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
DECIDED = (0, 1, 4)
"""Exit codes of a verb that did its work: pass or done, findings, a decision is needed."""


def leaves(parser: argparse.ArgumentParser, path: Path_ = ()) -> Iterator[tuple[Path_, argparse.ArgumentParser]]:
    """Every verb that can be run, with the words that lead to it."""
    inner = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not inner:
        yield path, parser
    for action in inner:
        for name, child in action.choices.items():
            yield from leaves(child, (*path, name))


PARSERS = dict(leaves(make_parser(VERBS)))

COMMANDS: dict[Path_, str] = {
    ("audit",): "audit models.toml",
    ("demo",): "demo --dir .soundcheck",
    ("doctor",): "doctor",
    ("fetch",): "fetch hf://org/voice@" + "a" * 40,
    ("fleet", "demo"): "fleet demo --dir .soundcheck",
    ("fleet", "run"): "fleet run fleet.toml",
    ("fleet", "serve"): "fleet serve fleet.toml --once",
    ("fleet", "status"): "fleet status fleet.toml",
    ("golden", "list"): "golden list",
    ("golden", "show"): "golden show small",
    ("golden", "diff"): "golden diff small",
    ("golden", "review"): "golden review small",
    ("golden", "accept"): "golden accept small --reason listened --approver team",
    ("golden", "prune"): "golden prune small",
    ("history",): "history",
    ("hunt",): "hunt --model honest --words words.txt --asr fake --budget 1m",
    ("list",): "list small.probes.yaml --families",
    ("merge",): "merge .soundcheck --dir together",
    ("policy",): "policy check policy.toml",
    ("record",): "record --model honest --suite small.probes.yaml --out golden/new --asr fake --takes 2",
    ("redteam", "list"): "redteam list",
    ("redteam", "plant"): "redteam plant negation-drop-osprey --model honest --out planted",
    ("redteam", "score"): "redteam score --model honest --suite small.probes.yaml --asr fake --kinds drowsy-amazon",
    ("report",): "report .soundcheck/runs/{run}",
    ("scan",): "scan honest",
    ("sign",): "sign honest --key key.pem",
    ("signoff",): "signoff .soundcheck/runs/{run} --model honest --key key.pem",
    ("store", "stats"): "store stats",
    ("store", "gc"): "store gc --older 30d",
    ("verify",): "verify honest --digest sha256:" + "0" * 64,
    ("verify-signoff",): "verify-signoff attestation.json honest --key public.pem",
}
"""A command for each verb, run in the project that :func:`project` makes."""
LONG = (("doctor",), ("hunt",))
"""Verbs that take seconds, as voices are loaded or spoken with."""
BECOMES_PYTEST = {("gate",)}
"""Verbs whose output and exit codes are pytest's; see tests/unit/cli/test_gate.py."""


MODELS = """\
version = 1
keys = ["public.pem"]

[[model]]
name = "honest"
path = "honest"
signoff = "attestation.json"
"""

FLEET = """\
version = 1

[defaults]
suites = ["small.probes.yaml"]
golden = "small"
asr = "fake"

[serve]
uploads = "uploads"

[[model]]
path = "honest"
"""


@pytest.fixture(scope="session")
def proposed(recorded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a voice, a suite, a golden, a proposal, a run that failed, and a key."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    folder = tmp_path_factory.mktemp("proposed")
    for name in ("golden", "honest"):
        shutil.copytree(recorded / name, folder / name)
    (folder / "small.probes.yaml").write_text(SUITE.replace("last night", "this morning"), "utf-8")
    arguments = ["record", "--model", str(folder / "honest"), "--suite", str(folder / "small.probes.yaml")]
    place = ["--into", "small", "--golden-dir", str(folder / "golden"), "--dir", str(folder / ".soundcheck")]
    assert main([*arguments, *place, "--asr", "fake", "--no-cost", "--reason", "new"]) == 0
    run = sample_run()
    directory = RunDirectory(folder / ".soundcheck", run.info.run_id)
    directory.begin(run.info, run.planned)
    for outcome in run.outcomes:
        directory.record("main", outcome)
    key = ec.generate_private_key(ec.SECP256R1())
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    (folder / "key.pem").write_bytes(secret)
    (folder / "public.pem").write_bytes(public)
    (folder / "attestation.json").write_text("{}", "utf-8")
    (folder / "policy.toml").write_text('version = 1\ntitle = "T"\nowner = "voice team"\n', "utf-8")
    (folder / "models.toml").write_text(MODELS, "utf-8")
    (folder / "fleet.toml").write_text(FLEET, "utf-8")
    (folder / "uploads").mkdir()
    (folder / "words.txt").write_text("osprey\nfalcon\n", "utf-8")
    return folder


@pytest.fixture(scope="session")
def examined() -> list[doctor.Check]:
    """What the doctor finds, who looks at it for seconds."""
    return list(doctor.examine())


@pytest.fixture
def project(proposed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it to work in; what would take minutes or a network is stood in for."""
    folder = tmp_path / "project"
    shutil.copytree(proposed, folder)
    monkeypatch.chdir(folder)
    for name in CI_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    verdict = {"failed": 0, "inconclusive": 0, "items": 1, "report": "report.html"}
    monkeypatch.setattr("harness.models.demo.build_demo_voice", lambda *_, **__: Path("voice"))
    monkeypatch.setattr("harness.cli.demo.demo_whisper", lambda: Path("whisper.pt"))
    monkeypatch.setattr(
        "harness.cli.demo.gate",
        lambda _model, name, *_: {"verdict": "pass" if name == "clean" else "fail", **verdict},
    )
    row = FleetRow(name="honest", model="honest", verdict=Verdict.FAIL, ending=1)
    report = FleetReport(version="0", name="fleet", title="Fleet", number=1, rows=(row,))
    monkeypatch.setattr("harness.cli.fleet.audited", lambda *_: report)
    monkeypatch.setattr("harness.cli.fleet_demo.make", lambda *_: None)
    monkeypatch.setattr("harness.cli.fleet_demo.audited_demo", lambda *_: dataclasses.replace(report, rows=()))
    monkeypatch.setattr("harness.redteam.plant.plant", lambda _kind, _model, out, *_, **__: out)
    monkeypatch.setattr("harness.hunting.candidates.MOST_PAIRED", 0)
    monkeypatch.setattr("harness.models.fetching.local.local_model", lambda *_: str(folder / "honest"))
    return folder


def run(path: Path_, *extra: str) -> int:
    return main([*shlex.split(COMMANDS[path].format(run=sample_run().info.run_id)), *extra])


def test_every_verb_has_a_command_here() -> None:
    assert set(PARSERS) == set(COMMANDS) | BECOMES_PYTEST


@pytest.mark.parametrize("path", PARSERS, ids=" ".join)
class TestHelp:
    def test_has_an_example_that_the_parser_takes(self, path: Path_) -> None:
        text = PARSERS[path].format_help()
        assert "example:" in text
        told = text.partition("example:")[2].replace("\\\n", " ")
        examples = [line.strip() for line in told.splitlines() if line.strip().startswith("soundcheck ")]
        assert any(line.split()[1 : 1 + len(path)] == list(path) for line in examples)
        for line in examples:
            words = shlex.split(line.partition(" > ")[0].partition(" -- ")[0])[1:]
            assert make_parser(VERBS).parse_args(words).run

    def test_says_what_the_verb_does_and_what_each_option_is(self, path: Path_) -> None:
        parser = PARSERS[path]
        assert parser.description
        assert parser.description.endswith(".")
        assert [action.dest for action in parser._actions if not action.help] == []

    def test_goes_to_stdout_and_ends_well(self, path: Path_, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as caught:
            main([*path, "--help"])
        assert caught.value.code == 0
        out, err = capsys.readouterr()
        assert out.startswith("usage: soundcheck")
        assert err == ""


@pytest.mark.parametrize("path", [slow(path) if path in LONG else path for path in COMMANDS], ids=" ".join)
class TestOutput:
    @pytest.fixture(autouse=True)
    def on_a_terminal(self, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        """The hard case: somebody watches, who wants no colour."""
        monkeypatch.setenv("NO_COLOR", "1")
        monkeypatch.delenv("FORCE_COLOR", raising=False)
        for stream in (sys.stdout, sys.stderr):
            monkeypatch.setattr(stream, "isatty", lambda: True, raising=False)

    @pytest.fixture(autouse=True)
    def examined_once(self, path: Path_, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
        if path == ("doctor",):
            found = request.getfixturevalue("examined")
            monkeypatch.setattr(doctor, "examine", lambda _: iter(found))

    def test_is_json_and_nothing_else(self, path: Path_, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(path, "--format", "json") in DECIDED
        out, err = capsys.readouterr()
        found: Any = json.loads(out)
        assert isinstance(found, dict | list)
        assert out.endswith("\n")
        assert out.isascii(), "no phrase reaches a terminal as it is"
        assert "NaN" not in out
        assert not COLOUR.search(out + err)

    def test_as_text_keeps_talk_apart_and_has_no_colour(self, path: Path_, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(path) in DECIDED
        out, err = capsys.readouterr()
        assert "soundcheck:" not in out
        assert not COLOUR.search(out + err)
        assert all(line.startswith(("soundcheck:", "\r")) for line in err.splitlines() if line)

    def test_of_a_wrong_option_is_usage_on_stderr(self, path: Path_, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as caught:
            run(path, "--no-such-option")
        assert caught.value.code == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert "--no-such-option" in err


def test_without_a_verb_says_which_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert all(name in err for name in VERBS)
