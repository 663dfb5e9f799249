"""The draft ballot: in an encrypted cookie and nowhere else."""

import base64

from hypothesis import given
from hypothesis import strategies as st

from domain.drafts import Draft, seal, unseal
from tests.cast import AICHA

BROWSERS_KEEP = 4_000  # bytes of one cookie, less its name and attributes
SECRET, OTHER = b"s" * 32, b"t" * 32
BEZUIDENHOUT, LOOSDUINEN = 1, 2
drafts = st.builds(Draft, st.lists(st.integers(1, 99_999), max_size=40, unique=True).map(tuple), st.just(AICHA.code))


@given(drafts)
def test_what_was_chosen_comes_back_in_its_order(draft):
    assert unseal(SECRET, BEZUIDENHOUT, seal(SECRET, BEZUIDENHOUT, draft)) == draft


@given(drafts)
def test_another_process_or_another_secret_reads_nothing(draft):
    cookie = seal(SECRET, BEZUIDENHOUT, draft)
    assert unseal(SECRET, LOOSDUINEN, cookie).empty
    assert unseal(OTHER, BEZUIDENHOUT, cookie).empty


@given(drafts, st.data())
def test_a_cookie_with_one_bit_changed_is_an_empty_draft(draft, data):
    raw = bytearray(base64.urlsafe_b64decode(seal(SECRET, BEZUIDENHOUT, draft)))
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    assert unseal(SECRET, BEZUIDENHOUT, base64.urlsafe_b64encode(raw).decode()).empty


@given(st.text(max_size=200))
def test_whatever_else_stands_in_the_cookie_is_an_empty_draft(text):
    assert unseal(SECRET, BEZUIDENHOUT, text).empty


def test_the_cookie_shows_neither_plans_nor_code():
    cookie = seal(SECRET, BEZUIDENHOUT, Draft((4711, 4712), AICHA.code))
    seen = base64.urlsafe_b64decode(cookie)
    assert b"4711" not in seen
    assert AICHA.code.encode() not in seen


def test_the_length_of_the_cookie_does_not_tell_how_many_plans():
    lengths = {len(seal(SECRET, BEZUIDENHOUT, Draft(tuple(range(10, 10 + n)), AICHA.code))) for n in range(1, 13)}
    assert len(lengths) == 1


def test_the_same_draft_looks_different_each_time():
    assert seal(SECRET, 1, Draft((1, 2))) != seal(SECRET, 1, Draft((1, 2)))


def test_four_hundred_plans_fit_in_a_cookie():
    assert len(seal(SECRET, BEZUIDENHOUT, Draft(tuple(range(10_000, 10_400)), AICHA.code))) < BROWSERS_KEEP
