"""Most votes first: the rule of nearly every city, with the variants found in Pabulib's files.

Plans are considered by score, highest first. Who fits in what is left is funded. The variants differ in what
happens at a plan that doesn't fit (Rule.overflow), in budgets per theme and neighbourhood, a minimum score,
pairs that exclude each other, and a second round for what is left over (Rule.leftover).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from itertools import groupby
from typing import Literal

from domain.counting.model import Amount, Budget, Kind, Outcome, Project, Rule, Step, Tie

Purse = tuple[Budget, str]
TOTAL: Purse = ("total", "")


@dataclass(slots=True)
class _Table:
    """What lies on the table while counting: money left per purse, purses that a stop closed, winners."""

    left: dict[Purse, Amount]
    rivals: Mapping[str, set[str]]
    closed: set[Purse] = field(default_factory=set)
    funded: set[str] = field(default_factory=set)


def count(projects: Iterable[Project], scores: Mapping[str, Amount], budget: Amount, rule: Rule) -> Outcome:
    """The outcome, its steps, and the ties that changed it."""
    order = ranking(projects, scores, rule)
    steps = run(order, scores, budget, rule)
    return Outcome(
        selected=tuple(step.project_id for step in steps if step.kind == "funded"),
        partial={step.project_id: step.granted for step in steps if step.kind == "partly"},
        spent=sum(step.granted for step in steps),
        steps=tuple(steps),
        ties=tuple(_decisive_ties(order, scores, budget, rule, _winners(steps))),
    )


def ranking(projects: Iterable[Project], scores: Mapping[str, Amount], rule: Rule) -> list[Project]:
    """The order in which plans are considered: by score, then by the rule's tie order."""
    if rule.ties == "listed":
        return sorted(projects, key=lambda project: -scores[project.project_id])
    return sorted(
        projects,
        key=lambda project: (
            -scores[project.project_id],
            project.cost if rule.ties == "cheapest" else 0,
            lot(rule.seed, project.project_id),
            project.project_id,
        ),
    )


@lru_cache(maxsize=10_000)
def lot(seed: str, project_id: str) -> str:
    """A plan's lot. Anyone can check it: `printf '%s' "$seed$project_id" | sha256sum`."""
    return sha256((seed + project_id).encode()).hexdigest()


def run(order: Sequence[Project], scores: Mapping[str, Amount], budget: Amount, rule: Rule) -> list[Step]:
    """Every step of the count over plans in this order."""
    table = _Table(left=dict(_purses(budget, rule)), rivals=_rivals(rule))
    steps = [_consider(project, scores[project.project_id], table, rule) for project in order]
    if rule.leftover == "fund":
        steps += _second_round(order, steps, scores, table, rule)
    return steps


def _purses(budget: Amount, rule: Rule) -> Iterator[tuple[Purse, Amount]]:
    yield TOTAL, budget
    for name, amount in rule.category_budgets.items():
        yield ("category", name), amount
    for name, amount in rule.neighborhood_budgets.items():
        yield ("neighborhood", name), amount


def _rivals(rule: Rule) -> Mapping[str, set[str]]:
    rivals: dict[str, set[str]] = defaultdict(set)
    for one, other in rule.exclusive:
        rivals[one].add(other)
        rivals[other].add(one)
    return rivals


def _second_round(
    order: Sequence[Project], steps: list[Step], scores: Mapping[str, Amount], table: _Table, rule: Rule
) -> list[Step]:
    """What is left goes to who missed, out of the total alone (Amsterdam's `leftover_budget`)."""
    missed = {step.project_id for step in steps if step.kind in ("too expensive", "stopped")}
    pooled = Rule(min_score=rule.min_score)
    table.left, table.closed = {TOTAL: table.left[TOTAL]}, set()
    again = [project for project in order if project.project_id in missed]
    return [_consider(project, scores[project.project_id], table, pooled, 2) for project in again]


