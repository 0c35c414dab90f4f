"""Clean checkpoints, each written by the library that honest people use. Needs torch: use it in tests only."""

from __future__ import annotations

import datetime
import decimal
import enum
import fractions
import gzip
import http
import json
import pathlib
import pickle
import sys
import types
import uuid
import zoneinfo
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.admission_corpus.clean_objects import OBJECTS
from tests.lazily import Lazily

joblib = Lazily("joblib")

torch = Lazily("torch")
flat = Lazily("safetensors.torch")

Writer = Callable[[Path], None]

STYLES = {
    "vits": ("text_encoder.emb.weight", "posterior_encoder.pre.weight", "flow.flows.0.pre.weight"),
    "xtts": (
        "gpt.text_embedding.weight",
        "gpt.gpt.h.0.attn.c_attn.weight",
        "hifigan_decoder.conv_pre.weight",
        "mel_stats",
    ),
    "glow": ("encoder.emb.weight", "decoder.flows.0.logs", "encoder.duration_predictor.proj.weight"),
    "tacotron": ("embedding.weight", "decoder.attention.v.weight", "postnet.convolutions.0.convolution1d.weight"),
    "hifigan": ("conv_pre.parametrizations.weight.original0", "ups.0.weight_g", "resblocks.0.convs1.0.weight_v"),
}


def weights(*names: str, dtype: torch.dtype | None = None) -> OrderedDict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(7)
    return OrderedDict((name, torch.randn(6, 5, generator=generator).to(dtype or torch.float32)) for name in names)


def trained(*, mixed: bool = False) -> dict[str, object]:
    """What Coqui's trainer 0.4 saves: trainer/io.py, save_model."""
    model = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.BatchNorm1d(4))
    optimizer = torch.optim.AdamW(model.parameters())
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.99)
    model(torch.randn(3, 4)).sum().backward()
    optimizer.step()
    scheduler.step()
    config = {"model": "vits", "audio": {"sample_rate": 22050, "fft": [1, 2, None]}, "lr": 1e-4, "mixed": mixed}
    return {
        "config": config, "model": model.state_dict(), "optimizer": [optimizer.state_dict()],
        "scheduler": [scheduler.state_dict()], "step": 12, "epoch": 3, "date": "March 01, 2026",
        "scaler": {"scale": 65536.0, "growth_factor": 2.0, "_growth_tracker": 7} if mixed else None,
    }  # fmt: skip


def saving(make: Callable[[], object], **options: object) -> Writer:
    return lambda path: torch.save(make(), path, **options)  # type: ignore[arg-type]


def _tied() -> object:
    one = torch.randn(8, 4)
    return {"a": one, "b": one, "c": one[2:6], "d": one.t(), "e": one[:, 1]}


def _mask() -> object:
    return {"mask": torch.full((8, 8), float("-inf")).triu(1), "half": torch.full((4, 4), float("-inf")).half().triu(1)}


def _odd_types() -> object:
    return {
        "bool": torch.ones(3, dtype=torch.bool), "long": torch.arange(4), "byte": torch.zeros(2, dtype=torch.uint8),
        "complex": torch.ones(2, dtype=torch.complex64), "double": torch.ones(2, dtype=torch.float64),
        "f8": torch.ones(2).to(torch.float8_e4m3fn), "empty": torch.empty(0, 4), "scalar": torch.tensor(2.5),
        "expanded": torch.arange(5).expand(1, 5), "size": torch.Size([2, 3]), "device": torch.device("cpu"),
        "dtype": torch.float16, "set": {1, 2}, "frozen": frozenset({"a"}), "bytes": b"\xff\0x",
        "array": bytearray(b"ab"),
        "complex number": 1 + 2j, "tuple": (1, (2.5, None)), "ключ": "значение", "big": 1 << 70,
    }  # fmt: skip


def _numpy_values() -> object:
    return {"loss": np.float64(0.3), "best": np.float32(0.1), "step": np.int64(4), "mean": np.arange(6.0).reshape(2, 3),
            "flags": np.array([True]), "long": np.zeros(400, np.float32)}  # fmt: skip


def _defaults() -> object:
    made: defaultdict[str, dict[str, object]] = defaultdict(dict)
    made["state"]["x"] = torch.ones(2)
    return made


def _stats(path: Path) -> None:
    """As TTS/bin/compute_statistics.py writes it."""
    stats = {
        "mel_mean": np.zeros(80),
        "mel_std": np.ones(80, np.float32),
        "audio_config": {"fft_size": 1024, "power": 1.5},
    }
    with path.open("wb") as file:
        np.save(file, stats, allow_pickle=True)  # type: ignore[arg-type]


