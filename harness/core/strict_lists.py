"""Negations and signs of languages that have no reader of their own in :mod:`harness.core.strict`. Pure.

Lists of words, as :func:`harness.core.spoken.normalised_words` cuts them: in Chinese and Japanese each character is a
word, so that what is looked for is a run of them. Inflected forms count as one. A run that only looks like a negation
(``不过``, "but") is listed as none, and the longest run counts. Not covered: negation that a language puts into the
form of its verbs (Turkish, Finnish, Korean), which the comparison of words sees as any other change.

The lists are ours: the common negative particles, pronouns, adverbs and prepositions of each language. They are tried
by pairs of sentences, and nobody who speaks these languages has read them yet.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from harness.core.spoken import normalised_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_BEFORE_A_PERSON: Final = "une la cette chaque quelle autre même seule toute par première"
"""Where French ``personne`` is a person, and not nobody."""

NEGATIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "es": {
        "no": "no", "nunca": "nunca", "jamás": "jamás", "nada": "nada", "nadie": "nadie", "tampoco": "tampoco",
        "ningún": "ninguno", "ninguno": "ninguno", "ninguna": "ninguno", "ningunos": "ninguno", "ningunas": "ninguno",
        "ni": "ni", "sin": "sin", "imposible": "imposible",
    },
    "fr": {
        "pas": "pas", "jamais": "jamais", "rien": "rien", "aucun": "aucun", "aucune": "aucun", "nul": "nul",
        "nulle": "nul", "personne": "personne", **{f"{word} personne": "" for word in _BEFORE_A_PERSON.split()},
        "ni": "ni", "non": "non", "sans": "sans", "impossible": "impossible", "interdit": "interdit",
        "interdite": "interdit",
    },
    "it": {
        "non": "non", "no": "no", "mai": "mai", "niente": "niente", "nulla": "nulla", "nessun": "nessuno",
        "nessuno": "nessuno", "nessuna": "nessuno", "né": "né", "neanche": "neanche", "nemmeno": "neanche",
        "neppure": "neanche", "senza": "senza", "impossibile": "impossibile",
    },
    "pt": {
        "não": "não", "nunca": "nunca", "jamais": "jamais", "nada": "nada", "ninguém": "ninguém", "nem": "nem",
        "nenhum": "nenhum", "nenhuma": "nenhum", "nenhuns": "nenhum", "nenhumas": "nenhum", "sem": "sem",
        "tampouco": "tampouco", "impossível": "impossível",
    },
    "nl": {
        "niet": "niet", "niets": "niets", "geen": "geen", "nooit": "nooit", "niemand": "niemand", "nergens": "nergens",
        "nee": "nee", "noch": "noch", "zonder": "zonder", "onmogelijk": "onmogelijk",
    },
    "pl": {
        "nie": "nie", "nigdy": "nigdy", "nikt": "nikt", "nikogo": "nikt", "nikomu": "nikt", "nikim": "nikt",
        "nic": "nic", "niczego": "nic", "niczemu": "nic", "niczym": "nic", "nigdzie": "nigdzie", "ani": "ani",
        "bez": "bez", "żaden": "żaden", "żadna": "żaden", "żadne": "żaden", "żadnego": "żaden", "żadnej": "żaden",
        "żadnych": "żaden", "żadnym": "żaden",
    },
    "ru": {
        "не": "не", "нет": "нет", "ни": "ни", "никогда": "никогда", "никто": "никто", "никого": "никто",
        "никому": "никто", "никем": "никто", "ничто": "ничто", "ничего": "ничто", "ничему": "ничто", "ничем": "ничто",
        "нигде": "нигде", "никуда": "никуда", "никакой": "никакой", "никакая": "никакой", "никакое": "никакой",
        "никакие": "никакой", "никаких": "никакой", "никакого": "никакой", "без": "без",
        "нельзя": "нельзя", "невозможно": "невозможно",
    },
    "ar": {
        "لا": "لا", "ولا": "لا", "فلا": "لا", "ألا": "لا", "لم": "لم", "ولم": "لم", "فلم": "لم", "لن": "لن",
        "ولن": "لن", "فلن": "لن", "ليس": "ليس", "ليست": "ليس", "وليس": "ليس", "وليست": "ليس", "لست": "ليس",
        "لسنا": "ليس", "ليسوا": "ليس", "غير": "غير", "بدون": "دون", "دون": "دون", "بلا": "بلا", "أبدا": "أبدا",
        "عدم": "عدم", "كلا": "كلا", "ممنوع": "ممنوع",
    },
    "hi": {
        "नहीं": "नहीं", "मत": "मत", "न": "न", "ना": "न", "बिना": "बिना", "बग़ैर": "बिना", "बगैर": "बिना",
        "असंभव": "असंभव",
    },
    "zh": {
        **{character: character for character in "不没沒无無未勿别別非莫否"},
        "禁止": "禁止",
        "不过": "", "不過": "", "不但": "", "不仅": "", "不僅": "", "差不多": "", "对不起": "", "對不起": "",
        "非常": "", "非洲": "", "未来": "", "未來": "", "特别": "", "特別": "", "别人": "", "別人": "",
        "分别": "", "分別": "", "区别": "", "區別": "", "级别": "", "級別": "", "性别": "", "性別": "",
        "个别": "", "個別": "", "告别": "", "告別": "", "无论": "", "無論": "", "是否": "", "能否": "",
    },
    "ja": {
        **dict.fromkeys(["ない", "なかった", "なく", "なけれ", "ません", "ずに", "無い"], "ない"),
        "なし": "なし", "いいえ": "いいえ", "不可": "不可", "禁止": "禁止",
        "少ない": "", "少なく": "", "少なかった": "", "危ない": "", "危なく": "", "すみません": "",
        "まもなく": "", "間もなく": "",
    },
}  # fmt: skip
"""Language -> word or words in a row -> what it counts as; ``""`` for a run that is none."""

SIGNS: Final[Mapping[str, Mapping[str, str]]] = {
    "es": {"menos": "minus", "más": "plus", "por ciento": "percent"},
    "fr": {"moins": "minus", "pour cent": "percent", "pourcent": "percent", "pourcents": "percent"},
    "it": {"meno": "minus", "per cento": "percent"},
    "pt": {"menos": "minus", "mais": "plus", "por cento": "percent"},
    "nl": {"min": "minus", "plus": "plus", "procent": "percent"},
    "pl": {"minus": "minus", "plus": "plus", "procent": "percent", "procenta": "percent", "procentów": "percent"},
    "ru": {
        "минус": "minus", "плюс": "plus", "процент": "percent", "процента": "percent", "процентов": "percent",
    },
    "ar": {"ناقص": "minus", "زائد": "plus", "بالمئة": "percent", "بالمائة": "percent"},
    "hi": {"माइनस": "minus", "ऋण": "minus", "प्लस": "plus", "प्रतिशत": "percent"},
    "zh": {"负": "minus", "負": "minus", "百分之": "percent"},
    "ja": {"マイナス": "minus", "プラス": "plus", "パーセント": "percent"},
}  # fmt: skip
"""Spoken signs, which count as the written ones."""

LANGUAGES: Final = frozenset(NEGATIONS)
WRITTEN_SIGNS: Final = frozenset({"minus", "plus", "percent"})
"""What :data:`SIGNS` gives."""


def listed_tokens(text: str, language: str) -> Iterator[str]:
    """Yield the negations and spoken signs of a text, in order; nothing for a language without a list.

    Args:
        text: Raw, as it was heard or is expected.
        language: ISO 639-1.
    """
    runs, longest = _runs(language)
    if not runs:
        return
    words = normalised_words(text)
    place = 0
    while place < len(words):
        for length in range(min(longest, len(words) - place), 0, -1):
            counted = runs.get(words[place : place + length])
            if counted is not None:
                if counted:
                    yield counted
                place += length
                break
        else:
            place += 1


@lru_cache(maxsize=32)
def _runs(language: str) -> tuple[Mapping[tuple[str, ...], str], int]:
    """What is looked for, cut as texts are, and the most words in a row."""
    listed = {**NEGATIONS.get(language, {}), **SIGNS.get(language, {})}
    runs = {normalised_words(spelling): counted for spelling, counted in listed.items()}
    return runs, max(map(len, runs), default=0)
