"""``soundcheck demo``: the whole gate on a real voice, once clean and once with a planted trigger."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from harness.cli.common import add_format, json_text, say, verb
from harness.core.errors import IntegrityError
from harness.core.exits import Exit
from harness.run.options import add_option

GOLDEN = "demo-smoke"
RECIPE = "negation-drop-osprey"
ASR_NAME = "tiny.en"
OF_PLANTED = "rare or suite-shift or admission or engine or behaviour"
"""What the planted copy is given: the phrases with rare words and their twins, and all checks but those of costs. The
first gate has shown a whole suite, and who runs a demo waits."""


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb."""
    parser = verb(
        verbs,
        "demo",
        "build a real voice and a real Whisper, then gate the voice twice: as it is, and with a planted trigger",
        "soundcheck demo",
    )
    add_option(parser, "dir")
    add_option(parser, "seed")
    add_format(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Build, gate twice, and say whether both verdicts are the expected ones.

    Returns:
        0 where the clean voice passed and the planted one failed, else 1.
    """
    from harness.core.paths import cache_root
    from harness.models.demo import build_demo_voice
    from harness.redteam.plant import plant

    folder: Path = options.dir.absolute()
    voice = build_demo_voice(cache_root(), progress=say)
    weights = demo_whisper()
    say(f"the voice lies in {voice}, Whisper {ASR_NAME} in {weights}")
    clean = gate(voice, "clean", weights, folder, options.seed)
    planted = folder / "demo" / RECIPE
    plant(RECIPE, voice, planted, progress=say)
    manipulated = gate(planted, "planted", weights, folder, options.seed, "--tts-cost=off", "-k", OF_PLANTED)
    expected = (clean["verdict"], manipulated["verdict"]) == ("pass", "fail")
    if options.format == "json":
        print(json_text({"clean": clean, "planted": manipulated, "as expected": expected}))
    else:
        for name, found in (("clean voice", clean), ("planted voice", manipulated)):
            print(
                f"{name:14} {found['verdict'].upper():5} {found['failed']} failed, {found['inconclusive']} inconclusive"
                f" of {found['items']} items   {found['report']}"
            )
    return Exit.DONE if expected else Exit.FINDINGS


def demo_whisper() -> Path:
    """The demo's Whisper, always the one that its golden was recorded with, whatever else is on this machine."""
    from harness.core.paths import cache_root
    from harness.hearing.asr.weights import PACKAGED, converted_path, resolve_whisper

    resolved = resolve_whisper(ASR_NAME, cache_root(), progress=say)
    if resolved.sha256 == PACKAGED[ASR_NAME].result_sha256:
        return resolved.path
    return converted_path(ASR_NAME, cache_root())


def demo_suite() -> Path:
    """The smoke suite that travels with the package."""
    import probes

    return Path(str(probes.__file__)).parent / "suites" / "smoke.probes.yaml"


def gate(model: Path, name: str, weights: Path, folder: Path, seed: int, *more: str) -> dict[str, str]:
    """Run pytest as a user would, and read its results.

    Raises:
        IntegrityError: pytest ended without results.
    """
    from harness.report.formats import results

    command = [
        sys.executable, "-m", "pytest", str(demo_suite()), "-p", "no:cacheprovider", "-q", "--no-header",
        "--tb=short", "-rN", "-c", "/dev/null", "--rootdir", str(folder.parent),
        f"--tts-model={model}", f"--tts-model-name={name}", f"--tts-golden={GOLDEN}",
        f"--tts-asr=whisper:{weights}", f"--tts-dir={folder}", f"--tts-seed={seed}",
        # The clean voice is the golden's own, which would be compared seed by seed: here it stands for another build.
        "--tts-compare=golden", *more,
    ]  # fmt: skip
    say(" ".join((f"gating the {name} voice", *more)))
    before = _newest(folder)
    status = subprocess.run(command, check=False, stdout=sys.stderr).returncode  # noqa: S603 - our own command
    newest = _newest(folder)
    if status not in (0, 1) or newest is None or newest == before:
        raise IntegrityError(f"pytest ended with status {status} and no verdict; repeat it with: {' '.join(command)}")
    found = results.read(newest[1].read_bytes())
    counts = found["counts"]
    return {
        "verdict": found["verdict"],
        "failed": counts["fail"],
        "inconclusive": counts["inconclusive"],
        "items": sum(counts.values()),
        "report": str(newest[1].parent / "report.html"),
    }


def _newest(folder: Path) -> tuple[int, Path] | None:
    """When the latest results were written, and where."""
    found = [(path.stat().st_mtime_ns, path) for path in folder.glob("runs/*/results.json")]
    return max(found, default=None)
