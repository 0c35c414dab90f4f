"""What the documents say exists: links, verbs, options, files; and the commands that they show can be given."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.cli import reference
from harness.cli.main import VERBS, make_parser
from harness.report.formats.registry import FORMATS
from harness.run.options import OPTIONS as TABLE
from harness.run.options import add_options
from harness.suites.parse import parse_suite
from tests.conftest import MODEL_CHECKS

ROOT = Path(__file__).parent.parent
HARNESS = ROOT / "harness"
PAGES = sorted(
    path
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
    if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"`{1,2}([\w.-]+(?:/[\w.-]+)+/?)`{1,2}")
OUR_FOLDERS = (
    "benchmarks",
    "ci",
    "docs",
    "fuzz",
    "harness",
    "probes",
    "tests",
    *(path.name for path in HARNESS.iterdir()),
)
OPTION = re.compile(r"(?<![\w-])--tts-[a-z-]+")
SHELL = ("sh", "bash", "console")


@dataclass
class Options:
    """Stands in for pytest's parser: remembers what the plugin registers."""

    found: dict[str, dict[str, Any]] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)

    def getgroup(self, *_: str) -> Options:
        return self

    def addoption(self, name: str, **about: Any) -> None:
        self.found[name] = about

    def addini(self, name: str, *_: str, **__: str) -> None:
        self.keys.add(name)


OPTIONS = Options()
add_options(OPTIONS)  # type: ignore[arg-type]


def verb_options(parser: argparse.ArgumentParser) -> set[str]:
    found = {option for action in parser._actions for option in action.option_strings}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found |= {option for child in action.choices.values() for option in verb_options(child)}
    return found


VERB_OPTIONS = verb_options(make_parser(VERBS))


