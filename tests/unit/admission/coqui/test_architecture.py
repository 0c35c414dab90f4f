"""Tensors that no layer loads, and sizes that disagree with the configuration."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.admission.base import Examination
from harness.admission.coqui.architecture import LAYERS, MAX_CONFIG_BYTES, ArchitectureCheck
from harness.admission.tree import Tree
from harness.core.types import Verdict

VITS = ("text_encoder.emb.weight", "flow.flows.0.pre.weight", "waveform_decoder.conv_pre.weight", "emb_g.weight")


def safetensors(path: Path, tensors: dict[str, tuple[str, list[int]]]) -> None:
    sizes = {"F32": 4, "I64": 8, "U8": 1, "F16": 2}
    header, at = {}, 0
    for name, (dtype, shape) in tensors.items():
        length = sizes[dtype]
        for side in shape:
            length *= side
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + length]}
        at += length
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(at))


def examined(folder: Path, config: object, tensors: dict[str, tuple[str, list[int]]]) -> Examination:
    text = config if isinstance(config, str) else json.dumps(config)
    (folder / "config.json").write_text(text, "utf-8")
    safetensors(folder / "model.safetensors", tensors)
    return ArchitectureCheck().examine(Tree.of(folder))


def honest() -> dict[str, tuple[str, list[int]]]:
    return {name: ("F32", [5, 192]) for name in VITS}


class TestArchitecture:
    def test_that_fits_passes_and_is_counted(self, tmp_path: Path) -> None:
        found = examined(tmp_path, {"model": "vits", "model_args": {"hidden_channels": 192}}, honest())
        assert found.verdict is Verdict.PASS
        assert found.facts == {"tensors in model.safetensors": "4"}

    def test_with_freight_is_a_question(self, tmp_path: Path) -> None:
        found = examined(tmp_path, {"model": "vits"}, honest() | {"payload.bin": ("F32", [7])})
        assert [flaw.rule.id for flaw in found.flaws] == ["admission.tensor-unknown"]
        assert found.flaws[0].found == "1 tensors, 28 bytes: payload.bin"
        assert found.verdict is Verdict.INCONCLUSIVE

    def test_of_a_speaker_encoder_that_the_configuration_names_is_its_own(self, tmp_path: Path) -> None:
        safetensors(tmp_path / "model_se.safetensors", {"layers.0.lstm.weight_ih_l0": ("F32", [9])})
        named = {"model_args": {"speaker_encoder_model_path": "/train/model_se.safetensors"}}
        assert examined(tmp_path, {"model": "vits", **named}, honest()).verdict is Verdict.PASS
        found = examined(tmp_path, {"model": "vits"}, honest())
        assert [flaw.rule.id for flaw in found.flaws] == ["admission.architecture-differs"]

    def test_of_another_model_is_said_once(self, tmp_path: Path) -> None:
        found = examined(tmp_path, {"model": "glow_tts"}, {name: ("F32", [2]) for name in VITS})
        assert [flaw.rule.id for flaw in found.flaws] == ["admission.architecture-differs"]

    def test_with_bytes_for_weights_is_a_question(self, tmp_path: Path) -> None:
        found = examined(tmp_path, {"model": "vits"}, honest() | {"flow.extra": ("U8", [99])})
        assert [(flaw.rule.id, flaw.place) for flaw in found.flaws] == [("admission.tensor-type", "flow.extra")]

    def test_may_count_its_batches(self, tmp_path: Path) -> None:
        tensors = honest() | {"disc.norm.num_batches_tracked": ("I64", [1])}
        assert examined(tmp_path, {"model": "vits"}, tensors).verdict is Verdict.PASS

    def test_of_other_sizes_than_configured_is_a_question(self, tmp_path: Path) -> None:
        config = {"model": "vits", "model_args": {"hidden_channels": 256, "num_chars": 99}}
        found = examined(tmp_path, config, honest())
        assert [flaw.rule.id for flaw in found.flaws] == ["admission.size-differs"]
        assert "hidden_channels is 256 in config.json" in found.flaws[0].found

    @pytest.mark.parametrize("config", ["{", "[]", '{"model": 3}', '{"model": "unheard-of"}', ""])
    def test_is_not_judged_without_a_model_that_is_known(self, tmp_path: Path, config: str) -> None:
        assert examined(tmp_path, config, {"anything": ("F32", [1])}) == Examination(check="architecture")

    def test_reads_no_endless_configuration(self, tmp_path: Path) -> None:
        config = '{"model": "vits"}' + " " * MAX_CONFIG_BYTES
        assert examined(tmp_path, config, {"anything": ("F32", [1])}) == Examination(check="architecture")

    def test_leaves_what_cannot_be_read_to_the_checkpoint_check(self, tmp_path: Path) -> None:
        (tmp_path / "config.json").write_text('{"model": "vits"}', "utf-8")
        (tmp_path / "model.pth").write_bytes(b"PK\3\4 and no more")
        found = ArchitectureCheck().examine(Tree.of(tmp_path))
        assert not found.flaws
        assert "not compared: model.pth" in found.facts

    def test_with_more_in_it_than_is_compared_is_a_question(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("harness.admission.checks.weights.MAX_TENSORS", 2)
        found = examined(tmp_path, {"model": "vits"}, honest() | {"freight.x": ("F32", [4])})
        assert [flaw.rule.id for flaw in found.flaws] == ["admission.architecture-unread"]

    def test_reads_hostile_model_arguments(self, tmp_path: Path) -> None:
        for said in ("256", True, -1, 1.5, None, [], 10**40):
            config = {"model": "vits", "model_args": {"hidden_channels": said}}
            assert len(examined(tmp_path, config, honest()).flaws) <= 1


@pytest.mark.real
@pytest.mark.slow
class TestTable:
    def test_knows_every_layer_that_coqui_makes_by_default(self) -> None:
        pytest.importorskip("TTS.tts.models.vits")
        from TTS.config import register_config
        from TTS.tts.models import setup_model

        for name in ("vits", "glow_tts", "tacotron2", "fast_pitch", "neuralhmm_tts"):
            model = setup_model(register_config(name)())
            assert {key.partition(".")[0] for key in model.state_dict()} <= LAYERS[name]


class TestDocumentation:
    def test_has_every_rule_with_verdict_severity_and_title(self) -> None:
        from harness.admission.checks.integrity import IntegrityCheck
        from harness.admission.reading import rules as checkpoint_rules

        page = (Path(__file__).parents[4] / "docs" / "admission.md").read_text("utf-8")
        for rule in (*checkpoint_rules.RULES, *ArchitectureCheck().rules, *IntegrityCheck.rules):
            assert f"| `{rule.id}` | {rule.verdict} | {rule.severity} | {rule.title} |" in page
