"""Accounts of staff (medewerkers): who has one, how they come to one, and their roles per process."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain import audit, database, links, mails, outbox, phases, second_factors, sessions
from domain.database import Database
from domain.links import Link
from domain.outbox import Recipient
from domain.processes import Process
from domain.residents import normal_address
from domain.sessions import ROLES, NotAllowed

FIRST, INVITATION, RESET = "first_account", "invitation", "password_reset"
FIRST_LASTS, INVITATION_LASTS, RESET_LASTS = timedelta(days=7), timedelta(days=7), timedelta(hours=1)
PATHS = {FIRST: "/beheer/start", INVITATION: "/beheer/uitnodiging", RESET: "/beheer/wachtwoord"}
NAME_LENGTH = 80  # characters


class AddressTaken(Exception):
    """There is an account with that address already."""


class LinkGone(Exception):
    """The link was used, has expired, was replaced by a newer one, or never was."""


class Disabled(Exception):
    """The account exists and may not sign in: let it in again first."""


class LastOwner(Exception):
    """Nobody would be left who may do everything."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account as colleagues see it. `accepted`: they chose a password."""

    id: int
    email: str
    name: str
    owner: bool
    accepted: bool
    second_factor: bool
    disabled: bool
    may_design: bool
    roles: dict[int, frozenset[str]]


ACCOUNT = (
    "SELECT id, email, name, owner, password != '', totp IS NOT NULL, disabled_at IS NOT NULL, may_design FROM accounts"
)


def load(db: Database, account_id: int) -> Account | None:
    row = db.execute(f"{ACCOUNT} WHERE id = ?", [account_id]).fetchone()
    return account_from(db, row) if row else None


def load_all(db: Database) -> list[Account]:
    """Every account, by name."""
    rows = db.execute(f"{ACCOUNT} ORDER BY disabled_at IS NOT NULL, name COLLATE NOCASE, id").fetchall()
    return [account_from(db, row) for row in rows]


def account_from(db: Database, row: tuple) -> Account:
    id_, email, name, owner, accepted, second_factor, disabled, may_design = row
    flags = bool(owner), bool(accepted), bool(second_factor), bool(disabled), bool(may_design)
    return Account(id_, email, name, *flags, sessions.roles_of(db, id_))


def names(db: Database) -> dict[int, str]:
    """The name of every account, by id."""
    return dict(db.execute("SELECT id, name FROM accounts").fetchall())


@dataclass(frozen=True, slots=True)
class Known:
    """What signing in must know of an address; `password` is a hash, or empty where nobody may sign in with it."""

    id: int
    password: str
    second_factor: bool


def known(db: Database, email: str) -> Known:
    """Of an address without an account, or with one that is disabled: nobody's, with id 0."""
    row = db.execute(
        "SELECT id, password, totp IS NOT NULL FROM accounts WHERE email = ? AND disabled_at IS NULL",
        [normal_address(email)],
    ).fetchone()
    return Known(row[0], row[1], bool(row[2])) if row else Known(0, "", False)


def password_of(db: Database, account_id: int) -> str:
    """The hash of that account's password."""
    return str(db.execute("SELECT password FROM accounts WHERE id = ?", [account_id]).fetchone()[0])


def make(db: Database, email: str, name: str, password_hash: str, owner: bool, now: datetime) -> int:
    """A new account; its id. Without a hash nobody can sign in to it yet. Raises AddressTaken."""
    if db.execute("SELECT 1 FROM accounts WHERE email = ?", [normal_address(email)]).fetchone():
        raise AddressTaken(email)
    row = {
        "email": normal_address(email),
        "name": name,
        "password": password_hash,
        "owner": int(owner),
        "created_at": phases.to_text(now),
    }
    return database.insert(db, "accounts", row)


def set_password(db: Database, account_id: int, password_hash: str) -> None:
    db.execute("UPDATE accounts SET password = ? WHERE id = ?", [password_hash, account_id])


# The first account, on a site that has none


def first_link(db: Database, now: datetime) -> str | None:
    """The path of a new link that makes the first account; older ones are void. None where there is an account."""
    if db.execute("SELECT 1 FROM accounts").fetchone():
        return None
    return new_link(db, FIRST, "", {}, FIRST_LASTS, now)


