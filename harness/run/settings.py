"""From what was chosen, typed or in an ini file, to the one frozen Settings of a run."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.core.errors import BadInput
from harness.core.paths import expanded, shown
from harness.core.shard import Shard, read_shard
from harness.core.voice import Voice
from harness.run.choices import Choices, choices_of
from harness.run.options import OPTIONS, SALT_VARIABLE
from harness.storage.address import Address, read_address

if TYPE_CHECKING:
    import pytest

    from harness.models.recording import Recording
    from harness.policy.file import PolicyFile

MIN_SALT = 12
"""Characters: the salt's sha256 is published, and whoever guesses the salt knows the probes."""
SHARDS: Final = "shards"
"""Below the folder of runs: what shards record of themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a run is to do. Everything that shapes a verdict is hashed into the run's id.

    It is long because it has one attribute for each option of :mod:`harness.run.options`, and nothing else.
    """

    model: str
    """Candidate as typed, ``""`` where none was named."""
    model_name: str
    """Its name in item ids."""
    golden: str
    """Golden as typed, ``""`` where none was named."""
    golden_folders: tuple[Path, ...]
    """Where a golden is looked for by name."""
    asr: str
    """``whisper:NAME``, ``whisper:PATH`` or ``fake``."""
    takes: int
    """Renderings per probe at the screening."""
    seed: int
    """Base of the candidate's seeds."""
    alpha: float
    """False-alarm rate of the whole verdict."""
    gate: str
    device: str
    threads: int
    """CPU threads of all workers together, and as many of the transcriber."""
    workers: int
    """Processes of the candidate that speak at a time."""
    folder: Path
    """Where the store and the runs lie."""
    memory_gb: float
    """Cap of the worker's address space on a CPU, 0 for none."""
    timeout: float
    """Seconds a batch may take before its length is counted."""
    fresh: bool
    """Ignore renderings of earlier runs."""
    store: Address | None = None
    """What machines share, whose cache :attr:`folder` is; None where nothing is shared."""
    compare: str = "auto"
    """``auto``, or what the candidate is held against."""
    checkpoint: str = ""
    """Which checkpoint of the candidate's folder, by its name there; ``""`` for the only one."""
    speaker: tuple[str, ...] = ()
    """Which speakers of the candidate, as typed: names, ``all`` or ``sample:N``; none for the only one."""
    speaker_wav: Recording | None = None
    """Whose voice the candidate is to clone; None for a speaker of its own."""
    language: str = ""
    """Which language of the candidate, as it calls it; ``""`` for the suite's."""
    vocoder: str = ""
    """Folder of what makes sound of the candidate's spectrograms, ``""`` for its own or none."""
    reference: str = ""
    """A trusted model that speaks beside the candidate, as typed; ``""`` for none."""
    isolation: str = "auto"
    """``auto``, or the level of the sandbox that must hold."""
    allow_unsandboxed: bool = False
    """Go on where no sandbox holds."""
    log: Path | None = None
    """Where every observed event goes, as JSON lines."""
    reports: tuple[str, ...] = ()
    """Formats to write the run in, as typed: ``FORMAT`` or ``FORMAT=PATH``."""
    shard: Shard | None = None
    """The part that is spoken and heard here, with nothing judged; None where all of it is judged."""
    on: str = ""
    """Where parts are done before all of it is judged, as typed; ``""`` for nowhere else. A part makes no parts."""
    shards: int = 0
    """Into how many parts, 0 for as many as there are places."""
    salt: str = field(default="", repr=False)
    """Makes the draw of generated probes a private one. Never printed, never stored."""
    policy: PolicyFile | None = None
    """What the release owner demands; :attr:`alpha` and :attr:`gate` obey it already."""

    cost: str = "auto"
    """``auto``, or ``off`` where nothing is to be metered."""
    soak_seconds: float = 0.0
    """How long the suite is repeated to watch what grows; 0 for not at all."""
    hunt_seconds: float = 0.0
    """How long triggers that no suite has are searched for; 0 for not at all."""

    @property
    def voice(self) -> Voice:
        """Who of the candidate was chosen to speak, as typed."""
        recording = self.speaker_wav.sha256 if self.speaker_wav else ""
        return Voice(checkpoint=self.checkpoint, speakers=self.speaker, language=self.language, recording=recording)

    @property
    def run_root(self) -> Path:
        """Below which the run is recorded: of a shard a place of its own, as others may work in the same folder."""
        return self.folder / SHARDS / f"{self.shard.number}-{self.shard.of}" if self.shard else self.folder

    @property
    def is_metered(self) -> bool:
        """Whether the candidate's cost is judged."""
        return self.cost != "off"

    @property
    def salt_digest(self) -> str:
        """sha256 of the salt, which is all that is kept of it; ``""`` without one."""
        return hashlib.sha256(self.salt.encode("utf-8", "surrogateescape")).hexdigest() if self.salt else ""


