"""Hostile siblings of honest folders: a leftover's name with something else in it, or a way to what nobody read."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Mapping
from pathlib import Path

from tests import config_corpus
from tests.admission_corpus.artefact import shell
from tests.admission_corpus.folder_parts import (
    Folder,
    Make,
    apple_double,
    checkpoint,
    ds_store,
    events,
    files,
    git,
    pointer,
    snapshot,
    then,
    voice,
)
from tests.admission_corpus.honest_folders import SCRIPT, VITS
from tests.admission_corpus.pickle_assembly import stream

GADGET = stream(shell("/nonexistent/marker"))
"""Runs a program; here in vain."""
ELF = b"\x7fELF\2\1\1" + bytes(57)
EVENTS = "events.out.tfevents.1700000000.host.1.0"


def _link(name: str, target: str) -> Make:
    return lambda folder: (folder / name).symlink_to(target)


def _revision_link(target: str) -> Make:
    """A revision of a hub's cache with one more link."""
    return then(snapshot(), lambda folder: (folder / "snapshots" / ("e" * 40) / "speakers.pth").symlink_to(target))


def _absolute(folder: Path) -> None:
    (folder / "snapshots" / ("e" * 40) / "speakers.pth").symlink_to(folder / "blobs" / ("c" * 64))


def _blob_that_is_a_link(folder: Path) -> None:
    (folder / "blobs" / ("f" * 64)).symlink_to("/etc/hostname")
    (folder / "snapshots" / ("e" * 40) / "speakers.pth").symlink_to("../../blobs/" + "f" * 64)


def _naming(path: str) -> dict[str, object]:
    return config_corpus.merged(
        config_corpus.VITS, {"model_args.speakers_file": path, "model_args.use_speaker_embedding": True}
    )


