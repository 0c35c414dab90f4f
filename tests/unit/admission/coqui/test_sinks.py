"""The table of sinks against the installed coqui-tts, and against the documentation."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from harness.admission.checks.directory import DirectoryCheck
from harness.admission.coqui.config import ConfigCheck
from harness.admission.coqui.configfields import UNUSED
from harness.admission.coqui.sinks import (
    CHARACTERS,
    CLEANERS,
    DISCRIMINATORS,
    PHONEMIZERS,
    READ_FROM,
    SINKS,
    Use,
    sink_of,
)
from harness.engines.coqui.kinds import CONVERTERS, ENCODERS, GENERATORS, TTS_MODELS, VOCODERS
from tests import config_corpus as corpus

ROOT = Path(__file__).parents[4]
INVENTORY = ROOT / "tests/data/coqui-calls.txt"
DOCUMENT = ROOT / "docs/admission.md"
REASONS = {
    "checkpoint": "torch reads a checkpoint or voice file that the checkpoint check has read",
    "configuration": "the configuration itself, or a table beside it, which the configuration check has read",
    "given": "a path or text that the caller passes, never one of the model's",
    "own": "Coqui's own constants: addresses, packages, names in its code",
    "training": "called by the trainer or when data are prepared, never to speak",
    "tool": "a command, a demonstration or an export of Coqui's, never called to speak",
    "write": "writes, to a place that the caller names",
}
OPENING = re.compile(
    r"(?:.*\.)?(?:open|__import__|import_module|find_module|import_class|load_config|load_file|load_fsspec"
    r"|read_json_with_comments|get_mapper|urlretrieve|urlopen|extractall|from_pretrained|hf_hub_download|snapshot_download|rmtree"
    r"|unlink|from_file|load_state_dict_from_url|fromfile|genfromtxt|loadtxt|memmap|read_csv|read_text|read_bytes|read_pickle"
    r"|exec_module|run_path|run_module|literal_eval)"
    r"|eval|exec|compile|input"
    r"|(?:np|numpy|torch|pickle|joblib|json|yaml|torchaudio|librosa|sf|soundfile|dill|cloudpickle|marshal|shelve|toml|tomllib)"
    r"\.(?:load|loads|safe_load|full_load|unsafe_load|load_all|read|SoundFile|hub\.load|jit\.load|Unpickler)"
    r"|(?:ort|onnxruntime)\.InferenceSession|torch\.(?:package|utils\.cpp_extension)\..*"
    r"|subprocess\.\w+|os\.(?:system|popen|exec\w*|spawn\w*|remove|unlink|rename|replace|chmod|_exit|startfile|dup2)"
    r"|shutil\.(?:copy\w*|move|unpack_archive)|requests\.\w+|httpx\.\w+|socket\.\w+|ctypes\.\w+|gdown\.\w+|tarfile\.\w+"
    r"|zipfile\.\w+"
)
"""Calls that load, import, execute, open, fetch or start something."""


def called(node: ast.expr) -> str:
    """The name of what is called, as it is written."""
    if isinstance(node, ast.Attribute):
        return f"{called(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"


def calls(source: str, module: str) -> Iterator[str]:
    """``module:function callee`` of each call that matters, getattr by a computed name included."""

    def walk(node: ast.AST, inside: tuple[str, ...]) -> Iterator[str]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Call):
                name = called(child.func)
                if OPENING.fullmatch(name):
                    yield f"{module}:{'.'.join(inside) or '-'} {name}"
                elif name == "getattr" and len(child.args) > 1 and not isinstance(child.args[1], ast.Constant):
                    yield f"{module}:{'.'.join(inside) or '-'} getattr"
            named = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            yield from walk(child, (*inside, child.name) if named else inside)

    yield from walk(ast.parse(source), ())


def found_calls() -> set[str]:
    found: set[str] = set()
    for package in ("TTS", "trainer", "coqpit"):
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            pytest.skip("coqui-tts is not installed")
        folder = Path(next(iter(spec.submodule_search_locations)))
        for path in sorted(folder.rglob("*.py")):
            module = ".".join((package, *path.relative_to(folder).with_suffix("").parts)).removesuffix(".__init__")
            found.update(calls(path.read_text("utf-8"), module))
    return found


def inventory() -> dict[str, str]:
    lines = INVENTORY.read_text("utf-8").splitlines()
    return dict(line.rsplit(" | ", 1) for line in lines if line and not line.startswith("#"))


class TestInventory:
    def test_every_call_of_the_installed_coqui_is_known(self) -> None:
        new = sorted(found_calls() - set(inventory()))
        assert new == [], (
            f"coqui-tts {version('coqui-tts')} does something that harness/admission/coqui/sinks.py was not "
            "written for. Read each call. Where a field of a configuration decides what it opens, imports or runs, "
            "add a row to SINKS, a hostile case to tests/config_corpus.py and 'CALL | sink FIELD' to "
            "tests/data/coqui-calls.txt; "
            f"else add 'CALL | REASON' with one of {', '.join(REASONS)}"
        )

    def test_nothing_is_listed_that_coqui_no_longer_does(self) -> None:
        assert sorted(set(inventory()) - found_calls()) == []

    def test_every_line_names_a_row_of_the_table_or_a_reason(self) -> None:
        for call, why in inventory().items():
            if why.startswith("sink "):
                assert any(sink.field == why.removeprefix("sink ") for sink in SINKS), f"{call}: no sink {why}"
            else:
                assert why in REASONS, call

    def test_the_table_was_read_from_the_installed_version(self) -> None:
        for package in ("coqui-tts", "coqpit-config", "coqui-tts-trainer"):
            assert f"{package} {version(package)}" in READ_FROM

    def test_finds_calls_however_deep_they_are(self) -> None:
        source = (
            "class A:\n  def f(s):\n    return [np.load(p)() for p in q] + [getattr(m, n), getattr(m, 'n'), a.eval()]\n"
        )
        assert sorted(calls(source, "m")) == ["m:A.f getattr", "m:A.f np.load"]


def coqui(path: str) -> Path:
    spec = importlib.util.find_spec("TTS")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("coqui-tts is not installed")
    return Path(next(iter(spec.submodule_search_locations))) / path


def defined(path: str, kind: type[ast.AST]) -> set[str]:
    tree = ast.parse(coqui(path).read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, kind) and hasattr(node, "name")}


class TestNames:
    """What a configuration may name is what the installed coqui-tts has, no more and no less."""

    def test_of_models_are_those_that_have_a_configuration(self) -> None:
        def configured(folder: str) -> set[str]:
            return {path.stem.removesuffix("_config") for path in coqui(folder).glob("*_config.py")}

        assert configured("tts/configs") == TTS_MODELS
        assert configured("vocoder/configs") == VOCODERS - {"gan"}
        assert configured("vc/configs") == CONVERTERS
        assert configured("encoder/configs") - {"base_encoder"} == ENCODERS - {"lstm", "resnet"}

    def test_of_generators_and_discriminators_are_modules(self) -> None:
        modules = {path.stem for path in coqui("vocoder/models").glob("*.py")}
        assert modules >= GENERATORS
        assert DISCRIMINATORS - {"residual_parallel_wavegan_discriminator"} <= modules

    def test_of_cleaners_are_functions(self) -> None:
        found = defined("tts/utils/text/cleaners.py", ast.FunctionDef)
        assert {name for name in found if name.endswith("_cleaners")} == CLEANERS

    def test_of_phonemizers_are_what_they_call_themselves(self) -> None:
        found = set()
        for path in coqui("tts/utils/text/phonemizers").glob("*.py"):
            found |= set(re.findall(r'def name\(\) -> str:\n\s+return "(\w+)"', path.read_text("utf-8")))
        assert found == PHONEMIZERS - {"multi_phonemizer"}

    def test_of_characters_are_classes(self) -> None:
        classes = defined("tts/utils/text/characters.py", ast.ClassDef)
        assert {f"TTS.tts.utils.text.characters.{name}" for name in classes} <= CHARACTERS
        assert {"VitsCharacters", "FairseqVocab"} <= defined("tts/models/vits.py", ast.ClassDef)


class TestTable:
    def test_every_row_is_found_by_its_own_field(self) -> None:
        for sink in SINKS:
            assert sink_of(tuple(sink.field.removeprefix("$.").replace("*", "any").split("."))) is sink, sink.field

    def test_a_row_for_the_root_is_for_the_root_only(self) -> None:
        assert sink_of(("model",)) is not None
        assert sink_of(("nested", "model")) is None

    @pytest.mark.parametrize("name", ["Stats_Path", "ｓtats_path", "stats\u200b_path"])
    def test_a_key_that_looks_like_a_field_is_taken_for_it(self, name: str) -> None:
        found = sink_of(("audio", name))
        assert found is not None and found.use is Use.UNPICKLED

    def test_what_is_opened_or_imported_says_where_that_was_read(self) -> None:
        for sink in SINKS:
            assert sink.read_in or sink.use in UNUSED, sink.field


class TestDocument:
    def test_has_a_row_for_every_sink(self) -> None:
        text = DOCUMENT.read_text("utf-8")
        assert READ_FROM in text
        for sink in SINKS:
            if sink.use not in UNUSED:
                assert f"| `{sink.field}` | {sink.does} | {sink.use.value} |" in text, sink.field

    def test_counts_what_there_is(self) -> None:
        text = " ".join(DOCUMENT.read_text("utf-8").split())
        hostile = len(corpus.HOSTILE_CONFIGS) + len(corpus.HOSTILE_DIRECTORIES)
        undecided = len(corpus.UNDECIDED) + len(corpus.UNDECIDED_DIRECTORIES)
        assert f"makes {hostile} hostile directories (configurations: {len(corpus.HOSTILE_CONFIGS)})" in text
        assert f"{undecided} that need a decision and {len(corpus.CLEAN)} clean ones" in text

    def test_has_every_rule_of_both_checks(self) -> None:
        text = DOCUMENT.read_text("utf-8")
        for rule in (*ConfigCheck().rules, *DirectoryCheck().rules):
            assert f"| `{rule.id}` | {rule.verdict.value} | {rule.title} |" in text