def read_settings(config: pytest.Config) -> Settings:
    """Options before ini keys before defaults.

    Raises:
        BadInput: A value is out of range, or laxer than the policy.
    """
    return make_settings(choices_of(config))


def make_settings(choices: Choices) -> Settings:
    """Settings from what was chosen.

    Raises:
        BadInput: A value is out of range, or laxer than the policy.
    """
    from harness.policy.file import alpha_under, gate_under, read_policy

    recording: Recording | None = None
    if recording_path := choices.path("speaker-wav"):
        from harness.models.recording import read_recording

        recording = read_recording(recording_path)
    policy_path = choices.path("policy")
    policy = read_policy(policy_path) if policy_path else None
    device = resolve_device(choices.text("device"))
    settings = Settings(
        model=choices.model("model"),
        model_name=choices.text("model-name"),
        golden=choices.golden(),
        golden_folders=choices.golden_folders(),
        asr=choices.asr(),
        takes=int(choices.number("takes") or 0),
        seed=int(choices.number("seed") or 0),
        alpha=alpha_under(policy, choices.number("alpha"), name=choices.name("alpha")),
        gate=gate_under(policy, choices.text("gate"), name=choices.name("gate")),
        device=device,
        threads=int(choices.number("threads") or default_threads()),
        workers=int(choices.number("workers") or default_workers(device)),
        folder=choices.project / choices.text("dir"),
        store=_address(choices),
        memory_gb=choices.number("memory-gb") or 0.0,
        timeout=choices.number("timeout") or 0.0,
        fresh=choices.is_set("fresh"),
        compare=choices.text("compare"),
        checkpoint=choices.text("checkpoint"),
        speaker=choices.words("speaker"),
        speaker_wav=recording,
        language=choices.text("language"),
        vocoder=choices.model("vocoder"),
        reference=choices.model("reference"),
        isolation=choices.text("isolation"),
        allow_unsandboxed=choices.is_set("allow-unsandboxed"),
        log=choices.path("log"),
        reports=choices.reports(),
        shard=read_shard(choices.text("shard"), name=choices.name("shard")),
        on=choices.text("on"),
        shards=int(choices.number("shards") or 0),
        salt=checked_salt(choices.text("salt") if "salt" in choices.by_stem else None),
        policy=policy,
        cost=choices.text("cost"),
        soak_seconds=read_seconds(choices.text("soak"), name=choices.name("soak")),
        hunt_seconds=read_seconds(choices.text("hunt"), name=choices.name("hunt")),
    )
    check(settings, {option.stem: choices.name(option.stem) for option in OPTIONS})
    _refuse_judged(settings, choices, policy_path)
    return settings


def _address(choices: Choices) -> Address | None:
    typed = choices.text("store")
    return read_address(typed, name=choices.name("store"), above=choices.base("store")) if typed else None


def _refuse_judged(settings: Settings, choices: Choices, policy: Path | None) -> None:
    """Refuse policy, golden, shared store and weights that lie in the candidate, the reference or the vocoder.

    Raises:
        BadInput: One line.
    """
    from harness.models.judged import Judged, refuse_inside

    asked = [(choices.name("policy"), policy)] if policy else []
    if settings.golden:
        places = (expanded(settings.golden), *(folder / settings.golden for folder in settings.golden_folders))
        asked += [(choices.name("golden"), place) for place in places if (place / "manifest.json").exists()][:1]
    if settings.store and settings.store.folder:
        asked.append((choices.name("store"), settings.store.folder))
    if weights := settings.asr.partition(":")[2]:
        asked.append((choices.name("asr"), expanded(weights)))
    judged = Judged.of(candidate=settings.model, reference=settings.reference, vocoder=settings.vocoder)
    refuse_inside(judged, asked)