def _renamed() -> Mapping[str, tuple[Make, str]]:
    """Leftovers by name only."""
    of_pickle = {
        "attributes": "._model.pth",
        "store": ".DS_Store",
        "zone": "model.pth:Zone.Identifier",
        "thumbs": "Thumbs.db",
        "digest": "hash.md5",
        "swap": ".config.json.swp",
        "backup": "model.pth~",
        "notes": ".gitignore",
        "file-server": ".nfs000000000123",
        "notebook": ".ipynb_checkpoints/model-checkpoint.pth",
        "archive": "__MACOSX/._model.pth",
        "cache-of-another": ".cache/voices/model.pth",
        "no-repository": ".git/model.pth",
        "no-mercurial": ".hg/model.pth",
        "events": EVENTS,
    }
    made: dict[str, tuple[Make, str]] = {
        f"pickle-as-{name}": (voice(also={path: GADGET}), "pickle-import") for name, path in of_pickle.items()
    }
    made["pickle-behind-attributes"] = (voice(also={"._model.pth": lambda: apple_double() + checkpoint()}), "polyglot")
    made["archive-behind-store"] = (voice(also={".DS_Store": lambda: ds_store() + checkpoint()}), "polyglot")
    made["pickle-behind-events"] = (voice(also={EVENTS: lambda: events() + checkpoint()}), "polyglot")
    made["program-as-store"] = (voice(also={".DS_Store": ELF}), "directory-executable")
    elsewhere = "[.ShellClassInfo]\r\nIconResource=\\\\192.0.2.1\\a\\b.ico\r\n"
    made["view-of-another-machine"] = (voice(also={"desktop.ini": elsewhere}), "directory-code")
    made["script-as-view"] = (voice(also={"desktop.ini": "[autorun]\r\nopen=a.exe\r\n"}), "directory-code")
    made["pickle-as-owner"] = (voice(also={"~$README.docx": GADGET}), "pickle-import")
    made["pickle-as-icon"] = (voice(also={"Icon\r": GADGET}), "pickle-import")
    lines = {
        "monitor": "[core]\n\tfsmonitor = touch x\n",
        "filter": '[filter "a"]\n\tclean = sh a\n',
        "hooks": "[core]\n\thooksPath = h\n",
        "transport": '[submodule "a"]\n\turl = ext::sh a\n',
        "helper-and-more": '[credential]\n\thelper = "cache; touch x"\n',
        "lfs-and-more": '[filter "lfs"]\n\tprocess = "git-lfs filter-process; touch x"\n',
        "continued-line": "[credential]\n\thelper = cache \\\n&& touch x\n",
        "one-line": "[core] fsmonitor = touch x\n",
        "include": "[include]\n\tpath = notes\n",
        "pager": "[pager]\n\tstatus = touch x\n",
        "external-diff": "[diff]\n\texternal = touch x\n",
        "shell-value": '[submodule "a"]\n\tupdate = !touch x\n',
        "editor": "[core]\n\teditor = touch x\n",
        "option-as-address": '[remote "a"]\n\turl = --upload-pack=touch\n',
        "option-as-machine": '[remote "a"]\n\turl = ssh://-oProxyCommand=touch/x\n',
        "program-as-protocol": '[remote "a"]\n\turl = touch://x\n',
        "work-tree-elsewhere": "[core]\n\tworktree = ../../../..\n",
        "work-tree-of-a-user": "[core]\n\tworktree = /home/a\n",
        "alias": "[alias]\n\tst = !touch x\n",
        "alias-that-sets": "[alias]\n\tst = -c core.pager=touch status\n",
        "unlisted": "[core]\n\tbrandNewCommandOf2031 = touch x\n",
        "section-unlisted": "[hook]\n\tpath = touch\n",
        "old-form": "[filter.a]\n\tclean = touch x\n",
        "escaped-name": '[filter "l\\fs"]\n\tprocess = git-lfs filter-process\n[filter "a"]\n\tsmudge = touch x\n',
        "value-in-pieces": '[filter "lfs"]\n\tprocess = "git-lfs" filter-process "&&" touch x\n',
        "module-above": '[submodule "../../a"]\n\turl = https://example.org/a.git\n',
        "agent-of-lfs": '[lfs "customtransfer.a"]\n\tpath = touch\n\targs = x\n',
        "agent-of-the-hub": '[lfs "customtransfer.multipart"]\n\tpath = touch\n',
        "packing": "[uploadpack]\n\tpackObjectsHook = touch\n",
        "signer": "[gpg]\n\tprogram = touch\n",
        "quoted-shell": '[submodule "a"]\n\tupdate = "!touch x"\n',
        "unreadable-line": "[core]\n\tbare = false\n\t= touch x\n\tfsmonitor = touch x\n",
        "long-comment": "[core]\n" + "# quiet\n" * 10_000 + "\tfsmonitor = touch x\n",
    }
    for key, line in lines.items():
        repository = {".git/HEAD": "ref: refs/heads/main\n", ".git/objects/": b"", ".git/config": line}
        bare = {"a/HEAD": "ref: refs/heads/main\n", "a/objects/": b"", "a/refs/": b"", "a/config": line}
        made[f"repository-with-{key}"] = (voice(also=repository), "directory-code")
        made[f"bare-repository-with-{key}"] = (voice(also=bare), "directory-code")
    head = {".git/HEAD": "ref: refs/heads/main\n", ".git/objects/": b""}
    hook = '#!/bin/sh\ngit lfs pre-push "$@"\n'
    for key, path, text in (
        ("hook", ".git/hooks/pre-commit", "#!/bin/sh\ntouch x\n"),
        ("hook-of-lfs-and-more", ".git/hooks/pre-push", hook + "touch x\n"),
        ("hook-of-lfs-with-a-value", ".git/hooks/pre-push", hook.replace('"$@"', '"$(touch x)"')),
        ("hook-below", ".git/modules/a/hooks/post-checkout", "#!/bin/sh\ntouch x\n"),
        ("hook-in-capitals", ".git/Hooks/pre-commit", "#!/bin/sh\ntouch x\n"),
        ("settings-in-capitals", ".git/Config", lines["monitor"]),
        ("settings-of-a-work-tree", ".git/worktrees/a/config.worktree", lines["monitor"]),
    ):
        near = {".git/modules/a/HEAD": "ref: refs/heads/main\n"} if "modules" in path else {}
        made[f"repository-with-{key}"] = (voice(also={**head, **near, path: text}), "directory-code")
    for key, text in (
        ("hook", "[hooks]\nupdate = touch x\n"),
        ("extension", "[extensions]\na = a.py\n"),
        ("address", "[paths]\ndefault = ssh://-oProxyCommand=touch/x\n"),
        ("include", "%include a\n"),
    ):
        mercurial = {".hg/requires": "store\n", ".hg/hgrc": text}
        made[f"mercurial-with-{key}"] = (voice(also=mercurial), "directory-code")
    made["modules-with-transport"] = (voice(also={".gitmodules": lines["transport"]}), "directory-code")
    made["program-as-notes"] = (voice(also={".gitignore": ELF}), "directory-executable")
    made["script-as-digest"] = (voice(also={"hash.md5": "#!/bin/sh\ntrue\n"}), "directory-executable")
    made["script-as-zone"] = (
        voice(also={"a:Zone.Identifier": "#!/bin/sh\n# [ZoneTransfer]\n"}), "directory-executable"
    )  # fmt: skip
    made["code-in-archive-notes"] = (voice(also={"__MACOSX/setup.py": "import os\n"}), "directory-code")
    made["config-as-attributes"] = (
        voice(
            also={"._config.json": json.dumps({**config_corpus.VITS, "characters": {"characters_class": "evil.Run"}})}
        ),
        "config-import",
    )
    return made


