"""How amounts, numbers, dates and texts stand on a page, per language."""

import re
from collections.abc import Callable, Iterator
from datetime import date as calendar_day
from datetime import datetime, timedelta
from datetime import time as clock
from decimal import Decimal
from functools import lru_cache

import nh3
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_decimal, get_currency_symbol
from jinja2.utils import urlize
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markupsafe import Markup, escape

from domain.phases import HERE, Phase, from_text

DATE = {"nl": "d MMMM y", "en": "d MMMM y"}
DATE_TIME = {"nl": "d MMMM y 'om' HH.mm 'uur'", "en": "d MMMM y 'at' HH:mm"}
TIME = {"nl": "HH.mm", "en": "HH:mm"}
DAY = {"nl": "EEEE d MMMM", "en": "EEEE d MMMM"}
GAP = {"nl": "\u00a0", "en": ""}  # between the symbol and the amount
SEPARATORS = {"nl": str.maketrans(",.", ".,"), "en": str.maketrans("", "")}


@lru_cache(maxsize=4096)
def money(cents: int | Decimal, currency: str, language: str) -> str:
    """€ 1.500, and € 1.500,50 only where there are cents."""
    # Not by a pattern of Babel: that takes ten times as long, and nearly every hand-in has a total of its own.
    amount = f"{Decimal(cents) / 100:,.{2 if cents % 100 else 0}f}"
    return symbol(currency, language) + GAP[language] + amount.translate(SEPARATORS[language])


@lru_cache(maxsize=512)
def symbol(currency: str, language: str) -> str:
    return get_currency_symbol(currency, locale=language)


@lru_cache(maxsize=4096)
def number(value: int | Decimal, language: str) -> str:
    return format_decimal(value, locale=language)


def date(moment: datetime, language: str) -> str:
    return day_in_full(moment.astimezone(HERE).date(), language)


@lru_cache(maxsize=4096)
def day_in_full(day: calendar_day, language: str) -> str:
    return format_date(day, DATE[language], locale=language)


def date_of(text: str, language: str) -> str:
    """The day of what the database keeps: a local date, or a moment in UTC."""
    return date(from_text(text) if len(text) > 10 else datetime.fromisoformat(text).replace(tzinfo=HERE), language)


@lru_cache(maxsize=4096)
def date_time(moment: datetime, language: str) -> str:
    return format_datetime(moment, DATE_TIME[language], tzinfo=HERE, locale=language)


@lru_cache(maxsize=4096)
def day(moment: datetime, language: str) -> str:
    return format_datetime(moment, DAY[language], tzinfo=HERE, locale=language)


def until(moment: datetime, language: str, gettext: Callable[[str], str]) -> str:
    """“tot en met 13 december 2026” for what ends at midnight: nobody reads 14 december, 0.00 uur rightly."""
    if midnight(moment):
        return gettext("tot en met %(day)s") % {"day": date(moment - timedelta(seconds=1), language)}
    return gettext("tot %(moment)s") % {"moment": date_time(moment, language)}


def period(phase: Phase, language: str, gettext: Callable[[str], str]) -> str:
    """“1 mei 2026 tot en met 31 mei 2026”, and of one day “1 mei 2026, 19.00–21.30 uur”, or that day alone."""
    first, last = date(phase.opens_at, language), date(phase.last_day, language)
    if first != last:
        return gettext("%(first)s tot en met %(last)s") % {"first": first, "last": last}
    return first + hours(phase, language, gettext)


def when(phase: Phase, language: str, gettext: Callable[[str], str]) -> str:
    """The same in a sentence that says until when: “tot en met zondag 31 mei”, “alleen op vrijdag 1 mei”."""
    last = day(phase.last_day, language)
    if day(phase.opens_at, language) == last:
        return gettext("alleen op %(day)s") % {"day": last} + hours(phase, language, gettext)
    if midnight(phase.closes_at):
        return gettext("tot en met %(day)s") % {"day": last}
    return gettext("tot %(day)s om %(time)s uur") % {"day": last, "time": time_of(phase.closes_at, language)}


def hours(phase: Phase, language: str, gettext: Callable[[str], str]) -> str:
    """“, 19.00–21.30 uur” behind the day of a phase that doesn't take all of it."""
    if midnight(phase.opens_at) and midnight(phase.closes_at):
        return ""
    closes = "24" + time_of(phase.closes_at, language)[2:] if midnight(phase.closes_at) else ""
    times = {"opens": time_of(phase.opens_at, language), "closes": closes or time_of(phase.closes_at, language)}
    return ", " + gettext("%(opens)s–%(closes)s uur") % times


def time(at: clock, language: str) -> str:
    return format_time(at, TIME[language], locale=language)


