"""An export beside its checkpoint: renamed, folded, with another table of symbols, and equal all the same, or not."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from harness.admission.checks.lineage import EXPORT, SETTINGS, UNREAD, LineageCheck
from harness.admission.tree import Tree
from harness.cli.main import main
from harness.core.types import Verdict
from tests.admission_corpus.onnx_assembly import FLOAT, FLOAT16, INT8, UINT8, graph, model, node, tensor, value
from tests.unit.admission.checks.test_lineage import Tensors, write

if TYPE_CHECKING:
    from harness.admission.base import Examination
    from harness.core.rules import Rule

LETTERS = "abn"
CHECKPOINT_ORDER = ["_", "$", "^", "<B>", *LETTERS, ".", "?"]
EXPORT_IDS = {"_": 0, "^": 1, "$": 2, "?": 3, ".": 4, "n": 5, "b": 6, "a": 7, "only Piper's": 8}
CONFIG = {
    "model": "vits",
    "use_phonemes": True,
    "phoneme_language": "en-us",
    "audio": {"sample_rate": 22050},
    "model_args": {"inference_noise_scale_dp": 0.8},
    "characters": {
        "pad": "_", "eos": "$", "bos": "^", "blank": "<B>",
        "characters": LETTERS, "punctuations": ".?", "is_unique": False, "is_sorted": False,
    },
}  # fmt: skip


@dataclass
class Voices:
    """A checkpoint and its export, each to be changed before they are written."""

    checkpoint: Tensors = field(default_factory=dict)
    export: Tensors = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=lambda: dict(EXPORT_IDS))
    config: dict[str, object] = field(default_factory=lambda: dict(CONFIG))
    told: dict[str, object] = field(default_factory=dict)
    """What else the export's configuration says."""
    module: str = "/flow/flows.2/enc/in_layers.0"
    """After which the node of the quantised convolution is named."""

    def __post_init__(self) -> None:
        rng = np.random.default_rng(3)

        def drawn(*shape: int) -> np.ndarray:
            return rng.standard_normal(shape).astype(np.float32)

        table, pre, bias, logs = drawn(9, 4), drawn(6, 5, 3), drawn(6), drawn(2, 1)
        direction, length = drawn(8, 4, 3), np.abs(drawn(8, 1, 1))
        norms = np.sqrt((direction.astype(np.float64) ** 2).sum(axis=(1, 2), keepdims=True))
        rows = {symbol: table[at] for at, symbol in enumerate(CHECKPOINT_ORDER)} | {"only Piper's": drawn(4)}
        rows["_"] = table[CHECKPOINT_ORDER.index("<B>")]
        table[0] = table[3]  # as where pad and blank are one
        self.checkpoint = {
            "text_encoder.emb.weight": table,
            "waveform_decoder.conv_pre.weight": pre,
            "waveform_decoder.conv_pre.bias": bias,
            "flow.flows.1.enc.in_layers.0.parametrizations.weight.original0": length,
            "flow.flows.1.enc.in_layers.0.parametrizations.weight.original1": direction,
            "flow.flows.1.enc.in_layers.0.bias": drawn(8),
            "duration_predictor.flows.0.log_scale": logs,
            "posterior_encoder.only_for_training": drawn(3),
        }
        self.export = {
            "sid": np.stack([rows[symbol] for symbol in EXPORT_IDS]),
            "dec.conv_pre.weight": pre,
            "dec.conv_pre.bias": bias,
            "onnx::Conv_8168": (direction * (length / norms)).astype(np.float32),
            "flow.flows.2.enc.in_layers.0.bias": self.checkpoint["flow.flows.1.enc.in_layers.0.bias"],
            "/dp/flows.0/Exp_output_0": np.exp(-logs),
            "/enc_p/Constant_7_output_0": np.array([0.5], np.float32),
        }
        self.export = {name: values.copy() for name, values in self.export.items()}

    def written(self, folder: Path) -> tuple[Path, Path]:
        """The export and the checkpoint, each in a folder."""
        kinds = {"float32": FLOAT, "float16": FLOAT16, "uint8": UINT8, "int8": INT8}
        tensors = tuple(
            tensor(name, one.shape, one.tobytes(), kinds[one.dtype.name]) for name, one in self.export.items()
        )
        folded = node("Conv", "x onnx::Conv_8168 flow.flows.2.enc.in_layers.0.bias", "h", name="/flow/Conv")
        if "onnx::Conv_8168_quantized" in self.export:
            folded = node("ConvInteger", "x onnx::Conv_8168_quantized", "h", name=self.module + "/Conv_quant")
        nodes = (
            folded,
            node("Add", "h dec.conv_pre.bias", "y", name="/dec/Add"),
        )
        (folder / "export").mkdir(parents=True)
        (folder / "export" / "joe.onnx").write_bytes(
            model(graph(*nodes, tensors=tensors, inputs=(value("x", (1, 4, "time")),)))
        )
        told = {
            "audio": {"sample_rate": 22050},
            "phoneme_id_map": {symbol: [number] for symbol, number in self.ids.items()},
            **self.told,
        }
        (folder / "export" / "joe.onnx.json").write_text(json.dumps(told), "utf-8")
        write(folder / "checkpoint" / "model.safetensors", self.checkpoint)
        (folder / "checkpoint" / "config.json").write_text(json.dumps(self.config), "utf-8")
        return folder / "export", folder / "checkpoint"

    def examined(self, folder: Path) -> Examination:
        export, checkpoint = self.written(folder)
        return LineageCheck(Tree.of(checkpoint)).examine(Tree.of(export))