def _speakers() -> object:
    return {f"wavs/{i}.wav": {"name": f"s{i % 3}", "embedding": [0.5] * 256} for i in range(30)}


def pickling(make: Callable[[], object], protocol: int) -> Writer:
    return lambda path: path.write_bytes(pickle.dumps(make(), protocol)) and None


def _long_values() -> object:
    """Longer than a line of protocol 0 was once read."""
    data = bytes(range(256)) * 400
    return {"array": np.linspace(0, 1, 30_000).astype("f4"), "turned": np.arange(30_000).astype(">i4"), "bytes": data,
            "byte array": bytearray(data), "text": "ключ \\u0041\n" * 20_000}  # fmt: skip


def _scores() -> object:
    """As ALiBi and models that suppress tokens have them."""
    causal = torch.full((8, 8), float("-inf")).triu(1)
    suppressed = torch.zeros(100)
    suppressed[3] = float("-inf")
    return {"alibi": causal - torch.arange(8.0) * 0.5, "attn_mask": causal, "layer.logits_bias": suppressed + 0.25}


def _measurements() -> object:
    nothing, infinite = torch.tensor(float("nan")), torch.tensor(float("inf"))
    return {"model": {"w": torch.ones(2)}, "best_loss": infinite, "model_loss": {"train_loss": nothing, "f0": nothing},
            "losses": [nothing, infinite], "metrics": {"f0.rmse": infinite}, "loss": float("nan")}  # fmt: skip


def _small_numbers() -> dict[str, torch.Tensor]:
    one = torch.ones(4)
    kinds = (torch.float8_e4m3fn, torch.float8_e5m2, torch.float8_e8m0fnu)
    four = torch.zeros(4, dtype=torch.uint8).view(torch.float4_e2m1fn_x2)
    return {**{str(kind): one.to(kind) for kind in kinds}, "four": four}


def _quantized() -> object:
    one = torch.randn(4, 4)
    scales, zeros = torch.rand(4) + 0.1, torch.zeros(4)
    return {
        **{str(to): torch.quantize_per_tensor(one, 0.1, 3, to) for to in (torch.qint8, torch.quint8, torch.qint32)},
        "channels": torch.quantize_per_channel(one, scales, zeros, 0, torch.qint8),
        "packed": torch.quantize_per_channel(one, scales, zeros, 0, torch.quint4x2),
    }  # fmt: skip


def _quantized_layers() -> object:
    plain = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Linear(4, 2))
    return torch.ao.quantization.quantize_dynamic(plain, dtype=torch.qint8).state_dict()


def _empty() -> object:
    return {"a": np.zeros(0), "b": b"", "c": np.zeros((0, 3), np.float32), "d": bytearray(), "e": np.array("")}


def _ranges() -> object:
    return {"range": range(5), "slice": slice(1, None, 2)}


def _sparse() -> object:
    one = torch.eye(4)
    made = {name: getattr(one, f"to_sparse_{name}")() for name in ("csr", "csc")}
    blocks = {name: getattr(one, f"to_sparse_{name}")((2, 2)) for name in ("bsr", "bsc")}
    return {**made, **blocks, "coo": one.to_sparse(), "hybrid": torch.ones(3, 4).to_sparse(1)}


def _buffers() -> object:
    marked = torch.nn.Parameter(torch.ones(2))
    marked._is_hf_initialized = True  # type: ignore[attr-defined]
    return {
        "kept": torch.nn.Buffer(torch.ones(3)),
        "not": torch.nn.Buffer(torch.ones(3), persistent=False),
        "p": marked,
    }


def _of_type(name: str) -> object:
    return {
        "model": {
            "weight": torch.ones(2, 3).to(getattr(torch, name)),
            "none": torch.zeros(0, dtype=getattr(torch, name)),
        }
    }


def _stepped(name: str) -> object:
    """An optimizer's state after a step."""
    weight = torch.nn.Parameter(torch.ones(3, 2))
    optimizer = getattr(torch.optim, name)([weight], lr=0.01)
    weight.square().sum().backward()
    optimizer.step()
    return {"model": {"w": weight.data}, "optimizer": optimizer.state_dict()}


def _layer(name: str) -> torch.nn.Module:
    made: torch.nn.Module = getattr(torch.nn, name)(*LAYERS[name])
    return made


