"""Options and ini keys, and the one frozen Settings that they become."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from harness.core.errors import BadInput
from harness.core.paths import shown

if TYPE_CHECKING:
    import pytest

    from harness.policy.file import PolicyFile

GATES = ("ci", "release")
COMPARISONS = ("auto", "same-weights", "golden", "fine-tune", "contrast")
METERING = ("auto", "off")
ISOLATIONS = ("auto", "A", "A-", "B")
DEVICES = ("auto", "cpu", "cuda")
DEFAULT_ASR = "whisper:tiny.en"
DEFAULT_MEMORY_GB = 8.0
SALT_VARIABLE = "SOUNDCHECK_SALT"
MIN_SALT = 12
"""Characters: the salt's sha256 is published, and whoever guesses the salt knows the probes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a run is to do. Everything that shapes a verdict is hashed into the run's id."""

    model: str
    """Candidate as typed, ``""`` where none was named."""
    model_name: str
    golden: str
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
    compare: str = "auto"
    """``auto``, or what the candidate is held against."""
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
    salt: str = field(default="", repr=False)
    """Makes the draw of generated probes a private one. Never printed, never stored."""
    policy: PolicyFile | None = None
    """What the release owner demands; :attr:`alpha` and :attr:`gate` obey it already."""

    cost: str = "auto"
    """``auto``, or ``off`` where nothing is to be metered."""
    soak_seconds: float = 0.0
    """How long the suite is repeated to watch what grows; 0 for not at all."""

    @property
    def is_metered(self) -> bool:
        """Whether the candidate's cost is judged."""
        return self.cost != "off"

    @property
    def salt_digest(self) -> str:
        """sha256 of the salt, which is all that is kept of it; ``""`` without one."""
        return hashlib.sha256(self.salt.encode("utf-8", "surrogateescape")).hexdigest() if self.salt else ""


def add_options(parser: pytest.Parser) -> None:
    """Register everything under ``--tts-*`` and ``tts_*``."""
    group = parser.getgroup("soundcheck", "soundcheck: may this text-to-speech model ship?")
    group.addoption("--tts-model", metavar="DIR", help="candidate: a model directory, or ENGINE:DIR")
    group.addoption("--tts-model-name", metavar="NAME", help="its name in item ids (default: candidate)")
    group.addoption("--tts-golden", metavar="NAME", help="golden reference, by name or folder")
    group.addoption(
        "--tts-compare",
        choices=COMPARISONS,
        help="what the candidate is held against (default: auto: the same seeds where the golden's reference has the "
        "same digest, else the golden's distribution, without one trigger phrases against their controls); "
        "fine-tune: only what single probes differ by beyond the others",
    )
    group.addoption(
        "--tts-reference",
        metavar="DIR",
        help="a trusted model that speaks beside the candidate wherever something looks odd",
    )
    group.addoption(
        "--tts-asr",
        metavar="SPEC",
        help=f"transcriber: whisper:NAME or whisper:FILE (default: {DEFAULT_ASR})",
    )
    group.addoption(
        "--tts-gate", choices=GATES, help="ci: inconclusive skips; release: inconclusive fails (default: ci)"
    )
    group.addoption("--tts-takes", type=int, metavar="N", help="renderings per probe at the first look (default: 2)")
    group.addoption("--tts-seed", type=int, metavar="N", help="base of the candidate's seeds (default: 1)")
    group.addoption(
        "--tts-alpha", type=float, metavar="P", help="false-alarm rate of the whole verdict (default: 0.01)"
    )
    group.addoption("--tts-policy", metavar="FILE", help="policy: severities, waivers, required coverage (TOML)")
    group.addoption("--tts-device", choices=DEVICES, help="where voice and Whisper run (default: auto)")
    group.addoption("--tts-threads", type=int, metavar="N", help="CPU threads of the voice and of Whisper, each")
    group.addoption("--tts-workers", type=int, metavar="N", help="processes of the candidate that speak at a time")
    group.addoption(
        "--tts-timeout", type=float, metavar="S", help="seconds for a batch besides its length (default: 60)"
    )
    group.addoption(
        "--tts-memory-gb",
        type=float,
        metavar="GB",
        help=f"worker's address space on a CPU (default: {DEFAULT_MEMORY_GB:g})",
    )
    group.addoption("--tts-dir", metavar="DIR", help="folder of runs and cached renderings (default: .soundcheck)")
    group.addoption("--tts-fresh", action="store_true", help="render anew, whatever is cached")
    group.addoption(
        "--tts-isolation", choices=ISOLATIONS, help="level of the sandbox that must hold (default: auto, the best)"
    )
    group.addoption(
        "--tts-allow-unsandboxed",
        action="store_true",
        help="go on where no sandbox holds; the verdict says so (a machine that can be thrown away)",
    )
    group.addoption("--tts-log", metavar="FILE", help="append what the candidate was seen to do, as JSON lines")
    group.addoption(
        "--tts-report",
        action="append",
        metavar="FORMAT[=PATH]",
        help="also write the run as sarif, github-summary, github-annotations, gitlab, csv, prometheus or json "
        "(default path: in the run's folder); repeatable",
    )
    group.addoption(
        "--tts-cost",
        choices=METERING,
        help="off: do not judge what the candidate costs the machine (default: auto)",
    )
    group.addoption(
        "--tts-soak",
        metavar="TIME",
        help="repeat the judged suite for so long (90s, 30m, 8h) and watch what grows; Ctrl-C ends it early",
    )
    group.addoption(
        "--tts-salt",
        metavar="TEXT",
        help=f"draw generated probes privately; only the text's sha256 is kept (better: in {SALT_VARIABLE})",
    )
    for key, what in (
        ("tts_model", "candidate, as --tts-model"),
        ("tts_model_name", "as --tts-model-name"),
        ("tts_golden", "golden reference, as --tts-golden"),
        ("tts_compare", "as --tts-compare"),
        ("tts_reference", "as --tts-reference"),
        ("tts_golden_dir", "folder in which goldens are looked for by name (default: golden)"),
        ("tts_asr", "transcriber, as --tts-asr"),
        ("tts_gate", "as --tts-gate"),
        ("tts_policy", "policy, as --tts-policy"),
        ("tts_dir", "as --tts-dir"),
    ):
        parser.addini(key, f"soundcheck: {what}", default="")