def _consider(project: Project, score: Amount, table: _Table, rule: Rule, turn: int = 1) -> Step:
    purses = _applying(project, table)
    tightest = min(purses, key=table.left.__getitem__)
    left = table.left[tightest]
    rival = min(table.rivals.get(project.project_id, set()) & table.funded, default="")
    kind = _verdict(project, score, rival, table, purses, left, rule)
    granted = {"funded": project.cost, "partly": left}.get(kind, 0)
    if kind in ("too expensive", "partly"):
        _close(project, purses, table, rule)
    if kind == "funded":
        table.funded.add(project.project_id)
    for purse in purses if granted else ():
        table.left[purse] -= granted
    remaining = table.left[TOTAL]
    return Step(project.project_id, score, project.cost, kind, left, *tightest, granted, remaining, rival, turn)


def _applying(project: Project, table: _Table) -> list[Purse]:
    """The budgets a plan is paid from. The total first, so that it is named where two are equally tight."""
    themes: list[Purse] = [("category", name) for name in dict.fromkeys(project.categories)]
    areas: list[Purse] = [("neighborhood", name) for name in dict.fromkeys(project.neighborhoods)]
    return [purse for purse in (TOTAL, *themes, *areas) if purse in table.left]


def _verdict(
    project: Project, score: Amount, rival: str, table: _Table, purses: list[Purse], left: Amount, rule: Rule
) -> Kind:
    if project.withdrawn:
        return "withdrawn"
    if score < rule.min_score:
        return "below minimum"
    if rival:
        return "excluded"
    if table.closed.intersection((TOTAL, *purses)):
        return "stopped"
    if project.cost <= left:
        return "funded"
    return "partly" if rule.overflow == "partial" and left > 0 else "too expensive"


def _close(project: Project, purses: list[Purse], table: _Table, rule: Rule) -> None:
    """After a plan that didn't fit, nobody is paid any more from the budgets that were too small for it."""
    if rule.overflow == "stop":
        table.closed.update(purse for purse in purses if table.left[purse] < project.cost)
    if rule.overflow == "partial":
        table.closed.add(TOTAL)


def _winners(steps: Iterable[Step]) -> dict[str, Amount]:
    return {step.project_id: step.granted for step in steps if step.granted or step.kind == "funded"}


def _decisive_ties(
    order: list[Project], scores: Mapping[str, Amount], budget: Amount, rule: Rule, winners: dict[str, Amount]
) -> Iterator[Tie]:
    for score, group in groupby(order, key=lambda project: scores[project.project_id]):
        tied = [project for project in group if not project.withdrawn]
        broken_by = _broken_by(tied, order, scores, budget, rule, winners)
        if broken_by:
            yield Tie(tuple(project.project_id for project in tied), score, broken_by)


def _broken_by(
    tied: list[Project],
    order: list[Project],
    scores: Mapping[str, Amount],
    budget: Amount,
    rule: Rule,
    winners: dict[str, Amount],
) -> Literal["", "cost", "lot", "list"]:
    """What decided: the lot where swapping equally cheap plans changes who wins, else the cost."""

    def matters(group: list[Project]) -> bool:
        swapped = (_first(project, group, order) for project in group[1:])
        return any(_winners(run(other, scores, budget, rule)) != winners for other in swapped)

    if len(tied) < 2 or not matters(tied):
        return ""
    if rule.ties == "listed":
        return "list"
    if rule.ties == "lot":
        return "lot"
    equally_cheap = [list(group) for _, group in groupby(tied, key=lambda project: project.cost)]
    return "lot" if any(matters(group) for group in equally_cheap) else "cost"


def _first(project: Project, group: list[Project], order: list[Project]) -> list[Project]:
    """The same order, with this plan before the others of its group (which stand next to each other).

    Trying each plan in front is enough: whoever could win by another order wins from there, and
    whoever ends the count ends it there.
    """
    at = order.index(group[0])
    return [*order[:at], project, *(other for other in order[at:] if other is not project)]
