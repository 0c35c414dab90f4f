"""Every engine that there is, one row each. Cheap to import: what a row names is imported where it is needed.

Nothing outside this table makes an engine, and nothing in a candidate's folder does more than let the first row whose
file lies there be chosen. Knows no other room: adapters and checks are named by texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

FILE_CHECKS = ("config", "architecture")
"""What may be asked of an engine's own files, and so the names of its checks: a run has the same items for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A distribution that an engine needs."""

    name: str
    module: str
    """What is imported of it."""
    what: str
    """What it is for, in a few words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What one model needs of the machine, and another of the same engine does not."""

    what: str
    """What for, as the end of "for its ...": ours, never the model's words."""
    modules: tuple[str, ...] = ()
    """Top-level modules that have to be found before the model is loaded."""
    install: str = ""
    """What installs them."""
    preload: str = ""
    """What a worker imports for it beside :attr:`EngineSpec.preloads`."""
    lent: str = ""
    """``module:function`` that gives the folder of files that such a worker may read beside its packages, made where it
    is not there, or None; it is given whom to tell that this takes a while."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSpec:
    """What the harness has to know of an engine without importing it."""

    name: str
    """As users type it, ``NAME:DIR``."""
    title: str
    """What a folder of it is, with an article."""
    file: str
    """The file by which a folder is known to be for this engine; ``*`` stands for any name."""
    has_checkpoint: bool = True
    """Whether a folder without a checkpoint is no model of it."""
    is_json: bool = False
    """Whether that file is JSON, lines of comment allowed: said early where it is not."""
    adapter: str
    """``module:class`` of a :class:`harness.core.engine.Engine`; imported in the worker only."""
    adapter_version: int
    """Raised when the adapter speaks differently: earlier renderings are then made again."""
    preloads: tuple[str, ...] = ()
    """What the adapter imports sooner or later, in order; ``module:function`` is called, too. A sandboxed worker does
    so before its walls close: trusted code starts programs and reads files that nobody should touch afterwards."""
    shaped_by: tuple[str, ...] = ()
    """Distributions whose versions shape the audio; with the adapter's, they are part of every rendering's name."""
    extra: str = ""
    """Extra of Soundcheck that installs its packages, ``""`` where it needs none."""
    packages: tuple[Package, ...] = ()
    """What the extra installs."""
    needs: str = ""
    """Module that says, given a model's configuration, what else it needs (``needs_of``) and what it speaks
    (``language_of``); ``""`` where all models need the same and speak English."""
    layout: str = ""
    """``module:function`` that finds which files of a folder speak, given the folder and the
    :class:`harness.core.voice.Voice` that was chosen, and returns it complete; ``""`` where there is nothing to find.
    Where it is given, the adapter's ``load`` is given the voice."""
    vocoder: str = ""
    """``module:function`` that looks whether a vocoder's folder (None: the one that the model brings) fits a model's,
    and raises BadInput where it does not; ``""`` for an engine whose models make their own sound. Where it is given,
    ``load`` takes a ``vocoder``."""
    choices: str = ""
    """``module:function`` that lists the :class:`harness.core.voice.Choices` of a folder, executing nothing; ``""`` for
    an engine whose models have one speaker and one language. Where it is given, so is ``load``'s voice."""
    language: str = ""
    """``module:function`` that says what the voice of a folder speaks (ISO 639-1), executing nothing; ``""`` where that
    is said by :attr:`needs`, or by nobody."""
    facts: str = ""
    """``module:function`` that gives the :class:`harness.core.voice.ModelFacts` of a folder, executing nothing; ``""``
    where there is nothing to say."""
    has_untrained: bool = False
    """Whether the adapter's ``load`` takes ``is_untrained``: the architecture of a model's configuration with weights
    that nobody trained. An error that it does not raise as well is the model's; without it none is."""
    has_stand_ins: bool = False
    """Whether ``load`` takes ``is_bare`` as well: it opens nothing but files of the name :attr:`file`, and makes of
    them what stands in for a vocoder and for files that they name. What such a voice alone does not raise is the
    model's."""
    reads: Mapping[str, str] = field(default_factory=dict)
    """Architectures, as :attr:`facts` name them, that the adapter can ``read`` texts with, speaking none (see
    :class:`harness.core.engine.Reading`) -> by which figures; ``""`` for an engine whose models have none."""
    checks: tuple[str, ...]
    """``module:class`` of each :class:`harness.admission.base.Check` of its own files: one named ``config``, which says
    what they do when they are loaded; and one named ``architecture`` where there are weights to hold against it."""

    def is_in(self, folder: Path) -> bool:
        """Whether the file by which its folders are known lies in one."""
        return any(path.is_file() for path in folder.glob(self.file))


