"""Residents (bewoners): people who showed who they are, by mail or by stemcode, and the sessions of their browsers."""

import contextlib
import hashlib
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain import database, phases
from domain.database import Database
from domain.phases import HERE
from domain.secret import keyed_hash

SESSION = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Resident:
    """`email` is None unless they make a plan, follow one or asked for mail; `name` is the one they chose, or empty.

    `code_of` is the process whose stemcode they gave; 0 for who confirmed an address.
    """

    id: int
    name: str
    email: str | None
    language: str
    code_of: int = 0


def normal_address(email: str) -> str:
    """The address as it is kept: without spaces around it, in lower case."""
    return email.strip().lower()


def mailbox(email: str) -> str:
    """The address as residents are told apart: one for each mailbox, however it is written.

    In lower case, its domain as mail servers know it, and without “+tag”, which leads to the same mailbox.
    """
    name, _, domain = unicodedata.normalize("NFKC", email).strip().lower().rpartition("@")
    with contextlib.suppress(UnicodeError):
        domain = domain.encode("idna").decode()
    return f"{name.partition('+')[0] or name}@{domain}"


def key_of_address(secret: bytes, email: str) -> bytes:
    return keyed_hash(secret, "resident", 0, mailbox(email))


def key_of_code(secret: bytes, process_id: int, code: str) -> bytes:
    """For who supports with a stemcode: without the secret nobody can tell which row of the roll it is."""
    return keyed_hash(secret, "code holder", process_id, code)


def arrived(db: Database, key: bytes, language: str, now: datetime) -> int:
    """The id of the resident with that key, who is here now; a new one where there was none."""
    today = now.astimezone(HERE).date().isoformat()
    row = db.execute("SELECT id FROM residents WHERE key = ?", [key]).fetchone()
    if row:
        db.execute("UPDATE residents SET seen_on = ?, language = ? WHERE id = ?", [today, language, row[0]])
        return int(row[0])
    return database.insert(db, "residents", {"key": key, "language": language, "seen_on": today})


def keep_address(db: Database, resident_id: int, email: str) -> None:
    """They get mail from now on, to the address they confirmed."""
    db.execute("UPDATE residents SET email = ? WHERE id = ?", [normal_address(email), resident_id])


def start_session(db: Database, resident_id: int, now: datetime, code_of: int = 0) -> str:
    """A new token for the cookie of a browser; the database keeps its hash. `code_of` as in Resident: it is part of
    the token, so whoever changes it has a token that nobody knows."""
    token = f"{code_of}.{secrets.token_urlsafe(24)}"
    row = {"hash": hash_of(token), "resident_id": resident_id, "expires_at": phases.to_text(now + SESSION)}
    database.insert(db, "resident_sessions", row)
    return token


def end_session(db: Database, token: str) -> None:
    db.execute("DELETE FROM resident_sessions WHERE hash = ?", [hash_of(token)])


def of_session(db: Database, token: str, now: datetime) -> Resident | None:
    """Whose browser holds that token, if the session has not ended."""
    row = db.execute(
        "SELECT residents.id, name, email, language FROM resident_sessions "
        "JOIN residents ON residents.id = resident_id WHERE hash = ? AND expires_at > ?",
        [hash_of(token), phases.to_text(now)],
    ).fetchone()
    if row is None:
        return None
    id_, name, email, language = row
    return Resident(id_, name, email, language, code_of=int(token.partition(".")[0]))


def hash_of(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
