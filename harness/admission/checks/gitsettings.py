"""The settings of a repository: those that clones carry and that start nothing. Every other one may start a program.

A list of dangerous settings is never whole: git has some two hundred that name a program, a file of more settings or a
place to write to, and its versions add more. So this is a list of what honest clones carry, and the text is read as
git reads it (config.c, git_parse_source). Knows text, not files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

_FLAG: Final = r"(?i:true|false|yes|no|on|off|[01])?"
_NUMBER: Final = r"-?\d{1,15}[kmg]?"
_WORD: Final = r"(?!-)[\w.@/+*-]{0,120}"
_TEXT: Final = r"(?!!)[^\0-\x1f]{0,500}"
_REF: Final = r"[+^]?[\w./*@#+-]{1,250}(:[\w./*@#+-]{1,250})?"
_NO_OPTION: Final = r"(?![^/]*//-)(?!-)"
_URL: Final = (
    rf"{_NO_OPTION}((https?|ssh|git|git\+ssh|ssh\+git|ftps?)://[^\0-\x20]{{1,500}}|file://[^\0-\x1f]{{1,500}}"
    r"|[A-Za-z]:[\\/][^\0-\x1f]{1,500}|([\w.+-]{1,100}@)?[\w.-]{1,250}:(?!:|//|-)[^\0-\x1f]{1,500}"
    r"|[./~\w][^:\0-\x1f]{0,500})"
)
"""An address of which git itself knows the protocol, or a folder; ``name::address`` starts the program of that name."""
_HELPER: Final = (
    r"((cache|store|osxkeychain|manager|manager-core|wincred|libsecret|gnome-keyring)"
    r"([ \t]+--?\w[\w-]*([= ](?!-)[\w%./~:-]+)?)*)?"
)
_LFS: Final = r"(--skip )?"
WITHIN: Final = "a folder within"
"""The value is the path of a folder, to be within what is judged."""

_LISTED: Final = (
    (_FLAG, """
advice.*
annex crippledfilesystem synccontent thin
branch.* rebase
color branch diff grep interactive status ui
commit gpgsign verbose
core autocrlf bare commitgraph filemode fscache hidedotfiles ignorecase ignorestat logallrefupdates
core longpaths multipackindex precomposeunicode preferssymlinkrefs preloadindex protecthfs protectntfs quotepath
core safecrlf sparsecheckout sparsecheckoutcone symlinks trustctime untrackedcache fsmonitor sharedrepository
credential usehttppath
credential.* usehttppath
extensions preciousobjects relativeworktrees worktreeconfig noop
feature experimental manyfiles
fetch fsckobjects prune prunetags writecommitgraph showforcedupdates
filter.* required
gc autodetach packrefs writecommitgraph cruftpacks
gui usettk
http emptyauth followredirects sslverify
http.* emptyauth followredirects sslverify
index skiphash sparse
lfs allowincompletepush batch locksverify skipdownloaderrors basictransfersonly setlockablereadonly tustransfers
lfs.* locksverify
maintenance auto
merge ff log renames
pack usebitmaps usesparse writebitmaps
pull ff rebase
push autosetupremote followtags gpgsign useforceifincludes
rebase autosquash autostash updaterefs
receive denycurrentbranch denydeletes denynonfastforwards fsckobjects shallowupdate
remote.* annex-ignore fetchrecursesubmodules mirror promisor prune prunetags skipdefaultupdate skipfetchall
repack usedeltabaseoffset writebitmaps
rerere autoupdate enabled
status branch showstash showuntrackedfiles submodulesummary
submodule recurse
submodule.* active fetchrecursesubmodules shallow
tag gpgsign
transfer fsckobjects
uploadpack allowanysha1inwant allowfilter allowreachablesha1inwant allowtipsha1inwant
user useconfigonly
"""),
    (_NUMBER, """
annex version
branch.* github-pr-owner-number
core abbrev bigfilethreshold compression deltabasecachelimit loosecompression packedgitlimit packedgitwindowsize
core repositoryformatversion filesreflocktimeout packedrefstimeout
diff renamelimit
extensions repositoryformatversion
fetch parallel unpacklimit
gc auto autopacklimit bigpackthreshold aggressivedepth aggressivewindow
http lowspeedlimit lowspeedtime maxrequests postbuffer
index threads version
lfs activitytimeout concurrenttransfers dialtimeout keepalive repositoryformatversion tlstimeout
merge renamelimit
pack compression deltacachelimit deltacachesize depth packsizelimit threads window windowmemory
receive unpacklimit
submodule fetchjobs
transfer unpacklimit
"""),
    (_WORD, """
