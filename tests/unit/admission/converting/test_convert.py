"""Conversion: the same numbers, nothing else, nothing executed; and nothing is written for what is hostile."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import pickle
import struct
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from harness.admission.checks.checkpoint import CheckpointCheck
from harness.admission.checks.weights import Unreadable, opened
from harness.admission.converting import convert as conversion
from harness.admission.converting.convert import convert
from harness.admission.converting.torchwriter import write_torch
from harness.admission.reading.bytesource import MemoryBytes
from harness.admission.reading.strided import Strided
from harness.admission.reading.weight import Weights
from harness.admission.tree import Tree
from harness.cli.main import main
from harness.core.errors import BadInput, StorageError
from harness.core.paths import cache_root
from harness.core.types import Verdict
from tests.admission_corpus import pickle_assembly as asm
from tests.admission_corpus.clean_checkpoints import write as write_clean
from tests.admission_corpus.hostile_checkpoints import CLEAN, FOUR, HOSTILE, write
from tests.lazily import Lazily

torch = Lazily("torch")

COMPARE = """
import json, sys
import torch
from safetensors.torch import load_file
def state(path):
    if path.endswith(".safetensors"):
        return load_file(path)
    found = torch.load(path, weights_only=True, map_location="cpu")
    found = found.get("model", found)
    return {name: value for name, value in found.items() if isinstance(value, torch.Tensor)}
def bits(tensor):
    return tensor.dtype, tensor.shape, tensor.detach().contiguous().flatten().view(torch.uint8).tolist()
wrong = []
for line in sys.stdin:
    before, after = json.loads(line)
    first, second = state(before), state(after)
    if set(first) != set(second) or any(bits(first[name]) != bits(second[name]) for name in first):
        wrong.append(after)
