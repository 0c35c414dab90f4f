"""Every format says its version; another version than the one that is read gets one line, and a page lists all."""

from __future__ import annotations

import json
import os
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.core.errors import SoundcheckError
from harness.costs.profile import FORMAT_VERSION as PROFILE_VERSION
from harness.fleet import audits, verdicts
from harness.fleet.file import FORMAT_VERSION as FLEET_FILE_VERSION
from harness.fleet.file import read_fleet
from harness.fleet.serving import answers, queue
from harness.goldens import approvals
from harness.goldens.folder import FORMAT_VERSION as GOLDEN_VERSION
from harness.goldens.folder import INFORMING, read_golden, unread_beside
from harness.models.fetching import ledger
from harness.policy.text import FORMAT_VERSION as POLICY_VERSION
from harness.policy.text import parse_policy
from harness.redteam.delta import FORMAT_VERSION as DELTA_VERSION
from harness.redteam.delta import load_delta
from harness.report.formats import results
from harness.report.page.fleet import VERSION as FLEET_VERSION
from harness.report.page.power import VERSION as POWER_VERSION
from harness.run.self_test import VERSION as SELF_TEST_VERSION
from harness.signing import testresult
from harness.signing.dsse import BadSignature
from harness.signing.statement import write_statement
from harness.signoff.audit import FORMAT_VERSION as LIST_VERSION
from harness.signoff.audit import read_list
from harness.storage import rundirectory
from harness.suites.parse import FORMAT_VERSION as SUITE_VERSION
from harness.suites.parse import parse_suite
from tests.report_samples import passing_run

ROOT = Path(__file__).parents[2]
UPGRADE = "a newer Soundcheck wrote it: install that one"


def read_run(folder: Path, version: int) -> None:
    directory = rundirectory.RunDirectory.at(folder)
    directory.begin(passing_run().info, 1)
    path = folder / "run.json"
    path.write_bytes(path.read_bytes().replace(b'"version":%d}' % rundirectory.VERSION, b'"version":%d}' % version))
    directory.result()


def read_manifest(folder: Path, version: int) -> None:
    (folder / "manifest.json").write_text(json.dumps({"version": version, "new": 1}), "utf-8")
    read_golden(folder)


def read_log(folder: Path, version: int) -> None:
    (folder / approvals.FILE).write_text(json.dumps({"version": version, "new": 1}) + "\n", "utf-8")
    approvals.read_approvals(folder)


def read_sources(folder: Path, version: int) -> None:
    (folder / ledger.NAME).write_text(json.dumps({"version": version, "new": 1}), "utf-8")
    ledger.Ledger(folder).digest("hf://a/b@c")


def read_results(folder: Path, version: int) -> None:
    results.read(json.dumps({"format": results.FORMAT, "format_version": version, "new": 1}).encode())


def read_beside(name: str) -> Callable[[Path, int], None]:
    def read(folder: Path, version: int) -> None:
        (folder / name).write_text(json.dumps({"version": version, "new": 1}), "utf-8")
        golden: Any = SimpleNamespace(path=folder)
        for line in unread_beside(golden):
            raise SoundcheckError(line)

    return read


def read_policy(folder: Path, version: int) -> None:
    parse_policy(f"version = {version}\n", "p.toml")


def read_suite(folder: Path, version: int) -> None:
    parse_suite(f"version: {version}\ntitle: t\nlanguage: en\nprobes: []\n", "s.probes.yaml")


def read_models(folder: Path, version: int) -> None:
    (folder / "models.toml").write_text(f"version = {version}\n", "utf-8")
    read_list(folder / "models.toml")


def read_fleet_file(folder: Path, version: int) -> None:
    (folder / "fleet.toml").write_text(f"version = {version}\n", "utf-8")
    read_fleet(folder / "fleet.toml")


def read_submission(folder: Path, version: int) -> None:
    (folder / f"{'a' * 64}.json").write_text(json.dumps({"version": version, "new": 1}), "utf-8")
    os.utime(folder / f"{'a' * 64}.json", (1, 1))
    queue.Queue(folder, 1).read("a" * 64)


def read_signoff(folder: Path, version: int) -> None:
    run = {"name": "run", "digest": {"sha256": "ab" * 32}, "annotations": {"soundcheck": {"version": version, "x": 1}}}
    predicate = {"result": "PASSED", "configuration": [run]}
    testresult.from_payload(write_statement(testresult.PREDICATE, [("a", "ab" * 32)], predicate))


def read_delta(folder: Path, version: int) -> None:
    with zipfile.ZipFile(folder / "d.npz", "w") as file:
        file.writestr("description.json", json.dumps({"format": version}))
    load_delta(folder / "d.npz")


