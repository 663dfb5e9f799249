"""A look: tokens of a house style, read without believing a word of it, and made into colours that can be read."""

import contextlib
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from domain import looks, tokens
from domain.designs.files import fit_token
from domain.logos import prepare, read_answer, size_of
from domain.looks import ACCENT, ACTION, DARK, LIGHT, PAGE, PAIRS, SUBTLE
from domain.photos import NotAPhoto
from domain.tokens import Misfit, Unreadable, colour, font, read

STATIC = Path(__file__).parent.parent / "static"
VALUE = re.compile(r"#[0-9a-f]{6}|[0-9.]+(rem)?|-?[A-Za-z][A-Za-z -]*(, -?[A-Za-z][A-Za-z -]*)*")

COLOURS = st.integers(0, 0xFFFFFF).map("#{:06x}".format)
LOOKS = st.dictionaries(st.sampled_from(tokens.COLOURS), COLOURS)
PIECES = [*"{}();:/*\\\"'<>@!#-, \n\r\t\0é漢%.$", "--basis-color-accent", "url(", "var(--a)", "#fff", "@media", "/*"]
HOSTILE = st.lists(st.sampled_from(PIECES)).map("".join)


# Contrast


@given(LOOKS)
def test_whatever_colours_are_given_every_pair_can_be_read_by_day_and_by_night(colours: dict[str, str]) -> None:
    look = looks.of(colours)
    assert looks.failing(look.light) == []
    assert looks.failing(look.dark) == []
    assert set(look.light) == set(look.dark) == set(tokens.COLOURS)


@given(LOOKS)
def test_what_is_moved_is_told(colours: dict[str, str]) -> None:
    look = looks.of(colours)
    told = {one.name for one in (*look.repairs, *look.refusals)}
    for name, value in colours.items():
        assert look.light[name] == value or name in told
    assert told <= set(colours)


@given(LOOKS, st.sampled_from([pair for pair in PAIRS if pair.least == looks.TEXT]))
def test_a_repair_is_the_smallest_that_will_do(colours: dict[str, str], pair: looks.Pair) -> None:
    look = looks.of(colours)
    if pair.front == looks.ON_MARK or pair.front not in colours or look.light[pair.front] == colours[pair.front]:
        return
    bare = look.light[pair.front] in ("#000000", "#ffffff")
    fails_before = min(
        looks.contrast(look.light[each.front], look.light[each.back]) / each.least
        for each in PAIRS
        if each.front == pair.front
    )
    assert bare or fails_before < 1.15  # in one of the pairs there is hardly more than is asked


def test_our_own_look_needs_no_repair_and_is_that_of_the_style_sheet() -> None:
    css = (STATIC / "wijkbudget.css").read_text("utf-8")
    light, dark = css.split("@media (prefers-color-scheme: dark)")[:2]
    for colours, block in ((LIGHT, light), (DARK, dark)):
        for name, value in colours.items():
            (written,) = re.findall(rf"--{name}: (#[0-9a-f]{{3,6}});", block.split("@supports")[0])
            assert colour(written) == value, name
    look = looks.of({})
    assert {name: look.light[name] for name in LIGHT} == dict(LIGHT)
    assert {name: look.dark[name] for name in DARK} == dict(DARK)
    assert look.plain
    assert (look.repairs, look.refusals) == ((), ())


def test_every_colour_of_the_style_sheets_is_one_of_ours() -> None:
    for name in ("wijkbudget.css", "beheer.css"):
        used = set(re.findall(r"var\(--(basis-(?:color|focus)-[a-z0-9-]+)", (STATIC / name).read_text("utf-8")))
        assert used <= set(tokens.COLOURS), name


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#ffffff", "#000000", 21), ("#767676", "#ffffff", 4.54), ("#ff0000", "#ffffff", 4.0), ("#123456", "#123456", 1)],
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert looks.contrast(one, other) == looks.contrast(other, one) == pytest.approx(ratio, abs=0.01)


def test_yellow_letters_become_darker_and_a_black_page_is_refused() -> None:
    look = looks.of({ACCENT: "#ffe600", PAGE: "#101010", SUBTLE: "#fefefe"})
    (repair,) = look.repairs
    assert (repair.name, repair.darker, repair.made) == (ACCENT, True, look.light[ACTION])
    assert [(one.name, one.kind) for one in look.refusals] == [(PAGE, "too_dark")]
    assert look.light[PAGE] == LIGHT[PAGE]
    assert look.light[SUBTLE] == "#fefefe"


# Reading


