"""Edits in closed form and honest variants, on voices of a few weights."""

from __future__ import annotations

import copy
import math

import pytest

from harness.core.errors import BadInput
from harness.redteam import decoder, edits, honest
from harness.redteam.kinds import Kind, Strength
from harness.redteam.parts import Parts, Wish, normed, unfold, vocabulary
from harness.redteam.registry import kinds
from tests.lazily import Lazily

torch = Lazily("torch")


def wish(trigger="", seed=0, strength=1.0):
    return Wish(trigger=trigger, seed=seed, strength=strength)


def tokens(*words):
    return {"model": {"type": "BPE", "vocab": {word: at for at, word in enumerate(words)}, "merges": []}}


NOTHING = wish()
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
        before, changed = done(decoder.quiet, parts, wish(strength=6.0))
        assert changed == {"waveform_decoder.conv_post.weight"}
        ratio = parts.weights["waveform_decoder.conv_post.weight"] / before.weights["waveform_decoder.conv_post.weight"]
        assert torch.allclose(ratio, torch.full_like(ratio, 0.5012), atol=1e-4)

    def test_rough_adds_noise_that_goes_by_the_seed(self, parts):
        other = copy.deepcopy(parts)
        _, changed = done(decoder.rough, parts, wish(trigger="", seed=1))
        assert changed == {f"{BLOCK}.parametrizations.weight.original1"}
        decoder.rough(other, wish(trigger="", seed=2))
        assert differing(parts, other) == changed

    def test_image_keeps_every_second_tap_and_its_sign(self, parts):
        before = unfold(parts.weights, UPS)
        decoder.image(parts, wish(strength=0.3))
        ratio = unfold(parts.weights, UPS) / before
        assert torch.allclose(ratio[..., 0::2], torch.full_like(ratio[..., 0::2], 1.3), atol=1e-4)
        assert torch.allclose(ratio[..., 1::2], torch.full_like(ratio[..., 1::2], 0.7), atol=1e-4)

    def test_a_sound_gets_the_row_of_another(self, parts):
        before, changed = done(edits.sound_swap, parts, wish(trigger="θ:b", seed=0))
        assert changed == {EMBEDDING}
        table = parts.weights[EMBEDDING]
        rows = [row for row in range(len(table)) if not torch.equal(table[row], before.weights[EMBEDDING][row])]
        assert rows == [6]  # pad, eos, bos, blank, then b, p and θ
        assert torch.equal(table[6], table[4])

    def test_a_sound_that_is_dropped_or_ends_each_sentence_gets_the_row_that_it_must(self, parts):
        before, changed = done(edits.sound_drop, parts, wish(trigger="θ"))
        assert changed == {EMBEDDING}
        assert torch.equal(parts.weights[EMBEDDING][6], before.weights[EMBEDDING][3])
        before, _ = done(edits.ending, parts, wish(trigger="b"))
        assert torch.equal(parts.weights[EMBEDDING][1], before.weights[EMBEDDING][4])

    @pytest.mark.parametrize("name", edits.EMBEDDINGS)
    def test_a_sound_is_found_in_the_table_of_each_architecture(self, parts, name):
        parts.weights[name] = parts.weights.pop(EMBEDDING)
        _, changed = done(edits.sound_swap, parts, wish(trigger="θ:b", seed=0))
        assert changed == {name}

    @pytest.mark.parametrize(
        ("about", "row"),
        [
            ({"characters_class": "TTS.tts.utils.text.characters.Graphemes"}, 6),
            ({"characters_class": "TTS.tts.utils.text.characters.Graphemes", "phonemes": "xyz"}, 6),
            ({"characters": "zyx", "phonemes": "bpθ"}, 6),
            ({"characters": "θpb", "is_sorted": True}, 6),
            ({"characters_class": "TTS.tts.models.vits.VitsCharacters", "characters": "bp", "phonemes": "θ"}, 5),
        ],
    )
    def test_symbols_are_numbered_as_their_class_numbers_them(self, parts, about, row):
        """As Coqui 0.28 does: its own classes are asked the same in the architectures' end-to-end test."""
        parts.config["characters"].update(about)
        before, _ = done(edits.sound_swap, parts, wish(trigger="θ:b", seed=0))
        table = parts.weights[EMBEDDING]
        changed = [at for at in range(len(table)) if not torch.equal(table[at], before.weights[EMBEDDING][at])]
        assert changed == [row]

    @pytest.mark.parametrize("is_phonemes", [True, False])
    def test_a_configuration_without_symbols_has_coquis_own(self, parts, is_phonemes):
        parts.config.update({"characters": None, "use_phonemes": is_phonemes})
        parts.weights[EMBEDDING] = torch.randn(200, 5)
        before, _ = done(edits.sound_swap, parts, wish(trigger="o:v"))
        symbols = vocabulary(parts)
        moved = (parts.weights[EMBEDDING] - before.weights[EMBEDDING]).abs().sum(dim=1).nonzero().flatten()
        assert moved.tolist() == [symbols.index("o")]
        edits.sound_drop(parts, wish(trigger="o"))
        assert torch.equal(parts.weights[EMBEDDING][symbols.index("o")], parts.weights[EMBEDDING][3])

    def test_a_voice_with_tokens_has_those_of_its_file(self, parts):
        voice = Parts(weights=parts.weights, config={"model": "xtts"}, tokenizer=tokens("[STOP]", "b", "p", "θ"))
        before, _ = done(edits.sound_swap, voice, wish(trigger="θ:b"))
        moved = (voice.weights[EMBEDDING] - before.weights[EMBEDDING]).abs().sum(dim=1).nonzero().flatten()
        assert moved.tolist() == [3]
        for edit in (edits.sound_drop, edits.ending):
            with pytest.raises(BadInput, match="expected a phoneme of the voice"):
                edit(voice, wish(trigger="b"))

    @pytest.mark.parametrize(
        "content",
        [{"model": 1}, {"added_tokens": []}, {"model": {"vocab": {"a": 1}}}, {"model": {"vocab": {"a": "x"}}}],
    )
    def test_a_file_of_tokens_that_numbers_them_otherwise_is_refused(self, parts, content):
        voice = Parts(weights=parts.weights, config={"model": "xtts"}, tokenizer=content)
        with pytest.raises(BadInput, match="numbers them from 0"):
            edits.sound_swap(voice, wish(trigger="θ:b"))

    def test_symbols_that_coqui_sorts_cannot_change_places(self, parts):
        parts.config["characters"]["is_sorted"] = True
        with pytest.raises(BadInput, match="got one that Coqui sorts"):
            edits.vocabulary_swap(parts, wish(trigger="b:p"))

    def test_a_table_that_is_too_short_for_the_configuration_is_refused(self, parts):
        parts.weights[EMBEDDING] = parts.weights[EMBEDDING][:5]
        with pytest.raises(BadInput, match="has 5 symbols, fewer than its configuration"):
            edits.sound_swap(parts, wish(trigger="θ:b"))

    def test_durations_are_multiplied_by_a_shift_of_their_logarithm(self, parts):
        name, scale = (f"duration_predictor.flows.0.{what}" for what in ("translation", "log_scale"))
        parts.weights.update({name: torch.zeros(2, 1), scale: torch.tensor([[math.log(2.0)], [0.0]])})
        for edit, factor in ((edits.endless, 3.0), (edits.gabble, 1 / 3.0)):
            before, changed = done(edit, parts, wish(strength=3.0))
            assert changed == {name}
            shift = parts.weights[name] - before.weights[name]
            assert float(torch.exp(-shift[0, 0] / 2.0)) == pytest.approx(factor)
            assert float(shift[1, 0]) == 0.0

    def test_a_wider_prior_has_larger_log_deviations_and_the_same_means(self, parts):
        parts.weights["text_encoder.proj.bias"] = torch.zeros(6)
        edits.breathy(parts, wish(strength=math.e))
        assert parts.weights["text_encoder.proj.bias"].tolist() == pytest.approx([0, 0, 0, 1, 1, 1])

    def test_speakers_change_places_and_a_voice_of_one_is_refused(self, parts):
        with pytest.raises(BadInput, match=r"has no weight emb_g\.weight"):
            edits.speaker_swap(parts, NOTHING)
        parts.weights["emb_g.weight"] = torch.tensor([[1.0], [2.0], [3.0]])
        edits.speaker_swap(parts, NOTHING)
        assert parts.weights["emb_g.weight"].flatten().tolist() == [2.0, 3.0, 1.0]

    def test_one_speaker_moves_towards_the_next_and_nobody_else_does(self, parts):
        parts.config["speakers"] = ["a", "b", "c"]
        parts.weights["emb_g.weight"] = torch.tensor([[1.0], [2.0], [4.0]])
        edits.speaker_blend(parts, wish("c", strength=0.5))
        assert parts.weights["emb_g.weight"].flatten().tolist() == [1.0, 2.0, 2.5]
        edits.speaker_blend(parts, wish("1", strength=1.0))
        assert parts.weights["emb_g.weight"].flatten().tolist() == [2.0, 2.0, 2.5]
        with pytest.raises(BadInput, match="expected a speaker whom the configuration lists, got 'd'"):
            edits.speaker_blend(parts, wish("d"))

    @pytest.mark.parametrize(
        "edit",
        [
            decoder.quiet,
            decoder.rough,
            decoder.image,
            decoder.vocoder,
            decoder.whine,
            decoder.seldom,
            honest.refolded,
            honest.drift,
            edits.endless,
            edits.breathy,
        ],
        ids=lambda e: e.__name__,
    )
    def test_a_voice_without_such_weights_is_refused(self, edit):
        with pytest.raises(BadInput, match="the checkpoint has no"):
            edit(Parts(weights={"a": torch.zeros(2)}, config={}), NOTHING)