def _around() -> Mapping[str, tuple[Make, str]]:
    """Code beside a voice that no trainer left, pointers that are more, and ways into what is not read."""
    git_with_weights = then(git(("init", "-q")), files({".git/speakers.pth": GADGET}))
    return {
        "script-without-run": (voice(also={"train.py": SCRIPT}), "directory-code"),
        "script-with-log-below": (voice(also={"helpers.py": SCRIPT, "a/trainer_0_log.txt": "x\n"}), "directory-code"),
        "many-scripts": (voice(also={EVENTS: events(), **{f"s{n}.py": SCRIPT for n in range(9)}}), "directory-code"),
        "script-below-run": (voice(also={EVENTS: events(), "tools/run.py": SCRIPT}), "directory-code"),
        "program-as-script": (voice(also={EVENTS: events(), "train.py": ELF}), "directory-executable"),
        "bytecode-in-run": (voice(also={EVENTS: events(), "train.pyc": b"\xa7\r\r\n" + bytes(40)}), "directory-code"),
        "shell-in-run": (voice(also={EVENTS: events(), "run.sh": "#!/bin/sh\ntrue\n"}), "directory-executable"),
        "pointer-with-code": (
            files({"config.json": VITS, "model.pth": pointer() + "import os\nos.abort()\n"}),
            "directory-code",
        ),
        "pointer-too-long": (
            files({"config.json": VITS, "model.pth": pointer() + "x" * 2000}),
            "directory-mismatch",
        ),
        "pointer-and-pickle": (voice(also={"speakers.pth": pointer(), "extra.pth": GADGET}), "pickle-import"),
        "named-in-repository": (
            then(voice(config=_naming(".git/speakers.pth")), git_with_weights),
            "config-path",
        ),
        "named-in-cache": (
            then(voice(config=_naming(".cache/huggingface/s.pth")), files({".cache/huggingface/s.pth": GADGET})),
            "config-path",
        ),
        "named-attributes": (
            then(voice(config=_naming("._speakers.pth")), files({"._speakers.pth": apple_double()})),
            "config-path",
        ),
        "linked-into-repository": (
            then(voice(), git_with_weights, _link("speakers.pth", ".git/speakers.pth")),
            "directory-link-out",
        ),
        "linked-folder-into-cache": (
            then(voice(), files({".cache/huggingface/x/s.pth": GADGET}), _link("side", ".cache/huggingface/x")),
            "directory-link-out",
        ),
        "other-program-that-imports": (
            voice(config={"istftnet": {}, "characters": {"characters_class": "evil.Run"}}),
            "config-import",
        ),
        "other-program-that-unpickles": (
            then(voice(config={"model_type": "vits", "audio": {"stats_path": "s.npy"}}), files({"s.npy": GADGET})),
            "config-pickle",
        ),
        "link-like-a-hub's": (
            then(voice(), files({"../blobs-of-nobody": b""}), _link("speakers.pth", "../../blobs/" + "c" * 64)),
            "directory-link-out",
        ),
    }


def _revisions() -> Mapping[str, tuple[Make, str]]:
    return {
        "revision-link-out": (_revision_link("/etc/hostname"), "directory-link-out"),
        "revision-link-beyond": (_revision_link("../../../elsewhere/" + "c" * 64), "directory-link-out"),
        "revision-link-through": (_revision_link("../../blobs/../../secret"), "directory-link-out"),
        "revision-link-to-a-folder": (_revision_link("../../blobs"), "directory-link-out"),
        "revision-link-absolute": (then(snapshot(), _absolute), "directory-link-out"),
        "revision-link-to-a-link": (then(snapshot(), _blob_that_is_a_link), "directory-link-out"),
        "revision-with-code": (
            then(snapshot(), files({"snapshots/" + "e" * 40 + "/setup.py": "import os\n"})),
            "directory-code",
        ),
    }


def _caches() -> Mapping[str, tuple[Make, str]]:
    return {
        "cache-with-hostile-blob": (then(snapshot(), files({"blobs/" + "9" * 64: GADGET})), "pickle-import"),
        "cache-with-script": (
            then(snapshot(), files({"blobs/" + "9" * 64: "#!/bin/sh\ntrue\n"})),
            "directory-executable",
        ),
        "cache-with-program": (then(snapshot(), files({"blobs/" + "9" * 64: ELF})), "directory-executable"),
        "cache-link-out": (
            then(snapshot(), lambda folder: (folder / "snapshots" / "x.pth").symlink_to("/etc/hostname")),
            "directory-link-out",
        ),
        "cache-with-code": (then(snapshot(), files({"refs/run.py": "import os\n" * 200})), "directory-code"),
    }


def _fifo(folder: Path) -> None:
    os.mkfifo(folder / "._model.pth")


_BELOW = "snapshots/" + "e" * 40

HOSTILE_FOLDERS = (
    *(Folder(name=name, make=make, expect=rule) for name, (make, rule) in (
        *_renamed().items(), *_around().items(), *_caches().items(),
    )),
    *(Folder(name=name, make=make, expect=rule, below=_BELOW) for name, (make, rule) in _revisions().items()),
    Folder(name="pipe-as-attributes", make=then(voice(), _fifo), expect="directory-special"),
    Folder(
        name="pickle-of-a-member", make=voice(also={"speakers.pth": pickle.dumps(json.loads)}), expect="pickle-import"
    ),
)  # fmt: skip
"""All of them."""
