"""Readers of pickles, archives and tensors, taken one by one: positions, limits, and what fuzzing has found."""

from __future__ import annotations

import io
import pickle
import pickletools
import struct
import tarfile
import time
import tracemalloc
from pathlib import Path

import pytest

from harness.admission.checks.checkpoint import CheckpointCheck, read_any
from harness.admission.reading import rules
from harness.admission.reading.bytesource import FileBytes, MemoryBytes, Section
from harness.admission.reading.notebook import MAX_FLAWS, MAX_QUOTE, Budget, Notebook, OutOfBudget
from harness.admission.reading.oldnames import STATEFUL
from harness.admission.reading.opcodes import OPCODES
from harness.admission.reading.pickles import PickleReader
from harness.admission.reading.tararchive import MAX_MEMBERS
from harness.admission.reading.values import look_at
from harness.admission.reading.ziparchive import read_archive
from harness.admission.reading.zipdirectory import has_directory
from harness.admission.tree import Tree
from tests.admission_corpus import pickle_assembly as asm
from tests.admission_corpus.hostile_checkpoints import CLEAN, FOUR, shell
from tests.tiers import slow

FUZZED = sorted((Path(__file__).parents[3] / "data" / "fuzz").glob("*"))


def read(data: bytes, file: str = "model.pth", budget: Budget | None = None) -> Notebook:
    notebook = Notebook(file, budget or Budget())
    read_any(MemoryBytes(data), notebook, has_values=True)
    return notebook


def ids(notebook: Notebook) -> set[str]:
    return {flaw.rule.id for flaw in notebook.flaws}


class TestBytes:
    def test_a_file_is_read_at_any_place_and_ends_where_it_ends(self, tmp_path: Path) -> None:
        (tmp_path / "x").write_bytes(b"0123456789")
        with (tmp_path / "x").open("rb") as file:
            source = FileBytes(file.fileno(), 10)
            assert (source.read(3, 4), source.read(8, 9), source.read(10, 1), source.read(-1, 3)) == (
                b"3456",
                b"89",
                b"",
                b"",
            )
            assert Section(source, 2, 3).read(1, 100) == b"34"

    def test_memory_does_not_read_before_its_begin(self) -> None:
        assert MemoryBytes(b"abc").read(-2, 2) == b""


class TestOpcodes:
    def test_are_those_of_python(self) -> None:
        assert {(one.code, one.name) for one in OPCODES.values()} == {
            (ord(one.code), one.name) for one in pickletools.opcodes
        }


