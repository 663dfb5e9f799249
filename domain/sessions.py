"""Sessions of staff: which browser is signed in as whom, and what they may do. The cookie holds a token, the database
its hash."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain import audit, database, phases
from domain.database import Database

IDLE = timedelta(hours=8)
LONGEST = timedelta(days=7)
HALF = timedelta(minutes=10)  # between the password and the second factor
SEEN_EVERY = timedelta(minutes=5)  # a page is not worth a write
ROLES = ("beheerder", "toetser", "moderator", "stemhulp")


class NotAllowed(Exception):
    """Signed in, but without the role that this asks for."""


@dataclass(frozen=True, slots=True)
class Staff:
    """Somebody with an account, in one session. `roles` by process id, as the database has them now.

    `code_needed`: gave the password but not yet the second factor. `setting_up`: must have one and has none.
    `may_design`: may make a new process, though perhaps without a role in one.
    """

    id: int
    name: str
    email: str
    owner: bool
    roles: Mapping[int, frozenset[str]]
    session_id: int
    seen_at: datetime
    code_needed: bool = False
    setting_up: bool = False
    may_design: bool = False

    def may(self, process_id: int, *roles: str) -> bool:
        """Has one of these roles in that process; any role where none is named. A beheerder may do everything in
        their process, the owner everything everywhere."""
        own = self.roles.get(process_id, frozenset())
        return self.owner or "beheerder" in own or bool(own.intersection(roles) if roles else own)

    def may_anywhere(self, *roles: str) -> bool:
        return self.owner or any(self.may(process_id, *roles) for process_id in self.roles)

    @property
    def designs(self) -> bool:
        """May make a new process: who was given that, who is beheerder of one, and the owner."""
        return self.may_design or self.may_anywhere("beheerder")

    @property
    def managed(self) -> frozenset[int]:
        """The processes they are beheerder of, by id; for the owner that is no answer, see `may`."""
        return frozenset(process_id for process_id, own in self.roles.items() if "beheerder" in own)


@dataclass(frozen=True, slots=True)
class Session:
    """A session as its owner sees it in the list."""

    id: int
    device: str
    created_at: datetime
    seen_at: datetime


def start(
    db: Database,
    account_id: int,
    device: str,
    now: datetime,
    *,
    second_factor: bool = False,
    lasts: timedelta = LONGEST,
) -> str:
    """A new token for the cookie. `second_factor`: it was given too."""
    token = secrets.token_urlsafe(32)
    row = {
        "hash": hash_of(token),
        "account_id": account_id,
        "device": device,
        "second_factor": int(second_factor),
        "created_at": phases.to_text(now),
        "seen_at": phases.to_text(now),
        "expires_at": phases.to_text(now + lasts),
    }
    database.insert(db, "staff_sessions", row)
    return token


def find(db: Database, token: str, now: datetime) -> Staff | None:
    """Whose session that is, if it has not ended and the account is not disabled."""
    values = {
        "hash": hash_of(token),
        "now": phases.to_text(now),
        "idle": phases.to_text(now - IDLE),
    }
    row = db.execute(FIND, values).fetchone()
    if row is None:
        return None
    account_id, name, email, owner, session_id, seen_at, code_needed, setting_up, may_design = row
    return Staff(
        account_id,
        name,
        email,
        bool(owner),
        roles_of(db, account_id),
        session_id,
        phases.from_text(seen_at),
        bool(code_needed),
        bool(setting_up),
        bool(may_design),
    )


FIND = """
SELECT accounts.id, name, email, owner, staff_sessions.id, seen_at, totp IS NOT NULL AND NOT second_factor,
       totp IS NULL AND EXISTS (SELECT 1 FROM site_options WHERE site_options.name = 'totp_required' AND value = 'yes'),
       may_design
FROM staff_sessions JOIN accounts ON accounts.id = account_id
WHERE hash = :hash AND expires_at > :now AND seen_at > :idle AND disabled_at IS NULL
"""


def roles_of(db: Database, account_id: int) -> dict[int, frozenset[str]]:
    found: dict[int, set[str]] = {}
    for process_id, role in db.execute("SELECT process_id, role FROM roles WHERE account_id = ?", [account_id]):
        found.setdefault(process_id, set()).add(role)
    return {process_id: frozenset(roles) for process_id, roles in found.items()}


def seen(db: Database, session_id: int, now: datetime) -> None:
    db.execute("UPDATE staff_sessions SET seen_at = ? WHERE id = ?", [phases.to_text(now), session_id])


def of_account(db: Database, account_id: int, now: datetime) -> list[Session]:
    """The sessions of that account that have not ended, the one used last first."""
    rows = db.execute(
        "SELECT id, device, created_at, seen_at FROM staff_sessions "
        "WHERE account_id = ? AND expires_at > ? AND seen_at > ? ORDER BY seen_at DESC, id DESC",
        [account_id, phases.to_text(now), phases.to_text(now - IDLE)],
    )
    return [Session(id_, device, phases.from_text(made), phases.from_text(seen)) for id_, device, made, seen in rows]


def end(db: Database, account_id: int, session_id: int) -> bool:
    """End that session, if it is one of that account; whether there was one to end."""
    ended = "DELETE FROM staff_sessions WHERE id = ? AND account_id = ?"
    return db.execute(ended, [session_id, account_id]).rowcount == 1


def end_token(db: Database, token: str) -> None:
    db.execute("DELETE FROM staff_sessions WHERE hash = ?", [hash_of(token)])


def end_all(db: Database, account_id: int) -> None:
    db.execute("DELETE FROM staff_sessions WHERE account_id = ?", [account_id])


def end_own(db: Database, account_id: int, session_id: int, now: datetime) -> None:
    """Somebody ends a session of theirs, which the audit log says; of another's session nothing happens."""
    if end(db, account_id, session_id):
        audit.record(db, account_id, None, "session_ended", f"account {account_id}", now)


def end_all_own(db: Database, account_id: int, now: datetime) -> None:
    """Somebody ends all sessions of theirs, also the one in which they ask."""
    end_all(db, account_id)
    audit.record(db, account_id, None, "sessions_ended", f"account {account_id}", now)


def start_over(db: Database, account_id: int, device: str, now: datetime) -> str:
    """One new session in the place of all: its token. Who has a second factor has just given it, or gave it before."""
    end_all(db, account_id)
    return start(db, account_id, device, now, second_factor=True)


def purge(db: Database, now: datetime) -> None:
    """Forget the sessions that have ended."""
    values = [phases.to_text(now), phases.to_text(now - IDLE)]
    db.execute("DELETE FROM staff_sessions WHERE expires_at <= ? OR seen_at <= ?", values)


def hash_of(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
