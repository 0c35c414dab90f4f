"""What makes a rendering suspicious: one module per family of manipulation, each reading takes and goldens only.

speech    the words: transcript, strict tokens, forced score of the golden text
timing    how long it takes: duration, pauses
voice     who speaks and how: level, pitch, timbre
signal    whether it is speech at all: NaN, emptiness, clipping (a rule, not a statistic)
"""

from harness.detectors.base import Detector, Statistic
from harness.detectors.signal import spoiled_audio
from harness.detectors.speech import SpeechDetector
from harness.detectors.timing import TimingDetector
from harness.detectors.voice import VoiceDetector

DETECTORS: tuple[Detector, ...] = (SpeechDetector(), TimingDetector(), VoiceDetector())
"""Every statistical detector, in the order in which findings of equal severity are told."""

__all__ = ["DETECTORS", "Detector", "Statistic", "spoiled_audio"]
