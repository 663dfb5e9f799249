"""News (nieuws): what happened to a plan or a process. Followers get it by mail, feeds hold the newest of it."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from domain import database, phases
from domain.database import Database

PLAN_KINDS = (
    *("published", "enough_support", "feasible", "infeasible", "withdrawn", "reinstated", "merged", "edited"),
    "progress",
)
OUTCOMES = ("won", "partly", "not_won")  # of a plan: for who follows the whole process the result says it all
PROCESS_KINDS = ("vote_opens", "correction", "result")
KINDS = PLAN_KINDS + OUTCOMES + PROCESS_KINDS
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)  # when nothing happened yet and no phase says since when


@dataclass(frozen=True, slots=True)
class News:
    """One thing that happened; without a plan it is about the whole process. `text` is such as the reason, `day` a date
    that it is about, or empty."""

    id: int
    kind: str
    text: str
    at: datetime
    plan_id: int | None = None
    title: str = ""  # of the plan
    merged_into: int | None = None  # the plan that it went on in
    day: str = ""


def tell(
    db: Database, process_id: int, plan_id: int | None, kind: str, text: str, now: datetime, day: date | None = None
) -> int:
    """Write down that it happened, inside the write that does it. `plan_id` None: to the whole process. `day`: when, if
    the text is about another day than that of writing.

    Raises ValueError for a kind that pages and mails have no words for.
    """
    if kind not in KINDS:
        raise ValueError(f"no such news: {kind}")
    row = {"process_id": process_id, "plan_id": plan_id, "kind": kind, "text": text, "at": phases.to_text(now)}
    return database.insert(db, "news", row | {"day": day.isoformat() if day else ""})


def phases_to_tell(db: Database, now: datetime) -> bool:
    """Whether `of_phases` has something to tell."""
    return db.execute(f"SELECT 1 {OPENED} LIMIT 1", moments(now)).fetchone() is not None


def of_phases(db: Database, now: datetime) -> None:
    """Tell once of each process that its vote opened: no verb does it.

    What happened longer than a week ago, such as a vote that was imported, is no news.
    """
    sql = f"INSERT INTO news (process_id, kind, at) SELECT processes.id, 'vote_opens', :now {OPENED}"
    db.execute(sql, moments(now))


def results_to_tell(db: Database, now: datetime) -> set[int]:
    """The ids of processes whose vote was sealed lately, and of which nobody was told the result: domain/outcomes.py
    does."""
    return {id_ for (id_,) in db.execute(f"SELECT processes.id {SEALED}", moments(now))}


def moments(now: datetime) -> dict[str, str]:
    return {"now": phases.to_text(now), "since": phases.to_text(now - STILL_NEWS)}


STILL_NEWS = timedelta(days=7)
OPENED = """
FROM processes JOIN phases ON phases.process_id = processes.id AND phases.kind = 'vote'
WHERE opens_at BETWEEN :since AND :now AND closes_at > :now
AND NOT EXISTS (SELECT 1 FROM news WHERE news.process_id = processes.id AND news.kind = 'vote_opens')
"""
SEALED = """
FROM processes WHERE sealed_at BETWEEN :since AND :now
AND NOT EXISTS (SELECT 1 FROM news WHERE news.process_id = processes.id AND news.kind = 'result')
"""


def newest(db: Database, process_id: int, plan_id: int | None = None, most: int = 50) -> list[News]:
    """The newest first: everything but how each plan fared, or what is about that plan or the whole process. Nothing of
    plans that are not public, but for what became of a merged one, which the list of the process tells once."""
    rows = db.query(NEWEST, {"process": process_id, "plan": plan_id, "most": most, "outcomes": json.dumps(OUTCOMES)})
    return [News(**{**row, "at": phases.from_text(row["at"])}) for row in rows]


def last(db: Database, process_id: int) -> int:
    """The id of the newest news of the process, or 0."""
    return int(db.execute("SELECT ifnull(max(id), 0) FROM news WHERE process_id = ?", [process_id]).fetchone()[0])


NEWEST = """
SELECT news.id, news.kind, news.text, news.at, news.plan_id, ifnull(plans.title, '') AS title, plans.merged_into,
news.day
FROM news LEFT JOIN plans ON plans.id = news.plan_id
WHERE news.process_id = :process AND (:plan IS NULL OR news.plan_id = :plan OR news.plan_id IS NULL)
AND (:plan IS NOT NULL OR news.kind NOT IN (SELECT value FROM json_each(:outcomes)))
AND (:plan IS NOT NULL OR news.kind != 'merged' OR plans.status = 'merged')
AND (news.plan_id IS NULL OR plans.status = 'published' OR news.kind = 'merged' AND plans.status = 'merged')
ORDER BY news.at DESC, news.id DESC LIMIT :most
"""
