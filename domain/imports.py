"""A process made of a Pabulib file, with its ballots as counted ballots or with a vote that opens now."""

import json
import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any

from domain import counting, database, phases, plans, processes
from domain.counting import Amount, Vote
from domain.database import Database, writing
from domain.pabulib import Instance, Listed
from domain.phases import Phase

VOTED_HERE = ("knapsack", "approval", "choose-1")  # the voting methods that the voting page has
FOUR_WEEKS = timedelta(days=28)
YEAR = timedelta(days=365)
MOST_CENTS = 2**53  # exact in every program that may read our files


class Refused(Exception):
    """The file is sound but can't become a process here; its text says why. Nothing was written."""


def utc_now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def import_instance(
    db: Database, instance: Instance, now: datetime, without_ballots: bool = False, slug: str | None = None
) -> str:
    """Write the process, all or nothing, and return its slug.

    With its ballots the vote counts as closed and sealed: the ballots were public already. Without them voting is
    open from now for four weeks. Raises Refused, and RuleNotBuilt for a counting rule that can't be counted here.
    """
    counting.count(instance.projects, instance.scores(), instance.budget, instance.rule)
    method = voting_method(instance)
    if without_ballots:
        refuse_voting(instance, method)
    with writing(db):
        if slug is not None and processes.taken(db, slug):
            raise Refused(f"The slug “{slug}” is in use, or is the name of a page of the site.")
        name = instance.meta.get("description") or instance.meta.get("unit") or "Pabulib"
        chosen = slug or processes.free_slug(db, processes.slug_from(name))
        process_id = processes.insert(db, process_row(db, instance, chosen, name, method, without_ballots))
        phases.insert(db, process_id, dates(instance, now, without_ballots))
        ids = insert_plans(db, process_id, instance, now)
        insert_pairs(db, instance, ids)
        if not without_ballots:
            insert_ballots(db, process_id, instance, ids)
            db.execute("UPDATE processes SET sealed_at = ? WHERE id = ?", [phases.to_text(now), process_id])
    return chosen


def refuse_voting(instance: Instance, method: str) -> None:
    """Raises Refused where residents couldn't hand in such ballots here, or not within all limits of the file."""
    if method not in VOTED_HERE:
        raise Refused(f"Ballots of the type “{instance.vote_type}” can be counted here, but not yet handed in.")
    for limit in ("min_sum_cost", "min_sum_cost_per_category"):
        if getattr(instance.limits, limit):
            raise Refused(f"The limit {limit} can't be kept on the voting page yet.")


def voting_method(instance: Instance) -> str:
    limited = instance.vote_type == "approval" and instance.limits.max_sum_cost is not None
    return "knapsack" if limited else instance.vote_type


def cents(amount: Amount | None, what: str) -> int | None:
    if amount is None:
        return None
    if amount * 100 != int(amount * 100):
        raise Refused(f"{what} is {amount}, which is no whole number of cents.")
    if amount * 100 >= MOST_CENTS:
        raise Refused(f"{what} is {amount}, which is more than there is money.")
    return int(amount * 100)


def process_row(db: Database, instance: Instance, slug: str, name: str, method: str, voting: bool) -> dict[str, Any]:
    meta, limits = instance.meta, instance.limits
    if instance.budget <= 0:
        raise Refused("The budget is zero.")
    rule = instance.rule
    return {
        "slug": slug,
        "name": name,
        "area_id": area_of(db, meta),
        "language": meta.get("language") or "nl",
        "currency": meta.get("currency") or "EUR",
        "budget": cents(instance.budget, "The budget"),
        "voting_method": method,
        "min_length": limits.min_length or 0,
        "max_length": 1 if method == "choose-1" else limits.max_length,
        "max_sum_cost": cents(limits.max_sum_cost, "max_sum_cost"),
        "max_sum_points": whole(limits.max_sum_points, "max_sum_points"),
        "blank_allowed": int(instance.settings.get("blank_allowed") is True),
        "change_allowed": int(instance.settings.get("change_allowed") is True),
        "counting_rule": rule.name,
        "rule_options": json.dumps(
            {
                "overflow": rule.overflow,
                "leftover": rule.leftover,
                # In a vote of our own a plan that nobody chose doesn't win, even if there is money left.
                "min_score": max(whole(rule.min_score, "The minimum score") or 0, int(voting)),
                # The order of a list may be an official tie order; a new vote gets an order of its own.
                "ties": "cheapest" if voting else rule.ties,
            }
        ),
        "lot_seed": rule.seed or (secrets.token_hex(8) if voting else ""),
        "imported_meta": json.dumps(kept_meta(meta, voting), ensure_ascii=False),
    }


PLACE = ("country", "unit", "district", "subunit", "language")


def kept_meta(meta: Mapping[str, str], voting: bool) -> dict[str, str]:
    """What of META stands in the file that we publish: of a vote held here, only where it is."""
    return {key: value for key, value in meta.items() if not voting or key in PLACE}


def whole(amount: Amount | None, what: str) -> int | None:
    if amount is not None and amount != int(amount):
        raise Refused(f"{what} is {amount}, which is no whole number.")
    return None if amount is None else int(amount)


def area_of(db: Database, meta: Mapping[str, str]) -> int:
    """The area that META names, from unit (the municipality) down to subunit."""
    names = [meta.get(key, "").strip() for key in ("unit", "district", "subunit")]
    area_id = None
    for name in dict.fromkeys(name for name in names if name) or ["Pabulib"]:
        area_id = processes.area(db, name, area_id)
    assert area_id is not None
    return area_id


