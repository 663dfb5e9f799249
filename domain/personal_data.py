"""Personal data (persoonsgegevens): “Wat weten jullie van mij?” and “Verwijder mij”."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain import interests, makers, reactions, supports
from domain.database import Database
from domain.interests import Interest
from domain.residents import Resident, key_of_address

# What stands in the place of a maker's name, in the language of the process.
SOMEBODY = {"nl": "Een bewoner", "en": "A resident"}


@dataclass(frozen=True, slots=True)
class Traces:
    """What is found in no row of the resident's own: their addresses, as links and mails have them, and the drafts
    (submissions.id) that these lead to or that hold one of these; and what they asked to hear of."""

    addresses: tuple[str, ...] = ()
    drafts: tuple[int, ...] = ()
    interest: Interest | None = None


def traces(db: Database, secret: bytes, resident_id: int) -> Traces:
    """Reads all links, mails and drafts: milliseconds for a village, too long for the event loop for a town."""
    row = db.execute("SELECT key FROM residents WHERE id = ?", [resident_id]).fetchone()
    if row is None:
        return Traces()
    known = db.execute("SELECT email FROM links UNION SELECT recipient FROM outbox")
    addresses = tuple(email for (email,) in known if email and key_of_address(secret, email) == row[0])
    interest = interests.of_key(db, secret, interests.key_of(secret, row[0]))
    return Traces(addresses, tuple(sorted(drafts(db, resident_id, addresses))), interest)


def drafts(db: Database, resident_id: int, addresses: Sequence[str]) -> set[int]:
    found = db.execute(DRAFTS, {"resident": resident_id, "addresses": json.dumps(addresses)})
    ids = {id_ for (id_,) in found if id_ is not None}
    lower = [address.lower() for address in addresses]
    for id_, fields in db.execute("SELECT id, lower(fields) FROM submissions") if lower else ():
        if any(address in fields for address in lower):
            ids.add(id_)
    return ids


DRAFTS = """
SELECT submissions.id FROM submissions JOIN makers ON makers.plan_id = submissions.plan_id WHERE resident_id = :resident
UNION SELECT json_extract(payload, '$.submission') FROM links
WHERE purpose = 'submission' AND email IN (SELECT value FROM json_each(:addresses))
"""


def known(db: Database, resident: Resident, found: Traces) -> dict[str, Any]:
    """Everything that is stored about the resident, table by table, as plain JSON data."""
    values = {"resident": resident.id, "addresses": json.dumps(found.addresses), "drafts": json.dumps(found.drafts)}
    tables = {name: [dict(row) for row in db.query(sql, values)] for name, sql in KNOWN.items()}
    for draft in tables["drafts"]:
        draft["fields"] = json.loads(draft["fields"])
    return tables | {"interests": [interests.known(db, found.interest)] if found.interest else []}


KNOWN = {
    "resident": "SELECT name, email, language, seen_on FROM residents WHERE id = :resident",
    "sessions": "SELECT expires_at FROM resident_sessions WHERE resident_id = :resident ORDER BY expires_at",
    "plans": "SELECT title, '/' || slug || '/plannen/' || plans.id AS path, makers.name, makers.contact, since "
    "FROM makers JOIN plans ON plans.id = plan_id JOIN processes ON processes.id = process_id "
    "WHERE resident_id = :resident ORDER BY plans.id",
    "supports": "SELECT title, '/' || slug || '/plannen/' || plans.id AS path, given_on FROM supports "
    "JOIN plans ON plans.id = plan_id JOIN processes ON processes.id = process_id "
    "WHERE resident_id = :resident ORDER BY supports.id",
    "reactions": "SELECT title, '/' || slug || '/plannen/' || plans.id AS path, reactions.name, side, text, "
    "reactions.status, created_at FROM reactions JOIN plans ON plans.id = plan_id "
    "JOIN processes ON processes.id = process_id WHERE resident_id = :resident ORDER BY reactions.id",
    "useful": "SELECT title, text FROM useful_marks JOIN reactions ON reactions.id = reaction_id "
    "JOIN plans ON plans.id = plan_id WHERE useful_marks.resident_id = :resident ORDER BY reactions.id",
    "follows": "SELECT ifnull(title, processes.name) AS title, frequency FROM follows "
    "JOIN processes ON processes.id = follows.process_id LEFT JOIN plans ON plans.id = plan_id "
    "WHERE resident_id = :resident ORDER BY follows.id",
    "answers": "SELECT title, text AS question, answer, answered_at FROM questions JOIN plans ON plans.id = plan_id "
    "WHERE answered_by = :resident ORDER BY questions.id",
    "drafts": "SELECT fields, saved_at FROM submissions WHERE id IN (SELECT value FROM json_each(:drafts)) ORDER BY id",
    "links": "SELECT purpose, email, expires_at, used_at FROM links "
    "WHERE email IN (SELECT value FROM json_each(:addresses)) ORDER BY expires_at",
    "mails": "SELECT kind, recipient, created_at, sent_at FROM outbox "
    "WHERE recipient IN (SELECT value FROM json_each(:addresses)) ORDER BY id",
}


def forget(db: Database, residents: Iterable[tuple[int, Traces]], with_names: bool, now: datetime) -> None:
    """Nothing is left by which the residents could be known, and their sessions end everywhere.

    Plans stay, and the name on them too unless `with_names`, but not why a maker withdrew one; what others answered to
    a reaction stays; support that can't be taken back any more stays counted (domain/supports.py).
    """
    for resident_id, found in residents:
        forget_one(db, resident_id, found, with_names, now)


def forget_one(db: Database, resident_id: int, found: Traces, with_names: bool, now: datetime) -> None:
    supports.forgotten(db, resident_id, now)
    for (reaction_id,) in db.execute("SELECT id FROM reactions WHERE resident_id = ?", [resident_id]).fetchall():
        reactions.remove(db, reaction_id)
    if with_names:
        hide_names(db, resident_id)
    drop_reasons(db, resident_id)
    values = {"addresses": json.dumps(found.addresses), "drafts": json.dumps(found.drafts)}
    db.execute("DELETE FROM links WHERE email IN (SELECT value FROM json_each(:addresses))", values)
    db.execute("DELETE FROM outbox WHERE recipient IN (SELECT value FROM json_each(:addresses))", values)
    db.execute("DELETE FROM submissions WHERE id IN (SELECT value FROM json_each(:drafts))", values)
    if found.interest:
        interests.stop(db, found.interest.id)
    db.execute("DELETE FROM residents WHERE id = ?", [resident_id])


def hide_names(db: Database, resident_id: int) -> None:
    """Where the name of this maker is shown, “Een bewoner” is from now on; names of the other makers stay."""
    rows = db.execute(
        "SELECT plans.id, language FROM makers JOIN plans ON plans.id = plan_id "
        "JOIN processes ON processes.id = process_id WHERE resident_id = ?",
        [resident_id],
    ).fetchall()
    for plan_id, language in rows:
        others = [maker.name for maker in makers.of_plan(db, plan_id) if maker.resident_id != resident_id]
        shown = [SOMEBODY.get(language, SOMEBODY["en"]), *others]
        together = makers.together(shown, makers.AND.get(language, "&"))
        db.execute("UPDATE plans SET maker = ? WHERE id = ?", [together, plan_id])


def drop_reasons(db: Database, resident_id: int) -> None:
    """Why a maker withdrew a plan of theirs, there and in the news of it. What staff said to that stays."""
    for sql in (
        "UPDATE plans SET status_reason = '' WHERE status != 'hidden' AND withdrawn_at IS NOT NULL AND id IN",
        "UPDATE news SET text = '' WHERE kind = 'withdrawn' AND plan_id IN",
        "UPDATE plan_versions SET reason = '–' WHERE reason != '' AND account_id IS NULL AND plan_id IN",
    ):
        db.execute(f"{sql} {OWN_WORDS}", [resident_id])


OWN_WORDS = """
(SELECT plan_id FROM makers WHERE resident_id = ? AND NOT EXISTS
(SELECT 1 FROM audit_log WHERE action = 'plan_withdrawn' AND subject = 'plan ' || plan_id))
"""
