"""Honest folders: voices, and what honest tools leave beside them. None may be called hostile."""

from __future__ import annotations

import json
import math
import os
import struct
import subprocess
import sys
import wave
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np

from tests.admission_corpus import folder_parts as parts
from tests.admission_corpus.folder_parts import (
    DECIDE,
    Content,
    Folder,
    Make,
    apple_double,
    checkpoint,
    downloaded,
    ds_store,
    events,
    files,
    git,
    pointer,
    put,
    snapshot,
    then,
    voice,
)

ZONE = "[ZoneTransfer]\r\nZoneId=3\r\nReferrerUrl=https://example.org/voices\r\n"
SCRIPT = "from trainer import Trainer, TrainerArgs\n\nif __name__ == '__main__':\n    Trainer(TrainerArgs()).fit()\n"
SETTINGS = """\
[core]
\trepositoryformatversion = 0
\tfilemode = true
[remote "origin"]
\turl = https://example.org/voices.git
\tfetch = +refs/heads/*:refs/remotes/origin/*
[branch "main"]
\tremote = origin
\tmerge = refs/heads/main
[filter "lfs"]
\tclean = git-lfs clean -- %f
\tsmudge = git-lfs smudge -- %f
\tprocess = git-lfs filter-process
\trequired = true
[credential]
\thelper = cache --timeout=3600
[submodule "tools"]
\turl = https://example.org/tools.git
\tupdate = checkout
"""
HUB = """\
[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = false
\tlogallrefupdates = true
\tignorecase = true
\tprecomposeunicode = true
\tsymlinks = false
\tautocrlf = input
\tworktree = ../
[remote "origin"]
\turl = https://huggingface.co/someone/vits-ljs
\tpushurl = git@hf.co:someone/vits-ljs.git
\tfetch = +refs/heads/main:refs/remotes/origin/main
\tgh-resolved = base
\ttagOpt = --no-tags
[remote "disk"]
\turl = /mnt/voices/vits.git
[branch "main"]
\tremote = origin
\tmerge = refs/heads/main
\trebase = true
\tvscode-merge-base = origin/main
[lfs "https://huggingface.co/someone/vits-ljs.git/info/lfs"]
\taccess = basic
[lfs]
\trepositoryformatversion = 0
[lfs "customtransfer.multipart"]
\tpath = huggingface-cli
\targs = lfs-multipart-upload
[filter "lfs"]
\tsmudge = git-lfs smudge --skip -- %f
\tprocess = git-lfs filter-process --skip
[user]
\tname = "Someone; of no machine" # as told
\temail = a@example.invalid
[http]
\tpostBuffer = 524288000
[http "https://github.com/"]
\textraheader = AUTHORIZATION: basic ***
[pull]
\trebase = false
[gc]
\tauto = 0
[init]
\tdefaultBranch = main
[extensions]
\tworktreeConfig = true
[advice]
\tdetachedHead = false
[gui]
\twmstate = normal
\tgeometry = 887x427+26+26 171 192
"""
ADVICE = (
    "This repository is configured for Git LFS but 'git-lfs' was not found on your path. If you no longer wish to use "
    "Git LFS, remove this hook by deleting the 'pre-push' file in the hooks directory (set by 'core.hookspath'; "
    "usually '.git/hooks')."
)
HOOK = (
    '#!/bin/sh\ncommand -v git-lfs >/dev/null 2>&1 || { printf >&2 "\\n%s\\n\\n" "' + ADVICE + '"; exit 2; }\n'
    'git lfs pre-push "$@"\n'
)
LOG = " > EPOCH: 0/1000\n --> /runs/vits-March\n"
VITS = json.dumps(parts.VITS)


def _wav() -> bytes:
    file = BytesIO()
    with wave.open(file, "wb") as made:
        made.setparams((1, 2, 8000, 0, "NONE", ""))
        made.writeframes(struct.pack("<800h", *(int(9000 * math.sin(n / 5)) for n in range(800))))
    return file.getvalue()


