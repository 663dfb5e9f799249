"""What residents and staff of the demo did after the plans were handed in, through the verbs of the domain itself."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from domain import demo_crowds, merges, moderation, questions, reports, versions, withdrawals
from domain.database import Database
from domain.processes import Process

Happened = Mapping[str, Any]  # `what` of VERBS, to which `plan`, how many `days` ago, in what words (`text`)


def happen(db: Database, contents: Iterable[Mapping[str, Any]], now: datetime) -> None:
    """Everything that the content of these processes says, the longest ago first, as the audit log has it."""
    staff = dict(db.execute("SELECT name, id FROM accounts").fetchall())
    listed = [(one, content["slug"]) for content in contents for one in content.get("happened", [])]
    for one, slug in sorted(listed, key=lambda each: -int(each[0]["days"])):
        process = demo_crowds.process_of(db, slug)
        VERBS[one["what"]](db, process, one, now - timedelta(days=one["days"]), staff)


def id_of(process: Process, number: str) -> int:
    return next(plan.id for plan in process.all_plans if plan.project_id == number)


Verb = Callable[[Database, Process, Happened, datetime, Mapping[str, int]], None]


def hide(db: Database, process: Process, one: Happened, at: datetime, staff: Mapping[str, int]) -> None:
    moderation.hide(db, process, id_of(process, one["plan"]), one["text"], at, staff["Mo"])


def withdraw(db: Database, process: Process, one: Happened, at: datetime, _staff: Mapping[str, int]) -> None:
    withdrawals.withdraw(db, id_of(process, one["plan"]), one["text"], at)


def merge(db: Database, process: Process, one: Happened, at: datetime, staff: Mapping[str, int]) -> None:
    merges.merge(db, process, id_of(process, one["plan"]), id_of(process, one["into"]), at, staff["Olga"])


def edit(db: Database, process: Process, one: Happened, at: datetime, staff: Mapping[str, int]) -> None:
    plan_id = id_of(process, one["plan"])
    values = {one["field"]: one["value"]}
    moderation.edit(db, process, plan_id, versions.version_of(db, plan_id), values, one["text"], at, staff["Mo"])


def ask(db: Database, process: Process, one: Happened, at: datetime, staff: Mapping[str, int]) -> None:
    questions.ask(db, process, id_of(process, one["plan"]), one["text"], staff["Tessa"], at)


def report(db: Database, process: Process, one: Happened, at: datetime, _staff: Mapping[str, int]) -> None:
    reports.report_plan(db, process.id, id_of(process, one["plan"]), one["text"], at)


def report_reaction(db: Database, process: Process, one: Happened, at: datetime, _staff: Mapping[str, int]) -> None:
    """The newest reaction to the plan."""
    newest = "SELECT max(id) FROM reactions WHERE plan_id = ? AND status = 'published'"
    (reaction_id,) = db.execute(newest, [id_of(process, one["plan"])]).fetchone()
    reports.report_reaction(db, process.id, reaction_id, one["text"], at)


VERBS: dict[str, Verb] = {
    "hide": hide,
    "withdraw": withdraw,
    "merge": merge,
    "edit": edit,
    "ask": ask,
    "report": report,
    "report_reaction": report_reaction,
}
