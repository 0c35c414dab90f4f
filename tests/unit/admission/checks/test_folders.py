"""Whole folders: what honest tools leave is told in one line and not called hostile; what only looks so is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.admission.admit import admit, every_check
from harness.admission.checks.directoryrules import LEFTOVER
from harness.cli.main import main
from harness.cli.scan import TOLD_SHORTLY
from harness.core.leftovers import LEFTOVERS, named_leftover
from harness.core.types import Verdict
from tests.admission_corpus.folder_parts import DECIDE, Folder, apple_double, ds_store, files, pointer, then, voice
from tests.admission_corpus.honest_folders import HONEST, write
from tests.admission_corpus.hostile_folders import GADGET, HOSTILE_FOLDERS


def names(folder: Folder) -> str:
    return folder.name


def marked(folders: tuple[Folder, ...]) -> list[object]:
    return [pytest.param(one, marks=pytest.mark.slow) if one.is_slow else one for one in folders]


class TestHonest:
    @pytest.mark.parametrize("folder", marked(HONEST), ids=names)
    def test_is_never_called_hostile(self, folder: Folder, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        place = write(folder, tmp_path)
        code = main(["scan", str(place)])
        told = capsys.readouterr().out
        assert code == (4 if folder.expect == DECIDE else 0), told
        assert folder.says in told
        told, _, proposal = told.partition("\n\n")
        assert ("to accept what you have looked at" in proposal) is ("directory-leftover" in told and "⟨" not in told)
        assert len(told.splitlines()) <= 3, "one line for each kind of thing that is left, and the verdict"

    def test_are_sixty_at_least(self) -> None:
        assert len({folder.name for folder in HONEST}) == len(HONEST) >= 60


class TestHostile:
    @pytest.mark.parametrize("folder", HOSTILE_FOLDERS, ids=names)
    def test_sibling_is_refused_by_the_right_rule(self, folder: Folder, tmp_path: Path) -> None:
        found = admit(write(folder, tmp_path))
        assert found.verdict is Verdict.FAIL
        assert f"admission.{folder.expect}" in {
            flaw.rule.id for flaw in found.flaws if flaw.rule.verdict is Verdict.FAIL
        }

    def test_names_are_unique(self) -> None:
        assert len({folder.name for folder in HOSTILE_FOLDERS}) == len(HOSTILE_FOLDERS)


class TestLines:
    def test_each_kind_is_told_once_whatever_its_number(self, tmp_path: Path) -> None:
        also = {f"samples/._{n}.wav": apple_double() for n in range(30)} | {".DS_Store": ds_store()}
        voice(also=also)(tmp_path)
        flaws = admit(tmp_path).flaws
        assert [flaw.rule for flaw in flaws] == [LEFTOVER]
        assert flaws[0].found == "what macOS leaves on other disks: .DS_Store and 30 other files"

    def test_pointer_says_what_is_missing_and_how_to_get_it(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        files({"config.json": '{"model": "vits"}', "model.pth": pointer(42)})(tmp_path)
        assert main(["scan", str(tmp_path)]) == 4
        first = capsys.readouterr().out.splitlines()[0]
        assert first == (
            "model.pth   MEDIUM  admission.directory-pointer: a Git LFS pointer, not the file: model.pth (42 bytes). "
            "The weights were not fetched. Fetch them: git lfs pull."
        )

    def test_what_is_left_does_not_hide_what_is_hostile(self, tmp_path: Path) -> None:
        then(voice(also={"._model.pth": apple_double(), "extra.pth": GADGET}))(tmp_path)
        assert admit(tmp_path).verdict is Verdict.FAIL

    def test_a_single_file_is_judged_whatever_it_is_called(self, tmp_path: Path) -> None:
        (tmp_path / "._model.pth").write_bytes(GADGET)
        assert admit(tmp_path / "._model.pth").verdict is Verdict.FAIL

    def test_rules_that_are_told_in_one_line_are_none_that_refuse(self) -> None:
        short = {rule.id: rule.verdict for check in every_check() for rule in check.rules if rule.id in TOLD_SHORTLY}
        assert short == dict.fromkeys(TOLD_SHORTLY, Verdict.INCONCLUSIVE)


class TestOtherPrograms:
    """A configuration in a commit is judged where it is Coqui's; in a model's folder it always is."""

    WEB = '{"api": "https://example.invalid/v1", "path": "/srv/data", "model": "gpt"}'

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("config.json", WEB),
            ("config.json", '{"model": "org/gpt-4.1", "headers": {"a": "${TOKEN}"}, "port": 1e300}'),
            ("config.json", '{\n  // for people\n  "a": 1,\n}\n'),
            ("config.json", "[1, 2]"),
            ("docker-compose.yml", "services:\n  web: &a\n    image: x\n  b:\n    <<: *a\n"),
            ("chart.yaml", "name: {{ .Values.name }}\nfile: !Sub a\n"),
        ],
    )
    def test_file_of_is_skipped_with_a_word(
        self, name: str, text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / name).write_text(text, "utf-8")
        assert main(["scan", str(tmp_path / name)]) == 0
        assert f"{name}: skipped, no configuration of a Coqui model" in capsys.readouterr().out

    @pytest.mark.parametrize(
        "text",
        [
            '{"model": "vits", "length_scale": NaN}',
            '{"model": "gpt", "a": {"b": [{"stats_path": "/tmp/x.npy"}]}}',
            '{"model": "gpt", "characters": {"characters_class": "evil.Run"}}',
            '{"model": "gpt", "ｃharacters_class": "evil.Run"}',
            '{"speakers_file": "http://127.0.0.1/x.pth", "model": "x"',
            "{'characters_class': 'evil.Run'}",
        ],
    )
    def test_file_with_a_field_of_coqui_is_judged(self, text: str, tmp_path: Path) -> None:
        (tmp_path / "config.json").write_text(text, "utf-8")
        assert admit(tmp_path / "config.json").verdict is Verdict.FAIL

    def test_file_in_a_models_folder_is_judged(self, tmp_path: Path) -> None:
        voice()(tmp_path)
        (tmp_path / "config.json").write_text(self.WEB, "utf-8")
        assert admit(tmp_path).verdict is Verdict.FAIL


class TestNames:
    @pytest.mark.parametrize(
        "path",
        ["model.pth", "config.json", "config_se.json", "speakers.pth", "a/model.pth", "vocab.json", "x.py/a.json"],
    )
    def test_of_a_voice_are_no_leftovers(self, path: str) -> None:
        assert named_leftover(path) is None

    def test_of_kinds_are_unique(self) -> None:
        assert len({kind.name for kind in LEFTOVERS}) == len(LEFTOVERS)