def new_link(db: Database, purpose: str, email: str, payload: dict[str, int], lasts: timedelta, now: datetime) -> str:
    """The path of a link for that address, which voids its older ones of that purpose."""
    db.execute("DELETE FROM links WHERE purpose = ? AND email = ?", [purpose, email])
    return f"{PATHS[purpose]}/{links.make(db, purpose, email, payload, now, lasts)}"


def of_link(db: Database, purpose: str, token: str, now: datetime) -> Link:
    """Raises LinkGone unless that is a link of that purpose that still counts."""
    link = links.read(db, token, now)
    if link is None or link.purpose != purpose:
        raise LinkGone
    return link


def use_link(db: Database, purpose: str, token: str, now: datetime) -> Link:
    """The same, and it counts no more."""
    link = of_link(db, purpose, token, now)
    links.use(db, token, now)
    return link


def make_first(db: Database, token: str, email: str, name: str, password_hash: str, now: datetime) -> int:
    """The owner's account, by its link. Raises LinkGone."""
    use_link(db, FIRST, token, now)
    if db.execute("SELECT 1 FROM accounts").fetchone():
        raise LinkGone
    account_id = make(db, email, name, password_hash, True, now)
    audit.record(db, account_id, None, "account_made", f"account {account_id}", now, first=True)
    return account_id


# Colleagues


def managers(db: Database, account_id: int) -> frozenset[int] | None:
    """The processes that account may give roles in, by id; None for the owner: all. As it is in this very moment."""
    row = db.execute("SELECT owner FROM accounts WHERE id = ? AND disabled_at IS NULL", [account_id]).fetchone()
    if row and row[0]:
        return None
    roles = sessions.roles_of(db, account_id) if row else {}
    return frozenset(process_id for process_id, own in roles.items() if "beheerder" in own)


def refuse_others(db: Database, by: int, process_id: int | None) -> None:
    """Raises NotAllowed unless account `by` manages that process; None: unless it is the owner's."""
    managed = managers(db, by)
    if managed is not None and process_id not in managed:
        raise NotAllowed


def refuse_unless_owner(db: Database, by: int) -> None:
    refuse_others(db, by, None)


def invite(
    db: Database,
    by: int,
    email: str,
    name: str,
    process: Process | None,
    roles: Collection[str],
    owner: bool,
    now: datetime,
    may_design: bool = False,
) -> int:
    """Invite somebody by mail to these roles in that process, to make processes, or as one more owner; returns the
    account's id.

    Who has an account already gets the roles as well and keeps their name and password; that somebody with an account
    becomes an owner stands in the log as owner_made. Raises NotAllowed, also for who is an owner already, and Disabled.
    """
    process_id = process.id if process else None
    refuse_others(db, by, None if owner or may_design else process_id)
    query = "SELECT id, owner, disabled_at FROM accounts WHERE email = ?"
    found = db.execute(query, [normal_address(email)]).fetchone()
    if found and found[1]:
        raise NotAllowed
    if found and found[2]:
        raise Disabled
    account_id = found[0] if found else make(db, email, name, "", False, now)
    if owner and found:
        audit.record(db, by, None, "owner_made", f"account {account_id}", now)
    else:
        audit.record(db, by, process_id, "invited", f"account {account_id}", now, owner=owner)
    if owner:
        db.execute("UPDATE accounts SET owner = 1 WHERE id = ?", [account_id])
    elif process_id is not None:
        own = sessions.roles_of(db, account_id).get(process_id, frozenset())
        set_roles(db, by, account_id, process_id, own.union(roles), now)
    if may_design:
        let_design(db, by, account_id, True, now)
    send_invitation(db, by, account_id, process, now)
    return account_id


def invite_again(db: Database, by: int, account_id: int, process: Process | None, now: datetime) -> None:
    """A new link for who did not choose a password yet. Raises NotAllowed."""
    refuse_strangers(db, by, account_id)
    audit.record(db, by, None, "invited_again", f"account {account_id}", now)
    send_invitation(db, by, account_id, process, now)