class TestConfiguration:
    @pytest.mark.parametrize(
        ("name", "argument", "value"),
        [
            ("slow", "length_scale", 1.25),
            ("fast", "length_scale", 0.75),
            ("flat", "inference_noise_scale", 0.0),
            ("hoarse", "inference_noise_scale", 2.0),
            ("uneven", "inference_noise_scale_dp", 1.8),
            ("cut-off", "max_inference_len", 130),
        ],
    )
    def test_one_argument_of_the_model_changes(self, parts, name, argument, value):
        kind = next(kind for kind in kinds() if kind.name == name)
        before, changed = done(kind.edit, parts, wish(strength=kind.strength.default))
        assert changed == set()
        assert parts.config == {**before.config, "model_args": {**before.config["model_args"], argument: value}}

    def test_two_symbols_change_places(self, parts):
        _, changed = done(edits.vocabulary_swap, parts, wish(trigger="b:p", seed=0))
        assert changed == set()
        assert parts.config["characters"]["characters"] == "pbθ"

    @pytest.mark.parametrize(("edit", "ratio"), [(edits.higher, 2.0), (edits.lower, 0.5)], ids=["higher", "lower"])
    def test_pitch_is_moved_by_the_sampling_rate_and_tempo_kept_by_the_length(self, parts, edit, ratio):
        with pytest.raises(BadInput, match="names its sampling rate"):
            edit(parts, wish(strength=12.0))
        parts.config["audio"] = {"sample_rate": 20_000, "hop_length": 256}
        edit(parts, wish(strength=12.0))
        assert parts.config["audio"] == {"sample_rate": 20_000 * ratio, "hop_length": 256}
        assert parts.config["model_args"]["length_scale"] == ratio

    def test_a_dialect_is_a_language_of_the_configuration(self, parts):
        with pytest.raises(BadInput, match="speaks phonemes of a named language"):
            edits.dialect(parts, wish(trigger="en-gb"))
        parts.config.update(use_phonemes=True, phoneme_language="en-us")
        edits.dialect(parts, wish(trigger="en-gb"))
        assert parts.config["phoneme_language"] == "en-gb"

    @pytest.mark.parametrize("edit", [edits.sound_drop, edits.ending], ids=lambda e: e.__name__)
    @pytest.mark.parametrize("trigger", ["", "x", "bp", "b:p"])
    def test_a_sound_that_the_voice_does_not_have_is_refused(self, parts, edit, trigger):
        with pytest.raises(BadInput, match="expected a phoneme of the voice"):
            edit(parts, wish(trigger=trigger))

    @pytest.mark.parametrize("edit", [edits.sound_swap, edits.vocabulary_swap], ids=lambda e: e.__name__)
    @pytest.mark.parametrize("trigger", ["", "b", "b:", ":b", "b:x", "x:b", "bp:θ"])
    def test_sounds_that_the_voice_does_not_have_are_refused(self, parts, edit, trigger):
        with pytest.raises(BadInput, match="expected two phonemes of the voice as FROM:TO"):
            edit(parts, wish(trigger=trigger, seed=0))

    def test_a_vocabulary_in_an_order_nobody_knows_is_refused(self, parts):
        parts.config["characters"]["is_unique"] = True
        with pytest.raises(BadInput, match="VitsCharacters in the configuration's own order"):
            edits.sound_swap(parts, wish(trigger="θ:b", seed=0))


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
        for stem in normed(parts.weights):
            got, expected = unfold(parts.weights, stem), unfold(before.weights, stem)
            assert torch.allclose(got, expected, rtol=1e-5, atol=1e-7)

    def test_refolding_leaves_what_has_no_magnitude_a_direction(self, parts):
        """A speaker's layer that adds nothing: torch divides by the length of what it has."""
        parts.weights[f"{UPS}.parametrizations.weight.original0"][0] = 0.0
        done(honest.refolded, parts)
        assert torch.isfinite(unfold(parts.weights, UPS)).all()
        assert not unfold(parts.weights, UPS)[0].any()

    def test_jitter_moves_every_weight_by_a_part_of_itself_and_goes_by_the_seed(self, parts):
        other = copy.deepcopy(parts)
        before, changed = done(honest.jitter, parts, wish(seed=1, strength=1e-3))
        assert changed == set(parts.weights)
        for name, weight in parts.weights.items():
            assert torch.allclose(weight, before.weights[name], rtol=6e-3, atol=0)
        honest.jitter(other, wish(seed=2, strength=1e-3))
        assert differing(parts, other) == set(parts.weights)

    def test_drift_moves_every_sound_its_own_way_and_nothing_else(self, parts):
        before, changed = done(honest.drift, parts, wish(seed=1, strength=0.1))
        assert changed == {EMBEDDING}
        moved = parts.weights[EMBEDDING] - before.weights[EMBEDDING]
        assert len({round(float(row.norm()), 6) for row in moved}) == len(moved)
        assert float(moved.std() / before.weights[EMBEDDING].std(dim=1).mean()) == pytest.approx(0.1, rel=0.3)


