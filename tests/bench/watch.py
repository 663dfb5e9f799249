"""The watch of a vote of 60,000 in 342 buurten of 250,000 codes: for staff, for residents, and making its figures.

    uv run python tests/bench/watch.py

Beside the watch stands the first page of the staff, by the same server in the same rounds: the ratio is theirs.
"""

import json
import math
import random
import secrets
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from config.settings import load, secret_path
from domain import accounts, area_figures, areas, database, processes, sessions, turnout
from domain.database import Database, connect, writing
from domain.migrations import migrate
from domain.processes import Process
from domain.secret import open_secret
from tests.bench.ratios import percentiles
from tests.bench.servers import generating, serving
from tests.cast import insert_vote

BUURTEN, CODES, BALLOTS, DAYS = 342, 250_000, 60_000, 14
MOST_MS = 300.0
ROUNDS = 30


def fill(db: Database, process: Process, chance: random.Random) -> None:
    """Buurten in wijken, each with a boundary of some hundred points, codes and who lives there."""
    side = math.ceil(math.sqrt(BUURTEN))
    within = areas.of_process(db, process.id)
    with writing(db):
        wijken = [database.insert(db, "areas", {"parent_id": within, "name": f"Wijk {n}"}) for n in range(side)]
        area_figures.keep(db, within, dict.fromkeys(area_figures.AGES, 100_000.0), 2025)
        for number in range(BUURTEN):
            row, column = divmod(number, side)
            boundary = json.dumps({"type": "Polygon", "coordinates": [square(row, column, chance)]})
            area = {"parent_id": wijken[row], "name": f"Buurt {number}", "boundary": boundary}
            area_id = database.insert(db, "areas", area)
            db.conn.executemany(
                "INSERT INTO roll (process_id, key, area_id) VALUES (?, ?, ?)",
                [(process.id, secrets.token_bytes(16), area_id) for _ in range(CODES // BUURTEN)],
            )


def square(row: int, column: int, chance: random.Random) -> list[list[float]]:
    def along(a: tuple[int, int], b: tuple[int, int]) -> list[list[float]]:
        parts = [n / 25 for n in range(25)]
        places = [(a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t) for t in parts]
        return [[4.2 + x * 0.01 + chance.random() * 1e-4, 52 + y * 0.006 + chance.random() * 1e-4] for x, y in places]

    corners = [(column, row), (column + 1, row), (column + 1, row + 1), (column, row + 1), (column, row)]
    ring = [place for a, b in pairwise(corners) for place in along(a, b)]
    return [*ring, ring[0]]


def vote(db: Database, process: Process, now: datetime) -> list[float]:
    """Day by day, each with its figures; returns how many milliseconds these took to make."""
    taken = []
    for day in range(DAYS):
        with writing(db):
            db.execute(
                "UPDATE roll SET used_on = '2026-05-12' WHERE process_id = ? AND key IN (SELECT key FROM roll "
                "WHERE process_id = ? AND used_on IS NULL ORDER BY random() LIMIT ?)",
                [process.id, process.id, BALLOTS // DAYS],
            )
            for table, values in (
                ("ballot_channels", ("online", 3_900)),
                ("ballot_channels", ("desk", 385)),
                *(("voter_answers", ("age", age, 300)) for age in turnout.AGES),
            ):
                marks = ", ".join("?" * (len(values) + 1))
                db.execute(
                    f"INSERT INTO {table} VALUES ({marks}) ON CONFLICT DO UPDATE SET number = number + excluded.number",
                    [process.id, *values],
                )
        start = time.perf_counter()
        made = turnout.figures(db, process, now + timedelta(days=day - DAYS))
        taken.append(1000 * (time.perf_counter() - start))
        with writing(db):
            turnout.keep(db, process.id, made)
    return taken


def main() -> dict[str, Any]:
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "watch.db")
        db = connect(path)
        migrate(db)
        secret = open_secret(db, secret_path(load({"db": str(path)}, environment={})))
        days = timedelta(days=20)
        made = insert_vote(db, secret, opens_at=now - days, closes_at=now + days, turnout_public="daily")
        fill(db, made, random.Random(2026))  # noqa: S311  (the same town every time)
        process = processes.load(db, made.slug)
        assert process is not None
        taken = vote(db, process, now)
        with writing(db):
            account_id = accounts.make(db, "olga@gemeente.example", "Olga", "x", True, now)
            token = sessions.start(db, account_id, "Firefox op Linux", now)
        db.close()
        return {"figures_ms": percentiles(taken), **pages(path, process.slug, {"beheer": token})}


def pages(path: Path, slug: str, cookies: dict[str, str]) -> dict[str, Any]:
    paths = {"watch": f"/beheer/{slug}/opkomst", "home": "/beheer", "residents": f"/{slug}/opkomst"}
    seen: dict[str, list[float]] = {name: [] for name in paths}
    with serving(path) as server, generating() as generator:
        for _ in range(ROUNDS):
            for name, address in paths.items():
                done = generator.round(server, [(cookies, [("GET", address, "")])], connections=1)
                assert done["statuses"] == {"200": 1}, (name, done["statuses"])
                seen[name] += done["visit_ms"]
    return {
        **{name: {"first_ms": round(ms[0], 1), **percentiles(ms[1:])} for name, ms in seen.items()},
        "must_be_at_most_ms": MOST_MS,
        "ratio": round(statistics.median(seen["watch"]) / statistics.median(seen["home"]), 1),
    }


if __name__ == "__main__":
    print(json.dumps(main(), indent=2))
