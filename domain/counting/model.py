"""What a count needs and what comes out of it. Plain data: no database, no clock, no chance."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

Amount = int | Decimal
"""Money or points, exact. The database gives whole cents; a .pb file gives its own unit. Never a float."""

Overflow = Literal["skip", "stop", "partial"]
Kind = Literal["funded", "partly", "too expensive", "below minimum", "excluded", "stopped", "withdrawn"]
Budget = Literal["", "total", "category", "neighborhood"]


@dataclass(frozen=True, slots=True)
class Project:
    """What can be voted for; "plan" on screen. Who is withdrawn may stand on ballots, but can't win."""

    project_id: str
    cost: Amount
    categories: tuple[str, ...] = ()
    neighborhoods: tuple[str, ...] = ()
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """How scores become an outcome. The name is Pabulib's; what it means stands in the other fields.

    overflow: what a plan that no longer fits does: "skip" it and go on, "stop", or give it what is left
        ("partial") and stop. Where a theme or a neighbourhood has its own budget, "stop" ends only the
        list of the budget that was too small.
    leftover: "fund" starts a second round in which what is left of the total goes to the plans that
        missed, in the same order, whatever their theme or neighbourhood.
    min_score: the least score that can win.
    exclusive: pairs of which at most one wins, the one considered first.
    ties: plans with equal scores are considered "cheapest" first, then by lot: ascending
        SHA-256(seed + project_id). "lot": by lot, whatever they cost. "listed": in the order in which they were given.
    """

    name: str = "greedy"
    overflow: Overflow = "skip"
    leftover: Literal["keep", "fund"] = "keep"
    min_score: Amount = 0
    category_budgets: Mapping[str, Amount] = field(default_factory=dict)
    neighborhood_budgets: Mapping[str, Amount] = field(default_factory=dict)
    exclusive: tuple[tuple[str, str], ...] = ()
    ties: Literal["cheapest", "lot", "listed"] = "cheapest"
    seed: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One plan considered.

    left: what was left, before this step, of the tightest budget that applies to the plan; budget and
        budget_name say which (a theme or neighbourhood has a name). granted: what the plan gets.
    remaining: what is left of the total afterwards. rival: the winner that excludes it.
    """

    project_id: str
    score: Amount
    cost: Amount
    kind: Kind
    left: Amount
    budget: Budget
    budget_name: str
    granted: Amount
    remaining: Amount
    rival: str = ""
    round: int = 1


@dataclass(frozen=True, slots=True)
class Tie:
    """Equal scores whose order changed the result; project_ids stand in the order considered."""

    project_ids: tuple[str, ...]
    score: Amount
    broken_by: Literal["cost", "lot", "list"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """selected: fully funded, in order of selection. partial: what each part-funded plan gets.

    spent holds the parts too; spent never exceeds the budget.
    """

    selected: tuple[str, ...]
    partial: Mapping[str, Amount]
    spent: Amount
    steps: tuple[Step, ...]
    ties: tuple[Tie, ...]


@dataclass(frozen=True, slots=True)
class Shortfall:
    """By how much a plan missed: the fewest extra votes, or the highest lower cost, that would have done.

    None where no number would. A funded plan has 0 and its own cost.
    """

    extra_votes: int | None
    lower_cost: Amount | None
