"""Does the checkpoint hold what its configuration speaks of? Tensors that no layer loads, and sizes that disagree.

A checkpoint can carry freight: Coqui's loaders are strict for some models and silent for others. Names, types and sizes
are read without loading anything (:mod:`weights`). A checkpoint that cannot be read here is the checkpoint check's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from harness.admission.base import Examination, Flaw
from harness.admission.checks.leftovers import sort_out
from harness.admission.checks.weights import TooMuch, Unreadable, is_checkpoint, opened
from harness.admission.reading.weight import Weight, Weights
from harness.admission.tree import Entry, Tree
from harness.core.grades import Severity, Verdict
from harness.core.places import Place
from harness.core.rules import Rule
from harness.core.strictjson import Json, Malformed
from harness.engines.coqui.configfile import MAX_CONFIG_BYTES, read_config
from harness.engines.coqui.layout import is_fairseq, named_beside

SOURCE: Final = "coqui-tts 0.28.0, TTS/tts/models"
CONFIG: Final = "config.json"
MAX_SHOWN: Final = 4
MAX_UNTOLD_SHARE: Final = 0.5
"""Where more than this share of the names is unknown, the checkpoint is of another architecture as a whole."""

_FEED_FORWARD: Final = (
    "encoder decoder emb emb_g proj_g pos_encoder duration_predictor aligner pitch_predictor pitch_emb "
    "energy_predictor energy_emb"
)
_TACOTRON: Final = (
    "embedding encoder decoder postnet last_linear coarse_decoder decoder_backward gst_layer capacitron_vae_layer "
    "speaker_embedding speaker_embedding_projection"
)
LAYERS: Final[Mapping[str, frozenset[str]]] = {
    name: frozenset(layers.split())
    for name, layers in {
        "vits": "text_encoder posterior_encoder flow duration_predictor waveform_decoder disc emb_g emb_l "
        "audio_transform audio_resampler speaker_encoder",
        "glow_tts": "encoder decoder emb_g",
        "tacotron": _TACOTRON,
        "tacotron2": _TACOTRON,
        "fast_pitch": _FEED_FORWARD,
        "fastspeech2": _FEED_FORWARD,
        "fast_speech": _FEED_FORWARD,
        "speedy_speech": _FEED_FORWARD,
        "align_tts": "encoder decoder emb pos_encoder duration_predictor mdn_block mod_layer proj_g",
        "overflow": "encoder decoder neural_hmm mean std",
        "neuralhmm_tts": "encoder neural_hmm mean std",
        "delightful_tts": "acoustic_model waveform_decoder disc",
        "xtts": "gpt hifigan_decoder mel_stats dvae torch_mel_spectrogram_dvae torch_mel_spectrogram_style_encoder",
    }.items()
}
"""Model -> the first part of the names that its layers have, conditional ones included. Others are not judged."""
PARTS: Final[Mapping[str, Mapping[str, str]]] = {
    "tortoise": {
        "autoregressive.pth": "conditioning_encoder text_embedding mel_embedding gpt mel_pos_embedding "
        "text_pos_embedding final_norm text_head mel_head mel_layer_pos_embedding text_layer_pos_embedding",
        "diffusion_decoder.pth": "inp_block time_embed code_embedding code_converter code_norm latent_conditioner "
        "contextual_embedder unconditioned_embedding conditioning_timestep_integrator integrating_conv mel_head "
        "layers out",
        "clvp2.pth": "text_emb speech_emb to_text_latent to_speech_latent text_transformer speech_transformer "
        "text_pos_emb speech_pos_emb temperature",
    },
}
"""Model that is several files -> file -> the same. What lies beside them is not held against them."""
FAIRSEQ: Final = frozenset(["enc_p", "dec", "enc_q", "flow", "dp", "emb_g"])
"""The same of fairseq's MMS, whose names Coqui changes while it loads."""
XTTS_BESIDE: Final = frozenset({"dvae.pth", "mel_stats.pth", "speakers_xtts.pth"})
"""Files of XTTS and its trainer that hold other things than the voice."""
PREFIXES: Final = {"xtts": "xtts."}
"""Model -> what its trainer puts before every name, and Coqui takes away."""