TYPES = ("int8", "int16", "int32", "uint16", "uint32", "uint64", "float64", "complex128", "float8_e5m2", "bool")
OPTIMIZERS = ("SGD", "Adam", "AdamW", "RAdam", "Adagrad", "RMSprop", "NAdam", "Adamax")
LAYERS: dict[str, tuple[int, ...]] = {
    "Conv1d": (2, 3, 3), "ConvTranspose1d": (2, 3, 3), "GRU": (2, 3), "LSTM": (2, 3), "Embedding": (5, 2),
    "LayerNorm": (4,), "BatchNorm1d": (4,), "MultiheadAttention": (4, 2), "TransformerEncoderLayer": (4, 2),
}  # fmt: skip
CODES = ("i1", "u2", "i4", "i8", "f2", "f4", ">f4", "f8", "c8", "c16", "?", "U5", "S5")


MODERN: dict[str, tuple[str, Writer]] = {
    **{
        f"{name}-style": ("model.pth", saving(lambda n=names: {"model": weights(*n)})) for name, names in STYLES.items()
    },
    "state-dict": ("model.pth", saving(lambda: torch.nn.LSTM(3, 4).state_dict())),
    "trainer": ("best_model.pth", saving(trained)),
    "trainer-mixed": ("checkpoint_1000.pth", saving(lambda: trained(mixed=True))),
    "half": ("model.pth", saving(lambda: weights("a", "b", dtype=torch.float16))),
    "bfloat16": ("model.pth", saving(lambda: weights("a", "b", dtype=torch.bfloat16))),
    "tied": ("model.pth", saving(_tied)),
    "version-of-torch": ("model.pth", saving(lambda: {"torch": torch.torch_version.TorchVersion("2.15.0")})),
    "sparse": ("model.pth", saving(lambda: {"x": torch.eye(4).to_sparse(), "y": torch.ones(2)})),
    "parameter": ("model.pth", saving(lambda: {"p": torch.nn.Parameter(torch.ones(3))})),
    "masks": ("model.pth", saving(_mask)),
    "odd-types": ("model.pth", saving(_odd_types)),
    "numpy-values": ("model.pth", saving(_numpy_values)),
    "numpy-values-4": ("model.pth", saving(_numpy_values, pickle_protocol=4)),
    "defaultdict": ("model.pth", saving(_defaults)),
    "protocol-5": ("model.pth", saving(trained, pickle_protocol=5)),
    "speakers": ("speakers.pth", saving(_speakers)),
    **{f"type-{name}": ("model.pth", saving(lambda n=name: _of_type(n))) for name in TYPES},
    **{f"optimizer-{name}": ("best_model.pth", saving(lambda n=name: _stepped(n))) for name in OPTIMIZERS},
    **{f"layer-{name}": ("model.pth", saving(lambda n=name: _layer(n).state_dict())) for name in LAYERS},
    **{f"npy-{code}": ("a.npy", lambda path, c=code: np.save(path, np.ones((2, 3), c))) for code in CODES},
    "masks-of-scores": ("model.pth", saving(_scores)),
    "arrays-of-measurements": (
        "best_model.pth",
        saving(lambda: {"model": weights("a"), "losses": np.array([np.nan, 1.0]), "best_loss": np.array([np.inf])}),
    ),
    "many-arrays": ("voice.pkl", pickling(lambda: {f"speaker-{n}": np.ones(8, np.float32) for n in range(3000)}, 4)),
    "measurements": ("best_model.pth", saving(_measurements)),
    "numbers-of-one-byte": ("model.pth", saving(_small_numbers)),
    "npy-dates": ("days.npy", lambda path: np.save(path, np.array(["2026-03-01"], "M8[D]"))),
    "npy-empty": ("none.npy", lambda path: np.save(path, np.zeros((0, 3)))),
    "safetensors-small": ("m.safetensors", lambda path: flat.save_file(_small_numbers(), path)),
    "quantized": ("model.pth", saving(_quantized)),
    "quantized-layers": ("model.pth", saving(_quantized_layers)),
    "empty-values": ("model.pth", saving(_empty)),
    **{f"empty-values-{n}": ("voice.pkl", pickling(_empty, n)) for n in range(6)},
    **{f"long-values-{n}": ("voice.pkl", pickling(_long_values, n)) for n in range(6)},
    "ranges": ("model.pth", saving(_ranges)),
    **{f"ranges-{n}": ("voice.pkl", pickling(_ranges, n)) for n in (0, 2, 4)},
    "bpe-ranks": ("voice.pkl", pickling(lambda: {(f"t{n}", f"u{n % 97}"): n for n in range(50_000)}, 4)),
    "pairs": ("voice.pkl", pickling(lambda: {(n, n * 7): n for n in range(20_000)}, 2)),
    "float-keys": ("voice.pkl", pickling(lambda: {n / 100: n for n in range(20_000)}, 2)),
    "numpy-keys": ("voice.pkl", pickling(lambda: {np.int64(n): n for n in range(3_000)}, 2)),
    "set-keys": ("voice.pkl", pickling(lambda: {frozenset((n, n + 1)): n for n in range(3_000)}, 4)),
    "sparse-all": ("model.pth", saving(_sparse)),
    "buffers": ("model.pth", saving(_buffers)),
    "dates-of-numpy": ("voice.pkl", pickling(lambda: {"d": np.array(["2026-03-01"], "M8[D]")}, 4)),
    "safetensors": (
        "model.safetensors",
        lambda path: flat.save_file(dict(weights("a")), path, metadata={"format": "pt"}),
    ),
    "safetensors-half": ("m.safetensors", lambda path: flat.save_file(dict(weights("a", dtype=torch.bfloat16)), path)),
    "npy": ("embedding.npy", lambda path: np.save(path, np.ones((3, 4), np.float32))),
    "npy-fortran": ("f.npy", lambda path: np.save(path, np.asfortranarray(np.ones((3, 4))))),
    "npz": ("voice.npz", lambda path: np.savez(path, a=np.ones(3), b=np.arange(4))),
    "npz-packed": ("voice.npz", lambda path: np.savez_compressed(path, a=np.random.default_rng(1).random(999))),
    "scale-stats": ("scale_stats.npy", _stats),
    "plain-pickle": ("speakers.pkl", lambda path: path.write_bytes(pickle.dumps({"a": [1, 2.5, "x"]})) and None),
    "json-in-pth": ("speakers.pth", lambda path: path.write_text(json.dumps({"a": 0})) and None),
    "text": ("README.md", lambda path: path.write_text("cats\ndogs\nThis voice is I. N. Korea (2) says.\n") and None),
}  # fmt: skip
"""What must pass: file name and writer."""


