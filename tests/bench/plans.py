"""Two thousand plans: searching them, their page while they change, and what a photo each adds to the file.

    uv run python tests/bench/plans.py [--photos 500]

Search is compared with looking through every text in Python, as the site did before it had an index; the page after a
change with the page from memory; a plan with a photo with 150 kB.
"""

import argparse
import io
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from PIL import Image

from config.settings import load, secret_path
from domain import photos, plans, processes, search
from domain.database import Database, connect, writing
from domain.migrations import migrate
from domain.processes import Process
from domain.secret import open_secret
from tests.bench.ratios import percentiles
from tests.bench.servers import generating, serving
from tests.cast import insert_vote

MANY = 2_000
CHANGES = 60
QUERIES = ("tuin", "geveltuin speelplek", "bank koffie muziek", "ca", "nergens", "straat bomen groen speelplek")
WORDS = [
    *("tuin", "bank", "straat", "bomen", "groen", "speelplek", "buurt", "feest", "koffie", "fiets", "licht"),
    *("muur", "café", "water", "regen", "kinderen", "ouderen", "sport", "muziek", "kunst", "boek", "wandelen"),
    *("eten", "samen", "veilig", "oversteken", "schoon", "plein", "park", "school"),
]


def fill(db: Database, process: Process, chance: random.Random) -> None:
    with writing(db):
        for number in range(MANY):
            row = {
                "process_id": process.id,
                "project_id": f"x{number}",
                "title": " ".join(chance.choices(WORDS, k=4)),
                "summary": " ".join(chance.choices(WORDS, k=15)),
                "description": " ".join(chance.choices(WORDS, k=250)),
                "cost": 100_000,
            }
            plans.insert(db, row)


def milliseconds(verb: Callable[[], Any], times: int = 9) -> float:
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        verb()
        taken.append(1000 * (time.perf_counter() - start))
    return round(statistics.median(taken), 2)


def compare_search(db: Database, process: Process) -> dict[str, Any]:
    texts = {row["id"]: search.searchable(row) for row in db.query("SELECT * FROM plans")}

    def look_through(typed: str) -> set[int]:
        words = search.fold(typed).split()
        return {id_ for id_, text in texts.items() if all(word in text for word in words)}

    ours = {typed: milliseconds(lambda typed=typed: search.found(db, process, typed)) for typed in QUERIES}
    other = {typed: milliseconds(lambda typed=typed: look_through(typed)) for typed in QUERIES}
    return {
        "milliseconds": ours,
        "slowest": max(ours.values()),
        "must_be_at_most": 20.0,
        "looking_through": other,
        "ratio": round(sum(ours.values()) / sum(other.values()), 3),
    }


def compare_changes(path: Path, slug: str) -> dict[str, Any]:
    """The list of plans right after a support, on the next request, and once more from memory."""
    db = connect(path)
    ids = [row[0] for row in db.execute("SELECT id FROM plans LIMIT ?", [CHANGES])]
    visit = [({"volgorde": "0"}, [("GET", f"/{slug}/plannen?volgorde=title", "")])]
    changed, kept = [], []
    with serving(path) as server, generating() as generator:
        generator.round(server, visit, connections=1)
        for id_ in ids:
            with writing(db):
                db.execute("INSERT INTO supports (plan_id, given_on) VALUES (?, '2026-05-12')", [id_])
            changed += generator.round(server, visit, connections=1)["visit_ms"]
            kept += generator.round(server, visit, connections=1)["visit_ms"]
        memory = server.peak_mb
    db.close()
    return {
        "after_a_change": percentiles(changed),
        "from_memory": percentiles(kept),
        "ratio": round(statistics.median(changed) / statistics.median(kept), 1),
        "memory_mb": memory,
    }


def compare_photos(db: Database, path: Path, number: int, chance: random.Random) -> dict[str, Any]:
    """How much the file grows by a plan with a photo, of pictures with as much detail as fits a phone's."""
    prepared = [photos.prepare(photograph(chance)) for _ in range(10)]
    ids = [row[0] for row in db.execute("SELECT id FROM plans LIMIT ?", [number])]
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = path.stat().st_size
    for place, id_ in zip(count(), ids, strict=False):
        with writing(db):
            key = photos.store(db, prepared[place % len(prepared)])
            db.execute("UPDATE plans SET photo = ? WHERE id = ?", [key, id_])
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    grown = (path.stat().st_size - before) / len(ids)
    return {
        "plans": len(ids),
        "kilobytes_a_plan": round(grown / 1000, 1),
        "must_be_at_most": 150.0,
        "ratio": round(grown / 150_000, 3),
    }


def photograph(chance: random.Random) -> bytes:
    """A JPEG of 12 megapixels whose detail no compression can leave out: coarse noise in three scales."""
    picture = Image.new("RGB", (4000, 3000))
    for size in (20, 150, 900):
        noise = Image.frombytes("RGB", (size, size * 3 // 4), chance.randbytes(size * (size * 3 // 4) * 3))
        picture = Image.blend(picture, noise.resize(picture.size, Image.Resampling.BICUBIC), 0.5)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85)
    return out.getvalue()


def main(number: int) -> dict[str, Any]:
    chance = random.Random(2026)  # noqa: S311  (the same plans every time)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "plans.db")
        db = connect(path)
        migrate(db)
        secret = open_secret(db, secret_path(load({"db": str(path)}, environment={})))
        now = datetime.now(UTC)
        days = timedelta(days=20)
        made = insert_vote(db, secret, opens_at=now + days, closes_at=now + 2 * days, support_threshold=25)
        fill(db, made, chance)
        process = processes.load(db, made.slug)
        assert process is not None
        results = {"search": compare_search(db, process), "changes": compare_changes(path, made.slug)}
        results["photos"] = compare_photos(db, path, number, chance)
        db.close()
    return results


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=100, help="How many plans get a photo.")
    print(json.dumps(main(parser.parse_args().photos), indent=2))
