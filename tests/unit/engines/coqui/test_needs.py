"""What a configuration asks of the machine, and the table of it against the installed coqui-tts."""

from __future__ import annotations

import ast
import contextlib
import importlib.metadata
import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.admission.coqui import sinks
from harness.engines.coqui.kinds import TTS_MODELS
from harness.engines.coqui.needs import CLEANERS, GRUUT_LANGUAGES, MACHINE_CODE, PHONEMIZERS, XTTS_LANGUAGES, needs_of
from harness.engines.registry import COQUI

NOT_TO_SPEAK = {
    "TTS/bin", "TTS/server", "TTS/demos", "TTS/tts/datasets", "TTS/vocoder/datasets", "TTS/encoder/utils/visual.py",
    "TTS/encoder/utils/training.py", "TTS/tts/utils/visual.py", "TTS/vocoder/utils/generic_utils.py",
    "TTS/tts/layers/overflow/plotting_utils.py", "TTS/utils/download.py", "TTS/utils/manage.py", "TTS/vc",
    "TTS/encoder/configs", "TTS/tts/layers/losses.py", "TTS/tts/layers/xtts/trainer",
}  # fmt: skip
"""Parts of Coqui that train, serve, draw or fetch."""
OPTIONAL = {
    "k_diffusion": "Tortoise takes its samplers where they are, and its own otherwise",
    "spacy": "XTTS splits texts with it where that is asked for, which nobody does here",
    "onnxruntime": "VITS exports with it",
    "deepspeed": "XTTS is sped up by it where that is asked for, which nobody does here",
    "opencc": "a program within a module takes it",
    "org": "Java's, through jpype",
}


def modules(config: dict[str, object], language: str = "en") -> set[str]:
    return {module for need in needs_of(config, language) for module in need.modules}


class TestNeeds:
    @pytest.mark.parametrize("name", PHONEMIZERS)
    def test_of_a_named_phonemizer_are_its_packages(self, name: str) -> None:
        config = {"model": "vits", "use_phonemes": True, "phonemizer": name}
        assert modules(config) == set(PHONEMIZERS[name][0])
        assert modules({**config, "use_phonemes": False}) == set()

    @pytest.mark.parametrize(
        ("language", "wanted"),
        [("ja-jp", {"fugashi"}), ("zh-cn", {"pypinyin", "spacy_pkuseg"}), ("be", {"jpype"}), ("en-us", set())],
    )
    def test_of_a_language_are_those_of_the_phonemizer_that_coqui_takes(self, language: str, wanted: set[str]) -> None:
        assert modules({"use_phonemes": True, "phoneme_language": language}) == wanted

    def test_of_an_architecture_that_speaks_by_librosa_is_its_machine_code(self) -> None:
        lent = {model: [need.preload for need in needs_of({"model": model}, "en") if need.lent] for model in TTS_MODELS}
        assert lent.pop("vits") == []
        assert lent
        assert all(preloads == [f"{MACHINE_CODE}:borrow"] for preloads in lent.values())

    def test_of_a_voice_that_clones_is_the_same_machine_code(self) -> None:
        named = {"model": "vits", "model_args": {"speaker_encoder_model_path": "model_se.pth"}}
        assert [need.what for need in needs_of(named, "en")] == ["spectrograms", "architecture vits"]
        assert [need.what for need in needs_of({"model": "vits", "model_args": 3}, "en")] == ["architecture vits"]

    def test_of_several_phonemizers_are_those_of_all(self) -> None:
        rows = [
            {"language": "de", "phonemizer": "gruut"},
            {"language": "ja-jp", "phonemizer": ""},
            {"language": "en", "phonemizer": "espeak"},
            "no row",
        ]
        config = {"use_phonemes": True, "phonemizer": "multi_phonemizer", "datasets": rows}
        assert modules(config) == {"gruut", "gruut_lang_de", "fugashi"}

    def test_of_a_cleaner_and_of_xtts_s_language_are_theirs(self) -> None:
        assert modules({"text_cleaner": "uroman_cleaners"}) == {"uroman"}
        assert modules({"model": "xtts"}, "ja") == {"cutlet", "fugashi"}
        assert modules({"model": "xtts"}, "zh-cn") == {"pypinyin"}
        assert modules({"model": "xtts"}) == modules({"model": "vits"}, "ja") == set()

    @pytest.mark.parametrize(
        ("config", "preload"),
        [
            ({"model": "XTTS"}, "xtts"),
            ({"model": "fast_pitch"}, "forward_tts"),
            ({"model": "speedy_speech", "base_model": "forward_tts"}, "forward_tts"),
        ],
    )
    def test_name_the_module_of_the_architecture(self, config: dict[str, object], preload: str) -> None:
        assert [need.preload for need in needs_of(config, "en")][-1:] == [f"TTS.tts.models.{preload}"]

    @pytest.mark.parametrize(
        "config",
        [
            {},
            {"model": "os"},
            {"model": ["vits"], "phonemizer": {}, "use_phonemes": 1, "datasets": 3, "text_cleaner": None},
            {"model": "..vits", "base_model": "vits.os", "phonemizer": "no_such", "use_phonemes": True},
            {"use_phonemes": True, "phonemizer": "multi_phonemizer", "datasets": [{"language": ["x"]}]},
        ],
        ids=lambda config: str(config)[:40],
    )
    def test_are_of_closed_lists_whatever_the_configuration_holds(self, config: dict[str, object]) -> None:
        assert needs_of(config, "en") == ()


