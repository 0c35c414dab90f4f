"""What others may build on: every listed name is there, typed and described, with examples that run; no other."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import harness
from harness.core.findings import Finding
from harness.core.types import Verdict
from harness.core.verdict import RunResult
from harness.storage.rundirectory import RunDirectory
from probes.dice import Dice
from probes.family import Family, Phrase
from tests.report_samples import sample_run

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "api.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def typed_names() -> Iterator[str]:
    """What a type checker sees in the package."""
    for node in ast.parse((ROOT / "harness" / "__init__.py").read_text("utf-8")).body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            for one in node.body:
                assert isinstance(one, ast.ImportFrom)
                yield from (alias.name for alias in one.names)


class TestNames:
    @pytest.mark.parametrize("name", harness.__all__)
    def test_are_there(self, name: str) -> None:
        assert getattr(harness, name) is not None

    def test_are_the_classes_that_the_harness_uses_itself(self) -> None:
        assert harness.Family is Family
        assert harness.Finding is Finding
        assert harness.Verdict is Verdict

    def test_are_what_a_type_checker_sees(self) -> None:
        assert sorted([*typed_names(), "__version__"]) == sorted(harness.__all__)

    def test_are_what_the_page_lists(self) -> None:
        assert sorted(re.findall(r"^\| `(\w+)` \| ", PAGE, re.MULTILINE)) == sorted(harness.__all__)

    def test_are_all_that_is_offered(self) -> None:
        assert dir(harness) == sorted(harness.__all__)
        with pytest.raises(AttributeError, match=r"no public name 'Judge'; docs/api\.md lists them"):
            harness.Judge  # noqa: B018 - asking is what is tested

    def test_cost_nothing_before_they_are_asked_for(self) -> None:
        code = "import sys, harness; print(*[name for name in sys.modules if name.startswith(('harness.', 'probes'))])"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
        assert done.stdout.strip() == ""


class TestExamples:
    def test_of_reading_a_run(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        result = sample_run()
        directory = RunDirectory(tmp_path / ".soundcheck", "a0ce4217fcae")
        directory.begin(result.info, result.planned)
        for outcome in result.outcomes:
            directory.record("main", outcome)
        monkeypatch.chdir(tmp_path)
        exec(compile(EXAMPLES[0], "docs/api.md", "exec"), {})
        first, *others = capsys.readouterr().out.splitlines()
        assert first.startswith("fail complete ")
        assert len(others) == sum(len(one.findings) for one in result.outcomes if one.verdict is Verdict.FAIL) > 0

    def test_of_phrases(self) -> None:
        made: dict[str, object] = {}
        exec(compile(EXAMPLES[1], "docs/api.md", "exec"), made)
        (family,) = made["pytest_tts_probes"]()  # type: ignore[operator]
        probes = family.generate(Dice("streets", 1), 4)
        assert [probe.trigger is not None for probe in probes] == [True, False, True, False]
        assert isinstance(next(family.draws["en"](harness.Setting(dice=Dice(1), vocabulary=())))[0], Phrase)


class TestReadingARun:
    def test_reads_a_copy_that_lies_elsewhere(self, tmp_path: Path) -> None:
        result = sample_run()
        directory = RunDirectory(tmp_path, "one")
        directory.begin(result.info, result.planned)
        directory.record("main", result.outcomes[0])
        copy = directory.path.rename(tmp_path / "artifact")
        read = harness.read_run(copy)
        assert isinstance(read, RunResult)
        assert read.info == result.info
        assert not read.complete
        assert [one.subject for one in read.outcomes] == [result.outcomes[0].subject]

    def test_says_where_none_lies(self, tmp_path: Path) -> None:
        with pytest.raises(harness.BadInput, match=r"expected a run directory, such as \.soundcheck/runs/ID"):
            harness.read_run(tmp_path / "nothing")
