"""By how much a plan missed. Works on totals: a search over the same count, never over ballots."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from math import ceil, floor

from domain.counting import greedy
from domain.counting.model import Amount, Project, Rule, Shortfall
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

    def wins(extra: int, cost: Amount) -> bool:
        changed = [replace(one, cost=cost) if one.project_id == project_id else one for one in projects]
        order = greedy.ranking(changed, more := {**scores, project_id: scores[project_id] + extra}, rule)
        steps = greedy.run(order, more, budget, rule)
        return any(step.project_id == project_id and step.kind == "funded" for step in steps)

    plan = next(project for project in projects if project.project_id == project_id)
    if wins(0, plan.cost):
        return Shortfall(0, plan.cost)
    return Shortfall(
        _fewest_votes(plan, scores, rule, lambda extra: wins(extra, plan.cost)),
        _highest_cost(plan.cost, unit or _unit(plan.cost, budget), lambda cost: wins(0, cost)),
    )


def _fewest_votes(plan: Project, scores: Mapping[str, Amount], rule: Rule, wins: Callable[[int], bool]) -> int | None:
    """Only drawing level with a plan, passing it, or reaching the minimum score can change anything.

    Rising only ever helps, because fewer plans come before: so the search may halve. A second round breaks
    that (who closes the list of a theme earlier leaves more over), so there every candidate is tried.
    """
    own = scores[plan.project_id]
    candidates = sorted(set(_turning_points(own, [*scores.values(), rule.min_score])))
    if rule.leftover == "fund":
        return next(filter(wins, candidates), None)
    at = bisect_left(candidates, True, key=wins)
    return candidates[at] if at < len(candidates) else None


def _turning_points(own: Amount, others: Sequence[Amount]) -> Iterator[int]:
    for score in others:
        if score >= own:
            yield from (extra for extra in (ceil(score - own), floor(score - own) + 1) if extra > 0)


def _highest_cost(cost: Amount, unit: Amount, wins: Callable[[Amount], bool]) -> Amount | None:
    """Cheaper only ever helps: it fits in more, and comes earlier among equals."""
    whole = int(cost // unit)
    steps = range(1, whole + (whole * unit < cost))
    lost = bisect_left(steps, True, key=lambda step: not wins(step * unit))
    return steps[lost - 1] * unit if lost else None


def _unit(cost: Amount, budget: Amount) -> Amount:
    return 1 if isinstance(cost, int) and isinstance(budget, int) else Decimal("0.01")
