"""Classes that honest Coqui, torch and joblib files pickled by name: a list of what exists, module and name apart.

Their presence is never a pass: whoever loads them runs their code. A pattern instead of the list would reach whatever
those modules import. Knows names only.
"""

from __future__ import annotations

import sys
from _compat_pickle import IMPORT_MAPPING

_CONFIGS = """
TTS.config.shared_configs BaseAudioConfig BaseDatasetConfig BaseTrainingConfig ModelArgs
TTS.encoder.configs.base_encoder_config BaseEncoderConfig
TTS.encoder.configs.emotion_encoder_config EmotionEncoderConfig
TTS.encoder.configs.speaker_encoder_config SpeakerEncoderConfig
TTS.speaker_encoder.speaker_encoder_config SpeakerEncoderConfig
TTS.tts.configs.align_tts_config AlignTTSArgs AlignTTSConfig
TTS.tts.configs.bark_config BarkAudioConfig BarkConfig
TTS.tts.configs.delightful_tts_config DelightfulTTSConfig DelightfulTtsArgs DelightfulTtsAudioConfig VocoderConfig
TTS.tts.configs.fast_pitch_config FastPitchConfig
TTS.tts.configs.fast_speech_config FastSpeechConfig
TTS.tts.configs.fastspeech2_config Fastspeech2Config
TTS.tts.configs.forward_tts_config ForwardTTSArgs
TTS.tts.configs.glow_tts_config GlowTTSConfig
TTS.tts.configs.neuralhmm_tts_config NeuralhmmTTSConfig
TTS.tts.configs.overflow_config OverflowConfig
TTS.tts.configs.shared_configs BaseTTSConfig CapacitronVAEConfig CharactersConfig GSTConfig
TTS.tts.configs.speedy_speech_config SpeedySpeechConfig
TTS.tts.configs.tacotron2_config Tacotron2Config
TTS.tts.configs.tacotron_config TacotronConfig
TTS.tts.configs.tortoise_config TortoiseArgs TortoiseAudioConfig TortoiseConfig
TTS.tts.configs.vits_config VitsArgs VitsAudioConfig VitsConfig
TTS.tts.configs.xtts_config XttsArgs XttsAudioConfig XttsConfig
TTS.tts.layers.bark.model GPTConfig
TTS.tts.layers.bark.model_fine FineGPTConfig
TTS.tts.layers.xtts.trainer.gpt_trainer GPTArgs GPTTrainerConfig XttsAudioConfig
TTS.tts.models.align_tts AlignTTSArgs
TTS.tts.models.bark BarkAudioConfig
TTS.tts.models.delightful_tts DelightfulTTSConfig DelightfulTtsArgs DelightfulTtsAudioConfig VocoderConfig
TTS.tts.models.forward_tts ForwardTTSArgs
TTS.tts.models.tortoise TortoiseArgs TortoiseAudioConfig
TTS.tts.models.vits VitsArgs VitsAudioConfig VitsCharacters
TTS.tts.models.xtts XttsArgs XttsAudioConfig
TTS.tts.utils.text.characters BaseCharacters Graphemes IPAPhonemes
TTS.utils.radam RAdam
TTS.vc.configs.freevc_config FreeVCArgs FreeVCAudioConfig FreeVCConfig
TTS.vc.configs.knnvc_config KNNVCArgs KNNVCAudioConfig KNNVCConfig
TTS.vc.configs.openvoice_config OpenVoiceArgs OpenVoiceAudioConfig OpenVoiceConfig
TTS.vc.configs.shared_configs BaseVCConfig
TTS.vc.layers.freevc.wavlm.wavlm WavLMConfig
TTS.vc.models.freevc FreeVCArgs FreeVCAudioConfig FreeVCConfig
TTS.vc.modules.freevc.wavlm.wavlm WavLMConfig
TTS.vocoder.configs.fullband_melgan_config FullbandMelganConfig
TTS.vocoder.configs.hifigan_config HifiganConfig
TTS.vocoder.configs.melgan_config MelganConfig
TTS.vocoder.configs.multiband_melgan_config MultibandMelganConfig
TTS.vocoder.configs.parallel_wavegan_config ParallelWaveganConfig
TTS.vocoder.configs.shared_configs BaseGANVocoderConfig BaseVocoderConfig
TTS.vocoder.configs.univnet_config UnivnetConfig
TTS.vocoder.configs.wavegrad_config WavegradArgs WavegradConfig
TTS.vocoder.configs.wavernn_config WavernnArgs WavernnConfig
TTS.vocoder.models.wavegrad WavegradArgs
TTS.vocoder.models.wavernn WavernnArgs
argparse Namespace
builtins object
coqpit Coqpit
coqpit.coqpit Coqpit
trainer TrainerArgs TrainerConfig
trainer.config TrainerArgs TrainerConfig
trainer.trainer TrainerArgs TrainerConfig
types SimpleNamespace
uuid UUID
"""

