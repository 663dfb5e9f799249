"""Hand-ins into a database that holds a million ballots, beside the same hand-ins into an empty one.

    uv run python tests/bench/growth.py ../shared/pabulib/Netherlands_Amsterdam_309.pb

Two servers on two databases take turns. Then the result page of 150,000 ballots, as in result.py.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from domain.pabulib import read
from tests.bench import ratios, result
from tests.bench.ballots import copied, fill, hand_in, prepared, totals, within_limits
from tests.bench.servers import generating, serving

MANY = 1_000_000
ROUNDS, HAND_INS_A_ROUND = 12, 600


def compare_hand_ins(file: Path) -> dict[str, Any]:
    number = ROUNDS * HAND_INS_A_ROUND
    ballots = within_limits(read(file.read_bytes()))
    with tempfile.TemporaryDirectory() as folder, generating() as generator:
        empty = Path(folder, "empty.db")
        slug, codes = prepared(file, empty, number)
        grown = copied(empty, Path(folder, "grown.db"))
        fill(grown, MANY, ballots)
        size, path = round(grown.stat().st_size / 1e6), f"/{slug}/stemmen/inzending"
        parts = ratios.parts([(code, ballots[n % len(ballots)]) for n, code in enumerate(codes)], ROUNDS)
        with serving(grown) as ours, serving(empty) as other:
            compared = ratios.in_turns(
                generator,
                (ours, other),
                ROUNDS,
                lambda _, turn: [({}, [hand_in(path, plans, code=code)]) for code, plans in parts[turn]],
            )
            compared |= {"must_be_at_least": 0.8, "memory_mb": ours.peak_mb, "grown_file_mb": size}
        return compared | {"grown_file": totals(grown), "other_file": totals(empty)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    file = parser.parse_args().file
    print(json.dumps({"hand_ins": compare_hand_ins(file), "result_page": result.measure(file)}, indent=2))
