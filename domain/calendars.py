"""Calendars (agenda’s): events as an iCalendar file, RFC 5545, which calendar programs read in."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from domain import fields

LINE = 75  # bytes (octets), without the line end


@dataclass(frozen=True, slots=True)
class Event:
    """A whole day, or a moment (aware). `uid` is the same for the same event, whenever the file is made."""

    uid: str
    when: date | datetime
    summary: str
    description: str = ""


def written(name: str, events: Iterable[Event], now: datetime) -> bytes:
    """The calendar of that name. Reading it in again moves the events that are there, for they keep their uid."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//wijkbudget//planning//NL", "CALSCALE:GREGORIAN"]
    lines += ["METHOD:PUBLISH", f"X-WR-CALNAME:{escaped(name)}"]
    for event in events:
        lines += lines_of(event, now)
    return b"".join(folded(line) for line in [*lines, "END:VCALENDAR"])


def lines_of(event: Event, now: datetime) -> Iterable[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{escaped(event.uid)}"
    yield f"DTSTAMP:{moment(now)}"
    if isinstance(event.when, datetime):
        yield f"DTSTART:{moment(event.when)}"
    else:
        yield f"DTSTART;VALUE=DATE:{event.when:%Y%m%d}"
        yield f"DTEND;VALUE=DATE:{event.when + timedelta(days=1):%Y%m%d}"
    yield f"SUMMARY:{escaped(event.summary)}"
    if event.description:
        yield f"DESCRIPTION:{escaped(event.description)}"
    yield "TRANSP:TRANSPARENT"  # it doesn't make anybody busy
    yield "END:VEVENT"


def moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def escaped(text: str) -> str:
    """As a value of type TEXT: one line, without control characters."""
    plain = fields.text(text).replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return plain.replace("\n", "\\n").replace("\t", " ")


def folded(line: str) -> bytes:
    """The line in pieces of at most LINE bytes, each next one behind a space; no character is cut in two."""
    pieces, piece = [], b""
    for character in line:
        encoded = character.encode()
        if len(piece) + len(encoded) > LINE:
            pieces.append(piece)
            piece = b" "
        piece += encoded
    return b"\r\n".join([*pieces, piece]) + b"\r\n"