def _npy(path: Path) -> None:
    np.save(path / "scale_stats.npy", np.ones((4, 80), np.float32))


def _passing() -> tuple[Folder, ...]:
    made: dict[str, Make] = {
        "vits": voice(),
        "glow": voice(style="glow"),
        "tacotron": voice(style="tacotron", config={**parts.VITS, "model": "tacotron2"}),
        "trainer-format": voice(name="best_model.pth", writer="trainer"),
        "mixed-precision": voice(name="best_model.pth", writer="trainer-mixed"),
        "numbered": voice(name="best_model_1234.pth"),
        "pth-tar": voice(name="model_file.pth.tar"),
        "safetensors-beside": voice(also={"extra/voice.safetensors": checkpoint_of("safetensors")}),
        "documents": voice(also={"README.md": "# A voice\n", "LICENSE": "MIT\n", "CITATION.cff": "title: a\n"}),
        "samples": voice(also={"samples/hello.wav": _wav()}),
        "gitattributes": voice(also={".gitattributes": "*.pth filter=lfs diff=lfs merge=lfs -text\n"}),
        "sums": voice(also={"SHA256SUMS": f"{'a' * 64}  model.pth\n"}),
        "speakers": voice(also={"speakers.pth": checkpoint_of("speakers"), "language_ids.json": '{"en": 0}'}),
        "encoder": voice(also={"config_se.json": json.dumps({"model": "speaker_encoder"}),
                               "encoder/model_se.pth": checkpoint}),
        "vocoder-below": voice(also={"vocoder/config.json": json.dumps({"model": "hifigan"}),
                                     "vocoder/model.pth": partial(checkpoint, "hifigan")}),
        "terms": voice(also={"tos_agreed.txt": "I have read, understood and agreed to the terms.\n"}),
        "log-alone": voice(also={"trainer_0_log.txt": LOG}),
        "statistics": then(voice(style="glow"), _npy),
        "windows-lines": voice(also={"README.txt": "A voice.\r\n", "license.txt": "MIT\r\n"}),
        "empty-folders": voice(also={"samples/": b""}),
    }  # fmt: skip
    return tuple(Folder(name=name, make=make, expect="pass") for name, make in made.items())


def checkpoint_of(writer: str) -> Content:
    """An honest checkpoint of the corpus, made when it is written: collecting tests needs no torch."""
    return partial(checkpoint, writer=writer)


def _not_fetched() -> tuple[Folder, ...]:
    made: dict[str, Make] = {
        "weights": files({"config.json": VITS, "model.pth": pointer()}),
        "weights-and-config": files({"config.json": pointer(2048, digit=3), "model.pth": pointer()}),
        "windows-lines": files({"config.json": VITS, "model.pth": pointer(end="\r\n")}),
        "no-last-line": files({"config.json": VITS, "model.pth": pointer().rstrip("\n")}),
        "first-version": files({"config.json": VITS, "model.pth": pointer(version="hawser.github.com")}),
        "speakers": voice(also={"speakers.pth": pointer(900)}),
        "below": files({"config.json": VITS, "vits/model.safetensors": pointer(), "vits/config.json": VITS}),
        "pth-tar": files({"config.json": VITS, "best.pth.tar": pointer()}),
        "clone": then(voice(), files({"model.pth": pointer(), ".gitattributes": "*.pth filter=lfs\n"}),
                      git(("init", "-q"), ("add", "-A"), ("commit", "-qm", "a"))),
    }  # fmt: skip
    return tuple(
        Folder(name=f"pointer-{name}", make=make, expect=DECIDE, says="git lfs pull") for name, make in made.items()
    )


