"""The outbox: mail waiting to go out, and what became of it. Who is told something is decided in the same write as the
thing itself, so neither gets lost without the other."""

import json
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from domain import audit, database, fields, phases
from domain.database import Database

# How long to wait after each try that failed; after the last one the mail has failed: a day, all in all.
WAITS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=12),
)
BATCH = 50
MOST_AGAIN = 500  # at once, by hand
LONGEST_ERROR = 300  # characters
NO_SERVER = "no mail server"  # as error: nothing was tried, staff read the mail and pass it on

# Who holds the link in such a mail gets into an account of the staff, or becomes the resident it was for.
OWNERS_ONLY = (
    *("invitation", "password_reset", "signed_in_elsewhere"),
    *("confirm", "personal_data", "continue_submission", "maker_invited", "plan_entered"),
)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who gets a mail, and in which language (code)."""

    email: str
    language: str = "nl"


@dataclass(frozen=True, slots=True)
class Mail:
    """A row of the outbox. `content` is what the templates of `kind` are filled with; empty once it was sent.

    `message_id` is the part before the @ of the Message-ID; `unsubscribe` a path, or empty.
    """

    id: int
    message_id: str
    kind: str
    recipient: str
    language: str
    content: Mapping[str, Any]
    unsubscribe: str
    process_id: int | None
    created_at: datetime
    next_try_at: datetime
    tries: int
    sent_at: datetime | None
    failed_at: datetime | None
    error: str

    @property
    def status(self) -> str:
        """“waiting”, “sent”, “failed”, or “unsent” where there was no mail server to send it."""
        if self.sent_at:
            return "sent"
        if self.failed_at:
            return "unsent" if self.error == NO_SERVER else "failed"
        return "waiting"


MOST_ASKED = 5  # mails of one kind in an hour, to one address, that strangers can ask for


def asked_enough(db: Database, kind: str, to: Recipient, now: datetime) -> bool:
    """Whether that address got as many mails of that kind in the last hour as anyone may have sent to it."""
    query = "SELECT count(*) FROM outbox WHERE kind = ? AND lower(recipient) = ? AND created_at > ?"
    values = [kind, fields.address(to.email).lower(), phases.to_text(now - timedelta(hours=1))]
    return bool(db.execute(query, values).fetchone()[0] >= MOST_ASKED)


def put(
    db: Database,
    kind: str,
    to: Recipient,
    content: Mapping[str, Any],
    now: datetime,
    *,
    process_id: int | None = None,
    once: str | None = None,
    unsubscribe: str = "",
) -> None:
    """Add a mail, inside the write that gives the reason for it. With the same `once` one recipient gets one mail.

    Raises ValueError for a recipient that is not one address, or an `unsubscribe` that is no path: either could
    become another header.
    """
    email = fields.address(to.email)
    if not email.isprintable():
        raise ValueError("the address holds characters that can't be seen")
    if unsubscribe and not plain_path(unsubscribe):
        raise ValueError("unsubscribe is a path of this site")
    row = {
        "message_id": secrets.token_hex(16),
        "once": f"{once} {email.lower()}" if once else None,
        "kind": kind,
        "recipient": email,
        "language": to.language,
        "content": json.dumps(content),
        "unsubscribe": unsubscribe,
        "process_id": process_id,
        "created_at": phases.to_text(now),
        "next_try_at": phases.to_text(now),
    }
    if once is None or not db.execute("SELECT 1 FROM outbox WHERE once = ?", [row["once"]]).fetchone():
        database.insert(db, "outbox", row)


def plain_path(path: str) -> bool:
    return path.startswith("/") and path.isascii() and path.isprintable() and not set(path) & set(' <>\\"')


def due(db: Database, now: datetime, limit: int = BATCH) -> list[Mail]:
    """The mail that may be tried now, the one that waits longest first."""
    rows = db.query(
        f"SELECT {COLUMNS} FROM outbox WHERE sent_at IS NULL AND failed_at IS NULL AND next_try_at <= ? "
        "ORDER BY next_try_at, id LIMIT ?",
        [phases.to_text(now), limit],
    )
    return [mail_from(row) for row in rows]


COLUMNS = (
    "id, message_id, kind, recipient, language, content, unsubscribe, process_id, created_at, next_try_at, tries, "
    "sent_at, failed_at, error"
)


def mail_from(row: Mapping[str, Any]) -> Mail:
    moments = {
        name: phases.from_text(row[name]) if row[name] else None
        for name in ("created_at", "next_try_at", "sent_at", "failed_at")
    }
    return Mail(**{**row, **moments, "content": json.loads(row["content"])})


def sent(db: Database, mail_id: int, now: datetime) -> None:
    """The mail server took it: what it said is not kept."""
    db.execute(
        "UPDATE outbox SET sent_at = ?, tries = tries + 1, content = '{}', error = '' WHERE id = ?",
        [phases.to_text(now), mail_id],
    )


def later(db: Database, mail_id: int, error: str, now: datetime) -> None:
    """It didn't work, but may do so at another time; after the last try it has failed."""
    row = db.execute("SELECT tries FROM outbox WHERE id = ?", [mail_id]).fetchone()
    if row is None:  # its recipient had themselves forgotten meanwhile
        return
    tries = row[0]
    failed = tries >= len(WAITS)
    db.execute(
        "UPDATE outbox SET tries = tries + 1, next_try_at = ?, failed_at = ?, error = ? WHERE id = ?",
        [
            phases.to_text(now if failed else now + WAITS[tries]),
            phases.to_text(now) if failed else None,
            error[:LONGEST_ERROR],
            mail_id,
        ],
    )


