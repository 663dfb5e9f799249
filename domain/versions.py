"""Versions (versies): every text that a plan had, who changed it and when."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Any

from domain import areas, phases
from domain.database import Database
from domain.search import searchable

TEXTS = ("title", "summary", "description", "for_whom", "own_work", "location", "planned", "photo_alt")
COLUMNS = (*TEXTS, "items", "cost", "lat", "lon", "photo")
FIELDS = (*COLUMNS, "themes")  # what can be edited; items are [[what, cents], …], themes the ids of themes
MOST_COMPARED = 10_000  # pairs of lines or words: beyond, a text is shown as replaced, so that no page takes long


class Stale(Exception):
    """Somebody was first. `current` has the fields as they are now, and `version` is their number."""

    def __init__(self, version: int, current: dict[str, Any]) -> None:
        super().__init__(version)
        self.version = version
        self.current = current


class Frozen(Exception):
    """The vote opened: text and cost of the plans stay as they are."""


class Judged(Exception):
    """There is a verdict at this cost: only another verdict changes it. The words may still change."""


@dataclass(frozen=True, slots=True)
class Change:
    """One edit. `number` is the version it made; `account_id` the staff who did it, None where a maker did."""

    number: int
    at: datetime
    account_id: int | None
    reason: str
    old: dict[str, Any]
    new: dict[str, Any]

    @property
    def by_staff(self) -> bool:
        return self.account_id is not None

    @property
    def did(self) -> str:
        """edited; or with the text as it was (`mark`) withdrawn, which takes a reason, or reinstated."""
        return "edited" if self.old != self.new else "withdrawn" if self.reason else "reinstated"


def current(db: Database, plan_id: int) -> dict[str, Any]:
    """The FIELDS of the plan as they are now."""
    row = next(db.query(f"SELECT {', '.join(COLUMNS)} FROM plans WHERE id = ?", [plan_id]))
    themes = db.execute("SELECT theme_id FROM plan_themes WHERE plan_id = ? ORDER BY theme_id", [plan_id])
    return {**row, "items": json.loads(row["items"]), "themes": [theme for (theme,) in themes]}


def edit(
    db: Database,
    plan_id: int,
    expected_version: int,
    fields: Mapping[str, Any],
    now: datetime,
    account_id: int | None = None,
    reason: str = "",
    *,
    by_verdict: bool = False,
) -> int:
    """Set these FIELDS (those not named stay), keep the text of before, and return the number of the version.

    What changes nothing makes no version, so the same edit twice is one. Where the items change and no cost is
    given, the cost is their sum. `account_id`: staff did it, and the plan says so. `by_verdict`: this is the cost of a
    verdict, the one edit of it that may come after one. Raises Stale, Frozen, Judged.
    """
    unknown = set(fields) - set(FIELDS)
    if unknown:
        raise KeyError(*unknown)
    before, version = current(db, plan_id), version_of(db, plan_id)
    after = {**before, **json.loads(json.dumps(dict(fields)))}
    if after["items"] != before["items"] and "cost" not in fields:
        after["cost"] = sum(cents for _, cents in after["items"])
    if after == before:
        return version
    refuse_frozen(db, plan_id, now)
    if version != expected_version:
        raise Stale(version, before)
    if costs(before) != costs(after) and not by_verdict:
        refuse_judged(db, plan_id)
    keep(db, plan_id, version, before, now, account_id, reason)
    write(db, plan_id, version + 1, after)
    if (before["lat"], before["lon"]) != (after["lat"], after["lon"]):
        areas.place_plan(db, plan_id)
    if account_id is not None:
        db.execute("UPDATE plans SET staff_edited_at = ?, unread = 0 WHERE id = ?", [phases.to_text(now), plan_id])
    return version + 1


def mark(db: Database, plan_id: int, now: datetime, account_id: int | None, reason: str) -> None:
    """A version with the same text, so that the changes of the plan tell what else happened to it."""
    keep(db, plan_id, version_of(db, plan_id), current(db, plan_id), now, account_id, reason)
    db.execute("UPDATE plans SET version = version + 1 WHERE id = ?", [plan_id])


def version_of(db: Database, plan_id: int) -> int:
    return int(db.execute("SELECT version FROM plans WHERE id = ?", [plan_id]).fetchone()[0])


def refuse_frozen(db: Database, plan_id: int, now: datetime) -> None:
    """Raises Frozen once the vote of the plan's process opened."""
    frozen = db.execute(
        "SELECT 1 FROM plans JOIN processes ON processes.id = plans.process_id LEFT JOIN phases "
        "ON phases.process_id = processes.id AND kind = 'vote' "
        "WHERE plans.id = ? AND (sealed_at IS NOT NULL OR opens_at <= ?)",
        [plan_id, phases.to_text(now)],
    ).fetchone()
    if frozen:
        raise Frozen(plan_id)