def midnight(moment: datetime) -> bool:
    local = moment.astimezone(HERE)
    return (local.hour, local.minute) == (0, 0)


def time_of(moment: datetime, language: str) -> str:
    return time(moment.astimezone(HERE).time(), language)


def paragraphs(text: str) -> Markup:
    """Plain text as paragraphs: a blank line parts them, a line end stays one. Everything is escaped."""
    parts = [part for part in text.replace("\r\n", "\n").split("\n\n") if part.strip()]
    lines = (Markup("<br>").join(escape(line) for line in part.strip().split("\n")) for part in parts)
    return Markup("\n").join(Markup('<p dir="auto">{}</p>').format(line) for line in lines)


def with_links(text: str) -> Markup:
    """Plain text in which addresses of pages are links. Those of people are none: a program that collects them should
    find no more than what somebody typed."""
    return Markup(MAIL_LINK.sub(r"\1", urlize(text, 60, rel="nofollow ugc")))  # noqa: S704 – urlize escapes


MAIL_LINK = re.compile(r'<a href="mailto:[^>]*>(.*?)</a>')


# Of Markdown: paragraphs, line ends, emphasis, lists and links. No headings, pictures, tables, code or HTML.
TAGS = {"p", "br", "em", "strong", "ul", "ol", "li", "a"}
SCHEMES = ("https://", "http://", "mailto:")
ADDRESS = re.compile(r"https?://[^\s<>\"“”‘’]+")


@lru_cache(maxsize=1024)
def markdown(text: str) -> Markup:
    """Limited Markdown as HTML. A link says that we don't vouch for it; an address in the text becomes a link too.

    Whatever the parser makes of it, what stands on the page went through a list of what may (nh3).
    """
    html = nh3.clean(
        reader().render(text),
        tags=TAGS,
        attributes={"a": {"href"}, "ol": {"start"}, "*": set()},
        url_schemes={scheme.rstrip(":/") for scheme in SCHEMES},
        link_rel="nofollow ugc noopener",
        set_tag_attribute_values={"p": {"dir": "auto"}, "li": {"dir": "auto"}},
    )
    return Markup(html)  # noqa: S704


def new_window(html: str) -> Markup:
    """The page with every link opening a window of its own, which can't reach the one it came from."""

    def opening(link: re.Match[str]) -> str:
        rel = "" if " rel=" in link[0] else ' rel="noopener"'
        return f'<a target="_blank"{rel}{link[1]}>'

    return Markup(LINK.sub(opening, html))  # noqa: S704


LINK = re.compile(r"<a((?:\s[^<>]*)?)>")  # in what templates made: texts of people hold no tags


@lru_cache(maxsize=1024)
def excerpt(text: str, most: int) -> str:
    """What stands in the Markdown as one line of plain text, at most `most` characters, cut off between words."""
    line = " ".join("".join(plain(reader().parse(text))).split())
    if len(line) <= most:
        return line
    words = line[:most].rpartition(" ")[0] or line[: most - 1]
    return words.rstrip(" ,;:.") + "…"


def plain(tokens: list[Token]) -> Iterator[str]:
    for token in tokens:
        if token.children:
            yield from plain(token.children)
        else:
            apart = token.block or token.type.endswith("break")  # paragraphs, items and lines
            yield " " if apart else token.content


@lru_cache(maxsize=1)
def reader() -> MarkdownIt:
    reader = MarkdownIt("zero", {"breaks": True})
    reader.enable(["emphasis", "escape", "link", "list", "newline"])
    reader.core.ruler.push("addresses", link_addresses)
    reader.validateLink = lambda url: url.lower().startswith(SCHEMES)  # type: ignore[method-assign]
    return reader


def link_addresses(state: StateCore) -> None:
    """The addresses in the text become links, unless they stand in one already."""
    for token in state.tokens:
        if token.type == "inline":
            depth = 0
            children: list[Token] = []
            for child in token.children or []:
                depth += child.nesting if child.type.startswith("link_") else 0
                children += linked(child) if child.type == "text" and not depth else [child]
            token.children = children


def linked(token: Token) -> Iterator[Token]:
    end = 0
    for match in ADDRESS.finditer(token.content):
        address = shorn(match[0])
        yield text_token(token.content[end : match.start()])
        yield Token("link_open", "a", 1, attrs={"href": address})
        yield text_token(address)
        yield Token("link_close", "a", -1)
        end = match.start() + len(address)
    yield text_token(token.content[end:]) if end else token


def shorn(address: str) -> str:
    """Without the punctuation of the sentence it stands in."""
    while address[-1] in ".,;:!?'*_" or (address[-1] == ")" and address.count(")") > address.count("(")):
        address = address[:-1]
    return address


def text_token(text: str) -> Token:
    return Token("text", "", 0, content=text)
