"""What a verdict depends on: what is spoken, how it is judged and by whom, and on which day; never where it lies."""

from __future__ import annotations

import pytest

from harness.core.errors import BadInput
from harness.fleet import basis
from harness.fleet.basis import PARTS, changed_parts
from harness.fleet.looking import Eye, Terms
from harness.fleet.members import members_of
from tests.fake_gates import fake_fleet

POLICY = """\
version = 1
title = "T"
owner = "us"

[[waiver]]
rule = "speech.word-dropped"
subject = "door"
owner = "us"
reason = "known"
expires = 2026-12-01
"""


@pytest.fixture
def look(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def made(*tables, defaults="", terms=None):
        fleet = fake_fleet(tmp_path, ["a"], *tables, defaults=defaults)
        told = Terms(folder=tmp_path / ".soundcheck", **(terms or {}))
        (looked,) = (Eye(fleet, told, lambda _: None).look(one) for one in members_of(fleet))
        assert not looked.flaw
        return looked

    return made


def test_every_part_has_a_name(look):
    assert set(look("path = 'a'").parts) == set(PARTS)


def test_where_a_model_lies_and_what_it_is_called_is_none(look, tmp_path):
    first = look("path = 'a'")
    (tmp_path / "b").mkdir()
    (tmp_path / "b/fake.json").write_bytes((tmp_path / "a/fake.json").read_bytes())
    assert look("path = 'b'\nname = 'other'\npriority = 3").key == first.key


@pytest.mark.parametrize("change", ["executable", "written by anyone", "a link", "a folder"])
def test_what_admission_sees_beside_contents_is_one(change, look, tmp_path):
    before = look("path = 'a'")
    place = tmp_path / "a/fake.json"
    if change == "a link":
        place.rename(tmp_path / "kept.json")
        place.symlink_to(tmp_path / "kept.json")
    elif change == "a folder":
        (tmp_path / "a/empty").mkdir()
    else:
        place.chmod(0o755 if change == "executable" else 0o666)
    now = look("path = 'a'")
    assert now.digest == before.digest
    assert changed_parts(before.parts, now.parts) == ("kinds or permissions of its files",)


@pytest.mark.parametrize(
    ("defaults", "changed"),
    [
        ("takes = 3", "options"),
        ("alpha = 0.05", "options"),
        ("gate = 'release'", "options"),
        ("isolation = 'B'", "options"),
        ("policy = 'policy.toml'", "the policy"),
    ],
)
def test_what_shapes_a_verdict_is_one(defaults, changed, look, tmp_path):
    (tmp_path / "policy.toml").write_text(POLICY, "utf-8")
    first = look("path = 'a'")
    assert changed_parts(first.parts, look("path = 'a'", defaults=defaults).parts) == (changed,)


@pytest.mark.parametrize("defaults", ["threads = 1", "workers = 3", "memory-gb = 4", "takes = 2"])
def test_what_shapes_none_is_none(defaults, look):
    assert look("path = 'a'").key == look("path = 'a'", defaults=defaults).key


def test_a_verdict_without_a_sandbox_is_another_one(look):
    first = look("path = 'a'")
    assert changed_parts(first.parts, look("path = 'a'", terms={"allow_unsandboxed": True}).parts) == ("options",)


def test_a_policy_is_another_one_on_the_day_after_a_waiver_of_it_ends(look, tmp_path, monkeypatch):
    (tmp_path / "policy.toml").write_text(POLICY, "utf-8")
    found = []
    for day in ("2026-11-30", "2026-12-01", "2026-12-02"):
        monkeypatch.setattr(basis, "today", lambda day=day: day)
        found.append(look("path = 'a'", defaults="policy = 'policy.toml'").key)
    assert found[0] == found[1] != found[2]


def test_other_code_is_other_rules(look, monkeypatch):
    first = look("path = 'a'")
    monkeypatch.setattr(basis, "code_digest", lambda *_: "other")
    assert changed_parts(first.parts, look("path = 'a'").parts) == ("Soundcheck's rules",)


def test_a_suite_may_be_a_folder_of_them(look, tmp_path):
    (tmp_path / "suites").mkdir()
    with pytest.raises(BadInput, match="no such suite"):
        look("path = 'a'\nsuites = ['suites']")
    (tmp_path / "suites/two.probes.yaml").write_bytes((tmp_path / "two.probes.yaml").read_bytes())
    assert look("path = 'a'\nsuites = ['suites']").key == look("path = 'a'").key


def test_a_pin_of_the_project_is_one(look, tmp_path):
    first = look("path = 'a'")
    (tmp_path / "pyproject.toml").write_text(f'[tool.soundcheck.models]\n"a" = "sha256:{"0" * 64}"\n', "utf-8")
    assert changed_parts(first.parts, look("path = 'a'").parts) == ("signatures and pins",)
