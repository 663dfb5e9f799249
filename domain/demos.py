"""The demo: two processes of Bezuidenhout, one with a vote in progress and one finished, sealed and counted."""

import contextlib
import json
import random
import secrets
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from config.settings import load, secret_path
from domain import codes, database, phases, plans, processes, roll, sealing
from domain.database import Database, connect, is_demo, writing
from domain.migrations import migrate
from domain.phases import HERE, KINDS, Phase
from domain.secret import open_secret

CONTENT = Path(__file__).parent.parent / "config" / "demo"
SLUG = "bezuidenhout"
FINISHED_SLUG = "bezuidenhout-2019"
WIDTHS = (320, 640, 960)
SETTINGS = {
    "name": "Bezuidenhout beslist",
    "municipality": "Wijkberaad Bezuidenhout",
    "contact_email": "stemmen@bezuidenhout.example",
    "contact_phone": "070 123 45 67",
    "contact_address": "Buurthuis, Theresiastraat 1, Den Haag",
    "legal_basis": "legitimate_interest",
    "opening": "Maandag tot en met vrijdag van 9.00 tot 17.00 uur",
}


class NoDemo(Exception):
    """The file is there and is no demo, so it is left alone; its text says so."""


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo on disk, and ten codes nobody used."""

    path: Path
    codes: list[str]


@contextlib.contextmanager
def prepared(path: Path | None, now: datetime) -> Iterator[Demo]:
    """A fresh demo at `path`, or in a directory that is gone afterwards. Raises NoDemo."""
    if path is not None:
        remove_old(path)
        yield make(path, now)
        return
    with tempfile.TemporaryDirectory(prefix="wijkbudget-demo-") as directory:
        yield make(Path(directory) / "demo.db", now)


def remove_old(path: Path) -> None:
    """Delete an earlier demo with its secret. Raises NoDemo for any other file."""
    secret = secret_path(load({"db": str(path)}, environment={}))
    if not path.exists():
        if secret.exists():
            raise NoDemo(f"{secret} is the secret file of another database. Choose another name.")
        return
    db = connect(path, readonly=True)
    demo = is_demo(db)
    db.close()
    if not demo:
        raise NoDemo(f"{path} exists and is no demo. Choose another name.")
    for old in (path, Path(f"{path}-wal"), Path(f"{path}-shm"), secret):
        old.unlink(missing_ok=True)


def make(path: Path, now: datetime) -> Demo:
    db = connect(path)
    try:
        migrate(db, demo=True)
        secret = open_secret(db, secret_path(load({"db": str(path)}, environment={})))
        with writing(db):
            insert_finished(db, read("bezuidenhout-2019"))
            drawn = insert_running(db, secret, read("bezuidenhout"), now)
        sealing.seal(db, FINISHED_SLUG, now)
    finally:
        db.close()
    return Demo(path, [codes.grouped(code) for code in drawn])


def read(name: str) -> dict[str, Any]:
    return tomllib.loads((CONTENT / f"{name}.toml").read_text("utf-8"))


def insert_running(db: Database, secret: bytes, content: dict[str, Any], now: datetime) -> list[str]:
    """The vote opened a week ago and closes in three; the phases before it lie in the past."""
    today = now.astimezone(HERE).date()
    starts = [midnight(today + timedelta(days=days)) for days in (-98, -70, -42, -7, 21, 35, 400)]
    process_id = insert_process(db, content, starts)
    return roll.issue(db, secret, process_id, 10)


def midnight(day: date) -> datetime:
    """The moment at which that day begins in the Netherlands, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=HERE).astimezone(UTC)


def insert_finished(db: Database, content: dict[str, Any]) -> None:
    """Its vote closed, with ballots that come to the votes the content names."""
    closed = date(2019, 7, 1)
    starts = [midnight(closed + timedelta(days=days)) for days in (-119, -91, -63, -28, 0, 14, 200)]
    process_id = insert_process(db, content, starts)
    ids = {
        row["project_id"]: row["id"]
        for row in db.query("SELECT project_id, id FROM plans WHERE process_id = ?", [process_id])
    }
    listed = [(ids[str(plan["project_id"])], plan["cost"], plan["votes"]) for plan in content["plans"]]
    cast = ballots(listed, content["ballots"] - content["blank_ballots"], content["budget"])
    insert_ballots(db, process_id, cast, content["blank_ballots"], content["codes_issued"], closed)


