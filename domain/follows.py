"""Follows (volgen): who gets mail about a plan or a whole process, at once or in one mail a day."""

import hmac
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from domain import mails, news, phases
from domain.database import Database
from domain.outbox import Recipient
from domain.phases import HERE
from domain.processes import Process
from domain.secret import keyed_hash

FREQUENCIES = ("at_once", "digest")
TOGETHER = timedelta(seconds=20)  # what happens within this is one mail
MORNING = time(8)  # here; the mail of the day goes out from then on
MOST = 200  # residents told in one write, so that no other write waits for long


class Refused(Exception):
    """Nothing was changed. `kind`: unknown (there is no such plan to follow), over (no more news will come); the page
    words it."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Follow:
    """What a resident follows: a plan, or without one the whole process."""

    id: int
    process_id: int
    slug: str
    process_name: str
    plan_id: int | None
    title: str  # of the plan
    frequency: str

    @property
    def path(self) -> str:
        return f"/{self.slug}/plannen/{self.plan_id}" if self.plan_id else f"/{self.slug}"


def follow(db: Database, process_id: int, plan_id: int | None, resident_id: int, frequency: str, now: datetime) -> None:
    """Mail the resident what happens from now on; who follows already gets it with the new frequency.

    Their address must be known. Raises Refused.
    """
    if plan_id is not None and not public(db, process_id, plan_id):
        raise Refused("unknown")
    if over(db, process_id, now):
        raise Refused("over")
    db.execute(
        "INSERT INTO follows (process_id, plan_id, resident_id, frequency, last_news) "
        "VALUES (?, ?, ?, ?, (SELECT ifnull(max(id), 0) FROM news)) "
        "ON CONFLICT (resident_id, process_id, ifnull(plan_id, 0)) DO UPDATE SET frequency = excluded.frequency",
        [process_id, plan_id, resident_id, frequency],
    )


def public(db: Database, process_id: int, plan_id: int) -> bool:
    plan = "SELECT 1 FROM plans WHERE id = ? AND process_id = ? AND status = 'published'"
    return bool(db.execute(plan, [plan_id, process_id]).fetchone())


def over(db: Database, process_id: int, now: datetime) -> bool:
    """The last phase of the process closed: nothing is followed from then on (domain/retention.py ends follows)."""
    last = db.execute("SELECT max(closes_at) FROM phases WHERE process_id = ?", [process_id]).fetchone()[0]
    return last is not None and last <= phases.to_text(now)


def unfollow(db: Database, process_id: int, plan_id: int | None, resident_id: int) -> None:
    """No more mail about it. An address that nothing needs any more is forgotten."""
    db.execute(
        "DELETE FROM follows WHERE process_id = ? AND plan_id IS ? AND resident_id = ?",
        [process_id, plan_id, resident_id],
    )
    forget_address(db, resident_id)


def end(db: Database, follow_id: int, resident_id: int) -> None:
    """The same by its number, if it is one of that resident."""
    db.execute("DELETE FROM follows WHERE id = ? AND resident_id = ?", [follow_id, resident_id])
    forget_address(db, resident_id)


def forget_address(db: Database, resident_id: int) -> None:
    """Only who makes a plan or follows something has an address here."""
    db.execute(
        "UPDATE residents SET email = NULL WHERE id = :id AND email IS NOT NULL "
        "AND NOT EXISTS (SELECT 1 FROM follows WHERE resident_id = :id) "
        "AND NOT EXISTS (SELECT 1 FROM makers WHERE resident_id = :id)",
        {"id": resident_id},
    )


def confirmed(db: Database, resident_id: int, payload: Mapping[str, Any], now: datetime) -> str:
    """They confirmed the address, which is known from now on. Returns where it shows; raises Refused."""
    process_id, plan_id = int(payload["process"]), payload["plan"]
    follow(db, process_id, plan_id, resident_id, payload["frequency"], now)
    (slug,) = db.execute("SELECT slug FROM processes WHERE id = ?", [process_id]).fetchone()
    return f"/{slug}/plannen/{plan_id}#volgen" if plan_id else f"/{slug}/volgen"


def of_resident(db: Database, resident_id: int) -> list[Follow]:
    """Everything the resident follows, the newest last."""
    rows = db.execute(
        "SELECT follows.id, follows.process_id, slug, processes.name, plan_id, ifnull(title, ''), frequency "
        "FROM follows JOIN processes ON processes.id = follows.process_id LEFT JOIN plans ON plans.id = plan_id "
        "WHERE resident_id = ? ORDER BY follows.id",
        [resident_id],
    )
    return [Follow(*row) for row in rows]


def frequency_of(db: Database, process_id: int, plan_id: int | None, resident_id: int) -> str:
    """How often they get mail about it, or empty."""
    row = db.execute(
        "SELECT frequency FROM follows WHERE process_id = ? AND plan_id IS ? AND resident_id = ?",
        [process_id, plan_id, resident_id],
    ).fetchone()
    return str(row[0]) if row else ""


# Unsubscribing by the link in a mail (RFC 8058)

TOKEN = re.compile(r"(?P<ids>[0-9]{1,15}(?:\.[0-9]{1,15}){0,99})-(?P<hash>[0-9a-f]{32})")


def token(secret: bytes, follow_ids: Iterable[int], key: bytes) -> str:
    """What ends these follows of the resident with that key; it never expires.

    The resident is in the hash: the number of a follow that ended may be given to somebody else's.
    """
    ids = ".".join(str(id_) for id_ in sorted(follow_ids))
    return f"{ids}-{keyed_hash(secret, 'unsubscribe', 0, f'{ids}|{key.hex()}').hex()}"


def of_token(db: Database, secret: bytes, typed: str) -> list[tuple[int, int]]:
    """Pairs (follow, resident) that the token may end and that haven't ended yet; none for a token of nobody."""
    found = TOKEN.fullmatch(typed)
    if not found:
        return []
    ids = [int(id_) for id_ in found["ids"].split(".")]
    rows = db.execute(
        "SELECT follows.id, resident_id, key FROM follows JOIN residents ON residents.id = resident_id "
        "WHERE follows.id IN (SELECT value FROM json_each(?))",
        [json.dumps(ids)],
    )
    return [(id_, who) for id_, who, key in rows if hmac.compare_digest(typed, token(secret, ids, key))]