@dataclass(frozen=True)
class Format:
    """One format, as the page lists it."""

    name: str
    version: int
    read: Callable[[Path, int], None]
    line: str
    """What is said of the next version; ``{version}`` is the one that is read."""
    also: tuple[int, ...] = ()
    """Older versions that are read as well."""


FORMATS = [
    Format("run.json", rundirectory.VERSION, read_run,
           "/run.json: expected a run of version {version}, got {next}; " + UPGRADE, also=rundirectory.OLDER),
    Format("manifest.json", GOLDEN_VERSION, read_manifest,
           ": expected a golden of version {version}, got {next}; " + UPGRADE),
    Format("approvals.jsonl", approvals.VERSION, read_log,
           "/approvals.jsonl:1: expected an approval of version {version}, got {next}; " + UPGRADE),
    Format("soundcheck-sources.json", ledger.VERSION, read_sources,
           "/soundcheck-sources.json: expected a list of sources of version {version}, got {next}; " + UPGRADE),
    Format("cost-profile.json", PROFILE_VERSION, read_beside("cost-profile.json"),
           "/cost-profile.json: expected a cost-profile.json of version {version}, got {next}; " + UPGRADE),
    Format("self-test.json", SELF_TEST_VERSION, read_beside("self-test.json"),
           "/self-test.json: expected a self-test.json of version {version}, got {next}; " + UPGRADE),
    Format("results.json", results.VERSION, read_results,
           "results.json: expected format_version {version}, got {next}; write it again"),
    Format("sign-off", testresult.VERSION, read_signoff,
           "no sign-off of Soundcheck: expected version {version} of the run's fields, got {next}"),
    Format("policy", POLICY_VERSION, read_policy, "p.toml:1: expected version = {version}, got {next}"),
    Format("suite", SUITE_VERSION, read_suite,
           "s.probes.yaml:1: 'version' of the suite must be {version}, got the integer '{next}'"),
    Format("list of models", LIST_VERSION, read_models, "models.toml:1: expected version = {version}, got {next}"),
    Format("fleet", FLEET_FILE_VERSION, read_fleet_file, "expected version = {version}, got {next}"),
    Format("submission", queue.VERSION, read_submission, "expected version {version}, got {next}"),
    Format("recipe of the red team", DELTA_VERSION, read_delta, "/d.npz: format {next}, expected {version}"),
]  # fmt: skip


def refusal(one: Format, folder: Path, version: int) -> str:
    with pytest.raises((SoundcheckError, BadSignature)) as caught:
        one.read(folder, version)
    return str(caught.value)


@pytest.mark.parametrize("one", FORMATS, ids=lambda one: one.name)
class TestAnotherVersion:
    def test_gets_one_line_before_anything_else_is_read(self, one: Format, tmp_path: Path) -> None:
        line = refusal(one, tmp_path, one.version + 1)
        assert one.line.format(version=one.version, next=one.version + 1) in line
        assert "\n" not in line

    def test_that_is_older_is_not_called_newer(self, one: Format, tmp_path: Path) -> None:
        assert "newer" not in refusal(one, tmp_path, min((one.version, *one.also)) - 1)


class TestThisVersion:
    @pytest.mark.parametrize("version", [rundirectory.VERSION, *rundirectory.OLDER])
    def test_of_a_run_is_read(self, version: int, tmp_path: Path) -> None:
        read_run(tmp_path, version)

    def test_of_what_lies_beside_a_golden_is_not_complained_about(self, tmp_path: Path) -> None:
        for name, version in INFORMING.items():
            read_beside(name)(tmp_path, version)

    def test_of_a_self_test_was_not_written_at_first(self, tmp_path: Path) -> None:
        (tmp_path / "self-test.json").write_text("{}", "utf-8")
        golden: Any = SimpleNamespace(path=tmp_path)
        assert unread_beside(golden) == ()


class TestThePage:
    def test_lists_every_format_with_the_version_that_is_read(self) -> None:
        page = (ROOT / "docs/compatibility.md").read_text("utf-8")
        rows = re.findall(r"^\| ([^|]+?) \| [^|]+ \| [^|]+ \| ([^|]+?) \|", page, re.MULTILINE)
        listed = {name.replace("`", ""): version.split(",")[0] for name, version in rows[1:]}
        informing = {"power.json": POWER_VERSION, "fleet.json": FLEET_VERSION, "audit": audits.VERSION}
        informing |= {"verdict": verdicts.VERSION, "answer": answers.VERSION}
        known = {one.name: str(one.version) for one in FORMATS} | {name: str(one) for name, one in informing.items()}
        assert {name: version for name, version in listed.items() if version.isdigit()} == known
