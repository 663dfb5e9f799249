"""What people type in fields, and what is made of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import fields
from domain.fields import Wrong


@pytest.mark.parametrize(
    ("typed", "cents"),
    [
        ("1500", 150_000),
        ("1.500", 150_000),
        ("€ 1.500,50", 150_050),
        ("1,500.50", 150_050),
        ("12,5", 1_250),
        ("12.50", 1_250),
        ("1500,-", 150_000),
        ("1500,--", 150_000),
        (" 0 ", 0),
        ("3 euro", 300),
        ("€\u00a01.000.000", 100_000_000),
    ],
)
def test_an_amount_is_read_as_people_write_it(typed: str, cents: int) -> None:
    assert fields.euros(typed) == cents


@pytest.mark.parametrize(
    "typed", ["", "veel", "-5", "1.5.0", "1,234,5", "12,345678", "1e5", "٣", "9" * 13, "1 500 of 2"]
)
def test_what_is_no_amount_is_refused(typed: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        fields.euros(typed)


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("Aïcha", []),
        ("", ["missing"]),
        ("x" * 41, ["too_long"]),
        ("aicha@example.org", ["no_address"]),
        ("aicha \uff20 example", ["no_address"]),  # the wide @ of a Chinese keyboard
    ],
)
def test_a_name_that_shows_is_a_name(name: str, kinds: list[str]) -> None:
    assert [wrong.kind for wrong in fields.check_name("name", name, 40)] == kinds


@given(st.integers(0, 10**10))
def test_every_amount_that_a_form_shows_is_read_back(cents: int) -> None:
    assert fields.euros(f"{cents // 100},{cents % 100:02}") == cents


@given(st.text(max_size=200))
def test_a_line_is_one_line_and_no_text_turns_the_words_after_it(typed: str) -> None:
    line = fields.line(typed)
    assert len(line.splitlines()) <= 1
    assert not set(fields.text(typed)) & (fields.TURNING | {"\0", "\r"})
    assert fields.text(fields.text(typed)) == fields.text(typed)


@pytest.mark.parametrize(
    "typed", ["aicha@example.org", " A.B+c@wijk.example.nl ", "o'brien@example.ie", "é@bücher.example"]
)
def test_an_address_is_taken(typed: str) -> None:
    assert fields.address(typed) == typed.strip()


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "aicha",
        "aicha@",
        "@example.org",
        "a@example",
        "a b@example.org",
        "a@example.org\nBcc: b@example.org",
        "a@example.org,b@example.org",
        "<a@example.org>",
        f"{'a' * 65}@example.org",
        f"a@{'b' * 260}.org",
        "a@b@c.nl",
    ],
)
def test_what_is_no_address_or_more_than_one_is_refused(typed: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        fields.address(typed)


def test_a_text_is_checked() -> None:
    assert fields.check_text("title", "", 5, required=True) == [Wrong("title", "missing")]
    assert fields.check_text("title", "", 5) == []
    assert fields.check_text("title", "zes!!!", 5) == [Wrong("title", "too_long", 5)]
    assert fields.check_text("title", "vijf!", 5) == []


def test_a_date_comes_from_a_browser_or_a_person() -> None:
    assert fields.day("2026-05-12") == fields.day("12-5-2026") == fields.day(" 12/05/2026 ")
    for typed in ("", "morgen", "31-2-2026", "12-5-26"):
        with pytest.raises(ValueError):  # noqa: PT011
            fields.day(typed)


def test_a_number() -> None:
    assert fields.number(" 1.500 ") == 1_500
    for typed in ("", "vijf", "1,5", "1" * 10):
        with pytest.raises(ValueError):  # noqa: PT011
            fields.number(typed)