annex uuid
branch.* vscode-merge-base gh-merge-base gk-merge-base gk-merge-target
core autocrlf abbrev checkstat eol logallrefupdates safecrlf sharedrepository untrackedcache whitespace hidedotfiles
core createobject
diff algorithm colormoved indentheuristic mnemonicprefix noprefix renames submodule
extensions compatobjectformat objectformat partialclone refstorage
fetch negotiationalgorithm recursesubmodules
gc logexpiry pruneexpire reflogexpire reflogexpireunreachable worktreepruneexpire
gitflow.* bugfix develop feature hotfix main master release support versiontag
gpg format
http sslbackend version
init defaultbranch
lfs.* access
log date decorate
maintenance strategy
merge conflictstyle ff
pull rebase
push default recursesubmodules
receive denycurrentbranch
remote.* annex-uuid followremotehead gh-resolved partialclonefilter
status showuntrackedfiles
submodule alternateerrorstrategy alternatelocation
submodule.* branch ignore path
"""),
    (_TEXT, """
author email name
branch.* description
committer email name
credential username provider
credential.* username provider
gitweb category description owner
gui geometry wmstate
http extraheader
http.* extraheader
i18n commitencoding logoutputencoding
lfs fetchexclude fetchinclude
user email name signingkey
"""),
    (_REF, """
branch.* merge
remote.* fetch push
"""),
    (_URL, """
branch.* pushremote remote
lfs pushurl url
remote pushdefault
remote.* lfspushurl lfsurl pushurl url
submodule.* url
"""),
    (_HELPER, """
credential helper
credential.* helper
"""),
    (r"checkout|merge|rebase|none", """
submodule.* update
"""),
    (r"--(no-)?tags", """
remote.* tagopt
"""),
    (WITHIN, """
core worktree
"""),
)  # fmt: skip
"""What a value is, and of which settings: of a section, of one with a name (``remote.*``), or all of a section."""

_EXACT: Final = {
    "filter.lfs.clean": r"git-lfs clean -- %f",
    "filter.lfs.smudge": rf"git-lfs smudge {_LFS}-- %f",
    "filter.lfs.process": r"git-lfs filter-process( --skip)?",
    "filter.annex.clean": r"git-annex smudge --clean -- %f",
    "filter.annex.smudge": r"git-annex smudge -- %f",
    "filter.annex.process": r"git-annex filter-process",
    "merge.ours.driver": r"true",
    "lfs.customtransfer.multipart.path": r"huggingface-cli|hf",
    "lfs.customtransfer.multipart.args": r"lfs-multipart-upload",
}
"""Settings that do start a program, as git-lfs, git-annex and the hub's client write them, to the letter."""


def _table() -> Mapping[str, tuple[str, ...]]:
    table: dict[str, tuple[str, ...]] = {}
    for value, lines in _LISTED:
        for section, *names in map(str.split, lines.split("\n")[1:-1]):
            for key in (f"{section}.{name}" for name in names) if names else (section,):
                table[key] = (*table.get(key, ()), value)
    return table


_TABLE: Final = _table()


class Unreadable(ValueError):
    """Git itself does not read the text so; the message says at which line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting."""

    line: int
    """Where it stands, from 1."""
    section: str
    """In small letters, as git compares them."""
    name: str | None
    """What stands in quotes behind the section."""
    key: str
    """In small letters."""
    value: str | None
    """What is set; None where it is only named, which means true."""

    @property
    def path(self) -> str:
        """As ``git config`` names it."""
        return ".".join(part for part in (self.section, self.name, self.key) if part is not None)


def starts_nothing(setting: Setting, folder: str) -> bool:
    """Whether a setting is one that clones carry, and starts no program but those that honest tools write.

    Args:
        setting: The setting.
        folder: Where the repository lies, below what is judged.
    """
    value = setting.value or ""
    if setting.section == "submodule" and ".." in (setting.name or "").split("/"):
        return False  # older versions of git look for the submodule's repository, with its hooks, there
    if (exact := _EXACT.get(setting.path)) is not None:
        return re.fullmatch(exact, value) is not None
    section = setting.section if setting.name is None else f"{setting.section}.*"
    kinds = _TABLE.get(f"{section}.{setting.key}", ()) + _TABLE.get(f"{section}.*", ())
    return any(_is_within(folder, value) if kind == WITHIN else re.fullmatch(kind, value) for kind in kinds)


