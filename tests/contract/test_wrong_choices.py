"""Every wrong choice of who speaks gets one line that says what there is or what to do; docs/voices.md has them all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile

from harness.core.errors import BadInput
from harness.core.types import Model
from harness.core.voice import Voice
from harness.models.files import find_model, find_voice
from harness.models.vocoder import check_vocoder
from harness.models.voices import choices_of, choose_voice, named_voice
from harness.run.choices import Choice, Choices
from harness.run.comparing import choose_comparison
from harness.run.settings import Settings, make_settings
from tests.unit.models.test_recording import spoken, two_days, written

PAGE = Path(__file__).parents[2] / "docs" / "voices.md"
Case = Callable[[Path], object]


def settings(here: Path, **chosen: Any) -> Settings:
    by_stem = {name.replace("_", "-"): Choice(value=value, name=f"--tts-{name}") for name, value in chosen.items()}
    return make_settings(Choices(by_stem=by_stem, project=here, here=here))


def asked(here: Path, name: str = "many", **chosen: Any) -> Voice:
    """What pytest looks at before anything is collected."""
    made = settings(here, model=str(here / name), **chosen)
    return named_voice(made.model, made.voice)


def in_language(here: Path, name: str, language: str) -> Voice:
    engine, path = find_model(str(here / name))
    chosen = Voice(speaker="amelie")
    return choose_voice(path, choices_of(engine, path), find_voice(engine, path, chosen), language=language)


def against(here: Path, voice: Voice, recorded: str = "", speakers: tuple[str, ...] = ()) -> object:
    manifest = SimpleNamespace(model_digest="a" * 64, voice=recorded, speakers=speakers)
    golden = SimpleNamespace(name="good", manifest=manifest)
    model = Model(path=here, engine="fake", digest="a" * 64, voice=voice)
    return choose_comparison(settings(here), model, golden)  # type: ignore[arg-type]


def through(here: Path, vocoder: str, name: str = "glow") -> None:
    """What pytest looks at before anything is collected, where a vocoder is named."""
    check_vocoder(str(here / name), str(here / vocoder))


def silent(here: Path) -> str:
    return str(written(here / "silent.wav", np.zeros(32_000, np.float32)))


def text(here: Path) -> str:
    (here / "notes.wav").write_text("call her on Monday", "utf-8")
    return str(here / "notes.wav")


CASES: dict[str, Case] = {
    "several speakers, none chosen": asked,
    "a name that is nearly one": lambda here: asked(here, speaker=["ameli"]),
    "a name unlike any": lambda here: asked(here, speaker=["zoe"]),
    "a speaker of a model that has one": lambda here: asked(here, "plain", speaker=["zoe"]),
    "an empty word": lambda here: asked(here, speaker=[""]),
    "a sample of nobody": lambda here: asked(here, speaker=["sample:0"]),
    "a sample of more than there are": lambda here: asked(here, speaker=["sample:5"]),
    "all, where a speaker is called so": lambda here: asked(here, "odd", speaker=["all"]),
    "all, where none can be listed": lambda here: asked(here, "away", speaker=["all"]),
    "a language that it does not speak": lambda here: asked(here, speaker=["amelie"], language="en-uk"),
    "the suite's language, which it does not speak": lambda here: in_language(here, "many", "fr"),
    "a language of a model that has one": lambda here: asked(here, "plain", language="de"),
    "two checkpoints, none chosen": lambda here: asked(here, "trained"),
    "a checkpoint that is not there": lambda here: asked(here, "trained", checkpoint="best_modl.pth"),
    "no checkpoint": lambda here: asked(here, "empty"),
    "a checkpoint of an engine without any": lambda here: asked(here, "plain", checkpoint="model.pth"),
    "a recording that is not there": lambda here: asked(here, "cloning", speaker_wav=str(here / "no.wav")),
    "a recording that is no audio": lambda here: asked(here, "cloning", speaker_wav=text(here)),
    "a recording of two days": lambda here: asked(here, "cloning", speaker_wav=str(two_days(here / "long.flac"))),
    "a recording of half a second": lambda here: asked(
        here, "cloning", speaker_wav=str(written(here / "short.wav", spoken(0.5)))
    ),
    "a recording of silence": lambda here: asked(here, "cloning", speaker_wav=silent(here)),
    "a recording for a model that clones nobody": lambda here: asked(
        here, speaker_wav=str(written(here / "amelie.wav", spoken(2)))
    ),
    "a recording where the encoder is missing": lambda here: asked(
        here, "yours", speaker_wav=str(written(here / "amelie.wav", spoken(2)))
    ),
    "a recording and a speaker": lambda here: asked(
        here, "cloning", speaker=["amelie"], speaker_wav=str(written(here / "amelie.wav", spoken(2)))
    ),
    "a vocoder that is not there": lambda here: through(here, "nowhere"),
    "a vocoder that is none": lambda here: through(here, "glow"),
    "a vocoder of another sample rate": lambda here: through(here, "vocoder-24k"),
    "a vocoder of other mel bands": lambda here: through(here, "vocoder-100"),
    "a vocoder for a model that makes its own sound": lambda here: through(here, "vocoder-24k", "trained"),
    "a vocoder for a model of another engine": lambda here: through(here, "vocoder-24k", "plain"),
    "a golden of another speaker": lambda here: against(here, Voice(speaker="bruno"), "speaker amelie"),
    "a golden of one speaker for several": lambda here: against(
        here, Voice(speakers=("amelie", "bruno")), "speaker amelie"
    ),
    "a golden of other speakers": lambda here: against(here, Voice(speaker="zoe"), speakers=("amelie", "bruno")),
    "a golden of another recording": lambda here: against(here, Voice(recording="b" * 64), f"recording {'a' * 64}"),
}


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """Model directories, none of which is ever loaded."""
    speakers = ["amelie", "bruno"]
    for name, content in {
        "plain": {},
        "many": {"speakers": speakers, "languages": ["de", "en-us"]},
        "odd": {"speakers": ["all", "bruno"]},
        "cloning": {"speakers": speakers, "clones": True},
    }.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "fake.json").write_text(json.dumps({"version": 1, **content}), "utf-8")
    trained = {"model": "vits"}
    for name, config, files in (
        ("trained", trained, ("best_model.pth", "checkpoint_9.pth")),
        ("glow", {"model": "glow_tts"}, ("best_model.pth",)),
        ("vocoder-24k", {"model": "hifigan", "audio": {"sample_rate": 24_000}}, ("best_model.pth",)),
        ("vocoder-100", {"model": "hifigan", "audio": {"num_mels": 100}}, ("best_model.pth",)),
        ("empty", trained, ("speakers.pth",)),
        ("away", trained | {"use_speaker_embedding": True, "speakers_file": "/train/out/speakers.pth"}, ("model.pth",)),
        (
            "yours",
            trained
            | {
                "model_args": {
                    "use_d_vector_file": True,
                    "speaker_encoder_model_path": "/train/model_se.pth",
                    "speaker_encoder_config_path": "/train/config_se.json",
                }
            },
            ("model.pth",),
        ),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text(json.dumps(config), "utf-8")
        for file in files:
            (tmp_path / name / file).write_bytes(b"")
    return tmp_path


def documented() -> dict[str, str]:
    """What was chosen -> the line, as the page has it."""
    part = PAGE.read_text("utf-8").partition("## Wrong choices\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("|")]
    return {title: line.strip("`") for title, line in rows[2:]}


@pytest.mark.parametrize("title", CASES)
def test_a_wrong_choice_gets_its_line(title: str, here: Path) -> None:
    with pytest.raises(BadInput) as caught:
        CASES[title](here)
    line = str(caught.value)
    assert "\n" not in line
    assert line.replace(f"{here}/", "") == documented()[title]


def test_the_page_has_no_other_lines() -> None:
    assert list(documented()) == list(CASES)


def test_a_right_choice_gets_none(here: Path) -> None:
    soundfile.write(here / "amelie.wav", spoken(2), 16_000)
    assert asked(here, speaker=["all"]).speakers == ("amelie", "bruno")
    assert asked(here, "trained", checkpoint="checkpoint_9.pth").checkpoint == "checkpoint_9.pth"
    assert len(asked(here, "cloning", speaker_wav=str(here / "amelie.wav")).recording) == 64
    assert in_language(here, "many", "en").language == "en-us"
