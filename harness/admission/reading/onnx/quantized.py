"""How onnxruntime's quantiser names what it makes: a tensor's three parts, and the node that multiplies by it."""

from __future__ import annotations

from typing import Final

QUANTIZED: Final = "_quantized"
"""End of the name of a tensor of small whole numbers."""
STEP: Final = "_scale"
"""Of the number that each of them stands for."""
ZERO: Final = "_zero_point"
"""Of the whole number that stands for 0."""
QUANTIZED_NODE: Final = "/Conv_quant"
"""Of a convolution by whole numbers, behind the path of its module."""
