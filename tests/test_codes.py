"""Codes and receipts: what people copy from paper, with the mistakes people make."""

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.codes import ALPHABET, CODE_LENGTH, RECEIPT_LENGTH, Typo, draw, grouped, normal
from tests.cast import AICHA, with_check

lengths = st.sampled_from([CODE_LENGTH, RECEIPT_LENGTH])
written = lengths.flatmap(lambda n: st.text(ALPHABET, min_size=n - 1, max_size=n - 1)).map(with_check)


def test_a_code_is_too_long_to_guess():
    assert (CODE_LENGTH - 1) * math.log2(len(ALPHABET)) >= 60
    assert (RECEIPT_LENGTH - 1) * math.log2(len(ALPHABET)) >= 80


def test_no_character_looks_like_another():
    for pair in ("0O", "1I", "1L", "IL", "5S", "2Z"):
        assert not set(pair) <= set(ALPHABET)


@given(lengths)
def test_what_is_drawn_is_in_its_normal_form(length):
    drawn = draw(length)
    assert normal(drawn, length) == drawn


def test_what_is_drawn_differs_each_time():
    assert len({draw(CODE_LENGTH) for _ in range(1_000)}) == 1_000


def test_every_place_takes_every_character():
    drawn = [draw(CODE_LENGTH) for _ in range(1_500)]
    assert all({code[place] for code in drawn} == set(ALPHABET) for place in range(CODE_LENGTH))


@given(written, st.sampled_from(["-", " ", ".", " - ", "–", "\t", ""]), st.booleans())
def test_capitals_spaces_and_dashes_do_not_matter(code, between, small):
    typed = between.join(grouped(code).split("-"))
    assert normal(f" {typed.lower() if small else typed}\n", len(code)) == code


def test_a_letter_that_looks_like_a_number_is_read_as_that_number():
    code = with_check("22555" + ALPHABET[: CODE_LENGTH - 6])
    assert normal(code.replace("2", "z").replace("5", "S"), CODE_LENGTH) == code


@given(written, st.data())
def test_one_wrong_character_is_always_noticed(code, data):
    place = data.draw(st.integers(0, len(code) - 1))
    wrong = data.draw(st.sampled_from(sorted(set(ALPHABET) - {code[place]})))
    with pytest.raises(Typo):
        normal(code[:place] + wrong + code[place + 1 :], len(code))


@given(written, st.data())
def test_two_characters_that_changed_places_are_always_noticed(code, data):
    one, other = sorted(data.draw(st.sets(st.integers(0, len(code) - 1), min_size=2, max_size=2)))
    swapped = code[:one] + code[other] + code[one + 1 : other] + code[one] + code[other + 1 :]
    if swapped != code:
        with pytest.raises(Typo):
            normal(swapped, len(code))


@given(written, st.data())
def test_a_character_too_many_or_too_few_is_always_noticed(code, data):
    place = data.draw(st.integers(0, len(code) - 1))
    for typed in (code[:place] + code[place + 1 :], code[:place] + code[place] + code[place:]):
        with pytest.raises(Typo):
            normal(typed, len(code))


@given(st.text(max_size=40))
def test_anything_typed_is_a_code_or_a_typo(typed):
    with contextlib.suppress(Typo):
        assert normal(typed, CODE_LENGTH) == with_check(normal(typed, CODE_LENGTH)[:-1])


def test_the_letter_shows_groups():
    assert [len(group) for group in AICHA.letter.split("-")] == [5, 5, 4]
    assert [len(group) for group in grouped(AICHA.receipt).split("-")] == [6, 6, 6]