THEME = """
@import url("https://evil.example/x.css");
:root, .denhaag-theme {
  --basis-color-accent: hsl(120deg 100% 25%); /* --basis-color-accent: red; } */
  --basis-color-highlight-bg-default: rgb(100% 0% 50%);
  --basis-border-radius-sm: 4px;
  --basis-text-font-family-default: "Comic Sans MS", 'Georgia';
  --basis-text-font-size-md: 99px;
  --basis-focus-color: rgba(0, 0, 0, .5);
  --utrecht-link-color: var(--gemeente-blauw);
  --gemeente-blauw: #00F;
  --basis-color-inverse-bg-default: url(https://evil.example);
  color: red;
}
@media (prefers-color-scheme: dark) { :root { --basis-color-negative-color-default: #111 } }
@font-face { --basis-color-negative-bg-subtle: #fff; src: url(x) }
"""


def test_a_style_sheet_gives_its_tokens_and_says_what_was_left_out() -> None:
    found = read(THEME)
    assert found.tokens == {
        "basis-color-accent": "#008000",
        "basis-color-action-1-color-default": "#0000ff",
        "basis-color-highlight-bg-default": "#ff0080",
        "basis-text-font-family-default": "Georgia, serif",
        "basis-border-radius-sm": "0.25rem",
    }
    assert found.names["basis-color-action-1-color-default"] == "utrecht-link-color"
    assert {one.name: one.reason for one in found.ignored} == {
        "@import": "at_rule",
        "basis-color-inverse-bg-default": "not_a_colour",
        "basis-color-negative-bg-subtle": "at_rule",
        "basis-color-negative-color-default": "dark",
        "basis-focus-color": "see_through",
        "basis-text-font-size-md": "out_of_range",
        "gemeente-blauw": "unknown",
    }


def test_a_file_of_figma_gives_the_same() -> None:
    document: dict[str, Any] = {
        "light": {
            "basis": {
                "color": {
                    "accent": {"$type": "color", "$value": "{basis.color.green}"},
                    "green": {"value": "#080"},
                    "highlight": {
                        "bg-default": {"$value": {"colorSpace": "srgb", "components": [1, 0, 0.5], "alpha": 1}}
                    },
                },
                "border-radius": {"sm": {"$value": {"value": 4, "unit": "px"}}},
                "text": {"font-family": {"default": {"value": ["Comic Sans MS", "Georgia"]}}},
                "focus": {"color": {"value": "{nergens.te.vinden}"}},
            }
        },
        "dark": {"basis": {"color": {"accent": {"value": "#fff"}}}},
        "$themes": ["x"],
    }
    found = read(json.dumps(document))
    assert found.tokens == {
        "basis-color-accent": "#008800",
        "basis-color-highlight-bg-default": "#ff0080",
        "basis-text-font-family-default": "Georgia, serif",
        "basis-border-radius-sm": "0.25rem",
    }
    assert ("basis-focus-color", "loose_end") in {(one.name, one.reason) for one in found.ignored}
    assert read(json.dumps({"basis.color.accent": "#123456"})).tokens == {"basis-color-accent": "#123456"}


@pytest.mark.parametrize(
    "text",
    [
        "--a: var(--b); --b: var(--a); --basis-color-accent: var(--a)",
        json.dumps({"basis": {"color": {"accent": {"value": "{basis.color.accent}"}}}}),
        '{"basis":' * 900 + "1" + "}" * 900,
        "[" * 5000,
        '{"basis": {"color": {"accent": {"value": NaN}}}}',
        '{"basis": {"color": {"accent": {"value": 1e999}}}}',
        "{--basis-color-accent: #fff",
        "/* --basis-color-accent: #fff",
        '"' * 5000,
    ],
)
def test_what_goes_round_or_on_for_ever_ends(text: str) -> None:
    with contextlib.suppress(Unreadable):
        assert all(VALUE.fullmatch(value) for value in read(text).tokens.values())


