"""Processes (trajecten): one participation project in one area, with its phases, themes, limits and plans."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from domain import database, maps, phases, plans
from domain.counting import Rule
from domain.database import Database
from domain.maps import Box
from domain.phase_kinds import KINDS
from domain.phases import Phase
from domain.plans import Plan, Theme
from domain.search import fold


@dataclass(frozen=True, slots=True)
class Limits:
    """What one ballot may hold: numbers of plans, and cents they may add up to. None is no limit."""

    min_length: int = 0
    max_length: int | None = None
    max_sum_cost: int | None = None


@dataclass(frozen=True, slots=True)
class Logo:
    """What stands in the header instead of a letter; width and height in pixels."""

    key: str
    width: int
    height: int
    alt: str


@dataclass(frozen=True)
class Process:
    """A process as it stands in the database at one revision; `budget` in cents."""

    id: int
    slug: str
    name: str
    area: str
    municipality: str
    summary: str
    description: str
    language: str
    currency: str
    budget: int
    method: str
    limits: Limits
    blank_allowed: bool
    change_allowed: bool
    counting_rule: str
    rule_options: Mapping[str, Any]
    area_budgets: Mapping[str, int]
    exclusive: tuple[tuple[str, str], ...]
    lot_seed: str
    photo: str
    imported_meta: Mapping[str, str]
    sealed_at: datetime | None
    corrected_at: datetime | None  # the last time a rule of its vote was corrected
    revision: int
    structure: int
    support_threshold: int | None
    supporters: str
    plan_moderation: str
    reaction_moderation: str
    reactions_allowed: bool
    max_plan_cost: int | None
    submitters: str
    submit_age: int | None
    support_age: int | None
    vote_age: int | None
    codes_by: str
    turnout_public: str
    aftercare: str
    choices: Mapping[str, Any]  # of kinds of phases that have no column for them, by Choice.field
    legal_basis: str
    controller: str
    privacy_contact: str
    contact: str
    host: str
    languages: tuple[str, ...]
    blocks: tuple[str, ...]
    look: Mapping[str, str]
    logo: Logo | None
    frame_ancestors: tuple[str, ...]
    reach: Box | None  # on the map: a pin further away is refused
    phases: tuple[Phase, ...]
    themes: tuple[Theme, ...]
    all_plans: tuple[Plan, ...] = field(repr=False)

    @cached_property
    def plans(self) -> tuple[Plan, ...]:
        """The plans that residents see, withdrawn ones too; not those that wait, are hidden or merged."""
        return tuple(plan for plan in self.all_plans if plan.public)

    @cached_property
    def by_project_id(self) -> dict[str, Plan]:
        """The plans of the vote (`contest`) by their name on ballots."""
        return {plan.project_id: plan for plan in self.contest}

    @cached_property
    def by_id(self) -> dict[int, Plan]:
        return {plan.id: plan for plan in self.all_plans}

    @cached_property
    def contest(self) -> tuple[Plan, ...]:
        """The plans the vote is about: found feasible where plans are assessed at all, and not withdrawn before it
        opened. Ballots that name one withdrawn since stay valid, but it can't win."""
        assessed, vote = self.phase("assess") is not None, self.voting_phase
        opens_at = vote.opens_at if vote else None
        return tuple(
            plan
            for plan in self.plans
            if (plan.verdict == "feasible" or not assessed)
            and (plan.withdrawn_at is None or opens_at is None or plan.withdrawn_at >= opens_at)
        )

    @cached_property
    def on_ballot(self) -> tuple[Plan, ...]:
        """The plans that can be chosen."""
        return tuple(plan for plan in self.contest if not plan.withdrawn)

    def frozen(self, now: datetime) -> bool:
        """The vote opened, so the plans on the ballot and their texts and costs stay as they are."""
        return self.finished or (self.voting_phase is not None and self.voting_phase.opens_at <= now)

    @property
    def plan_count(self) -> int:
        """How many plans are still in the running."""
        return sum(not plan.withdrawn for plan in self.plans)

    @property
    def finished(self) -> bool:
        """The vote is sealed, so its result is public."""
        return self.sealed_at is not None

    @property
    def voting_phase(self) -> Phase | None:
        return self.phase("vote")

    def phase(self, kind: str) -> Phase | None:
        """The phase of that kind (phases.KINDS), if the process has one."""
        return next((phase for phase in self.phases if phase.kind == kind), None)

    def open(self, kind: str, now: datetime) -> bool:
        """A phase of that kind is open."""
        phase = self.phase(kind)
        return phase is not None and phase.open(now)

    def voting(self, now: datetime) -> bool:
        phase = self.voting_phase
        return phase is not None and phase.open(now) and not self.finished

    def current(self, now: datetime) -> Phase | None:
        """The phase that is open; the one that opened last where two are."""
        return next((phase for phase in reversed(self.phases) if phase.open(now)), None)

    def doing(self, now: datetime) -> Phase | None:
        """The open phase of which the page of the process speaks: the vote, else the earliest in the table of kinds."""
        order = ["vote", *KINDS]
        return min((phase for phase in self.phases if phase.open(now)), key=lambda p: order.index(p.kind), default=None)

    def upcoming(self, now: datetime) -> Phase | None:
        return next((phase for phase in self.phases if phase.opens_at > now), None)

    def over(self, now: datetime) -> bool:
        """Its last phase closed."""
        return bool(self.phases) and max(phase.closes_at for phase in self.phases) <= now

    @cached_property
    def rule(self) -> Rule:
        """The counting rule, amounts in cents."""
        return Rule(
            name=self.counting_rule,
            category_budgets={theme.name: theme.budget for theme in self.themes if theme.budget is not None},
            neighborhood_budgets=self.area_budgets,
            exclusive=self.exclusive,
            seed=self.lot_seed,
            **self.rule_options,
        )


