"""What lies in what is judged, by whatever path it is reached."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness.cli.main import main
from harness.models.judged import Judged, folder_of, placed


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOUNDCHECK_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cache/sources/one").mkdir(parents=True)
    (tmp_path / "voice/deep").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    return tmp_path / "cache"


@pytest.mark.parametrize("spec", ["voice", "./voice/", "other/../voice", "fake:voice", "coqui:voice"])
@pytest.mark.parametrize("path", ["voice", "voice/pytest.ini", "voice/deep/x", "other/../voice/x", "voice/deep/../x"])
def test_is_held_however_either_is_written(spec: str, path: str, tmp_path: Path) -> None:
    assert Judged.of(candidate=spec).holding(Path(path)) == "the candidate"
    assert Judged.of(reference=spec).holding(tmp_path / path) == "the reference"


def test_is_held_through_links_into_it_and_out_of_it(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("voice")
    (tmp_path / "other/into").symlink_to("../voice/deep")
    (tmp_path / "voice/out").symlink_to("../other")
    for spec in ("voice", "link"):
        judged = Judged.of(candidate=spec)
        for path in ("link", "voice/x", "other/into", "other/into/x", "voice/out", "voice/out/x"):
            assert judged.holding(Path(path)) == "the candidate", (spec, path)
        assert judged.holding(Path("other/x")) is None


def test_the_first_of_many_is_found_as_each_alone_would_be(tmp_path: Path) -> None:
    (tmp_path / "voice/deep/x.py").write_text("", "utf-8")
    for place in ("y.py", "z.py"):
        (tmp_path / "other" / place).write_text("", "utf-8")
    (tmp_path / "other/leads.py").symlink_to("../voice/deep/x.py")
    (tmp_path / "other/into").symlink_to("../voice/deep")
    (tmp_path / "voice/out.py").symlink_to("../other/y.py")
    (tmp_path / "other/alone.bin").write_bytes(b"")
    honest = [Path("other/y.py"), tmp_path / "other/z.py", Path("other/gone.py"), Path("other/../other/y.py")]
    held = ("voice/deep/x.py", "other/leads.py", "other/into/x.py", "voice/out.py", "other/../voice/gone.py")
    for spec in ("voice", "fake:other/../voice"):
        judged = Judged.of(candidate=spec)
        assert judged.first_held(honest) is None
        for path in map(Path, held):
            assert judged.first_held([*honest, path, Path("voice")]) == (path, judged.holding(path)), path
    assert Judged.of(candidate="other/alone.bin").first_held([*honest, Path("other/alone.bin")]) is not None


def test_nothing_beside_or_above_it_is_held(tmp_path: Path) -> None:
    judged = Judged.of(candidate="voice", reference="")
    others = (tmp_path, tmp_path / "other", tmp_path / "voice2", tmp_path / "gone")
    assert {judged.holding(path) for path in others} == {None}


@pytest.mark.parametrize("spec", ["", "hf://acme/voice@main", "tts_models/en/acme/voice", "https://host/x"])
def test_what_is_fetched_is_held_whatever_is_named(spec: str, cache: Path) -> None:
    assert folder_of(spec) is None
    assert Judged.of(candidate=spec).holding(cache / "sources/one/pyproject.toml") == "what was fetched"


@pytest.mark.parametrize(
    ("word", "there"),
    [
        ("voice", "/p/voice"),
        ("./voice", "/p/voice"),
        ("fake:voice", "fake:/p/voice"),
        ("/abs/voice", "/abs/voice"),
        ("fake:/abs", "fake:/abs"),
        ("odd:voice", "/p/odd:voice"),
        ("hf://acme/voice@main", "hf://acme/voice@main"),
        ("tts_models/en/acme/voice", "tts_models/en/acme/voice"),
        ("", ""),
    ],
)
def test_an_ini_file_s_word_gets_its_folder(word: str, there: str) -> None:
    assert placed(word, Path("/p")) == there


class TestChosenByName:
    """What was named on the command line, too, may not lie in what it judges: a pipeline that works there names it."""

    @pytest.fixture
    def voice(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        folder = tmp_path / "project/voice"
        folder.mkdir(parents=True)
        (folder / "fake.json").write_text('{"version": 1, "faults": []}', "utf-8")
        (folder / "policy.toml").write_text('version = 1\ntitle = "x"\nowner = "eve"\n', "utf-8")
        (folder / "key.pem").touch()
        (folder / "golden/small").mkdir(parents=True)
        (folder / "golden/small/manifest.json").touch()
        monkeypatch.chdir(folder.parent)
        return folder

    @pytest.mark.parametrize(
        ("words", "what"),
        [
            (["scan", "--policy", "voice/policy.toml", "voice"], "--policy: voice/policy.toml"),
            (["scan", "--policy", "link.toml", "voice"], "--policy: link.toml"),
            (["verify", "voice", "--key", "voice/key.pem"], "--key: voice/key.pem"),
            (["verify", "voice", "--root", "voice/key.pem"], "--root: voice/key.pem"),
            (["record", "--model", "voice", "--suite", "voice/key.pem", "--out", "o"], "--suite: voice/key.pem"),
            (
                ["record", "--model", "voice", "--suite", "s", "--out", "o", "--families-from", "voice/key.pem"],
                "--families-from: ",
            ),
            (["redteam", "score", "--model", "voice", "--suite", "voice/key.pem"], "--suite: voice/key.pem"),
            (["verify-signoff", "none", "voice", "--key", "voice/key.pem"], "--key: voice/key.pem"),
            (
                ["verify-signoff", "none", "voice", "--key", "x", "--policy", "voice/policy.toml"],
                "--policy: voice/policy",
            ),
            (
                ["record", "--model", "voice", "--suite", "s", "--out", "o", "--policy", "voice/policy.toml"],
                "--policy: ",
            ),
            (["record", "--model", "voice", "--suite", "s", "--out", "o", "--asr", "whisper:voice/key.pem"], "--asr: "),
        ],
    )
    def test_is_refused_by_every_verb(
        self, words: list[str], what: str, voice: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (voice.parent / "link.toml").symlink_to("voice/policy.toml")
        assert main(words) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(f"soundcheck: {what}")
        assert "which may not say how it is judged; keep your own elsewhere" in line

    def test_beside_it_is_the_caller_s_own(self, voice: Path) -> None:
        (voice / "policy.toml").rename(voice.parent / "policy.toml")
        (voice / "key.pem").unlink()
        assert main(["scan", "--policy", "policy.toml", "voice"]) != 2

    @pytest.mark.parametrize(
        "word", ["--tts-policy=voice/policy.toml", "--tts-golden=voice/golden/small", "--tts-asr=whisper:voice/key.pem"]
    )
    def test_is_refused_by_pytest(self, word: str, voice: Path, pytester: pytest.Pytester) -> None:
        shutil.copytree(voice, pytester.path / "voice")
        done = pytester.runpytest_inprocess("--tts-model=voice", word)
        assert done.ret == pytest.ExitCode.USAGE_ERROR
        done.stderr.fnmatch_lines([f"*{word.partition('=')[0]}: *lies in the candidate, which may not say how*"])

    @pytest.mark.parametrize("owner", ["reference", "vocoder"])
    def test_is_refused_in_what_is_judged_beside_the_candidate(
        self, owner: str, voice: Path, pytester: pytest.Pytester
    ) -> None:
        shutil.copytree(voice, pytester.path / "voice")
        shutil.copytree(voice, pytester.path / "candidate")
        words = ("--tts-model=candidate", f"--tts-{owner}=voice", "--tts-policy=voice/policy.toml")
        done = pytester.runpytest_inprocess(*words)
        assert done.ret == pytest.ExitCode.USAGE_ERROR
        done.stderr.fnmatch_lines([f"*--tts-policy: *lies in the {owner}, which may not say how*"])

    def test_is_refused_where_the_ini_file_names_it(self, voice: Path, pytester: pytest.Pytester) -> None:
        shutil.copytree(voice, pytester.path / "voice")
        pytester.makeini("[pytest]\ntts_golden_dir = voice/golden\ntts_golden = small\n")
        done = pytester.runpytest_inprocess("--tts-model=voice")
        assert done.ret == pytest.ExitCode.USAGE_ERROR
        done.stderr.fnmatch_lines(["*tts_golden: *lies in the candidate*"])
