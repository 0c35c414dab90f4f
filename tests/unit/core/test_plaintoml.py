"""TOML whose every key is asked for; what is wrong with it is told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.core.errors import BadInput
from harness.core.plaintoml import Table, parse_toml, shown, unknown_key

TEXT = """
version = 1
[sources]
"hosts" = ["a.example"]
most = 3
[[model]]
name = "a"
[[model]]
name = "b" # the second
"""


def sources(text: str = TEXT) -> Table:
    document = parse_toml(text, "p.toml")
    place = ("sources",)
    return Table(
        document=document, place=place, heading="[sources]", root=Path("/r"), values=document.content["sources"]
    )


def refusal(text: str) -> str:
    with pytest.raises(BadInput) as caught:
        parse_toml(text, "p.toml")
    return str(caught.value)


class TestDocument:
    @pytest.mark.parametrize(
        ("place", "line"),
        [
            (("version",), 2),
            (("sources",), 3),
            (("sources", "hosts"), 4),
            (("sources", "none"), 3),
            (("model#1",), 6),
            (("model#2", "name"), 9),
            (("none",), 0),
            ((), 0),
        ],
    )
    def test_knows_the_line_of_what_stands_there(self, place: tuple[str, ...], line: int) -> None:
        assert parse_toml(TEXT, "p.toml").line(place) == line

    def test_says_where_something_is_wrong(self) -> None:
        document = parse_toml(TEXT, "p\u202e.toml")
        assert str(document.error(("version",), "no")) == "p⟨U+202E⟩.toml:2: no"
        assert str(document.error(("none",), "no", "[x]")) == "p⟨U+202E⟩.toml [x]: no"

    def test_is_toml(self) -> None:
        assert refusal("a b").startswith("p.toml: expected TOML (Expected '=' after a key")
        assert refusal("a = 1\na = 2").startswith("p.toml: expected TOML (Cannot overwrite a value")

    @pytest.mark.parametrize("text", ["a = " + "[" * 20_000, "a = " + "9" * 5_000])
    def test_has_an_end(self, text: str) -> None:
        assert refusal(text).startswith("p.toml: expected TOML")


class TestTable:
    def test_refuses_a_key_that_nobody_asks_for(self) -> None:
        sources().only("hosts", "most")
        with pytest.raises(BadInput) as caught:
            sources().only("host", "most")
        assert str(caught.value) == "p.toml:4 [sources]: unknown key 'hosts'; did you mean 'host'?"

    def test_gives_values_of_the_kind_that_is_asked_for(self) -> None:
        table = sources()
        assert table.texts("hosts") == ("a.example",)
        assert table.paths("hosts") == (Path("/r/a.example"),)
        assert table.number("most", 1, least=0, most=3) == 3.0
        assert (table.text("none", "x"), table.flag("none", True), table.texts("none")) == ("x", True, ())

    @pytest.mark.parametrize(
        ("value", "line"),
        [
            ("most = 4", "p.toml:2 [sources]: most: expected 0 to 3, got 4"),
            ("most = true", "p.toml:2 [sources]: most: expected a number, got bool"),
            ('most = "3"', "p.toml:2 [sources]: most: expected a number, got str"),
        ],
    )
    def test_refuses_a_number_out_of_bounds(self, value: str, line: str) -> None:
        with pytest.raises(BadInput) as caught:
            sources(f"[sources]\n{value}").number("most", 1, least=0, most=3)
        assert str(caught.value) == line

    def test_refuses_values_of_another_kind(self) -> None:
        table = sources("[sources]\na = 1\nb = [1]\nc = 'yes'")
        for read, what in (
            (lambda: table.text("a", ""), "p.toml:2 [sources]: a: expected a string, got int"),
            (lambda: table.texts("b"), "p.toml:3 [sources]: b: expected a list of strings, got list"),
            (lambda: table.flag("c", False), "p.toml:4 [sources]: c: expected true or false, got str"),
        ):
            with pytest.raises(BadInput) as caught:
                read()
            assert str(caught.value) == what


class TestWords:
    def test_of_a_key_that_is_like_none(self) -> None:
        assert unknown_key("zzz", ("hosts", "most")) == "unknown key 'zzz'; expected one of hosts, most"

    def test_of_a_value(self) -> None:
        assert shown(None) == "nothing"
        assert shown("\u202e") == "'\\u202e'"
        assert len(shown("x" * 100)) == 60
