"""A fleet file is read strictly: what is misspelt, of another kind or not said is one line with its place."""

from __future__ import annotations

import pytest

from harness.core.errors import BadInput
from harness.fleet.file import CHOSEN, NOT_OF_A_FLEET, read_fleet
from harness.fleet.members import members_of
from harness.run.options import OPTIONS

HEAD = 'version = 1\n[defaults]\nsuites = ["s.probes.yaml"]\n'


@pytest.fixture
def read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def made(text, name="fleet.toml"):
        (tmp_path / name).write_text(text, "utf-8")
        return read_fleet(tmp_path / name)

    return made


def test_what_a_model_does_not_say_is_said_for_all(read):
    fleet = read(
        'version = 1\ntitle = "Night"\n[defaults]\nsuites = ["s.probes.yaml"]\ngolden = "g"\ntakes = 3\n'
        '[[model]]\npath = "a"\n[[model]]\nglob = "up/*"\nexcept = ["up/b"]\ntakes = 4\npriority = 7\nspeaker = "all"\n'
    )
    assert (fleet.name, fleet.title) == ("fleet", "Night")
    one, other = fleet.entries
    assert (one.spec, one.is_glob, one.suites, one.priority) == ("a", False, ("s.probes.yaml",), 0)
    assert {stem: choice.value for stem, choice in one.choices.items()} == {"golden": "g", "takes": 3}
    assert (other.spec, other.is_glob, other.left_out, other.priority) == ("up/*", True, ("up/b",), 7)
    assert {stem: choice.value for stem, choice in other.choices.items()} == {
        "golden": "g", "takes": 4, "speaker": ["all"],
    }  # fmt: skip
    assert one.choices["takes"].name == "fleet.toml:6 takes"
    assert other.heading == "fleet.toml:9"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("version = 2\n[[model]]\npath='a'\n", "fleet.toml:1: expected version = 1, got 2"),
        ("version = true\n", "fleet.toml:1: expected version = 1, got True"),
        ("version = 1\n", "fleet.toml: expected 1 to 1000 tables [[model]], got 0"),
        ("version = 1\nmodels = 1\n", "fleet.toml:2: unknown key 'models'; did you mean 'model'?"),
        ("version = 1\nmodel = 1\n", "fleet.toml:2: expected tables [[model]], got something else"),
        ("version = 1\ndefaults = 1\n", "fleet.toml:2: expected a table, got int"),
        (HEAD + "[[model]]\n", "fleet.toml:4 [[model]] 1: expected a path or a glob, got none"),
        (HEAD + "[[model]]\npath='a'\nglob='b'\n", "fleet.toml:4 [[model]] 1: expected a path or a glob, got both"),
        (HEAD + "[[model]]\npath='a'\ngoldn='b'\n", "unknown key 'goldn'; did you mean 'golden'?"),
        (HEAD + "[[model]]\npath='a'\ntakes='2'\n", "fleet.toml:6 [[model]] 1: takes: expected 1 to 64, got '2'"),
        (HEAD + "[[model]]\npath='a'\ntakes=true\n", "takes: expected 1 to 64, got True"),
        (HEAD + "[[model]]\npath='a'\ntakes=2.5\n", "takes: expected 1 to 64, got 2.5"),
        (HEAD + "[[model]]\npath='a'\ngolden=''\n", "golden: expected NAME, got an empty word"),
        (HEAD + "[[model]]\npath='a'\ngolden=1\n", "golden: expected a string, got int"),
        (HEAD + "[[model]]\npath='a'\nexcept=['b']\n", "expected a glob beside it, got a path"),
        (HEAD + "[[model]]\nglob='a/*'\nname='b'\n", "expected no name beside a glob"),
        (HEAD + "[[model]]\npath='a'\npriority=0.5\n", "expected a whole number, got 0.5"),
        (HEAD + "[[model]]\npath='a'\nsuites=[]\n", "expected suites, here or in [defaults]; got none"),
        ("version = 1\n[[model]]\npath='a'\n", "expected suites, here or in [defaults]; got none"),
        ("version = 1\nname = '../x'\n", "expected a name of letters, digits"),
        ("\x1b]0;x\x07 = 1", "expected TOML"),
    ],
)  # fmt: skip
def test_what_is_not_as_it_must_be_is_one_line(text, told, read):
    with pytest.raises(BadInput) as caught:
        read(text)
    assert told in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("stem", NOT_OF_A_FLEET)
def test_no_fleet_says_what_is_decided_elsewhere_or_typed_each_time(stem, read):
    with pytest.raises(BadInput, match="unknown key"):
        read(HEAD + f"{stem} = 'x'\n[[model]]\npath='a'\n")


def test_every_other_option_of_the_gate_is_a_key():
    assert {*CHOSEN, *NOT_OF_A_FLEET} == {option.stem for option in OPTIONS}


SERVE = 'version = 1\n[defaults]\nsuites = ["s.probes.yaml"]\ntakes = 3\n[serve]\n'


class TestServe:
    @pytest.mark.parametrize(("typed", "spec"), [("up", "./up"), ("up/", "./up"), ("/srv/up", "/srv/up")])
    def test_names_a_folder_and_says_as_much_as_a_model(self, typed, spec, read):
        fleet = read(SERVE + f'uploads = "{typed}"\ngolden = "g"\n')
        assert fleet.entries == ()
        assert fleet.uploads.spec == spec
        assert fleet.uploads.is_glob, "strangers fill it"
        assert {stem: one.value for stem, one in fleet.uploads.choices.items()} == {"golden": "g", "takes": 3}
        assert fleet.uploads.heading == "fleet.toml:5"

    @pytest.mark.parametrize(
        ("more", "told"),
        [
            ("", "[serve]: expected uploads, a folder, without '..', got nothing"),
            ("uploads = '..'\n", "expected uploads, a folder, without '..', got '..'"),
            ("uploads = 'hf://a/b'\n", "expected uploads, a folder"),
            ("uploads = 1\n", "uploads: expected a string, got int"),
            ("uploads = 'up'\npath = 'a'\n", "unknown key 'path'"),
            ("uploads = 'up'\nname = 'a'\n", "unknown key 'name'"),
            ("uploads = 'up'\nsuites = []\n", "expected suites, here or in [defaults]; got none"),
        ],
    )
    def test_that_is_wrong_is_one_line(self, more, told, read):
        with pytest.raises(BadInput) as caught:
            read(SERVE + more)
        assert told in str(caught.value)

    def test_is_a_table(self, read):
        with pytest.raises(BadInput, match="expected a table, got int"):
            read("version = 1\nserve = 1\n")

    def test_alone_is_nothing_that_an_audit_could_read(self, read):
        with pytest.raises(BadInput, match=r"expected tables \[\[model\]\], got \[serve\]: fleet serve takes it"):
            members_of(read(SERVE + 'uploads = "up"\n'))