WHOLE: Final = frozenset({"num_batches_tracked", "padding_mult"})
"""Last part of names that hold whole numbers in an honest checkpoint: counts of batches, DelightfulTTS's padding."""

UNKNOWN_LAYER = Rule(
    id="admission.tensor-unknown",
    severity=Severity.MEDIUM,
    title="Tensors that the architecture has no layer for",
    meaning="Nothing of the voice needs them: they may be freight, or the voice was trained with another program.",
    advice="Ask its maker, or convert the checkpoint with them left out.",
    verdict=Verdict.INCONCLUSIVE,
    source=SOURCE,
)
ODD_TYPE = Rule(
    id="admission.tensor-type",
    severity=Severity.MEDIUM,
    title="Weights of a type that no layer computes with",
    meaning="Layers of Coqui's models hold floating-point numbers.",
    advice="Ask the maker what these are.",
    verdict=Verdict.INCONCLUSIVE,
    source=SOURCE,
)
OTHER_MODEL = Rule(
    id="admission.architecture-differs",
    severity=Severity.HIGH,
    title="The checkpoint is not of the configured model",
    meaning="Configuration and checkpoint do not belong together.",
    advice="Fetch both again from one source.",
    verdict=Verdict.INCONCLUSIVE,
    source=SOURCE,
)
OTHER_SIZE = Rule(
    id="admission.size-differs",
    severity=Severity.HIGH,
    title="The configuration speaks of other sizes than the checkpoint has",
    meaning="The model would not load, or load in part.",
    advice="Fetch both again from one source.",
    verdict=Verdict.INCONCLUSIVE,
    source=SOURCE,
)

NOT_COMPARED = Rule(
    id="admission.architecture-unread",
    severity=Severity.MEDIUM,
    title="A checkpoint with more in it than is compared with its configuration",
    meaning="Tensors that no layer loads may be among the others.",
    advice="Keep the voice's weights alone, each with elements of its own.",
    verdict=Verdict.INCONCLUSIVE,
    source=SOURCE,
)

SIZES: Final = (("vits", "hidden_channels", "text_encoder.emb.weight", 1),)
"""Model, field of ``model_args``, tensor, axis: numbers that must be equal where both are there and the field is set.

Not ``num_chars`` and ``num_speakers``: Coqui derives them from other fields and leaves its defaults in the file.
"""


@dataclass(frozen=True, slots=True)
class ArchitectureCheck:
    """Compares the names, types and sizes of a checkpoint's tensors with its configuration."""

    @property
    def name(self) -> str:
        """See :class:`harness.admission.base.Check`."""
        return "architecture"

    @property
    def rules(self) -> tuple[Rule, ...]:
        """See :class:`harness.admission.base.Check`."""
        return (UNKNOWN_LAYER, ODD_TYPE, OTHER_MODEL, OTHER_SIZE, NOT_COMPARED)

    def examine(self, tree: Tree) -> Examination:
        """See :class:`harness.admission.base.Check`."""
        config = _config(tree)
        model = "mms" if is_fairseq(config) else config.get("model")
        if not isinstance(model, str) or model not in {*LAYERS, *PARTS, "mms"}:
            return Examination(check=self.name)
        flaws: list[Flaw] = []
        facts: dict[str, str] = {}
        beside = named_beside(config)
        for entry in sort_out(tree).voice.files:
            layers = _layers(model, PurePosixPath(entry.path))
            if layers is None or entry.path in beside or not is_checkpoint(tree, entry):
                continue
            try:
                with opened(tree, entry) as weights:
                    flaws += _compare(entry, _without_prefix(weights, model), model, layers, config)
                    facts[f"tensors in {entry.path}"] = str(len(weights))
            except TooMuch as error:
                flaws.append(Flaw(rule=NOT_COMPARED, file=entry.path, beside=(CONFIG,), found=str(error)))
            except Unreadable as error:
                facts[f"not compared: {entry.path}"] = str(error)
        return Examination(check=self.name, flaws=tuple(flaws), facts=facts)


