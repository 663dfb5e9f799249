"""Results (uitslag): what the sealed ballots of a process come to, and by how much each plan missed."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from domain import counting, roll
from domain.counting import Amount, Outcome, Project, Shortfall, Step, Tie, Vote
from domain.database import Database
from domain.plans import Plan
from domain.processes import Process
from domain.roll import Turnout

GIVES_POINTS = ("cumulative", "ordinal", "scoring")  # the voting methods whose score is more than a number of votes
FEWEST = 10  # ballots; below it only totals are published, for a ballot might be recognised


@dataclass(frozen=True, slots=True)
class Tally:
    """All ballots of a process added up; `blank` ones are among `ballots`."""

    ballots: int
    blank: int
    votes: dict[str, int]
    scores: dict[str, Amount]


@dataclass(frozen=True, slots=True)
class Row:
    """One plan in the result. Amounts in cents; `granted` is None where nothing is."""

    plan: Plan
    score: Amount
    votes: int
    step: Step
    shortfall: Shortfall
    excluded_by: Plan | None
    bar: int  # its score, drawn: 0 … 1000 of the highest

    @property
    def cost(self) -> int:
        return self.plan.cost

    @property
    def granted(self) -> Amount | None:
        return self.step.granted or None

    @property
    def status(self) -> str:
        return STATUS[self.step.kind]

    @property
    def left_before(self) -> Amount:
        return self.step.left

    @property
    def left_after(self) -> Amount:
        return self.step.remaining

    @property
    def short_by(self) -> Amount | None:
        """By how much it was too expensive for what was left."""
        return self.plan.cost - self.step.left if self.step.kind in ("too expensive", "partly") else None

    @property
    def budget_name(self) -> str | None:
        """The theme or neighbourhood whose budget was too small, if it wasn't the whole."""
        return self.step.budget_name or None

    @property
    def extra_votes(self) -> int | None:
        return self.shortfall.extra_votes

    @property
    def lower_cost(self) -> Amount | None:
        return self.shortfall.lower_cost


STATUS = {
    "funded": "funded",
    "partly": "partial",
    "too expensive": "no_room",
    "below minimum": "below_minimum",
    "excluded": "excluded",
    "stopped": "stopped",
    "withdrawn": "withdrawn",
}


@dataclass(frozen=True)
class Result:
    """The result of one process: every plan once in the order of the count, and once more where it was funded
    in a second round."""

    process: Process
    tally: Tally
    turnout: Turnout
    outcome: Outcome
    steps: tuple[Row, ...]

    @cached_property
    def rows(self) -> list[Row]:
        """Each plan once, with the last step that concerned it, by score."""
        last = {row.plan.id: row for row in self.steps}
        return list(last.values())

    @property
    def selected(self) -> list[Row]:
        return [row for row in self.rows if row.status == "funded"]

    @property
    def partial(self) -> list[Row]:
        return [row for row in self.rows if row.status == "partial"]

    @property
    def missed(self) -> list[Row]:
        return [row for row in self.rows if row.status not in ("funded", "partial")]

    @property
    def winners(self) -> list[Plan]:
        return [row.plan for row in self.selected]

    @property
    def ballots(self) -> int:
        return self.tally.ballots

    @property
    def blank(self) -> int:
        return self.tally.blank

    @property
    def codes_issued(self) -> int:
        return self.turnout.issued

    @property
    def codes_used(self) -> int:
        return self.turnout.used

    @property
    def spent(self) -> Amount:
        return self.outcome.spent

    @property
    def left(self) -> Amount:
        return self.process.budget - self.outcome.spent

    @property
    def small(self) -> bool:
        return self.tally.ballots < FEWEST

    @property
    def seed(self) -> str:
        return self.process.lot_seed

    @property
    def unit(self) -> str:
        """What a score counts: “stemmen”, or “punten” where ballots give points."""
        return "punten" if self.process.method in GIVES_POINTS else "stemmen"

    @property
    def ties(self) -> list[tuple[Tie, list[Plan]]]:
        by_id = self.process.by_project_id
        return [(tie, [by_id[id_] for id_ in tie.project_ids]) for tie in self.outcome.ties]


def votes(db: Database, process: Process) -> Iterator[Vote]:
    """Every ballot that isn't blank, in the order of the keys, plans by project_id."""
    names = {str(plan.id): plan.project_id for plan in process.contest}
    for vote, points in db.execute(
        "SELECT vote, points FROM ballots WHERE process_id = ? AND vote != '' ORDER BY key", [process.id]
    ):
        yield Vote(
            tuple(map(names.__getitem__, vote.split(","))),
            tuple(Decimal(point) for point in points.split(",")) if points else (),
        )


def tally(db: Database, process: Process) -> Tally:
    """Add up the ballots. Only after sealing may anyone be told."""
    project_ids = [plan.project_id for plan in process.contest]
    ballots, blank = db.execute(
        "SELECT count(*), count(*) FILTER (WHERE vote = '') FROM ballots WHERE process_id = ?", [process.id]
    ).fetchone()
    mentions = counting.mentions(votes(db, process), project_ids)
    if process.method not in GIVES_POINTS:
        return Tally(ballots, blank, mentions, dict(mentions))
    return Tally(ballots, blank, mentions, counting.scores(process.method, votes(db, process), project_ids))


def projects(process: Process) -> list[Project]:
    return [
        Project(
            plan.project_id,
            plan.cost,
            tuple(theme.name for theme in plan.themes),
            (plan.area,) if plan.area else (),
            plan.withdrawn,
        )
        for plan in process.contest
    ]


def result(db: Database, process: Process) -> Result:
    """Count the ballots of a sealed process. Raises counting.RuleNotBuilt."""
    assert process.finished, "no result before sealing"
    added = tally(db, process)
    candidates = projects(process)
    outcome = counting.count(candidates, added.scores, process.budget, process.rule)
    highest = max(added.scores.values(), default=0) or 1
    unit = step_of([process.budget, *(plan.cost for plan in process.contest)])
    missing = {
        id_: counting.shortfall(id_, candidates, added.scores, process.budget, process.rule, unit)
        for id_ in {step.project_id for step in outcome.steps}
    }
    steps = tuple(row(process, added, step, missing[step.project_id], highest) for step in outcome.steps)
    return Result(process, added, roll.turnout(db, process.id), outcome, steps)


def step_of(amounts: list[int]) -> int:
    """By whole euros where every amount is: “€ 350,01 cheaper” would look like a mistake."""
    return 100 if all(amount % 100 == 0 for amount in amounts) else 1


def row(process: Process, added: Tally, step: Step, missing: Shortfall, highest: Amount) -> Row:
    by_id = process.by_project_id
    return Row(
        plan=by_id[step.project_id],
        score=step.score,
        votes=added.votes[step.project_id],
        step=step,
        shortfall=missing,
        excluded_by=by_id.get(step.rival),
        bar=max(0, int(step.score * 1000 / highest)),
    )