def unsubscribe(db: Database, secret: bytes, typed: str) -> bool:
    """End what the token may end; False if there was nothing (any more)."""
    ending = of_token(db, secret, typed)
    for follow_id, resident_id in ending:
        end(db, follow_id, resident_id)
    return bool(ending)


# Telling followers


@dataclass(frozen=True, slots=True)
class Row:
    """A follow as the mail is made of it. `due`, not 0: it is time to tell."""

    id: int
    process_id: int
    plan_id: int | None
    resident_id: int
    last_news: int
    due: int

    def matches(self, item: Mapping[str, Any]) -> bool:
        """It is about the plan they follow, or about the whole process."""
        if self.process_id != item["process_id"]:
            return False
        if self.plan_id is None:
            return item["kind"] not in news.OUTCOMES
        return item["plan_id"] is None or item["plan_id"] == self.plan_id


def marks(db: Database, now: datetime) -> dict[str, int]:
    """By frequency the id of the newest news that it is time to tell about."""
    before = {"at_once": now - TOGETHER, "digest": last_morning(now)}
    sql = "SELECT ifnull(max(id), 0) FROM news WHERE at <= ?"
    return {name: db.execute(sql, [phases.to_text(at)]).fetchone()[0] for name, at in before.items()}


def last_morning(now: datetime) -> datetime:
    """The last time it was 8 o'clock here."""
    local = now.astimezone(HERE)
    today = datetime.combine(local.date(), MORNING, HERE)
    return today if local >= today else datetime.combine(local.date() - timedelta(days=1), MORNING, HERE)


DUE = "last_news < CASE frequency WHEN 'at_once' THEN :at_once ELSE :digest END"


def anything_due(db: Database, now: datetime) -> bool:
    """Whether `send_news` has something to do; cheap enough to ask every few seconds."""
    due = db.execute(f"SELECT 1 FROM follows WHERE {DUE} LIMIT 1", marks(db, now)).fetchone()
    return due is not None or news.phases_to_tell(db, now)


