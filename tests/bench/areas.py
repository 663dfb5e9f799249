"""A town of 342 buurten and 250,000 people read in, as it comes from CBS and PDOK: boundaries, then the Kerncijfers of
all of the country, then its pages.

    uv run python tests/bench/areas.py [--points 500]

The figures are read as XLSX and as CSV, in turns: the ratio is of their seconds of the processor. To reach: the town
within 10 seconds together; the child that reads works at the lowest priority, so on a busy machine it waits for others.
"""

import argparse
import json
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from domain import area_files, area_imports, areas
from domain.area_files import AreaFile
from domain.database import Database, connect, writing
from domain.migrations import migrate
from tests import towns

MOST_SECONDS = 10
ROUNDS = 3


def used() -> float:
    """Seconds of the processor, of this process and of the children that ended."""
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def timed(verb: Callable[[], Any]) -> tuple[dict[str, float], Any]:
    begun, before = time.perf_counter(), used()
    made = verb()
    return {"seconds": round(time.perf_counter() - begun, 3), "processor": round(used() - before, 3)}, made


def reading(data: bytes, filename: str) -> tuple[dict[str, float], AreaFile]:
    return timed(lambda: area_files.read_apart(data, filename, "Grootveen", 2024))


def read_in(db: Database, data: bytes, filename: str) -> dict[str, Any]:
    """To read the file, to compare it, and to write it."""
    first, file = reading(data, filename)
    comparing, _ = timed(lambda: area_imports.compare(db, file))

    def write() -> None:
        with writing(db):
            area_imports.read_in(db, file, datetime.now(UTC), 0)

    written, _ = timed(write)
    return {"megabytes": round(len(data) / 1e6, 1), "reading": first, "comparing": comparing, "writing": written}


def beside(files: dict[str, bytes]) -> dict[str, Any]:
    seen: dict[str, list[float]] = {name: [] for name in files}
    for _ in range(ROUNDS):
        for name, data in files.items():
            seen[name].append(reading(data, name)[0]["processor"])
    middle = {name: statistics.median(each) for name, each in seen.items()}
    xlsx, csv = middle.values()
    return {"processor": middle, "ratio": round(xlsx / csv, 2)}


def measure(points: int) -> dict[str, Any]:
    rows = towns.national()
    files = {"kwb-2024.xlsx": towns.workbook(rows), "kwb-2024.csv": towns.table(towns.dutch(rows))}
    told: dict[str, Any] = {"buurten": towns.WIJKEN * towns.EACH, "points_each": points, "rows": len(rows) - 1}
    with tempfile.TemporaryDirectory() as folder:
        db = connect(Path(folder, "town.db"))
        migrate(db)
        told["boundaries"] = read_in(db, towns.large_town(points), "buurten.json")
        told["figures"] = read_in(db, files["kwb-2024.xlsx"], "kwb-2024.xlsx")
        (root,) = db.execute("SELECT id FROM areas WHERE code = ?", [towns.LARGE_TOWN]).fetchone()
        told["drawing_first"], _ = timed(lambda: areas.drawing(db, root))
        told["drawing_again"], made = timed(lambda: areas.drawing(db, root))
        told["drawing_kilobytes"] = round(sum(map(len, made.paths.values())) / 1000)
        told["point_in_area"], _ = timed(lambda: areas.at(db, root, *towns.IN_HAVEN))
        told["tree"], _ = timed(lambda: areas.tree(db))
        db.close()
    parts = [told[name][part] for name in ("boundaries", "figures") for part in ("reading", "comparing", "writing")]
    together = {unit: round(sum(part[unit] for part in parts), 2) for unit in ("seconds", "processor")}
    return told | {"together": together, "must_be_at_most": MOST_SECONDS, "xlsx_beside_csv": beside(files)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=500, help="of each boundary")
    print(json.dumps(measure(parser.parse_args().points), indent=2))
