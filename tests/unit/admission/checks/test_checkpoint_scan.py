"""``soundcheck scan``: what it prints in each format, its exit codes, what it loads, and that SARIF is SARIF."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from harness.admission.admit import Admission
from harness.admission.base import Examination, Flaw
from harness.admission.reading.rules import IMPORT, LEGACY, MAGNITUDE, UNKNOWN
from harness.cli.main import main
from harness.cli.scan_sarif import to_sarif
from harness.core.findings import Place
from tests.admission_corpus.hostile_checkpoints import CLEAN, FOUR, legacy, shell
from tests.admission_corpus.pickle_assembly import EMPTY_DICT, stream, torch_archive
from tests.lazily import Lazily
from tests.sarif_subset import SCHEMA as SUBSET

jsonschema = Lazily("jsonschema")

TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
SARIF = {
    "type": "object",
    "required": ["version", "runs", "$schema"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "properties": {
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "type": "object",
                                "required": ["name", "rules"],
                                "properties": {
                                    "rules": {
                                        "type": "array",
                                        "uniqueItems": True,
                                        "items": {
                                            "type": "object",
                                            "required": ["id"],
                                            "properties": {
                                                "shortDescription": TEXT,
                                                "fullDescription": TEXT,
                                                "help": TEXT,
                                                "defaultConfiguration": {
                                                    "properties": {
                                                        "level": {"enum": ["none", "note", "warning", "error"]}
                                                    }
                                                },
                                            },
                                        },
                                    }
                                },
                            }
                        },
                    },
                    "results": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["message", "ruleId", "ruleIndex", "locations"],
                            "properties": {
                                "message": TEXT,
                                "ruleIndex": {"type": "integer", "minimum": 0},
                                "level": {"enum": ["none", "note", "warning", "error"]},
                                "kind": {"enum": ["fail", "review", "open", "pass", "informational", "notApplicable"]},
                                "locations": {
                                    "type": "array",
                                    "items": {
                                        "required": ["physicalLocation"],
                                        "properties": {
                                            "physicalLocation": {
                                                "required": ["artifactLocation"],
                                                "properties": {
                                                    "artifactLocation": {
                                                        "properties": {"uri": {"type": "string", "pattern": "^[!-~]+$"}}
                                                    },
                                                    "region": {
                                                        "properties": {"byteOffset": {"type": "integer", "minimum": 0}}
                                                    },
                                                },
                                            }
                                        },
                                    },
                                },
                            },
                        },
                    },
                },
            },
        },
    },
}
"""What SARIF 2.1.0 asks of the parts that are written here, in our words."""


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    path = tmp_path / "model.pkl"
    path.write_bytes(stream(shell("/nowhere")))
    return path


class TestScan:
    def test_a_hostile_file_is_told_with_place_effect_and_remedy(
        self, hostile: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["scan", str(hostile)]) == 1
        told = capsys.readouterr().out
        assert told.splitlines()[:5] == [
            "model.pkl: byte 0x2   CRITICAL  admission.pickle-import",
            "  is      A pickle imports what rebuilding tensors does not need",
            "  found   posix.system",
            "  effect  calls posix.system(': > /nowhere'); it runs programs",
            f"  do      {IMPORT.help}",
        ]
        assert f"{hostile}: FAIL (" in told

    def test_a_clean_file_passes(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "model.pth").write_bytes(torch_archive(CLEAN, FOUR))
        assert main(["scan", str(tmp_path / "model.pth")]) == 0
        assert capsys.readouterr().out == f"{tmp_path / 'model.pth'}: PASS (1 files, 1 tensors)\n"

    def test_an_old_file_is_inconclusive(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "model.pth").write_bytes(legacy(EMPTY_DICT))
        assert main(["scan", str(tmp_path / "model.pth")]) == 4
        assert "INCONCLUSIVE" in capsys.readouterr().out

    def test_the_worst_of_several_decides(self, hostile: Path, tmp_path: Path) -> None:
        (tmp_path / "old.pth").write_bytes(legacy(EMPTY_DICT))
        assert main(["scan", str(tmp_path / "old.pth"), str(hostile)]) == 1

    def test_what_is_not_there_is_bad_input(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["scan", str(tmp_path / "none")]) == 2
        assert "none: cannot be read" in capsys.readouterr().err

    def test_json_says_the_same(self, hostile: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["scan", "--format", "json", str(hostile)]) == 1
        told = json.loads(capsys.readouterr().out)
        (scan,) = told["scans"]
        assert (told["version"], scan["verdict"]) == (1, "fail")
        finding = next(one for one in scan["findings"] if one["rule"] == "admission.pickle-import")
        assert (finding["file"], finding["place"], finding["found"]) == ("model.pkl", "byte 0x2", "posix.system")

    def test_sarif_holds_to_the_schema(self, hostile: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["scan", "--format", "sarif", str(hostile)]) == 1
        told = json.loads(capsys.readouterr().out)
        jsonschema.validate(told, SARIF)
        assert "admission.pickle-import" in {one["ruleId"] for one in told["runs"][0]["results"]}

    def test_hostile_names_reach_the_terminal_in_escapes(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "a\x1b[2J\u202eb.pkl").write_bytes(stream(shell("/nowhere")))
        assert main(["scan", str(tmp_path)]) == 1
        told = capsys.readouterr()
        for text in (told.out, told.err):  # a busy machine is told what takes long
            assert "\x1b" not in text
            assert "\u202e" not in text

    def test_loads_neither_torch_nor_numpy_for_what_has_no_values(self, hostile: Path) -> None:
        code = (
            "import sys; from harness.cli.main import main; main(['scan', sys.argv[1]]); "
            "print(sorted({'torch', 'numpy', 'TTS', 'soundfile', 'joblib'} & set(sys.modules)))"
        )
        done = subprocess.run([sys.executable, "-c", code, str(hostile)], capture_output=True, text=True, check=True)
        assert done.stdout.splitlines()[-1] == "[]"

    def test_help_has_an_example_and_the_exit_codes(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit):
            main(["scan", "--help"])
        told = capsys.readouterr().out
        assert "soundcheck scan voices/candidate" in told
        assert "4 inconclusive" in told


class TestPreCommit:
    def test_hook_calls_a_verb_there_is_on_the_files_it_is_for(self) -> None:
        (hook,) = yaml.safe_load((Path(__file__).parents[4] / ".pre-commit-hooks.yaml").read_text("utf-8"))
        assert hook["entry"].split() == ["soundcheck", "scan"]

    def test_hook_is_given_every_file_that_coqui_reads_and_no_other_programs(self) -> None:
        (hook,) = yaml.safe_load((Path(__file__).parents[4] / ".pre-commit-hooks.yaml").read_text("utf-8"))
        wanted = [
            *("a/model.pth", "x.safetensors", "stats.npy", "voice.npz", "best.pth.tar", "old.pt.tar", "a.bin"),
            *("a.pkl", "a.pickle", "a.joblib", "a.ckpt", "config.json", "voice/config.json", "config_se.json"),
            *("vits_config.json", "model.config.json", "config-v2.json", "config.yml", "speakers.json"),
            *("a/config.yaml", "speakers_xtts.json", "speaker_ids.json", "language_ids.json", "vocab.json"),
        ]
        others = ["a.py", "myconfig.json", "package.json", "tsconfig.json", "config.json.bak", "README.md", "a.pth.txt"]
        assert [name for name in [*wanted, *others] if re.search(hook["files"], name)] == wanted


class TestSarif:
    FLAWS = (
        Flaw(
            rule=IMPORT, file="a b/ü%\udcff.pth", within=Place(offset=42), found="posix.system", effect="runs programs"
        ),
        Flaw(rule=LEGACY, file="", within=Place(pointer="$.x")),
        Flaw(rule=IMPORT, file="c", within=Place().member("archive/data.pkl").byte(2)),
        Flaw(rule=UNKNOWN, file="d", remedy="Remove it."),
        Flaw(rule=MAGNITUDE, file="e"),
    )

    def scans(self) -> list[Admission]:
        seen = Examination(check="checkpoint", flaws=self.FLAWS)
        return [Admission(root=Path("voices/new"), examinations=(seen,))]

    def test_every_kind_of_flaw_holds_to_the_schema(self) -> None:
        told = json.loads(to_sarif(self.scans(), version="1.2.3"))
        jsonschema.validate(told, SARIF)
        jsonschema.Draft202012Validator(SUBSET).validate(told)
        run = told["runs"][0]
        first = run["results"][0]
        assert first["locations"][0]["physicalLocation"]["region"] == {"byteOffset": 42, "byteLength": 1}
        assert [one["level"] for one in run["results"]] == ["error", "error", "warning", "note", "note"]
        assert [one["kind"] for one in run["results"]] == ["fail"] * 5
        needed = [one["properties"].get("decision") for one in run["results"]]
        assert needed == [None, None, "needed", "needed", "needed"]
        names = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        assert all(names[one["ruleIndex"]] == one["ruleId"] for one in run["results"])

    def test_nothing_found_is_a_log_without_results(self) -> None:
        told = json.loads(to_sarif((), version="1.2.3"))
        jsonschema.validate(told, SARIF)
        assert told["runs"][0]["results"] == []

    def test_same_flaws_give_the_same_bytes(self) -> None:
        assert to_sarif(self.scans(), version="1") == to_sarif(self.scans(), version="1")
