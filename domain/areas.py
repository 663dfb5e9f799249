"""Areas (gebieden) as a tree: gemeente, stadsdeel, wijk, buurt; and in which of them a place lies."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import Any

from domain import audit, database, maps
from domain.database import Database
from domain.maps import Frame, Point, Ring, Shape

LEVELS = ("municipality", "district", "wijk", "buurt")  # from large to small
PREFIXES = {"municipality": "GM", "wijk": "WK", "buurt": "BU"}  # CBS has no codes of stadsdelen
CODE = re.compile(r"GM[0-9]{4}|WK[0-9]{4}[0-9A-Z]{2}|BU[0-9]{4}[0-9A-Z]{4}")  # letters since Amsterdam in 2022
LONGEST_NAME = 80
MAP_WIDTH = 640  # of a drawing of many areas, in its own units


def level_of(code: str) -> str:
    """The level of the area that CBS gives that code. Raises ValueError for what is no code."""
    if not CODE.fullmatch(code):
        raise ValueError("not a code of CBS")
    return next(level for level, prefix in PREFIXES.items() if code.startswith(prefix))


class Refused(Exception):
    """The area stays as it is. `kind`: in_use, has_areas, name_taken, code_taken, wrong_level, into_itself,
    leaves_process or gone."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Area:
    """`depth` is how many areas it lies in; `bounded`: it has a boundary."""

    id: int
    parent_id: int | None
    name: str
    code: str
    level: str
    bounded: bool
    depth: int = 0


COLUMNS = "areas.id, areas.parent_id, areas.name, coalesce(areas.code, ''), areas.level, areas.boundary IS NOT NULL"


def tree(db: Database, root_id: int | None = None) -> list[Area]:
    """Every area, each right before those in it, these by code and then by name; with `root_id`, it and what lies in
    it, the root at depth 0."""
    children: dict[int | None, list[Area]] = {}
    by_id = {}
    for row in db.execute(f"SELECT {COLUMNS} FROM areas"):
        area = area_from(row)
        by_id[area.id] = area
        children.setdefault(area.parent_id, []).append(area)
    listed: list[Area] = []
    todo = [(by_id[root_id], 0)] if root_id in by_id else [(area, 0) for area in ordered(children.get(None, ()))]
    todo.reverse()
    while todo:
        area, depth = todo.pop()
        listed.append(replace(area, depth=depth))
        todo += [(child, depth + 1) for child in reversed(ordered(children.get(area.id, ())))]
    return listed


def ordered(areas: Iterable[Area]) -> list[Area]:
    return sorted(areas, key=lambda area: (area.code or "~", area.name.casefold(), area.id))


def of_code(db: Database, code: str) -> Area | None:
    row = db.execute(f"SELECT {COLUMNS} FROM areas WHERE code = ?", [code]).fetchone()
    return area_from(row) if row else None


def of(db: Database, area_id: int) -> Area | None:
    row = db.execute(f"SELECT {COLUMNS} FROM areas WHERE id = ?", [area_id]).fetchone()
    return area_from(row) if row else None


def area_from(row: tuple[Any, ...]) -> Area:
    id_, parent_id, name, code, level, bounded = row
    return Area(id_, parent_id, name, code, level, bool(bounded))


def path(db: Database, area_id: int) -> list[Area]:
    """The areas in which it lies, the largest first, and itself."""
    found: list[Area] = []
    while (area := of(db, area_id)) is not None:
        found.insert(0, area)
        if area.parent_id is None:
            break
        area_id = area.parent_id
    return [replace(area, depth=depth) for depth, area in enumerate(found)]


def below(db: Database, area_id: int) -> list[int]:
    """The ids of all that lies in it, at any depth; not its own."""
    return [id_ for (id_,) in db.execute(f"{BELOW} SELECT id FROM below WHERE id != :root", {"root": area_id})]


def named(db: Database, name: str, municipality: str) -> list[Area]:
    """The areas of that name, in whatever case, in that municipality, which is one of them; the largest first."""
    roots = db.execute(f"SELECT {COLUMNS} FROM areas WHERE parent_id IS NULL ORDER BY id").fetchall()
    same = [area for area in map(area_from, roots) if area.name.casefold() == municipality.casefold()]
    inside = sorted((area for root in same for area in tree(db, root.id)), key=lambda area: (area.depth, area.id))
    return [area for area in inside if area.name.casefold() == name.casefold()]