def anchors(page: Path) -> set[str]:
    """Anchors of a page's headings, as GitHub makes them."""
    text = FENCE.sub("", page.read_text("utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def commands(page: Path) -> Iterator[str]:
    """Every command line that a page shows in a block of shell."""
    for _, language, block in FENCE.findall(page.read_text("utf-8")):
        if language in SHELL:
            for line in block.replace("\\\n", " ").splitlines():
                for part in re.split(r" && | > |; ", line):
                    if part := part.partition(" # ")[0].replace("...", "x").strip():
                        yield part


def words_of(command: str) -> list[str]:
    return shlex.split(command, comments=True)


def missing_files(text: str) -> set[str]:
    """Files in backticks that ought to be ours, from the root, and are not there. ``NAME`` stands for any name."""
    named = {name for name in FILE.findall(text) if name.partition("/")[0] in OUR_FOLDERS and "NAME" not in name}
    return {name for name in named if not (ROOT / name).exists() and "." in name.rpartition("/")[2]}


by_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@by_page
class TestPage:
    def test_links_to_what_is_there(self, page: Path) -> None:
        wrong = []
        for target in LINK.findall(FENCE.sub("", page.read_text("utf-8"))):
            if re.match(r"[a-z]+:", target):
                continue
            name, _, anchor = target.partition("#")
            file = (page.parent / name).resolve() if name else page
            if not file.exists() or not file.is_relative_to(ROOT) or (anchor and anchor not in anchors(file)):
                wrong.append(target)
        assert wrong == []

    def test_names_files_that_exist(self, page: Path) -> None:
        assert missing_files(page.read_text("utf-8")) == set()

    def test_names_verbs_that_exist(self, page: Path) -> None:
        text = page.read_text("utf-8")
        named = set(re.findall(r"`soundcheck ([a-z-]+)", text))
        named |= {words_of(line)[1] for line in commands(page) if line.startswith("soundcheck ")}
        assert named - set(VERBS) == set()

    def test_shows_targets_that_make_has(self, page: Path) -> None:
        targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
        text = page.read_text("utf-8")
        named = {words[1] for line in commands(page) if (words := line.split())[:1] == ["make"]}
        named |= set(re.findall(r"`make ([a-z-]+)(?=[` ])", text))
        assert named - targets == set()

    def test_names_options_that_exist(self, page: Path) -> None:
        named = set(OPTION.findall(page.read_text("utf-8")))
        assert named - OPTIONS.found.keys() == set()

    def test_shows_commands_of_ours_that_the_parser_takes(self, page: Path) -> None:
        for line in commands(page):
            if line.startswith("soundcheck "):
                words = words_of(re.sub(r"\$\([^)]*\)", "x", line))[1:]
                try:
                    assert make_parser(VERBS).parse_args(words).run, line
                except SystemExit:
                    pytest.fail(f"not a command: {line}")

    def test_shows_pytest_commands_whose_choices_exist(self, page: Path) -> None:
        for line in commands(page):
            if not line.partition(" ")[0].endswith("pytest"):
                continue
            words = words_of(re.sub(r"\$\([^)]*\)", "1", line))
            for at, word in enumerate(words):
                name, equals, value = word.partition("=")
                if name not in OPTIONS.found:
                    continue
                about = OPTIONS.found[name]
                given = value if equals or about.get("action") == "store_true" else words[at + 1]
                if "choices" in about:
                    assert given in about["choices"], line
                if name == "--tts-report":
                    assert given.partition("=")[0] in {*FORMATS, "FORMAT[", "FORMAT"}, line

    def test_names_items_that_exist(self, page: Path) -> None:
        prefixes = {check.partition("-")[0] for check in MODEL_CHECKS}
        named = set(re.findall(rf"item[s]? `((?:{'|'.join(prefixes)})-[a-z-]+)`", page.read_text("utf-8")))
        assert named - set(MODEL_CHECKS) == set()

    def test_shows_suites_that_can_be_read(self, page: Path) -> None:
        for _, language, block in FENCE.findall(page.read_text("utf-8")):
            content = yaml.safe_load(block) if language == "yaml" else None
            if isinstance(content, dict) and "probes" in content:
                assert parse_suite(block, "shown.probes.yaml").probes


INDICES = sorted(path for path in PAGES if path.name == "README.md" and path.parent != ROOT)


VALUED = "|".join(option.stem for option in TABLE if option.type is not bool)
WORDS = "|".join(re.escape(word) for word in (*FORMATS, *(word for option in TABLE for word in option.choices)))
SPACED = re.compile(
    rf"--tts-(?:{VALUED}) (?:[A-Z{{…'\"$<(\d]|[\w.-]*[/=:][\w{{]|(?:{WORDS})\b)|[\"']--tts-(?:{VALUED})[\"'], "
)
"""An option of pytest's with its word after a space, in a text or in a list of arguments."""
PRINTED = sorted(
    path
    for path in (
        *PAGES,
        *(ROOT / "harness").rglob("*.py"),
        *(ROOT / "benchmarks").glob("*.py"),
        *(ROOT / "ci").rglob("*.yml"),
        ROOT / "action.yml",
        ROOT / "Makefile",
    )
)


class TestEqualsSign:
    """``--tts-model DIR``: pytest takes DIR for an argument of its own and reads configuration in that folder."""

    @pytest.mark.parametrize("path", PRINTED, ids=lambda path: str(path.relative_to(ROOT)))
    def test_no_command_that_is_shown_or_printed_gives_a_word_after_a_space(self, path: Path) -> None:
        assert SPACED.findall(path.read_text("utf-8")) == []

    @pytest.mark.parametrize(
        "line",
        [
            "pytest a.probes.yaml --tts-model voices/x",
            "pytest --tts-golden NAME",
            "add --tts-compare golden to it",
            "run again with --tts-takes 8",
            "--tts-report csv",
            'f"--tts-model {shell_word(model)}"',
            '["--tts-model", str(model)]',
        ],
    )
    def test_is_missed_where_it_is_missing(self, line: str) -> None:
        assert SPACED.search(line)

    @pytest.mark.parametrize(
        "line",
        [
            "pytest a.probes.yaml --tts-model=voices/x --tts-fresh -n 2",
            "no such model directory; --tts-model takes a folder with config.json",
            "give --tts-reference, or record",
            "--tts-dir and goldens",
            'option: str = "--tts-dir") -> None',
        ],
    )
    def test_is_not_missed_in_a_sentence(self, line: str) -> None:
        assert not SPACED.search(line)


class TestOptionsPage:
    def test_is_what_the_table_and_the_verbs_say(self) -> None:
        assert (ROOT / "docs" / "options.md").read_text("utf-8") == reference.page(), (
            f"write it again: {reference.COMMAND}"
        )


class TestIndex:
    @pytest.mark.parametrize("index", INDICES, ids=lambda page: str(page.relative_to(ROOT)))
    def test_leads_to_every_page_beside_it_and_to_the_indices_below(self, index: Path) -> None:
        linked = {(index.parent / target).resolve() for target in LINK.findall(index.read_text("utf-8"))}
        below = {page for page in INDICES if page.parent.parent == index.parent}
        assert ({page for page in PAGES if page.parent == index.parent} | below) - linked == {index}

    def test_stands_in_every_folder_of_pages(self) -> None:
        assert {page.parent for page in PAGES} - {ROOT} == {index.parent for index in INDICES}

    def test_numbers_decisions_without_a_gap(self) -> None:
        records = [page for page in PAGES if page.parent.name == "decisions" and page.name != "README.md"]
        assert [int(page.name[:2]) for page in records] == list(range(1, len(records) + 1))
        for number, page in enumerate(records, 1):
            text = page.read_text("utf-8")
            assert text.startswith(f"# {number}. ")
            assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "What follows"]


class TestSources:
    def test_name_files_that_exist(self) -> None:
        """Docstrings and comments, as well as pages."""
        sources = [
            path for folder in ("harness", "probes", "benchmarks", "fuzz") for path in (ROOT / folder).rglob("*.py")
        ]
        wrong = {str(path.relative_to(ROOT)): missing_files(path.read_text("utf-8")) for path in sources}
        assert {name: missing for name, missing in wrong.items() if missing} == {}


class TestThreatModel:
    page = (ROOT / "docs" / "threat-model.md").read_text("utf-8")

    @pytest.mark.parametrize("check", [check for check in MODEL_CHECKS if check != "engine-load"])
    def test_names_what_every_check_is_good_for(self, check: str) -> None:
        """A vector that is said to be open while a check closes it misleads as much as the other way round."""
        assert f"`{check}`" in self.page


class TestInstalling:
    def test_is_from_a_checkout_or_a_wheel(self) -> None:
        """The name is in no registry: to install it from there is to install what somebody else put there."""
        wrong = [
            (page.name, line)
            for page in PRINTED
            for line in page.read_text("utf-8").splitlines()
            if re.search(r"pip install[^#]*\bpytest-soundcheck\b(?!.* @ )", line)
        ]
        assert wrong == []


class TestGlossary:
    def test_is_in_the_order_of_its_words(self) -> None:
        words = re.findall(r"^\| \*\*([^*]+)\*\*", (ROOT / "docs" / "glossary.md").read_text("utf-8"), re.MULTILINE)
        assert words == sorted(set(words), key=str.lower)
        assert {"candidate", "finding", "golden", "probe", "rendering", "rule", "run", "take", "verdict"} <= set(words)


class TestReading:
    """The rules above are only as good as what they read."""

    def test_finds_commands_in_blocks_of_shell_only(self, tmp_path: Path) -> None:
        page = tmp_path / "page.md"
        page.write_text(
            "```sh\nsoundcheck scan \\\n  a # why\nx && pytest b\n```\n```text\nsoundcheck no\n```\n", "utf-8"
        )
        assert list(commands(page)) == ["soundcheck scan    a", "x", "pytest b"]

    def test_finds_links_and_anchors(self, tmp_path: Path) -> None:
        page = tmp_path / "page.md"
        page.write_text("# A heading, `code`!\n[a](b.md#c) ![not](x.png)\n", "utf-8")
        assert LINK.findall(page.read_text("utf-8")) == ["b.md#c"]
        assert anchors(page) == {"a-heading-code"}

    def test_finds_files_that_have_moved(self) -> None:
        text = "`harness/judge.py`, ``run/run.py``, `harness/run/run.py`, `harness/engines/NAME.py`, `voices/candidate`"
        assert missing_files(text) == {"harness/judge.py", "run/run.py"}

    def test_knows_options_of_both_front_doors(self) -> None:
        assert "--tts-gate" in OPTIONS.found
        assert "--asr" in VERB_OPTIONS
        assert len(PAGES) > 10
