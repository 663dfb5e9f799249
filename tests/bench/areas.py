"""A town of 342 buurten and 250,000 people read in: boundaries, then figures, then its pages.

    uv run python tests/bench/areas.py [--points 500]

Prints seconds and megabytes as JSON. To reach: within 10 seconds together.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from domain import area_files, area_imports, areas
from domain.database import Database, connect, writing
from domain.migrations import migrate
from tests import towns

WIJKEN, EACH = 38, 9
MOST_SECONDS = 10


def timed(verb: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.perf_counter()
    made = verb()
    return round(time.perf_counter() - begun, 3), made


def read_in(db: Database, data: bytes, filename: str) -> dict[str, float]:
    """Seconds to read the file, to compare it, and to write it."""
    reading, file = timed(lambda: area_files.read_apart(data, filename))
    comparing, _ = timed(lambda: area_imports.compare(db, file))

    def write() -> None:
        with writing(db):
            area_imports.read_in(db, file, datetime.now(UTC), 0)

    writing_, _ = timed(write)
    return {"megabytes": round(len(data) / 1e6, 1), "reading": reading, "comparing": comparing, "writing": writing_}


def measure(points: int) -> dict[str, Any]:
    boundaries, figures = towns.large_town(WIJKEN, EACH, points)
    with tempfile.TemporaryDirectory() as folder:
        db = connect(Path(folder, "town.db"))
        migrate(db)
        told: dict[str, Any] = {"buurten": WIJKEN * EACH, "points_each": points}
        told["boundaries"] = read_in(db, boundaries, "buurten.json")
        told["figures"] = read_in(db, figures, "kwb-2024.csv")
        (root,) = db.execute("SELECT id FROM areas WHERE code = 'GM9003'").fetchone()
        told["drawing_first"], _ = timed(lambda: areas.drawing(db, root))
        told["drawing_again"], made = timed(lambda: areas.drawing(db, root))
        told["drawing_kilobytes"] = round(sum(map(len, made.paths.values())) / 1000)
        told["point_in_area"], _ = timed(lambda: areas.at(db, root, *towns.IN_HAVEN))
        told["tree"], _ = timed(lambda: areas.tree(db))
        db.close()
    parts = (told[name][part] for name in ("boundaries", "figures") for part in ("reading", "comparing", "writing"))
    told["together"] = round(sum(parts), 2)
    return told | {"must_be_at_most": MOST_SECONDS}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=500, help="of each boundary")
    print(json.dumps(measure(parser.parse_args().points), indent=2))