BELOW = """
WITH RECURSIVE below (id, depth) AS (
    SELECT :root, 0
    UNION ALL SELECT areas.id, below.depth + 1 FROM areas JOIN below ON areas.parent_id = below.id
)
"""


def leaves(db: Database, area_id: int) -> list[Area]:
    """The smallest areas in it, in the order of the tree; itself if nothing lies in it."""
    listed = tree(db, area_id)
    parents = {area.parent_id for area in listed}
    return [area for area in listed if area.id not in parents]


def of_process(db: Database, process_id: int) -> int:
    return int(db.execute("SELECT area_id FROM processes WHERE id = ?", [process_id]).fetchone()[0])


def at(db: Database, within_id: int, lat: float, lon: float) -> int | None:
    """The smallest area below that one in whose boundary the place lies; None if there is none.

    Only of areas whose box holds the place is the boundary read.
    """
    rows = db.execute(
        f"{BELOW} SELECT areas.id, boundary FROM below JOIN areas ON areas.id = below.id "
        "WHERE areas.id != :root AND :lat BETWEEN south AND north AND :lon BETWEEN west AND east "
        "ORDER BY (east - west) * (north - south), depth DESC",
        {"root": within_id, "lat": lat, "lon": lon},
    )
    return next((id_ for id_, boundary in rows if maps.contains(boundary, lat, lon)), None)


def place_plan(db: Database, plan_id: int) -> None:
    """The plan lies in the area that its pin points out, if it has one, within that of its process.

    Not where areas have budgets of their own, which were given with the plans, nor once the vote is sealed: the area
    stands in what was published.
    """
    row = db.execute(f"{TO_PLACE} AND plans.id = ?", [plan_id]).fetchone()
    if row:
        place(db, *row)


TO_PLACE = """
SELECT plans.id, plans.area_id, processes.area_id, lat, lon FROM plans JOIN processes ON processes.id = process_id
WHERE sealed_at IS NULL AND NOT EXISTS (SELECT 1 FROM area_budgets WHERE area_budgets.process_id = processes.id)
"""


def place(db: Database, plan_id: int, now_in: int | None, within_id: int, lat: float | None, lon: float | None) -> bool:
    """Whether it came to lie in another area."""
    found = at(db, within_id, lat, lon) if lat is not None and lon is not None else None
    if found == now_in:
        return False
    db.execute("UPDATE plans SET area_id = ? WHERE id = ?", [found, plan_id])
    return True


def plans_with_a_pin(db: Database) -> list[int]:
    """Those that `place_plans` may be asked to place, after the areas changed."""
    return [row[0] for row in db.execute(f"{TO_PLACE} AND lat IS NOT NULL ORDER BY plans.id")]


def place_plans(db: Database, plan_ids: Sequence[int]) -> int:
    """Place these again; how many came to lie elsewhere. A few dozen at a time: it takes a millisecond for some."""
    moved = 0
    for plan_id in plan_ids:
        row = db.execute(f"{TO_PLACE} AND plans.id = ?", [plan_id]).fetchone()
        moved += place(db, *row) if row else 0
    return moved


USES = {
    "process": "SELECT 1 FROM processes WHERE area_id = ? LIMIT 1",
    "plans": "SELECT 1 FROM plans WHERE area_id = ? LIMIT 1",
    "codes": "SELECT 1 FROM roll WHERE area_id = ? LIMIT 1",
    "budget": "SELECT 1 FROM area_budgets WHERE area_id = ? LIMIT 1",
    "outreach": "SELECT 1 FROM outreach WHERE area_id = ? LIMIT 1",
    "interests": "SELECT 1 FROM interests WHERE area_id = ? LIMIT 1",
}


def uses(db: Database, area_id: int) -> list[str]:
    """What the area is used for: keys of USES."""
    return [name for name, query in USES.items() if db.execute(query, [area_id]).fetchone()]


