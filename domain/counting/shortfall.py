"""By how much a plan missed. Works on totals: a search over the same count, never over ballots."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from math import ceil, floor

from domain.counting import greedy
from domain.counting.model import Amount, Project, Rule, Shortfall, Step
from domain.counting.rules import RULES, RuleNotBuilt


def shortfall(
    project_id: str,
    projects: Sequence[Project],
    scores: Mapping[str, Amount],
    budget: Amount,
    rule: Rule,
    unit: Amount | None = None,
) -> Shortfall:
    """The fewest extra votes (points), or the highest lower cost, with which this plan is fully funded while
    everything else stays as it is. unit is the step of the cost: by default 1 for whole amounts, else 0.01.

    Raises RuleNotBuilt for a rule that doesn't count on totals.
    """
    if RULES.get(rule.name) is not greedy.count:
        raise RuleNotBuilt(rule.name)

    def steps(extra: int, cost: Amount) -> list[Step]:
        changed = [replace(one, cost=cost) if one.project_id == project_id else one for one in projects]
        more = {**scores, project_id: scores[project_id] + extra}
        order = greedy.ranking(changed, more, rule)
        if rule.leftover == "keep":  # who comes after a plan can't change its turn
            order = order[: 1 + next(at for at, one in enumerate(order) if one.project_id == project_id)]
        every = greedy.run(order, more, budget, rule)
        return [step for step in every if step.project_id == project_id]

    plan = next(project for project in projects if project.project_id == project_id)
    if _won(steps(0, plan.cost)):
        return Shortfall(0, plan.cost)
    tied = [one.cost for one in projects if scores[one.project_id] == scores[project_id]]
    return Shortfall(
        _fewest_votes(plan, projects, scores, rule, lambda extra: _won(steps(extra, plan.cost))),
        _highest_cost(plan.cost, tied, unit or _unit(plan.cost, budget), lambda cost: steps(0, cost)),
    )


def _won(steps: Sequence[Step]) -> bool:
    return any(step.kind == "funded" for step in steps)


def _fewest_votes(
    plan: Project,
    projects: Sequence[Project],
    scores: Mapping[str, Amount],
    rule: Rule,
    wins: Callable[[int], bool],
) -> int | None:
    """Only drawing level with a plan, passing it, or reaching the minimum score can change anything."""
    candidates = sorted(set(_turning_points(scores[plan.project_id], [*scores.values(), rule.min_score])))
    if not _rising_helps(projects, rule):
        return next(filter(wins, candidates), None)
    at = bisect_left(candidates, True, key=wins)
    return candidates[at] if at < len(candidates) else None


def _turning_points(own: Amount, others: Sequence[Amount]) -> Iterator[int]:
    for score in others:
        if score >= own:
            yield from (extra for extra in (ceil(score - own), floor(score - own) + 1) if extra > 0)


def _rising_helps(projects: Sequence[Project], rule: Rule) -> bool:
    """Whether a plan that wins with some votes wins with any more, so that the search may halve.

    So it is in one round: fewer plans come before. In a second round too, unless a plan that ends a list
    earlier sets free what others then spend: with plans paid from two lists, or pairs that exclude each other.
    """
    if rule.leftover == "keep" or rule.overflow == "skip":
        return True
    lists = (set(rule.category_budgets), set(rule.neighborhood_budgets))
    return not rule.exclusive and all(
        len(lists[0] & set(one.categories)) + len(lists[1] & set(one.neighborhoods)) <= 1 for one in projects
    )


def _highest_cost(
    cost: Amount, tied: Sequence[Amount], unit: Amount, steps: Callable[[Amount], Sequence[Step]]
) -> Amount | None:
    """From high to low: what was left at the plan's turn, and where a lower cost brings it before an equal."""
    places = {one - less for one in tied for less in (0, unit)}
    candidates = {_rounded(one, unit) for one in places if one < cost}
    candidates |= {_rounded(step.left, unit) for step in steps(cost)}
    tried = {amount for amount in candidates if not 0 < amount < cost}
    while untried := candidates - tried:
        highest = max(untried)
        found = steps(highest)
        if _won(found):
            return highest
        tried.add(highest)
        candidates |= {left for step in found if 0 < (left := _rounded(step.left, unit)) < highest}
    return None


def _rounded(amount: Amount, unit: Amount) -> Amount:
    return amount // unit * unit


def _unit(cost: Amount, budget: Amount) -> Amount:
    return 1 if isinstance(cost, int) and isinstance(budget, int) else Decimal("0.01")
