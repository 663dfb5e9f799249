"""A vote in a neighbourhood of four buurten, of which the tests of the watch say how many took part."""

import json
import secrets
from collections.abc import Mapping
from datetime import datetime

from domain import area_figures, areas, database, turnout
from domain.database import Database, writing
from domain.processes import Process
from tests.cast import reload

NAMES = ("Oost", "West", "Midden", "Haven")
SQUARE = [[4.3, 52.08], [4.31, 52.08], [4.31, 52.09], [4.3, 52.09], [4.3, 52.08]]


def insert_buurten(db: Database, process: Process, names: tuple[str, ...] = NAMES) -> dict[str, int]:
    """Their ids; the first has a boundary."""
    within = areas.of_process(db, process.id)
    with writing(db):
        ids = {
            name: database.insert(db, "areas", {"parent_id": within, "name": name, "level": "buurt"}) for name in names
        }
        boundary = json.dumps({"type": "Polygon", "coordinates": [SQUARE]})
        db.execute("UPDATE areas SET boundary = ? WHERE id = ?", [boundary, ids[names[0]]])
    return ids


def insert_codes(db: Database, process: Process, area_id: int | None, issued: int) -> None:
    """Codes that nobody knows."""
    with writing(db):
        db.conn.executemany(
            "INSERT INTO roll (process_id, key, area_id) VALUES (?, ?, ?)",
            [(process.id, secrets.token_bytes(16), area_id) for _ in range(issued)],
        )


def vote_many(db: Database, process: Process, area_id: int | None, number: int, channel: str = "online") -> None:
    """As if that many more people of the area had handed in a ballot."""
    with writing(db):
        db.execute(
            "UPDATE roll SET used_on = '2026-05-12' WHERE key IN (SELECT key FROM roll "
            "WHERE process_id = ? AND area_id IS ? AND used_on IS NULL LIMIT ?)",
            [process.id, area_id, number],
        )
        db.execute(
            "INSERT INTO ballot_channels VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET number = number + excluded.number",
            [process.id, channel, number],
        )


def answer_many(db: Database, process: Process, question: str, answers: Mapping[str, int]) -> None:
    with writing(db):
        db.conn.executemany(
            "INSERT INTO voter_answers VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET number = number + excluded.number",
            [(process.id, question, answer, number) for answer, number in answers.items()],
        )


def live_here(db: Database, process: Process, *people: int) -> None:
    """Who lives in the area of the process, by age from young to old."""
    figures = dict(zip(area_figures.AGES, map(float, people), strict=True))
    with writing(db):
        area_figures.keep(db, areas.of_process(db, process.id), figures, 2025)


def make_figures(db: Database, process: Process, now: datetime) -> turnout.Figures:
    """What the job does."""
    made = turnout.figures(db, reload(db, process.slug), now)
    with writing(db):
        turnout.keep(db, process.id, made)
    return made
