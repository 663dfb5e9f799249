"""Reading in (inlezen) a file of areas: what it would change here, and doing it, all or nothing."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain import area_figures, audit, database
from domain.area_files import AreaFile, Found, parent_code, same_name
from domain.database import Database


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of an area of the file. `kind`: new, changed or same; `what` of a change: code, name, level, parent,
    boundary, figures. `area_id` is that of the area it is here, 0 of a new one."""

    found: Found
    kind: str
    name: str
    what: tuple[str, ...] = ()
    area_id: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """`unknown`: codes of figures for areas that aren't here. `absent`: names and codes of areas of the municipality
    that are here but not in the file, of the levels that it has; they stay."""

    changes: tuple[Change, ...]
    unknown: tuple[str, ...] = ()
    absent: tuple[tuple[str, str], ...] = ()

    def of(self, kind: str) -> list[Change]:
        return [change for change in self.changes if change.kind == kind]


class Here:
    """The areas as they are here, while a file is laid beside them: names and parents as they will be."""

    def __init__(self, db: Database) -> None:
        query = "SELECT id, parent_id, name, coalesce(code, '') AS code, level, coalesce(boundary, '') AS boundary"
        self.rows: dict[int, dict[str, Any]] = {row["id"]: row for row in db.query(f"{query} FROM areas")}
        self.by_code = {row["code"]: row for row in self.rows.values() if row["code"]}
        self.children: dict[int | None, list[dict[str, Any]]] = {}
        for row in self.rows.values():
            self.children.setdefault(row["parent_id"], []).append(row)
        self.names = {(row["parent_id"], row["name"]): row["id"] for row in self.rows.values()}
        self.figures = area_figures.of(db, self.rows)
        self.next_id = -1

    def area_of(self, found: Found) -> dict[str, Any] | None:
        """The area that it is here: that of its code, else one of its name that has no code yet."""
        if found.code in self.by_code:
            return self.by_code[found.code]
        for row in self.nearby(found) if found.name else ():
            if not row["code"] and row["level"] in ("", found.level) and same_name(row["name"], found.name):
                return row
        return None

    def nearby(self, found: Found) -> Iterator[dict[str, Any]]:
        """Where an area without a code may be it: the roots for a municipality, else all of that municipality."""
        if found.level == "municipality":
            yield from self.children.get(None, ())
            return
        root = self.by_code.get(f"GM{found.code[2:6]}")
        todo = [*self.children.get(root["id"], ())] if root else []
        while todo:
            row = todo.pop(0)
            yield row
            todo += self.children.get(row["id"], ())

    def free_name(self, parent_id: int | None, name: str, found: Found, area_id: int) -> str:
        """Within an area each has a name of its own."""
        taken = self.names.get((parent_id, name), area_id)
        return name if taken == area_id else f"{name} ({found.code})"

    def take(self, row: dict[str, Any], code: str, parent_id: int | None, name: str) -> None:
        """From here on the area has that code, parent and name."""
        if self.names.get((row["parent_id"], row["name"])) == row["id"]:
            del self.names[row["parent_id"], row["name"]]
        row |= {"code": code, "parent_id": parent_id, "name": name}
        self.by_code[code] = row
        self.names[parent_id, name] = row["id"]

    def make(self, found: Found, parent_id: int | None) -> Change:
        name = self.free_name(parent_id, found.name or placeholder(found), found, self.next_id)
        row = {"id": self.next_id, "parent_id": None, "name": "", "code": "", "level": found.level, "boundary": ""}
        self.rows[self.next_id] = row
        self.take(row, found.code, parent_id, name)
        self.next_id -= 1
        return Change(found, "new", name)


def placeholder(found: Found) -> str:
    """What an area is called of which only the code is known, until a file says its name."""
    return f"Wijk {found.code[6:]}" if found.level == "wijk" else found.code


def compare(db: Database, file: AreaFile) -> Comparison:
    """What reading in the file would change. Reads every boundary: some milliseconds for some hundreds."""
    here = Here(db)
    if file.kind == "figures":
        return compare_figures(here, file)
    changes = [change_of(here, found, file.year) for found in file.areas]
    return Comparison(tuple(changes), absent=tuple(absent(here, file)))