def costs(fields: Mapping[str, Any]) -> tuple[int, Any]:
    """What a verdict is about: the cost, and what it is made of."""
    return fields["cost"], fields["items"]


def refuse_judged(db: Database, plan_id: int) -> None:
    """Raises Judged where the plan has a verdict."""
    if db.execute("SELECT 1 FROM plans WHERE id = ? AND verdict != ''", [plan_id]).fetchone():
        raise Judged(plan_id)


def keep(
    db: Database,
    plan_id: int,
    version: int,
    before: dict[str, Any],
    now: datetime,
    account_id: int | None,
    reason: str,
) -> None:
    db.execute(
        "INSERT INTO plan_versions (plan_id, number, replaced_at, account_id, reason, fields) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        [plan_id, version, phases.to_text(now), account_id, reason, json.dumps(before, ensure_ascii=False)],
    )


def write(db: Database, plan_id: int, version: int, after: dict[str, Any]) -> None:
    row = {name: after[name] for name in COLUMNS} | {"items": json.dumps(after["items"], ensure_ascii=False)}
    row |= {"words": searchable(after), "version": version}
    sets = ", ".join(f"{name} = :{name}" for name in row)
    db.execute(f"UPDATE plans SET {sets} WHERE id = :id", {**row, "id": plan_id})
    set_themes(db, plan_id, after["themes"])


def set_themes(db: Database, plan_id: int, theme_ids: Iterable[int]) -> None:
    db.execute("DELETE FROM plan_themes WHERE plan_id = ?", [plan_id])
    for theme_id in dict.fromkeys(theme_ids):
        db.execute("INSERT INTO plan_themes (plan_id, theme_id) VALUES (?, ?)", [plan_id, theme_id])


def history(db: Database, plan_id: int) -> list[Change]:
    """Every edit of the plan, the newest first."""
    rows = list(
        db.query(
            "SELECT number, replaced_at, account_id, reason, fields FROM plan_versions WHERE plan_id = ? "
            "ORDER BY number",
            [plan_id],
        )
    )
    texts = [json.loads(row["fields"]) for row in rows] + [current(db, plan_id)]
    changes = [
        Change(row["number"] + 1, phases.from_text(row["replaced_at"]), row["account_id"], row["reason"], old, new)
        for row, (old, new) in zip(rows, pairwise(texts), strict=True)
    ]
    return changes[::-1]


@dataclass(slots=True)
class Budget:
    """How many pairs of words or lines one page may compare; what is beyond it shows as replaced, whole."""

    left: int = MOST_COMPARED


def diff(
    old: Mapping[str, str], new: Mapping[str, str], budget: Budget | None = None
) -> dict[str, list[tuple[str, str]]]:
    """What differs between two sets of texts, per field that does: pieces of text that are "same", "gone" or "new"."""
    left = budget or Budget()
    return {name: pieces(old.get(name, ""), text, left) for name, text in new.items() if old.get(name, "") != text}


def pieces(old: str, new: str, budget: Budget | None = None) -> list[tuple[str, str]]:
    """The two texts as one: what stayed, what is gone and what came, by lines and within these by words."""
    parts: list[tuple[str, str]] = []
    budget = budget or Budget()
    for kind, gone, came in compared(old.splitlines(keepends=True), new.splitlines(keepends=True), budget):
        if kind == "equal":
            parts.append(("same", gone))
            continue
        for inner, less, more in compared(words(gone), words(came), budget):
            parts += [("same", less)] if inner == "equal" else [("gone", less), ("new", more)]
    return [(kind, text) for kind, text in parts if text]


def compared(a: list[str], b: list[str], budget: Budget) -> list[tuple[str, str, str]]:
    """difflib's opcodes with the text of both sides. Its time is quadratic, and of the third degree where words are
    made for it, so it draws on the budget; what both begin and end with costs nothing."""
    start = same_at_start(a, b)
    end = same_at_start(a[start:][::-1], b[start:][::-1])
    head, tail = "".join(a[:start]), "".join(a[len(a) - end :])
    found = compared_within(a[start : len(a) - end], b[start : len(b) - end], budget)
    return [each for each in (("equal", head, head), *found, ("equal", tail, tail)) if each[1] or each[2]]


def same_at_start(a: list[str], b: list[str]) -> int:
    """How many of their first are the same."""
    return next((n for n, (one, other) in enumerate(zip(a, b, strict=False)) if one != other), min(len(a), len(b)))


def compared_within(a: list[str], b: list[str], budget: Budget) -> list[tuple[str, str, str]]:
    if len(a) * len(b) > budget.left:
        return [("replace", "".join(a), "".join(b))]
    budget.left -= len(a) * len(b)
    codes = SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
    return [(kind, "".join(a[a1:a2]), "".join(b[b1:b2])) for kind, a1, a2, b1, b2 in codes]


def words(text: str) -> list[str]:
    """The words of the text, each with the space behind it."""
    return re.findall(r"\s*\S+\s?|\s+", text)
