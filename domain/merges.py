"""Merges (samenvoegingen): one plan goes on in another. Its makers go along, its supports don't: they are asked."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain import audit, mails, makers, news, phases
from domain.database import Database
from domain.moderation import Refused, found, refuse
from domain.outbox import Recipient
from domain.plans import Plan
from domain.processes import Process


@dataclass(frozen=True, slots=True)
class Concerned:
    """Whom a merge concerns: `supports` of the plan that goes, which stay with it, the names of its `makers`, and how
    many makers and followers of both hear of it by mail."""

    supports: int
    makers: list[str]
    told: int
    following: int


def destination(by_id: Mapping[int, Plan], plan: Plan) -> Plan:
    """The plan in which it goes on now, over as many merges as there were; the plan itself where there was none."""
    while plan.merged_into is not None:  # ends: what is merged takes no other plan, so no merge closes a ring
        plan = by_id[plan.merged_into]
    return plan


def concerned(db: Database, plan_id: int, into_id: int) -> Concerned:
    (supports,) = db.execute("SELECT supports FROM plans WHERE id = ?", [plan_id]).fetchone()
    told, following = len(recipients(db, plan_id, into_id)), followers(db, plan_id, into_id)
    return Concerned(supports, makers.names(db, plan_id), told, following)


def merge(db: Database, process: Process, plan_id: int, into_id: int, now: datetime, account_id: int) -> None:
    """The plan goes on in the other: its page points there, and its makers are makers of the other too.

    Supports, reactions and a verdict stay where they are. Raises Refused: of the kinds of moderation.Refused, same,
    frozen, or target_gone where the other plan is not public, withdrawn, or merged itself by now.
    """
    plan, into = found(db, process.id, plan_id), found(db, process.id, into_id)
    if plan_id == into_id:
        raise Refused("same")
    refuse(plan, "submitted", "published")
    if into["status"] != "published" or into["withdrawn_at"]:
        raise Refused("target_gone")
    refuse_voting(db, process.id, now)
    db.execute("UPDATE plans SET status = 'merged', merged_into = ? WHERE id = ?", [into_id, plan_id])
    join(db, plan, into, now)
    tell(db, process, plan, into, now)
    detail = {"into": into_id, "before": plan["status"]}
    audit.record(db, account_id, process.id, "plan_merged", f"plan {plan_id}", now, **detail)


def join(db: Database, plan: dict[str, Any], into: dict[str, Any], now: datetime) -> None:
    """Make the makers of the one plan makers of the other too, and name both where pages name the makers."""
    coming, there = makers.of_plan(db, plan["id"]), makers.of_plan(db, into["id"])
    for maker in coming:
        makers.add(db, into["id"], maker.resident_id, maker.name, maker.contact, now)
    if not coming or not there:  # of a list, or of who went: names on the plan that no maker has
        db.execute("UPDATE plans SET maker = ? WHERE id = ?", [credited(db, into, plan), into["id"]])


def credited(db: Database, into: dict[str, Any], plan: dict[str, Any]) -> str:
    word = f" {word_for_and(db, into['process_id'])} "
    return word.join(name for name in (into["maker"], plan["maker"]) if name)


def word_for_and(db: Database, process_id: int) -> str:
    (language,) = db.execute("SELECT language FROM processes WHERE id = ?", [process_id]).fetchone()
    return makers.AND.get(language, "&")


def tell(db: Database, process: Process, plan: dict[str, Any], into: dict[str, Any], now: datetime) -> None:
    """The makers of both hear of it at once, and the followers of both in the mail with news that they asked for."""
    news.tell(db, process.id, plan["id"], "merged", into["title"], now)
    news.tell(db, process.id, into["id"], "merged", plan["title"], now)
    for to in recipients(db, plan["id"], into["id"]):
        mails.plan_merged(
            *(db, now, to),
            process=process,
            plan_id=plan["id"],
            title=plan["title"],
            into_id=into["id"],
            into_title=into["title"],
            path=f"/{process.slug}/plannen/{into['id']}",
        )


def recipients(db: Database, plan_id: int, into_id: int) -> list[Recipient]:
    """The makers of both plans, each once."""
    everyone = [*makers.recipients(db, plan_id), *makers.recipients(db, into_id)]
    return list({to.email: to for to in everyone}.values())


def followers(db: Database, plan_id: int, into_id: int) -> int:
    """How many people follow one of the two."""
    query = "SELECT count(DISTINCT resident_id) FROM follows WHERE plan_id IN (?, ?)"
    return int(db.execute(query, [plan_id, into_id]).fetchone()[0])


def undo(db: Database, process: Process, plan_id: int, now: datetime, account_id: int) -> None:
    """The plan stands on its own again as before; who became maker of the other by the merge is so no longer.

    Raises Refused: unknown, not_merged, frozen, or target_gone where the other went on in a third: that one first.
    """
    plan = found(db, process.id, plan_id)
    if plan["status"] != "merged":
        raise Refused("not_merged")
    refuse_voting(db, process.id, now)
    into = found(db, process.id, plan["merged_into"])
    if into["status"] == "merged":
        raise Refused("target_gone")
    before, at = last_merge(db, plan_id)
    db.execute("UPDATE plans SET status = ?, merged_into = NULL WHERE id = ?", [before, plan_id])
    part(db, plan, into, at)
    tell_apart(db, process, plan, into, now)
    audit.record(db, account_id, process.id, "plan_unmerged", f"plan {plan_id}", now, out_of=into["id"])


def tell_apart(db: Database, process: Process, plan: dict[str, Any], into: dict[str, Any], now: datetime) -> None:
    """The makers of each plan, as they are apart again, hear of it."""
    for own, other in ((plan, into), (into, plan)):
        for to in makers.recipients(db, own["id"]):
            mails.plan_unmerged(
                db, now, to, process=process, plan_id=own["id"], title=own["title"], into_title=other["title"]
            )


def part(db: Database, plan: dict[str, Any], into: dict[str, Any], at: str) -> None:
    """Undo `join`, done at that moment."""
    db.execute(
        "DELETE FROM makers WHERE plan_id = ? AND since = ? "
        "AND resident_id IN (SELECT resident_id FROM makers WHERE plan_id = ?)",
        [into["id"], at, plan["id"]],
    )
    if makers.of_plan(db, into["id"]):
        makers.show_names(db, into["id"])
        return
    alone = into["maker"].removesuffix(plan["maker"]).removesuffix(f" {word_for_and(db, into['process_id'])} ")
    db.execute("UPDATE plans SET maker = ? WHERE id = ?", [alone, into["id"]])


def last_merge(db: Database, plan_id: int) -> tuple[str, str]:
    """The status of the plan before its last merge, and when that was, as the audit log has it."""
    detail, at = db.execute(
        "SELECT detail, at FROM audit_log WHERE action = 'plan_merged' AND subject = ? ORDER BY id DESC LIMIT 1",
        [f"plan {plan_id}"],
    ).fetchone()
    return json.loads(detail)["before"], at


def refuse_voting(db: Database, process_id: int, now: datetime) -> None:
    """Raises Refused once the vote opened: which plans there are stays as it is, on the ballot or not."""
    frozen = db.execute(
        "SELECT 1 FROM processes LEFT JOIN phases ON process_id = id AND kind = 'vote' "
        "WHERE id = ? AND (sealed_at IS NOT NULL OR opens_at <= ?)",
        [process_id, phases.to_text(now)],
    ).fetchone()
    if frozen:
        raise Refused("frozen")
