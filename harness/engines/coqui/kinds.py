"""Names of what a Coqui configuration may be of: voices, vocoders, converters of voices and encoders of speakers.

Data, read from coqui-tts 0.28.0; a test holds it against the installed source.
"""

from __future__ import annotations

TTS_MODELS = frozenset(
    {"align_tts", "bark", "delightful_tts", "fast_pitch", "fast_speech", "fastspeech2", "forward_tts", "glow_tts",
     "neuralhmm_tts", "overflow", "speedy_speech", "tacotron", "tacotron2", "tortoise", "vits", "xtts"}
)  # fmt: skip
SPECTROGRAMS = frozenset(
    {"align_tts", "fast_pitch", "fast_speech", "fastspeech2", "glow_tts", "neuralhmm_tts", "overflow", "speedy_speech",
     "tacotron", "tacotron2"}
)  # fmt: skip
"""Those of them that make spectrograms, of which something else makes sound."""
VOCODERS = frozenset(
    {"fullband_melgan", "hifigan", "melgan", "multiband_melgan", "parallel_wavegan", "univnet", "wavegrad", "wavernn",
     "gan"}
)  # fmt: skip
GENERATORS = frozenset(
    [
        "fullband_melgan_generator",
        "hifigan_generator",
        "melgan_generator",
        "multiband_melgan_generator",
        "parallel_wavegan_generator",
        "univnet_generator",
        "wavegrad",
        "wavernn",
    ]
)
CONVERTERS = frozenset({"freevc", "knnvc", "openvoice"})
ENCODERS = frozenset({"emotion_encoder", "speaker_encoder", "lstm", "resnet"})
