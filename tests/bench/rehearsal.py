"""The dress rehearsal of a thousand residents, as the site plays it: in a child process, with a site that goes on.

    uv run python tests/bench/rehearsal.py [--residents 1000] [--rounds 5]

Prints seconds as JSON. `ratio`: the seconds of one, beside those of one of a tenth of the residents: at most that
tenfold, so that it grows no faster than who takes part. To reach: within a minute.
"""

import argparse
import asyncio
import json
import statistics
import time
from datetime import UTC, date, datetime
from typing import Any

from domain.designs import presets, trials
from domain.rehearsals import Order
from routes.rehearsals import Rehearsals

MOST_SECONDS = 60
PRESET = "waalwijk-per-thema"  # limits for each theme: the slowest of all


async def played(residents: int, seed: int) -> tuple[float, float]:
    """Seconds from the button to the outcome, and those that the child says it played."""
    completed = trials.completed(presets.all_presets()[PRESET], date(2027, 1, 4))
    known, order = Rehearsals(), Order(completed.design, residents, seed)
    begun = time.perf_counter()
    running = known.start("/beheer/proef", order, completed.filled, completed.dated, datetime.now(UTC))
    assert running.task is not None
    await running.task
    assert running.outcome is not None, running.failed
    return time.perf_counter() - begun, running.outcome.seconds


def measure(residents: int, rounds: int) -> dict[str, Any]:
    whole, few, inside = [], [], []
    for seed in range(1, rounds + 1):  # in turns, so that both see the same neighbours
        seconds, played_in = asyncio.run(played(residents, seed))
        whole.append(seconds)
        inside.append(played_in)
        few.append(asyncio.run(played(residents // 10, seed))[0])
    return {
        "residents": residents,
        "seconds": round(statistics.median(whole), 2),
        "of_which_playing": round(statistics.median(inside), 2),
        "slowest": round(max(whole), 2),
        "must_be_at_most_seconds": MOST_SECONDS,
        "tenth_seconds": round(statistics.median(few), 2),
        "ratio": round(statistics.median(a / b for a, b in zip(whole, few, strict=True)), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--residents", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    print(json.dumps(measure(asked.residents, asked.rounds), indent=2))


if __name__ == "__main__":
    main()
