"""Outcomes (hoe het afliep): of each plan on the ballot whether it won, told once, when the result is there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain import mails, makers, news
from domain.database import Database
from domain.outbox import Recipient
from domain.processes import Process


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one plan fared. `kind` is one of news.OUTCOMES; `text` says why, in the language of the process."""

    plan_id: int
    kind: str
    text: str


def untold(db: Database, processes: Iterable[Process], now: datetime) -> list[Process]:
    """Those of these processes whose vote was sealed lately, and of which nobody was told the result."""
    waiting = news.results_to_tell(db, now)
    return [process for process in processes if process.finished and process.id in waiting]


def tell(db: Database, process: Process, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Tell that the result is there, of each plan how it fared, and each maker by mail: once, however often it is
    asked.

    News and mails are one write. Followers hear of it as of other news.
    """
    if process.id not in news.results_to_tell(db, now):
        return
    news.tell(db, process.id, None, "result", "", now)
    own: dict[Recipient, list[Outcome]] = {}
    for outcome in outcomes:
        news.tell(db, process.id, outcome.plan_id, outcome.kind, outcome.text, now)
        for to in makers.recipients(db, outcome.plan_id):
            own.setdefault(to, []).append(outcome)
    for to, theirs in own.items():
        mails.plan_outcomes(db, now, to, process=process, items=[item(process, one) for one in theirs])


def item(process: Process, outcome: Outcome) -> dict[str, str]:
    plan = process.by_id[outcome.plan_id]
    return {"kind": outcome.kind, "title": plan.title, "text": outcome.text, "path": plan.url}
