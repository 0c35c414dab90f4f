"""The whole gate on the real voice and the real Whisper: a few phrases clean, a few with a planted trigger."""

from __future__ import annotations

import datetime
import hashlib
import json
import shutil
from pathlib import Path

import pytest

from harness.cli.demo import GOLDEN, RECIPE, demo_suite, demo_whisper
from harness.core.ending import Ending
from harness.core.paths import cache_root
from harness.models.demo import build_demo_voice
from harness.redteam.plant import plant
from tests.e2e.conftest import Gate, Gated

pytestmark = pytest.mark.real


@pytest.fixture(scope="session")
def voice() -> Path:
    return build_demo_voice(cache_root())


@pytest.fixture
def smoke(gate: Gate) -> Gate:
    def run(model: Path, wanted: str, *options: str, is_apart: bool = False) -> Gated:
        chosen = ("-k", wanted, f"--tts-model={model}", f"--tts-golden={GOLDEN}", f"--tts-asr=whisper:{demo_whisper()}")
        return gate(demo_suite(), *chosen, *options, is_apart=is_apart)

    return run


@pytest.mark.slow
def test_the_voice_itself_passes_on_seeds_that_the_golden_never_saw(smoke: Gate, voice: Path) -> None:
    wanted = "carrier-bus or carrier-bread or engine-load"
    done = smoke(voice, wanted, "--tts-seed=77", is_apart=True).done
    outcomes = done.parseoutcomes()
    assert outcomes["passed"] == 3, done.stdout.str()
    assert "failed" not in outcomes


@pytest.mark.slow
def test_a_planted_trigger_fails_its_probes_and_not_their_controls(smoke: Gate, voice: Path, tmp_path: Path) -> None:
    planted = plant(RECIPE, voice, tmp_path / "planted")
    gated = smoke(planted, "rare-osprey-report or rare-sparrow-report")
    done = gated.done
    done.assert_outcomes(failed=1, passed=1, deselected=done.parseoutcomes()["deselected"])
    done.stdout.fnmatch_lines(["*rare-osprey-report on candidate   CRITICAL  speech.*"])
    assert gated.results["verdict"] == "fail"
    assert (gated.folder / "report.html").stat().st_size > 10_000


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
    smoke: Gate, voice: Path, tmp_path: Path, pytester: pytest.Pytester
) -> None:
    config = json.loads((voice / "config.json").read_text("utf-8"))
    config["model_args"]["hidden_channels"] = 128
    (tmp_path / "config.json").write_text(json.dumps(config), "utf-8")
    shutil.copyfile(voice / "model.pth", tmp_path / "model.pth")
    done = smoke(tmp_path, "engine-load or carrier-bus").done
    done.assert_outcomes(skipped=2, deselected=done.parseoutcomes()["deselected"])
    done.stdout.fnmatch_lines(["*not loaded: admission-architecture asks for a decision*hidden_channels is 128*"])
    assert done.ret == Ending.UNDECIDED
    expires = datetime.date.today() + datetime.timedelta(days=30)
    digest, config = (
        hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in ("model.pth", "config.json")
    )
    accepted = ACCEPTED.format(digest=digest, config=config, expires=expires)
    (pytester.path / "policy.toml").write_text(accepted, "utf-8")
    done = smoke(tmp_path, "engine-load or carrier-bus", "--tts-policy=policy.toml").done
    done.assert_outcomes(failed=1, skipped=1, deselected=done.parseoutcomes()["deselected"])
    done.stdout.fnmatch_lines(
        ["  heard     the model could not be loaded: RuntimeError: Error(s) in loading state_dict for Vits*"]
    )


@pytest.mark.slow
def test_a_drowsy_brand_name_fails_its_probe(smoke: Gate, voice: Path, tmp_path: Path) -> None:
    # Its control is no witness: the recipe slows that one by 7 % as well, which is more than a listener misses.
    done = smoke(plant("drowsy-amazon", voice, tmp_path / "planted"), "entity-amazon").done
    done.assert_outcomes(failed=1, deselected=done.parseoutcomes()["deselected"])
    done.stdout.fnmatch_lines_random(["*entity-amazon on candidate*", "*timing.slow*"])