def _runs() -> tuple[Folder, ...]:
    name = "events.out.tfevents.1700000000.host.1.0"
    best = "best_model.pth"
    made: dict[str, Make] = {
        "whole": voice(name=best, also={name: events(), "trainer_0_log.txt": LOG, "train_vits.py": SCRIPT}),
        "events": voice(name=best, also={name: events()}),
        "script-of-a-shell": voice(name=best, also={name: events(), "train.py": f"#!/usr/bin/env python3\n{SCRIPT}"}),
        "continued": voice(name=best, also={
            name: events(), name.replace("17", "18"): events(), "train_vits.py": SCRIPT, "train_tts.py": SCRIPT,
            "trainer_0_log.txt": LOG, "trainer_1_log.txt": LOG, "checkpoint_1000.pth": checkpoint,
            "best_model_900.pth": checkpoint}),
        "coloured-log": voice(name=best, also={name: events(), "trainer_0_log.txt": f"\x1b[1m{LOG}\x1b[0m"}),
        "empty-events": voice(name=best, also={name: b"", "train.py": SCRIPT}),
        "several-processes": voice(name=best, also={
            name: events(), "trainer_0_log.txt": LOG, "trainer_1_log.txt": LOG}),
        "speakers": voice(name=best, also={
            name: events(), "train.py": SCRIPT, "speakers.pth": checkpoint_of("speakers")}),
        "event-folder": voice(name=best, also={f"tensorboard/{name}": events(), "trainer_0_log.txt": LOG}),
    }  # fmt: skip
    return tuple(
        Folder(name=f"run-{name}", make=make, expect=DECIDE, says="--copy-voice") for name, make in made.items()
    )


def _trained(folder: Path) -> None:
    """A run of Coqui's own trainer, a few seconds long."""
    out = folder.parent / f"{folder.name}-runs"
    out.mkdir()
    script = Path(__file__).parents[1] / "data" / "train_tiny_voice.py"
    hidden = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "HOME": str(out)}
    subprocess.run([sys.executable, str(script), str(out)], check=True, capture_output=True, cwd=out, env=hidden)
    (run,) = (path for path in out.iterdir() if path.name.startswith("tiny-"))
    for path in sorted(run.iterdir()):
        path.rename(folder / path.name)


def _systems() -> tuple[Folder, ...]:
    thumbs = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
    made: dict[str, Make] = {
        "macos-attributes": voice(also={"._model.pth": apple_double(), "._config.json": apple_double()}),
        "macos-short": voice(also={"._model.pth": b"\0\5\x16\7\0\2\0\0Mac OS X        "}),
        "macos-folder": voice(also={".DS_Store": ds_store(), "samples/.DS_Store": ds_store()}),
        "macos-archive": voice(also={"__MACOSX/._model.pth": apple_double(), "__MACOSX/._config.json": apple_double()}),
        "macos-all": voice(
            also={".DS_Store": ds_store(), "._.DS_Store": apple_double(), "._model.pth": apple_double()}
        ),
        "windows-zone": voice(also={"model.pth:Zone.Identifier": ZONE}),
        "windows-zone-of-all": voice(also={"model.pth:Zone.Identifier": ZONE, "config.json:Zone.Identifier": ZONE}),
        "windows-zone-dotted": voice(also={"model.pth.Zone.Identifier": ZONE}),
        "windows-zone-mapped": voice(also={"model.pth\uf03aZone.Identifier": ZONE}),
        "windows-zone-stream": voice(also={"model.pth:Zone.Identifier:$DATA": ZONE}),
        "windows-thumbs": voice(also={"Thumbs.db": thumbs}),
        "windows-view": voice(also={"desktop.ini": "[.ShellClassInfo]\r\nIconResource=C:\\Windows\\shell32.dll,3\r\n"}),
        "windows-wide-view": voice(also={"desktop.ini": "\ufeff[ViewState]\r\nMode=\r\n".encode("utf-16-le")}),
        "windows-bin": voice(also={"$RECYCLE.BIN/desktop.ini": "[.ShellClassInfo]\r\nCLSID={645FF040-5081}\r\n"}),
        "office-owner": voice(also={"~$README.docx": b"\5Voice" + bytes(156)}),
        "macos-icon": voice(also={"Icon\r": b"", "._Icon\r": apple_double()}),
        "editor-backup": voice(also={"config.json~": VITS}),
        "editor-swap": voice(also={".config.json.swp": b"b0VIM 9.0\0\0\0\0" + bytes(4000)}),
        "notebook": voice(also={".ipynb_checkpoints/config-checkpoint.json": VITS}),
        "file-server": voice(also={".nfs000000000123": "old words\n"}),
        "git-notes": voice(also={".gitignore": "*.log\n", "samples/.gitkeep": b""}),
        "model-manager": voice(also={"hash.md5": "0123456789abcdef0123456789abcdef", "tos_agreed.txt": "agreed\n"}),
    }
    return tuple(Folder(name=name, make=make, expect=DECIDE, says="directory-leftover") for name, make in made.items())


