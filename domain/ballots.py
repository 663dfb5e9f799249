"""Ballots (stembiljetten): what a valid one is, and handing one in. Never by whom."""

import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from domain import codes, processes, receipts, roll
from domain.database import Database
from domain.phases import HERE
from domain.plans import Plan
from domain.processes import Process
from domain.secret import keyed_hash


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why a ballot or code is refused; the page words it. Amounts in cents."""

    kind: str
    limit: int | None = None
    actual: int | None = None
    theme: str = ""
    plan: Plan | None = None


class Refused(Exception):
    """Nothing was changed. Holds every Problem found."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(", ".join(problem.kind for problem in problems))
        self.problems = problems


class Closed(Exception):
    """The process takes no ballots now: not yet, not any more, or never."""


class Outcome(Enum):
    """What became of a hand-in; in all three the voter's ballot is counted."""

    COUNTED = "counted"  # with these plans and this receipt
    AGAIN = "again"  # it was counted before, with this receipt; these plans changed nothing
    CHANGED = "changed"  # these plans took the place of the earlier ones; the first receipt stays the receipt


def chosen(process: Process, project_ids: Iterable[str]) -> tuple[list[Plan], list[Problem]]:
    """The plans that a form names, each once, and what is wrong with the naming itself."""
    plans: list[Plan] = []
    problems: list[Problem] = []
    for project_id, times in Counter(project_ids).items():
        plan = process.by_project_id.get(project_id)
        if plan is None:
            problems.append(Problem("unknown_plan"))
        elif plan.withdrawn:
            problems.append(Problem("withdrawn_plan", plan=plan))
        else:
            plans.append(plan)
            if times > 1:
                problems.append(Problem("duplicate_plan", plan=plan))
    return plans, problems


def problems_with(process: Process, plans: Sequence[Plan]) -> list[Problem]:
    """Every limit of the process that the ballot breaks; empty if it is valid.

    Costs and limits are those of the database, never of a form. An empty ballot is blank: valid where the process
    allows it, whatever the minimum.
    """
    if not plans:
        return [] if process.blank_allowed else [Problem("blank_not_allowed")]
    limits = process.limits
    total = sum(plan.cost for plan in plans)
    return [
        *bounds(len(plans), limits.min_length, limits.max_length, "too_few", "too_many"),
        *bounds(total, 0, limits.max_sum_cost, "", "too_expensive"),
        *(problem for theme in process.themes if theme.limited for problem in theme_problems(theme, plans)),
    ]


def theme_problems(theme: Any, plans: Sequence[Plan]) -> list[Problem]:
    costs = [plan.cost for plan in plans if theme in plan.themes]
    return [
        *bounds(len(costs), theme.min_length, theme.max_length, "theme_too_few", "theme_too_many", theme.name),
        *bounds(sum(costs), 0, theme.max_sum_cost, "", "theme_too_expensive", theme.name),
    ]


def bounds(actual: int, low: int, high: int | None, under: str, over: str, theme: str = "") -> list[Problem]:
    if actual < low:
        return [Problem(under, low, actual, theme)]
    if high is not None and actual > high:
        return [Problem(over, high, actual, theme)]
    return []


def typed_code(typed: str) -> tuple[str, list[Problem]]:
    """The code in its normal form, and why it can't be one: no roll is asked."""
    if not typed.strip():
        return "", [Problem("code_missing")]
    try:
        return codes.normal(typed, codes.CODE_LENGTH), []
    except codes.Typo:
        return "", [Problem("code_is_receipt" if codes.is_typed(typed, codes.RECEIPT_LENGTH) else "code_typo")]


def check_code(db: Database, secret: bytes, process: Process, typed: str) -> tuple[str, list[Problem]]:
    """The code in its normal form, and why it can't be used now. Reads only."""
    code, problems = typed_code(typed)
    if problems:
        return "", problems
    used = roll.used(db, secret, process.id, code)
    if used is None:
        return code, [Problem("code_unknown")]
    return code, [Problem("code_used")] if used and not process.change_allowed else []


