"""Real ballots as hand-ins, and what came of them in the database."""

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from secrets import token_bytes
from urllib.parse import urlencode

from domain import receipts
from domain.database import connect, writing
from domain.pabulib import Instance
from tests.bench.servers import Step, wijkbudget


def issue_codes(db: Path, slug: str, number: int) -> list[str]:
    out = db.with_suffix(f".{number}.csv")
    wijkbudget(db, "codes", slug, "--number", str(number), "--out", out)
    return [row.split(",")[0].replace("-", "") for row in out.read_text().splitlines()[1:]]


def prepared(file: Path, db: Path, voters: int) -> tuple[str, list[str]]:
    """A database with the vote of the file, open and empty; its slug and a code for each voter."""
    slug = wijkbudget(db, "import-pb", file, "--without-ballots")
    return slug, issue_codes(db, slug, voters)


def copied(db: Path, to: Path) -> Path:
    """The same database, with its secret, for another server."""
    shutil.copy(db, to)
    shutil.copy(f"{db}.secret", f"{to}.secret")
    return to


def hand_in(path: str, plans: Iterable[str], **fields: str) -> Step:
    """The step that hands in these plans, with a receipt as the confirmation page draws it."""
    form = [("plan", plan) for plan in plans] + [("receipt", receipts.draw()), *fields.items()]
    return ("POST", path, urlencode(form))


def within_limits(instance: Instance) -> list[tuple[str, ...]]:
    """The real ballots, less those that break the file's own limits on number and cost."""
    cost = {project.project_id: project.cost for project in instance.projects}
    least, most, money = instance.limits.min_length or 0, instance.limits.max_length, instance.limits.max_sum_cost
    return [
        vote.projects
        for vote in instance.votes
        if least <= len(vote.projects) <= (most or len(cost))
        and (money is None or sum(cost[id_] for id_ in vote.projects) <= money)
    ]


def votes_in(path: Path) -> dict[str, int]:
    """Every plan's votes by the ballots in the database, counted here and not by what is measured."""
    db = connect(path, readonly=True)
    names = {str(id_): project_id for id_, project_id in db.execute("SELECT id, project_id FROM plans")}
    counted = dict.fromkeys(names.values(), 0)
    for (vote,) in db.execute("SELECT vote FROM ballots"):
        for id_ in filter(None, vote.split(",")):
            counted[names[id_]] += 1
    db.close()
    return counted


def totals(path: Path) -> dict[str, int]:
    """How many codes are used, how many ballots and receipts there are: three times the same number."""
    db = connect(path, readonly=True)
    found = {
        "codes_used": db.execute("SELECT count(used_on) FROM roll").fetchone()[0],
        "ballots": db.execute("SELECT count(*) FROM ballots").fetchone()[0],
        "receipts": db.execute("SELECT count(*) FROM receipts").fetchone()[0],
    }
    db.close()
    return found


def fill(path: Path, number: int, votes: Sequence[tuple[str, ...]]) -> None:
    """Add so many ballots, each with a used code and a receipt, in the random order in which they would have come."""
    db = connect(path)
    db.execute("PRAGMA cache_size = -400000")
    (process_id,) = db.execute("SELECT id FROM processes").fetchone()
    ids = {project_id: id_ for id_, project_id in db.execute("SELECT id, project_id FROM plans")}
    texts = [",".join(str(id_) for id_ in sorted(ids[plan] for plan in plans)) for plans in votes]
    with writing(db):
        for table, columns, row in (
            ("roll", "process_id, key, used_on", lambda n: (process_id, token_bytes(16), "2026-11-20")),
            ("receipts", "process_id, hash", lambda n: (process_id, token_bytes(32))),
            ("ballots", "process_id, key, vote", lambda n: (process_id, token_bytes(16), texts[n % len(texts)])),
        ):
            places = ", ".join("?" for _ in columns.split(","))
            db.conn.executemany(f"INSERT INTO {table} ({columns}) VALUES ({places})", map(row, range(number)))
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