def _repositories() -> tuple[Folder, ...]:
    start: tuple[tuple[str, ...], ...] = (("init", "-q"),)
    commit: tuple[tuple[str, ...], ...] = (*start, ("add", "-A"), ("commit", "-qm", "A voice"))
    made: dict[str, Make] = {
        "init": then(voice(), git(*start)),
        "commit": then(voice(), git(*commit)),
        "packed": then(voice(), git(*commit, ("gc", "-q"))),
        "branches": then(voice(), git(*commit, ("branch", "other"), ("tag", "v1"))),
        "objects-of-lfs": then(voice(), git(*commit), files({".git/lfs/objects/aa/bb/" + "a" * 64: checkpoint})),
        "settings-of-lfs": then(voice(), git(*commit), files({".git/config": SETTINGS})),
        "settings-of-a-hub": then(voice(), git(*commit), files({".git/config": HUB})),
        "hooks-of-lfs": then(
            voice(),
            git(*commit),
            files({".git/hooks/pre-push": HOOK, ".git/hooks/post-merge": '#!/bin/sh\ngit lfs post-merge "$@"\n'}),
        ),
        "submodule": then(
            voice(),
            git(*commit),
            files(
                {
                    ".git/modules/tools/config": "[core]\n\tworktree = ../../../tools\n",
                    ".git/modules/tools/HEAD": "ref: refs/heads/main\n",
                }
            ),
        ),
        "windows-line-ends": then(voice(), git(*commit), files({".git/config": SETTINGS.replace("\n", "\r\n")})),
        "mercurial-clone": voice(
            also={".hg/requires": "store\n", ".hg/hgrc": "[paths]\ndefault = https://example.org/voices\n"}
        ),
        "linked-worktree": voice(also={".git": "gitdir: /home/a/voices/.git/worktrees/b\n"}),
        "mercurial": voice(also={".hg/requires": "revlogv1\nstore\n", ".hg/store/data/model.pth.i": bytes(64)}),
        "subversion": voice(also={".svn/wc.db": b"SQLite format 3\0" + bytes(100), ".svn/entries": "12\n"}),
    }
    return tuple(
        Folder(name=f"repository-{name}", make=make, expect=DECIDE, says="a repository with its history")
        for name, make in made.items()
    )


def _hubs() -> tuple[Folder, ...]:
    unfinished = files({".cache/huggingface/download/model.pth.abc.incomplete": lambda: checkpoint()[:900]})
    local: dict[str, Make] = {
        "notes": then(voice(), downloaded("model.pth", "config.json")),
        "unfinished": then(voice(), downloaded("config.json"), unfinished),
        "old-notes": voice(also={".huggingface/download/model.pth.metadata": f"{'a' * 40}\n{'b' * 64}\n1.7e9\n"}),
    }
    below = "snapshots/" + "e" * 40
    return (
        *(
            Folder(name=f"hub-{name}", make=make, expect=DECIDE, says="what a hub's client notes")
            for name, make in local.items()
        ),
        Folder(name="hub-snapshot", make=snapshot(), below=below, expect=DECIDE, says="--copy-voice"),
        Folder(name="hub-cache", make=snapshot(), expect=DECIDE, says="directory-cached"),
        Folder(name="hub-cache-bare", make=snapshot(notes=False), expect=DECIDE, says="directory-cached"),
    )