print(json.dumps(wrong))
"""
SUFFIXES = (".safetensors", ".pth")


def shapes() -> dict[str, torch.Tensor]:
    """Every way in which a tensor may lie in its storage."""
    whole = torch.arange(40.0).reshape(8, 5)
    return {
        "whole": whole, "rows": whole[2:5], "column": whole[:, 1], "turned": whole.t(), "tied": whole,
        "cube": torch.arange(24).reshape(2, 3, 4).permute(2, 0, 1), "every second": torch.arange(9)[1::2],
        "expanded": torch.arange(5).expand(3, 5), "one row": whole[:1], "scalar": torch.tensor(2.5),
        "empty": torch.empty(0, 4), "empty inside": torch.empty(3, 0, 2), "brain": whole.to(torch.bfloat16).t(),
        "half": whole.half(), "double": whole.double(), "flags": whole > 7, "bytes": whole.to(torch.uint8).t(),
        "chars": whole.to(torch.int8), "shorts": whole.to(torch.int16), "ints": whole.int(),
        "complex": torch.ones(2, dtype=torch.complex64), "ключ": torch.ones(1),
        "gradient": torch.nn.Parameter(torch.ones(3)),
    }  # fmt: skip


def newer() -> dict[str, torch.Tensor]:
    """Types that torch keeps as bytes and a name."""
    return {"f8": torch.ones(6).to(torch.float8_e4m3fn).reshape(2, 3).t(), "u2": torch.ones(3).to(torch.uint16)}


def many() -> dict[str, torch.Tensor]:
    return {f"layer.{number}.weight": torch.full((2,), float(number)) for number in range(300)}


def tensors_of(path: Path) -> dict[str, tuple[str, tuple[int, ...], str]]:
    tree = Tree.of(path)
    with opened(tree, tree.files[0]) as weights:
        return digests(weights)


def digests(weights: Weights) -> dict[str, tuple[str, tuple[int, ...], str]]:
    return {
        name: (one.dtype, one.shape, hashlib.sha256(one.data.read(0, one.data.size)).hexdigest())
        for name, one in weights.items()
    }


def listing(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


class TestNumbers:
    @pytest.mark.slow
    def test_are_those_that_torch_loads(self, tmp_path: Path, target: Path) -> None:
        sources: dict[str, tuple[Path, Path]] = {}
        for kind, made in (("shapes", shapes()), ("many", many()), ("nested", {"model": shapes(), "step": 3})):
            for name, is_zip in (("zip", True), ("legacy", False)):
                path = tmp_path / f"{kind}-{name}.pth"
                torch.save(made, path, _use_new_zipfile_serialization=is_zip)
                sources[f"{kind}-{name}"] = path, path
        torch.save(newer(), tmp_path / "newer.pth")
        sources["newer"] = tmp_path / "newer.pth", tmp_path / "newer.pth"
        for name in ("legacy", "legacy-tied", "bfloat16", "parameter", "safetensors", "trainer-mixed"):
            path = write_clean(name, tmp_path)
            sources[name] = path, path
        plain = write_clean("safetensors", tmp_path / "plain")  # the same numbers as the one with a configuration
        sources["old-config"] = write_clean("old-config", tmp_path), plain
        pairs = []
        for name, (source, reference) in sources.items():
            for suffix in SUFFIXES:
                out = target / f"{name}{suffix}"
                assert main(["scan", "--convert", str(out), str(source)]) == 0, name
                assert CheckpointCheck().examine(Tree.of(out)).verdict is Verdict.PASS
                pairs.append((str(reference), str(out)))
        done = subprocess.run(
            [sys.executable, "-c", COMPARE],
            input="".join(f"{json.dumps(pair)}\n" for pair in pairs),
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.stdout == "[]\n", done.stderr

    def test_give_the_same_bytes_whatever_they_came_from(self, tmp_path: Path, target: Path) -> None:
        torch.save(shapes(), tmp_path / "new.pth")
        torch.save({"model": shapes(), "x": 1}, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
        for suffix in SUFFIXES:
            made = [convert(tmp_path / f"{name}.pth", target / f"{name}{suffix}").sha256 for name in ("new", "old")]
            assert made[0] == made[1] == hashlib.sha256((target / f"new{suffix}").read_bytes()).hexdigest()

    def test_of_the_demo_voice_survive_there_and_back(self, target: Path) -> None:
        voices = sorted(cache_root().glob("demo-voice-*/model.pth"))
        if not voices:
            pytest.skip("no demo voice; `make demo` builds one")
        there, back = target / "voice.safetensors", target / "voice.pth"
        convert(voices[-1], there)
        convert(there, back)
        assert tensors_of(voices[-1]) == tensors_of(there) == tensors_of(back)

    def test_are_aligned_in_the_archive(self, tmp_path: Path, target: Path) -> None:
        torch.save(shapes(), tmp_path / "a.pth")
        convert(tmp_path / "a.pth", target / "a.pth")
        tree = Tree.of(target / "a.pth")
        with opened(tree, tree.files[0]) as weights:
            starts = [one.data.source.start + one.data.start for one in weights.values()]  # type: ignore[attr-defined]
        assert [start % 64 for start in starts] == [0] * len(starts)

    def test_are_read_in_blocks_of_any_size(self) -> None:
        whole = torch.arange(60, dtype=torch.int32).reshape(3, 4, 5)
        turned = whole.permute(2, 0, 1)
        source = MemoryBytes(whole.numpy().tobytes())
        made = Strided(source=source, width=4, shape=tuple(turned.shape), strides=turned.stride())
        expected = turned.contiguous().numpy().tobytes()
        for size in (1, 3, 4, 7, 64, 1000):
            assert b"".join(made.read(at, size) for at in range(0, made.size, size)) == expected


class TestDropped:
    def test_objects_and_what_a_trainer_leaves_are_named(
        self, tmp_path: Path, target: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        source = write_clean("old-config", tmp_path)
        assert main(["scan", "--convert", str(target / "model.pth"), str(source)]) == 0
        told = capsys.readouterr().out
        assert "  dropped config: a TTS.tts.configs.vits_config.VitsConfig\n" in told
        assert "  dropped pickled TTS.tts.configs.vits_config.VitsConfig\n" in told
        assert b"VitsConfig" not in (target / "model.pth").read_bytes()

    def test_json_says_what_was_written(self, tmp_path: Path, target: Path, capsys: pytest.CaptureFixture[str]) -> None:
        source, out = write_clean("legacy", tmp_path), target / "m.safetensors"
        assert main(["scan", "--format", "json", "--convert", str(out), str(source)]) == 0
        told = json.loads(capsys.readouterr().out)
        assert [scan["verdict"] for scan in told["scans"]] == ["inconclusive"]
        assert told["conversion"] == {
            "path": str(out),
            "sha256": hashlib.sha256(out.read_bytes()).hexdigest(),
            "bytes": out.stat().st_size,
            "tensors": 7,
            "dropped": [
                "config: a dict", "optimizer: a list", "scheduler: a list", "step: 12", "epoch: 3",
                "date: 'March 01, 2026'", "scaler: None",
            ],
            "refused": "",
        }  # fmt: skip

    def test_hostile_names_are_shown_in_escapes(
        self, tmp_path: Path, target: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        torch.save({"model": {"a\x1b[2J": torch.ones(1)}, "b\u202e": 1}, tmp_path / "m.pth")
        assert main(["scan", "--convert", str(target / "m.pth"), str(tmp_path / "m.pth")]) == 0
        told = capsys.readouterr().out
        assert "dropped b⟨U+202E⟩: 1" in told
        assert list(tensors_of(target / "m.pth")) == ["a\x1b[2J"]


class TestHostile:
    @pytest.mark.slow
    def test_is_refused_and_neither_executed_nor_written(self, tmp_path: Path, target: Path) -> None:
        for number, one in enumerate(HOSTILE):  # what is refused is so before anybody asks what was to be written
            file, marker = write(one, tmp_path)
            suffix = SUFFIXES[number % len(SUFFIXES)]
            assert main(["scan", "--convert", str(target / f"m{suffix}"), str(file)]) == 1, one.name
            assert not marker.exists(), one.name
        assert listing(target) == []

    def test_would_not_be_executed_even_by_a_conversion_alone(self, tmp_path: Path, target: Path) -> None:
        """What the scan stops for its values or names may be read; whatever comes out is clean."""
        for number, one in enumerate(HOSTILE):
            file, marker = write(one, tmp_path)
            out = target / f"{number}.pth"
            try:
                convert(file, out)
            except Unreadable:
                assert not out.exists()
            else:
                assert one.loader == "" or one.rule != "pickle-import", one.name
                assert CheckpointCheck().examine(Tree.of(out)).verdict is Verdict.PASS, one.name
            assert not marker.exists(), one.name
        assert all(name.endswith(".pth") for name in listing(target))

    def test_one_storage_of_two_types_is_refused(self, tmp_path: Path, target: Path) -> None:
        """torch takes the type that it meets first; readers that take each tensor's own see other numbers."""
        first, second = (asm.tensor("0", 4, (4,), (1,), kind=kind) for kind in ("FloatStorage", "IntStorage"))
        body = asm.stream(asm.state_dict(("a", first), ("b", second)))
        (tmp_path / "m.pth").write_bytes(asm.torch_archive(body, FOUR))
        assert main(["scan", "--convert", str(target / "m.pth"), str(tmp_path / "m.pth")]) == 1
        assert listing(target) == []


