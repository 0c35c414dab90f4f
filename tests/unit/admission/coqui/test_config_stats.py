"""What numpy would make of a file of statistics."""

from __future__ import annotations

import argparse
import collections
import datetime
import decimal
import io
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest

from harness.admission.coqui.statsfile import content
from harness.engines.coqui.rewriting import read_statistics
from tests import config_corpus as corpus


def test_plain_arrays_are_no_pickles() -> None:
    for value in (
        np.zeros(3),
        np.arange(4, dtype=">i2"),
        np.array("text"),
    ):
        buffer = io.BytesIO()
        np.save(buffer, value)
        buffer.seek(0)
        assert not content(buffer).problem


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_statistics_of_coquis_own_making_are_pickles_without_a_problem(protocol: int) -> None:
    value = np.array(
        {"mel_mean": np.zeros(80), "mel_std": np.float64(1.0), "audio_config": {"num_mels": 80}}, dtype=object
    )
    header = corpus.npy(value).split(b"\n", 1)[0] + b"\n"
    found = content(io.BytesIO(header + pickle.dumps(value, protocol)))
    assert (found.is_pickle, found.problem, found.more) == (True, "", "")


def test_what_the_worker_would_not_open_is_named() -> None:
    value = np.array({"mel_mean": np.zeros(80), "audio_config": collections.OrderedDict(num_mels=80)}, dtype=object)
    found = content(io.BytesIO(corpus.npy(value)))
    assert (found.problem, found.more) == ("", "collections.OrderedDict")


@pytest.mark.parametrize("case", [case for case in corpus.CLEAN if "stats" in case.name], ids=lambda case: case.name)
def test_what_is_admitted_is_what_the_worker_opens(case: corpus.Case, tmp_path: Path) -> None:
    case.make(tmp_path)
    opened = read_statistics(tmp_path / "scale_stats.npy").item()
    assert sorted(opened) == ["audio_config", "linear_mean", "linear_std", "mel_mean", "mel_std"]


@pytest.mark.parametrize(
    "data",
    [
        corpus.hostile_stats("x"),
        pickle.dumps(corpus.Marking("x")),
        pickle.dumps({"harmless": 1}),
        b"",
        b"text",
        corpus.zipped(),
        b"\x93NUMPY",
        b"\x93NUMPY\x01\x00\xff\xff",
        b"\x93NUMPY\x03\x00" + struct.pack("<I", 2**31),
        b"\x93NUMPY\x01\x00\x06\x00{1:2}\n",
        b"\x93NUMPY\x01\x00\x04\x00" + b"((((",
        b"\x93NUMPY\x01\x00\x40\x00"
        + b"{'descr': [('a', '|O')], 'fortran_order': False, 'shape': ()}".ljust(63)
        + b"\nxx",
    ],
)
def test_everything_else_has_a_problem(data: bytes) -> None:
    assert content(io.BytesIO(data)).problem


@pytest.mark.parametrize(
    "value", [argparse.Namespace(a=1), datetime.date(2026, 3, 1), decimal.Decimal("1.5"), slice(3)]
)
def test_an_object_of_any_class_is_one(value: object) -> None:
    """A range of numbers is none: it is made of three."""
    array = np.array(None, dtype=object)
    array[()] = {"mel_mean": np.zeros(80), "more": value}
    found = content(io.BytesIO(corpus.npy(array)))
    assert bool(found.problem) == (not isinstance(value, slice))
