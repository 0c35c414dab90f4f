"""The harness's own ear: what can be measured in a clip without understanding it.

frames    the clip cut up: level, where it sounds
pitch     fundamental frequency, frame by frame
prosody   melody, stress and pace
spectrum  from 0 to half the sample rate: timbre, rumble, treble, steady tones
marks     echoes and sequences that repeat
speaker   a print of who speaks (optional: weights of the package Resemblyzer)
quality   what listeners would say of the sound (optional: network of the package speechmos)

Numpy, but for the two networks; librosa has some of this, but its first call compiles for seconds in every process.
Nothing here raises on hostile audio: NaN, infinities, emptiness and absurd rates give numbers that say so. What could
not be measured is None, never a number that looks like one.
"""

from harness.hearing.senses.ear import ABSENT, ACOUSTICS_VERSION, measure_all, senses_identity

__all__ = ["ABSENT", "ACOUSTICS_VERSION", "measure_all", "senses_identity"]
