"""How long things are kept (bewaartermijnen): one table, which the purge job and the privacy page both read."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain import photos
from domain.database import Database
from domain.phases import HERE, to_text
from domain.processes import Process

DAY, YEAR = timedelta(days=1), timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of data. `where`: its columns, as table.column. `keep`: how long after the moment `since`; None: as
    long as the site is there. `purge` takes away what is older and returns how many rows that were.

    The privacy page has words for each `name` and each `since`: seen, unneeded, expired, saved, sent, made, handled,
    disabled, asked, or end (the last phase of the process closed).
    """

    name: str
    where: tuple[str, ...]
    since: str
    keep: timedelta | None
    purge: Callable[[Database, datetime], int] | None = None


def statements(keep: timedelta, *sql: str) -> Callable[[Database, datetime], int]:
    """A purge that runs these with the moment (UTC) and the day (here) before which it is long enough ago."""

    def purge(db: Database, now: datetime) -> int:
        moment = now - keep
        values = {"moment": to_text(moment), "day": moment.astimezone(HERE).date().isoformat()}
        return sum(db.execute(one, values).rowcount for one in sql)

    return purge


ENDED = "(SELECT process_id FROM phases GROUP BY process_id HAVING max(closes_at) < :moment)"
PLANS_ENDED = f"(SELECT id FROM plans WHERE process_id IN {ENDED})"


def left_photos(db: Database, now: datetime) -> int:
    """Photos that no plan, process or draft names any more. (They are stored in the same write as what names them.)"""
    return photos.purge(db)


def old_accounts(db: Database, now: datetime) -> int:
    """What is left of an account is the number that the audit log names."""
    moment = to_text(now - 2 * YEAR)
    found = db.execute(
        "SELECT id FROM accounts WHERE disabled_at < ? AND email NOT LIKE '%@removed.invalid'", [moment]
    ).fetchall()
    ids = json.dumps([id_ for (id_,) in found])
    for table in ("recovery_codes", "staff_sessions", "roles"):
        db.execute(f"DELETE FROM {table} WHERE account_id IN (SELECT value FROM json_each(?))", [ids])
    db.execute(
        "UPDATE accounts SET name = '–', email = id || '@removed.invalid', password = '', totp = NULL "
        "WHERE id IN (SELECT value FROM json_each(?))",
        [ids],
    )
    return len(found)


