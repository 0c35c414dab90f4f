"""Makes random weights speak so that every letter is heard: what training would see to before anything else.

As Coqui initialises its networks, biases outweigh whatever depends on the text, and each layer takes of it: who
exchanges two letters changes nothing that a listener, or a gate, could notice. Here each layer's output is brought to
mean 0 and deviation 1 over random letters, layer by layer (Mishkin & Matas 2016, "All you need is a good init"). No
weight is made for a certain text, speaker or seed.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

LOUDNESS = 0.1
"""Root mean square of what a vocoder makes of noise."""
QUIETER = 2.0
"""What is taken off a spectrogram, whose middle is 0 and whose end 4: speech is not at full scale throughout."""
FRAMES = 1.5
"""That a letter lasts in the middle."""
DEVIATION = 0.5
"""Of their logarithm."""
STYLE = 0.02
"""Of a drawn style, what is left of it."""
LETTERS = 60
TEXTS = 4
MOST = 30.0
"""Times as loud as it was a layer is made at most: what hardly depends on anything is rounding."""
FEWEST = 16
"""Values of a channel that say how far it scatters."""
LAYERS = ("Conv1d", "ConvTranspose1d", "Linear")
"""Ends of the names of layers, weight-normed ones among them."""
KEPT = ("stopnet", ".end", "proj_s", "cond", "emb_l", "pitch_emb", "energy_emb")
"""Layers that stay as they are: they end the speech, or scale by powers of e, or hear nobody but the speaker."""


def let_letters_be_heard(model: Any) -> None:
    """Change a model, or a vocoder, that was just made, in place; one of another kind stays as it is."""
    change = CHANGES.get(type(model).__name__)
    if change is not None:
        is_training = model.training
        model.eval()
        change(model)
        model.train(is_training)


def _vits(model: Any) -> None:
    half, projection, decoder = model.args.hidden_channels, model.text_encoder.proj, model.waveform_decoder
    with _silenced(decoder):
        _even_out(model.text_encoder, lambda: _spoken(model))
    transformer = model.text_encoder.encoder
    for layer in (*(one.conv_o for one in transformer.attn_layers), *(one.conv_2 for one in transformer.ffn_layers)):
        _scale(layer, 0.2)  # each letter is itself, whatever stands around it
    _scale(projection, 2, slice(None, half))
    _scale(projection, 0, slice(half, None))
    projection.bias[half:] = -2
    with _silenced(decoder):
        _even_out(model.duration_predictor, lambda: _spoken(model))
    _alone(model.duration_predictor.convs)
    for flow in model.duration_predictor.flows[1:]:
        _alone(flow.convs)
        _scale(flow.pre, 0.2)  # what is drawn counts for less than the letter
        _scale(flow.proj, 3, slice(None, 2 * flow.num_bins))
    with _silenced(decoder):
        _steady(model.duration_predictor.flows[0], lambda: _spoken(model))
    _even_out(decoder, lambda: _spoken(model))
    _level(decoder.conv_post, lambda: _spoken(model)["model_outputs"])


@contextlib.contextmanager
def _silenced(decoder: Any) -> Iterator[None]:
    """Have frames pass a decoder that nobody asks yet: it draws nothing, and takes longest by far."""
    decoder.forward = lambda frames, **_: frames
    try:
        yield
    finally:
        del decoder.forward


def _alone(convolutions: Any) -> None:
    """Have each letter depend less on those around it."""
    for norm in convolutions.norms_2:
        norm.gamma.mul_(0.2)


def _steady(flow: Any, speak: Callable[[], Any]) -> None:
    """The same as :func:`_last` of a flow: it takes its translation off, and divides by e to its scale."""
    given: list[Any] = []
    hook = flow.register_forward_hook(lambda _, __, output: given.append(output[:, 0]))
    speak()
    hook.remove()
    times = float(given[0].std()) / (2 * DEVIATION)
    flow.log_scale[0] = math.log(times)
    flow.translation[0] = float(given[0].mean()) - math.log(FRAMES) * times


def _glow(model: Any) -> None:
    _even_out(model.encoder, lambda: _spoken(model))
    _last(model.encoder.duration_predictor.proj)
    model.decoder.flows[0].bias += QUIETER


def _forward(model: Any) -> None:
    _even_out(model, lambda: _spoken(model))
    _last(model.duration_predictor.proj)
    _layers(model.decoder)[-1].bias -= QUIETER


def _last(layer: Any) -> None:
    """Have letters last :data:`FRAMES` frames in the middle, some twice as long as others."""
    _scale(layer, DEVIATION)
    layer.bias.mul_(DEVIATION).add_(math.log(1 + FRAMES))


def _tacotron(model: Any) -> None:
    _even_out(model.encoder, lambda: _spoken(model))
    if getattr(model, "use_capacitron_vae", False):
        _quieten_style(model.decoder, model.capacitron_vae.capacitron_VAE_embedding_dim)
    (stop,) = _linear(model.decoder, "stopnet")
    stop.weight.mul_(0.1)
    stop.bias.fill_(-5)  # it speaks as long as it may, whatever style was drawn
    (first,) = _linear(model.decoder, "linear_projection", "proj_to_mel")
    last = getattr(model, "last_linear", first)
    for layer in dict.fromkeys((first, last)):
        _even_out_at_last(layer, lambda: [_spoken(model) for _ in range(TEXTS)])
    last.bias += -QUIETER if last is first else 1  # a linear spectrogram is a quieter one


def _quieten_style(decoder: Any, channels: int) -> None:
    """Have the style that is drawn for a phrase, the last channels of what is attended to, count less than letters."""
    for layer in (decoder.attention_rnn, decoder.decoder_rnn):
        layer.weight_ih[:, -channels:] *= STYLE
    for layer in (decoder.attention.inputs_layer, decoder.linear_projection):
        layer.linear_layer.weight[:, -channels:] *= STYLE


def _linear(network: Any, *places: str) -> list[Any]:
    """Linear layers of a part, those that Coqui wraps among them."""
    import torch

    return [
        layer
        for name, layer in network.named_modules()
        if name.partition(".")[0] in places and isinstance(layer, torch.nn.Linear)
    ]


def _hidden_markov(model: Any) -> None:
    last = model.neural_hmm.output_net.parametermodel.last_layer
    _even_out(model.encoder, lambda: _spoken(model))
    first = model.neural_hmm.output_net.parametermodel.layers[0].linear_layer
    first.weight[:, : model.neural_hmm.memory_rnn_dim] *= 0.1  # what was said before counts for less than the letter
    _even_out_at_last(last, lambda: [_spoken(model) for _ in range(TEXTS)])
    means = model.neural_hmm.frame_channels
    _scale(last, 0.1, slice(means, 2 * means))
    last.bias[means : 2 * means] = -3
    last.bias[2 * means :] += 1


def _delightful(model: Any) -> None:
    speak = _frames(model.waveform_decoder)
    _even_out(model.waveform_decoder, speak)
    _level(model.waveform_decoder.conv_post, speak)


def _xtts(model: Any) -> None:
    """Its frames attend to all letters alike, which count for more than what was drawn before."""
    import torch

    gpt, decoder = model.gpt, model.hifigan_decoder.waveform_decoder
    table = gpt.text_embedding.weight
    table.mul_(1 / table.std())
    for tokens in (gpt.text_pos_embedding.emb.weight, gpt.mel_embedding.weight):
        tokens.mul_(0.1 / tokens.std())
    for block in gpt.gpt.h:
        width = block.attn.c_proj.weight.shape[0]
        block.attn.c_attn.weight[:, : 2 * width] *= 0.1  # queries and keys
        for part in (block.attn.c_attn.weight[:, 2 * width :], block.attn.c_proj.weight):
            part.mul_(1 / part.std())
    prompt, codes = torch.randn(1, 32, table.shape[1]), torch.randint(0, 64, (1, 4))
    wave = torch.tensor([codes.shape[1] * gpt.code_stride_len])
    length = LETTERS // 2

    def read(count: int) -> None:
        for _ in range(count):
            letters = torch.randint(7, table.shape[0], (1, length))
            gpt(letters, torch.tensor([length]), codes, wave, cond_latents=prompt, return_latent=True)

    _even_out_at_last(gpt.final_norm, lambda: read(10 * TEXTS))
    speak = _frames(decoder)
    _even_out(decoder, speak)
    _level(decoder.conv_post, speak)
    _scale(decoder.conv_post, 0.3)  # its frames are alike: they add up


def _frames(decoder: Any) -> Callable[[], Any]:
    """What it makes of latent frames."""
    import torch

    frames = torch.randn(1, decoder.conv_pre.weight.shape[1], 40)
    speaker = torch.randn(1, decoder.cond_layer.in_channels, 1) if hasattr(decoder, "cond_layer") else None
    return lambda: decoder(frames, g=speaker)


def _even_out_at_last(layer: Any, speak: Callable[[], Any]) -> None:
    """The same for one layer that speaks frame by frame, over several texts."""
    import torch

    given: list[Any] = []
    hook = layer.register_forward_hook(lambda _, __, output: given.append(output.reshape(-1, output.shape[-1])))
    speak()
    hook.remove()
    outputs = torch.cat(given)
    factor = (1 / outputs.std(dim=0).clamp_min(1 / MOST)).clamp_max(MOST)
    _scale(layer, factor)
    layer.bias.copy_((layer.bias - outputs.mean(dim=0)) * factor)


def _vocoder(model: Any) -> None:
    import torch

    generator = getattr(model, "model_g", model)
    mels = torch.randn(1, 80, 30)
    _even_out(generator, lambda: generator.inference(mels))
    _level(_layers(generator)[-1], lambda: generator.inference(mels))


def _spoken(model: Any) -> Any:
    """What it makes of random letters."""
    import torch

    tables = [layer.num_embeddings for layer in model.modules() if type(layer).__name__ == "Embedding"]
    symbols = max(tables) if tables else len(model.acoustic_model.src_word_emb.embeddings)
    ids = torch.randint(1, symbols, (1, LETTERS))
    if type(model).__name__ == "Vits" and model.config.add_blank:  # a blank stands between letters
        ids[:, ::2] = model.tokenizer.characters.blank_id if model.tokenizer else 0
    about: dict[str, Any] = {"x_lengths": torch.tensor([LETTERS]), "d_vectors": None, "speaker_ids": None}
    about |= {"style_mel": None, "style_text": None}
    asked = {
        name: value
        for part in (model.config, model.config.get("model_args") or {})
        for name in ("use_d_vector_file", "d_vector_dim", "use_speaker_embedding", "use_language_embedding")
        if (value := part.get(name, None))
    }
    if "use_d_vector_file" in asked:
        about["d_vectors"] = torch.randn(1, asked["d_vector_dim"])
    elif "use_speaker_embedding" in asked:
        about["speaker_ids"] = torch.tensor([0])
    if "use_language_embedding" in asked:
        about["language_ids"] = torch.tensor([0])
    return model.inference(ids, about)


def _even_out(network: Any, speak: Callable[[], Any]) -> None:
    """Bring what each layer gives to mean 0 and deviation 1, in the order in which they are reached."""
    done: set[int] = set()

    def evened(layer: Any, _: Any, output: Any) -> Any:
        axis = output.ndim - 1 if type(layer).__name__.endswith("Linear") else 1
        others = [one for one in range(output.ndim) if one != axis]
        if id(layer) in done or output.numel() / output.shape[axis] < FEWEST:
            return output
        done.add(id(layer))
        mean = output.mean(dim=others)
        factor = (1 / output.std(dim=others).clamp_min(1 / MOST)).clamp_max(MOST)
        _scale(layer, factor)
        if layer.bias is not None:
            layer.bias.copy_((layer.bias - mean) * factor)
        else:
            mean = mean * 0
        shape = [-1 if one == axis else 1 for one in range(output.ndim)]
        return (output - mean.reshape(shape)) * factor.reshape(shape)

    hooks = [layer.register_forward_hook(evened) for layer in _layers(network)]
    speak()
    for hook in hooks:
        hook.remove()


def _layers(network: Any) -> list[Any]:
    return [
        layer
        for name, layer in network.named_modules()
        if type(layer).__name__.endswith(LAYERS)
        and hasattr(layer, "weight")
        and not any(part in f".{name}" for part in KEPT)
    ]


def _scale(layer: Any, factor: Any, rows: slice = slice(None)) -> None:
    """Multiply what a layer gives, or some channels of it; its bias stays."""
    import torch

    weight = layer.weight.clone()
    outputs = weight.transpose(0, 1) if type(layer).__name__.endswith("ConvTranspose1d") else weight
    factor = torch.as_tensor(factor, dtype=weight.dtype)
    outputs[rows] *= factor.reshape(-1, *[1] * (weight.ndim - 1)) if factor.ndim else factor
    _set(layer, weight)


def _set(layer: Any, weight: Any) -> None:
    if hasattr(layer, "parametrizations"):
        layer.weight = weight
    else:
        layer.weight.copy_(weight)


def _level(layer: Any, speak: Callable[[], Any]) -> None:
    """Centre what a last layer makes of a steady input, and bring it to :data:`LOUDNESS`."""
    weight = layer.weight.clone()
    if weight.shape[-1] > 1:
        _set(layer, weight - weight.mean(dim=-1, keepdim=True))
    if layer.bias is not None:
        layer.bias.zero_()
    for _ in range(3):  # tanh takes of it what is loud
        _scale(layer, LOUDNESS / float(speak().std()))


CHANGES: Mapping[str, Callable[[Any], None]] = {
    "Vits": _vits,
    "GlowTTS": _glow,
    "ForwardTTS": _forward,
    "Tacotron": _tacotron,
    "Tacotron2": _tacotron,
    "Overflow": _hidden_markov,
    "NeuralhmmTTS": _hidden_markov,
    "Xtts": _xtts,
    "DelightfulTTS": _delightful,
    "GAN": _vocoder,
}