def old(body: bytes, *storages: tuple[str, bytes]) -> bytes:
    return asm.legacy(body, *storages)


def marked() -> bytes:
    """A tensor that torch shows with its signs turned, over the same bytes."""
    plain = asm.tensor("0", 4, (4,), (1,))
    assert plain.endswith(asm.TUPLE + asm.REDUCE)
    metadata = asm.EMPTY_DICT + asm.text("neg") + b"\x88" + asm.SETITEM
    return asm.stream(asm.state_dict(("weight", plain[:-2] + metadata + asm.TUPLE + asm.REDUCE)))


def viewed() -> bytes:
    """A storage that is a part of another, as torch wrote it long ago."""
    view = asm.MARK + asm.text("1") + asm.number(1) + asm.number(2) + asm.TUPLE
    storage = asm.storage("0", 4)
    tensor = asm.tensor("0", 4, (2,), (1,))
    body = tensor.replace(storage, storage[:-2] + view + asm.TUPLE + asm.BINPERSID)
    return old(asm.state_dict(("weight", asm.call("torch._utils", "_rebuild_tensor", *parts(body)))), ("0", FOUR))


def parts(body: bytes) -> tuple[bytes, ...]:
    """The arguments of a tensor's call without those that the old function does not take."""
    inside = body[body.index(asm.MARK) + 1 :]
    return (inside[: inside.index(b"\x89")],)