def imported(tree: ast.AST) -> Iterator[str]:
    """Top-level names of everything that a module imports, wherever that stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").partition(".")[0]


def plain(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def required(distribution: str, seen: set[str]) -> set[str]:
    """A distribution and all that it requires without an extra."""
    if plain(distribution) in seen:
        return seen
    seen.add(plain(distribution))
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        for line in importlib.metadata.distribution(distribution).requires or ():
            if "extra ==" not in line:
                required(re.split(r"[ <>=!~;\[(]", line)[0], seen)
    return seen


class TestTable:
    def test_names_what_coqui_looks_for(self) -> None:
        utils = pytest.importorskip("TTS.utils.import_utils")
        looked_for = {name: tuple(deps.packages) for name, deps in utils.PHONEMIZER_DEPS.items()}
        assert {name: PHONEMIZERS[name][0] for name in looked_for} == looked_for
        assert PHONEMIZERS.keys() - looked_for.keys() == {"be_phonemizer"}
        assert PHONEMIZERS.keys() | {"espeak", "multi_phonemizer"} == sinks.PHONEMIZERS
        assert CLEANERS.keys() <= sinks.CLEANERS

    def test_knows_every_package_that_coqui_imports_and_does_not_require(self) -> None:
        spec = importlib.util.find_spec("TTS")
        if spec is None or spec.origin is None:
            pytest.skip("coqui-tts is not installed")
        root = Path(spec.origin).parent
        found = {
            name
            for path in root.rglob("*.py")
            if not any(path.relative_to(root.parent).as_posix().startswith(part) for part in NOT_TO_SPEAK)
            for name in imported(ast.parse(path.read_text("utf-8")))
        }
        tables = (*PHONEMIZERS.values(), *CLEANERS.values(), *XTTS_LANGUAGES.values())
        known = {module for row, _ in tables for module in row} | set(GRUUT_LANGUAGES.values())
        installed = required("coqui-tts", set())
        brought = {
            module
            for module, names in importlib.metadata.packages_distributions().items()
            if any(plain(name) in installed for name in names)
        }
        extra = {package.name for package in COQUI.packages} | {"TTS", "torchcodec", "gruut_ipa", "six"}
        assert found - brought - set(sys.stdlib_module_names) - known - extra - OPTIONAL.keys() == set()

    def test_has_a_module_for_every_architecture(self) -> None:
        spec = importlib.util.find_spec("TTS")
        if spec is None or spec.origin is None:
            pytest.skip("coqui-tts is not installed")
        models = Path(spec.origin).parent / "tts" / "models"
        for model in TTS_MODELS:
            *_, need = needs_of({"model": model}, "en")
            assert (models / f"{need.preload.rpartition('.')[2]}.py").is_file()
