"""What Coqui computes for every voice and few use."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from harness.engines.coqui.loading import MelBasis


def test_a_mel_basis_is_computed_when_somebody_computes_with_it_and_once() -> None:
    computed: list[int] = []

    def compute() -> np.ndarray:
        computed.append(1)
        return np.arange(6, dtype=np.float32).reshape(2, 3)

    basis = MelBasis(compute)
    assert computed == []
    for _ in range(2):
        assert np.dot(basis, np.ones(3)).tolist() == [3.0, 12.0]
        assert np.linalg.pinv(basis).shape == (3, 2)
        assert np.asarray(basis, dtype=np.float64).dtype == np.float64
    assert computed == [1]


def test_a_mel_basis_is_not_spoiled_by_who_computes_with_it() -> None:
    basis = MelBasis(lambda: np.ones((2, 2), dtype=np.float32))
    np.array(basis)[:] = 7.0
    assert np.asarray(basis).max() == 1.0


@pytest.mark.real
@pytest.mark.slow
def test_coqui_asks_librosa_for_one_only_where_it_is_used() -> None:
    pytest.importorskip("TTS")
    code = (
        "import sys; from harness.engines.coqui.loading import mel_bases_when_used\n"
        "from harness.engines.coqui.espeak import install_inprocess_espeak; install_inprocess_espeak()\n"
        "from TTS.utils.audio import processor; from TTS.config.shared_configs import BaseAudioConfig\n"
        "import numpy as np\n"
        "with mel_bases_when_used(): made = processor.AudioProcessor(BaseAudioConfig())\n"
        "assert 'librosa.filters' not in sys.modules, 'imported at once'\n"
        "own = processor.AudioProcessor(BaseAudioConfig())\n"
        "noise = np.random.default_rng(0).standard_normal(8000).astype(np.float32)\n"
        "assert np.array_equal(made.melspectrogram(noise), own.melspectrogram(noise))\n"
        "print('the same')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "the same", done.stderr[-2000:]