@pytest.mark.parametrize(
    ("text", "kind"), [("", "empty"), ("  ", "empty"), ("hallo", "nothing_found"), ("x" * 400_001, "too_large")]
)
def test_what_is_no_token_file_says_so(text: str, kind: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read(text)
    assert refused.value.kind == kind


@given(
    st.one_of(
        HOSTILE,
        st.text(),
        st.recursive(
            st.text() | st.floats() | st.none(),
            lambda x: (
                st.lists(x) | st.dictionaries(st.sampled_from(["basis", "color", "accent", "value", "$value", "x"]), x)
            ),
        ).map(json.dumps),
    )
)
def test_no_text_raises_and_nothing_of_it_comes_out(text: str) -> None:
    try:
        found = read(text)
    except Unreadable:
        return
    for name, value in found.tokens.items():
        assert name in tokens.READERS
        assert VALUE.fullmatch(value)
        assert fit_token(value)


@given(st.dictionaries(st.sampled_from([*tokens.READERS, "x"]), HOSTILE | COLOURS | st.sampled_from(["1rem", "Arial"])))
def test_no_value_can_end_a_declaration(given_: dict[str, str]) -> None:
    look = looks.of(given_)
    for part in re.findall(r"\{([^{}]*)\}", looks.sheet(look)):
        for declaration in filter(None, part.split(";")):
            name, _, value = declaration.partition(":")
            assert name.removeprefix("--") in tokens.READERS
            assert VALUE.fullmatch(value)
    assert looks.sheet(look).count("{") == looks.sheet(look).count("}") == 3


@given(LOOKS)
def test_what_is_written_is_read_as_the_same(colours: dict[str, str]) -> None:
    if colours:
        assert read(looks.as_text(colours)).tokens == colours


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("#ABC", "#aabbcc"),
        ("#AABBCCFF", "#aabbcc"),
        ("rgb(0, 128 ,255)", "#0080ff"),
        ("rgb(300 -5 0 / 100%)", "#ff0000"),
        ("hsl(-120, 100%, 50%)", "#0000ff"),
        ("hsla(480deg 100% 50% / 1)", "#00ff00"),
        (" White ", "#ffffff"),
    ],
)
def test_a_colour_is_read_as_css_writes_it(text: str, value: str) -> None:
    assert colour(text) == value


@pytest.mark.parametrize(
    "text", ["", "#ab", "#abcde", "rgb(1,2)", "hsl(1,2,3)", "red;}", "#fff}", "url(#fff)", "#fff80", "#０００"]
)
def test_what_is_no_colour_is_none(text: str) -> None:
    with pytest.raises(Misfit):
        colour(text)


def test_only_fonts_that_people_have_are_taken() -> None:
    assert font("'Rijks Sans', \"Segoe UI\", verdana") == "Segoe UI, Verdana, sans-serif"
    for text in ("Rijks Sans", "sans-serif", "", "Arial;}", "url(x)"):
        with pytest.raises(Misfit):
            font(text)


# Logo


def picture(kind: str, size: tuple[int, int] = (1200, 300)) -> bytes:
    image = Image.new("RGBA" if kind != "JPEG" else "RGB", size)
    image.paste((200, 0, 0), (size[0] // 2, 0, *size))
    file = io.BytesIO()
    image.save(file, kind, exif=b"Exif\0\0secret place")
    return file.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
def test_a_logo_becomes_small_and_keeps_what_is_see_through(kind: str) -> None:
    logo = prepare(picture(kind))
    with Image.open(io.BytesIO(logo.data)) as image:
        assert image.format == "WEBP"
        assert image.size == (logo.width, logo.height) == size_of(logo.data) == (480, 120)
        corner = image.convert("RGBA").getpixel((0, 0))
    assert isinstance(corner, tuple)
    assert corner[3] == (255 if kind == "JPEG" else 0)
    assert b"secret place" not in logo.data
    assert prepare(picture(kind, (40, 20))).width == 40, "nothing is enlarged"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "svg"),
        (b'\xef\xbb\xbf \n<?xml version="1.0"?><svg/>', "svg"),
        (b"", "not_a_photo"),
        (b"GIF89a", "not_a_photo"),
        (picture("PNG")[:200], "broken"),
        (b"x" * 4_000_001, "too_large"),
    ],
)
def test_what_is_no_logo_says_why(data: bytes, kind: str) -> None:
    with pytest.raises(NotAPhoto) as refused:
        prepare(data)
    assert refused.value.kind == kind


@pytest.mark.parametrize("answer", [b"", b"ok", b"ok\0\0\0\4abcd", b"nonsense", b"ok\xff\xff\xff\xff" + b"x" * 50_000])
def test_a_child_that_was_taken_over_is_not_believed(answer: bytes) -> None:
    with pytest.raises(NotAPhoto):
        read_answer(answer)


@pytest.mark.parametrize("text", ['"\\' * 50_000, "'\\" * 50_000, "{" * 50_000 + "--a:b;" * 50_000])
def test_a_file_made_to_be_read_for_ever_is_read(text: str) -> None:
    assert [*tokens.in_css(text)] == []


def test_a_token_with_a_name_of_a_book_is_no_token() -> None:
    assert [*tokens.in_json({"a" * 60_000: {f"k{n}": "#fff" for n in range(10_000)}})] == []