_MODULES = """
torch.nn.modules.activation CELU ELU GELU GLU Hardshrink Hardsigmoid Hardswish Hardtanh LeakyReLU LogSigmoid LogSoftmax
torch.nn.modules.activation Mish MultiheadAttention PReLU RReLU ReLU ReLU6 SELU SiLU Sigmoid Softmax Softmax2d Softmin
torch.nn.modules.activation Softplus Softshrink Softsign Tanh Tanhshrink Threshold
torch.nn.modules.adaptive AdaptiveLogSoftmaxWithLoss
torch.nn.modules.batchnorm BatchNorm1d BatchNorm2d BatchNorm3d SyncBatchNorm
torch.nn.modules.channelshuffle ChannelShuffle
torch.nn.modules.container Container ModuleDict ModuleList ParameterDict ParameterList Sequential
torch.nn.modules.conv Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d
torch.nn.modules.distance CosineSimilarity PairwiseDistance
torch.nn.modules.dropout AlphaDropout Dropout Dropout1d Dropout2d Dropout3d FeatureAlphaDropout
torch.nn.modules.flatten Flatten Unflatten
torch.nn.modules.fold Fold Unfold
torch.nn.modules.instancenorm InstanceNorm1d InstanceNorm2d InstanceNorm3d
torch.nn.modules.linear Bilinear Identity Linear NonDynamicallyQuantizableLinear _LinearWithBias
torch.nn.modules.loss BCELoss BCEWithLogitsLoss CTCLoss CosineEmbeddingLoss CrossEntropyLoss GaussianNLLLoss
torch.nn.modules.loss HingeEmbeddingLoss HuberLoss KLDivLoss L1Loss LinearCrossEntropyLoss MSELoss MarginRankingLoss
torch.nn.modules.loss MultiLabelMarginLoss MultiLabelSoftMarginLoss MultiMarginLoss NLLLoss NLLLoss2d PoissonNLLLoss
torch.nn.modules.loss SmoothL1Loss
torch.nn.modules.loss SoftMarginLoss TripletMarginLoss TripletMarginWithDistanceLoss
torch.nn.modules.module Module
torch.nn.modules.normalization CrossMapLRN2d GroupNorm LayerNorm LocalResponseNorm RMSNorm
torch.nn.modules.padding CircularPad1d CircularPad2d CircularPad3d ConstantPad1d ConstantPad2d ConstantPad3d
torch.nn.modules.padding ReflectionPad1d ReflectionPad2d ReflectionPad3d ReplicationPad1d ReplicationPad2d
torch.nn.modules.padding ReplicationPad3d ZeroPad1d ZeroPad2d ZeroPad3d
torch.nn.modules.pixelshuffle PixelShuffle PixelUnshuffle
torch.nn.modules.pooling AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d AdaptiveMaxPool2d
torch.nn.modules.pooling AdaptiveMaxPool3d AvgPool1d AvgPool2d AvgPool3d FractionalMaxPool2d FractionalMaxPool3d
torch.nn.modules.pooling LPPool1d LPPool2d LPPool3d MaxPool1d MaxPool2d MaxPool3d MaxUnpool1d MaxUnpool2d MaxUnpool3d
torch.nn.modules.rnn GRU GRUCell LSTM LSTMCell RNN RNNBase RNNCell
torch.nn.modules.sparse Embedding EmbeddingBag
torch.nn.modules.transformer Transformer TransformerDecoder TransformerDecoderLayer TransformerEncoder
torch.nn.modules.transformer TransformerEncoderLayer
torch.nn.modules.upsampling Upsample UpsamplingBilinear2d UpsamplingNearest2d
torch.nn.utils.spectral_norm SpectralNorm
torch.nn.utils.weight_norm WeightNorm
torch.amp.grad_scaler GradScaler
torch.cuda.amp.grad_scaler GradScaler
torch.optim Adafactor Muon
torch.optim.adadelta Adadelta
torch.optim.adagrad Adagrad
torch.optim.adam Adam
torch.optim.adamax Adamax
torch.optim.adamw AdamW
torch.optim.asgd ASGD
torch.optim.lbfgs LBFGS
torch.optim.lr_scheduler ChainedScheduler ConstantLR CosineAnnealingLR CosineAnnealingWarmRestarts CyclicLR
torch.optim.lr_scheduler ExponentialLR LRScheduler LambdaLR LinearLR MultiStepLR MultiplicativeLR OneCycleLR
torch.optim.lr_scheduler PolynomialLR ReduceLROnPlateau SequentialLR StepLR _LRScheduler
torch.optim.nadam NAdam
torch.optim.optimizer Optimizer
torch.optim.radam RAdam
torch.optim.rmsprop RMSprop
torch.optim.rprop Rprop
torch.optim.sgd SGD
torch.optim.sparse_adam SparseAdam
torch.optim.swa_utils AveragedModel SWALR
torch.utils.data.dataset ConcatDataset Subset TensorDataset
"""

