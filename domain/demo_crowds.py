"""The invented people of the demo: the areas they live in, their ballots, and what the watch makes of them."""

import json
import random
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import Any

from domain import area_figures, areas, database, processes, turnout
from domain.database import Database
from domain.phases import HERE
from domain.plans import Plan
from domain.processes import Process

DAY = timedelta(days=1)
YEAR = 2025  # of the figures of who lives there
DAYS = (28, 17, 13, 11, 10, 9, 12)  # of each hundred votes, on each day of the first week: letters are read at once
ALL_SAME = 30  # of each hundred codes used, in an area of which the content says nothing


def chance() -> random.Random:
    return random.Random(2019)  # noqa: S311  (a demo looks the same every time)


# Areas

# Of the real municipalities. Codes of what lies in them are made up: CBS has none with a D.
MUNICIPALITIES = {"Den Haag": "GM0518", "Delft": "GM0503", "Waalwijk": "GM0867"}


def insert_codes(db: Database, area_id: int) -> None:
    """The area and its municipality have a code from here on."""
    (parent_id,) = db.execute("SELECT parent_id FROM areas WHERE id = ?", [area_id]).fetchone()
    (name,) = db.execute("SELECT name FROM areas WHERE id = ?", [parent_id]).fetchone()
    code = MUNICIPALITIES[name]
    db.execute("UPDATE areas SET level = 'municipality', code = ? WHERE id = ?", [code, parent_id])
    (wijken,) = db.execute(
        "SELECT count(*) FROM areas WHERE parent_id = ? AND code IS NOT NULL", [parent_id]
    ).fetchone()
    own = f"WK{code[2:]}D{wijken}"
    db.execute("UPDATE areas SET level = 'wijk', code = coalesce(code, ?) WHERE id = ?", [own, area_id])


def insert_areas(db: Database, area_id: int, content: Mapping[str, Any]) -> dict[str, int]:
    """The areas that the content puts in that one, by name, with their piece of its boundary and who lives there."""
    listed = content.get("areas", ())
    if "boundary" in content:
        db.execute("UPDATE areas SET boundary = ? WHERE id = ?", [as_boundary([content["boundary"]]), area_id])
    insert_codes(db, area_id)
    (code,) = db.execute("SELECT code FROM areas WHERE id = ?", [area_id]).fetchone()
    rings = pieces(content["boundary"], content["area_rows"], content["area_columns"]) if "area_rows" in content else []
    ids = {}
    for place, area in enumerate(listed):
        row = {"parent_id": area_id, "name": area["name"], "level": "buurt", "code": f"BU{code[2:]}{place:02}"}
        if rings:
            row["boundary"] = as_boundary([rings[place]])
        ids[area["name"]] = id_ = database.insert(db, "areas", row)
        if "people" in area:
            figures = dict(zip(area_figures.AGES, map(float, area["people"]), strict=True))
            area_figures.keep(db, id_, figures | {"inhabitants": sum(figures.values())}, YEAR)
    return ids


def as_boundary(rings: Sequence[Any]) -> str:
    return json.dumps({"type": "Polygon", "coordinates": rings})


def pieces(ring: Sequence[Sequence[float]], rows: int, columns: int) -> list[list[list[float]]]:
    """The ring cut into a grid of equal height and width, row by row from the north."""
    west, east = min(x for x, _ in ring), max(x for x, _ in ring)
    south, north = min(y for _, y in ring), max(y for _, y in ring)
    found = []
    for row in range(rows):
        for column in range(columns):
            top, bottom = (north - (north - south) * (row + part) / rows for part in (0, 1))
            left, right = (west + (east - west) * (column + part) / columns for part in (0, 1))
            piece = [tuple(point) for point in ring[:-1]]
            for axis, limit, sign in ((0, left, 1), (0, right, -1), (1, bottom, 1), (1, top, -1)):
                piece = cut(piece, axis, limit, sign)
            found.append([[round(x, 5), round(y, 5)] for x, y in (*piece, piece[0])])
    return found


def cut(points: Sequence[tuple[float, ...]], axis: int, limit: float, sign: int) -> list[tuple[float, ...]]:
    """What of the polygon lies on one side of a line: beyond the limit (sign 1), or short of it (-1)."""
    kept: list[tuple[float, ...]] = []
    for here, before in zip(points, [points[-1], *points], strict=False):
        inside, was = ((point[axis] - limit) * sign >= 0 for point in (here, before))
        if inside != was:
            part = (limit - before[axis]) / (here[axis] - before[axis])
            kept.append(tuple(a + part * (b - a) for a, b in zip(before, here, strict=True)))
        if inside:
            kept.append(here)
    return kept


# Votes


def shared(number: int, weights: Mapping[Any, float]) -> dict[Any, int]:
    """The number divided over the keys in these proportions, to the last one."""
    total = sum(weights.values())
    edges = [round(number * edge / total) for edge in accumulate(weights.values())]
    return {key: edge - before for key, edge, before in zip(weights, edges, [0, *edges], strict=False)}