def wide() -> bytes:
    """A few elements, each far from the next."""
    count = 17_000_000
    tensor = asm.tensor("0", count, (2,), (count - 1,))
    return asm.torch_archive(asm.stream(asm.state_dict(("weight", tensor))), bytes(4 * count))


def named(name: str) -> bytes:
    data = pickle.dumps(name, 2)[2:-3]
    body = asm.EMPTY_DICT + asm.MARK + data + asm.tensor("0", 4, (4,), (1,)) + asm.SETITEMS
    return asm.torch_archive(asm.stream(body), FOUR)


REFUSED = {
    "marked as negated": (lambda: asm.torch_archive(marked(), FOUR), "are marked as negated or conjugated"),
    "views": (viewed, "its storages are parts of others"),
    "scattered": (wide, "scattered too widely"),
    "a name for safetensors itself": (lambda: named("__metadata__"), "is no name for a tensor"),
    "half a character": (lambda: named("a\ud800"), "is no name for a tensor"),
    "no tensors": (lambda: old(asm.EMPTY_DICT), "expected a dictionary of tensors"),
    "another format": (lambda: pickle.dumps({"a": 1}), "got another format"),
    "enormous values": (
        lambda: asm.torch_archive(CLEAN, struct.pack("<4f", 1, 2, 3, 1e30)),
        "the result would not pass: a tensor holds absurdly large values",
    ),
}