def send_invitation(db: Database, by: int, account_id: int, process: Process | None, now: datetime) -> None:
    """To who has a password already it is only word of the new role; to who is disabled there is nothing to say.

    Without a mail server only the owner may read the mail with its link: whoever opens it becomes that colleague.
    """
    query = "SELECT email, password, disabled_at, owner, may_design FROM accounts WHERE id = ?"
    email, password, disabled_at, owner, may_design = db.execute(query, [account_id]).fetchone()
    if disabled_at:
        return
    payload = {"account_id": account_id}
    path = "/beheer" if password else new_link(db, INVITATION, email, payload, INVITATION_LASTS, now)
    own = sessions.roles_of(db, account_id).get(process.id, frozenset()) if process and not owner else frozenset()
    mails.invitation(
        *(db, now, Recipient(email, "nl")),
        inviter=names(db)[by],
        path=path,
        roles=[role for role in ROLES if role in own],
        where=process.name if process and own else "",
        days=0 if password else INVITATION_LASTS.days,
        may_design=bool(may_design and not owner),
    )


def accept(db: Database, token: str, name: str, password_hash: str, now: datetime) -> int:
    """The invited person chose a name and a password; the account's id. Raises LinkGone."""
    account_id = int(use_link(db, INVITATION, token, now).payload["account_id"])
    values = [name, password_hash, account_id]
    chosen = "UPDATE accounts SET name = ?, password = ? WHERE id = ? AND password = '' AND disabled_at IS NULL"
    if db.execute(chosen, values).rowcount == 0:
        raise LinkGone
    audit.record(db, account_id, None, "invitation_accepted", f"account {account_id}", now)
    return account_id


def set_roles(db: Database, by: int, account_id: int, process_id: int, roles: Collection[str], now: datetime) -> None:
    """From now on these roles in that process and no others. Raises NotAllowed, also for the account of an owner."""
    refuse_others(db, by, process_id)
    if managers(db, account_id) is None:
        raise NotAllowed
    before, after = sessions.roles_of(db, account_id).get(process_id, frozenset()), frozenset(roles).intersection(ROLES)
    if before == after:
        return
    db.execute("DELETE FROM roles WHERE account_id = ? AND process_id = ?", [account_id, process_id])
    rows = [(account_id, process_id, role) for role in sorted(after)]
    db.conn.executemany("INSERT INTO roles (account_id, process_id, role) VALUES (?, ?, ?)", rows)
    given, taken = sorted(after - before), sorted(before - after)
    audit.record(db, by, process_id, "roles_set", f"account {account_id}", now, given=given, taken=taken)


def let_design(db: Database, by: int, account_id: int, may: bool, now: datetime) -> None:
    """From now on they may make new processes without a role in one, or no more. Raises NotAllowed."""
    refuse_unless_owner(db, by)
    changed = "UPDATE accounts SET may_design = ? WHERE id = ? AND may_design != ?"
    if db.execute(changed, [int(may), account_id, int(may)]).rowcount:
        audit.record(db, by, None, "designer_set", f"account {account_id}", now, may=may)


def refuse_strangers(db: Database, by: int, account_id: int) -> None:
    """Raises NotAllowed unless `by` is the owner, or manages a process the account works in; never for an owner's."""
    managed = managers(db, by)
    if managed is None:
        return
    owner = db.execute("SELECT owner FROM accounts WHERE id = ?", [account_id]).fetchone()
    if owner is None or owner[0] or not managed.intersection(sessions.roles_of(db, account_id)):
        raise NotAllowed


def disable(db: Database, by: int, account_id: int, now: datetime) -> None:
    """Nobody signs in to it any more, and whoever did is signed out. Raises NotAllowed and LastOwner."""
    refuse_unless_owner(db, by)
    others = "SELECT 1 FROM accounts WHERE owner AND disabled_at IS NULL AND password != '' AND id != ?"
    if not db.execute(others, [account_id]).fetchone():
        raise LastOwner
    disabled = "UPDATE accounts SET disabled_at = ? WHERE id = ? AND disabled_at IS NULL"
    if db.execute(disabled, [phases.to_text(now), account_id]).rowcount:
        sessions.end_all(db, account_id)
        void_links(db, account_id)
        audit.record(db, by, None, "account_disabled", f"account {account_id}", now)