def send_news(db: Database, secret: bytes, processes: Iterable[Process], now: datetime) -> int:
    """Tell the followers of these processes what is new: one mail to each resident about each process. Returns how
    many mails.

    Mails and how far everybody was told are one write: a crash tells nobody twice and forgets nobody.
    """
    news.of_phases(db, now)
    known = {process.id: process for process in processes}
    mailed = 0
    for rows in due_rows(db, now):
        if process := known.get(rows[0].process_id):
            mailed += tell(db, secret, process, rows, now)
    return mailed


def due_rows(db: Database, now: datetime) -> list[list[Row]]:
    """Per resident and process what they follow there, where something of that is due; at most MOST of them."""
    rows = db.execute(
        f"SELECT id, process_id, plan_id, resident_id, last_news, {DUE} FROM follows WHERE (resident_id, process_id) "
        f"IN (SELECT DISTINCT resident_id, process_id FROM follows WHERE {DUE} LIMIT :most) ORDER BY id",
        {**marks(db, now), "most": MOST},
    )
    grouped: dict[tuple[int, int], list[Row]] = {}
    for row in rows:
        follow = Row(*row)
        grouped.setdefault((follow.resident_id, follow.process_id), []).append(follow)
    return list(grouped.values())


def tell(db: Database, secret: bytes, process: Process, rows: Sequence[Row], now: datetime) -> int:
    """Mail one resident what is due; returns how many mails that took, 0 or 1."""
    due = [row for row in rows if row.due]
    items = untold(db, process, rows, due)
    resident = db.execute("SELECT email, language, key FROM residents WHERE id = ?", [rows[0].resident_id]).fetchone()
    newest = db.execute("SELECT ifnull(max(id), 0) FROM news").fetchone()[0]
    ids = [row.id for row in due]
    db.execute(
        "UPDATE follows SET last_news = ? WHERE id IN (SELECT value FROM json_each(?))", [newest, json.dumps(ids)]
    )
    if not items or resident[0] is None:
        return 0
    link = f"/afmelden/{token(secret, ids[:100], resident[2])}"
    mails.news(db, now, Recipient(resident[0], resident[1]), process=process, items=items, unsubscribe=link)
    return 1


def untold(db: Database, process: Process, rows: Sequence[Row], due: Sequence[Row]) -> list[dict[str, Any]]:
    """What they hear of by the follows that are due, and weren't told by any follow yet; the oldest first."""
    items = db.query(NEWS, {"process": process.id, "since": min(row.last_news for row in due)})
    mine = {row.plan_id for row in rows}
    made = {id_ for (id_,) in db.execute("SELECT plan_id FROM makers WHERE resident_id = ?", [rows[0].resident_id])}
    return [
        {
            "kind": item["kind"],
            "title": item["title"],
            "text": item["text"],
            "day": item["day"],
            "path": link_of(process, item),
        }
        for item in items
        if any(row.matches(item) and row.last_news < item["id"] for row in due)
        and not any(row.matches(item) and row.last_news >= item["id"] for row in rows)
        and not (item["kind"] == "merged" and item["plan_id"] in mine)  # merging itself wrote to them
        and not (item["kind"] in news.OUTCOMES and item["plan_id"] in made)  # so did the result, to makers
    ]


def link_of(process: Process, item: Mapping[str, Any]) -> str:
    return path_of(process, item["plan_id"], item["kind"], item["merged_into"])


NEWS = """
SELECT news.id, news.process_id, news.plan_id, kind, text, day, ifnull(title, '') AS title, merged_into
FROM news LEFT JOIN plans ON plans.id = plan_id
WHERE news.process_id = :process AND news.id > :since
AND (plan_id IS NULL OR plans.status = 'published' OR kind = 'merged' AND plans.status = 'merged')
ORDER BY news.id
"""


def path_of(process: Process, plan_id: int | None, kind: str, merged_into: int | None) -> str:
    """Where a reader finds what the news is about."""
    if plan_id is not None:
        return f"/{process.slug}/plannen/{merged_into or plan_id}"
    return f"/{process.slug}/{PAGES.get(kind, '')}".rstrip("/")


PAGES = {"vote_opens": "stemmen", "correction": "zo-werkt-het", "result": "uitslag"}