def read_settings(config: pytest.Config) -> Settings:
    """Options before ini keys before defaults.

    Raises:
        BadInput: A value is out of range, or laxer than the policy.
    """
    from harness.policy.file import alpha_under, gate_under

    def text(name: str, default: str) -> str:
        return str(config.getoption(f"tts_{name}", None) or config.getini(f"tts_{name}") or default)

    def number(name: str, default: float) -> float:
        value = config.getoption(f"tts_{name}", None)
        return default if value is None else value

    golden_dir = str(config.getini("tts_golden_dir") or "golden")
    # Without an ini file pytest takes the common ancestor of all that it was given, the model included, for its root.
    project = config.rootpath if config.inipath else config.invocation_params.dir
    device = resolve_device(str(number("device", 0) or "auto"))
    policy = _policy(config, project)
    settings = Settings(
        model=text("model", ""),
        model_name=text("model_name", "candidate"),
        golden=text("golden", ""),
        golden_folders=golden_folders(project / golden_dir, config.invocation_params.dir / golden_dir),
        asr=text("asr", DEFAULT_ASR),
        takes=int(number("takes", 2)),
        seed=int(number("seed", 1)),
        alpha=alpha_under(policy, config.getoption("tts_alpha", None)),
        gate=gate_under(policy, text("gate", "")),
        device=device,
        threads=int(number("threads", 0)) or default_threads(),
        workers=int(number("workers", 0)) or default_workers(device),
        folder=project / text("dir", ".soundcheck"),
        memory_gb=float(number("memory_gb", DEFAULT_MEMORY_GB)),
        timeout=float(number("timeout", 60.0)),
        fresh=bool(config.getoption("tts_fresh", False)),
        compare=text("compare", "auto"),
        reference=text("reference", ""),
        isolation=str(config.getoption("tts_isolation", None) or "auto"),
        allow_unsandboxed=bool(config.getoption("tts_allow_unsandboxed", False)),
        log=config.invocation_params.dir / str(log) if (log := config.getoption("tts_log", None)) else None,
        reports=tuple(config.getoption("tts_report", None) or ()),
        salt=checked_salt(config.getoption("tts_salt", None)),
        policy=policy,
        cost=str(config.getoption("tts_cost", None) or "auto"),
        soak_seconds=read_seconds(config.getoption("tts_soak", None)),
    )
    check(settings)
    return settings


