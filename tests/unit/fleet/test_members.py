"""Which folders are meant: those of a pattern by name, and none that a link or a name passes off as another."""

from __future__ import annotations

import pytest

from harness.core.errors import BadInput
from harness.fleet.file import read_fleet
from harness.fleet.members import members_of

HEAD = 'version = 1\n[defaults]\nsuites = ["s.probes.yaml"]\n'


@pytest.fixture
def named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("up/b", "up/a", "up/.git", "other"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "up/file").write_text("", "utf-8")

    def made(*tables):
        (tmp_path / "fleet.toml").write_text(HEAD + "".join(f"[[model]]\n{table}\n" for table in tables), "utf-8")
        return members_of(read_fleet(tmp_path / "fleet.toml"))

    return made


def test_of_a_pattern_are_its_folders_by_name(named):
    found = named("glob='up/*'", "path='other'", "path='hf://o/n@" + "a" * 40 + "'")
    assert [(one.name, one.spec) for one in found][:3] == [("up/a", "./up/a"), ("up/b", "./up/b"), ("other", "other")]
    assert not any(one.flaw for one in found)


def test_what_is_left_out_is_none(named):
    assert [one.name for one in named("glob='up/*'\nexcept=['up/b']")] == ["up/a"]
    with pytest.raises(BadInput, match="except: up/c is no folder of up/"):
        named("glob='up/*'\nexcept=['up/c']")


def test_one_that_is_named_twice_needs_a_name(named):
    with pytest.raises(BadInput, match=r"other is named at fleet\.toml:4 already; give one of them a name"):
        named("path='other'", "path='other'")
    with pytest.raises(BadInput, match=r"up/a is named at .* \(except\)"):
        named("path='up/a'", "glob='up/*'")
    assert [one.name for one in named("path='other'", "path='other'\nname='again'")] == ["other", "again"]


@pytest.mark.parametrize("pattern", ["up/../*", "**/x", "up/**", "https://x/*"])
def test_a_pattern_that_leads_anywhere_is_refused(pattern, named):
    with pytest.raises(BadInput, match=r"without '\.\.' and '\*\*'"):
        named(f"glob='{pattern}'")


def test_a_pattern_without_a_folder_is_no_empty_fleet(named):
    with pytest.raises(BadInput, match=r"expected folders like up/x\*, got none"):
        named("glob='up/x*'")


class TestStrangers:
    def test_a_link_among_them_is_not_followed(self, named, tmp_path):
        (tmp_path / "up/linked").symlink_to("/etc")
        (tmp_path / "up/lost").symlink_to("/nowhere")
        found = {one.name: one.flaw for one in named("glob='up/*'")}
        assert found["up/a"] == ""
        for name in ("up/linked", "up/lost"):
            assert found[name].startswith("expected a folder, got a link")

    def test_nor_one_above_them(self, named, tmp_path):
        (tmp_path / "elsewhere/model").mkdir(parents=True)
        (tmp_path / "up/team").symlink_to(tmp_path / "elsewhere")
        (found,) = (one for one in named("glob='up/*/model'"))
        assert found.flaw.startswith("expected a folder, got a link")

    def test_names_are_fit_to_be_shown(self, named, tmp_path):
        (tmp_path / "up/\x1b[31mred\u202e").mkdir()
        found = [one.name for one in named("glob='up/*'")]
        assert all(name.isprintable() for name in found)
        assert "up/red⟨U+202E⟩" in found

    def test_a_name_that_reads_as_another_s_is_told_and_not_looked_at(self, named, tmp_path):
        (tmp_path / "up/a\u202e").mkdir()
        (tmp_path / "up/a⟨U+202E⟩").mkdir()
        flaws = {one.name: one.flaw for one in named("glob='up/*'")}
        assert sum("its name reads as that of another model" in flaw for flaw in flaws.values()) == 1
        assert "up/a⟨U+202E⟩ ~2" in flaws

    @pytest.mark.parametrize("name", ["-x", "fake:x", "tts_models"])
    def test_no_folder_s_name_is_an_option_an_engine_or_a_source(self, name, named, tmp_path):
        (tmp_path / "up" / name).mkdir()
        assert f"./up/{name}" in {one.spec for one in named("glob='up/*'")}
        (tmp_path / name).mkdir()
        (found,) = named(f"glob='{name}*'")
        assert found.spec == f"./{name}"