def codes_of(content: Mapping[str, Any], ids: Mapping[str, int]) -> dict[int | None, int]:
    """How many codes each area gets: as many as there are people, or all the same."""
    if not ids:
        return {None: content["codes_issued"]}
    people = {ids[area["name"]]: float(sum(area.get("people", (1,)))) for area in content["areas"]}
    return shared(content["codes_issued"], people)


def used_of(
    content: Mapping[str, Any], ids: Mapping[str, int], issued: Mapping[int | None, int]
) -> dict[int | None, int]:
    """How many codes each area used: of as many ballots as the content names, or else by its turnout."""
    named = content["areas"] if ids else ()
    rates: dict[int | None, int] = {ids[area["name"]]: area.get("turnout", ALL_SAME) for area in named}
    expected = {area: number * rates.get(area, ALL_SAME) / 100 for area, number in issued.items()}
    return shared(content.get("ballots", round(sum(expected.values()))), expected)


def insert_roll(
    db: Database, process_id: int, issued: Mapping[int | None, int], used: Mapping[int | None, int]
) -> list[bytes]:
    """Codes that nobody knows; returns the keys of those that are used, in the order in which they were."""
    keys = {area: [secrets.token_bytes(16) for _ in range(number)] for area, number in issued.items()}
    db.conn.executemany(
        "INSERT INTO roll (process_id, key, area_id) VALUES (?, ?, ?)",
        ((process_id, key, area) for area, listed in keys.items() for key in listed),
    )
    voters = [key for area, number in used.items() for key in keys[area][:number]]
    chance().shuffle(voters)
    return voters


def use(db: Database, process_id: int, keys: Iterable[bytes], day: date) -> None:
    db.conn.executemany(
        "UPDATE roll SET used_on = ? WHERE process_id = ? AND key = ?",
        ((day.isoformat(), process_id, key) for key in keys),
    )


def insert_ballots(db: Database, process_id: int, votes: Sequence[Iterable[int]]) -> None:
    """As if they had been handed in, each with a receipt."""
    texts = [",".join(map(str, sorted(vote))) for vote in votes]
    db.conn.executemany(
        "INSERT INTO ballots (process_id, key, vote) VALUES (?, ?, ?)",
        ((process_id, secrets.token_bytes(16), text) for text in texts),
    )
    hashes = ((process_id, secrets.token_bytes(32)) for _ in texts)
    db.conn.executemany("INSERT INTO receipts (process_id, hash) VALUES (?, ?)", hashes)


def tell(db: Database, process_id: int, content: Mapping[str, Any], number: int) -> None:
    """How that many ballots came in, and what the voters answered afterwards: the counts of now."""
    for channel, count in shared(number, content.get("channels", {"online": 1})).items():
        db.execute("INSERT OR REPLACE INTO ballot_channels VALUES (?, ?, ?)", [process_id, channel, count])
    for question, answers in content.get("answers", {}).items():
        for answer, part in answers.items():
            values = [process_id, question, answer, number * part // 100]
            db.execute("INSERT OR REPLACE INTO voter_answers VALUES (?, ?, ?, ?)", values)


def first_week(
    db: Database, process: Process, content: Mapping[str, Any], keys: Sequence[bytes], now: datetime
) -> None:
    """The codes are used over the days since the vote opened, and each night the figures are made."""
    number = 0
    for ago, part in zip(range(len(DAYS), 0, -1), shared(len(keys), dict(enumerate(DAYS))).values(), strict=True):
        moment = now - ago * DAY
        use(db, process.id, keys[number : number + part], moment.astimezone(HERE).date())
        number += part
        tell(db, process.id, content, number)
        turnout.keep(db, process.id, turnout.figures(db, process, moment))


def themed(process: Process, weights: Mapping[str, int], number: int) -> list[list[int]]:
    """Ballots within the limits of each theme; a plan is chosen as often as its weight (of 100), if there is room."""
    drawn = chance()
    cast = []
    for _ in range(number):
        wanted = [plan for plan in process.on_ballot if drawn.random() * 100 < weights[plan.project_id]]
        drawn.shuffle(wanted)
        cast.append([plan.id for plan in fitting(wanted)])
    return cast


def fitting(plans: Sequence[Plan]) -> list[Plan]:
    kept: list[Plan] = []
    for plan in plans:
        most = min((theme.max_length for theme in plan.themes if theme.max_length is not None), default=len(plans))
        if sum(bool(set(plan.themes) & set(one.themes)) for one in kept) < most:
            kept.append(plan)
    return kept


def process_of(db: Database, slug: str) -> Process:
    process = processes.load(db, slug)
    assert process is not None
    return process


def place_plans(db: Database) -> None:
    """Every plan with a pin in the area that it points out."""
    areas.place_plans(db, areas.plans_with_a_pin(db))
