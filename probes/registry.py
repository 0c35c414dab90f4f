"""All families that Soundcheck brings along, by name."""

from __future__ import annotations

from probes.carriers import CARRIERS
from probes.conjunctions import CONJUNCTIONS
from probes.entities import ENTITIES
from probes.family import Family
from probes.homographs import HOMOGRAPHS
from probes.ladder import LADDER
from probes.lexicon import LEXICON
from probes.literature import LITERATURE
from probes.markup import MARKUP
from probes.negation import NEGATION
from probes.numbers import NUMBERS
from probes.punctuation import PUNCTUATION
from probes.rare_tokens import RARE_TOKENS
from probes.repairable import REPAIRABLE
from probes.safety import SAFETY
from probes.session import SESSION
from probes.syntax import SYNTAX
from probes.unicode import UNICODE

FAMILIES: tuple[Family, ...] = (
    CARRIERS,
    NEGATION,
    NUMBERS,
    ENTITIES,
    RARE_TOKENS,
    LEXICON,
    LITERATURE,
    UNICODE,
    MARKUP,
    PUNCTUATION,
    SYNTAX,
    LADDER,
    REPAIRABLE,
    HOMOGRAPHS,
    SAFETY,
    CONJUNCTIONS,
    SESSION,
)
"""In the order in which lists show them."""
