"""Phases of a process (fasen): kind, dates and text. A phase is open because its dates say so."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.database import Database

HERE = ZoneInfo("Europe/Amsterdam")
FIRST_YEAR, LAST_YEAR = 2000, 2100


def to_text(moment: datetime) -> str:
    """The way times stand in the database: UTC, whole seconds, sortable as text."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def from_text(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


class NoSuchTime(ValueError):
    """That hour is skipped when the clock goes forward."""


def moment(day: date, at: time, before: datetime | None = None) -> datetime:
    """That time in the Netherlands, in UTC. Raises NoSuchTime, and ValueError for a year nobody means.

    Of the hour that comes twice in autumn it is the first, unless `before`, which a form showed to the minute, was
    the second; its seconds stay too.
    """
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(day)
    local = datetime.combine(day, at, HERE)
    if before is not None and before.astimezone(HERE).replace(second=0, tzinfo=None, fold=0) == local.replace(
        tzinfo=None
    ):
        return before
    if local.astimezone(UTC).astimezone(HERE).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise NoSuchTime(local)
    return local.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Phase:
    """Open from `opens_at` up to, and not including, `closes_at` (aware UTC)."""

    kind: str
    opens_at: datetime
    closes_at: datetime
    text: str = ""
    reactions_allowed: bool = True

    def open(self, now: datetime) -> bool:
        return self.opens_at <= now < self.closes_at

    @property
    def last_day(self) -> datetime:
        """A moment on the last day the phase is open: what closes at midnight is open until the day before."""
        return self.closes_at - timedelta(seconds=1)


def load(db: Database, process_id: int) -> tuple[Phase, ...]:
    """The phases of a process in the order in which they open."""
    rows = db.query(
        "SELECT kind, opens_at, closes_at, text, reactions_allowed FROM phases WHERE process_id = ? "
        "ORDER BY opens_at, closes_at",
        [process_id],
    )
    return tuple(
        Phase(
            row["kind"],
            from_text(row["opens_at"]),
            from_text(row["closes_at"]),
            row["text"],
            bool(row["reactions_allowed"]),
        )
        for row in rows
    )


def insert(db: Database, process_id: int, phases: list[Phase]) -> None:
    db.table("phases").insert_all(
        {
            "process_id": process_id,
            "kind": phase.kind,
            "opens_at": to_text(phase.opens_at),
            "closes_at": to_text(phase.closes_at),
            "text": phase.text,
            "reactions_allowed": int(phase.reactions_allowed),
        }
        for phase in phases
    )
