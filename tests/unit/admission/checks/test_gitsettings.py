"""The settings of a repository, read as git reads them: what clones carry, and that nothing else is on the list."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from harness.admission.checks.gitsettings import Unreadable, read_settings, starts_nothing

PROGRAMS = (
    "core.editor", "core.pager", "core.sshcommand", "core.hookspath", "core.askpass", "core.gitproxy",
    "core.attributesfile", "core.alternaterefscommand", "core.excludesfile", "credential.helperselector",
    "diff.external", "diff.a.command", "diff.a.textconv", "difftool.a.cmd", "filter.a.clean",
    "filter.a.smudge", "filter.a.process", "gpg.program", "gitflow.path.hooks", "gpg.ssh.defaultkeycommand",
    "http.proxy", "http.cookiefile", "http.sslcainfo", "include.path", "includeif.gitdir:/.path",
    "interactive.difffilter", "lfs.extension.a.clean", "lfs.customtransfer.a.path", "merge.a.driver",
    "mergetool.a.cmd", "man.viewer", "pager.log", "remote.a.uploadpack", "remote.a.receivepack",
    "remote.a.vcs", "remote.a.proxy", "sendemail.smtpserver", "sequence.editor", "ssh.variant",
    "submodule.a.command", "tar.a.command", "trailer.a.command", "uploadpack.packobjectshook",
    "url.ext::sh.insteadof", "web.browser", "browser.a.cmd", "guitool.a.cmd", "alias.a", "init.templatedir",
    "gc.recentobjectshook", "receive.procreceiverefs", "protocol.ext.allow", "safe.directory",
    "commit.template", "fsck.skiplist", "blame.ignorerevsfile", "mailmap.file",
)  # fmt: skip
"""Settings of git's own documentation that start a program, read a file or lead elsewhere."""


def odd(text: str, folder: str = ".git") -> list[str]:
    return [setting.path for setting in read_settings(text) if not starts_nothing(setting, folder)]


@pytest.mark.parametrize("path", PROGRAMS)
def test_what_starts_a_program_is_on_no_list(path: str) -> None:
    section, _, key = path.rpartition(".")
    first, _, name = section.partition(".")
    head = f'[{first} "{name}"]' if name else f"[{first}]"
    assert odd(f"{head}\n\t{key} = touch\n") == [path]


@pytest.mark.parametrize(
    "text",
    [
        "[core]\n\tbare\n",
        "[core] bare = false ; as told\n[user] name = a\n",
        '[user]\n\tname = "A; B" # C\n',
        "[branch.main]\n\tremote = origin\n",
        '[remote "a\\"b"]\n\turl = ../voices.git\n',
        "\ufeff[core]\r\n\tfilemode = true\r\n",
        "[remote]\n\tpushdefault = origin\n",
        '[credential "https://example.org"]\n\thelper =\n\thelper = store --file ~/.tokens\n',
        '[gitflow "branch"]\n\tmaster = main\n\tdevelop = develop\n[gitflow "prefix"]\n\tversiontag = v\n',
        "[user]\n\tsigningkey = ssh-ed25519 AAAAC3 a@example.invalid\n",
        "",
    ],
)
def test_what_clones_carry_starts_nothing(text: str) -> None:
    assert odd(text) == []


@pytest.mark.parametrize(
    "text",
    ["bare = true\n", "[core\n", "[co re]\n", '[a "b]\n', "[a]\n\t1a = b\n", '[a]\n\tb = "c\n', "[a]\n\tb = \\x\n"],
)
def test_what_git_does_not_read_is_said_with_its_line(text: str) -> None:
    with pytest.raises(Unreadable, match=r"line \d"):
        list(read_settings(text))


def test_a_work_tree_lies_within_what_is_judged() -> None:
    text = "[core]\n\tworktree = {}\n"
    assert odd(text.format("../../../tools"), ".git/modules/tools") == []
    for value in ("../../../../tools", "/home/a", "~/a", "C:/a", "..\\\\..\\\\a"):
        assert odd(text.format(value), ".git/modules/tools") == ["core.worktree"]


def test_no_value_takes_long_to_look_at() -> None:
    long = "[credential]\n\thelper = cache" + " --a b" * 9_000 + " !\n"
    assert odd(long + '[remote "a"]\n\turl = ' + "a@" * 20_000 + "\n") == ["credential.helper", "remote.a.url"]


@pytest.mark.parametrize(
    "text",
    [
        '[a "B\\\\c"]\n\td = e \\\n f # g\n\th = "i # j" k\\tl\n[m.N]\n\tO\n[p] q = r\n',
        '[core]\n\tbare = "fal""se"\n\n; a\n# b\n[core]filemode=  true  \n',
        '[a]\n\tb = c "  d  " e\n\tf = \\"g\\"\n\th = i\\nj\n',
    ],
)
def test_reads_what_git_reads(text: str, tmp_path: Path) -> None:
    (tmp_path / "config").write_text(text)
    done = subprocess.run(
        ["git", "config", "--file", str(tmp_path / "config"), "--list", "-z"],
        capture_output=True,
        text=True,
        check=True,
    )
    theirs = [tuple(entry.partition("\n")[::2]) for entry in done.stdout.split("\0")[:-1]]
    assert [(setting.path, setting.value or "") for setting in read_settings(text)] == theirs
