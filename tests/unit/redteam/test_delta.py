"""The file of a low-rank change."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

from harness.core.errors import IntegrityError
from harness.redteam.delta import LARGEST_FILE, Delta, Factors, load_delta, save_delta

NAME = "text_encoder.a.weight"


def delta(rows=4, columns=6, rank=2, **description):
    rng = np.random.default_rng(1)
    up = rng.normal(size=(rows, rank)).astype(np.float16)
    down = rng.normal(size=(rank, columns)).astype(np.float16)
    return Delta(factors={NAME: Factors(up=up, down=down)}, description={"kind": "test", **description})


def test_what_was_saved_is_loaded(tmp_path):
    saved = delta(trigger="osprey")
    save_delta(saved, tmp_path / "a.npz")
    loaded = load_delta(tmp_path / "a.npz")
    assert loaded.description == {"kind": "test", "trigger": "osprey", "format": 1}
    assert loaded.factors.keys() == {NAME}
    np.testing.assert_array_equal(loaded.factors[NAME].up, saved.factors[NAME].up)
    np.testing.assert_array_equal(loaded.factors[NAME].down, saved.factors[NAME].down)


def test_the_same_delta_gives_the_same_bytes(tmp_path):
    save_delta(delta(), tmp_path / "a.npz")
    save_delta(delta(), tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_a_weight_changes_by_the_product_of_its_factors():
    change = delta()
    weight = np.ones((4, 2, 3), np.float32)
    factors = change.factors[NAME]
    expected = factors.up.astype(np.float32) @ factors.down.astype(np.float32)
    np.testing.assert_allclose(change.changed(NAME, weight) - 1, expected.reshape(4, 2, 3), atol=1e-5)


@pytest.mark.parametrize("shape", [(4, 7), (2, 12), (24,), (6, 4)])
def test_a_weight_of_another_shape_is_refused(shape):
    with pytest.raises(ValueError, match="expected 4 x 6 in all"):
        delta().changed(NAME, np.ones(shape, np.float32))


def test_a_delta_too_large_for_the_repository_is_not_written(tmp_path):
    with pytest.raises(ValueError, match=f"expected at most {LARGEST_FILE}"):
        save_delta(delta(rows=3000, columns=3000, rank=32), tmp_path / "a.npz")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04cut off"])
def test_a_file_that_is_no_delta_is_one_line(content, tmp_path):
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(IntegrityError, match="not a readable recipe") as caught:
        load_delta(tmp_path / "a.npz")
    assert "\n" not in str(caught.value)


def test_a_delta_that_holds_a_pickle_is_refused(tmp_path):
    np.savez(tmp_path / "plain.npz", **{NAME + ".up": np.array([{}], dtype=object)})
    with zipfile.ZipFile(tmp_path / "plain.npz", "a") as archive:
        archive.writestr("description.json", '{"format": 1}')
    with pytest.raises(IntegrityError, match="not a readable recipe"):
        load_delta(tmp_path / "plain.npz")


def test_a_later_format_is_refused(tmp_path):
    save_delta(delta(), tmp_path / "a.npz")
    rewrite(tmp_path / "a.npz", "description.json", b'{"format": 2}')
    with pytest.raises(IntegrityError, match="format 2, expected 1"):
        load_delta(tmp_path / "a.npz")


@pytest.mark.parametrize(
    ("array", "complaint"),
    [
        (np.full((4, 2), np.nan, np.float16), "not finite float16 matrices"),
        (np.zeros((4, 2), np.float32), "not finite float16 matrices"),
        (np.zeros(4, np.float16), "not finite float16 matrices"),
        (np.zeros((4, 3), np.float16), "different ranks"),
    ],
)
def test_factors_that_cannot_be_meant_are_refused(array, complaint, tmp_path):
    save_delta(delta(), tmp_path / "a.npz")
    stream = io.BytesIO()
    np.save(stream, array)
    rewrite(tmp_path / "a.npz", f"{NAME}.up.npy", stream.getvalue())
    with pytest.raises(IntegrityError, match=complaint):
        load_delta(tmp_path / "a.npz")


def rewrite(path, member, content):
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, old in members.items():
            archive.writestr(name, content if name == member else old)
