"""HiFi-GAN with its channels last in memory, as oneDNN's convolutions like them on a processor.

It is two thirds of what a VITS voice computes, and its activations are long and narrow: with channels first, each
convolution moves them to and fro. Convolutions over time become ones over an image of height 1, whose weights are laid
out once; the model's own ``forward`` runs on it, and what comes out is the same within rounding (6e-6 of full scale).
Measured on one kind of processor, with AVX2; without oneDNN nothing is changed. It runs in the worker only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

GENERATOR = "HifiganGenerator"
"""Of coqui-tts 0.28: its ``forward`` asks nothing of a tensor's dimensions but that the second is channels."""


def lay_channels_last(network: Any) -> None:
    """Change all such generators of a network for good, those that compute on a processor; all else stays as it is."""
    import torch

    has_onednn: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    if not has_onednn:
        return
    for module in list(network.modules()):
        if type(module).__name__ == GENERATOR and _is_plain(module):
            _lay(module)


def _is_plain(generator: Any) -> bool:
    return not hasattr(generator, "lin_pre") and all(
        layer.padding_mode == "zeros" and layer.groups == 1 and layer.weight.device.type == "cpu"
        for layer in _convolutions(generator)
    )


def _convolutions(generator: Any) -> list[Any]:
    import torch

    return [one for one in generator.modules() if isinstance(one, torch.nn.Conv1d | torch.nn.ConvTranspose1d)]


def _lay(generator: Any) -> None:
    import torch
    from torch.nn.utils import parametrize

    for layer in _convolutions(generator):
        if parametrize.is_parametrized(layer, "weight"):
            parametrize.remove_parametrizations(layer, "weight")
        wide = layer.weight.detach()[:, :, None].contiguous(memory_format=torch.channels_last)
        layer.weight = torch.nn.Parameter(wide, requires_grad=False)
        layer.forward = _convolution(layer)
    own = generator.forward

    def forward(x: Tensor, g: Tensor | None = None) -> Tensor:
        spoken: Tensor = own(_wide(x), g=None if g is None else _wide(g))
        return spoken[:, :, 0]

    generator.forward = forward


def _wide(rows: Tensor) -> Tensor:
    """Rows of shape [rows, channels, times], or a single one without the first, as images of height 1."""
    import torch

    rows = rows[None] if rows.dim() == 2 else rows  # XTTS gives one row so
    return rows[:, :, None].contiguous(memory_format=torch.channels_last)


def _convolution(layer: Any) -> Callable[[Tensor], Tensor]:
    """What a convolution over time does to an image of height 1."""
    import torch

    (stride,), (padding,), (dilation,) = layer.stride, layer.padding, layer.dilation
    given: dict[str, Any] = {"stride": (1, stride), "padding": (0, padding), "dilation": (1, dilation)}
    convolve: Callable[..., Tensor] = torch.nn.functional.conv2d
    if isinstance(layer, torch.nn.ConvTranspose1d):
        convolve = torch.nn.functional.conv_transpose2d
        given["output_padding"] = (0, *layer.output_padding)

    def forward(rows: Tensor) -> Tensor:
        return convolve(rows, layer.weight, layer.bias, **given)

    return forward
