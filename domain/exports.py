"""What a sealed process publishes: its anonymous ballots as a Pabulib file."""

from dataclasses import replace
from typing import Any

from domain import results
from domain.counting import Rule
from domain.database import Database
from domain.pabulib import Instance, Limits, Listed, euros, write
from domain.processes import Process
from domain.results import Result


def pabulib_file(db: Database, result: Result) -> bytes:
    """The .pb of a result that isn't `small`: voters 1 … n in the order of the sealed keys.

    Anyone can recount it, with `wijkbudget recount` or somebody else's software.
    """
    assert not result.small, "a ballot among so few might be recognised"
    process = result.process
    return write(
        Instance(
            budget=euros(process.budget),
            vote_type="approval" if process.method == "knapsack" else process.method,
            projects=tuple(listed(process)),
            votes=tuple(results.votes(db, process)),
            rule=in_euros(process),
            meta=meta(process),
            limits=limits(process),
            categories=tuple(theme.name for theme in process.themes),
            neighborhoods=tuple(process.area_budgets),
            blank=result.blank,
            settings={
                "method": process.method,
                "blank_allowed": process.blank_allowed,
                "change_allowed": process.change_allowed,
                "codes_issued": result.codes_issued,
                "codes_used": result.codes_used,
                **theme_limits(process),
            },
        )
    )


def limits(process: Process) -> Limits:
    """What one ballot may hold, as far as Pabulib has a key for it: a number of plans per category is one for all."""
    own, themes = process.limits, process.themes
    least, most = {theme.min_length for theme in themes}, {theme.max_length for theme in themes}
    costs = [euros(theme.max_sum_cost) for theme in themes if theme.max_sum_cost is not None]
    return Limits(
        min_length=own.min_length or None,
        max_length=own.max_length,
        max_sum_cost=None if own.max_sum_cost is None else euros(own.max_sum_cost),
        min_length_per_category=least.pop() or None if len(least) == 1 else None,
        max_length_per_category=most.pop() if len(most) == 1 else None,
        max_sum_cost_per_category=tuple(costs) if costs and len(costs) == len(themes) else None,
    )


def theme_limits(process: Process) -> dict[str, Any]:
    """What each theme says of a ballot, for our comment: themes may differ, which Pabulib's keys can't tell."""
    told = {
        theme.name: {
            "min_length": theme.min_length,
            "max_length": theme.max_length,
            "max_sum_cost": None if theme.max_sum_cost is None else euros(theme.max_sum_cost),
        }
        for theme in process.themes
        if theme.limited
    }
    return {"themes": told} if told else {}


def in_euros(process: Process) -> Rule:
    rule = process.rule
    return replace(
        rule,
        category_budgets={name: euros(int(amount)) for name, amount in rule.category_budgets.items()},
        neighborhood_budgets={name: euros(int(amount)) for name, amount in rule.neighborhood_budgets.items()},
    )


def listed(process: Process) -> list[Listed]:
    return [
        Listed(
            project_id=plan.project_id,
            cost=euros(plan.cost),
            categories=tuple(theme.name for theme in plan.themes),
            neighborhoods=(plan.area,) if plan.area else (),
            withdrawn=plan.withdrawn,
            name=plan.title,
        )
        for plan in process.contest
    ]


def meta(process: Process) -> dict[str, str]:
    """META of our own, under what the file said from which the process was imported."""
    phase = process.voting_phase
    ours = {
        "description": process.name,
        "country": "Netherlands",
        "unit": process.municipality,
        "district": process.area,
        "instance": process.slug,
        "language": process.language,
        "currency": process.currency,
    }
    if phase is not None:
        ours |= {"date_begin": f"{phase.opens_at:%d.%m.%Y}", "date_end": f"{phase.last_day:%d.%m.%Y}"}
    return {**ours, **process.imported_meta}