class TestPickles:
    def test_an_import_is_named_with_its_place_and_its_call(self) -> None:
        (flaw,) = read(b"\x80\x02]cposix\nsystem\nX\x02\0\0\0id\x85Ra.", "x.pkl").flaws
        assert flaw.rule is rules.IMPORT
        assert (flaw.place, flaw.found) == ("byte 0x3", "posix.system")
        assert flaw.effect == "calls posix.system('id'); it runs programs"

    def test_names_of_python_2_are_those_of_python_3(self) -> None:
        found = read(b"c__builtin__\nset\n(lp0\n\x85R.", "x.pkl")
        assert found.flaws == []
        assert ids(read(b"c__builtin__\neval\nU\x011\x85R.", "x.pkl")) == {"admission.pickle-import"}

    @pytest.mark.parametrize("module", [b"pathlib", b"pathlib._local"])  # the latter is written by Python 3.13
    def test_a_path_is_an_old_habit_and_no_attack(self, module: bytes) -> None:
        path = b"\x80\x02]c" + module + b"\nPosixPath\nX\x01\0\0\0/X\x04\0\0\0data\x86Ra."
        assert ids(read(path, "x.pkl")) == {"admission.pickle-object"}
        assert ids(read(path.replace(b"PosixPath", b"Path.home"), "x.pkl")) == {"admission.pickle-import"}

    def test_python_2_names_mean_nothing_in_protocol_3(self) -> None:
        assert ids(read(b"\x80\x03c__builtin__\nset\n(l\x85R.")) == {"admission.pickle-import"}

    def test_a_name_in_invisible_characters_is_shown_and_refused(self) -> None:
        (flaw,) = read("\x80\x04\x8c\x0ccollections\u202e".encode("latin-1", "ignore") + b".").flaws or [None]
        assert flaw is not None
        (flaw,) = read(b"\x80\x02ccollections\nOrdered\xe2\x80\xaeDict\n.").flaws
        assert flaw.found == "collections.Ordered⟨U+202E⟩Dict"

    @pytest.mark.parametrize("protocol", range(6))
    def test_what_pickle_writes_of_plain_data_passes_in_every_protocol(self, protocol: int) -> None:
        value = {
            "a": [1, -2, 3.5, None, True, "ü" * 300],
            "b": ({1}, frozenset({2}), b"\xff" * 400),
            3: bytearray(b"x"),
            "n": 1 << 90,
        }
        assert read(pickle.dumps(value, protocol), "x.pkl").flaws == []

    def test_every_cut_of_a_hostile_stream_is_stopped(self) -> None:
        whole = b"\x80\x02" + shell("/nowhere") + asm.EMPTY_DICT + asm.STOP
        for end in range(2, len(whole)):
            assert read(whole[:end], "x.pkl").flaws, end

    def test_a_look_alike_in_plain_text_is_left_alone(self) -> None:
        for text in (b"cats\ndogs\n", b"N. Korea\n", b"(1. one\n", b"Ki. \n", b"# c\n", b"I\n"):
            assert read(text, "tokens.txt").flaws == [], text

    def test_flaws_are_bounded_in_number_and_length(self) -> None:
        body = b"".join(asm.named("m" * 900, f"x{index}") + asm.POP for index in range(300))
        found = read(asm.stream(body + asm.NONE), "x.pkl")
        assert len(found.flaws) == MAX_FLAWS
        assert found.left_out == 300 - MAX_FLAWS
        assert max(len(flaw.found) for flaw in found.flaws) <= MAX_QUOTE

    def test_the_rest_of_what_is_too_long_is_inconclusive_and_what_came_before_still_counts(self) -> None:
        assert ids(read(asm.stream(asm.NONE + b"0N" * 5000), "x.pkl", Budget(operations=1000))) == {
            "admission.too-large"
        }
        both = read(asm.stream(shell("/nowhere") + b"0N" * 5000), "x.pkl", Budget(operations=1000))
        assert {"admission.too-large", "admission.pickle-import"} <= ids(both)

    def test_the_budget_is_shared_by_all_files(self) -> None:
        budget = Budget(operations=100)
        read(asm.stream(b"N0" * 40 + b"N"), "a.pkl", budget)
        assert "admission.too-large" in ids(read(asm.stream(b"N0" * 40 + b"N"), "b.pkl", budget))

    def test_a_flood_of_flaws_ends_the_reading(self) -> None:
        budget = Budget()
        found = read(asm.stream(b"\x82\x010" * 500_000 + asm.NONE), "x.pkl", budget)
        assert len(found.flaws) == MAX_FLAWS
        assert budget.operations > 15_000_000

    def test_a_flood_of_streams_ends_the_reading(self) -> None:
        budget = Budget()
        assert "admission.pickle-trailing" in ids(read(b"N." * 500_000, "x.pkl", budget))
        assert budget.operations > 15_900_000

    def test_hostile_flaws_take_the_places_of_others(self) -> None:
        known = sorted(STATEFUL - {"builtins.object"})[:MAX_FLAWS]
        old = b"".join(asm.named(*name.rsplit(".", 1)) + asm.POP for name in known)
        assert "admission.pickle-import" in ids(read(asm.stream(old + shell("/nowhere")), "x.pkl"))

    def test_a_stream_is_left_where_it_ends(self) -> None:
        reader = PickleReader(MemoryBytes(b"N.rest"), Notebook("x", Budget()))
        reader.read()
        assert (reader.is_whole, reader.end) == (True, 2)

    @pytest.mark.parametrize(
        "body",
        [slow(b"]" * 900_000), b"(" * 900_000, b"}r\x01\0\0\0" * 200_000, slow(b"]\x94" * 500_000),
         b"N" + b"2" * 900_000, b"K\x01" + b"\x85" * 900_000, slow(b"]" + b"]a" * 500_000)],
        ids=["lists", "marks", "puts", "memos", "dups", "tuples", "lists-in-a-list"],
    )  # fmt: skip
    def test_memory_stays_small_whatever_the_stream_is(self, body: bytes) -> None:
        data = b"\x80\x04" + body + b"."
        tracemalloc.start()
        begun = time.process_time()
        found = read(data, "x.pkl", Budget(operations=120_000))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert found.flaws
        assert peak < 150e6
        assert time.process_time() - begun < 30  # traced: ten times slower than plain


