"""Torch's own opinion on a checkpoint, asked before Coqui loads it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.engines.coqui.loading import cross_check
from tests.lazily import Lazily

torch = Lazily("torch")


class Evil:
    """Would run ``true``, which does nothing."""

    def __reduce__(self):
        return os.system, ("true",)


class TestCrossCheck:
    def test_lets_weights_and_what_trainers_write_pass(self, tmp_path: Path) -> None:
        import numpy as np

        content = {"model": {"a": torch.zeros(3)}, "step": np.int64(7), "loss": {"avg": np.float32(0.5)}, "tags": [1]}
        torch.save(content, tmp_path / "model.pth")
        cross_check(tmp_path / "model.pth")

    def test_names_what_torch_would_not_import(self, tmp_path: Path) -> None:
        torch.save({"model": {}, "x": Evil()}, tmp_path / "model.pth")
        with pytest.raises(ValueError, match=r"not safe: posix\.system; nothing loads them here, accepted or not"):
            cross_check(tmp_path / "model.pth")

    @pytest.mark.parametrize("content", [b"", b"PK\3\4", b"no checkpoint", b"\x80\x02."])
    def test_leaves_other_files_to_who_loads_them(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "model.pth").write_bytes(content)
        cross_check(tmp_path / "model.pth")
