"""Paper (papier): plans and supports that staff put in for somebody, from the plannenbus at the market.

Of a list of signatures only its number and how many there are is entered: the names stay on the paper.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain import assessments, audit, database, links, mails, makers, submissions, supports
from domain.database import Database
from domain.fields import WrongFields
from domain.makers import INVITATION
from domain.outbox import Recipient
from domain.phases import HERE
from domain.processes import Process
from domain.submissions import Closed, Gone

CHANNELS = ("paper", "desk", "helped")
LATE = timedelta(days=3)  # after closing, for paper that was handed in on time
LINES = 30  # of one list
MOST_A_DAY = 600  # signatures in one process: what a busy market brings, not what a slip of the finger does
KEPT = timedelta(weeks=6)  # the paper, after handing in or supporting closed; it says so itself
HIGHEST = 99_999  # number of a list


@dataclass(frozen=True, slots=True)
class PaperList:
    """A list of signatures that was entered; `by` is the name of who did, `day` a local date."""

    number: int
    plan_id: int
    supports: int
    account_id: int
    day: str
    by: str


class Refused(Exception):
    """Nothing was changed. `kind`: closed, gone, codes_only, day_full (`left`: how many still fit), number_taken
    (`taken`: the list that was first), unknown_list, another_day or somebody_elses; the page words it."""

    def __init__(self, kind: str, taken: PaperList | None = None, left: int = 0) -> None:
        super().__init__(kind)
        self.kind = kind
        self.taken = taken
        self.left = left


# Plans


@dataclass(frozen=True, slots=True)
class Entry:
    """What staff say of a plan that they put in. `email` of its maker and `reason` why it comes late may be empty."""

    channel: str
    email: str = ""
    reason: str = ""
    language: str = "nl"


def entry(process: Process, now: datetime) -> str:
    """Whether staff can put in a plan now: “open”, “late” (with a reason), or empty."""
    phase = process.phase("collect")
    if phase is None or now < phase.opens_at or process.frozen(now):
        return ""
    if phase.open(now):
        return "open"
    return "late" if now < phase.closes_at + LATE else ""


def hand_in(db: Database, submission_id: int, said: Entry, now: datetime, account_id: int) -> int:
    """The plan that the draft became, now or before. Its maker has no address here; who is mailed an invitation takes
    the plan over with it.

    Raises Gone, Closed (also late without a reason) and WrongFields.
    """
    draft = submissions.of_id(db, submission_id)
    if draft is None:
        raise Gone(submission_id)
    if draft.plan_id is not None:
        return draft.plan_id
    process = submissions.process_of(db, draft.process_id)
    kind = entry(process, now)
    if not kind or (kind == "late" and not said.reason):
        raise Closed(process.slug)
    values, wrong = submissions.checked(process, draft.typed, draft.photo)
    if wrong:
        raise WrongFields(*wrong)
    plan_id = submissions.insert(db, process, values, now, channel=said.channel, account_id=account_id)
    db.execute("UPDATE submissions SET plan_id = ? WHERE id = ?", [plan_id, draft.id])
    maker_id = somebody(db, said.language, now)
    makers.add(db, plan_id, maker_id, values["name"], values["contact"], now)
    submissions.tell(db, process, plan_id, values["title"], now)
    late = kind == "late"
    detail = {"channel": said.channel, "late": late}
    audit.record(db, account_id, process.id, "paper_plan_entered", f"plan {plan_id}", now, **detail)
    if late:
        assessments.write_note(db, process, plan_id, said.reason, account_id, now)
    if said.email:
        invite(db, process, plan_id, maker_id, values, said, now)
    return plan_id


def somebody(db: Database, language: str, now: datetime) -> int:
    """A resident whom no address leads to: the maker, until they have one here."""
    row = {"key": secrets.token_bytes(16), "language": language, "seen_on": today(now)}
    return database.insert(db, "residents", row)


def invite(
    db: Database,
    process: Process,
    plan_id: int,
    maker_id: int,
    values: Mapping[str, str],
    said: Entry,
    now: datetime,
) -> None:
    shown = {"title": values["title"], "slug": process.slug, "back": f"/{process.slug}/plannen/{plan_id}"}
    payload = {"plan": plan_id, "name": values["name"], "by": maker_id, "takes_over": True, "shown": shown}
    token = links.make(db, "maker", said.email, payload, now, INVITATION)
    to, path = Recipient(said.email, said.language), f"/bevestig/{token}"
    mails.plan_entered(db, now, to, process=process, plan_id=plan_id, title=values["title"], path=path)


def today(now: datetime) -> str:
    return now.astimezone(HERE).date().isoformat()


# Lists of signatures


def enter(
    db: Database, process_id: int, plan_id: int, number: int, signatures: int, now: datetime, account_id: int
) -> None:
    """That many people support the plan, on the list with that number. Raises Refused."""
    if not 1 <= signatures <= LINES or not 1 <= number <= HIGHEST:
        raise ValueError(signatures, number)
    plan = about(db, process_id, plan_id, now)
    if (taken := of_number(db, process_id, number)) is not None:
        raise Refused("number_taken", taken)
    if (left := MOST_A_DAY - entered_on(db, process_id, today(now))) < signatures:
        raise Refused("day_full", left=left)
    row = {"process_id": process_id, "number": number, "plan_id": plan_id, "supports": signatures}
    database.insert(db, "paper_lists", row | {"account_id": account_id, "day": today(now)})
    db.conn.executemany(
        "INSERT INTO supports (plan_id, given_on, channel, account_id) VALUES (?, ?, 'paper', ?)",
        [(plan_id, today(now), account_id)] * signatures,
    )
    if plan.threshold and plan.count < plan.threshold <= plan.count + signatures:
        supports.tell_once(db, process_id, plan_id, now)
    subject, detail = f"list {number}", {"plan": plan_id, "number": signatures}
    audit.record(db, account_id, process_id, "paper_list_entered", subject, now, **detail)


def about(db: Database, process_id: int, plan_id: int, now: datetime) -> supports.About:
    try:
        plan = supports.about(db, plan_id, now)
    except supports.Refused as refused:
        raise Refused(refused.kind) from refused
    if plan.process_id != process_id or not plan.there:
        raise Refused("gone")
    if plan.supporters == "code":
        raise Refused("codes_only")
    if not plan.open:
        raise Refused("closed")
    return plan


def undo(db: Database, process_id: int, number: int, now: datetime, account_id: int, *, manages: bool) -> PaperList:
    """The list was entered by mistake: its supports go and its number is free again. On the day itself, also when
    supporting closed meanwhile; by who entered it, or a beheerder (`manages`). Returns what it was; raises Refused."""
    found = of_number(db, process_id, number)
    if found is None:
        raise Refused("unknown_list")
    if found.account_id != account_id and not manages:
        raise Refused("somebody_elses")
    if found.day != today(now):
        raise Refused("another_day")
    db.execute("DELETE FROM paper_lists WHERE process_id = ? AND number = ?", [process_id, number])
    # They are all alike: which of those of that day, of that colleague, go makes no difference.
    db.execute(
        "DELETE FROM supports WHERE id IN (SELECT id FROM supports WHERE plan_id = ? AND account_id = ? "
        "AND given_on = ? AND channel = 'paper' ORDER BY id DESC LIMIT ?)",
        [found.plan_id, found.account_id, found.day, found.supports],
    )
    subject, detail = f"list {number}", {"plan": found.plan_id, "number": found.supports}
    audit.record(db, account_id, process_id, "paper_list_undone", subject, now, **detail)
    return found


LISTS = """
SELECT number, plan_id, supports, account_id, day, accounts.name
FROM paper_lists JOIN accounts ON accounts.id = account_id WHERE process_id = ?
"""


def of_number(db: Database, process_id: int, number: int) -> PaperList | None:
    row = db.execute(f"{LISTS} AND number = ?", [process_id, number]).fetchone()
    return PaperList(*row) if row else None


def entered(db: Database, process_id: int, most: int = 100) -> list[PaperList]:
    """The lists that were entered, those of the last day first."""
    rows = db.execute(f"{LISTS} ORDER BY day DESC, number DESC LIMIT ?", [process_id, most])
    return [PaperList(*row) for row in rows]


def entered_on(db: Database, process_id: int, day: str) -> int:
    """How many signatures."""
    query = "SELECT ifnull(sum(supports), 0) FROM paper_lists WHERE process_id = ? AND day = ?"
    return int(db.execute(query, [process_id, day]).fetchone()[0])


def next_number(db: Database, process_id: int) -> int:
    """The number after the highest that was entered."""
    query = "SELECT ifnull(max(number), 0) + 1 FROM paper_lists WHERE process_id = ?"
    return int(db.execute(query, [process_id]).fetchone()[0])
