"""What makes a rendering suspicious: one module per family of manipulation, each reading takes and goldens only.

speech    the words: transcript, strict tokens, forced score of the golden text
timing    how long it takes: duration, pauses
prosody   how it is spoken: melody, stress, voicing, pace within the phrase
voice     who speaks: level, pitch, timbre, a print of the speaker
spectrum  what lies beside the voice: noise, rumble, treble, tones, marks
quality   what listeners would say of the sound
signal    whether it is whole: NaN, silence, clipping, an offset, another sample rate, the same audio again, an end cut
          off or never reached (rules, not statistics)
"""

from harness.judging.detectors.base import Detector, Statistic
from harness.judging.detectors.prosody import ProsodyDetector
from harness.judging.detectors.quality import QualityDetector
from harness.judging.detectors.signal import RULES, Habits, spoiled_audio
from harness.judging.detectors.spectrum import SpectrumDetector
from harness.judging.detectors.speech import SpeechDetector
from harness.judging.detectors.timing import TimingDetector
from harness.judging.detectors.voice import VoiceDetector

DETECTORS: tuple[Detector, ...] = (
    SpeechDetector(),
    TimingDetector(),
    ProsodyDetector(),
    VoiceDetector(),
    SpectrumDetector(),
    QualityDetector(),
)
"""Every statistical detector, in the order in which findings of equal severity are told."""

__all__ = ["DETECTORS", "RULES", "Detector", "Habits", "Statistic", "spoiled_audio"]
