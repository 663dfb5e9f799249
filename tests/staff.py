"""The people behind /beheer. Olga owns the site; Bea, Tessa, Mo and Stef work for Bezuidenhout, each with one role.

Nina is beheerder of another process: here she must be refused. Dirk may make a new process, and has no role in one.
"""

from dataclasses import dataclass
from datetime import datetime

from litestar.testing import TestClient

from domain import database, phases, sessions
from domain.database import Database, writing
from domain.processes import Process
from tests.cast import NOW

COOKIE = "beheer"
DOMAIN = "testserver.local"


@dataclass(frozen=True)
class StaffMember:
    """Somebody with an account; `role` is one of sessions.ROLES, “owner” or “designer”."""

    name: str
    role: str

    @property
    def email(self) -> str:
        return address_of(self.name)


OLGA = StaffMember("Olga", "owner")
BEA, TESSA = StaffMember("Bea", "beheerder"), StaffMember("Tessa", "toetser")
MO, STEF = StaffMember("Mo", "moderator"), StaffMember("Stef", "stemhulp")
NINA = StaffMember("Nina", "beheerder")  # of another process
DIRK = StaffMember("Dirk", "designer")  # a volunteer of a buurt that has no process yet
COLLEAGUES = (OLGA, BEA, TESSA, MO, STEF)
NAMES = {member.role: member.name for member in COLLEAGUES}


def address_of(name: str) -> str:
    return f"{name.lower()}@gemeente.example"


def sign_in(
    client: TestClient,
    db: Database,
    secret: bytes,
    process: Process | None,
    role: str = "",
    name: str = "",
    now: datetime = NOW,
) -> int:
    """Give the browser a session of somebody with that role in that process (“owner”: of the site; “designer”: may make
    one; empty: none).

    Returns the account's id. The same name is the same account.
    """
    with writing(db):
        account_id = account(db, name or NAMES.get(role, "Nobody"), role == "owner", now, may_design=role == "designer")
        if process and role in sessions.ROLES:
            give(db, account_id, process, role)
        token = sessions.start(db, account_id, "Firefox op Linux", now)
    sign_out(client)
    client.cookies.set(COOKIE, token, domain=DOMAIN, path="/beheer")
    return account_id


def sign_in_as(client: TestClient, db: Database, secret: bytes, process: Process | None, who: StaffMember) -> int:
    return sign_in(client, db, secret, process, who.role, who.name)


def sign_out(client: TestClient) -> None:
    """The browser forgets the cookie; the session stays."""
    if client.cookies.get(COOKIE, domain=DOMAIN, path="/beheer"):
        client.cookies.delete(COOKIE, domain=DOMAIN, path="/beheer")


def account(db: Database, name: str, owner: bool = False, now: datetime = NOW, **changes: object) -> int:
    """The id of that person's account, made where there is none yet; it has no password. Inside a write."""
    row = db.execute("SELECT id FROM accounts WHERE email = ?", [address_of(name)]).fetchone()
    if row:
        return int(row[0])
    columns = {"email": address_of(name), "name": name, "owner": int(owner), "created_at": phases.to_text(now)}
    return database.insert(db, "accounts", columns | changes)


def give(db: Database, account_id: int, process: Process, role: str) -> None:
    values = [account_id, process.id, role]
    db.execute("INSERT OR IGNORE INTO roles (account_id, process_id, role) VALUES (?, ?, ?)", values)
