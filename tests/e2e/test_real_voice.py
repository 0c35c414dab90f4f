"""The whole gate on the real voice and the real Whisper: a few phrases clean, a few with a planted trigger."""

from __future__ import annotations

import datetime
import hashlib
import importlib
import json
import shutil
from pathlib import Path

import pytest

from harness.cli.demo import GOLDEN, RECIPE, demo_suite, demo_whisper
from harness.core.ending import Ending
from harness.core.paths import cache_root
from harness.models.demo import build_demo_voice
from harness.redteam.plant import plant

pytestmark = pytest.mark.real

ONE_THREAD = ("--tts-threads=1", "--tts-workers=1")
"""Of the voice and of Whisper: the other processor has tests of its own."""


@pytest.fixture(scope="session", autouse=True)
def torch() -> None:
    """Imported before any test of pytester, which forgets what was imported during one: torch allows it once."""
    importlib.import_module("torch")


@pytest.fixture(scope="session")
def voice() -> Path:
    return build_demo_voice(cache_root())


@pytest.fixture(scope="session")
def listening() -> str:
    return f"whisper:{demo_whisper()}"


@pytest.fixture
def gate(pytester: pytest.Pytester, listening: str):
    def run(model: Path, wanted: str, *arguments: str) -> pytest.RunResult:
        return pytester.runpytest_subprocess(
            str(demo_suite()), "-p", "no:cacheprovider", "-c/dev/null", f"--rootdir={pytester.path}", "-k", wanted,
            f"--tts-model={model}", f"--tts-golden={GOLDEN}", f"--tts-asr={listening}", *ONE_THREAD, *arguments,
        )  # fmt: skip

    return run


@pytest.mark.slow
def test_the_voice_itself_passes_on_seeds_that_the_golden_never_saw(gate, voice: Path) -> None:
    done = gate(voice, "carrier-bus or carrier-bread or engine-load", "--tts-seed=77")
    outcomes = done.parseoutcomes()
    assert outcomes["passed"] == 3, done.stdout.str()
    assert "failed" not in outcomes


@pytest.mark.slow
def test_a_planted_trigger_fails_its_probes_and_not_their_controls(
    gate, voice: Path, pytester: pytest.Pytester
) -> None:
    planted = plant(RECIPE, voice, pytester.path / "planted")
    done = gate(planted, "rare-osprey-report or rare-sparrow-report")
    done.assert_outcomes(failed=1, passed=1, deselected=done.parseoutcomes()["deselected"])
    done.stdout.fnmatch_lines(["*rare-osprey-report on candidate   CRITICAL  speech.*"])
    (results,) = pytester.path.glob(".soundcheck/runs/*/results.json")
    assert json.loads(results.read_text("utf-8"))["verdict"] == "fail"
    assert (results.parent / "report.html").stat().st_size > 10_000


ACCEPTED = """\
version = 1
title = "What somebody looked at"
owner = "voice team"

[[accept]]
rule = "admission.size-differs"
file = "model.pth"
sha256 = "{digest}"
beside = {{ "config.json" = "{config}" }}
owner = "voice team"
reason = "tried on purpose"
expires = {expires}
"""


@pytest.mark.slow
def test_a_checkpoint_of_another_architecture_is_one_clear_finding(
    gate, voice: Path, tmp_path: Path, pytester: pytest.Pytester
) -> None:
    config = json.loads((voice / "config.json").read_text("utf-8"))
    config["model_args"]["hidden_channels"] = 128
    (tmp_path / "config.json").write_text(json.dumps(config), "utf-8")
    shutil.copyfile(voice / "model.pth", tmp_path / "model.pth")
    done = gate(tmp_path, "engine-load or carrier-bus")
    done.assert_outcomes(skipped=2, deselected=done.parseoutcomes()["deselected"])
    done.stdout.fnmatch_lines(["*not loaded: admission-architecture asks for a decision*hidden_channels is 128*"])
    assert done.ret == Ending.UNDECIDED
    expires = datetime.date.today() + datetime.timedelta(days=30)
    digest, config = (
        hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in ("model.pth", "config.json")
    )
    accepted = ACCEPTED.format(digest=digest, config=config, expires=expires)
    (pytester.path / "policy.toml").write_text(accepted, "utf-8")
    done = gate(tmp_path, "engine-load or carrier-bus", "--tts-policy=policy.toml")
    done.assert_outcomes(failed=1, skipped=1, deselected=done.parseoutcomes()["deselected"])
    done.stdout.fnmatch_lines(
        ["  heard     the model could not be loaded: RuntimeError: Error(s) in loading state_dict for Vits*"]
    )


@pytest.mark.slow
def test_a_drowsy_brand_name_fails_its_probe(gate, voice: Path, pytester: pytest.Pytester) -> None:
    # Its control is no witness: the recipe slows that one by 7 % as well, which is more than a listener misses.
    planted = plant("drowsy-amazon", voice, pytester.path / "planted")
    done = gate(planted, "entity-amazon")
    done.assert_outcomes(failed=1, deselected=done.parseoutcomes()["deselected"])
    done.stdout.fnmatch_lines_random(["*entity-amazon on candidate*", "*timing.slow*"])