_COLLECTIONS = """
collections ChainMap UserDict UserList
easydict EasyDict
munch Munch
numpy finfo iinfo poly1d
numpy.polynomial.chebyshev Chebyshev
numpy.polynomial.hermite Hermite
numpy.polynomial.hermite_e HermiteE
numpy.polynomial.laguerre Laguerre
numpy.polynomial.legendre Legendre
numpy.polynomial.polynomial Polynomial
omegaconf.base ContainerMetadata Metadata
omegaconf.dictconfig DictConfig
omegaconf.listconfig ListConfig
omegaconf.nodes AnyNode BooleanNode BytesNode FloatNode IntegerNode PathNode StringNode
sklearn.decomposition._pca PCA
sklearn.preprocessing._data MaxAbsScaler MinMaxScaler RobustScaler StandardScaler
sklearn.preprocessing._label LabelEncoder
yacs.config CfgNode
"""

_ENUMS = """
TTS.tts.layers.tortoise.diffusion LossType ModelMeanType ModelVarType
TTS.tts.utils.text.punctuation PuncPosition
http HTTPMethod HTTPStatus
signal Handlers Signals
socket AddressFamily SocketKind
uuid SafeUUID
"""

_KNOWN = """
IPython PIL TTS _pytest accelerate aiohttp ansible azure bangla boto3 botocore celery cffi click cloudpickle coqpit cv2
dask dill distributed distutils django docker easydict einops encodec espnet fabric fairseq faster_whisper flask flax
fsspec gcsfs gevent google gruut h5py harness hydra imp invoke ipykernel jax jieba jinja2 joblib keras kombu librosa
lightning llvmlite lxml matplotlib mlflow mpmath munch nemo networkx nltk numba numexpr numpy nvidia omegaconf onnx
onnxruntime packaging pandas paramiko peft pexpect phonemizer pip pkg_resources pluggy plumbum polars probes psutil
ptyprocess pyarrow pycparser pytest pytorch_lightning ray regex requests s3fs safetensors scipy setuptools sh six
sklearn soundfile spacy speechbrain sqlalchemy sympy tensorboard tensorflow tokenizers torch torchaudio torchvision
tqdm trainer transformers triton twisted urllib3 wandb werkzeug wheel whisper yacs yaml
"""

