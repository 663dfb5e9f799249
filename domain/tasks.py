"""What staff do when (takenlijst): a list of days that follows from the phases and the choices of a process.

How long before is what municipalities told: printing, inserting and posting letters takes five weeks.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from domain.phases import HERE, Phase
from domain.processes import Process
from domain.retention import YEAR

WEEK = timedelta(days=7)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do on a day (here), or at a moment (UTC) where it happens by itself. The pages word the kind;
    `phase` is that of which a task “opens” or “closes” tells."""

    kind: str
    day: date
    at: datetime | None = None
    phase: str = ""

    @property
    def uid(self) -> str:
        """The same for the same task, whenever the list is made and however the days moved."""
        return f"{self.kind}-{self.phase}" if self.phase else self.kind


def tasks_of(process: Process) -> list[Task]:
    """All of them, the first first; of one day in the order in which they are done."""
    parts = (around, moments, collecting, assessing, voting, afterwards)
    listed = [task for part in parts for task in part(process)]
    return sorted(listed, key=lambda task: task.day)


def local_day(moment: datetime) -> date:
    return moment.astimezone(HERE).date()


def with_a_week_left(kind: str, phase: Phase) -> Iterable[Task]:
    """Nothing where the phase has no more than a week altogether."""
    day = local_day(phase.last_day) + DAY - WEEK
    if day > local_day(phase.opens_at):
        yield Task(kind, day)


def before(phase: Phase, how_long: timedelta) -> date:
    return local_day(phase.opens_at) - how_long


def around(process: Process) -> Iterable[Task]:
    if process.phases:
        yield Task("invite_colleagues", before(process.phases[0], 4 * WEEK))
        yield Task("desk", before(process.phases[0], 2 * WEEK))


def moments(process: Process) -> Iterable[Task]:
    """What happens by itself."""
    for phase in process.phases:
        yield Task("opens", local_day(phase.opens_at), phase.opens_at, phase.kind)
        yield Task("closes", local_day(phase.last_day), phase.closes_at, phase.kind)


def collecting(process: Process) -> Iterable[Task]:
    if collect := process.phase("collect"):
        yield Task("posters_collect", before(collect, 2 * WEEK))
        yield from with_a_week_left("reminder_collect", collect)


def assessing(process: Process) -> Iterable[Task]:
    if assess := process.phase("assess"):
        yield Task("invite_assessors", before(assess, 2 * WEEK))
        yield Task("verdicts", max(local_day(assess.opens_at), local_day(assess.last_day) - WEEK))


def voting(process: Process) -> Iterable[Task]:
    vote = process.voting_phase
    if vote is None:
        return
    yield from codes(process, vote)
    yield Task("check_rules", before(vote, WEEK))
    yield Task("posters_vote", before(vote, 2 * WEEK))
    yield Task("help_desk", before(vote, WEEK))
    yield Task("freeze", local_day(vote.opens_at))
    yield from encouraging(process, vote)
    yield Task("seal", local_day(vote.closes_at), vote.closes_at)
    yield Task("destroy_backups", local_day(vote.closes_at) + DAY)


def encouraging(process: Process, vote: Phase) -> Iterable[Task]:
    """Only in a vote that takes longer than a week: figures come once a day, and a reminder takes days to arrive."""
    for reminder in with_a_week_left("reminder_cards" if process.codes_by == "card" else "reminder_vote", vote):
        first, last = local_day(vote.opens_at), local_day(vote.closes_at)
        yield Task("watch_turnout", first + (last - first) / 2)
        yield reminder


def codes(process: Process, vote: Phase) -> Iterable[Task]:
    """Where codes give support too, they must be there when that begins."""
    support = process.phase("support")
    first = support if support and process.supporters == "code" else vote
    if process.codes_by == "card":
        yield Task("order_cards", before(first, 3 * WEEK))
        return
    yield Task("ask_addresses", before(first, 8 * WEEK))
    yield Task("order_letters", before(first, 6 * WEEK))
    yield Task("post_letters", before(first, WEEK))


def afterwards(process: Process) -> Iterable[Task]:
    result, deliver, vote = (process.phase(kind) for kind in ("result", "deliver", "vote"))
    if vote:
        yield Task("announce", local_day(max(result.opens_at, vote.closes_at) if result else vote.closes_at + DAY))
    if deliver:
        yield Task("progress", local_day(deliver.opens_at) + 13 * WEEK)
    if process.phases:
        end = max(phase.closes_at for phase in process.phases)
        yield Task("purge", local_day(end + YEAR))