def compare_figures(here: Here, file: AreaFile) -> Comparison:
    known = [found for found in file.areas if found.code in here.by_code]
    changes = []
    for found in known:
        row = here.by_code[found.code]
        changed = figures_differ(here, row["id"], found, file.year)
        kind, what = ("changed", ("figures",)) if changed else ("same", ())
        changes.append(Change(found, kind, row["name"], what, row["id"]))
    unknown = sorted(found.code for found in file.areas if found.code not in here.by_code)
    return Comparison(tuple(changes), tuple(unknown), tuple(absent(here, file)))


def change_of(here: Here, found: Found, year: int) -> Change:
    parent = here.by_code.get(parent_code(found.code))
    row = here.area_of(found)
    if row is None:
        return here.make(found, parent["id"] if parent else None)
    parent_id = new_parent(here, row, found, parent)
    name = here.free_name(parent_id, new_name(row, found), found, row["id"])
    differs = {
        "code": row["code"] != found.code,
        "name": row["name"] != name,
        "level": row["level"] != found.level,
        "parent": row["parent_id"] != parent_id,
        "boundary": bool(found.boundary) and row["boundary"] != found.boundary,
        "figures": figures_differ(here, row["id"], found, year),
    }
    here.take(row, found.code, parent_id, name)
    row["level"] = found.level
    what = tuple(part for part, changed in differs.items() if changed)
    return Change(found, "changed" if what else "same", name, what, row["id"])


def new_parent(here: Here, row: Mapping[str, Any], found: Found, parent: Mapping[str, Any] | None) -> int | None:
    """Where it lies stays as it is, so that a wijk can lie in a stadsdeel; but a buurt that hung right below its
    municipality goes into its wijk."""
    now_in: int | None = row["parent_id"]
    of_municipality = now_in is None or here.rows[now_in]["level"] == "municipality"
    if parent is None or found.level != "buurt" or not of_municipality or row["code"]:
        return now_in
    return int(parent["id"])


def new_name(row: Mapping[str, Any], found: Found) -> str:
    """That of the file, unless it is the same name written otherwise: Den Haag stays Den Haag."""
    if not found.name or same_name(row["name"], found.name):
        return str(row["name"])
    return found.name if not found.implied or row["name"] == placeholder(found) else str(row["name"])


def figures_differ(here: Here, area_id: int, found: Found, year: int) -> bool:
    known = here.figures.get(area_id, {})
    return any(known.get(name) != area_figures.Known(value, year) for name, value in found.figures.items())


def absent(here: Here, file: AreaFile) -> Iterable[tuple[str, str]]:
    levels = {found.level for found in file.areas if not found.implied}
    codes = {found.code for found in file.areas}
    for code, row in sorted(here.by_code.items()):
        if code not in codes and row["level"] in levels and code[2:6] == file.municipality[2:6]:
            yield row["name"], code


def read_in(db: Database, file: AreaFile, now: datetime, account_id: int) -> Comparison:
    """Make the areas those of the file; returns what changed. Nothing is ever removed.

    Takes a tenth of a second for some hundreds: on a thread, inside `database.writing`.
    """
    comparison = compare(db, file)
    ids: dict[str, int] = {}
    for change in comparison.changes:
        ids[change.found.code] = area_id = change.area_id or insert(db, change, ids)
        if change.kind == "changed":
            update(db, change, area_id, ids)
        if change.found.figures and (change.kind == "new" or "figures" in change.what):
            area_figures.keep(db, area_id, change.found.figures, file.year)
    new, changed = len(comparison.of("new")), len(comparison.of("changed"))
    if new or changed:
        subject = f"area {ids[file.municipality]}" if file.municipality in ids else ""
        audit.record(db, account_id, None, "areas_imported", subject, now, new=new, changed=changed, kind=file.kind)
    return comparison


def insert(db: Database, change: Change, ids: Mapping[str, int]) -> int:
    found = change.found
    row = {"name": change.name, "code": found.code, "level": found.level, "boundary": found.boundary or None}
    return database.insert(db, "areas", row | {"parent_id": ids.get(parent_code(found.code))})


def update(db: Database, change: Change, area_id: int, ids: Mapping[str, int]) -> None:
    found = change.found
    db.execute(
        "UPDATE areas SET code = ?, name = ?, level = ? WHERE id = ?", [found.code, change.name, found.level, area_id]
    )
    if "parent" in change.what:
        db.execute("UPDATE areas SET parent_id = ? WHERE id = ?", [ids[parent_code(found.code)], area_id])
    if "boundary" in change.what:
        db.execute("UPDATE areas SET boundary = ?, removed_boundary = NULL WHERE id = ?", [found.boundary, area_id])