class TestHonestExports:
    def test_is_equal_though_names_forms_and_symbols_differ(self, tmp_path: Path) -> None:
        found = Voices().examined(tmp_path)
        assert (found.verdict, found.flaws) == (Verdict.PASS, ())
        assert found.facts == {"joe.onnx": "an export: 5 tensors equal, 1 but for rounding, 0 changed, 0 not compared"}

    def test_halved_numbers_are_equal_but_for_rounding(self, tmp_path: Path) -> None:
        voices = Voices()
        voices.export = {name: values.astype(np.float16) for name, values in voices.export.items()}
        found = voices.examined(tmp_path)
        assert (found.verdict, found.flaws) == (Verdict.PASS, ())
        assert "0 changed, 0 not compared" in found.facts["joe.onnx"]

    def test_single_files_are_compared_as_their_folders_are(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        export, checkpoint = Voices().written(tmp_path)
        main(["scan", str(export / "joe.onnx"), "--reference", str(checkpoint / "model.safetensors")])
        assert "lineage of joe.onnx: an export: 5 tensors equal, 1 but for rounding" in capsys.readouterr().out


class TestEditedExports:
    @pytest.mark.parametrize(
        ("name", "told"),
        [
            ("dec.conv_pre.weight", "waveform_decoder.conv_pre.weight"),
            ("onnx::Conv_8168", "flow.flows.1.enc.in_layers.0.parametrizations.weight.original1"),
            ("flow.flows.2.enc.in_layers.0.bias", "flow.flows.1.enc.in_layers.0.bias"),
            ("/dp/flows.0/Exp_output_0", "duration_predictor.flows.0.log_scale"),
        ],
    )
    def test_one_number_is_found_and_its_tensor_named(self, name: str, told: str, tmp_path: Path) -> None:
        voices = Voices()
        voices.export[name].reshape(-1)[1] *= 1.001
        found = voices.examined(tmp_path)
        (flaw,) = found.flaws
        assert (flaw.rule, flaw.place, found.verdict) == (EXPORT, f"tensor {told}", Verdict.INCONCLUSIVE)
        assert flaw.found.startswith(f"{told}: changed by ")
        assert flaw.beside == ("reference:model.safetensors",)

    def test_exchanged_rows_are_named_by_their_symbols(self, tmp_path: Path) -> None:
        voices = Voices()
        rows = [EXPORT_IDS["n"], EXPORT_IDS["b"]]
        voices.export["sid"][rows] = voices.export["sid"][rows[::-1]]
        (flaw,) = voices.examined(tmp_path).flaws
        assert "of 'b', 'n')" in flaw.found

    def test_exchanged_ids_of_the_configuration_are_the_same_edit(self, tmp_path: Path) -> None:
        voices = Voices()
        voices.ids["n"], voices.ids["b"] = voices.ids["b"], voices.ids["n"]
        (flaw,) = voices.examined(tmp_path).flaws
        assert "of 'b', 'n')" in flaw.found

    def test_a_number_that_is_none_is_found(self, tmp_path: Path) -> None:
        voices = Voices()
        voices.export["dec.conv_pre.bias"][0] = np.nan
        (flaw,) = voices.examined(tmp_path).flaws
        assert "changed by inf" in flaw.found

    def test_the_largest_come_first_and_the_rest_is_counted(self, tmp_path: Path) -> None:
        voices = Voices()
        for place in range(20):
            name = f"m.{place}.bias"
            voices.checkpoint[f"waveform_decoder.{name}"] = np.ones(2, np.float32)
            voices.export[f"dec.{name}"] = np.full(2, 2.0 + place, np.float32)
        found = voices.examined(tmp_path).flaws
        assert found[0].found.startswith("waveform_decoder.m.19.bias: changed by 20")
        assert (len(found), found[-1].found) == (13, "and 8 tensors more")

    def test_a_hostile_name_reaches_nobody_unescaped(self, tmp_path: Path) -> None:
        voices = Voices()
        voices.checkpoint["waveform_decoder.\x1b[2J.bias"] = np.ones(2, np.float32)
        voices.export["dec.\x1b[2J.bias"] = np.zeros(2, np.float32)
        shown = "".join(flaw.found + flaw.place for flaw in voices.examined(tmp_path).flaws)
        assert "\x1b" not in shown


def quantized(voices: Voices, name: str, *, signed: bool = False, times: float = 1.0) -> None:
    """Keep a tensor as onnxruntime's quantiser does: whole numbers, a step, a zero."""
    held = voices.export.pop(name).astype(np.float64)
    low, high = min(0.0, held.min()), max(0.0, held.max())
    step = times * (2 * max(-low, high) / 254 if signed else (high - low) / 255)
    zero = 0 if signed else round(-low / step)
    dtype, least, most = (np.int8, -127, 127) if signed else (np.uint8, 0, 255)
    voices.export[f"{name}_quantized"] = np.clip(np.round(held / step) + zero, least, most).astype(dtype)
    voices.export[f"{name}_scale"] = np.array(step, np.float32)
    voices.export[f"{name}_zero_point"] = np.array(zero, dtype)


class TestQuantisedExports:
    @pytest.mark.parametrize("signed", [False, True], ids=("uint8", "int8"))
    def test_are_equal_within_half_a_step(self, signed: bool, tmp_path: Path) -> None:
        voices = Voices()
        for name in ("sid", "dec.conv_pre.weight"):
            quantized(voices, name, signed=signed)
        found = voices.examined(tmp_path)
        assert (found.verdict, found.flaws) == (Verdict.PASS, ())
        assert "3 but for rounding, 0 changed, 0 not compared" in found.facts["joe.onnx"]

    def test_one_number_that_is_two_steps_off_is_found(self, tmp_path: Path) -> None:
        voices = Voices()
        quantized(voices, "dec.conv_pre.weight")
        held = voices.export["dec.conv_pre.weight_quantized"].reshape(-1)
        held[3] += 2 if held[3] < 250 else -2
        (flaw,) = voices.examined(tmp_path).flaws
        assert flaw.rule is EXPORT
        assert flaw.found.startswith("waveform_decoder.conv_pre.weight: changed by ")

    def test_a_folded_weight_has_its_name_from_the_node_that_multiplies_by_it(self, tmp_path: Path) -> None:
        voices = Voices()
        quantized(voices, "onnx::Conv_8168")
        found = voices.examined(tmp_path)
        assert found.flaws == ()
        assert "5 tensors equal, 1 but for rounding, 0 changed, 0 not compared" in found.facts["joe.onnx"]

    def test_one_number_of_a_folded_weight_is_found(self, tmp_path: Path) -> None:
        voices = Voices()
        quantized(voices, "onnx::Conv_8168")
        held = voices.export["onnx::Conv_8168_quantized"].reshape(-1)
        held[3] += 2 if held[3] < 250 else -2
        (flaw,) = voices.examined(tmp_path).flaws
        assert flaw.rule is EXPORT
        assert flaw.found.startswith("flow.flows.1.enc.in_layers.0.parametrizations.weight.original1: changed by ")

    @pytest.mark.parametrize(
        ("module", "rule"),
        [("/dec/conv_pre", UNREAD), ("/flow/nobody's", UNREAD), ("", UNREAD), ("/flow/\x1b[31m", UNREAD)],
        ids=("another's", "nobody's", "none", "escaped"),
    )
    def test_a_node_that_is_named_otherwise_hides_nothing(self, module: str, rule: Rule, tmp_path: Path) -> None:
        voices = Voices(module=module)
        quantized(voices, "onnx::Conv_8168")
        voices.export["onnx::Conv_8168_quantized"].reshape(-1)[3] ^= 64
        (flaw,) = voices.examined(tmp_path).flaws
        assert flaw.rule is rule
        assert "\x1b" not in flaw.found

    def test_exchanged_rows_are_named(self, tmp_path: Path) -> None:
        voices = Voices()
        rows = [EXPORT_IDS["n"], EXPORT_IDS["b"]]
        voices.export["sid"][rows] = voices.export["sid"][rows[::-1]]
        quantized(voices, "sid")
        (flaw,) = voices.examined(tmp_path).flaws
        assert "of 'b', 'n')" in flaw.found

    def test_steps_that_are_too_wide_to_tell_are_found(self, tmp_path: Path) -> None:
        """What sleeps until it is quantised: one number so large that all others become the same."""
        voices = Voices()
        voices.export["sid"][EXPORT_IDS["only Piper's"]] = 30 * np.abs(voices.export["sid"]).max()
        assert voices.examined(tmp_path / "wide").flaws == ()
        quantized(voices, "sid")
        (flaw,) = voices.examined(tmp_path / "narrow").flaws
        assert flaw.rule is EXPORT
        assert "times as wide as its numbers need, which hide what they are" in flaw.found

    def test_a_step_for_each_row_is_one_for_each_row(self, tmp_path: Path) -> None:
        voices = Voices()
        held = voices.export.pop("dec.conv_pre.weight")
        steps = np.abs(held).max(axis=(1, 2)) / 127
        voices.export["dec.conv_pre.weight_quantized"] = np.round(held / steps[:, None, None]).astype(np.int8)
        voices.export["dec.conv_pre.weight_scale"] = steps.astype(np.float32)
        voices.export["dec.conv_pre.weight_zero_point"] = np.zeros(len(steps), np.int8)
        assert voices.examined(tmp_path).flaws == ()

    @pytest.mark.parametrize("part", ["_scale", "_zero_point"])
    def test_without_one_of_its_parts_it_is_not_compared(self, part: str, tmp_path: Path) -> None:
        voices = Voices()
        quantized(voices, "dec.conv_pre.weight")
        voices.export[f"dec.conv_pre.weight{part}"] = np.zeros(3, voices.export[f"dec.conv_pre.weight{part}"].dtype)
        (flaw,) = voices.examined(tmp_path).flaws
        assert flaw.rule is UNREAD


class TestSettings:
    """What the export's configuration says, beside the checkpoint's."""

    @pytest.mark.parametrize(
        ("told", "where", "found"),
        [
            ({"inference": {"noise_scale": 2.0}}, "$.inference.noise_scale", "2, where the checkpoint has 0.667"),
            ({"inference": {"noise_w": 0.1}}, "$.inference.noise_w", "0.1, where the checkpoint has 0.8"),
            ({"inference": {"length_scale": 1.25}}, "$.inference.length_scale", "1.25, where the checkpoint has 1.0"),
            ({"audio": {"sample_rate": 24_000}}, "$.audio.sample_rate", "24000, where the checkpoint has 22050"),
            ({"espeak": {"voice": "en-gb"}}, "$.espeak.voice", "en-gb, where the checkpoint has en-us"),
            ({"phoneme_type": "text"}, "$.espeak.voice", "text, where the checkpoint has en-us"),
            ({"phoneme_map": {"n": ["b"]}}, "$.phoneme_map['n']", "'b', where the checkpoint has 'n'"),
            ({"phoneme_map": {"n": []}}, "$.phoneme_map['n']", "nothing, where the checkpoint has 'n'"),
        ],
        ids=lambda one: one[2:] if isinstance(one, str) and one.startswith("$") else "",
    )
    def test_one_that_differs_is_named_with_its_place(
        self, told: dict[str, object], where: str, found: str, tmp_path: Path
    ) -> None:
        examination = Voices(told=told).examined(tmp_path)
        (flaw,) = examination.flaws
        assert (flaw.rule, flaw.rule.verdict) == (SETTINGS, Verdict.INCONCLUSIVE)
        assert (flaw.file, flaw.within.pointer, flaw.found) == ("joe.onnx.json", where, found)
        assert flaw.beside == ("reference:config.json",)

    def test_what_is_not_said_is_what_each_engine_takes_for_it(self, tmp_path: Path) -> None:
        """Coqui draws durations with more noise than Piper, unless it is told."""
        voices = Voices(config={name: value for name, value in CONFIG.items() if name != "model_args"})
        (flaw,) = voices.examined(tmp_path).flaws
        assert flaw.found == "0.8, where the checkpoint has 1.0"

    @pytest.mark.parametrize("value", ["much", None, True, [1], "\x1b[31m" * 40], ids=repr)
    def test_what_is_no_number_differs_and_reaches_nobody_unescaped(self, value: object, tmp_path: Path) -> None:
        voices = Voices(config={**CONFIG, "model_args": {"inference_noise_scale_dp": value}})
        (flaw,) = voices.examined(tmp_path).flaws
        assert flaw.rule is SETTINGS
        assert len(flaw.found) < 500
        assert "\x1b" not in flaw.found

    def test_a_symbol_without_a_row_is_not_spoken_and_told(self, tmp_path: Path) -> None:
        voices = Voices(ids={symbol: row for symbol, row in EXPORT_IDS.items() if symbol != "n"})
        (flaw,) = voices.examined(tmp_path).flaws
        assert (flaw.rule, flaw.within.pointer) == (SETTINGS, "$.phoneme_id_map['n']")
        assert flaw.found == "0 ids, where the checkpoint has one row for 'n'"

    def test_a_symbol_of_two_rows_is_spoken_as_two_and_told(self, tmp_path: Path) -> None:
        table = {symbol: [row] for symbol, row in EXPORT_IDS.items()} | {"n": [EXPORT_IDS["n"], EXPORT_IDS["b"]]}
        (flaw,) = Voices(told={"phoneme_id_map": table}).examined(tmp_path).flaws
        assert (flaw.within.pointer, flaw.found) == (
            "$.phoneme_id_map['n']", "2 ids, where the checkpoint has one row for 'n'",
        )  # fmt: skip

    def test_a_symbol_that_stands_for_itself_is_no_difference(self, tmp_path: Path) -> None:
        assert Voices(told={"phoneme_map": {"n": ["n"]}}).examined(tmp_path).flaws == ()

    def test_many_are_counted(self, tmp_path: Path) -> None:
        told = {"phoneme_map": {chr(0x3B1 + number): ["b"] for number in range(20)}}
        flaws = Voices(told=told).examined(tmp_path).flaws
        assert len(flaws) == 13
        assert flaws[-1].found == "and 8 settings more"

    def test_phonemes_for_a_voice_that_is_given_letters_are_told(self, tmp_path: Path) -> None:
        (flaw,) = Voices(config={**CONFIG, "use_phonemes": False}).examined(tmp_path).flaws
        assert flaw.found == "en-us, where the checkpoint has text"

    def test_letters_need_no_language(self, tmp_path: Path) -> None:
        config = {**CONFIG, "use_phonemes": False, "phoneme_language": "en-us"}
        assert Voices(config=config, told={"phoneme_type": "text"}).examined(tmp_path).flaws == ()

    def test_that_differ_can_be_accepted_with_both_configurations(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        export, checkpoint = Voices(told={"inference": {"noise_scale": 2.0}}).written(tmp_path)
        assert main(["scan", str(export), "--structure", "--reference", str(checkpoint)]) == 4
        told = capsys.readouterr().out
        assert "admission.lineage-settings" in told
        assert "$.inference.noise_scale" in told


class TestWhatIsNotCompared:
    def test_the_table_of_symbols_without_a_configuration_beside_it(self, tmp_path: Path) -> None:
        export, checkpoint = Voices().written(tmp_path)
        (export / "joe.onnx.json").unlink()
        found = LineageCheck(Tree.of(checkpoint)).examine(Tree.of(export))
        (flaw,) = found.flaws
        assert (flaw.rule, found.verdict) == (UNREAD, Verdict.INCONCLUSIVE)
        assert flaw.found == "tensors without a known counterpart in the reference: sid"
        assert "Put NAME.onnx.json beside the export" in flaw.remedy

    @pytest.mark.parametrize(
        "config",
        [{}, {"characters": []}, {"characters": {**CONFIG["characters"], "is_unique": True}}],  # type: ignore[dict-item]
        ids=("none", "list", "set"),
    )
    def test_the_table_of_symbols_in_an_order_that_nobody_knows(
        self, config: dict[str, object], tmp_path: Path
    ) -> None:
        others = {name: value for name, value in CONFIG.items() if name != "characters"}
        (flaw,) = Voices(config={**others, **config}).examined(tmp_path).flaws
        assert flaw.rule is UNREAD

    def test_an_id_beyond_the_table(self, tmp_path: Path) -> None:
        voices = Voices()
        voices.ids["n"] = 4000
        (flaw,) = voices.examined(tmp_path).flaws
        assert flaw.rule is UNREAD

    def test_a_tensor_of_another_shape(self, tmp_path: Path) -> None:
        voices = Voices()
        voices.export["dec.conv_pre.bias"] = np.zeros(7, np.float32)
        (flaw,) = voices.examined(tmp_path).flaws
        assert "dec.conv_pre.bias" in flaw.found
        assert flaw.rule is UNREAD

    def test_a_file_that_ends_too_soon(self, tmp_path: Path) -> None:
        export, checkpoint = Voices().written(tmp_path)
        data = (export / "joe.onnx").read_bytes()
        (export / "joe.onnx").write_bytes(data[: len(data) // 2])
        found = LineageCheck(Tree.of(checkpoint)).examine(Tree.of(export))
        assert found.verdict is Verdict.INCONCLUSIVE
        assert {flaw.rule for flaw in found.flaws} == {UNREAD}
