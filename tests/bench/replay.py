"""Every real ballot of a Pabulib file, handed in over HTTP by its own resident with its own code, beside two floors.

    uv run python tests/bench/replay.py ../shared/pabulib/Netherlands_Amsterdam_309.pb

First whole journeys: code, ballot page, hand-in. Then the same ballots as hand-ins only, in turns with floor (a) of
floors.py; then the plans page in turns with floor (b). Afterwards the votes in both databases must be the file's.
"""

import argparse
import json
import tempfile
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from domain.pabulib import read
from tests.bench import ratios
from tests.bench.ballots import copied, hand_in, prepared, totals, votes_in, within_limits
from tests.bench.servers import CONNECTIONS, HERE, Generator, Server, Visit, generating, serving, started

OPENSTAD = {"ballots_per_second": 34, "overview_calls_per_second": 35, "memory_mb": 730}
ROUNDS = 10
PAGE_ROUNDS, PAGES_A_ROUND = 20, 1000
ORDERS = 32

Ballots = Sequence[tuple[str, ...]]


def journey(slug: str, code: str, plans: tuple[str, ...]) -> Visit:
    """Code, ballot page, hand-in; the code travels in the encrypted cookie."""
    here = f"/{slug}/stemmen"
    return {}, [
        ("POST", here, f"code={code}&bewaar=1"),
        ("GET", here, ""),
        hand_in(f"{here}/inzending", plans),
    ]


def replay_journeys(generator: Generator, db: Path, slug: str, codes: list[str], ballots: Ballots) -> dict[str, Any]:
    visits = [journey(slug, code, plans) for code, plans in zip(codes, ballots, strict=True)]
    with serving(db) as server:
        rounds = [generator.round(server, part) for part in ratios.parts(visits, ROUNDS)]
        memory = server.peak_mb
    return {
        "journeys_per_second": ratios.rate(rounds),
        "journey": ratios.percentiles(ms for one in rounds for ms in one["visit_ms"]),
        "hand_in": ratios.percentiles(ms for one in rounds for ms in one["last_ms"]),
        "statuses": ratios.statuses(rounds),
        "memory_mb": memory,
    }


def compare_hand_ins(
    generator: Generator, ours: Server, floor: Server, slug: str, codes: list[str], ballots: Ballots
) -> dict[str, Any]:
    """Hand-ins only, the code in the form: the same residents with the same ballots on both."""
    paths = {ours: f"/{slug}/stemmen/inzending", floor: "/inzending"}
    parts = ratios.parts(list(zip(codes, ballots, strict=True)), ROUNDS)
    compared = ratios.in_turns(
        generator,
        (ours, floor),
        ROUNDS,
        lambda server, turn: [({}, [hand_in(paths[server], plans, code=code)]) for code, plans in parts[turn]],
    )
    return compared | {"must_be_at_least": 0.8, "memory_mb": ours.peak_mb}


def compare_plans_pages(generator: Generator, ours: Server, floor: Server, slug: str) -> dict[str, Any]:
    """Visitors spread over all fixed orders of the plans, who take zstd as a browser does."""
    visits = {ours: visits_of(f"/{slug}/plannen"), floor: visits_of("/page")}
    for server in (ours, floor):
        generator.round(server, visits[server][: 2 * ORDERS])  # a page is made once, for its first visitor
    compared = ratios.in_turns(generator, (ours, floor), PAGE_ROUNDS, lambda server, turn: visits[server])
    return compared | {"must_be_at_least": 0.6}


def visits_of(path: str) -> list[Visit]:
    return [({"volgorde": str(n % ORDERS)}, [("GET", path, "")]) for n in range(PAGES_A_ROUND)]


def fetch(server: Server, path: str, form: str | None = None) -> bytes:
    """The bytes that our server sends a browser that takes zstd."""
    url = f"http://127.0.0.1:{server.port}{path}"
    headers = {"Accept-Encoding": "zstd", "Accept-Language": "nl", "Cookie": "volgorde=0"}
    request = urllib.request.Request(url, form.encode() if form else None, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return bytes(answer.read())


def main(file: Path) -> dict[str, Any]:
    instance = read(file.read_bytes())
    ballots = within_limits(instance)
    votes = {project.project_id: project.votes for project in instance.projects}
    with tempfile.TemporaryDirectory() as folder, generating() as generator:
        first = Path(folder, "journeys.db")
        # One resident more, who votes on a copy: the floors answer with the bytes that he got.
        slug, (*codes, extra) = prepared(file, first, len(ballots) + 1)
        alone, floor_db, sample_db = (
            copied(first, Path(folder, name)) for name in ("alone.db", "floor.db", "sample.db")
        )
        page, answer = Path(folder, "page"), Path(folder, "answer")
        with serving(sample_db) as server:
            page.write_bytes(fetch(server, f"/{slug}/plannen"))
            form = hand_in("", ballots[0], code=extra)[2]
            answer.write_bytes(fetch(server, f"/{slug}/stemmen/inzending", form))
        journeys = replay_journeys(generator, first, slug, codes, ballots)
        floors = (HERE / "floors.py", floor_db, Path(f"{floor_db}.secret"), page, answer)
        with serving(alone) as ours, started(*floors) as floor:
            hand_ins = compare_hand_ins(generator, ours, floor, slug, codes, ballots)
            plans_pages = compare_plans_pages(generator, ours, floor, slug)
        return {
            "file": file.name,
            "ballots_in_file": len(instance.votes),
            "left_out_as_against_the_files_own_limits": len(instance.votes) - len(ballots),
            "connections": CONNECTIONS,
            "journeys": journeys | totals(first) | {"votes_equal_the_file": votes_in(first) == votes},
            "hand_ins": hand_ins | totals(alone) | {"votes_equal_the_file": votes_in(alone) == votes},
            "plans_page": plans_pages | {"bytes": page.stat().st_size},
            "memory_must_be_at_most_mb": 150,
            "openstad_on_two_cores": OPENSTAD,
        }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    print(json.dumps(main(parser.parse_args().file), indent=2))