def enable(db: Database, by: int, account_id: int, now: datetime) -> None:
    """Raises NotAllowed."""
    refuse_unless_owner(db, by)
    enabled = "UPDATE accounts SET disabled_at = NULL WHERE id = ? AND disabled_at IS NOT NULL"
    if db.execute(enabled, [account_id]).rowcount:
        audit.record(db, by, None, "account_enabled", f"account {account_id}", now)


def void_links(db: Database, account_id: int) -> None:
    """The invitations and password resets of that account no longer count."""
    values = [INVITATION, RESET, account_id]
    db.execute("DELETE FROM links WHERE purpose IN (?, ?) AND json_extract(payload, '$.account_id') = ?", values)


def drop_second_factor(db: Database, by: int, account_id: int, now: datetime) -> None:
    """For who lost their phone and their recovery codes: the password is enough again. Raises NotAllowed."""
    refuse_unless_owner(db, by)
    second_factors.turn_off(db, account_id)
    sessions.end_all(db, account_id)
    audit.record(db, by, None, "second_factor_off", f"account {account_id}", now)


# Passwords that were forgotten


def ask_reset(db: Database, email: str, language: str, now: datetime) -> None:
    """Mail a link to choose a new password, in that language, where that address has an account that is not disabled.

    Else it makes a link all the same, which leads nowhere and goes to nobody: so it takes as long.
    """
    account_id = known(db, email).id
    if account_id and outbox.asked_enough(db, "password_reset", Recipient(normal_address(email), "nl"), now):
        return  # silently: the links in the mails of this hour still work
    path = new_link(db, RESET, normal_address(email), {"account_id": account_id}, RESET_LASTS, now)
    if account_id:
        mails.password_reset(db, now, Recipient(normal_address(email), language), path=path)


def reset_link(db: Database, email: str, now: datetime, drop_second_factor: bool = False) -> str | None:
    """The path of such a link for who runs the server; None where the address has no account in use.

    `drop_second_factor`: the password will be enough, until they set up another.
    """
    account_id = known(db, email).id
    if not account_id:
        return None
    if drop_second_factor:
        second_factors.turn_off(db, account_id)
        sessions.end_all(db, account_id)
    subject, dropped = f"account {account_id}", {"second_factor_off": True} if drop_second_factor else {}
    audit.record(db, audit.COMMAND_LINE, None, "password_reset_made", subject, now, **dropped)
    return new_link(db, RESET, normal_address(email), {"account_id": account_id}, RESET_LASTS, now)


def of_reset(db: Database, token: str, now: datetime) -> Account:
    """Whose link that is. Raises LinkGone."""
    found = load(db, int(of_link(db, RESET, token, now).payload["account_id"]))
    if found is None or found.disabled:
        raise LinkGone
    return found


def of_invitation(db: Database, token: str, now: datetime) -> Account:
    """Whose link that is. Raises LinkGone."""
    found = load(db, int(of_link(db, INVITATION, token, now).payload["account_id"]))
    if found is None or found.disabled or found.accepted:
        raise LinkGone
    return found


def reset(db: Database, token: str, password_hash: str, now: datetime) -> None:
    """A new password by that link; every session of the account ends. Raises LinkGone."""
    found = of_reset(db, token, now)
    links.use(db, token, now)
    void_links(db, found.id)
    set_password(db, found.id, password_hash)
    sessions.end_all(db, found.id)
    audit.record(db, found.id, None, "password_reset", f"account {found.id}", now)


# What the owner chose for everybody


def second_factor_required(db: Database) -> bool:
    row = db.execute("SELECT value FROM site_options WHERE name = 'totp_required'").fetchone()
    return row is not None and row[0] == "yes"


def require_second_factor(db: Database, by: int, required: bool, now: datetime) -> None:
    """Raises NotAllowed."""
    refuse_unless_owner(db, by)
    values = ["totp_required", "yes" if required else "no"]
    db.execute("INSERT OR REPLACE INTO site_options (name, value) VALUES (?, ?)", values)
    audit.record(db, by, None, "second_factor_required", "site", now, required=required)
