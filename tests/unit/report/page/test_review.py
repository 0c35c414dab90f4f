"""The review page: both goldens side by side, nothing hostile gets out of its text, nothing is loaded or run."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from harness.core.changes import compare
from harness.core.types import GoldenRecord
from harness.report.page.review import Side, render, shown_shift, tally
from tests.report_samples import HOSTILE, LONG
from tests.unit.goldens.test_folder import record


class NoAudio:
    def path(self, sha256: str) -> Path | None:
        return None

    def golden_path(self, record: GoldenRecord) -> Path | None:
        return None


class Tags(HTMLParser):
    """Names and attributes of every tag, and whether all were closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def page(tmp_path: Path, old: dict[str, GoldenRecord], new: dict[str, GoldenRecord], text: str = "why") -> str:
    sides = [Side(name="joe", digest=digest * 32, reason=text, audio=NoAudio()) for digest in ("ab", "cd")]
    conditions = [("engine", "fake", text)]
    return render(compare(old, new), conditions, *sides, command=f"accept {text}", folder=tmp_path)


class TestPage:
    def test_shows_both_texts_with_the_difference_marked(self, tmp_path: Path) -> None:
        old = replace(record("a"), text="Do not open it.", transcript="do not open it")
        shown = page(tmp_path, {"a": old}, {"a": replace(old, transcript="do open it now")})
        assert "<del>not</del>" in shown
        assert "<ins>now</ins>" in shown
        assert "other words" in shown
        assert "the golden holds no audio for it" in shown

    def test_names_what_stays(self, tmp_path: Path) -> None:
        shown = page(tmp_path, {"a": record("a"), "b": record("b")}, {"a": record("a")})
        assert "1 will be gone, 1 the same" in shown
        assert '<p class="ids">a</p>' in shown

    @pytest.mark.parametrize("text", [HOSTILE, LONG, "\x00\x1b]0;title\x07", "&lt;already&gt;"])
    def test_of_hostile_text_has_the_same_tags_as_of_plain(self, text: str, tmp_path: Path) -> None:
        def make(text: str) -> str:
            old = replace(record("a"), text=text, transcript="x")
            new = replace(old, transcript=text)
            gone = replace(record("b"), text=text, transcript=text, probe_id=text)
            return page(tmp_path, {"a": old, text: gone}, {"a": new}, text)

        hostile, plain = Tags(make(text)).found, Tags(make("plain")).found
        marks = {"ins", "del", "mark", "code"}
        assert [tag for tag, _ in hostile if tag not in marks] == [tag for tag, _ in plain if tag not in marks]
        allowed = {"class", "title", "lang", "charset", "name", "content", "http-equiv"}
        assert {name for _, attributes in hostile for name in attributes} <= allowed
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u200b]", make(text))
        assert len(make(text)) < 60_000

    def test_allows_its_own_style_and_no_script(self, tmp_path: Path) -> None:
        shown = page(tmp_path, {}, {"a": record("a")})
        policy = next(a["content"] for tag, a in Tags(shown).found if a.get("http-equiv") == "Content-Security-Policy")
        style = shown.partition("<style>")[2].partition("</style>")[0]
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert policy == (
            f"default-src 'none'; style-src 'sha256-{digest}'; media-src data:; base-uri 'none'; form-action 'none'"
        )
        assert not re.search(r"url\(|@import|https?:", shown)


def test_a_tally_of_nothing_is_said() -> None:
    assert tally(()) == "no probes"


def test_a_shift_without_a_size_is_empty() -> None:
    assert (shown_shift(None), shown_shift(-1.25)) == ("", "-1.2 spreads")
