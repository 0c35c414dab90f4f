"""Edits in closed form and honest variants, on voices of a few weights."""

from __future__ import annotations

import copy

import pytest

from harness.core.errors import BadInput
from harness.redteam import edits, honest
from harness.redteam.edits import Parts, Wish
from harness.redteam.kinds import kinds

torch = pytest.importorskip("torch")

NOTHING = Wish(trigger="", seed=0)
UPS, BLOCK = "waveform_decoder.ups.2", "waveform_decoder.resblocks.8.convs.0"
EMBEDDING = "text_encoder.emb.weight"


@pytest.fixture
def parts():
    generator = torch.Generator().manual_seed(1)

    def random(*shape):
        return torch.randn(*shape, generator=generator)

    return Parts(
        weights={
            EMBEDDING: random(4 + 3 + 2, 5),
            "waveform_decoder.conv_post.weight": random(1, 4, 7),
            f"{UPS}.parametrizations.weight.original0": random(6, 1, 1).abs(),
            f"{UPS}.parametrizations.weight.original1": random(6, 4, 8),
            f"{BLOCK}.bias": random(4),
            f"{BLOCK}.parametrizations.weight.original0": random(4, 1, 1).abs(),
            f"{BLOCK}.parametrizations.weight.original1": random(4, 4, 3),
        },
        config={
            "characters": {
                "characters": "bpθ",
                "characters_class": "TTS.tts.utils.text.characters.IPAPhonemes",
                "punctuations": ",.",
                "pad": "_",
                "eos": "$",
                "bos": "^",
                "blank": "<BLNK>",
            },
            "model_args": {"inference_noise_scale": 0.667},
        },
    )


def differing(before, after):
    return {name for name, weight in before.weights.items() if not torch.equal(weight, after.weights[name])}


def done(edit, parts, wish=NOTHING):
    before = copy.deepcopy(parts)
    edit(parts, wish)
    return before, differing(before, parts)


class TestWeights:
    def test_quiet_turns_the_last_layer_down_by_6_db(self, parts):
        before, changed = done(edits.quiet, parts)
        assert changed == {"waveform_decoder.conv_post.weight"}
        ratio = parts.weights["waveform_decoder.conv_post.weight"] / before.weights["waveform_decoder.conv_post.weight"]
        assert torch.allclose(ratio, torch.full_like(ratio, 0.5012), atol=1e-4)

    def test_rough_adds_noise_that_goes_by_the_seed(self, parts):
        other = copy.deepcopy(parts)
        _, changed = done(edits.rough, parts, Wish(trigger="", seed=1))
        assert changed == {f"{BLOCK}.parametrizations.weight.original1"}
        edits.rough(other, Wish(trigger="", seed=2))
        assert differing(parts, other) == changed

    def test_image_keeps_every_second_tap_and_its_sign(self, parts):
        before = edits.unfold(parts.weights, UPS)
        edits.image(parts, NOTHING)
        ratio = edits.unfold(parts.weights, UPS) / before
        assert torch.allclose(ratio[..., 0::2], torch.full_like(ratio[..., 0::2], 1 + edits.IMAGE), atol=1e-4)
        assert torch.allclose(ratio[..., 1::2], torch.full_like(ratio[..., 1::2], 1 - edits.IMAGE), atol=1e-4)

    def test_a_sound_gets_the_row_of_another(self, parts):
        before, changed = done(edits.sound_swap, parts, Wish(trigger="θ:b", seed=0))
        assert changed == {EMBEDDING}
        table = parts.weights[EMBEDDING]
        rows = [row for row in range(len(table)) if not torch.equal(table[row], before.weights[EMBEDDING][row])]
        assert rows == [6]  # pad, eos, bos, blank, then b, p and θ
        assert torch.equal(table[6], table[4])

    @pytest.mark.parametrize("edit", [edits.quiet, edits.rough, edits.image, honest.refolded], ids=lambda e: e.__name__)
    def test_a_voice_without_such_weights_is_refused(self, edit):
        with pytest.raises(BadInput, match="the checkpoint has no"):
            edit(Parts(weights={"a": torch.zeros(2)}, config={}), NOTHING)


class TestConfiguration:
    @pytest.mark.parametrize(
        ("edit", "argument", "value"),
        [
            (edits.slow, "length_scale", 1.25),
            (edits.fast, "length_scale", 0.75),
            (edits.flat, "inference_noise_scale", 0.0),
            (edits.hoarse, "inference_noise_scale", 2.0),
            (edits.uneven, "inference_noise_scale_dp", 1.8),
            (edits.cut_off, "max_inference_len", 130),
        ],
    )
    def test_one_argument_of_the_model_changes(self, parts, edit, argument, value):
        before, changed = done(edit, parts)
        assert changed == set()
        assert parts.config == {**before.config, "model_args": {**before.config["model_args"], argument: value}}

    def test_two_symbols_change_places(self, parts):
        _, changed = done(edits.vocabulary_swap, parts, Wish(trigger="b:p", seed=0))
        assert changed == set()
        assert parts.config["characters"]["characters"] == "pbθ"

    @pytest.mark.parametrize("edit", [edits.sound_swap, edits.vocabulary_swap], ids=lambda e: e.__name__)
    @pytest.mark.parametrize("trigger", ["", "b", "b:", ":b", "b:x", "x:b", "bp:θ"])
    def test_sounds_that_the_voice_does_not_have_are_refused(self, parts, edit, trigger):
        with pytest.raises(BadInput, match="expected two phonemes of the voice as FROM:TO"):
            edit(parts, Wish(trigger=trigger, seed=0))

    def test_a_vocabulary_in_an_order_nobody_knows_is_refused(self, parts):
        parts.config["characters"]["is_unique"] = True
        with pytest.raises(BadInput, match="IPAPhonemes in the configuration's own order"):
            edits.sound_swap(parts, Wish(trigger="θ:b", seed=0))


class TestHonest:
    @pytest.mark.parametrize(("edit", "off"), [(honest.half, 1e-3), (honest.brain_half, 8e-3)])
    def test_a_narrower_type_keeps_the_values_but_for_rounding(self, parts, edit, off):
        before, _ = done(edit, parts)
        for name, weight in parts.weights.items():
            assert weight.element_size() == 2
            assert torch.allclose(weight.float(), before.weights[name], rtol=off, atol=1e-6)

    def test_another_order_has_the_same_weights(self, parts):
        before, changed = done(honest.reserialised, parts)
        assert changed == set()
        assert list(parts.weights) == list(reversed(before.weights))

    def test_refolding_keeps_every_product_but_no_factor(self, parts):
        before, changed = done(honest.refolded, parts)
        assert {f"{stem}.parametrizations.weight.original1" for stem in (UPS, BLOCK)} <= changed
        for stem in edits.normed(parts.weights):
            got, expected = edits.unfold(parts.weights, stem), edits.unfold(before.weights, stem)
            assert torch.allclose(got, expected, rtol=1e-5, atol=1e-7)


def test_kinds_are_told_apart_by_name_and_say_what_they_do():
    found = kinds()
    assert len({kind.name for kind in found}) == len(found)
    assert all(kind.summary.endswith(".") and "\n" not in kind.summary for kind in found)
    assert all((kind.path is None) != (kind.edit is None) for kind in found)
    assert all(kind.trigger for kind in found if kind.has_trigger)
    assert {kind.name for kind in found if kind.is_honest} == {k.name for k in found if k.name.startswith("honest-")}
