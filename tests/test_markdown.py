"""Markdown in descriptions: a little of it, and whatever is typed, nothing else gets on the page."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routes.formats import excerpt, markdown

ALLOWED: dict[str, set[str]] = {
    "p": {"dir"},
    "li": {"dir"},
    "a": {"href", "rel"},
    "ol": {"start"},
    **{name: set() for name in ("br", "em", "strong", "ul")},
}


class Strict(HTMLParser):
    """Fails on every tag and attribute that may not be there."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED
        values = dict(attrs)
        assert set(values) <= ALLOWED[tag]
        assert values.get("dir", "auto") == "auto"
        assert (values.get("start") or "1").isdigit()
        if tag == "a" and "href" in values:
            assert (values["href"] or "").lower().startswith(("http://", "https://", "mailto:"))
            assert values["rel"] == "nofollow ugc noopener"

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


def test_paragraphs_and_line_ends():
    assert markdown("Een bankje\nonder de bomen.\n\nEn nog een.") == (
        '<p dir="auto">Een bankje<br>\nonder de bomen.</p>\n<p dir="auto">En nog een.</p>\n'
    )


def test_emphasis_and_lists():
    assert "<em>samen</em> en <strong>snel</strong>" in markdown("*samen* en **snel**")
    assert markdown("- bank\n- boom") == '<ul>\n<li dir="auto">bank</li>\n<li dir="auto">boom</li>\n</ul>\n'
    assert '<ol start="3">' in markdown("3. bank\n4. boom")


REL = 'rel="nofollow ugc noopener"'


@pytest.mark.parametrize(
    ("text", "href", "shown"),
    [
        ("[de wijk](https://example.org/a?b=1&c=2)", "https://example.org/a?b=1&amp;c=2", "de wijk"),
        ("[mail](mailto:aicha@example.org)", "mailto:aicha@example.org", "mail"),
        ("Kijk op https://example.org/plan.", "https://example.org/plan", "https://example.org/plan"),
        ("(zie http://example.org/a_(b))", "http://example.org/a_(b)", "http://example.org/a_(b)"),
        ("**https://example.org**", "https://example.org", "https://example.org"),
    ],
)
def test_links(text, href, shown):
    html = markdown(text)
    assert f'<a href="{href}" {REL}>{shown}</a>' in html
    assert html.count("<a ") == 1


def test_an_address_in_a_link_is_no_link_in_a_link():
    assert markdown("[https://a.example](https://b.example)").count("<a ") == 1


NO_LINKS = [
    "[klik](javascript:alert(1))",
    "[klik](JaVaScRiPt:alert(1))",
    "[klik](java\tscript:alert(1))",
    "[klik](&#106;avascript:alert(1))",
    "[klik](data:text/html;base64,PHNjcmlwdD4=)",
    "[klik](vbscript:x)",
    "[klik](//example.org)",
    "[klik](/beheer)",
    "[klik](file:///etc/passwd)",
    "![foto](https://example.org/telt-u.gif)",
]


@pytest.mark.parametrize("text", NO_LINKS[:-1])
def test_a_link_to_something_else_stays_text(text):
    assert "<a" not in markdown(text)


def test_a_picture_of_elsewhere_is_never_loaded():
    assert "<img" not in markdown(NO_LINKS[-1])


@pytest.mark.parametrize(
    "text",
    ["# Kop", "Kop\n===", "```\ncode\n```", "    code", "`code`", "> citaat", "---", "| a | b |\n|---|---|\n| 1 | 2 |"],
)
def test_what_is_not_of_ours_stands_as_it_was_typed(text):
    html = markdown(text)
    assert {tag for tag in ("<h", "<pre", "<code", "<blockquote", "<hr", "<table") if tag in html} == set()
    assert text.split()[0][0] in html


ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "<!-- --><svg/onload=alert(1)>",
    '[x](https://example.org/"onmouseover=alert(1))',
    "[x](https://example.org 'titel\" onclick=\"alert(1)')",
    'https://example.org/"onmouseover="alert(1)',
    "<https://example.org>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "**<b>**</b>",
    "\0<\0script>",
    "1. " * 50,
    "[" * 500 + "](x)" * 500,
    "*" * 2000 + "a" + "_" * 2000,
]


@pytest.mark.parametrize("text", ATTACKS)
def test_html_shows_as_text(text):
    html = markdown(text)
    Strict().feed(html)
    assert "<script" not in html.lower()


PIECES = [
    *ATTACKS[:11],
    *NO_LINKS,
    "https://example.org",
    "**",
    "*",
    "\n",
    "\n\n",
    "- ",
    "1. ",
    "[",
    "](",
    ")",
    "<",
    "&",
]


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=8)), max_size=12).map("".join))
def test_whatever_is_typed_only_what_may_comes_out(text):
    Strict().feed(markdown(text))


def test_an_excerpt_is_plain_text_cut_between_words():
    text = "**Een bankje**\nonder de [bomen](https://example.org).\n\n- en een boom\n- en een struik"
    assert excerpt(text, 200) == "Een bankje onder de bomen. en een boom en een struik"
    assert excerpt(text, 20) == "Een bankje onder de…"
    assert excerpt("x" * 50, 10) == "xxxxxxxxx…"
    assert excerpt("", 10) == ""
    assert excerpt("<b>vet</b> & klaar", 50) == "<b>vet</b> & klaar"


@given(st.text(max_size=200), st.integers(min_value=2, max_value=60))
def test_an_excerpt_is_never_longer_than_asked(text, most):
    assert len(excerpt(text, most)) <= most
    assert "\n" not in excerpt(text, most)