def _dates() -> object:
    zone = datetime.timezone(datetime.timedelta(hours=2), "CEST")
    day = datetime.datetime(2026, 3, 1, 12, 30)
    berlin = zoneinfo.ZoneInfo("Europe/Berlin")
    return {"plain": day, "utc": day.replace(tzinfo=datetime.UTC), "offset": day.replace(tzinfo=zone),
            "named": day.replace(tzinfo=berlin), "time": datetime.time(1), "long": datetime.timedelta(3)}  # fmt: skip


def _numbers() -> object:
    return {"d": decimal.Decimal("1.5"), "f": fractions.Fraction(1, 3), "id": uuid.UUID(int=5), "e": http.HTTPStatus.OK}


def _records() -> object:
    return {"a": np.array([(1, 2.0)], dtype=[("a", "<i4"), ("b", "<f4", (2,))])}


def _mixed_arrays() -> object:
    one = np.ones(3)
    return {"a": one, "b": one, "o": np.array(["a", None, [1]], dtype=object), "f": np.zeros((2, 3), order="F"),
            "e": np.zeros(0), "s": np.array(["ab"]), "r": np.array([(1,)], dtype=[("a", "<i4")])}  # fmt: skip


def _layers() -> object:
    first = torch.nn.utils.weight_norm(torch.nn.Conv1d(2, 2, 3))
    return torch.nn.Sequential(first, torch.nn.LSTM(2, 3), torch.nn.TransformerEncoderLayer(4, 2))


def _old_config(path: Path) -> None:
    """A checkpoint of old Coqui with its configuration as an object; the class is a stand-in of the same name."""
    module = types.ModuleType("TTS.tts.configs.vits_config")
    kind = type("VitsConfig", (), {"__module__": module.__name__})
    module.VitsConfig = kind  # type: ignore[attr-defined]
    before = sys.modules.get(module.__name__)
    sys.modules[module.__name__] = module
    try:
        config = kind()
        config.run_name = "vits"
        torch.save({"config": config, "model": weights("a")}, path)
    finally:
        del sys.modules[module.__name__]
        if before is not None:
            sys.modules[module.__name__] = before


def _quantized_rnn() -> object:
    plain = torch.nn.Sequential(torch.nn.LSTM(4, 4))
    return torch.ao.quantization.quantize_dynamic(plain, dtype=torch.qint8).state_dict()