def read_seconds(typed: str, *, name: str = "--tts-soak") -> float:
    """Seconds of a time such as ``90s``, ``30m`` or ``8h``; 0.0 where nothing was typed.

    Raises:
        BadInput: It is no such time, or longer than a week.
    """
    if not typed:
        return 0.0
    number, unit = typed[:-1], typed[-1:]
    try:
        seconds = float(number) * {"s": 1, "m": 60, "h": 3600}[unit]
    except (KeyError, ValueError):
        seconds = 0.0
    if not 0 < seconds <= 7 * 86_400:
        raise BadInput(f"{name}: expected a time such as 90s, 30m or 8h, at most a week, got {typed!r}")
    return seconds


def check(settings: Settings, names: Mapping[str, str]) -> None:
    """Refuse values that make no sense, one line each.

    Args:
        settings: What was chosen.
        names: What each option was chosen by, by its stem.

    Raises:
        BadInput: With the option, what was expected and what was given.
    """
    for option in OPTIONS:
        value = getattr(settings, option.name, None)
        if option.bounds and not option.bounds.holds(value):
            raise BadInput(f"{names[option.stem]}: expected {option.bounds.wording}, got {value!r}")
        if option.choices and value not in option.choices:
            raise BadInput(f"{names[option.stem]}: expected {' or '.join(option.choices)}, got {value!r}")
    if settings.is_metered:
        return
    if settings.policy and settings.policy.policy.cost.required:
        expected = "auto, as the policy requires clocks to be compared"
        raise BadInput(f"{names['cost']}: expected {expected}, got {settings.cost!r}")
    if settings.soak_seconds:
        got = f"{settings.soak_seconds:g} s"
        raise BadInput(f"{names['soak']}: expected no {names['cost']}=off beside it, got {got!r}")


def checked_salt(typed: str | None) -> str:
    """The salt as typed, else from the environment, else none.

    Raises:
        BadInput: It is too short to stay a secret.
    """
    salt = typed if typed is not None else os.environ.get(SALT_VARIABLE, "")
    if 0 < len(salt) < MIN_SALT:
        raise BadInput(f"--tts-salt: expected {MIN_SALT} characters or more (or none), got {len(salt)}")
    return salt


def typed_options(settings: Settings) -> tuple[str, ...]:
    """Options that shape a verdict and differ from their defaults, as they would be typed: one word each."""
    policy = settings.policy
    demanded = 0.01 if policy is None or policy.policy.alpha is None else policy.policy.alpha
    otherwise = {
        "policy": shown(policy.path) if policy else None,
        "speaker-wav": shown(settings.speaker_wav.path) if settings.speaker_wav else None,
        "alpha": None if settings.alpha == demanded else settings.alpha,
        "soak": f"{settings.soak_seconds:g}s" if settings.soak_seconds else None,
        "hunt": f"{settings.hunt_seconds:g}s" if settings.hunt_seconds else None,
    }
    shaping = [option for option in OPTIONS if option.shapes_verdict]
    values = [(one, otherwise[one.stem] if one.stem in otherwise else getattr(settings, one.name)) for one in shaping]
    listed = [(one, word) for one, value in values for word in (value if isinstance(value, tuple) else (value,))]
    return tuple(f"{one.flag}={value}" for one, value in listed if value not in (one.default, None, ""))


def default_threads() -> int:
    """Half the cores, shared among xdist workers: voice and Whisper work side by side."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    return max(1, len(os.sched_getaffinity(0)) // (2 * workers))


def default_workers(device: str) -> int:
    """Two to four processes on a CPU, each of which speaks faster than a further thread would; one on a GPU.

    Two even on two cores: Whisper, on the other side, waits for the voice half of the time.
    """
    if device != "cpu" or "PYTEST_XDIST_WORKER_COUNT" in os.environ:
        return 1
    cores = len(os.sched_getaffinity(0))
    return 1 if cores == 1 else min(4, max(2, cores // 2))


def resolve_device(wanted: str) -> str:
    """``cuda`` where it is asked for, or found without importing torch."""
    if wanted != "auto":
        return wanted
    return "cuda" if Path("/dev/nvidia0").exists() else "cpu"
