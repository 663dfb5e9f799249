"""Plans (plannen): what residents handed in and vote on, in the orders in which they are shown."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain import database, phases
from domain.database import Database
from domain.search import fold, searchable

PAGE = 24  # plans a page
SHUFFLES = 32  # fixed orders, one per visitor, so that no plan profits from its place


@dataclass(frozen=True, slots=True)
class Theme:
    """A category of plans. `budget` (cents) binds the count; the other limits bind one ballot."""

    id: int
    name: str
    budget: int | None = None
    min_length: int = 0
    max_length: int | None = None
    max_sum_cost: int | None = None

    @property
    def limited(self) -> bool:
        """It says something about what one ballot may hold."""
        return bool(self.min_length) or self.max_length is not None or self.max_sum_cost is not None


@dataclass(frozen=True, slots=True)
class Plan:
    """One plan. `cost` in cents; `project_id` is its name on ballots and in the .pb, unique in its process."""

    id: int
    project_id: str
    title: str
    cost: int
    themes: tuple[Theme, ...] = ()
    summary: str = ""
    description: str = ""
    for_whom: str = ""
    own_work: str = ""
    location: str = ""
    maker: str = ""
    area: str = ""
    photo: str = ""
    photo_alt: str = ""
    url: str = ""
    status: str = "published"  # submitted, published, hidden or merged
    status_reason: str = ""  # why it is hidden or withdrawn
    merged_into: int | None = None
    version: int = 1
    planned: str = ""
    items: tuple[tuple[str, int], ...] = ()  # what it is spent on, and cents; the sum was asked
    lat: float | None = None  # WGS 84
    lon: float | None = None
    submitted_at: datetime | None = None
    published_at: datetime | None = None
    staff_edited_at: datetime | None = None
    withdrawn_at: datetime | None = None
    verdict: str = ""  # feasible or infeasible, once assessed
    verdict_reason: str = ""
    asked_cost: int | None = None  # cents, where the verdict changed the cost
    supports: int = 0
    reactions: int = 0  # published ones
    channel: str = "online"  # how it came in
    account_id: int | None = None  # of staff who put it in for somebody
    unread: int = 0  # 1: residents made it public themselves, and nobody of the staff looked at it yet
    sorts_as: str = ""  # the title, folded

    @property
    def withdrawn(self) -> bool:
        return self.withdrawn_at is not None

    @property
    def public(self) -> bool:
        """It stands in the lists that residents see; withdrawn ones do, with a trace."""
        return self.status == "published"


def insert(db: Database, row: Mapping[str, Any]) -> int:
    """Write a row of `plans`, with the words that search looks through, and return its id."""
    return database.insert(db, "plans", {**row, "words": searchable(row)})


def load(db: Database, process_id: int, slug: str, themes: Mapping[int, Theme], since: int = -1) -> dict[int, Plan]:
    """The plans of a process in every status that changed after revision `since`, by id in ascending order."""
    rows = list(
        db.query(
            "SELECT plans.*, coalesce(areas.name, '') AS area, "
            "(SELECT group_concat(theme_id) FROM plan_themes WHERE plan_id = plans.id) AS theme_ids "
            "FROM plans LEFT JOIN areas ON areas.id = plans.area_id "
            "WHERE process_id = ? AND revision > ? ORDER BY plans.id",
            [process_id, since],
        )
    )
    return {row["id"]: plan_from(row, slug, themes_of(row["theme_ids"], themes)) for row in rows}


def themes_of(theme_ids: str | None, themes: Mapping[int, Theme]) -> tuple[Theme, ...]:
    return tuple(themes[id_] for id_ in sorted(map(int, theme_ids.split(",")))) if theme_ids else ()


def plan_from(row: dict[str, Any], slug: str, themes: tuple[Theme, ...]) -> Plan:
    values = {name: value for name, value in row.items() if name not in NOT_IN_PLAN}
    for name in MOMENTS:
        values[name] = phases.from_text(values[name]) if values[name] else None
    values["items"] = tuple((what, cents) for what, cents in json.loads(row["items"]))
    values["sorts_as"] = fold(row["title"])
    return Plan(**values, themes=themes, url=f"/{slug}/plannen/{row['id']}")


NOT_IN_PLAN = {"process_id", "area_id", "words", "theme_ids", "revision"}
MOMENTS = ("submitted_at", "published_at", "staff_edited_at", "withdrawn_at")


def shuffled(plans: Iterable[Plan], shuffle: int) -> list[Plan]:
    """The plans in fixed order number `shuffle` (0 … SHUFFLES - 1).

    The place of a plan depends on the order's number and the plan alone: a plan that is added or withdrawn moves
    no other, so paging never repeats or misses one.
    """
    return sorted(plans, key=lambda plan: hashlib.sha256(f"{shuffle}|{plan.id}".encode()).digest())


SORTS = {
    "title": lambda plan: (plan.sorts_as, plan.id),
    "cost": lambda plan: (plan.cost, plan.id),
    "-cost": lambda plan: (-plan.cost, plan.id),
    "supports": lambda plan: (-plan.supports, plan.id),
}


def ordered(plans: Iterable[Plan], sort: str, shuffle: int) -> list[Plan]:
    return sorted(plans, key=SORTS[sort]) if sort in SORTS else shuffled(plans, shuffle)


# Filter on amount: value in the URL, from and up to (cents); None is no end.
AMOUNTS: tuple[tuple[str, int, int | None], ...] = (
    ("0-1000", 0, 1_000_00),
    ("1000-5000", 1_000_00, 5_000_00),
    ("5000-10000", 5_000_00, 10_000_00),
    ("10000-", 10_000_00, None),
)


def matching(plans: Iterable[Plan], theme_id: int | None, amount: str, found: Set[int] | None = None) -> list[Plan]:
    """The plans with that theme, within that amount (AMOUNTS), and among the ids `found` where those are given."""
    low, high = next(((low, high) for value, low, high in AMOUNTS if value == amount), (0, None))
    return [
        plan
        for plan in plans
        if (theme_id is None or any(theme.id == theme_id for theme in plan.themes))
        and low <= plan.cost
        and (high is None or plan.cost <= high)
        and (found is None or plan.id in found)
    ]


def page_of(plans: Sequence[Plan], page: int) -> tuple[Sequence[Plan], int]:
    """Page `page` (from 1) of the plans, and how many pages there are (at least 1). Raises IndexError past the last."""
    pages = max(1, -(-len(plans) // PAGE))
    if not 1 <= page <= pages:
        raise IndexError(page)
    return plans[(page - 1) * PAGE : page * PAGE], pages