def insert_process(db: Database, content: dict[str, Any], starts: Sequence[datetime]) -> int:
    area_id = processes.area(db, content["municipality"])
    area_id = processes.area(db, content["area"], area_id)
    process_id = processes.insert(db, process_row(content, area_id))
    text = {phase["kind"]: phase["text"] for phase in content["phases"]}
    phases.insert(
        db,
        process_id,
        [
            Phase(kind, opens, closes, text.get(kind, ""))
            for kind, (opens, closes) in zip(KINDS, pairwise(starts), strict=True)
        ],
    )
    insert_plans(db, process_id, content)
    return process_id


def process_row(content: dict[str, Any], area_id: int) -> dict[str, Any]:
    return {
        "slug": content["slug"],
        "name": content["name"],
        "area_id": area_id,
        "summary": content["summary"],
        "description": content["intro"].strip(),
        "budget": content["budget"] * 100,
        "voting_method": content["voting_method"],
        "max_sum_cost": content["budget"] * 100,
        "blank_allowed": 1,
        "change_allowed": 0,
        "rule_options": json.dumps({"min_score": content.get("min_score", 0)}),
        "lot_seed": content.get("lot_seed") or secrets.token_hex(8),
        "photo": content["plans"][0]["picture"],
    }


def insert_plans(db: Database, process_id: int, content: dict[str, Any]) -> None:
    themes = {
        theme["name"]: database.insert(db, "themes", {"process_id": process_id, "name": theme["name"]})
        for theme in content["themes"]
    }
    for plan in content["plans"]:
        plan_id = plans.insert(db, plan_row(plan, process_id))
        db.table("plan_themes").insert({"plan_id": plan_id, "theme_id": themes[plan["theme"]]})
        insert_photos(db, plan["picture"])


def plan_row(plan: dict[str, Any], process_id: int) -> dict[str, Any]:
    texts = ("title", "summary", "description", "location", "maker")
    return {
        **{name: plan[name].strip() for name in texts},
        "process_id": process_id,
        "project_id": str(plan["project_id"]),
        "for_whom": plan.get("for_whom", ""),
        "own_work": plan.get("what_we_do_ourselves", ""),
        "cost": plan["cost"] * 100,
        "verdict": "feasible",
        "verdict_reason": "Dit plan is uitvoerbaar.",
        "photo": plan["picture"],
        "photo_alt": plan["picture_alt"],
    }


def insert_photos(db: Database, picture: str) -> None:
    for width in WIDTHS:
        data = (CONTENT / "pictures" / f"{picture}-{width}.webp").read_bytes()
        db.execute("INSERT OR IGNORE INTO photos (key, width, data) VALUES (?, ?, ?)", (picture, width, data))


def ballots(plans: Sequence[tuple[int, int, int]], number: int, budget: int) -> list[list[int]]:
    """`number` ballots, none empty and none above the budget, on which every plan (id, cost, votes) has its votes.

    Dearest plans first, each to the ballots with the most room: what must fit somewhere still finds its place.
    """
    chance = random.Random(2019)  # noqa: S311  (a demo looks the same every time)
    cast: list[list[int]] = [[] for _ in range(number)]
    room = [budget] * number
    for plan_id, cost, votes in sorted(plans, key=lambda plan: -plan[1]):
        order = sorted(range(number), key=lambda n: (bool(cast[n]) and room[n] < budget // 3, chance.random()))
        takers = [n for n in order if room[n] >= cost][:votes]
        assert len(takers) == votes, "the content names more votes than ballots have room for"
        for n in takers:
            cast[n].append(plan_id)
            room[n] -= cost
    assert all(cast), "a ballot without a plan would be blank"
    return cast


def insert_ballots(
    db: Database, process_id: int, cast: Sequence[list[int]], blank: int, issued: int, closed: date
) -> None:
    """As if they had been handed in: a used code and a receipt each. Nobody knows these codes."""
    votes = [",".join(map(str, sorted(vote))) for vote in cast] + [""] * blank
    day = (closed - timedelta(days=3)).isoformat()
    used = [day] * len(votes) + [None] * (issued - len(votes))
    statements: list[tuple[str, Any]] = [
        ("INSERT INTO roll (process_id, key, used_on) VALUES (?, ?, ?)", used),
        ("INSERT INTO ballots (process_id, key, vote) VALUES (?, ?, ?)", votes),
    ]
    for statement, values in statements:
        db.conn.executemany(statement, ((process_id, secrets.token_bytes(16), value) for value in values))
    hashes = ((process_id, secrets.token_bytes(32)) for _ in votes)
    db.conn.executemany("INSERT INTO receipts (process_id, hash) VALUES (?, ?)", hashes)
