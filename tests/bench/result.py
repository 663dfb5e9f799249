"""The result page of a vote of 150,000 ballots, asked for as the first thing after the start.

    uv run python tests/bench/result.py ../shared/pabulib/Netherlands_Amsterdam_309.pb

The ballots are those of the file over and over, imported from a .pb of that many; beside it the file itself.
"""

import argparse
import json
import tempfile
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from domain.pabulib import read, write
from tests.bench.ballots import totals
from tests.bench.servers import Visit, generating, serving, wijkbudget

MANY = 150_000
STARTS = 3


def measure(file: Path) -> dict[str, Any]:
    instance = read(file.read_bytes())
    with tempfile.TemporaryDirectory() as folder:
        large = Path(folder, "large.pb")
        large.write_bytes(write(replace(instance, votes=tuple(islice(cycle(instance.votes), MANY)))))
        own, many = page_of(file, Path(folder, "own.db")), page_of(large, Path(folder, "many.db"))
        cold = sorted(many["cold_seconds"])
        return {
            "many": many,
            "the_file_itself": own,
            "ratio": round(cold[STARTS // 2] / sorted(own["cold_seconds"])[STARTS // 2], 2),
            "cold_seconds_at_most": cold[-1],
            "must_be_at_most": 1.0,
        }


def page_of(file: Path, db: Path) -> dict[str, Any]:
    slug = wijkbudget(db, "import-pb", file)
    asked = [first_and_second(db, slug) for _ in range(STARTS)]
    return {
        "ballots": totals(db)["ballots"],
        "cold_seconds": [first for first, _ in asked],
        "warm_seconds": [second for _, second in asked],
    }


def first_and_second(db: Path, slug: str) -> tuple[float, float]:
    """How long the page takes for the first visitor after a start, and for the next."""
    visit: Visit = ({}, [("GET", f"/{slug}/uitslag", "")])
    with serving(db) as server, generating() as generator:
        first, second = (generator.round(server, [visit], connections=1) for _ in range(2))
    assert first["statuses"] == second["statuses"] == {"200": 1}, first["statuses"]
    return round(first["visit_ms"][0] / 1000, 3), round(second["visit_ms"][0] / 1000, 4)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    print(json.dumps(measure(parser.parse_args().file), indent=2))
