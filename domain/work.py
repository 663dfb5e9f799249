"""The work list (werklijst): what waits for whom, the oldest first."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain import outbox, phases
from domain import reports as domain_reports
from domain.database import Database
from domain.plans import Plan
from domain.processes import Process

# What can wait, and for which role. A beheerder may do everything.
KINDS = {
    "new": "moderator",
    "edit": "moderator",
    "report": "moderator",
    "reaction": "moderator",
    "verdict": "toetser",
    "opinion": "toetser",
    "opinion_given": "toetser",
    "answer": "toetser",
    "mail": "beheerder",
}

Key = tuple[str, int]  # of an item: its kind and the id of its plan, 0 for none


@dataclass(frozen=True, slots=True)
class Item:
    """What waits: with which plan (none for mail), since when, and how many of it."""

    kind: str
    plan: Plan | None
    since: datetime
    count: int = 1

    @property
    def key(self) -> Key:
        return self.kind, self.plan.id if self.plan else 0


def waiting(
    db: Database, process: Process, staff_roles: Collection[str], account_id: int, now: datetime
) -> tuple[Item, ...]:
    """What waits for somebody with these roles in this process, the oldest first. Who is beheerder gets everything;
    the owner of the site counts as one."""
    found = (
        item
        for kind, role in KINDS.items()
        if role in staff_roles or "beheerder" in staff_roles
        for item in FOUND_BY[kind](db, process, account_id, now)
    )
    return oldest_first(found)


def numbers(items: Iterable[Item]) -> Counter[str]:
    """How many wait of each kind: reports, reactions and mails each for itself, also where they stand in one line."""
    found: Counter[str] = Counter()
    for item in items:
        found[item.kind] += item.count
    return found


def oldest_first(items: Iterable[Item]) -> tuple[Item, ...]:
    return tuple(sorted(items, key=lambda item: (item.since, item.plan.id if item.plan else 0)))


def new_plans(_db: Database, process: Process, _account_id: int, _now: datetime) -> Iterator[Item]:
    """Plans that wait for staff before they are public, and those that residents made public themselves and nobody of
    the staff has looked at yet."""
    for plan in process.all_plans:
        unread = plan.status == "published" and plan.unread
        if (plan.status == "submitted" or unread) and not plan.withdrawn:
            yield Item("new", plan, plan.submitted_at or phases.from_text(BEGINNING))


def edits(db: Database, process: Process, _account_id: int, _now: datetime) -> Iterator[Item]:
    """What makers want to change in plans that are public."""
    query = (
        "SELECT plan_id, proposed_at, 1 FROM proposed_edits JOIN plans ON plans.id = plan_id "
        "WHERE process_id = ? AND status = 'published' AND withdrawn_at IS NULL"
    )
    return per_plan(db, process, "edit", query, [process.id])


BEGINNING = "1970-01-01T00:00:00Z"  # imported plans have no date: they come first


def per_plan(db: Database, process: Process, kind: str, query: str, values: list[object]) -> Iterator[Item]:
    """The rows of the query: a plan's id, since when, and how many."""
    return of_rows(process, kind, db.execute(query, values))


def of_rows(process: Process, kind: str, rows: Iterable[tuple[int, str, int]]) -> Iterator[Item]:
    for plan_id, since, count in rows:
        if plan := process.by_id.get(plan_id):
            yield Item(kind, plan, phases.from_text(since), count)


def reports(db: Database, process: Process, _account_id: int, _now: datetime) -> Iterator[Item]:
    return of_rows(process, "report", domain_reports.waiting(db, process.id))


def reactions(db: Database, process: Process, _account_id: int, _now: datetime) -> Iterator[Item]:
    query = (
        "SELECT plan_id, min(created_at), count(*) FROM reactions JOIN plans ON plans.id = plan_id "
        "WHERE process_id = ? AND reactions.status = 'waiting' GROUP BY plan_id"
    )
    return per_plan(db, process, "reaction", query, [process.id])


def verdicts(db: Database, process: Process, _account_id: int, now: datetime) -> Iterator[Item]:
    return iter(to_judge(db, process, now))


def to_judge(db: Database, process: Process, now: datetime) -> tuple[Item, ...]:
    """The public plans without a verdict that have enough support; where none is asked, all, once plans are collected
    or assessed. None where plans are not assessed, nor after the vote opened: no verdict can be given then."""
    if process.phase("assess") is None or process.frozen(now):
        return ()
    plans = [plan for plan in process.plans if not plan.withdrawn and not plan.verdict]
    if process.support_threshold is None:
        since = assessed_since(process, now)
        if since is None:
            return ()
        return oldest_first(Item("verdict", plan, max(since, plan.published_at or since)) for plan in plans)
    reached = reached_at(db, process)
    enough = [plan for plan in plans if plan.supports >= process.support_threshold]
    return oldest_first(Item("verdict", plan, reached.get(plan.id) or published(plan)) for plan in enough)


