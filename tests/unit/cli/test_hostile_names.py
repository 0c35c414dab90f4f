"""Names and texts of somebody else's in what verbs print: none begins or carries a command to a pipeline."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
from pathlib import Path

import pytest

from harness.cli.main import main

COMMANDS = (
    "::stop-commands::x",
    "##vso[task.complete result=Succeeded]",
    "##teamcity[buildStop]",
    "##[error]x",
    "a\n::add-mask::x",
    "a\n  ::add-mask::y",
)
SUITE = """\
version: 1
title: "{0}"
language: en
probes:
  - {{id: door, family: carriers, text: "{0} Please close the door."}}
"""


def assert_inert(shown: str) -> None:
    assert [line for line in shown.splitlines() if re.match(r"\s*::", line)] == []
    assert re.findall(r"##\w*\[", shown) == []


@pytest.fixture
def voice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A model whose folder, files, configuration and suite are called what a pipeline obeys; what it is called."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("harness.cli.doctor.try_imports", lambda _: {})  # what others named is all installed
    folder = tmp_path / "::add-mask::voice ##vso[task.complete]"
    folder.mkdir()
    for name in COMMANDS:
        (folder / f"{name}.pkl").write_bytes(b"\x80\x02cos\nsystem\n(X\x02\x00\x00\x00idtR.")
        (folder / f"{name}.py").touch()
    fields = {name: name for name in COMMANDS} | {"model": "::stop-commands::vits"}
    (folder / "config.json").write_text(json.dumps(fields), "utf-8")
    (folder / "::x.pth").write_bytes(b"\x80\x02c##vso[x]\n::stop-commands::x\n.")
    (tmp_path / "::s##vso[x].probes.yaml").write_text(SUITE.format("##vso[x]"), "utf-8")
    (tmp_path / "::s.toml").write_text('version = 1\n"##vso[x]" = "::stop"\n', "utf-8")
    return folder.name


@pytest.mark.parametrize(
    "words",
    [
        "scan VOICE",
        "scan VOICE --format json",
        "scan VOICE --format sarif",
        "scan VOICE/::x.pth",
        "verify VOICE --digest DIGEST",
        "verify VOICE --digest DIGEST --format json",
        "verify VOICE --sums ::s.toml",
        "list ::s##vso[x].probes.yaml",
        "list ::s##vso[x].probes.yaml --format json",
        "list ::none##vso[x]",
        "policy check ::s.toml",
        "policy check ::s.toml --format json",
        "policy check ::none##vso[x]",
        "record --model VOICE --suite ::s##vso[x].probes.yaml --out golden/x --asr fake --reason ##vso[x]",
        "fetch ::none##vso[x]",
        "fetch https://##vso[x]",
        "gate ::none##vso[x] --model VOICE",
        "golden list",
        "golden show ::none##vso[x]",
        "golden accept ::none##vso[x] --reason ##vso[x] --approver ::me",
        "golden diff ::none##vso[x]",
        "golden review ::none##vso[x]",
        "golden prune ::none##vso[x]",
        "report ::none##vso[x]",
        "history ::none##vso[x]",
        "audit ::none##vso[x]",
        "signoff ::none##vso[x] --key ::k##vso[x]",
        "verify-signoff ::none##vso[x] --model VOICE",
        "sign VOICE --key ::none##vso[x]",
        "redteam plant --model VOICE --out ::out##vso[x]",
        "redteam score --model VOICE --suite ::s##vso[x].probes.yaml --golden ::none##vso[x] --asr fake",
        "redteam score --model VOICE --suite ::none##vso[x] --asr fake",
        "scan VOICE --policy ::s.toml",
        "scan VOICE --copy-voice ::out##vso[x]",
        "list --model VOICE --voices",
        pytest.param("doctor --model VOICE", marks=pytest.mark.slow),
        "demo --dir ::none##vso[x] --seed ##vso[x]",
        "##vso[x]",
    ],
)
def test_reach_no_pipeline(words: str, voice: str, capsys: pytest.CaptureFixture[str]) -> None:
    meant = {"VOICE": voice, "DIGEST": f"sha256:{'0' * 64}"}
    typed = [voice + word[5:] if word.startswith("VOICE/") else meant.get(word, word) for word in words.split()]
    with contextlib.suppress(SystemExit):
        main(typed)
    shown = capsys.readouterr()
    assert shown.out + shown.err
    assert_inert(shown.out)
    assert_inert(shown.err)


@pytest.mark.parametrize(
    "words",
    [
        "golden list",
        "golden list --format json",
        "golden show ##vso[x]",
        "golden diff ##vso[x] golden/small",
        "golden diff ##vso[x] golden/small --format json",
        "golden accept ##vso[x] --reason ::stop-commands::x --approver ##vso[me]",
        "golden prune ##vso[x]",
    ],
)
def test_of_a_golden_reach_no_pipeline(
    words: str, recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(recorded / "golden/small", "golden/small")
    shutil.copytree(recorded / "golden/small", "golden/##vso[x]")
    for name in ("manifest.json", "records.jsonl"):
        path = Path("golden/##vso[x]", name)
        path.write_text(re.sub("made for tests|close the door", "##vso[x] ::stop", path.read_text("utf-8")), "utf-8")
    with contextlib.suppress(SystemExit):
        main(words.split())
    shown = capsys.readouterr()
    assert shown.out + shown.err
    assert_inert(shown.out)
    assert_inert(shown.err)


def test_reach_no_pipeline_from_pytest(voice: str, pytester: pytest.Pytester, tmp_path: Path) -> None:
    suite = tmp_path / "s.probes.yaml"
    text = SUITE.format(title := "::stop-commands::x ##vso[x]").replace(f'text: "{title} ', 'text: "')
    suite.write_text(text, "utf-8")
    for path in (tmp_path / voice).glob("*\n*"):  # with a line break in a name nothing begins
        path.unlink()
    done = pytester.runpytest_inprocess(
        str(suite), f"--tts-model={tmp_path / voice}", "--tts-asr=fake", "-p", "no:cacheprovider", "-rA"
    )
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    # pytest's own header names what was typed; what follows it is ours.
    assert_inert("\n".join(line for line in done.outlines + done.errlines if not line.startswith("rootdir")))