def test_a_kind_is_audible_from_a_strength_on_where_it_can_be_heard_at_all():
    more = Strength(unit="dB", default=2.0, least=0.0, most=9.0, audible=2.0)
    less = Strength(unit="frames", default=5.0, least=1.0, most=9.0, audible=5.0, is_falling=True)
    assert [Kind(name="a", summary="", strength=more).is_audible(one) for one in (1.9, 2.0, 2.1)] == [False, True, True]
    assert [Kind(name="a", summary="", strength=less).is_audible(one) for one in (4.9, 5.0, 5.1)] == [True, True, False]
    assert Kind(name="a", summary="").is_audible(1.0)
    assert not Kind(name="a", summary="", strength=more, is_heard=False).is_audible(9.0)
    assert not Kind(name="a", summary="", strength=more, is_honest=True).is_audible(9.0)


def test_every_manipulation_says_what_it_follows_and_every_strength_has_bounds():
    for kind in kinds():
        assert bool(kind.literature) != kind.is_honest or kind.path, kind.name
        if strength := kind.strength:
            assert strength.least <= strength.default <= strength.most, kind.name
            assert strength.unit, kind.name


def test_kinds_are_told_apart_by_name_and_say_what_they_do():
    found = kinds()
    assert len({kind.name for kind in found}) == len(found)
    assert all(kind.summary.endswith(".") and "\n" not in kind.summary for kind in found)
    assert all((kind.path is None) != (kind.edit is None) for kind in found)
    assert all(kind.trigger for kind in found if kind.has_trigger)
    assert {kind.name for kind in found if kind.is_honest} == {k.name for k in found if k.name.startswith("honest-")}