def all_later(db: Database, mail_ids: Iterable[int], error: str, now: datetime) -> None:
    for mail_id in mail_ids:
        later(db, mail_id, error, now)


def refused(db: Database, mail_id: int, error: str, now: datetime) -> None:
    """The mail server will never take it for this recipient."""
    db.execute(
        "UPDATE outbox SET tries = tries + 1, failed_at = ?, error = ? WHERE id = ?",
        [phases.to_text(now), error[:LONGEST_ERROR], mail_id],
    )


def unsent(db: Database, mail_ids: Iterable[int], now: datetime) -> None:
    """There is no mail server: staff read these under /beheer/post."""
    db.conn.executemany(
        "UPDATE outbox SET failed_at = ?, error = ? WHERE id = ?",
        [(phases.to_text(now), NO_SERVER, mail_id) for mail_id in mail_ids],
    )


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose mail somebody of the staff may see: everything, or that of these processes and of no process."""

    everything: bool
    process_ids: Collection[int] = ()

    def where(self) -> tuple[str, dict[str, Any]]:
        if self.everything:
            return "1", {}
        return (
            "((process_id IS NULL OR process_id IN (SELECT value FROM json_each(:processes))) "
            "AND kind NOT IN (SELECT value FROM json_each(:owners)))",
            {"processes": json.dumps(sorted(self.process_ids)), "owners": json.dumps(OWNERS_ONLY)},
        )


FAILED = "failed_at IS NOT NULL AND error != :no_server"


def page(db: Database, reader: Reader, limit: int, *, failed: bool = False, before: int | None = None) -> list[Mail]:
    """At most `limit` mails, the newest first, older than mail `before`."""
    where, values = reader.where()
    rows = db.query(
        f"SELECT {COLUMNS} FROM outbox WHERE {where} AND (:before IS NULL OR id < :before) "
        f"AND (NOT :failed OR {FAILED}) ORDER BY id DESC LIMIT :limit",
        {**values, "before": before, "limit": limit, "failed": failed, "no_server": NO_SERVER},
    )
    return [mail_from(row) for row in rows]


def find(db: Database, reader: Reader, mail_id: int) -> Mail | None:
    """That mail, if it is there and they may see it."""
    where, values = reader.where()
    row = next(db.query(f"SELECT {COLUMNS} FROM outbox WHERE {where} AND id = :id", {**values, "id": mail_id}), None)
    return mail_from(row) if row else None


def count_failed(db: Database, reader: Reader) -> int:
    """How many mails the mail server refused or that were given up."""
    where, values = reader.where()
    query = f"SELECT count(*) FROM outbox WHERE {where} AND {FAILED}"
    return int(db.execute(query, {**values, "no_server": NO_SERVER}).fetchone()[0])


def again(db: Database, reader: Reader, mail_id: int, account_id: int, now: datetime) -> bool:
    """Somebody of the staff has a mail that failed tried from the start. False where there is none for them."""
    mail = find(db, reader, mail_id)
    if mail is None or mail.failed_at is None:
        return False
    start_over(db, mail, account_id, now)
    return True


def all_again(db: Database, reader: Reader, account_id: int, now: datetime) -> int:
    """The same for every mail that failed and that they may see. How many."""
    mails = page(db, reader, MOST_AGAIN, failed=True)
    for mail in mails:
        start_over(db, mail, account_id, now)
    return len(mails)


def start_over(db: Database, mail: Mail, account_id: int, now: datetime) -> None:
    db.execute(
        "UPDATE outbox SET failed_at = NULL, tries = 0, next_try_at = ?, error = '' WHERE id = ?",
        [phases.to_text(now), mail.id],
    )
    audit.record(db, account_id, mail.process_id, "mail.again", f"mail {mail.id}", now)
