"""Makers (bedenkers): the residents who handed in a plan, and may edit and withdraw it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from domain import links, mails, phases, versions
from domain.database import Database
from domain.outbox import Recipient
from domain.processes import Process
from domain.residents import Resident

AND = {"nl": "en", "en": "and"}  # in the language of the process: the names are content, not a text of the site


@dataclass(frozen=True, slots=True)
class Maker:
    """`name` is public, `contact` (a phone number or the like) never is."""

    resident_id: int
    name: str
    contact: str
    email: str | None


class LastMaker(Exception):
    """A plan can't be left without a maker; it can be withdrawn."""


def add(db: Database, plan_id: int, resident_id: int, name: str, contact: str, now: datetime) -> None:
    """Make the resident a maker of the plan, whose name is shown. Who is one already stays so, under the old name."""
    db.execute(
        "INSERT INTO makers (plan_id, resident_id, name, contact, since) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (plan_id, resident_id) DO NOTHING",
        [plan_id, resident_id, name, contact, phases.to_text(now)],
    )
    show_names(db, plan_id)


def leave(db: Database, process: Process, plan_id: int, resident_id: int, now: datetime) -> None:
    """The resident is a maker no longer, of which the others hear. Raises LastMaker."""
    others = "SELECT count(*) FROM makers WHERE plan_id = ? AND resident_id != ?"
    if not db.execute(others, [plan_id, resident_id]).fetchone()[0]:
        raise LastMaker(plan_id)
    if is_maker(db, plan_id, resident_id):
        tell_others(db, process, plan_id, resident_id, "left", now)
    db.execute("DELETE FROM makers WHERE plan_id = ? AND resident_id = ?", [plan_id, resident_id])
    show_names(db, plan_id)


ON_THE_BALLOT = """
SELECT 1 FROM plans JOIN ballots ON ballots.process_id = plans.process_id WHERE plans.id = ? LIMIT 1
"""


def show_names(db: Database, plan_id: int) -> None:
    """Set `plans.maker`, which pages show, to the names of the makers that there are now; on the ballot it stays."""
    if db.execute(ON_THE_BALLOT, [plan_id]).fetchone():
        return
    language = db.execute(
        "SELECT language FROM processes JOIN plans ON process_id = processes.id WHERE plans.id = ?", [plan_id]
    ).fetchone()[0]
    shown = together(names(db, plan_id), AND.get(language, "&"))
    db.execute("UPDATE plans SET maker = ? WHERE id = ? AND maker != ?", [shown, plan_id, shown])


def together(listed: list[str], word: str) -> str:
    return f"{', '.join(listed[:-1])} {word} {listed[-1]}" if len(listed) > 1 else "".join(listed)


def names(db: Database, plan_id: int) -> list[str]:
    """The names of the makers, in the order in which they joined."""
    return [maker.name for maker in of_plan(db, plan_id)]


def of_plan(db: Database, plan_id: int) -> list[Maker]:
    """The makers, in the order in which they joined."""
    rows = db.execute(
        "SELECT resident_id, makers.name, contact, email FROM makers JOIN residents ON residents.id = resident_id "
        "WHERE plan_id = ? ORDER BY since, resident_id",
        [plan_id],
    )
    return [Maker(*row) for row in rows]


def is_maker(db: Database, plan_id: int, resident_id: int) -> bool:
    return bool(
        db.execute("SELECT 1 FROM makers WHERE plan_id = ? AND resident_id = ?", [plan_id, resident_id]).fetchone()
    )


def recipients(db: Database, plan_id: int, but: int | None = None) -> list[Recipient]:
    """Who gets mail about the plan: its makers whose address is known, `but` that resident."""
    rows = db.execute(
        "SELECT email, language FROM makers JOIN residents ON residents.id = resident_id "
        "WHERE plan_id = ? AND resident_id IS NOT ? AND email IS NOT NULL ORDER BY since, resident_id",
        [plan_id, but],
    )
    return [Recipient(*row) for row in rows]


def tell_others(
    db: Database, process: Process, plan_id: int, by: int, did: str, now: datetime, reason: str = ""
) -> None:
    """Mail the other makers what one of them did with the plan (mails.DID); of edits at most once an hour."""
    (title,) = db.execute("SELECT title FROM plans WHERE id = ?", [plan_id]).fetchone()
    who = next(maker.name for maker in of_plan(db, plan_id) if maker.resident_id == by)
    hour = f"maker_did {plan_id} {phases.to_text(now)[:13]}" if did == "edited" else None
    for to in recipients(db, plan_id, but=by):
        about = {"process": process, "plan_id": plan_id, "title": title}
        mails.maker_did(db, now, to, **about, who=who, did=did, reason=reason, once=hour)


MOST = 10  # makers of one plan, with those who are invited
MOST_A_DAY = 10  # invitations by one resident, also if they are taken back
INVITATION = timedelta(days=30)
DAY = timedelta(days=1)


class TooMany(Exception):
    """The plan has as many makers as it may, perhaps with those who are invited."""

    kind = "too_many_makers"


class TooManyToday(Exception):
    """This resident invited as many people as they may in a day."""


class Frozen(Exception):
    """The vote opened: who made a plan stays as it is on the ballot."""

    kind = "makers_frozen"


class NoMorePlan(Exception):
    """The plan was withdrawn or merged, or whoever invited is no maker of it any more."""

    kind = "no_more_plan"


def refuse_frozen(db: Database, plan_id: int, now: datetime) -> None:
    """Raises Frozen once the vote of the plan's process opened."""
    try:
        versions.refuse_frozen(db, plan_id, now)
    except versions.Frozen as error:
        raise Frozen(plan_id) from error