class TestArchives:
    def test_what_torch_wrote_before_it_noted_the_byte_order_passes(self) -> None:
        members = [one for one in asm.torch_members(CLEAN, FOUR) if not one.name.endswith("byteorder")]
        assert read(asm.archive(*members)).flaws == []

    def test_a_plain_one_is_read_without_a_flaw(self) -> None:
        notebook = Notebook("x", Budget())
        archive = read_archive(MemoryBytes(asm.torch_archive(CLEAN, FOUR)), notebook)
        assert archive is not None
        assert [b"".join(archive.blocks(one)) for one in archive.members][:2] == [CLEAN, b"little"]
        assert notebook.flaws == []

    def test_every_single_changed_byte_of_the_frame_or_content_is_noticed(self) -> None:
        """But for dates, attributes and the versions of the program that wrote it, which change nothing."""
        plain = asm.torch_archive(CLEAN, FOUR)
        unnoticed = [
            at for at in range(len(plain)) if not _flaws_of(plain[:at] + bytes((plain[at] ^ 0xFF,)) + plain[at + 1 :])
        ]
        harmless = set()
        at = plain.find(b"PK\x03\x04")
        while at >= 0:
            harmless |= {*range(at + 4, at + 6), *range(at + 10, at + 14)}  # version, time and date
            at = plain.find(b"PK\x03\x04", at + 1)
        at = plain.find(b"PK\x01\x02")
        while at >= 0:
            harmless |= {*range(at + 4, at + 8), *range(at + 12, at + 16), *range(at + 36, at + 42)}
            at = plain.find(b"PK\x01\x02", at + 1)
        assert set(unnoticed) <= harmless

    def test_every_cut_is_noticed(self) -> None:
        plain = asm.torch_archive(CLEAN, FOUR)
        assert all(read(plain[:end]).flaws for end in range(1, len(plain)))

    def test_an_archive_behind_something_else_is_seen(self) -> None:
        assert has_directory(MemoryBytes(b"RIFF....WAVE" + asm.torch_archive(CLEAN, FOUR)))
        assert not has_directory(MemoryBytes(b"RIFF....PK\x05\x06" + bytes(200)))

    def test_the_end_of_a_long_tar_is_not_passed_over(self) -> None:
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for number in range(MAX_MEMBERS + 1):
                tar.addfile(tarfile.TarInfo(f"{number}"))
        assert "admission.too-large" in ids(read(out.getvalue(), "model.tar"))

    def test_too_many_members_are_too_large(self) -> None:
        many = asm.archive(*(asm.Member(f"a/{index}", b"") for index in range(50)))
        with pytest.raises(OutOfBudget):
            read_archive(MemoryBytes(many), Notebook("x", Budget(members=10)))


def _flaws_of(data: bytes) -> list[object]:
    return list(read(data).flaws)


class TestTensors:
    def test_values_are_looked_at_in_both_byte_orders(self) -> None:
        bad = struct.pack(">4f", 1, 2, float("nan"), 4)
        assert look_at([bad], "float32", byteorder=">").not_finite == 1
        assert look_at([struct.pack("<4f", 1, 2, 3, -5e9)], "float32").largest == pytest.approx(5e9)

    def test_a_bfloat16_of_absurd_size_is_seen(self) -> None:
        assert look_at([b"\x80\x5f"], "bfloat16").largest > 1e8
        assert look_at([b"\x80\x3f"], "bfloat16").largest == 0

    def test_a_mask_of_minus_infinity_is_no_damage_and_anything_else_is(self) -> None:
        infinity = float("-inf")
        assert look_at([struct.pack("<4f", 0, infinity, 0, infinity)], "float32").is_mask
        assert not look_at([struct.pack("<4f", 1, infinity, 0, infinity)], "float32").is_mask
        assert look_at([struct.pack("<2e", 0, infinity)], "float16").is_mask
        assert not look_at([struct.pack("<2e", 0, float("inf"))], "float16").is_mask


class TestTree:
    def test_a_file_that_cannot_be_opened_is_inconclusive(self, tmp_path: Path) -> None:
        (tmp_path / "model.pth").write_bytes(asm.torch_archive(CLEAN, FOUR))
        tree = Tree.of(tmp_path)
        (tmp_path / "model.pth").unlink()
        (flaw,) = CheckpointCheck().examine(tree).flaws
        assert flaw.rule is rules.UNREADABLE

    def test_structure_alone_leaves_values_unread(self, tmp_path: Path) -> None:
        nan = asm.torch_archive(CLEAN, struct.pack("<4f", 1, 2, 3, float("nan")))
        (tmp_path / "model.pth").write_bytes(nan)
        assert CheckpointCheck(has_values=False).examine(Tree.of(tmp_path)).flaws == ()
        assert CheckpointCheck().examine(Tree.of(tmp_path)).flaws[0].rule is rules.NOT_FINITE

    def test_every_rule_has_an_id_of_its_own_and_a_help(self) -> None:
        found = CheckpointCheck().rules
        assert len({rule.id for rule in found}) == len(found)
        assert all(rule.help.endswith(".") and rule.id.startswith("admission.") for rule in found)
        assert all(len(rule.title.split()) <= 10 for rule in found)


class TestFuzzed:
    @pytest.mark.parametrize("file", FUZZED, ids=lambda file: file.name)
    def test_what_fuzzing_found_stays_mended(self, file: Path) -> None:
        assert read(file.read_bytes()).flaws

    def test_there_is_something_to_read(self) -> None:
        assert FUZZED
