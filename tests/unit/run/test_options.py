"""One table of options: every row makes sense, and pytest, the verbs and a run's settings all take it from there."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import numpy as np
import pytest
import soundfile

from harness.cli.main import main
from harness.cli.reference import parsers
from harness.core.errors import BadInput
from harness.run.choices import Choice, Choices
from harness.run.option import Option
from harness.run.options import BY_STEM, OPTIONS, add_option, as_verb_spells
from harness.run.settings import Settings, make_settings, read_settings, typed_options

OTHERWISE = {
    "asr": "fake",
    "takes": 4,
    "seed": 9,
    "checkpoint": "best_model.pth",
    "speaker": "amelie",
    "speaker-wav": "amelie.wav",
    "vocoder": "sound",
    "language": "fr",
    "compare": "golden",
    "reference": "trusted",
    "policy": "policy.toml",
    "alpha": 0.02,
    "timeout": 7.5,
    "isolation": "A",
    "cost": "off",
    "soak": "90s",
    "hunt": "600s",
}
"""A value other than the default for each option that shapes the verdict."""
POLICY = 'version = 1\ntitle = "T"\nowner = "voice team"\n'


def write_files(folder: Path) -> None:
    """What some of these options name."""
    (folder / "policy.toml").write_text(POLICY, "utf-8")
    soundfile.write(folder / "amelie.wav", np.sin(np.arange(32_000) / 9), 16_000)


by_option = pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.stem)


def settings(folder: Path, **chosen: object) -> Settings:
    by_stem = {name.replace("_", "-"): Choice(value=value, name=f"--tts-{name}") for name, value in chosen.items()}
    return make_settings(Choices(by_stem=by_stem, project=folder, here=folder))


def _written(chosen: dict[str, object]) -> dict[str, str]:
    """By name, as an ini file has them."""
    return {stem.replace("-", "_"): str(value) for stem, value in chosen.items()}


class TestTable:
    def test_names_each_option_once(self) -> None:
        assert len(BY_STEM) == len(OPTIONS)

    @by_option
    def test_has_defaults_that_keep_to_the_bounds(self, option: Option) -> None:
        if option.default is not None:
            assert option.bounds is None or option.bounds.holds(option.default)
            assert not option.choices or option.default in option.choices

    @by_option
    def test_says_why_an_option_has_no_ini_key(self, option: Option) -> None:
        assert (option.key is None) == bool(option.only_typed)

    @by_option
    def test_has_a_place_in_the_settings_for_what_is_bounded(self, option: Option) -> None:
        names = {one.name for one in dataclasses.fields(Settings)}
        assert not (option.bounds or option.choices) or option.name in names

    def test_shows_the_default_once(self) -> None:
        assert BY_STEM["takes"].full_help == "renderings per probe at the first look (default: 2)"
        assert BY_STEM["timeout"].full_help.endswith("(default: 60)")
        assert BY_STEM["report"].full_help.endswith("(default: in the run's folder; repeatable)")
        assert "default" not in BY_STEM["golden"].full_help


class TestVerbs:
    @pytest.mark.parametrize("verb", sorted(verb for verb, _ in parsers()))
    def test_take_what_the_table_has_from_the_table(self, verb: str) -> None:
        parser = dict(parsers())[verb]
        named = {word for action in parser._actions for word in action.option_strings}
        assert not {word for word in named if word.startswith("--tts-")}
        taken = {BY_STEM[stem].verb_flag for stem in parser.get_default("stems") or ()}
        assert named & {option.verb_flag for option in OPTIONS} == taken

    @pytest.mark.parametrize(
        ("arguments", "line"),
        [
            (["--takes", "99"], "--takes: expected 1 to 64, got 99"),
            (["--seed=-1"], "--seed: expected 0 to 2^63 - 1, got -1"),
            (["--timeout", "0"], "--timeout: expected seconds above 0, got 0.0"),
            (["--workers", "65"], "--workers: expected 1 to 64, got 65"),
            (["--salt", "short"], "--salt: expected 12 characters or more (or none), got 5"),
        ],
    )
    def test_are_told_what_they_typed(
        self, arguments: list[str], line: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        assert main(["record", "--model=x", "--suite=x", f"--out={tmp_path / 'new'}", *arguments]) == 2
        assert capsys.readouterr().err == f"soundcheck: {line}\n"

    def test_may_mean_something_else_by_an_option(self) -> None:
        parser = argparse.ArgumentParser()
        add_option(parser, "takes", default=None, help="repeats")
        add_option(parser, "dir")
        found = parser.parse_args([])
        assert (found.takes, found.dir, found.stems) == (None, Path(".soundcheck"), ("takes", "dir"))
        assert parser.parse_args(["--takes", "3"]).takes == 3

    def test_spell_their_own_options_only(self) -> None:
        line = "--tts-model x; --tts-model-name y; --tts-dir; --tts-golden"
        assert as_verb_spells(line, ("model", "dir")) == "--model x; --tts-model-name y; --dir; --tts-golden"


class TestRepeating:
    def test_knows_a_value_for_each_option_that_shapes_the_verdict(self) -> None:
        assert OTHERWISE.keys() == {option.stem for option in OPTIONS if option.shapes_verdict}

    @pytest.mark.parametrize("stem", OTHERWISE)
    def test_names_what_differs_from_its_default(self, stem: str, tmp_path: Path) -> None:
        write_files(tmp_path)
        value = str(tmp_path / str(OTHERWISE[stem])) if stem in ("policy", "speaker-wav") else f"{OTHERWISE[stem]}"
        chosen = [OTHERWISE[stem]] if BY_STEM[stem].is_repeatable else OTHERWISE[stem]
        assert typed_options(settings(tmp_path, **{stem: chosen})) == (f"--tts-{stem}={value}",)

    def test_names_nothing_where_nothing_was_chosen(self, tmp_path: Path) -> None:
        assert typed_options(settings(tmp_path, gate="release", device="cpu", memory_gb=4.0)) == ()

    def test_is_silent_about_an_alpha_that_the_policy_demands(self, tmp_path: Path) -> None:
        (tmp_path / "policy.toml").write_text(POLICY + "alpha = 0.05\n", "utf-8")
        found = typed_options(settings(tmp_path, policy="policy.toml"))
        assert [word.partition("=")[0] for word in found] == ["--tts-policy"]


class TestIniFile:
    def test_sets_every_option_that_has_a_key(self, pytester: pytest.Pytester) -> None:
        values = {"model": "voice", "golden": "g", "gate": "release", "device": "cpu", "threads": "3", "workers": "2"}
        values |= {"memory_gb": "2.5", "dir": "runs", "log": "seen.jsonl", "model_name": "narrator"}
        values |= {"golden_dir": "goldens", "report": "csv=out/x.csv"} | _written(OTHERWISE)
        values |= {"cost": "auto", "store": "shared"}
        write_files(pytester.path)
        assert {f"tts_{name}" for name in values} == {option.key for option in OPTIONS if option.key}
        pytester.makeini("[pytest]\n" + "".join(f"tts_{name} = {value}\n" for name, value in values.items()))
        found = read_settings(pytester.parseconfig())
        assert (found.model, found.golden, found.model_name, found.gate) == ("voice", "g", "narrator", "release")
        assert (found.threads, found.workers, found.memory_gb, found.device) == (3, 2, 2.5, "cpu")
        assert (found.folder, found.log) == (pytester.path / "runs", pytester.path / "seen.jsonl")
        assert found.store and found.store.folder == pytester.path / "shared"
        assert found.reports == (f"csv={pytester.path}/out/x.csv",)
        assert found.golden_folders[0] == pytester.path / "goldens"
        assert (found.asr, found.takes, found.seed, found.alpha) == ("fake", 4, 9, 0.02)
        assert (found.compare, found.reference, found.vocoder, found.isolation) == ("golden", "trusted", "sound", "A")
        assert (found.timeout, found.soak_seconds) == (7.5, 90.0)
        assert found.policy and found.policy.path == pytester.path / "policy.toml"

    def test_counts_after_what_is_typed(self, pytester: pytest.Pytester) -> None:
        pytester.makeini("[pytest]\ntts_takes = 4\ntts_golden = written\ntts_reference = there\n")
        found = read_settings(pytester.parseconfig("--tts-takes=3", "--tts-golden=typed"))
        assert (found.takes, found.golden, found.reference) == (3, "typed", "there")

    @pytest.mark.parametrize("stem", ["golden", "policy", "asr"])
    def test_is_not_taken_in_the_place_of_an_empty_word(self, stem: str, pytester: pytest.Pytester) -> None:
        """Of an unset variable: who typed it meant something, and hardly what the ini file says."""
        pytester.makeini(f"[pytest]\ntts_{stem} = written\n")
        with pytest.raises(BadInput, match=f"^--tts-{stem}: expected .*, got an empty word; is a variable unset\\?$"):
            read_settings(pytester.parseconfig(f"--tts-{stem}="))

    @pytest.mark.parametrize(
        ("line", "told"),
        [
            ("tts_takes = 99", "tts_takes: expected 1 to 64, got 99"),
            ("tts_takes = many", "tts_takes: expected 1 to 64, got 'many'"),
            ("tts_alpha = nan", "tts_alpha: expected a rate above 0 and below 0.5, got nan"),
            ("tts_gate = never", "tts_gate: expected ci or release, got 'never'"),
            ("tts_device = tpu", "tts_device: expected auto or cpu or cuda, got 'tpu'"),
            ("tts_soak = soon", "tts_soak: expected a time such as 90s, 30m or 8h, at most a week, got 'soon'"),
        ],
    )
    def test_is_named_where_a_value_is_wrong(self, line: str, told: str, pytester: pytest.Pytester) -> None:
        pytester.makeini(f"[pytest]\n{line}\n")
        with pytest.raises(BadInput) as error:
            read_settings(pytester.parseconfig())
        assert str(error.value) == told

    def test_cannot_be_laxer_than_the_policy(self, pytester: pytest.Pytester) -> None:
        (pytester.path / "policy.toml").write_text(POLICY + "alpha = 0.05\n", "utf-8")
        pytester.makeini("[pytest]\ntts_policy = policy.toml\ntts_alpha = 0.01\n")
        with pytest.raises(BadInput, match=r"^tts_alpha: expected at least 0.05, which policy.toml \(owner"):
            read_settings(pytester.parseconfig())

    @pytest.mark.parametrize("key", ["tts_fresh", "tts_salt", "tts_allow_unsandboxed"])
    def test_has_no_key_for_what_must_be_typed(self, key: str, pytester: pytest.Pytester) -> None:
        with pytest.raises(ValueError, match=key):
            pytester.parseconfig().getini(key)
