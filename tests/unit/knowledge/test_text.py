from __future__ import annotations

import pytest

from knowledge import text


@pytest.mark.parametrize(
    ("said", "language"),
    [
        ("wat doe ik met een klant die korting wil", "nl"),
        ("what do i do with a client who wants a discount", "en"),
        ("wie kann ich das mit unseren Kunden machen", "other"),
        ("comment est-ce que nous avons perdu ce client", "other"),
        ("как найти клиентов", "other"),
        ("客户要折扣怎么办", "other"),
        ("korting?", ""),
        ("", ""),
    ],
)
def test_the_language_of_a_question(said: str, language: str) -> None:
    assert text.language(said) == language


def test_a_word_is_stemmed_in_both_languages() -> None:
    terms = text.search_terms("kortingen discounts")
    assert {"n:kort", "e:discount"} <= set(terms)


def test_function_words_count_only_where_there_is_nothing_else() -> None:
    assert text.search_terms("de klant") == text.search_terms("klant")
    assert text.search_terms("wat nu")


def test_accents_case_and_apostrophes_make_no_difference() -> None:
    assert text.words("Één’s café") == text.words("een's CAFE")


def test_a_typing_error_keeps_most_n_grams() -> None:
    right, wrong = set(text.grams("introductie")), set(text.grams("introduktie"))
    assert len(right & wrong) >= len(right) / 2


def test_a_very_long_text_is_cut() -> None:
    assert len(text.words("woord " * 100_000)) == text.MAX_WORDS