def assessed_since(process: Process, now: datetime) -> datetime | None:
    """Since when plans wait for a verdict where no support is asked: collecting closed, or assessing opened."""
    collect, assess = process.phase("collect"), process.phase("assess")
    moments = ([collect.closes_at] if collect else []) + ([assess.opens_at] if assess else [])
    return min((moment for moment in moments if moment <= now), default=None)


def published(plan: Plan) -> datetime:
    return plan.published_at or phases.from_text(BEGINNING)


def reached_at(db: Database, process: Process) -> dict[int, datetime]:
    """When plans got as many supports as are asked, of those of which that was told; not of imported ones."""
    rows = db.execute(
        "SELECT plan_id, max(at) FROM news WHERE process_id = ? AND kind = 'enough_support' GROUP BY plan_id",
        [process.id],
    )
    return {plan_id: phases.from_text(at) for plan_id, at in rows}


def opinions(db: Database, process: Process, account_id: int, _now: datetime) -> Iterator[Item]:
    """Asked of this person, or of anyone but who asked."""
    query = (
        "SELECT plan_id, min(asked_at), count(*) FROM second_opinions JOIN plans ON plans.id = plan_id "
        "WHERE process_id = ? AND given_at IS NULL AND asked_by != ? AND ifnull(asked_of, ?) = ? GROUP BY plan_id"
    )
    return per_plan(db, process, "opinion", query, [process.id, account_id, account_id, account_id])


def opinions_given(db: Database, process: Process, account_id: int, _now: datetime) -> Iterator[Item]:
    """Opinions that this person asked and a colleague gave, until something was done with the plan since."""
    query = f"""
    SELECT plan_id, min(given_at), count(*) FROM second_opinions JOIN plans ON plans.id = plan_id
    WHERE process_id = :process AND asked_by = :me AND given_at IS NOT NULL AND {nothing_done_since("given_at")}
      AND NOT EXISTS (SELECT 1 FROM second_opinions AS later WHERE later.plan_id = plans.id
                      AND later.asked_by = :me AND later.asked_at > second_opinions.given_at)
    GROUP BY plan_id
    """
    return of_rows(process, "opinion_given", db.execute(query, {"process": process.id, "me": account_id}))


def nothing_done_since(moment: str) -> str:
    """The condition in SQL that staff gave the plan no verdict, note or answer on the checklist after that column."""
    return f"""NOT EXISTS (SELECT 1 FROM verdicts WHERE verdicts.plan_id = plans.id AND verdicts.given_at > {moment})
      AND NOT EXISTS (SELECT 1 FROM notes WHERE notes.plan_id = plans.id AND written_at > {moment})
      AND NOT EXISTS (SELECT 1 FROM assessments WHERE assessments.plan_id = plans.id AND changed_at > {moment})"""


def answers(db: Database, process: Process, _account_id: int, _now: datetime) -> Iterator[Item]:
    """Answers of makers, until something was done with the plan since: a verdict, a note, an answer on the checklist
    or another question."""
    query = f"""
    SELECT plan_id, min(answered_at), count(*) FROM questions JOIN plans ON plans.id = plan_id
    WHERE process_id = ? AND answered_at IS NOT NULL AND {nothing_done_since("answered_at")}
      AND NOT EXISTS (SELECT 1 FROM questions AS later WHERE later.plan_id = plans.id
                      AND later.asked_at > questions.answered_at)
    GROUP BY plan_id
    """
    return per_plan(db, process, "answer", query, [process.id])


def mail(db: Database, process: Process, _account_id: int, _now: datetime) -> Iterator[Item]:
    """Mail that was given up or that the mail server refused."""
    since, count = db.execute(
        f"SELECT min(failed_at), count(*) FROM outbox WHERE process_id = :process AND {outbox.FAILED}",
        {"process": process.id, "no_server": outbox.NO_SERVER},
    ).fetchone()
    if count:
        yield Item("mail", None, phases.from_text(since), count)


FOUND_BY = {
    "new": new_plans,
    "edit": edits,
    "report": reports,
    "reaction": reactions,
    "verdict": verdicts,
    "opinion": opinions,
    "opinion_given": opinions_given,
    "answer": answers,
    "mail": mail,
}


def following(before: Sequence[Item], here: Key, still: Sequence[Item]) -> Item | None:
    """What to take up after `here`, of what still waits: the next of the same kind in the order of before, and then
    around; else the oldest of another kind. What is dealt with elsewhere on the same page (here is of no plan) may come
    again."""
    by_key = {item.key: item for item in still}
    kind = [item.key for item in before if item.kind == here[0]]
    same = next_after(kind, here, by_key)
    if same is None and here[1] == 0:
        same = next((item.key for item in still if item.kind == here[0]), None)
    return by_key[same] if same else next((item for item in still if item.kind != here[0]), None)


def next_after(order: Collection[Any], here: Any, still: Collection[Any]) -> Any:
    """What comes after `here` in that order, and then around, among what still waits; never itself."""
    keys = list(order)
    start = keys.index(here) + 1 if here in keys else 0
    return next((key for key in keys[start:] + keys[:start] if key in still and key != here), None)
