"""Every rule has one home, words, and a place in the registry; nothing that is found goes by any other name."""

from __future__ import annotations

import ast
import json
from functools import cache
from pathlib import Path

import pytest

from harness.cli.list_rules import PAGE_COMMAND, to_markdown
from harness.cli.main import main as run_verb
from harness.core.findings import Finding, Outcome
from harness.core.rules import Rule
from harness.core.types import Verdict
from harness.core.verdict import RunResult
from harness.report.formats.sarif_run import to_sarif
from harness.run.rules import every_rule
from tests.report_samples import INFO

RULES = every_rule()
HARNESS = Path(__file__).parents[2] / "harness"
PAGE = HARNESS.parent / "docs" / "rules.md"


def made_in(path: Path) -> list[str]:
    """Names that a module's top level gives to rules, by its text."""
    return [
        target.id
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        for target in node.targets
        if isinstance(target, ast.Name) and ast.unparse(node.value.func) in ("Rule", "_rule", "documented_rule")
    ]


@cache
def modules() -> dict[Path, list[str]]:
    """Those that make rules, with the names they give them."""
    return {path: names for path in sorted(HARNESS.rglob("*.py")) if (names := made_in(path))}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
class TestEveryRule:
    def test_has_words(self, rule: Rule) -> None:
        for text in (rule.title, rule.meaning, rule.advice):
            assert text == text.strip()
            assert text
        assert len(rule.title) < 80
        assert not rule.title.endswith(".")
        assert rule.meaning.endswith(".")
        assert rule.advice.endswith(".")

    def test_has_a_family_and_a_name(self, rule: Rule) -> None:
        family, dot, name = rule.id.partition(".")
        assert (family, dot) == (rule.family, ".")
        assert name.replace("-", "").isalnum()
        assert rule.id == rule.id.lower()

    def test_has_its_own_words_in_the_sarif_of_a_run(self, rule: Rule) -> None:
        finding = Finding(rule=rule, severity=rule.severity, subject="a", title="is odd")
        outcome = Outcome(subject="a", verdict=Verdict.FAIL, findings=(finding,))
        found = json.loads(to_sarif(RunResult(info=INFO, outcomes=(outcome,), planned=1)))["runs"][0]
        (told,) = [one for one in found["tool"]["driver"]["rules"] if one["id"] == rule.id]
        assert told["shortDescription"]["text"] == rule.title
        assert told["fullDescription"]["text"] == rule.meaning
        assert rule.advice in told["help"]["text"]
        assert "no description here" not in json.dumps(told)


class TestTheRegistry:
    def test_has_every_id_once(self) -> None:
        names = [rule.id for rule in RULES]
        assert len(names) > 160
        assert sorted(set(names)) == sorted(names)

    def test_has_every_rule_that_any_module_makes(self) -> None:
        import importlib

        missing = []
        for path, names in modules().items():
            module = importlib.import_module(".".join(path.relative_to(HARNESS.parent).with_suffix("").parts))
            missing += [f"{module.__name__}.{name}" for name in names if getattr(module, name) not in RULES]
        assert missing == []

    def test_reads_what_it_is_about(self) -> None:
        assert sum(map(len, modules().values())) > 140


class TestThePage:
    def test_is_what_the_registry_says(self) -> None:
        assert PAGE.read_text("utf-8") == to_markdown(RULES), f"stale; write it anew: {PAGE_COMMAND}"

    @pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
    def test_has_a_row_for_every_rule(self, rule: Rule) -> None:
        (row,) = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith(f"| `{rule.id}` |")]
        assert rule.title in row
        assert ("open" in row.split("|")[2]) is (rule.verdict is Verdict.INCONCLUSIVE)

    def test_is_not_the_only_one_that_names_a_rule(self) -> None:
        """Each is named where its subject is explained."""
        docs = PAGE.parent
        pages = [path for path in (*docs.glob("*.md"), *docs.glob("*/*.md")) if path != PAGE]
        told = "\n".join(path.read_text("utf-8") for path in pages)
        assert [rule.id for rule in RULES if f"`{rule.id}`" not in told] == []


class TestTheList:
    def test_is_text_for_people_and_json_for_programs(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run_verb(["list", "--rules"]) == 0
        assert "timing.slow   HIGH\n  The candidate speaks more slowly\n  means    " in capsys.readouterr().out
        assert run_verb(["list", "--rules", "--format", "json"]) == 0
        told = json.loads(capsys.readouterr().out)["rules"]
        assert [one["id"] for one in told] == [rule.id for rule in RULES]
        assert {one["family"] for one in told} >= {"admission", "behaviour", "speech", "cost"}

    def test_writes_the_page(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run_verb(["list", "--rules", "--format", "markdown"]) == 0
        assert capsys.readouterr().out == PAGE.read_text("utf-8")

    def test_has_no_other_page(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run_verb(["list", "--format", "markdown"]) == 2
        assert "add --rules" in capsys.readouterr().err


class TestFindings:
    def test_are_never_made_with_a_rule_of_the_moment(self) -> None:
        """``Rule(...)`` stands at the top level of its owner's module, or in a function of it that makes these."""
        wrong = []
        for path in sorted(HARNESS.rglob("*.py")):
            tree = ast.parse(path.read_text("utf-8"))
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef) and node.name not in ("_rule", "documented_rule", "undescribed"):
                    wrong += [
                        f"{path.relative_to(HARNESS)}:{call.lineno}"
                        for call in ast.walk(node)
                        if isinstance(call, ast.Call) and ast.unparse(call.func) == "Rule"
                    ]
        assert wrong == []