def hand_in(
    db: Database,
    secret: bytes,
    process: Process,
    code: str,
    project_ids: Sequence[str],
    receipt: str,
    now: datetime,
    channel: str = "online",
) -> Outcome:
    """Check this ballot whole and count it, once, with this code. The caller commits before anyone hears of it.

    `code` and `receipt` in normal form, `now` the moment the hand-in arrived, `channel` how it came, of which only the
    number is kept. What changed in the process since `process` was read, counts. The same hand-in once more, same code
    and receipt, changes nothing and succeeds again: an answer may get lost.
    Raises Refused (limits, plans, code_unknown, code_used, receipt_taken) and Closed.
    """
    process = processes.fresh(db, process)
    if not process.voting(now):
        if handed_in(db, secret, process, code, receipt):
            return Outcome.AGAIN
        raise Closed
    if not use(db, secret, process, code, now):
        return used_before(db, secret, process, code, project_ids, receipt)
    outcome = first_ballot(db, secret, process, code, valid(process, project_ids), receipt)
    db.execute(ONE_MORE, [process.id, channel])
    return outcome


ONE_MORE = "INSERT INTO ballot_channels VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET number = number + 1"


def use(db: Database, secret: bytes, process: Process, code: str, now: datetime) -> bool:
    """Mark the code as used today; False if it was used before, or is none of this process."""
    marked = db.execute(
        "UPDATE roll SET used_on = ? WHERE process_id = ? AND key = ? AND used_on IS NULL",
        (now.astimezone(HERE).date().isoformat(), process.id, roll.key(secret, process.id, code)),
    )
    return bool(marked.rowcount)


def used_before(
    db: Database, secret: bytes, process: Process, code: str, project_ids: Sequence[str], receipt: str
) -> Outcome:
    """The same hand-in again, a changed vote, or a refusal."""
    if roll.used(db, secret, process.id, code) is None:
        raise Refused(Problem("code_unknown"))
    if process.change_allowed:
        return changed_ballot(db, secret, process, code, valid(process, project_ids), receipt)
    if not receipts.counted(db, process.id, receipt):
        raise Refused(Problem("code_used"))
    return Outcome.AGAIN


def handed_in(db: Database, secret: bytes, process: Process, code: str, receipt: str) -> bool:
    """This very hand-in was counted before: its receipt is known and its code is used."""
    return receipts.counted(db, process.id, receipt) and bool(roll.used(db, secret, process.id, code))


def valid(process: Process, project_ids: Sequence[str]) -> list[Plan]:
    """The plans of a valid ballot. Raises Refused with everything that is wrong with it."""
    plans, problems = chosen(process, project_ids)
    problems += problems_with(process, plans)
    if problems:
        raise Refused(*problems)
    return plans


def first_ballot(
    db: Database, secret: bytes, process: Process, code: str, plans: Sequence[Plan], receipt: str
) -> Outcome:
    taken = db.execute(
        "INSERT INTO receipts (process_id, hash) VALUES (?, ?) ON CONFLICT DO NOTHING",
        (process.id, receipts.hash_of(receipt)),
    ).rowcount
    if not taken:  # a ballot without a receipt of its own would make the published list too short
        raise Refused(Problem("receipt_taken"))
    db.execute(
        "INSERT INTO ballots (process_id, key, vote) VALUES (?, ?, ?)",
        (process.id, ballot_key(secret, process, code), vote_text(plans)),
    )
    return Outcome.COUNTED


def changed_ballot(
    db: Database, secret: bytes, process: Process, code: str, plans: Sequence[Plan], receipt: str
) -> Outcome:
    """Raises Closed where sealing began since this arrived."""
    replaced = db.execute(
        "UPDATE ballots SET vote = ? WHERE process_id = ? AND key = ?",
        (vote_text(plans), process.id, ballot_key(secret, process, code)),
    ).rowcount
    if not replaced:  # the ballot has its new key already, so nobody can find it any more
        raise Closed
    return Outcome.COUNTED if receipts.counted(db, process.id, receipt) else Outcome.CHANGED


def ballot_key(secret: bytes, process: Process, code: str) -> bytes:
    """Random, unless the process lets voters change their vote: only then must their ballot be found again."""
    if process.change_allowed:
        return keyed_hash(secret, "ballot", process.id, code)
    return secrets.token_bytes(16)


def vote_text(plans: Iterable[Plan]) -> str:
    """The ids in ascending order: the order in which somebody ticked them is nobody's business."""
    return ",".join(str(id_) for id_ in sorted(plan.id for plan in plans))


def number(db: Database, process_id: int) -> int:
    """How many ballots there are, blank ones too."""
    return int(db.execute("SELECT count(*) FROM ballots WHERE process_id = ?", [process_id]).fetchone()[0])