def add(db: Database, parent_id: int | None, name: str, level: str, code: str, now: datetime, account_id: int) -> int:
    """A new area in that one. Raises Refused (name_taken, code_taken, wrong_level, gone)."""
    parent = of(db, parent_id) if parent_id is not None else None
    if parent_id is not None and parent is None:
        raise Refused("gone")
    refuse_level(level, parent)
    refuse_name(db, parent_id, name)
    if code and db.execute("SELECT 1 FROM areas WHERE code = ?", [code]).fetchone():
        raise Refused("code_taken")
    row = {"parent_id": parent_id, "name": name, "level": level, "code": code or None}
    area_id = database.insert(db, "areas", row)
    audit.record(db, account_id, None, "area_added", f"area {area_id}", now)
    return area_id


def refuse_level(level: str, parent: Area | None) -> None:
    """An area lies in a larger one."""
    if level and parent and parent.level and LEVELS.index(level) <= LEVELS.index(parent.level):
        raise Refused("wrong_level")


def refuse_name(db: Database, parent_id: int | None, name: str, but: int = 0) -> None:
    query = "SELECT 1 FROM areas WHERE parent_id IS ? AND name = ? AND id != ?"
    if db.execute(query, [parent_id, name, but]).fetchone():
        raise Refused("name_taken")


def rename(db: Database, area_id: int, name: str, now: datetime, account_id: int) -> None:
    """Raises Refused (name_taken, gone)."""
    area = found(db, area_id)
    refuse_name(db, area.parent_id, name, area_id)
    db.execute("UPDATE areas SET name = ? WHERE id = ?", [name, area_id])
    audit.record(db, account_id, None, "area_renamed", f"area {area_id}", now)


def move(db: Database, area_id: int, parent_id: int, now: datetime, account_id: int) -> None:
    """It lies in that area from now on, such as a wijk in its stadsdeel.

    Raises Refused: into_itself, wrong_level, name_taken, gone; leaves_process where a process of a larger area would
    lose plans or codes that lie in it.
    """
    area, parent = found(db, area_id), found(db, parent_id)
    inside = {area_id, *below(db, area_id)}
    if parent_id in inside:
        raise Refused("into_itself")
    refuse_level(area.level, parent)
    refuse_name(db, parent_id, area.name, area_id)
    before, after = ({one.id for one in path(db, id_)} for id_ in (area_id, parent_id))
    left = before - after - {area_id}
    if left and loses_something(db, left, inside):
        raise Refused("leaves_process")
    db.execute("UPDATE areas SET parent_id = ? WHERE id = ?", [parent_id, area_id])
    audit.record(db, account_id, None, "area_moved", f"area {area_id}", now, to=parent_id)


def loses_something(db: Database, left: Iterable[int], inside: Iterable[int]) -> bool:
    """Whether a process of an area in `left` has plans, codes or budgets in one of `inside`."""
    large, small = (",".join(map(str, ids)) for ids in (left, inside))
    parts = (
        f"SELECT 1 FROM {table} JOIN processes ON processes.id = process_id "
        f"WHERE processes.area_id IN ({large}) AND {table}.area_id IN ({small})"
        for table in ("plans", "roll", "area_budgets")
    )
    return bool(db.execute(f"{' UNION ALL '.join(parts)} LIMIT 1").fetchone())


def remove(db: Database, area_id: int, now: datetime, account_id: int) -> None:
    """Only one that nothing uses and in which nothing lies. Raises Refused (in_use, has_areas, gone)."""
    found(db, area_id)
    if uses(db, area_id):
        raise Refused("in_use")
    if below(db, area_id):
        raise Refused("has_areas")
    db.execute("DELETE FROM area_figures WHERE area_id = ?", [area_id])
    db.execute("DELETE FROM areas WHERE id = ?", [area_id])
    audit.record(db, account_id, None, "area_removed", f"area {area_id}", now)


def found(db: Database, area_id: int) -> Area:
    area = of(db, area_id)
    if area is None:
        raise Refused("gone")
    return area


@dataclass(frozen=True, slots=True)
class AreaMap:
    """A drawing of areas beside one another: `paths` by area id (fill-rule evenodd), and of each with room for a few
    signs of LETTER high where they stand best: x, y, and the width that is free there."""

    width: int
    height: int
    paths: Mapping[int, str]
    middles: Mapping[int, tuple[int, int, int]]


