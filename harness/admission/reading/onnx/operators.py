"""Operators of graphs that a runtime has of its own, and what some of them make of numbers. Data only.

What is not here is refused: an operator of somebody's own needs a library of theirs, and of the runtime's extensions
only those are let in that quantising and fusing tools write. ``EPContext``, which hands a device a compiled program
from a file, is not among them, nor is what works on texts or decodes pictures.
Source: ``onnx.defs`` of ONNX 1.23; docs/ContribOperators.md of ONNX Runtime 1.22.
"""

from __future__ import annotations

from typing import Final

STANDARD: Final = frozenset(
    """
    Abs Acos Acosh Add AffineGrid And ArgMax ArgMin Asin Asinh Atan Atanh Attention AveragePool
    BatchNormalization Bernoulli BitCast BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor BlackmanWindow
    Cast CastLike CausalConvWithState Ceil Celu CenterCropPad Clip Col2Im Compress Concat ConcatFromSequence
    Constant ConstantOfShape Conv ConvInteger ConvTranspose Cos Cosh CumProd CumSum DFT DeformConv
    DepthToSpace DequantizeLinear Det Div Dropout DynamicQuantizeLinear Einsum Elu Equal Erf Exp Expand
    EyeLike Flatten Floor GRU Gather GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalLpPool
    GlobalMaxPool Greater GreaterOrEqual GridSample GroupNormalization HammingWindow HannWindow HardSigmoid
    HardSwish Hardmax Identity If InstanceNormalization IsInf IsNaN LRN LSTM LayerNormalization LeakyRelu Less
    LessOrEqual LinearAttention Log LogSoftmax Loop LpNormalization LpPool MatMul MatMulInteger Max MaxPool
    MaxRoiPool MaxUnpool Mean MeanVarianceNormalization MelWeightMatrix Min Mish Mod Mul Multinomial Neg
    NegativeLogLikelihoodLoss NonMaxSuppression NonZero Not OneHot Optional OptionalGetElement
    OptionalHasElement Or PRelu Pad Pow QLinearConv QLinearMatMul QuantizeLinear RMSNormalization RNN
    RandomNormal RandomNormalLike RandomUniform RandomUniformLike Range Reciprocal ReduceL1 ReduceL2
    ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu
    Reshape Resize ReverseSequence RoiAlign RotaryEmbedding Round STFT Scan Scatter ScatterElements ScatterND
    Selu SequenceAt SequenceConstruct SequenceEmpty SequenceErase SequenceInsert SequenceLength SequenceMap
    Shape Shrink Sigmoid Sign Sin Sinh Size Slice Softmax SoftmaxCrossEntropyLoss Softplus Softsign
    SpaceToDepth Split SplitToSequence Sqrt Squeeze Sub Sum SwiGLU Swish Tan Tanh TensorScatter
    ThresholdedRelu Tile TopK Transpose Trilu Unique Unsqueeze Upsample Where Xor
    """.split()  # noqa: SIM905 - word lists read better as words
)
EXTENSIONS: Final = frozenset(
    """
    Attention BiasGelu BiasSplitGelu BifurcationDetector DequantizeLinear DynamicQuantizeLSTM
    DynamicQuantizeMatMul EmbedLayerNormalization FastGelu FusedConv FusedGemm FusedMatMul
    FusedMatMulActivation Gelu GroupQueryAttention MatMulInteger16 MatMulIntegerToFloat MatMulNBits
    MultiHeadAttention NhwcMaxPool QAttention QGemm QLinearAdd QLinearAveragePool QLinearConcat QLinearConv
    QLinearGlobalAveragePool QLinearLeakyRelu QLinearMul QLinearReduceMean QLinearSigmoid QLinearSoftmax
    QLinearWhere QuantizeLinear QuickGelu RelativePositionBias RotaryEmbedding SimplifiedLayerNormalization
    SkipLayerNormalization SkipSimplifiedLayerNormalization
    """.split()  # noqa: SIM905 - word lists read better as words
)
OPERATORS: Final = {"": STANDARD, "ai.onnx": STANDARD, "com.microsoft": EXTENSIONS}
"""By domain."""

BRANCHES: Final = frozenset({"If", "Loop", "Scan", "SequenceMap"})
"""Operators that hold graphs, and choose which of them is run, or how often."""

SIZED_BY: Final = {"ConstantOfShape": 0, "Expand": 1, "Tile": 1, "Range": 1, "Resize": 3}
"""Operator -> which of its inputs says how large its output is."""
SIZED: Final = frozenset({"RandomNormal", "RandomUniform"})
"""Operators whose attribute ``shape`` says that."""
