"""The audit log: what staff did, and when. Rows are only added, and each holds a hash of the row before it.

Who can write to the file could make the whole chain anew; an earlier head, noted down elsewhere, shows that.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain import database, phases
from domain.database import Database

START = bytes(32)  # stands for the hash before the first row
COMMAND_LINE = 0  # as account_id
WORD = re.compile(r"[A-Za-z0-9_.:+ -]{0,60}")  # of ids, numbers and kinds; no address, nothing of a text
COLUMNS = ("id", "at", "account_id", "process_id", "action", "subject", "detail", "hash")


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the log."""

    id: int
    at: datetime
    account_id: int
    process_id: int | None
    action: str
    subject: str
    detail: dict[str, Any]

    @property
    def opens(self) -> datetime | None:
        """Of a phase that was moved: when it opens from then on."""
        return self.moment("new opens")

    @property
    def closes(self) -> datetime | None:
        return self.moment("new closes")

    def moment(self, name: str) -> datetime | None:
        return phases.from_text(self.detail[name]) if name in self.detail else None


@dataclass(frozen=True, slots=True)
class Checked:
    """What `check` found: how many rows, the hash of the last, and the id of the first that doesn't fit, if any.

    `head_found`: an earlier head, given to `check`, is still in the chain.
    """

    rows: int
    head_hex: str
    broken_at: int | None
    head_found: bool = True

    @property
    def whole(self) -> bool:
        return self.broken_at is None and self.head_found


def record(
    db: Database,
    account_id: int,
    process_id: int | None,
    action: str,
    subject: str,
    now: datetime,
    **detail: Any,
) -> None:
    """Add a row, inside the write that does what it tells. Account 0 is the command line.

    Raises ValueError for what could be personal: a purge must leave the log whole, so it names ids, numbers and kinds.
    """
    for text in words_in([action, subject, detail]):
        if not WORD.fullmatch(text):
            raise ValueError(f"not for the audit log: {text!r}")
    last = db.execute("SELECT id, hash FROM audit_log ORDER BY id DESC LIMIT 1").fetchone() or (0, START)
    row = {
        "id": last[0] + 1,
        "at": phases.to_text(now),
        "account_id": account_id,
        "process_id": process_id,
        "action": action,
        "subject": subject,
        "detail": json.dumps(detail, sort_keys=True, separators=(",", ":")),
    }
    database.insert(db, "audit_log", row | {"hash": next_hash(last[1], tuple(row.values()))})


def words_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from words_in([*value, *value.values()])
    elif isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from words_in(each)


def next_hash(before: bytes, row: tuple[Any, ...]) -> bytes:
    """SHA-256 of the hash before and the canonical JSON of the row, its columns in the order of the schema."""
    return hashlib.sha256(before + json.dumps(row, separators=(",", ":")).encode()).digest()


def check(db: Database, head: bytes | None = None) -> Checked:
    """Follow the whole chain, a row at a time. `head`: the hash of a row that must be in it."""
    rows, before, broken_at, found = 0, START, None, head is None
    for *row, hash_ in db.execute(f"SELECT {', '.join(COLUMNS)} FROM audit_log ORDER BY id"):
        rows += 1
        if broken_at is None and (row[0] != rows or hash_ != next_hash(before, tuple(row))):
            broken_at = row[0]
        before = hash_
        found = found or hash_ == head
    return Checked(rows, before.hex(), broken_at, found)


def page(db: Database, process_ids: list[int] | None, limit: int, before: int | None = None) -> list[Entry]:
    """At most `limit` rows, the last first, older than row `before`; None for the rows of every process and of none."""
    where, values = chosen(process_ids)
    rows = db.execute(
        f"SELECT {', '.join(COLUMNS[:-1])} FROM audit_log WHERE {where} AND (:before IS NULL OR id < :before) "
        "ORDER BY id DESC LIMIT :limit",
        {**values, "before": before, "limit": limit},
    )
    return [
        Entry(id_, phases.from_text(at), account_id, process_id, action, subject, json.loads(detail))
        for id_, at, account_id, process_id, action, subject, detail in rows
    ]


def rows(db: Database, process_ids: list[int] | None) -> Iterator[tuple[Any, ...]]:
    """Those rows as they stand, COLUMNS, the first first; the hash in hexadecimal."""
    where, values = chosen(process_ids)
    for *row, hash_ in db.execute(f"SELECT {', '.join(COLUMNS)} FROM audit_log WHERE {where} ORDER BY id", values):
        yield (*row, hash_.hex())


def chosen(process_ids: list[int] | None) -> tuple[str, dict[str, Any]]:
    if process_ids is None:
        return "1", {}
    return "process_id IN (SELECT value FROM json_each(:processes))", {"processes": json.dumps(process_ids)}
