"""Where the project's own file is, and where it never is."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.cli.main import main
from harness.core.errors import BadInput
from harness.models.project import find_project


@pytest.fixture
def voice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project/voices/joe"
    folder.mkdir(parents=True)
    (folder / "fake.json").write_text('{"version": 1, "faults": []}', "utf-8")
    (folder / "pyproject.toml").touch()
    (tmp_path / "project/pyproject.toml").touch()
    monkeypatch.chdir(folder)
    return folder


def test_is_the_nearest_folder_outside_what_is_judged(voice: Path) -> None:
    assert find_project(voice) == voice
    assert find_project(voice, ".") == find_project(voice, voice) == voice.parents[1]
    assert find_project(voice, "fake:.") == find_project(voice, "hf://acme/voice@main", "../joe") == voice.parents[1]
    assert find_project(voice, "", "..") == voice.parents[1]


def test_is_no_link_into_what_is_judged(voice: Path) -> None:
    project = voice.parents[1]
    (project / "pyproject.toml").unlink()
    (project / "pyproject.toml").symlink_to("voices/joe/pyproject.toml")
    assert find_project(project, voice) not in (project, voice)


def test_is_the_first_folder_outside_where_none_has_a_file(voice: Path) -> None:
    (voice.parents[1] / "pyproject.toml").unlink()
    assert find_project(voice, voice) == voice.parent


def test_is_nowhere_where_everything_is_judged(voice: Path) -> None:
    with pytest.raises(BadInput, match="expected a project outside"):
        find_project(voice, "/")


def test_verify_takes_no_pins_from_what_it_verifies(voice: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pins = f'[tool.soundcheck.models]\n"." = "sha256:{"0" * 64}"\n'
    (voice / "pyproject.toml").write_text(pins, "utf-8")
    assert main(["verify", "."]) == 2
    assert "verify: nothing to compare with" in capsys.readouterr().err
    (voice.parents[1] / "pyproject.toml").write_text(pins.replace('"."', '"voices/joe"'), "utf-8")
    assert main(["verify", "."]) == 1