def _is_within(folder: str, value: str) -> bool:
    """Whether a path leads from a repository's folder to one within what is judged."""
    depth = len(PurePosixPath(folder).parts)
    for part in value.split("/"):
        depth += -1 if part == ".." else 0 if part in ("", ".") else 1
        if depth < 0:
            return False
    return bool(value) and not value.startswith(("/", "~")) and "\\" not in value and ":" not in value


def read_settings(text: str) -> Iterator[Setting]:
    """Every setting of a text, as git reads it.

    Raises:
        Unreadable: Git stops at a line.
    """
    reader = _Reader(text.removeprefix("\ufeff"))
    section: tuple[str, str | None] | None = None
    while (char := reader.take()) is not None:
        if char in " \t\n\r":
            continue
        if char in "#;":
            reader.skip_line()
        elif char == "[":
            section = reader.section()
        elif not (char.isascii() and char.isalpha()) or section is None:
            raise Unreadable(f"line {reader.line}")
        else:
            line = reader.line
            key, value = reader.setting(char)
            yield Setting(line=line, section=section[0], name=section[1], key=key, value=value)


class _Reader:
    """A text, character by character, with the line it is on."""

    def __init__(self, text: str) -> None:
        self._text = text.replace("\r\n", "\n")
        self._at = 0
        self.line = 1

    def take(self) -> str | None:
        """The next character; None at the end."""
        if self._at >= len(self._text):
            return None
        char = self._text[self._at]
        self._at += 1
        self.line += char == "\n"
        return char

    def skip_line(self) -> None:
        """Go to the next line."""
        while (char := self.take()) is not None and char != "\n":
            pass

    def section(self) -> tuple[str, str | None]:
        """The name of a section, and what stands in quotes behind it; ``[a.b]`` is an old form of ``[a "b"]``."""
        base = ""
        while (char := self._need()) not in "] \t":
            if not (char.isascii() and (char.isalnum() or char in "-.")):
                raise Unreadable(f"line {self.line}")
            base += char.lower()
        name: str | None = None
        if char != "]":
            while (char := self._need()) in " \t":
                pass
            if char != '"':
                raise Unreadable(f"line {self.line}")
            name = self._quoted()
            if self._need() != "]":
                raise Unreadable(f"line {self.line}")
        first, dot, rest = base.partition(".")
        if dot:
            name = rest if name is None else f"{rest}.{name}"
        return first, name

    def _quoted(self) -> str:
        name = ""
        while (char := self._need()) != '"':
            name += self._need() if char == "\\" else char
        return name

    def setting(self, first: str) -> tuple[str, str | None]:
        """A key that begins with a character, and its value."""
        key = first
        while (char := self.take()) is not None and char.isascii() and (char.isalnum() or char == "-"):
            key += char
        while char is not None and char in " \t":
            char = self.take()
        if char is None or char == "\n":
            return key.lower(), None
        if char != "=":
            raise Unreadable(f"line {self.line}")
        return key.lower(), self._value()

    def _value(self) -> str:
        value, is_quoted, blank = "", False, ""
        while True:
            char = self.take()
            if char is None or char == "\n":
                if is_quoted:
                    raise Unreadable(f"line {self.line}")
                return value
            if char in " \t" and not is_quoted:
                blank += char if value else ""
            elif char in "#;" and not is_quoted:
                self.skip_line()
                return value
            elif char == '"':
                is_quoted = not is_quoted
                value, blank = value + blank, ""
            elif plain := self._escaped() if char == "\\" else char:
                value, blank = value + blank + plain, ""

    def _escaped(self) -> str:
        char = self.take()
        if char == "\n":
            return ""
        if char is None or char not in 'tbn\\"':
            raise Unreadable(f"line {self.line}")
        return {"t": "\t", "b": "\b", "n": "\n"}.get(char, char)

    def _need(self) -> str:
        char = self.take()
        if char is None or char == "\n":
            raise Unreadable(f"line {self.line}")
        return char