# Names that are pages of the site itself: a process called so would hide them, or be hidden.
RESERVED = frozenset(
    {
        *("aanmelden", "account", "afmelden", "api", "beheer", "bevestig", "bewoner", "controle", "favicon", "foto"),
        *(
            "health",
            "help",
            "hulp",
            "inbed",
            "index",
            "inloggen",
            "kaart",
            "login",
            "logboek",
            "mail",
            "media",
            "medewerkers",
        ),
        *("mijn", "nieuw", "ontwerpen", "op-de-hoogte", "plannen", "post", "privacy", "robots", "sessies", "sitemap"),
        *("start", "static", "stemmen"),
        *("taal", "tegels", "toegankelijkheid", "uitleg", "uitloggen", "uitnodiging", "uitslag", "volgen"),
        *("wachtwoord", "well-known", "wijken", "www"),
    }
)


class SlugTaken(Exception):
    """The slug is in use, or is the name of a page of ours."""


def slug_from(name: str) -> str:
    """A slug of the words of `name`: a–z, 0–9 and hyphens, 2 to 60 long."""
    words = "".join(c if c.isascii() and c.isalnum() else " " for c in fold(name).lower()).split()
    slug = "-".join(words)[:60].strip("-")
    return slug if len(slug) > 1 else "traject"


def free_slug(db: Database, wanted: str) -> str:
    """`wanted`, with -2, -3 … behind it where it is in use or reserved."""
    tries = (wanted if n == 1 else f"{wanted[:56]}-{n}" for n in range(1, 10_000))
    return next(slug for slug in tries if not taken(db, slug))


def taken(db: Database, slug: str) -> bool:
    return slug in RESERVED or bool(db.execute("SELECT 1 FROM processes WHERE slug = ?", [slug]).fetchone())


def insert(db: Database, values: Mapping[str, Any]) -> int:
    """Write a row of `processes` and return its id. Raises SlugTaken."""
    if taken(db, values["slug"]):
        raise SlugTaken(values["slug"])
    return database.insert(db, "processes", values)


def area(db: Database, name: str, parent_id: int | None = None) -> int:
    """The id of the area of that name under that parent, made where it isn't there yet."""
    row = db.execute("SELECT id FROM areas WHERE name = ? AND parent_id IS ?", [name, parent_id]).fetchone()
    if row:
        return int(row[0])
    return database.insert(db, "areas", {"name": name, "parent_id": parent_id})


def revision(db: Database) -> int:
    """A number that grows with every change to what is public; what was made at the same number still holds."""
    return int(db.execute("SELECT number FROM revision").fetchone()[0])


def slugs(db: Database) -> list[str]:
    """Of every process, the newest first."""
    return [row[0] for row in db.execute("SELECT slug FROM processes ORDER BY id DESC")]