def dates(instance: Instance, now: datetime, voting: bool) -> list[Phase]:
    if voting:
        return [
            Phase("vote", now, now + FOUR_WEEKS),
            Phase("result", now + FOUR_WEEKS, now + FOUR_WEEKS + YEAR),
        ]
    closed = min(day_in(instance.meta.get("date_end", ""), last=True) or now, now)
    opened = day_in(instance.meta.get("date_begin", ""), last=False) or closed - FOUR_WEEKS
    opened = min(opened, closed - timedelta(days=1))
    return [Phase("vote", opened, closed), Phase("result", closed, closed + YEAR)]


def day_in(text: str, *, last: bool) -> datetime | None:
    """The start of that day (UTC), or of the day after the last one; a year alone is its first or last day."""
    year = re.fullmatch(r"\d{4}", text)
    day = re.fullmatch(r"(\d{1,2})[.-](\d{1,2})[.-](\d{4})", text)
    iso = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", text)
    try:
        if year:
            found = date(int(text), 12, 31) if last else date(int(text), 1, 1)
        elif day:
            found = date(int(day[3]), int(day[2]), int(day[1]))
        elif iso:
            found = date(int(iso[1]), int(iso[2]), int(iso[3]))
        else:
            return None
        return datetime(found.year, found.month, found.day, tzinfo=UTC) + timedelta(days=int(last))
    except (ValueError, OverflowError):
        return None


def insert_plans(db: Database, process_id: int, instance: Instance, now: datetime) -> dict[str, int]:
    """The plans with their themes and areas; returns their ids by project_id."""
    themes = insert_themes(db, process_id, instance)
    areas = insert_areas(db, process_id, instance)
    ids: dict[str, int] = {}
    for project in instance.projects:
        row = plan_row(project, process_id, now) | {"area_id": areas.get(area_name(project))}
        ids[project.project_id] = plans.insert(db, row)
    db.conn.executemany(
        "INSERT INTO plan_themes (plan_id, theme_id) VALUES (?, ?)",
        ((ids[p.project_id], themes[name]) for p in instance.projects for name in dict.fromkeys(p.categories)),
    )
    return ids


def plan_row(project: Listed, process_id: int, now: datetime) -> dict[str, Any]:
    return {
        "process_id": process_id,
        "project_id": project.project_id,
        "title": project.name or project.project_id,
        "description": project.description,
        "cost": cents(project.cost, f"The cost of project {project.project_id}"),
        "withdrawn_at": phases.to_text(now) if project.withdrawn else None,
    }


def insert_themes(db: Database, process_id: int, instance: Instance) -> dict[str, int]:
    limits, budgets = instance.limits, instance.rule.category_budgets
    most: Mapping[str, Amount] = dict(zip(instance.categories, limits.max_sum_cost_per_category or (), strict=False))
    names = dict.fromkeys(chain(instance.categories, budgets, *(p.categories for p in instance.projects)))
    rows = {
        name: {
            "process_id": process_id,
            "name": name,
            "budget": cents(budgets.get(name), f"The budget of {name}"),
            "min_length": limits.min_length_per_category or 0,
            "max_length": limits.max_length_per_category,
            "max_sum_cost": cents(most.get(name), f"max_sum_cost_per_category of {name}"),
        }
        for name in names
    }
    return insert_each(db, "themes", rows)


def insert_each(db: Database, table: str, rows: Mapping[str, dict[str, Any]]) -> dict[str, int]:
    return {name: database.insert(db, table, row) for name, row in rows.items()}


def area_name(project: Listed) -> str:
    return " / ".join(project.neighborhoods)


def insert_areas(db: Database, process_id: int, instance: Instance) -> dict[str, int]:
    """The neighbourhoods that plans lie in, below the area of the process, and their budgets."""
    budgets = instance.rule.neighborhood_budgets
    if budgets and any(len(project.neighborhoods) > 1 for project in instance.projects):
        raise Refused("A project lies in two neighborhoods that have a budget each.")
    (parent,) = db.execute("SELECT area_id FROM processes WHERE id = ?", [process_id]).fetchone()
    names = dict.fromkeys(chain(budgets, filter(None, map(area_name, instance.projects))))
    ids = {name: processes.area(db, name, parent) for name in names}
    db.table("area_budgets").insert_all(
        {"process_id": process_id, "area_id": ids[name], "budget": cents(budget, f"The budget of {name}")}
        for name, budget in budgets.items()
    )
    return ids


def insert_pairs(db: Database, instance: Instance, ids: Mapping[str, int]) -> None:
    db.conn.executemany(
        "INSERT OR IGNORE INTO exclusive_pairs (plan_id, other_id) VALUES (?, ?)",
        ((ids[one], ids[other]) for one, other in instance.rule.exclusive if one in ids and other in ids),
    )


def insert_ballots(db: Database, process_id: int, instance: Instance, ids: Mapping[str, int]) -> None:
    ranked = instance.vote_type == "ordinal"
    blank: Iterable[tuple[str, str]] = [("", "")] * instance.blank
    votes = (vote_row(vote, ids, keep_order=ranked or bool(vote.points)) for vote in instance.votes)
    db.conn.executemany(
        "INSERT INTO ballots (process_id, key, vote, points) VALUES (?, ?, ?, ?)",
        ((process_id, secrets.token_bytes(16), vote, points) for vote, points in chain(votes, blank)),
    )


def vote_row(vote: Vote, ids: Mapping[str, int], *, keep_order: bool) -> tuple[str, str]:
    plan_ids = [ids[project_id] for project_id in vote.projects]
    ordered = plan_ids if keep_order else sorted(plan_ids)
    return ",".join(map(str, ordered)), ",".join(f"{Decimal(point):f}" for point in vote.points)
