"""How amounts, numbers, dates and plain text stand on a page, per language."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from babel.dates import format_datetime
from babel.numbers import format_decimal, get_currency_symbol
from markupsafe import Markup, escape

from domain.phases import HERE

DATE = {"nl": "d MMMM y", "en": "d MMMM y"}
DATE_TIME = {"nl": "d MMMM y 'om' HH.mm 'uur'", "en": "d MMMM y 'at' HH:mm"}
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


def number(value: int | Decimal, language: str) -> str:
    return format_decimal(value, locale=language)


@lru_cache(maxsize=4096)
def date(moment: datetime, language: str) -> str:
    return format_datetime(moment, DATE[language], tzinfo=HERE, locale=language)


@lru_cache(maxsize=4096)
def date_time(moment: datetime, language: str) -> str:
    return format_datetime(moment, DATE_TIME[language], tzinfo=HERE, locale=language)


@lru_cache(maxsize=4096)
def day(moment: datetime, language: str) -> str:
    return format_datetime(moment, DAY[language], tzinfo=HERE, locale=language)


def until(moment: datetime, language: str, gettext: Callable[[str], str]) -> str:
    """“tot en met 13 december 2026” for what ends at midnight: nobody reads 14 december, 0.00 uur rightly."""
    local = moment.astimezone(HERE)
    if (local.hour, local.minute) == (0, 0):
        return gettext("tot en met %(day)s") % {"day": date(moment - timedelta(seconds=1), language)}
    return gettext("tot %(moment)s") % {"moment": date_time(moment, language)}


def paragraphs(text: str) -> Markup:
    """Plain text as paragraphs: a blank line parts them, a line end stays one. Everything is escaped."""
    parts = [part for part in text.replace("\r\n", "\n").split("\n\n") if part.strip()]
    lines = (Markup("<br>").join(escape(line) for line in part.strip().split("\n")) for part in parts)
    return Markup("\n").join(Markup('<p dir="auto">{}</p>').format(line) for line in lines)
