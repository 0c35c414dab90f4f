"""The alphabet of the fake engine: one tone per character. The engine speaks it, the fake transcriber hears.

Pure constants and arithmetic; this module must know neither of them.
"""

ALPHABET = " abcdefghijklmnopqrstuvwxyz0123456789'.,?!-"
"""Characters that have a tone, in order of pitch. Upper case is folded, every other character is dropped."""
SAMPLE_RATE = 16_000
"""Hz."""
CHARACTER_SAMPLES = 320
"""Length of one character's tone: 20 ms."""
LOWEST_HZ = 500.0
"""Tone of the first character (the space)."""
STEP_HZ = 60.0
"""Distance of neighbouring tones."""
AMPLITUDE = 0.5
"""Peak of a tone before jitter."""
NOISE_SIGMA = 0.005
"""Standard deviation of the white noise that lies over everything."""


def index_of(char: str) -> int | None:
    """Position of a character in :data:`ALPHABET` after case folding, or None where it has no tone."""
    folded = char.lower()
    # A few characters grow when folded ("İ"), and "" is found in every string.
    if len(folded) != 1:
        return None
    index = ALPHABET.find(folded)
    return None if index < 0 else index


def frequency(index: int) -> float:
    """Tone of ``ALPHABET[index]``, Hz."""
    return LOWEST_HZ + STEP_HZ * index