_ACTIVATIONS = """
torch.nn.functional celu elu gelu leaky_relu mish relu relu6 selu sigmoid silu softplus tanh
torch._C._nn gelu softplus
torch relu sigmoid tanh
"""

_NUMBERS = """
numpy bool bool_ bytes_ clongdouble complex128 complex64 datetime64 float16 float32 float64 generic int16 int32 int64
numpy int8 intc intp longdouble longlong object_ str_ timedelta64 uint16 uint32 uint64 uint8 uintc uintp ulonglong void
numpy.dtypes BoolDType BytesDType CLongDoubleDType Complex128DType Complex64DType DateTime64DType Float16DType
numpy.dtypes Float32DType Float64DType Int16DType Int32DType Int64DType Int8DType LongDoubleDType LongLongDType
numpy.dtypes ObjectDType StrDType StringDType TimeDelta64DType UInt16DType UInt32DType UInt64DType UInt8DType
numpy.dtypes ULongLongDType VoidDType
typing Any
"""


def _listed(text: str) -> frozenset[str]:
    return frozenset(f"{module}.{name}" for module, *names in map(str.split, text.split("\n")[1:-1]) for name in names)


STATEFUL = _listed(_CONFIGS) | _listed(_MODULES) | _listed(_COLLECTIONS)
"""Made without arguments, then given a dictionary of attributes."""
DICTIONARIES = frozenset({"easydict.EasyDict", "munch.Munch", "yacs.config.CfgNode"})
"""Those of them that get items too: dictionaries whose keys are attributes."""
OWN_MARKS = frozenset({"__immutable__", "__deprecated_keys__", "__renamed_keys__", "__new_allowed__"})
"""What yacs notes about a dictionary, among its attributes."""
ENUMS = _listed(_ENUMS)
"""Made by one value, or taken by name."""
ACTIVATIONS = _listed(_ACTIVATIONS)
"""Functions of numbers that layers hold, never called by a pickle."""
NUMBER_TYPES = _listed(_NUMBERS)
"""Types of elements that trainers note, never called by a pickle."""
KNOWN_PACKAGES = (
    frozenset(_KNOWN.split())
    | sys.stdlib_module_names
    | {module.partition(".")[0] for module in IMPORT_MAPPING}  # Python 2's names, which unpicklers still follow
)
"""What a loader may have installed: of these only names on a list are taken, whatever they look like."""
OLD_TENSORS = frozenset(
    f"{parent}.{kind}Tensor"
    for parent in ("torch", "torch.cuda")
    for kind in ("Float", "Double", "Half", "Long", "Int", "Short", "Char", "Byte")
)
"""Tensors before 0.4: made without arguments, then given storage, offset, sizes and strides."""
RETURN_TYPES = frozenset(
    f"torch.return_types.{name}" for name in ("max", "min", "median", "mode", "sort", "topk", "kthvalue", "aminmax")
)
"""What torch's functions give back, two tensors with names."""
REFRESH = frozenset(
    f"torch.{module}.grad_scaler._refresh_per_optimizer_state" for module in ("amp", "cuda.amp")
)  # fmt: skip
"""Makes what a scaler of gradients notes of an optimizer that is new to it; a name in a dictionary of such notes."""
JOBLIB_WRAPPER = "joblib.numpy_pickle.NumpyArrayWrapper"
"""Stands before an array's raw bytes; given what describes them."""
DIMENSIONS = "torch._dynamo.decorators._DimRange"
"""A dimension with its least and largest size, which torch's compiler notes on tensors."""
PACKED_WEIGHTS = frozenset(
    f"__torch__.torch.classes.{name}"
    for name in (
        "quantized.LinearPackedParamsBase", "quantized.Conv2dPackedParamsBase", "quantized.Conv3dPackedParamsBase",
        "quantized.EmbeddingPackedParamsBase", "rnn.CellParamsBase",
    )
)  # fmt: skip
"""What quantized layers keep as a ``torch.ScriptObject``."""