def invite(db: Database, process: Process, plan_id: int, by: Resident, to: Recipient, name: str, now: datetime) -> None:
    """Mail somebody a link with which they become a maker of the plan. Raises TooMany, TooManyToday and Frozen."""
    refuse_frozen(db, plan_id, now)
    if full(db, plan_id, now):
        raise TooMany(plan_id)
    if invited_today(db, by.id, now) >= MOST_A_DAY:
        raise TooManyToday(by.id)
    inviter = next(maker.name for maker in of_plan(db, plan_id) if maker.resident_id == by.id)
    title = process.by_id[plan_id].title
    shown = {"title": title, "slug": process.slug, "back": f"/{process.slug}/plannen/{plan_id}"}
    payload = {"plan": plan_id, "name": name, "by": by.id, "inviter": inviter, "shown": shown}
    token = links.make(db, "maker", to.email, payload, now, INVITATION)
    mails.maker_invited(db, now, to, process=process, path=f"/bevestig/{token}")


def full(db: Database, plan_id: int, now: datetime) -> bool:
    """Nobody else can be invited: it has all makers that it may, or would, once those who are invited join."""
    waiting = "SELECT count(*) FROM links WHERE purpose = 'maker' AND used_at IS NULL AND expires_at > ? "
    waiting += "AND json_extract(payload, '$.plan') = ?"
    (number,) = db.execute(waiting, [phases.to_text(now), plan_id]).fetchone()
    return len(of_plan(db, plan_id)) + int(number) >= MOST


def invited_today(db: Database, by: int, now: datetime) -> int:
    """How many invitations this resident sent in the last day that nobody accepted; those taken back end then."""
    (number,) = db.execute(
        "SELECT count(*) FROM links WHERE purpose = 'maker' AND json_extract(payload, '$.by') = ? "
        "AND (expires_at > ? OR (expires_at > ? AND expires_at <= ?))",
        [by, *(phases.to_text(moment) for moment in (now + INVITATION - DAY, now - DAY, now))],
    ).fetchone()
    return int(number)


@dataclass(frozen=True, slots=True)
class Invitation:
    """One that nobody answered yet. `key` names it in a form; it is no way to accept it."""

    key: str
    name: str
    email: str
    expires_at: datetime


def invitations(db: Database, plan_id: int, by: int, now: datetime) -> list[Invitation]:
    """Those that this maker sent for this plan and that can still be accepted, the oldest first."""
    rows = db.execute(
        f"SELECT lower(hex(hash)), json_extract(payload, '$.name'), email, expires_at {OPEN_INVITATIONS} "
        "ORDER BY expires_at, hash",
        {"plan": plan_id, "by": by, "now": phases.to_text(now)},
    )
    return [Invitation(key, name, email, phases.from_text(expires_at)) for key, name, email, expires_at in rows]


OPEN_INVITATIONS = """
FROM links WHERE purpose = 'maker' AND used_at IS NULL AND expires_at > :now
AND json_extract(payload, '$.plan') = :plan AND json_extract(payload, '$.by') = :by
"""


def take_back(db: Database, plan_id: int, by: int, key: str, now: datetime) -> bool:
    """The invitation of this maker can't be accepted any more; False if it was already, or never was theirs."""
    values = {"plan": plan_id, "by": by, "now": phases.to_text(now), "key": key}
    taken = db.execute(
        f"UPDATE links SET expires_at = :now WHERE lower(hex(hash)) = :key "
        f"AND hash IN (SELECT hash {OPEN_INVITATIONS})",
        values,
    )
    return bool(taken.rowcount)


def confirmed(db: Database, resident_id: int, payload: Mapping[str, Any], now: datetime) -> str:
    """The invited resident becomes a maker. Returns the path of the plan. Raises NoMorePlan, TooMany and Frozen."""
    plan_id = int(payload["plan"])
    if not is_maker(db, plan_id, resident_id):
        refuse_frozen(db, plan_id, now)
    row = db.execute(
        "SELECT slug, status, withdrawn_at FROM plans JOIN processes ON processes.id = process_id WHERE plans.id = ?",
        [plan_id],
    ).fetchone()
    if row is None or row[1] == "merged" or row[2] is not None or not is_maker(db, plan_id, int(payload["by"])):
        raise NoMorePlan(plan_id)
    if payload.get("takes_over"):
        take_over(db, plan_id, int(payload["by"]), resident_id)
    elif not is_maker(db, plan_id, resident_id) and len(of_plan(db, plan_id)) >= MOST:
        raise TooMany(plan_id)
    add(db, plan_id, resident_id, payload["name"], "", now)
    return f"/{row[0]}/plannen/{plan_id}"


def take_over(db: Database, plan_id: int, before_id: int, resident_id: int) -> None:
    """Staff put the plan in for somebody, whom we know from now on as this resident."""
    db.execute(
        "UPDATE OR IGNORE makers SET resident_id = ? WHERE plan_id = ? AND resident_id = ?",
        [resident_id, plan_id, before_id],
    )
    db.execute("DELETE FROM makers WHERE plan_id = ? AND resident_id = ?", [plan_id, before_id])
    db.execute(
        "DELETE FROM residents WHERE id = ? AND NOT EXISTS (SELECT 1 FROM makers WHERE resident_id = residents.id)",
        [before_id],
    )


def rename(db: Database, plan_id: int, resident_id: int, name: str, contact: str) -> None:
    """Another name or phone number of a maker."""
    db.execute(
        "UPDATE makers SET name = ?, contact = ? WHERE plan_id = ? AND resident_id = ?",
        [name, contact, plan_id, resident_id],
    )
    show_names(db, plan_id)