RULES = (
    Rule(
        "resident",
        ("residents.key", "residents.name", "residents.language", "residents.seen_on", "useful_marks.resident_id"),
        "seen",
        YEAR,
        statements(
            YEAR,
            "DELETE FROM residents WHERE seen_on < :day "
            "AND NOT EXISTS (SELECT 1 FROM makers WHERE resident_id = residents.id) "
            "AND NOT EXISTS (SELECT 1 FROM follows WHERE resident_id = residents.id)",
        ),
    ),
    Rule(
        "address",
        ("residents.email",),
        "unneeded",
        DAY,
        statements(
            DAY,
            "UPDATE residents SET email = NULL WHERE email IS NOT NULL AND seen_on < :day "
            "AND NOT EXISTS (SELECT 1 FROM makers WHERE resident_id = residents.id) "
            "AND NOT EXISTS (SELECT 1 FROM follows WHERE resident_id = residents.id)",
        ),
    ),
    Rule(
        "session",
        ("resident_sessions.hash", "resident_sessions.resident_id", "resident_sessions.expires_at"),
        "expired",
        timedelta(0),
        statements(timedelta(0), "DELETE FROM resident_sessions WHERE expires_at < :moment"),
    ),
    Rule(
        "link",
        ("links.hash", "links.email", "links.payload"),
        "expired",
        7 * DAY,
        statements(7 * DAY, "DELETE FROM links WHERE expires_at < :moment"),
    ),
    Rule(
        "draft",
        ("submissions.hash", "submissions.fields", "submissions.photo", "proposed_edits.fields"),
        "saved",
        90 * DAY,
        statements(
            90 * DAY,
            "DELETE FROM submissions WHERE saved_at < :moment",
            "DELETE FROM proposed_edits WHERE proposed_at < :moment",
        ),
    ),
    Rule(
        "mail",
        ("outbox.recipient", "outbox.content", "outbox.once", "outbox.unsubscribe", "outbox.error"),
        "sent",
        30 * DAY,
        statements(30 * DAY, "DELETE FROM outbox WHERE ifnull(sent_at, failed_at) < :moment"),
    ),
    Rule(
        "maker",
        ("makers.resident_id", "makers.name", "makers.contact"),
        "end",
        YEAR,
        statements(YEAR, f"DELETE FROM makers WHERE plan_id IN {PLANS_ENDED}"),
    ),
    Rule(
        "follow",
        ("follows.resident_id",),
        "end",
        YEAR,
        statements(YEAR, f"DELETE FROM follows WHERE process_id IN {ENDED}"),
    ),
    Rule(
        "interest",
        (
            *("interested.key", "interested.address", "interested.language", "interested.since"),
            *("interested.mailed_on", "interests.interested_id", "interests.area_id", "interests.theme"),
        ),
        "asked",
        3 * YEAR,
        statements(3 * YEAR, "DELETE FROM interested WHERE max(since, ifnull(mailed_on, '')) < :day"),
    ),
    Rule(
        "support",
        ("supports.resident_id",),
        "end",
        YEAR,
        statements(
            YEAR,
            f"UPDATE supports SET resident_id = NULL WHERE resident_id IS NOT NULL AND plan_id IN {PLANS_ENDED}",
        ),
    ),
    Rule(
        "reaction_writer",
        ("reactions.resident_id",),
        "end",
        YEAR,
        statements(
            YEAR,
            f"UPDATE reactions SET resident_id = NULL WHERE resident_id IS NOT NULL AND plan_id IN {PLANS_ENDED}",
        ),
    ),
    Rule("reaction", ("reactions.name", "reactions.text"), "end", None),
    Rule(
        "plan",
        (
            *("plans.maker", "plans.title", "plans.summary", "plans.description", "plans.for_whom"),
            *("plans.own_work", "plans.location", "plans.words", "plan_versions.fields"),
            *("plans.status_reason", "plan_versions.reason", "news.text"),
        ),
        "end",
        None,
    ),
    Rule("photo", ("photos.data", "plans.photo", "plans.photo_alt"), "unneeded", DAY, left_photos),
    Rule(
        "report",
        ("reports.reason",),
        "handled",
        YEAR,
        statements(YEAR, "DELETE FROM reports WHERE handled_at < :moment"),
    ),
    Rule(
        "question",
        ("questions.text", "questions.answer", "questions.answered_by"),
        "end",
        YEAR,
        statements(YEAR, f"DELETE FROM questions WHERE plan_id IN {PLANS_ENDED}"),
    ),
    Rule(
        "staff_text",
        ("notes.text", "second_opinions.question", "second_opinions.text", "outreach.note"),
        "end",
        YEAR,
        statements(
            YEAR,
            f"DELETE FROM notes WHERE plan_id IN {PLANS_ENDED}",
            f"DELETE FROM second_opinions WHERE plan_id IN {PLANS_ENDED}",
            f"UPDATE outreach SET note = '' WHERE note != '' AND process_id IN {ENDED}",
        ),
    ),
    Rule(
        "staff_session",
        ("staff_sessions.hash", "staff_sessions.account_id", "staff_sessions.device", "staff_sessions.seen_at"),
        "expired",
        timedelta(0),
        statements(timedelta(0), "DELETE FROM staff_sessions WHERE expires_at < :moment"),
    ),
    Rule(
        "account",
        ("accounts.email", "accounts.name", "accounts.password", "accounts.totp", "recovery_codes.hash"),
        "disabled",
        2 * YEAR,
        old_accounts,
    ),
    Rule(
        "tile",
        ("tiles.data",),
        "made",
        YEAR,
        statements(YEAR, "DELETE FROM tiles WHERE fetched_at < :moment"),
    ),
)


def purge(db: Database, now: datetime) -> dict[str, int]:
    """Take away all that was kept long enough: per rule, how many rows were changed or are gone."""
    return {rule.name: rule.purge(db, now) for rule in RULES if rule.purge}


def collects(process: Process) -> bool:
    return process.phase("collect") is not None


def supports(process: Process) -> bool:
    return process.phase("support") is not None


def reacts(process: Process) -> bool:
    """Also where residents may no longer: what they wrote is still there."""
    return process.reactions_allowed or any(plan.reactions for plan in process.all_plans)


# What only some processes can have: all other data comes of following one, which is possible in each, or of staff.
ONLY_WHERE: Mapping[str, Callable[[Process], bool]] = {
    "draft": collects,
    "maker": collects,
    "question": collects,
    "support": supports,
    "reaction_writer": reacts,
    "reaction": reacts,
}


def rules_of(process: Process) -> list[Rule]:
    """The rules for what the phases and choices of this process can bring."""
    return [rule for rule in RULES if rule.name not in ONLY_WHERE or ONLY_WHERE[rule.name](process)]


def day_after(rule: Rule, process: Process) -> datetime | None:
    """From when the data of this process is taken away by that rule; None where that depends on what somebody does, or
    where it stays."""
    if rule.since != "end" or rule.keep is None or not process.phases:
        return None
    return max(phase.closes_at for phase in process.phases) + rule.keep
