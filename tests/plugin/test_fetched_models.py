"""``--tts-model`` with a source in place of a folder: fetched, looked at once, and gated like any other."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tls_server import Net

COMMIT = "0123456789abcdef0123456789abcdef01234567"
VOICE = json.dumps({"version": 1, "faults": []}).encode()


def url(net: Net, _folder: Path) -> str:
    return net.server.serve("/voice/fake.json", VOICE)


def on_a_hub(net: Net, _folder: Path) -> str:
    oid = hashlib.sha1(b"blob %d\0" % len(VOICE) + VOICE).hexdigest()
    net.server.serve(f"/acme/voice/resolve/{COMMIT}/fake.json", VOICE)
    listing = json.dumps([{"type": "file", "path": "fake.json", "size": len(VOICE), "oid": oid}])
    net.server.serve(f"/api/models/acme/voice/tree/{COMMIT}", listing.encode())
    return f"hf://acme/voice@{COMMIT}"


def in_coquis_list(net: Net, folder: Path) -> str:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("voice/fake.json", VOICE)
    entry = {"github_rls_url": net.server.serve("/voice.zip", archive.getvalue())}
    (folder / "models.json").write_text(json.dumps({"tts_models": {"en": {"acme": {"voice": entry}}}}), "utf-8")
    return "tts_models/en/acme/voice"


@pytest.mark.parametrize("publish", [url, on_a_hub, in_coquis_list])
def test_a_model_that_is_named_by_a_source_is_gated(
    publish: Callable[[Net, Path], str],
    net: Net,
    recorded: Path,
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SOUNDCHECK_CACHE", str(pytester.path / "cache"))
    monkeypatch.setattr("harness.models.fetching.fetch.usual_context", lambda: net.context)
    monkeypatch.setattr("harness.models.fetching.coqui.installed_list", lambda: pytester.path / "models.json")
    (pytester.path / "small.probes.yaml").write_bytes((recorded / "small.probes.yaml").read_bytes())
    pytester.makepyprojecttoml(
        f'[tool.soundcheck.sources]\nhosts = ["{net.server.place}"]\norganisations = ["acme"]\n'
        f'hub = "{net.server.url}"\n[tool.pytest.ini_options]\n'
    )
    source = publish(net, pytester.path)
    done = pytester.runpytest_inprocess(
        "small.probes.yaml", "-p", "no:cacheprovider", f"--tts-model={source}", "--tts-asr=fake",
        f"--tts-golden={recorded / 'golden/small'}", "-k", "crane or engine-load",
    )  # fmt: skip
    done.assert_outcomes(passed=2, deselected=done.parseoutcomes()["deselected"])
    (run,) = (pytester.path / ".soundcheck" / "runs").glob("*/run.json")
    assert source in run.read_text("utf-8")
    assert "soundcheck-sources.json" in {path.name for path in pytester.path.iterdir()}


def test_a_source_that_nobody_allowed_ends_the_session_before_it_begins(
    net: Net, recorded: Path, pytester: pytest.Pytester
) -> None:
    (pytester.path / "small.probes.yaml").write_bytes((recorded / "small.probes.yaml").read_bytes())
    pytester.makepyprojecttoml("[tool.pytest.ini_options]\n")
    done = pytester.runpytest_inprocess("small.probes.yaml", f"--tts-model={url(net, pytester.path)}")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert "is not allowed; to allow it" in done.stdout.str() + done.stderr.str()
    assert net.server.asked == []