COQUI = EngineSpec(
    name="coqui",
    title="a Coqui model (config.json and a checkpoint)",
    file="config.json",
    is_json=True,
    adapter="harness.engines.coqui.adapter:CoquiEngine",
    adapter_version=4,
    preloads=(
        "torch",
        "harness.engines.coqui.espeak:install_inprocess_espeak",
        "TTS.utils.synthesizer",
        "TTS.tts.models.vits",
    ),
    shaped_by=("coqui-tts", "torch", "espeakng-loader"),
    extra="coqui",
    packages=(
        Package(name="coqui-tts", module="TTS", what="the voice"),
        Package(name="torch", module="torch", what="the voice and Whisper"),
        Package(name="torchaudio", module="torchaudio", what="the voice"),
        Package(name="espeakng-loader", module="espeakng_loader", what="phonemes without a system package"),
    ),
    needs="harness.engines.coqui.needs",
    layout="harness.engines.coqui.layout:find_voice",
    vocoder="harness.engines.coqui.layout:require_vocoder",
    choices="harness.admission.coqui.speakers:read_choices",
    facts="harness.admission.coqui.facts:read_facts",
    has_untrained=True,
    has_stand_ins=True,
    reads={
        "vits": "prior means, prior deviations and durations",
        "glow_tts": "prior means, prior deviations and durations",
        **dict.fromkeys(("fast_pitch", "fastspeech2"), "encoder outputs, contours and durations"),
        **dict.fromkeys(("fast_speech", "speedy_speech"), "encoder outputs and durations"),
    },
    checks=("harness.admission.coqui.config:ConfigCheck", "harness.admission.coqui.architecture:ArchitectureCheck"),
)

PIPER = EngineSpec(
    name="piper",
    title="a Piper voice (NAME.onnx and NAME.onnx.json)",
    file="*.onnx.json",
    adapter="harness.engines.piper.adapter:PiperEngine",
    adapter_version=1,
    preloads=("numpy.random", "harness.engines.onnx_runtime:import_runtime", "harness.engines.coqui.espeak:espeak"),
    shaped_by=("onnxruntime", "espeakng-loader"),
    extra="piper",
    packages=(
        Package(name="onnxruntime", module="onnxruntime", what="the voice"),
        Package(name="espeakng-loader", module="espeakng_loader", what="phonemes without a system package"),
    ),
    layout="harness.engines.piper.layout:find_voice",
    choices="harness.engines.piper.layout:read_choices",
    language="harness.engines.piper.layout:language_in",
    facts="harness.engines.piper.layout:read_facts",
    checks=("harness.admission.piper.config:ConfigCheck",),
)

KOKORO = EngineSpec(
    name="kokoro",
    title="a Kokoro voice (NAME.onnx and voices*.bin)",
    file="voices*.bin",
    adapter="harness.engines.kokoro.adapter:KokoroEngine",
    adapter_version=1,
    preloads=PIPER.preloads,
    shaped_by=("onnxruntime", "espeakng-loader"),
    extra="kokoro",
    packages=PIPER.packages,
    layout="harness.engines.kokoro.layout:find_voice",
    choices="harness.engines.kokoro.layout:read_choices",
    language="harness.engines.kokoro.layout:language_in",
    facts="harness.engines.kokoro.layout:read_facts",
    checks=("harness.admission.kokoro.config:ConfigCheck",),
)

FAKE = EngineSpec(
    name="fake",
    title="a fake voice (fake.json), for tests",
    file="fake.json",
    has_checkpoint=False,
    adapter="harness.engines.fake.adapter:FakeEngine",
    adapter_version=1,
    choices="harness.engines.fake.voices:read_choices",
    has_untrained=True,
    has_stand_ins=True,
    reads={"": "figures made up for tests"},
    checks=COQUI.checks,  # a stand-in for a Coqui voice, at the door as well
)

ENGINES = {spec.name: spec for spec in (COQUI, PIPER, KOKORO, FAKE)}
"""Engines by name. A folder that has the files of several is the first one's."""


def recognise(folder: Path) -> EngineSpec | None:
    """The engine that a folder is for, by what lies in it; None where there is none."""
    return next((spec for spec in ENGINES.values() if spec.is_in(folder)), None)


def table() -> str:
    """The engines as a Markdown table, as the documentation shows them."""
    rows = (
        f"| `{spec.name}` | {spec.title} | `{spec.file}` | {f'`{spec.extra}`' if spec.extra else 'none'} |"
        for spec in ENGINES.values()
    )
    return "\n".join(("| engine | a folder of it is | known by | extra |", "|---|---|---|---|", *rows)) + "\n"