def load(db: Database, slug: str, before: Process | None = None) -> Process | None:
    """The process with that slug, or None. With `before`, the process as it was, only what changed is read."""
    # Before its rows: what changes while they are read must make them old, not new.
    number, structure = db.execute("SELECT number, structure FROM revision").fetchone()
    if before is not None and before.structure == structure:
        return changed(db, before, number)
    row = next(db.query(QUERY + " WHERE slug = ?", [slug]), None)
    return process_from(db, row, number, structure) if row else None


def changed(db: Database, before: Process, at_revision: int) -> Process:
    themes = {theme.id: theme for theme in before.themes}
    newer = plans.load(db, before.id, before.slug, themes, since=before.revision)
    merged = before.by_id | newer
    return replace(before, revision=at_revision, all_plans=tuple(merged[id_] for id_ in sorted(merged)))


def fresh(db: Database, process: Process) -> Process:
    """The process as it is now: the same object where nothing public changed since it was read."""
    if revision(db) == process.revision:
        return process
    now_there = load(db, process.slug, process)
    assert now_there is not None, "processes are never deleted"
    return now_there


QUERY = """
WITH RECURSIVE up (id, parent_id, name, root) AS (
    SELECT id, parent_id, name, id FROM areas
    UNION ALL SELECT areas.id, areas.parent_id, areas.name, up.root FROM up JOIN areas ON areas.id = up.parent_id
)
SELECT processes.*, areas.name AS area, areas.boundary,
       (SELECT up.name FROM up WHERE up.root = areas.id AND up.parent_id IS NULL) AS municipality,
       (SELECT max(applied_at) FROM corrections WHERE process_id = processes.id) AS corrected_at
FROM processes JOIN areas ON areas.id = processes.area_id
"""


def process_from(db: Database, row: dict[str, Any], at_revision: int, structure: int) -> Process:
    id_, slug = row["id"], row["slug"]
    themes = {t["id"]: Theme(**t) for t in db.query(THEMES, [id_])}
    return Process(
        **{name: row[name] for name in AS_THEY_ARE},
        method=row["voting_method"],
        limits=Limits(row["min_length"], row["max_length"], row["max_sum_cost"]),
        blank_allowed=bool(row["blank_allowed"]),
        change_allowed=bool(row["change_allowed"]),
        reactions_allowed=bool(row["reactions_allowed"]),
        rule_options=json.loads(row["rule_options"]),
        imported_meta=json.loads(row["imported_meta"]),
        choices=json.loads(row["choices"]),
        look=json.loads(row["look"]),
        logo=next((Logo(**logo) for logo in db.query(LOGO, [id_])), None),
        languages=tuple(json.loads(row["languages"])),
        blocks=tuple(json.loads(row["blocks"])),
        frame_ancestors=tuple(json.loads(row["frame_ancestors"])),
        area_budgets={a["name"]: a["budget"] for a in db.query(AREA_BUDGETS, [id_])},
        exclusive=tuple((p["a"], p["b"]) for p in db.query(EXCLUSIVE, [id_])),
        reach=maps.reach(row["boundary"] or ""),
        revision=at_revision,
        structure=structure,
        sealed_at=phases.from_text(row["sealed_at"]) if row["sealed_at"] else None,
        corrected_at=phases.from_text(row["corrected_at"]) if row["corrected_at"] else None,
        phases=phases.load(db, id_),
        themes=tuple(themes.values()),
        all_plans=tuple(plans.load(db, id_, slug, themes).values()),
    )


AS_THEY_ARE = (
    *("id", "slug", "name", "area", "municipality", "summary", "description", "language", "currency", "budget"),
    *("counting_rule", "lot_seed", "photo", "support_threshold", "supporters", "plan_moderation"),
    *("reaction_moderation", "max_plan_cost", "submitters", "submit_age", "support_age", "vote_age", "codes_by"),
    *("turnout_public", "aftercare", "legal_basis", "controller", "privacy_contact", "contact", "host"),
)
THEMES = "SELECT id, name, budget, min_length, max_length, max_sum_cost FROM themes WHERE process_id = ? ORDER BY id"
LOGO = "SELECT key, width, height, alt FROM logos WHERE process_id = ? AND shown = 1"
AREA_BUDGETS = "SELECT name, budget FROM area_budgets JOIN areas ON areas.id = area_id WHERE process_id = ? ORDER BY id"
EXCLUSIVE = """
SELECT a.project_id AS a, b.project_id AS b FROM exclusive_pairs
JOIN plans AS a ON a.id = plan_id JOIN plans AS b ON b.id = other_id WHERE a.process_id = ?
"""
