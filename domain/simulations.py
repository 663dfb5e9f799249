"""Simulations of the counting rule (telregel): the same synthetic votes, counted under each choice that could be made.

Every variant is a whole design that differs in one choice from the one at hand. Its ballots are those that its own
limits allow: the same people with the same wishes.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from domain import counting, results, synthetic
from domain.counting import Outcome
from domain.designs import model, trials
from domain.designs.choices import Value
from domain.designs.model import Design
from domain.plans import Plan
from domain.processes import Process
from domain.synthetic import Shape

VOTERS, PLANS = 300, 16


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to count: `choice` is what it changes (empty: nothing, it is the design as it stands) and `value` to
    what."""

    choice: str
    value: Value
    process: Process
    ballots: int
    valid: int
    votes: dict[str, int]
    outcome: Outcome
    served: int

    @property
    def spent(self) -> int:
        return int(self.outcome.spent)

    @property
    def left(self) -> int:
        return self.process.budget - self.spent

    @property
    def percent_served(self) -> int:
        """Of who named a plan: how many in a hundred have a winning plan on their ballot."""
        return self.served * 100 // self.valid if self.valid else 0

    def status(self, project_id: str) -> str:
        """“won”, “partial” or “lost”."""
        if project_id in self.outcome.selected:
            return "won"
        return "partial" if project_id in self.outcome.partial else "lost"

    def granted(self, project_id: str) -> int:
        return int(self.outcome.partial.get(project_id, 0))


@dataclass(frozen=True, slots=True)
class Difference:
    """Plans that win in one variant and not in the design as it stands, or the other way round."""

    variant: Variant
    gained: tuple[Plan, ...]
    lost: tuple[Plan, ...]


@dataclass(frozen=True, slots=True)
class Simulation:
    """`plans` by votes in the design as it stands, the most first; `variants`, of which that is the first.
    `impossible`: choices that would clash with others of this design."""

    seed: int
    shape: Shape
    voters: int
    plans: tuple[Plan, ...]
    variants: tuple[Variant, ...]
    impossible: tuple[tuple[str, Value], ...]

    @property
    def base(self) -> Variant:
        return self.variants[0]

    @property
    def differences(self) -> list[Difference]:
        return [difference(self.base, variant, self.plans) for variant in self.variants[1:]]


def difference(base: Variant, other: Variant, plans: Sequence[Plan]) -> Difference:
    before, after = (set(variant.outcome.selected) for variant in (base, other))
    gained = tuple(plan for plan in plans if plan.project_id in after - before)
    return Difference(other, gained, tuple(plan for plan in plans if plan.project_id in before - after))


# What can be chosen otherwise: a name, and the values of each choice with the design that it makes.


def options(design: Design) -> Iterator[tuple[str, Value, Design]]:
    """Every design that differs from this one in one choice of how is voted or counted."""
    for field, name in CHOICES:
        choice = next(one for one in model.choices() if one.field == field)
        for value in choice.options:
            if value != design[field]:
                yield name, value, MAKERS.get(name, plainly)(design, field, value)
    yield from (("themes", value, made) for value, made in other_themes(design))


CHOICES = (
    ("vote-voting_method", "voting_method"),
    ("result-overflow", "overflow"),
    ("result-leftover", "leftover"),
    ("result-ties", "ties"),
)


def plainly(design: Design, field: str, value: Value) -> Design:
    return model.decided(design, {field: value})


def by_method(design: Design, field: str, value: Value) -> Design:
    """Limits that belong to the other method go: the budget of a knapsack, and lengths where one plan is chosen."""
    changed: dict[str, Value] = {field: value}
    if value != "knapsack" and design["vote-max_sum_cost"] in (None, design["money-budget"]):
        changed["vote-max_sum_cost"] = None
    if value == "choose-1":
        changed |= {"vote-min_length": None, "vote-max_length": None}
    if design["vote-voting_method"] == "choose-1":
        changed |= {"vote-min_length": None, "vote-max_length": None}
    return model.decided(design, changed)


MAKERS: dict[str, Callable[[Design, str, Value], Design]] = {"voting_method": by_method}


def other_themes(design: Design) -> Iterator[tuple[str, Design]]:
    """Without budgets per theme where there are such, else with as much for each."""
    if any(theme.budget is not None for theme in design.themes):
        yield "none", replace(design, themes=tuple(replace(theme, budget=None) for theme in design.themes))
    elif len(design.themes) > 1:
        part = design["money-budget"] // len(design.themes) // 100 * 100
        yield "equal", replace(design, themes=tuple(replace(theme, budget=part) for theme in design.themes))


def simulate(design: Design, seed: int, shape: Shape, first: date, voters: int = VOTERS) -> Simulation:
    """Count the same wishes under the design and each of its options. Takes about a second: not on the event loop.

    Raises trials.NotPossible, with no clash where the design has no vote.
    """
    whole = trials.completed(design, first).design
    if "vote" not in whole.spans:
        raise trials.NotPossible([])
    listed = synthetic.plans(seed, PLANS, trials.room_of(trials.process_of(whole)), shape)
    people = synthetic.residents(seed, voters, [plan.appeal for plan in listed], shape)
    variants, impossible = [], []
    for choice, value, made in (("", None, whole), *options(whole)):
        if model.clashes(made):
            impossible.append((choice, value))
        else:
            variants.append(counted(choice, value, trials.process_of(made, listed, seed), people))
    base = variants[0]
    plans = sorted(base.process.on_ballot, key=lambda plan: (-base.votes[plan.project_id], plan.id))
    return Simulation(seed, shape, voters, tuple(plans), tuple(variants), tuple(impossible))


def counted(choice: str, value: Value, process: Process, people: Sequence[synthetic.Resident]) -> Variant:
    cast = [ballot for ballot in synthetic.ballots_of(process, process.all_plans, people) if ballot is not None]
    votes = [counting.Vote(tuple(plan.project_id for plan in ballot)) for ballot in cast if ballot]
    project_ids = [plan.project_id for plan in process.contest]
    scores = counting.mentions(votes, project_ids)  # none of the methods to choose from gives points
    outcome = counting.count(results.projects(process), scores, process.budget, process.rule)
    winners = {*outcome.selected, *outcome.partial}
    return Variant(
        choice,
        value,
        process,
        len(cast),
        len(votes),
        scores,
        outcome,
        sum(bool(winners.intersection(vote.projects)) for vote in votes),
    )
