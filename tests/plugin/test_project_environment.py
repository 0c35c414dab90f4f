"""A virtual environment in the project's own folder: the worker gets its packages, and nothing else of the project."""

from __future__ import annotations

import json
import shutil
import site
import subprocess
import sys
from pathlib import Path

import pytest

import harness
from harness.sandbox.outside import levels
from harness.sandbox.outside.layout import readable_paths
from tests.conftest import WITHOUT_OTHERS
from tests.ordinary_user import started, with_users

CHECKOUT = Path(harness.__file__).parents[1]
TOKEN = "sck-project-secret"
SECRETS = (".git/config", "golden/small/manifest.json", "keys/release-key.pem", "lib/deploy.key", "bin/token")
"""What a project has that no candidate may read; some of it where an environment has folders of its own."""
SPY = '''\
"""The fake voice, but it reads what its model names first, and says what it could read."""
from pathlib import Path
import json
from harness.engines.fake.adapter import FakeEngine

class SpyEngine(FakeEngine):
    def load(self, model, **named):
        known = []
        for path in json.loads((model / "fake.json").read_text())["reads"]:
            try:
                known.append(Path(path).read_text())
            except OSError:
                pass
        if known:
            raise RuntimeError(f"known: {known}")
        return super().load(model, **named)
'''
CONFTEST = """\
import dataclasses, functools
from pathlib import Path
from harness.engines.registry import ENGINES
from harness.run import tools
from harness.sandbox.outside import levels

ENGINES["fake"] = dataclasses.replace(ENGINES["fake"], adapter="spy_adapter:SpyEngine")
trusted = Path(__file__).parent / "trusted"
tools.choose_launcher = functools.partial(levels.choose_launcher, extra_paths=(trusted,))
"""


@pytest.fixture
def project(tmp_path: Path, recorded: Path) -> Path:
    """A project that is its own environment, with this checkout installed as editable installations are."""
    folder = tmp_path / "project"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True, timeout=60)
    (packages,) = folder.glob("lib/python3*/site-packages")
    (packages / "soundcheck.pth").write_text("\n".join((*site.getsitepackages(), str(CHECKOUT))), "utf-8")
    shutil.copy(recorded / "small.probes.yaml", folder)
    shutil.copytree(recorded / "golden", folder / "golden")
    for name in SECRETS:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if not name.startswith("golden"):
            (folder / name).write_text(TOKEN, "utf-8")
    (folder / "trusted").mkdir()
    (folder / "trusted/spy_adapter.py").write_text(SPY, "utf-8")
    (folder / "conftest.py").write_text(CONFTEST, "utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", "utf-8")
    (folder / "voices/candidate").mkdir(parents=True)
    reads = [str(folder / name) for name in SECRETS]
    (folder / "voices/candidate/fake.json").write_text(json.dumps({"version": 1, "reads": reads}), "utf-8")
    return folder


def start(folder: Path, *words: str, user: int | None = None) -> subprocess.CompletedProcess[str]:
    return started(folder, str(folder / "bin/python"), "-P", *words, user=user)


def test_binds_packages_and_interpreter_and_no_folder_that_holds_more(project: Path) -> None:
    code = "from harness.sandbox.outside import layout; print(*layout.readable_paths(), sep='\\n')"
    done = start(project, "-c", code)
    paths = [Path(line) for line in done.stdout.splitlines()]
    assert [path for path in paths if path.is_relative_to(project)] == [
        *project.glob("lib/python3*/site-packages"),
        project / "pyvenv.cfg",
    ]
    assert Path(harness.__file__).parent in paths
    assert not [path for path in paths if project.is_relative_to(path) or CHECKOUT.is_relative_to(path)]


def test_has_the_packages_of_this_environment_too() -> None:
    paths = list(map(Path, readable_paths()))
    for needed in (Path(json.__file__), Path(pytest.__file__), Path(sys.executable).resolve()):
        assert any(needed.is_relative_to(path) for path in paths), needed


SLOW = [pytest.param(one, None, marks=pytest.mark.slow) for one in ("A-", "B")]


@pytest.mark.parametrize(("level", "user"), [("A", None), *SLOW, *with_users(["auto"])[1:]])
def test_keeps_the_rest_of_the_project_from_the_candidate_and_names_who_asks(
    level: str, user: int | None, project: Path
) -> None:
    if wrong := levels.choose(level).failures.get(level):
        pytest.skip(f"level {level} cannot be had here: {wrong[0]}")
    done = start(
        project, "-m", "pytest", "-p", "no:cacheprovider", *WITHOUT_OTHERS, "small.probes.yaml",
        "--tts-model=voices/candidate", "--tts-asr=fake", "--tts-golden=small", "--tts-cost=off",
        f"--tts-isolation={level}", "-k", "door or filesystem-read", user=user,
    )  # fmt: skip
    (path,) = project.glob(".soundcheck/runs/*/results.json")
    told = path.read_text("utf-8")
    assert TOKEN not in told + done.stdout + done.stderr
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout + done.stderr
    lines = [line for file in project.glob(".soundcheck/runs/*/behaviour/*") for line in file.read_text().splitlines()]
    events = [json.loads(line) for line in lines if line]
    assert {(event["kind"], event["detail"]) for event in events} == {
        ("filesystem-read", str(project / name)) for name in SECRETS
    }
    verdicts = {one["subject"]: one["verdict"] for one in json.loads(told)["outcomes"]}
    assert verdicts["door"] == "pass"
    assert verdicts["behaviour-filesystem-read"] == "fail"
