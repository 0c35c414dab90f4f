"""The configurations that the check calls hostile, handed to Coqui itself: they do what is said of them."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.admission.coqui.config import ConfigCheck
from harness.admission.tree import Tree
from harness.core.paths import cache_root
from harness.core.types import Verdict
from harness.models.demo import build_demo_voice
from tests import config_corpus as corpus

pytestmark = [pytest.mark.real, pytest.mark.slow]

SERVER = "http://127.0.0.1:9"
"""Replaced by the address of the server that counts what is asked of it."""
GLOW: corpus.Config = {
    "model": "glow_tts",
    "use_phonemes": False,
    "text_cleaner": "basic_cleaners",
    "hidden_channels_enc": 32,
    "hidden_channels_dec": 32,
    "hidden_channels_dp": 32,
    "num_flow_blocks_dec": 1,
}
Seen = dict[str, Any]


def _glow(files: dict[str, bytes], changes: corpus.Config) -> corpus.Make:
    return corpus.with_files(files, changes, GLOW)


def _encoder(folder: Path) -> None:
    import torch
    from TTS.encoder.models.lstm import LSTMSpeakerEncoder

    model = {"model_name": "lstm", "input_dim": 80, "proj_dim": 8, "lstm_dim": 8, "num_lstm_layers": 1}
    paths = {"speaker_encoder_model_path": "model_se.pth", "speaker_encoder_config_path": "config_se.json"}
    corpus.with_config({"model_args": paths})(folder)
    encoder = LSTMSpeakerEncoder(80, 8, 8, 1)
    torch.save({"model": encoder.state_dict()}, folder / "model_se.pth")
    base = {"model": "speaker_encoder", "num_loader_workers": 0, "num_classes_in_batch": 1, "num_utter_per_class": 1}
    corpus.write(
        folder, "config_se.json", {**base, "model_params": model, "audio": {"num_mels": 80, "stats_path": "s.npy"}}
    )
    (folder / "s.npy").write_bytes(corpus.hostile_stats("encoder"))


def _bark(folder: Path) -> None:
    import hashlib

    payload = pickle.dumps(corpus.Marking("bark"))
    digest = hashlib.md5(payload, usedforsecurity=False).hexdigest()
    paths = {"text": {"path": f"{SERVER}/text_2.pt", "checksum": digest}}
    corpus.write(folder, "config.json", {"model": "bark", "REMOTE_MODEL_PATHS": paths})
    (folder / "text_2.pt").write_bytes(payload)


_USED = {"use_speaker_embedding": True, "num_speakers": 2}


def _reference(folder: Path) -> None:
    _glow({}, {**_USED, "speakers_file": "reference://speakers.json::file://" + str(folder / "refs.json")})(folder)
    outside = str(folder.parent / "secret.json")
    corpus.write(folder, "refs.json", {"version": 1, "refs": {"speakers.json": [f"file://{outside}"]}})


def _marked(seen: Seen, name: str) -> bool:
    return str(seen["marked"]).strip() == name


def _asked(seen: Seen, name: str) -> bool:
    return f"/{name}.json" in seen["asked"]


def _opened(seen: Seen, name: str) -> bool:
    return any(path.endswith("/secret.json") for path in seen["opened"])


def _thrown(seen: Seen, name: str) -> bool:
    return any(word in str(seen["thrown"]) for word in ("memory", "payload", "Memory"))


def _url(name: str) -> str:
    return f"{SERVER}/{name}.json"


def _with_stats(name: str, text: str, file: str = "config.json") -> corpus.Make:
    """A configuration byte by byte whose statistics are hostile."""

    def make(folder: Path) -> None:
        corpus.with_text(text, file)(folder)
        (folder / "s.npy").write_bytes(corpus.hostile_stats(name))

    return make


def _link(folder: Path) -> None:
    _glow({}, {**_USED, "speakers_file": "speakers.json"})(folder)
    (folder / "speakers.json").symlink_to("../secret.json")


_COMMENT = '{"model": "glow_tts", // "audio": {}\r "audio": {"stats_path": "s.npy"}}'
_TWICE = '{"model": "glow_tts", "audio": {}, "audio": {"stats_path": "s.npy"}}'
_YAML = "model: glow_tts\naudio: {stats_path: s.npy}\n"
_README = {"README.md": pickle.dumps(corpus.Marking("stats-text"), 0)}
_MODULE = {"payload.py": corpus.module("class")}
_LANGUAGES = {"use_language_embedding": True, "language_ids_file": _url("language-url")}
_ENCODER = {"speaker_encoder_config_path": _url("encoder-url"), "speaker_encoder_model_path": "x.pth"}

PROOFS: dict[str, tuple[corpus.Make, Callable[[Seen, str], bool]]] = {
    "class": (_glow(_MODULE, {"characters": {"characters_class": "payload.Characters"}}), _marked),
    "stats": (_glow({"s.npy": corpus.hostile_stats("stats")}, {"audio": {"stats_path": "s.npy"}}), _marked),
    "stats-text": (_glow(_README, {"audio": {"stats_path": "README.md"}}), _marked),
    "stats-comment": (_with_stats("stats-comment", _COMMENT), _marked),
    "stats-duplicate": (_with_stats("stats-duplicate", _TWICE), _marked),
    "stats-yaml": (_with_stats("stats-yaml", _YAML, "config.yml"), _marked),
    "encoder": (_encoder, _marked),
    "bark": (_bark, _marked),
    "speakers-url": (_glow({}, {**_USED, "speakers_file": _url("speakers-url")}), _asked),
    "speakers-chained": (_glow({}, {**_USED, "speakers_file": f"simplecache::{_url('speakers-chained')}"}), _asked),
    "d-vector-url": (_glow({}, {"use_d_vector_file": True, "d_vector_file": _url("d-vector-url")}), _asked),
    "language-url": (corpus.with_config({"model_args": _LANGUAGES}), _asked),
    "encoder-url": (corpus.with_config({"model_args": _ENCODER}), _asked),
    "outside": (_glow({}, {**_USED, "speakers_file": "../secret.json"}), _opened),
    "link": (_link, lambda seen, _: any(path.endswith("link/speakers.json") for path in seen["opened"])),
    "reference": (_reference, _opened),
    "model-name": (_glow({}, {"model": "fast_pitch", "base_model": "payload"}), _thrown),
    "width": (_glow({}, {"hidden_channels_enc": 10**9}), _thrown),
}


@pytest.fixture(scope="module")
def proven(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Seen], dict[str, Verdict]]:
    """All of them loaded by one process, after the check looked at each."""
    root = tmp_path_factory.mktemp("proofs")
    (root / "secret.json").write_text("{}", "utf-8")
    verdicts = {}
    for name, (make, _) in PROOFS.items():
        (root / name).mkdir()
        make(root / name)
        verdicts[name] = ConfigCheck().examine(Tree.of(root / name)).verdict
    program = Path(corpus.__file__).with_name("config_proof.py")
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, str(program), str(root)],
        capture_output=True,
        text=True,
        timeout=120,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return root, json.loads(done.stdout.splitlines()[-1]), verdicts


@pytest.mark.parametrize("name", PROOFS)
def test_does_what_is_said_of_it_and_was_not_admitted(name: str, proven) -> None:
    _, seen, verdicts = proven
    assert PROOFS[name][1](seen[name], name), seen[name]
    assert verdicts[name] in ((Verdict.FAIL,) if name != "bark" else (Verdict.FAIL, Verdict.INCONCLUSIVE))


def test_an_unclosed_comment_takes_coqui_exponential_time(proven) -> None:
    short, long = proven[1]["growth"]
    assert long > 8 * short, "six more letters are 64 times the steps"


CLASSES = """
import dataclasses, importlib, json, pkgutil, sys
from pathlib import Path
from coqpit import Coqpit
root = Path(sys.argv[1])
for package in ("TTS.tts.configs", "TTS.vocoder.configs", "TTS.vc.configs", "TTS.encoder.configs"):
    for found in pkgutil.iter_modules(importlib.import_module(package).__path__):
        module = importlib.import_module(f"{package}.{found.name}")
        for name, one in vars(module).items():
            if isinstance(one, type) and issubclass(one, Coqpit) and one.__module__ == module.__name__:
                try:
                    workers = {"num_loader_workers": 0, "num_classes_in_batch": 1, "num_utter_per_class": 1}
                    made = one(**workers) if "encoder" in module.__name__ else one()
                    if not name.endswith("Config") or not getattr(made, "model", None):
                        continue
                    (root / name).mkdir()
                    made.save_json(root / name / "config.json")
                except AttributeError:
                    continue
"""


def test_passes_what_coquis_own_classes_save(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CLASSES, str(tmp_path)], check=True, timeout=120, capture_output=True
    )
    found = {path.name: ConfigCheck().examine(Tree.of(path)) for path in tmp_path.iterdir()}
    assert len(found) >= 25
    not_passed = {
        name: [(flaw.rule.id, flaw.place, flaw.found) for flaw in one.flaws] for name, one in found.items() if one.flaws
    }
    assert not_passed.keys() <= {"BarkConfig"}, not_passed
    assert found["BarkConfig"].verdict is Verdict.INCONCLUSIVE


def test_passes_the_demo_voice() -> None:
    found = ConfigCheck().examine(Tree.of(build_demo_voice(cache_root())))
    assert found.flaws == ()