def _no_models() -> tuple[Folder, ...]:
    made: dict[str, Make] = {
        "empty": files({}),
        "readme": files({"README.md": "# To come\n"}),
        "folders": files({"samples/": b"", "old/": b""}),
        "config": files({"config.json": VITS}),
        "samples": files({"hello.wav": _wav()}),
        "speakers-as-json": files({"config.json": VITS, "speakers.json": '{"a": 0}'}),
    }
    return tuple(
        Folder(name=f"nothing-{name}", make=make, expect=DECIDE, says="Nothing here is a model")
        for name, make in made.items()
    )


def _others() -> tuple[Folder, ...]:
    """Models of other programs, their configurations as those write them."""
    kokoro = {"istftnet": {"upsample_rates": [10, 6]}, "dim_in": 64, "plbert": {"hidden_size": 768}, "n_token": 178,
              "vocab": {";": 1, "ç": 78}, "multispeaker": True}  # fmt: skip
    transformers = {"model_type": "vits", "architectures": ["VitsModel"], "transformers_version": "4.35.0",
                    "_name_or_path": "/home/a/mms", "vocab_size": 38, "max_position_embeddings": 131072,
                    "rope_theta": 1e9, "sampling_rate": 16000, "torch_dtype": "float32"}  # fmt: skip
    mms = {"train": {"log_interval": 200, "learning_rate": 2e-4}, "model": {"hidden_channels": 192},
           "data": {"training_files": "/checkpoint/a/train.txt", "add_blank": True}}  # fmt: skip
    hub = {"tokenizer_config.json": '{"tokenizer_class": "VitsTokenizer"}', "special_tokens_map.json": "{}",
           "vocab.json": '{"a": 0, "b": 1}', "generation_config.json": '{"_from_model_config": true}'}  # fmt: skip
    hifigan = {"upsample_rates": [8, 8, 2, 2], "upsample_kernel_sizes": [16, 16, 4, 4], "num_gpus": 0}
    made: dict[str, Make] = {
        "kokoro": files({"config.json": json.dumps(kokoro), "kokoro-v1_0.pth": checkpoint}),
        "transformers": files({"config.json": json.dumps(transformers), **hub,
                               "model.safetensors": checkpoint_of("safetensors")}),
        "transformers-bin": files({"config.json": json.dumps(transformers), "pytorch_model.bin": checkpoint}),
        "mms": files({"config.json": json.dumps(mms), "G_100000.pth": checkpoint, "vocab.txt": "a\nb\n"}),
        "hifigan": files({"config.json": json.dumps(hifigan), "generator_v1.pth": partial(checkpoint, "hifigan")}),
    }  # fmt: skip
    return tuple(
        Folder(name=f"other-{name}", make=make, expect=DECIDE, says="No Coqui model; this looks like a")
        for name, make in made.items()
    )


HONEST = (
    Folder(name="run-of-coqui's-trainer", make=_trained, expect=DECIDE, says="--copy-voice", is_slow=True),
    *_passing(), *_not_fetched(), *_runs(), *_systems(), *_repositories(), *_hubs(), *_no_models(), *_others(),
)  # fmt: skip
"""All of them."""


def write(folder: Folder, root: Path) -> Path:
    """Make one below a root; returns what is judged."""
    place = root / folder.name
    place.mkdir(parents=True)
    folder.make(place)
    return place / folder.below if folder.below else place


__all__ = ["HONEST", "put", "write"]