def _layers(model: str, path: PurePosixPath) -> frozenset[str] | None:
    """What a file of a model may hold; None where it is none of the voice's own: other networks, tables of speakers.

    The model's own checkpoint lies beside the configuration; a model of several files has them wherever they are found.
    """
    if model in PARTS:
        layers = PARTS[model].get(path.name)
        return frozenset(layers.split()) if layers else None
    if len(path.parts) > 1 or (model == "xtts" and path.name in XTTS_BESIDE):
        return None
    return FAIRSEQ if model == "mms" else LAYERS[model]


def _without_prefix(weights: Weights, model: str) -> Weights:
    prefix = PREFIXES.get(model, "")
    return {name.removeprefix(prefix): weight for name, weight in weights.items()} if prefix else weights


def _config(tree: Tree) -> dict[str, Json]:
    entry = next((entry for entry in tree.files if entry.path == CONFIG), None)
    if entry is None or entry.size > MAX_CONFIG_BYTES:
        return {}
    try:
        with tree.open(entry) as file:
            value = read_config(file.read(MAX_CONFIG_BYTES), CONFIG).value
    except (OSError, Malformed):
        return {}  # the configuration check says what is wrong with it
    return value if isinstance(value, dict) else {}


def _compare(
    entry: Entry, weights: Weights, model: str, layers: frozenset[str], config: Mapping[str, object]
) -> Iterator[Flaw]:
    unknown = [name for name in weights if name.partition(".")[0] not in layers]
    if len(unknown) > MAX_UNTOLD_SHARE * len(weights):
        found = f"{len(unknown)} of {len(weights)} tensors are none of a {model} model's: {_shown(unknown)}"
        yield Flaw(rule=OTHER_MODEL, file=entry.path, beside=(CONFIG,), found=found)
        return
    if unknown:
        freight = sum(weights[name].data.size for name in unknown)
        found = f"{len(unknown)} tensors, {freight} bytes: {_shown(unknown)}"
        place = Place(pointer=_shown(unknown[:1]))
        yield Flaw(rule=UNKNOWN_LAYER, file=entry.path, beside=(CONFIG,), within=place, found=found)
    for name, weight in weights.items():
        if not weight.dtype.startswith(("float", "bfloat", "half", "double")) and not _may_be_whole(name, weight):
            yield Flaw(
                rule=ODD_TYPE,
                file=entry.path,
                beside=(CONFIG,),
                within=Place(pointer=_shown([name])),
                found=f"{weight.count} of {weight.dtype}",
            )
    arguments = config.get("model_args")
    for of_model, field, name, axis in SIZES:
        said = arguments.get(field) if isinstance(arguments, dict) else None
        found_weight = weights.get(name)
        if (
            of_model != model
            or not isinstance(said, int)
            or isinstance(said, bool)
            or found_weight is None
            or said <= 0
        ):
            continue
        if len(found_weight.shape) <= axis or found_weight.shape[axis] != said:
            shown = f"{field} is {said} in {CONFIG}, {name} has shape {list(found_weight.shape)}"
            yield Flaw(rule=OTHER_SIZE, file=entry.path, beside=(CONFIG,), within=Place(pointer=name), found=shown)


def _may_be_whole(name: str, weight: Weight) -> bool:
    return name.rpartition(".")[2] in WHOLE or weight.count <= 1


def _shown(names: list[str]) -> str:
    more = f" and {len(names) - MAX_SHOWN} more" if len(names) > MAX_SHOWN else ""
    return ", ".join(name[:80] for name in names[:MAX_SHOWN]) + more
