"""The rules of a vote (spelregels): what is fixed as soon as it opens, as plain data with one fingerprint.

The data is for anyone who wants to see that nothing changed: the same rules are the same bytes, and those have one
SHA-256. Names of themes, texts and dates are no rules: they may change while the vote runs.
"""

import hashlib
import json
from datetime import datetime
from typing import Any

from domain.processes import Process

FORMAT = 1


def rules_of(process: Process) -> dict[str, Any]:
    """Everything that decides what a valid ballot is and what wins. Amounts in cents; null is no limit.

    Themes by their number, plans by the name they have on ballots. What was withdrawn after the vote opened is still
    among the plans: ballots may name it.
    """
    rule = process.rule
    return {
        "format": FORMAT,
        "process": process.slug,
        "currency": process.currency,
        "budget": process.budget,
        "voting_method": process.method,
        "min_length": process.limits.min_length,
        "max_length": process.limits.max_length,
        "max_sum_cost": process.limits.max_sum_cost,
        "blank_allowed": process.blank_allowed,
        "change_allowed": process.change_allowed,
        "codes_by": process.codes_by,
        "vote_age": process.vote_age,
        "turnout_public": process.turnout_public,
        "counting_rule": process.counting_rule,
        "overflow": rule.overflow,
        "leftover": rule.leftover,
        "min_score": int(rule.min_score),
        "ties": rule.ties,
        "lot_seed": process.lot_seed,
        "neighborhood_budgets": dict(process.area_budgets),
        "exclusive": sorted(sorted(pair) for pair in process.exclusive),
        "themes": [
            {
                "theme": theme.id,
                "budget": theme.budget,
                "min_length": theme.min_length,
                "max_length": theme.max_length,
                "max_sum_cost": theme.max_sum_cost,
            }
            for theme in sorted(process.themes, key=lambda theme: theme.id)
        ],
        "plans": [
            {"project_id": plan.project_id, "cost": plan.cost, "themes": sorted(theme.id for theme in plan.themes)}
            for plan in sorted(process.contest, key=lambda plan: plan.project_id)
        ],
    }


def canonical(process: Process) -> bytes:
    """The rules as JSON, in UTF-8: names in order, no spaces, nothing behind it."""
    return json.dumps(rules_of(process), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def fingerprint(process: Process) -> str:
    """SHA-256 of the canonical rules, in hexadecimal: what `sha256sum` says of /{slug}/regels.json."""
    return hashlib.sha256(canonical(process)).hexdigest()


def fixed_since(process: Process, now: datetime) -> datetime | None:
    """When the rules of the vote were fixed: when it opened. None: they aren't yet."""
    vote = process.voting_phase
    return vote.opens_at if vote is not None and process.frozen(now) else None
