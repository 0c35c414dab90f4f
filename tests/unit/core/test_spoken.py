"""Words as any script writes them, and letters that only look like others."""

from __future__ import annotations

import unicodedata

import pytest

from harness.core.spoken import has_word, is_plain, mixture, normalised_words, spoken_words


class TestPlain:
    @pytest.mark.parametrize(
        ("text", "language"),
        [
            ("Hello", "en"),
            ("Don’t stop; it's well-made, isn't it?", "en"),
            ("Déjà vu!", "fr"),
            (unicodedata.normalize("NFD", "Déjà vu, où est Noël?"), "fr"),
            ("¿Dónde está la salida?", "es"),
            ("Đường này đi đâu?", "vi"),
            (unicodedata.normalize("NFD", "Đường này đi đâu?"), "vi"),
            ("Не переводите деньги сегодня.", "ru"),
            ("Що це за ім'я?", "uk"),
            ("Μην στείλεις χρήματα", "el"),
            ("कृपया पैसे मत भेजिए।", "hi"),
            ("টাকা পাঠাবেন না।", "bn"),
            ("பணம் அனுப்ப வேண்டாம்", "ta"),
            ("请不要今天转账。", "zh"),
            ("请打开WiFi，谢谢！", "zh"),
            ("ドアを閉めてください、人々。", "ja"),
            ("돈을 보내지 마세요", "ko"),
            ("กรุณาอย่าโอนเงินทำ", "th"),
            ("لا تحوّل المال اليوم؟", "ar"),
            ("نمی\u200cخواهم", "fa"),
            ("אַל תשלח", "he"),
            ("Մի ուղարկեք", "hy"),
            ("ገንዘብ አትላክ።", "am"),
            ("не sms", "ru"),
        ],
    )
    def test_is_what_has_letters_marks_and_sentence_punctuation_only(self, text: str, language: str) -> None:
        assert is_plain(text, language)
        assert mixture(text, language) == ""

    @pytest.mark.parametrize(
        "text",
        [
            "", "...", "5 cats", "$", "a\nb", "a/b", "(not)", "a\u200bb", "a\u200cb", "a\u202eb", "पाँच ५",
            "٣ دراهم", "三①",
            "\u0301", "\u0301a", "a" + "\u0301\u0302" * 3, "a\ufe0f", "a\u034f", "a\u20dd", "\uff41", "\U0001d41a",
            "\ufb01n", "x²", "№", "l\u0435tter", "\u0440aypal", "p\u03b1y", "а\u0061", "\u2160", "“quoted”", "_", "a~b",
            "\ufeb3", "\uff76",
        ],
    )  # fmt: skip
    def test_is_nothing_else(self, text: str) -> None:
        assert not is_plain(text)

    @pytest.mark.parametrize(("text", "language"), [("\u0440\u0430\u0443", "en"), ("не", "de"), ("α", "fr")])
    def test_in_a_language_of_latin_letters_is_no_other_script(self, text: str, language: str) -> None:
        assert not is_plain(text, language)
        assert is_plain(text, "ru")
        assert "is not written in" in mixture(text, language)

    def test_says_which_word_only_looks_like_one(self) -> None:
        told = mixture("read the l\u0435tter", "en")
        assert told == "; 'l\u0435tter' mixes CYRILLIC and LATIN letters, which may only look alike"


class TestWords:
    def test_that_critical_may_name_are_lower_case_and_whole(self) -> None:
        assert spoken_words("Don’t sign-off, Anna's!") == ("don't", "sign-off", "anna's")

    def test_keep_their_marks(self) -> None:
        assert spoken_words("कृपया पैसे मत भेजिए।") == ("कृपया", "पैसे", "मत", "भेजिए")
        assert spoken_words("Cafe\u0301") == spoken_words("CAFÉ") == ("café",)

    def test_are_letters_where_a_script_puts_no_space_between_them(self) -> None:
        assert spoken_words("请打开WiFi，谢谢") == ("请", "打", "开", "wifi", "谢", "谢")
        assert spoken_words("ทำที่นี่") == ("ท", "ำ", "ที่", "นี่")
        assert spoken_words("パーティー") == ("パ", "ー", "テ", "ィ", "ー")

    def test_may_be_several_in_a_row_there(self) -> None:
        spoken = spoken_words("请不要今天转账。")
        assert has_word("不要", spoken)
        assert not has_word("要不", spoken)
        assert has_word("Quatre-vingt-dix", spoken_words("à quatre-vingt-dix"))
        assert not has_word("do not", spoken_words("do not"))
        assert not has_word("no", spoken_words("not"))
        assert not has_word("", spoken)


class TestTranscript:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("C'est l'Été, n'est-ce pas ?", "c est l été n est ce pas"),
            ("L'e\u0301te\u0301", "l été"),
            ("Не переводите деньги!", "не переводите деньги"),
            ("कृपया दिन, दान।", "कृपया दिन दान"),
            ("请不要 OK，三！", "请 不 要 ok 三"),
            ("ドアを閉めて。", "ド ア を 閉 め て"),
            ("ที่นี่", "ที่ นี่"),
            ("لا تُحَوِّل المال", "لا تحول المال"),
            ("אַל תשלח", "אל תשלח"),
            ("نمی\u200cخواهم", "نمیخواهم"),
            ("Straße (leise) [Musik] ＡＢ①", "straße ab1"),
            ("", ""),
        ],
    )
    def test_is_cut_into_the_words_of_its_script(self, text: str, words: str) -> None:
        assert normalised_words(text) == tuple(words.split())

    def test_keeps_apart_what_differs_by_a_vowel_sign(self) -> None:
        assert normalised_words("दिन") != normalised_words("दान") != normalised_words("दन")