def drawing(db: Database, area_id: int) -> AreaMap | None:
    """The areas in that one that have a boundary and hold none that has; itself where none has.

    The first time after they changed it takes some tenths of a second for hundreds.
    """
    rows = db.execute(
        f"{BELOW} SELECT areas.id, parent_id, boundary FROM below JOIN areas ON areas.id = below.id ORDER BY depth",
        {"root": area_id},
    ).fetchall()
    parents = {id_: parent for id_, parent, _ in rows}
    holding: set[int] = set()
    for id_, parent_id, boundary in rows:
        while boundary and parent_id in parents and parent_id not in holding and id_ != area_id:
            holding.add(parent_id)
            parent_id = parents[parent_id]
    return drawn(tuple((id_, boundary) for id_, _, boundary in rows if boundary and id_ not in holding))


@lru_cache(maxsize=16)
def drawn(bounded: tuple[tuple[int, str], ...]) -> AreaMap | None:
    """Whole units, for hundreds of boundaries are sent with each page. Of two neighbours the line between them may
    differ by LEAST each: less than the stroke around them covers."""
    outlines = {id_: [ring for shape in shapes_in(boundary) for ring in shape] for id_, boundary in bounded}
    places = [place for rings in outlines.values() for ring in rings for place in ends(ring)]
    if not places:
        return None
    frame = maps.frame_around(places, MAP_WIDTH)
    lines = {id_: lines_of(rings, frame) for id_, rings in outlines.items()}
    paths = {id_: "".join(map(path_of, each)) for id_, each in lines.items()}
    return AreaMap(frame.width, frame.height, paths, {id_: middle(each) for id_, each in lines.items()})


def ends(ring: Ring) -> list[Point]:
    """The corners of the box around the ring, on the map of the world."""
    lons, lats = zip(*ring, strict=True)
    return [maps.mercator(min(lats), min(lons)), maps.mercator(max(lats), max(lons))]


LEAST = 1.0  # units: what makes less of a difference isn't drawn
LETTER = 22  # units high: on a phone, where the drawing is half as wide, it can still be read

Line = list[tuple[int, int]]  # closed, in the units of the drawing


def lines_of(rings: Sequence[Ring], frame: Frame) -> list[Line]:
    """The rings as they are drawn; without islands and holes that come to nothing, unless nothing is left."""
    lines = [line_of(ring, frame) for ring in rings]
    return [line for line in lines if len(line) > 3] or lines[:1]


def line_of(ring: Ring, frame: Frame) -> Line:
    far = LEAST / 2 / frame.scale * 360  # degrees to the east: closer points needn't be looked at twice
    lon, lat = ring[0]
    apart = [ring[0]]
    for point in ring:
        if abs(point[0] - lon) > far or abs(point[1] - lat) > far * FLATTENED:
            apart.append(point)
            lon, lat = point
    apart.append(ring[-1])
    flat = frame.line(apart)
    spots = [(round(flat[at][0]), round(flat[at][1])) for at in maps.corners(flat, LEAST)]
    return [spot for spot, before in zip(spots, [None, *spots], strict=False) if spot != before]


FLATTENED = 0.6  # this part of a degree to the north is as long on a map of the Netherlands as one to the east


def path_of(line: Line) -> str:
    steps = [str(step) for (x, y), (to_x, to_y) in pairwise(line[:-1] or line) for step in (to_x - x, to_y - y)]
    return f"M{line[0][0]} {line[0][1]}" + (f"l{' '.join(steps)}" if steps else "").replace(" -", "-") + "z"


def middle(lines: Sequence[Line]) -> tuple[int, int, int]:
    """Halfway up the largest of the rings, in the middle of the widest part that lies inside, and how wide that is."""
    largest = max(lines, key=lambda line: max(y for _, y in line) - min(y for _, y in line))
    high = (max(y for _, y in largest) + min(y for _, y in largest)) // 2
    at = high + 0.5
    crossed = sorted(
        x + (at - y) / (to_y - y) * (to_x - x) for (x, y), (to_x, to_y) in pairwise(largest) if (y > at) != (to_y > at)
    )
    left, right = max(zip(crossed[::2], crossed[1::2], strict=True), key=lambda both: both[1] - both[0], default=(0, 0))
    return round((left + right) / 2), high, round(right - left)


def shapes_in(boundary: str) -> list[Shape]:
    """As maps.shapes_of, which would push out what the other pages use."""
    return maps.shapes_of.__wrapped__(boundary)
