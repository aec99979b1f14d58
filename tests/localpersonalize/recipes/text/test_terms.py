"""Terms of texts in any script."""

from __future__ import annotations

from localpersonalize.recipes.text.terms import matrix, terms_of


def test_case_width_and_encoding_of_accents_make_no_difference() -> None:
    assert terms_of("CAFÉ") == terms_of("cafe\u0301") == terms_of("ｃａｆé")


def test_words_are_terms_and_their_pieces_weigh_less() -> None:
    terms = terms_of("running")
    assert terms["running"] == 1
    assert 0 < terms["~run"] < 1
    assert terms_of("runner").keys() & terms.keys() >= {"~<run", "~run"}


def test_scripts_without_blanks_are_characters_and_pairs() -> None:
    assert set(terms_of("科幻小说")) == {"科", "幻", "小", "说", "科幻", "幻小", "小说"}
    assert terms_of("SF小説").keys() >= {"sf", "小", "小説"}


def test_punctuation_and_nothing_have_no_terms() -> None:
    assert terms_of(" -- !? ") == {} == terms_of("")


def test_a_matrix_has_the_terms_that_are_columns() -> None:
    built = matrix([{"a": 2.0, "b": 1.0}, {}, {"c": 1.0}], {"a": 0, "c": 1})
    assert built.toarray().tolist() == [[2, 0], [0, 0], [0, 1]]