class TestRefused:
    @pytest.mark.parametrize("name", sorted(REFUSED))
    def test_what_cannot_be_converted_says_why(
        self, name: str, tmp_path: Path, target: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        make, reason = REFUSED[name]
        (tmp_path / "m.pth").write_bytes(make())
        assert main(["scan", "--convert", str(target / "m.safetensors"), str(tmp_path / "m.pth")]) == 4
        told = capsys.readouterr().out.splitlines()[-1]
        assert told.startswith("not converted: ")
        assert reason in told
        assert listing(target) == []

    @pytest.mark.parametrize("name", ["sparse", "module", "joblib", "gzip", "npy", "plain-pickle"])
    def test_what_is_no_plain_state_dict_is_inconclusive(self, name: str, tmp_path: Path, target: Path) -> None:
        source = write_clean(name, tmp_path)
        assert main(["scan", "--convert", str(target / "m.pth"), str(source)]) == 4
        assert listing(target) == []

    def test_types_that_safetensors_does_not_have_go_to_torch_only(self, tmp_path: Path, target: Path) -> None:
        torch.save({"a": torch.ones(2, dtype=torch.complex128)}, tmp_path / "m.pth")
        with pytest.raises(Unreadable, match="a is of complex128, which the new format does not have"):
            convert(tmp_path / "m.pth", target / "m.safetensors")
        assert convert(tmp_path / "m.pth", target / "m.pth").tensors == 1


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    path = tmp_path / "model.pth"
    path.write_bytes(asm.torch_archive(CLEAN, FOUR))
    return path


class TestUsage:
    def test_nothing_is_overwritten(self, clean: Path, target: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (target / "m.pth").write_bytes(b"mine")
        assert main(["scan", "--convert", str(target / "m.pth"), str(clean)]) == 2
        assert "m.pth: exists already, and nothing is overwritten" in capsys.readouterr().err
        (target / "n.pth").symlink_to("nowhere")
        assert main(["scan", "--convert", str(target / "n.pth"), str(clean)]) == 2
        assert (target / "m.pth").read_bytes() == b"mine"
        assert listing(target) == ["m.pth", "n.pth"]

    def test_nothing_is_overwritten_that_appears_meanwhile(
        self, clean: Path, target: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        out = target / "m.pth"
        monkeypatch.setattr(conversion, "CheckpointCheck", lambda: (out.write_bytes(b"mine"), CheckpointCheck())[1])
        with pytest.raises(BadInput, match="appeared meanwhile"):
            convert(clean, out)
        assert out.read_bytes() == b"mine"
        assert listing(target) == ["m.pth"]

    def test_a_file_system_without_links_is_written_to_all_the_same(
        self, clean: Path, target: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object) -> None:
            raise OSError(errno.EPERM, "no links here")

        monkeypatch.setattr(os, "link", refuse)
        made = convert(clean, target / "m.pth")
        assert made.sha256 == hashlib.sha256((target / "m.pth").read_bytes()).hexdigest()
        assert listing(target) == ["m.pth"]
        assert (target / "m.pth").stat().st_mode & 0o777 == 0o644

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (["--convert", "OUT/m.bin", "model.pth"], "expected a name that ends in .safetensors or .pth"),
            (["--convert", "OUT/none/m.pth", "model.pth"], "expected a folder to write to"),
            (["--convert", "OUT/m.pth", "model.pth", "model.pth"], "takes exactly one checkpoint file"),
            (["--convert", "OUT/m.pth", "."], "takes exactly one checkpoint file"),
            (["--convert", "OUT/m.pth", "--structure", "model.pth"], "neither --structure nor --reference"),
            (["--convert", "OUT/m.pth", "--reference", ".", "model.pth"], "neither --structure nor --reference"),
        ],
    )
    def test_what_does_not_go_together_is_bad_input(
        self, arguments: list[str], told: str, clean: Path, target: Path,
        monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    ) -> None:  # fmt: skip
        monkeypatch.chdir(clean.parent)
        assert main(["scan", *[one.replace("OUT", str(target)) for one in arguments]]) == 2
        assert told in capsys.readouterr().err
        assert listing(target) == []


class TestInterruption:
    @pytest.mark.parametrize("suffix", SUFFIXES)
    @pytest.mark.parametrize(
        ("error", "seen"), [(KeyboardInterrupt(), KeyboardInterrupt), (OSError(errno.ENOSPC, "full"), StorageError)]
    )
    def test_leaves_nothing(
        self, suffix: str, error: BaseException, seen: type[BaseException], clean: Path, target: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        def fail(_: object) -> bytes:
            assert len(listing(target)) == 1, "something is being written"
            raise error

        monkeypatch.setattr("harness.admission.converting.torchwriter.blocks_of", fail)
        monkeypatch.setattr(conversion, "blocks_of", fail)
        with pytest.raises(seen):
            convert(clean, target / f"m{suffix}")
        assert listing(target) == []

    def test_a_source_that_shrinks_is_told(self, clean: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def shrink(weights: Weights, file: IO[bytes]) -> None:
            os.truncate(clean, 100)
            write_torch(weights, file)

        monkeypatch.setitem(conversion._WRITERS, ".pth", shrink)  # type: ignore[arg-type]
        with pytest.raises(Unreadable, match="ends before its tensors do"):
            convert(clean, target / "m.pth")
        assert listing(target) == []