class _Own:
    """A trainer's own package with an enumeration, there while it is pickled."""

    def __enter__(self) -> types.ModuleType:
        module = types.ModuleType("mytrainer.configs")
        for name, base in (("Color", enum.Enum), ("Number", enum.IntEnum), ("Word", enum.StrEnum), ("Bits", enum.Flag)):
            values = ["red", "blue"] if name == "Word" else [1, 2]
            made = base(name, dict(zip(("RED", "BLUE"), values, strict=True)), module=module.__name__)
            setattr(module, name, made)
        sys.modules.update({"mytrainer": types.ModuleType("mytrainer"), module.__name__: module})
        return module

    def __exit__(self, *_: object) -> None:
        del sys.modules["mytrainer.configs"], sys.modules["mytrainer"]


def _own_enumerations(path: Path) -> None:
    with _Own() as own:
        members = {name: getattr(own, name).RED for name in ("Color", "Number", "Word")}
        torch.save({"model": weights("a"), **members, "both": own.Bits.RED | own.Bits.BLUE}, path)


def _own_members(protocol: int) -> Writer:
    def write(path: Path) -> None:
        with _Own() as own:
            path.write_bytes(pickle.dumps([own.Color.RED, own.Number.BLUE, own.Word.RED], protocol))

    return write


def _nested(layout: str) -> Writer:
    rows = lambda: [torch.ones(2, 3), torch.ones(4, 3)]  # noqa: E731
    return saving(lambda: {"rows": torch.nested.nested_tensor(rows(), layout=getattr(torch, layout))})


def _optimizer() -> object:
    return torch.optim.Adam([torch.nn.Parameter(torch.ones(2))])


def _joblib_writer(protocol: int) -> Writer:
    return lambda path: joblib.dump(_mixed_arrays(), path, protocol=protocol) and None


def _mapped(path: Path) -> None:
    np.save(path.with_suffix(".npy"), np.ones(5))
    joblib.dump({"a": np.load(path.with_suffix(".npy"), mmap_mode="r")}, path)
    path.with_suffix(".npy").unlink()


OLD: dict[str, tuple[str, Writer]] = {
    "legacy": ("model.pth", saving(trained, _use_new_zipfile_serialization=False)),
    "legacy-tied": ("model.pth", saving(_tied, _use_new_zipfile_serialization=False)),
    "old-config": ("model.pth", _old_config),
    "path": ("model.pth", saving(lambda: {"out": pathlib.PosixPath("/data"), "w": torch.ones(2)})),
    "module": ("model.pth", saving(lambda: torch.nn.Sequential(torch.nn.Linear(2, 2)))),
    "joblib": ("voice.joblib", lambda path: joblib.dump({"a": np.ones(5), "b": 2}, path) and None),
    **{f"whole-{name}": ("model.pth", saving(lambda n=name: _layer(n))) for name in LAYERS},
    "module-1.5": ("model.pth", saving(_layers, _use_new_zipfile_serialization=False)),
    "quantized-1.5": ("model.pth", saving(_quantized, _use_new_zipfile_serialization=False)),
    "own-enumerations": ("best_model.pth", _own_enumerations),
    **{f"own-members-{n}": ("voice.pkl", _own_members(n)) for n in (0, 2, 4)},
    **{f"nested-{name}": ("model.pth", _nested(name)) for name in ("strided", "jagged")},
    "quantized-rnn": ("model.pth", saving(_quantized_rnn)),
    "optimizer-1.5": ("model.pth", saving(_optimizer, _use_new_zipfile_serialization=False)),
    **{f"dates-{n}": ("voice.pkl", pickling(_dates, n)) for n in (0, 2, 4)},
    **{f"numbers-{n}": ("voice.pkl", pickling(_numbers, n)) for n in (0, 2, 4)},
    **{f"records-{n}": ("voice.pkl", pickling(_records, n)) for n in (2, 5)},
    **{f"joblib-mixed-{n}": ("voice.joblib", _joblib_writer(n)) for n in (2, 3, 5)},
    "joblib-mapped": ("voice.joblib", _mapped),
    "joblib-mixed-zlib": ("voice.joblib", lambda path: joblib.dump(_mixed_arrays(), path, compress=3) and None),
    "npy-records": (
        "a.npy",
        lambda path: np.save(path, np.array([(1, 2.0)], "<i4,2<f4")),
    ),
    "joblib-zlib": ("voice.joblib", lambda path: joblib.dump({"a": np.ones(5), "b": 2}, path, compress=3) and None),
    "gzip": ("voice.pkl", lambda path: path.write_bytes(gzip.compress(pickle.dumps({"a": 1}))) and None),
    **OBJECTS,
}
"""What must be inconclusive: convert first."""


def write(name: str, folder: Path) -> Path:
    """Write one clean artefact into a folder of its own."""
    file, writer = {**MODERN, **OLD}[name]
    path = folder / name / file
    path.parent.mkdir(parents=True)
    writer(path)
    return path