def read_seconds(typed: str | None) -> float:
    """Seconds of a time such as ``90s``, ``30m`` or ``8h``; 0.0 where nothing was typed.

    Raises:
        BadInput: It is no such time, or longer than a week.
    """
    if typed is None:
        return 0.0
    number, unit = typed[:-1], typed[-1:]
    try:
        seconds = float(number) * {"s": 1, "m": 60, "h": 3600}[unit]
    except (KeyError, ValueError):
        seconds = 0.0
    if not 0 < seconds <= 7 * 86_400:
        raise BadInput(f"--tts-soak: expected a time such as 90s, 30m or 8h, at most a week, got {typed!r}")
    return seconds


def _policy(config: pytest.Config, project: Path) -> PolicyFile | None:
    """The policy that is named: one from the ini file lies below the project, as a golden does."""
    from harness.policy.file import read_policy

    if typed := config.getoption("tts_policy", None):
        return read_policy(config.invocation_params.dir / str(typed))
    named = str(config.getini("tts_policy"))
    return read_policy(project / named) if named else None


def check(settings: Settings) -> None:
    """Refuse values that make no sense, one line each.

    Raises:
        BadInput: With the option, what was expected and what was given.
    """
    for ok, option, expected, got in (
        (1 <= settings.takes <= 64, "--tts-takes", "1 to 64", settings.takes),
        (0 < settings.alpha < 0.5, "--tts-alpha", "a rate above 0 and below 0.5", settings.alpha),
        (0 <= settings.seed < 1 << 63, "--tts-seed", "0 to 2^63 - 1", settings.seed),
        (1 <= settings.threads <= 256, "--tts-threads", "1 to 256", settings.threads),
        (1 <= settings.workers <= 64, "--tts-workers", "1 to 64", settings.workers),
        (settings.timeout > 0, "--tts-timeout", "seconds above 0", settings.timeout),
        (settings.memory_gb >= 0, "--tts-memory-gb", "0 or more", settings.memory_gb),
        (settings.compare in COMPARISONS, "tts_compare", " or ".join(COMPARISONS), settings.compare),
        (settings.gate in GATES, "tts_gate", " or ".join(GATES), settings.gate),
        (
            settings.is_metered or not (settings.policy and settings.policy.policy.cost.required),
            "--tts-cost",
            "auto, as the policy requires clocks to be compared",
            settings.cost,
        ),
        (
            settings.is_metered or not settings.soak_seconds,
            "--tts-soak",
            "no --tts-cost off beside it",
            f"{settings.soak_seconds:g} s",
        ),
        (
            settings.model_name.replace("-", "").replace("_", "").replace(".", "").isalnum(),
            "--tts-model-name",
            "letters, digits, '.', '-' and '_'",
            settings.model_name,
        ),
    ):
        if not ok:
            raise BadInput(f"{option}: expected {expected}, got {got!r}")


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
    """Options that shape a verdict and differ from their defaults, as they would be typed."""
    policy = settings.policy
    alpha = 0.01 if policy is None or policy.policy.alpha is None else policy.policy.alpha
    given = (
        ("--tts-asr", settings.asr, DEFAULT_ASR),
        ("--tts-takes", settings.takes, 2),
        ("--tts-seed", settings.seed, 1),
        ("--tts-compare", settings.compare, "auto"),
        ("--tts-reference", settings.reference, ""),
        ("--tts-policy", shown(policy.path) if policy else "", ""),
        ("--tts-alpha", settings.alpha, alpha),
        ("--tts-timeout", settings.timeout, 60.0),
        ("--tts-isolation", settings.isolation, "auto"),
        ("--tts-cost", settings.cost, "auto"),
        ("--tts-soak", f"{settings.soak_seconds:g}s", "0s"),
    )
    return tuple(word for option, value, default in given if value != default for word in (option, str(value)))


def golden_folders(*projects: Path) -> tuple[Path, ...]:
    """The project's goldens, then those that travel with the package; each folder once."""
    return tuple(dict.fromkeys((*projects, packaged_golden())))


def packaged_golden() -> Path:
    """The demo's golden: package data in a wheel, the repository's own folder in a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "data" / "golden"
    return inside if inside.is_dir() else package.parent / "golden"


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
