"""Sealing: after it, nothing in the file tells which ballot came with which code, or when.

2,000 residents hand in ballots that all differ, in a known order, with chance replaced by fixed seeds. Then `traces`
reads the file as an attacker would: byte by byte, and page by page (sqlite.org/fileformat2.html). It must find
nothing in a sealed file, and must find something whenever a step of sealing is left out.
"""

import random
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from operator import mul
from pathlib import Path

import pytest
from litestar.testing import TestClient

from domain import ballots, receipts, roll, sealing
from domain.ballots import ballot_key
from domain.database import Database, connect, writing
from domain.processes import Process
from domain.sealing import CannotSeal
from routes.site import Site
from tests.cast import (
    AFTER,
    AICHA,
    BRAM,
    CHEN,
    CLOSES,
    EMRE,
    NOW,
    OPENS,
    Proposal,
    Resident,
    crowd,
    insert_vote,
    reload,
)
from tests.desk import Desk

# ── two thousand ballots with a known pairing ──

VOTERS = 2_000
PLANS = tuple(Proposal(f"p{n}", f"Plan {n}", 100, "Groen") for n in range(11))  # 2^11 ways to vote
TABLES = ("roll", "ballots", "receipts")


@dataclass(frozen=True)
class Voted:
    """What the attacker knows: who handed in as the how manieth, and the file."""

    path: Path
    process: Process
    ranks: dict[str, dict[bytes, int]]  # per table: what stands in a row -> when it was handed in
    old_keys: frozenset[bytes]


SECRET = b"a fixed secret, for fixed chance"


@pytest.fixture(params=[0, 1], ids=["no changing", "changing allowed"])
def voted(request, db, settings, monkeypatch) -> Voted:
    """Everybody has handed in, and the log is in the main file, as after a while of serving."""
    chance = random.Random(20260531)  # noqa: S311  (fixed on purpose, here and below)
    monkeypatch.setattr("secrets.token_bytes", chance.randbytes)
    everyone = crowd(VOTERS)
    process = insert_vote(
        db,
        SECRET,
        plans=PLANS,
        residents=everyone,
        voting_method="approval",
        max_sum_cost=None,
        change_allowed=request.param,
    )
    order = chance.sample(everyone, VOTERS)
    hand_in_all(settings.db, process, order)
    monkeypatch.undo()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return pairing(db, settings.db, process, order)


def hand_in_all(path: Path, process: Process, order: Sequence[Resident]) -> None:
    """One after the other; the vote of number n says n in binary."""
    writer = Desk(path)
    for rank, who in enumerate(order):
        writer.submit(ballots.hand_in, SECRET, process, who.code, vote_of(rank), who.receipt, NOW)
    writer.submit(lambda db: None).result()
    writer.close()


def vote_of(rank: int) -> list[str]:
    return [plan.project_id for bit, plan in enumerate(PLANS) if rank >> bit & 1]


def pairing(db: Database, path: Path, process: Process, order: Sequence[Resident]) -> Voted:
    ranks = {
        "roll": {roll.key(SECRET, process.id, who.code): rank for rank, who in enumerate(order)},
        "receipts": {receipts.hash_of(who.receipt): rank for rank, who in enumerate(order)},
        "ballots": {text_of(process, rank).encode(): rank for rank in range(VOTERS)},
    }
    keys = frozenset(key for (key,) in db.execute("SELECT key FROM ballots"))
    assert len(keys) == len(ranks["ballots"]) == ballots.number(db, process.id) == VOTERS
    return Voted(path, process, ranks, keys)


def text_of(process: Process, rank: int) -> str:
    return ballots.vote_text(process.by_project_id[project_id] for project_id in vote_of(rank))


# ── the attacker ──


def traces(voted: Voted) -> set[str]:
    """Everything in the file that goes beyond what was chosen, and that a code exists and is used."""
    data, log = voted.path.read_bytes(), Path(f"{voted.path}-wal")
    logged = log.read_bytes() if log.exists() else b""
    found = {"old keys"} if any(key in data or key in logged for key in voted.old_keys) else set()
    if any(value in logged for table in TABLES for value in voted.ranks[table] if len(value) > 7):
        return found | {"rows in the log"}  # what the file itself says is out of date
    if int.from_bytes(data[36:40], "big"):
        found.add("free pages")
    db = connect(voted.path, readonly=True)
    found |= {f"shared by {one} and {other}" for one, other in shared_values(db)}
    for table in TABLES:
        (root,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", [table]).fetchone()
        found |= {f"{order} of {table}" for order in telling_orders(data, root, voted.ranks[table])}
    db.close()
    return found


def shared_values(db: Database) -> Iterator[tuple[str, str]]:
    """Tables with a value in common, also where one is the beginning of the other."""
    values = {
        table: {
            (value if isinstance(value, bytes) else str(value).encode())[:16]
            for row in db.query(f"SELECT * FROM {table}")
            for name, value in row.items()
            if name != "process_id" and value not in (None, "")
        }
        for table in TABLES
    }
    for one, other in (("roll", "ballots"), ("roll", "receipts"), ("ballots", "receipts")):
        if values[one] & values[other]:
            yield one, other


def telling_orders(data: bytes, root: int, ranks: dict[bytes, int]) -> Iterator[str]:
    """The orders of rows that go with the order of handing in, beyond chance (p = 0.001)."""
    by_key, pages = ranks_in(data, root, ranks)
    cells = [rank for page in pages for rank in page]
    assert sorted(by_key) == sorted(cells) == list(range(VOTERS)), "the page reader misses rows"
    places = sorted((place / len(page), n, rank) for n, page in enumerate(pages) for place, rank in enumerate(page))
    if beyond_chance(along, by_key) or beyond_chance(beside, by_key):
        yield "key order"
    if beyond_chance(along, cells) or beyond_chance(along, [rank for _, _, rank in places]):
        yield "cell order"
    if beyond_chance(beside, cells):
        yield "neighbours"


def ranks_in(data: bytes, root: int, ranks: dict[bytes, int]) -> tuple[list[int], list[list[int]]]:
    """When the rows were handed in: in the order of their keys, and per page as they physically lie in it."""
    by_key, pages = [], []
    for page in pages_of(data, root):
        of = {offset: next(ranks[value] for value in row if value in ranks) for offset, row in page.items()}
        by_key += of.values()
        pages.append([of[offset] for offset in sorted(of, reverse=True)])  # SQLite fills a page from its end
    return by_key, pages


Statistic = Callable[[Sequence[int]], float]


def along(ranks: Sequence[int]) -> float:
    """Spearman's correlation of place and rank, but for constants: both are 0 … n - 1."""
    return sum(map(mul, range(len(ranks)), ranks)) - expected(len(ranks))


def beside(ranks: Sequence[int]) -> float:
    """The same of each rank and that of its neighbour: high where what came together lies together."""
    return sum(map(mul, ranks, ranks[1:])) - expected(len(ranks))


def expected(number: int) -> float:
    return number * (number - 1) ** 2 / 4


def beyond_chance(statistic: Statistic, ranks: list[int]) -> bool:
    """A permutation test, two-sided, p = 0.001."""
    low, high = by_chance(statistic, len(ranks))
    return not low <= statistic(ranks) <= high


@cache
def by_chance(statistic: Statistic, number: int) -> tuple[float, float]:
    """Beyond which two values at most one in a thousand shuffles goes."""
    chance, ranks, seen = random.Random(1), list(range(number)), []  # noqa: S311
    for _ in range(2_000):
        chance.shuffle(ranks)
        seen.append(statistic(ranks))
    seen.sort()
    return seen[0], seen[-2]


# ── pages of the file, without SQLite ──

INTERIOR, LEAF = 2, 10


def pages_of(data: bytes, number: int) -> Iterator[dict[int, list[object]]]:
    """Every page of an index b-tree, left to right: the values of its rows by where they stand in the page.

    The rows of a WITHOUT ROWID table stand in one; interior pages hold rows too.
    """
    size = int.from_bytes(data[16:18], "big")
    page = data[(number - 1) * size : number * size]
    kind, count = page[0], int.from_bytes(page[3:5], "big")
    assert kind in (INTERIOR, LEAF)
    start = 12 if kind == INTERIOR else 8
    offsets = [int.from_bytes(page[at : at + 2], "big") for at in range(start, start + 2 * count, 2)]
    skip = 4 if kind == INTERIOR else 0
    yield {offset: record(page, offset + skip) for offset in offsets}
    if kind == INTERIOR:
        children = [page[offset : offset + 4] for offset in offsets] + [page[8:12]]
        for child in children:
            yield from pages_of(data, int.from_bytes(child, "big"))


def record(page: bytes, at: int) -> list[object]:
    """The blobs and texts of one row, as bytes; numbers and NULL are left out."""
    _, at = varint(page, at)
    end, header = varint(page, at)
    end, values = at + end, []
    body = end
    while header < end:
        kind, header = varint(page, header)
        length = (kind - 12) // 2 if kind >= 12 else (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)[kind]
        if kind >= 12:
            values.append(page[body : body + length])
        body += length
    return values


def varint(data: bytes, at: int) -> tuple[int, int]:
    number = 0
    while data[at] & 128:
        number, at = number << 7 | data[at] & 127, at + 1
    return number << 7 | data[at], at + 1


# ── secrecy ──


def with_fixed_chance(db: Database) -> Database:
    db.conn.create_function("randomblob", 1, random.Random(8).randbytes)  # noqa: S311
    return db


def test_a_sealed_file_tells_nothing(db, voted):
    sealing.seal(with_fixed_chance(db), voted.process.slug, AFTER)
    assert traces(voted) == set()
    assert sorted(db.execute("SELECT vote FROM ballots").fetchall()) == sorted(
        (text_of(voted.process, rank),) for rank in range(VOTERS)
    )


def test_an_unsealed_file_is_found_out(voted):
    """The same attack on the same file, before sealing: so it isn't blind."""
    told = {"cell order of roll", "cell order of ballots", *(f"neighbours of {table}" for table in TABLES)}
    assert traces(voted) == {"old keys", *told}


def test_new_keys_alone_are_not_enough(db, voted):
    sealing.new_keys(with_fixed_chance(db), voted.process.id)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert traces(voted) >= {"cell order of roll", "neighbours of roll", "neighbours of receipts"}


def test_a_rewrite_alone_is_not_enough(db, voted):
    sealing.rewrite(db)
    assert "old keys" in traces(voted)


def test_a_rewrite_that_stays_in_the_log_is_not_enough(db, voted):
    sealing.new_keys(with_fixed_chance(db), voted.process.id)
    db.execute("VACUUM")
    assert traces(voted) >= {"rows in the log", "old keys"}


def test_keys_made_of_the_order_would_be_found_out(db, voted):
    with writing(db):
        for number, (key,) in enumerate(db.execute("SELECT key FROM ballots ORDER BY vote").fetchall()):
            db.execute("UPDATE ballots SET key = ? WHERE key = ?", (number.to_bytes(16, "big"), key))
    sealing.rewrite(db)
    by_vote = {text_of(voted.process, rank): rank for rank in range(VOTERS)}
    ranks = {vote.encode(): place for place, vote in enumerate(sorted(by_vote))}
    found = traces(Voted(voted.path, voted.process, {**voted.ranks, "ballots": ranks}, frozenset()))
    assert {"key order of ballots", "cell order of ballots"} <= found


# ── sealing itself ──


def sealed_at(db: Database, process: Process) -> object:
    return reload(db, process.slug).sealed_at


def test_sealing_loses_no_ballot_and_no_receipt(db, process, hand_in, seal):
    for who, plans in ((AICHA, ["bank"]), (BRAM, ["bank", "tuin"]), (CHEN, [])):
        hand_in(process, who, *plans)
    before = [sorted(db.execute(f"SELECT {what}").fetchall()) for what in ("vote FROM ballots", "* FROM receipts")]
    assert seal(process).finished
    after = [sorted(db.execute(f"SELECT {what}").fetchall()) for what in ("vote FROM ballots", "* FROM receipts")]
    assert after == before


def test_sealing_one_vote_leaves_another_open(db, secret, process, hand_in):
    insert_vote(db, secret, slug="oud", opens_at=OPENS.replace(year=2020), closes_at=CLOSES.replace(year=2020))
    hand_in(process, AICHA, "bank")
    before = db.execute("SELECT * FROM ballots").fetchall()
    sealing.seal(db, "oud", NOW)
    assert db.execute("SELECT * FROM ballots").fetchall() == before
    assert not reload(db).finished


def test_an_open_vote_is_not_sealed(db, process):
    with pytest.raises(CannotSeal, match="is open until 2026-05-31T22:00:00Z"):
        sealing.seal(db, process.slug, NOW)
    assert sealed_at(db, process) is None


def test_what_cannot_be_sealed_is_said_in_a_sentence(db, process, seal):
    with pytest.raises(CannotSeal, match="There is no process “zwembad”"):
        sealing.seal(db, "zwembad", AFTER)
    seal(process)
    with pytest.raises(CannotSeal, match="is sealed already"):
        sealing.seal(db, process.slug, AFTER)
    db.execute("DELETE FROM phases")
    with pytest.raises(CannotSeal, match="has no vote"):
        sealing.seal(db, "loosduinen", AFTER)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO ballots (process_id, key, vote) VALUES (:id, randomblob(16), '')",
        "INSERT OR REPLACE INTO ballots (process_id, key, vote) SELECT process_id, key, '' FROM ballots",
        "UPDATE ballots SET vote = ''",
        "UPDATE ballots SET key = randomblob(16)",
        "DELETE FROM ballots",
        "UPDATE processes SET sealed_at = NULL WHERE id = :id",
        "UPDATE processes SET sealed_at = '2030-01-01T00:00:00Z' WHERE id = :id",
    ],
)
def test_a_sealed_vote_never_reopens(db, process, hand_in, seal, statement):
    hand_in(process, AICHA, "bank")
    seal(process)
    with pytest.raises(sqlite3.IntegrityError, match="seal"):
        db.execute(statement, {"id": process.id})


def test_a_longer_phase_does_not_reopen_a_sealed_vote(db, process, hand_in, seal):
    seal(process)
    db.execute("UPDATE phases SET closes_at = '2027-01-01T00:00:00Z'")
    assert not reload(db).voting(AFTER)
    with pytest.raises(ballots.Closed):
        hand_in(reload(db), AICHA, "bank", now=AFTER)


def test_a_reader_in_the_way_delays_sealing_and_loses_nothing(db, settings, process, hand_in):
    hand_in(process, AICHA, "bank")
    reader = connect(settings.db, readonly=True)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM ballots").fetchall()
    sealer = connect(settings.db, timeout=0.1)
    with pytest.raises(CannotSeal, match="Try again"):
        sealing.seal(sealer, process.slug, AFTER)
    assert sealed_at(db, process) is None
    assert sealing.due(db, AFTER) == ["bezuidenhout", "loosduinen"]
    reader.execute("ROLLBACK")
    reader.close()
    sealing.seal(sealer, process.slug, AFTER)
    sealer.close()
    assert sealed_at(db, process) == AFTER
    assert ballots.number(db, process.id) == 1


def test_what_is_due_has_closed_and_is_not_sealed(db, process, seal):
    assert sealing.due(db, NOW) == sealing.due(db, CLOSES) == []
    assert sealing.due(db, CLOSES + sealing.GRACE) == ["bezuidenhout", "loosduinen"]
    seal(process)
    assert sealing.due(db, AFTER) == ["loosduinen"]


# ── hand-ins that arrived before closing and are written while the vote is being sealed ──

JUST_IN_TIME = CLOSES.replace(hour=21)


@pytest.mark.parametrize("step", ["new_keys", "rewrite"])
def test_a_ballot_that_comes_late_makes_sealing_start_again(db, process, hand_in, seal, monkeypatch, step):
    """It arrived in time, so it counts; but the file was made without it, so that seal would not hold."""
    hand_in(process, AICHA, "bank")
    original = getattr(sealing, step)

    def then_bram_votes(*arguments: object) -> object:
        done = original(*arguments)
        hand_in(process, BRAM, "tuin", now=JUST_IN_TIME)
        return done

    monkeypatch.setattr(sealing, step, then_bram_votes)
    with pytest.raises(CannotSeal, match="Try again"):
        seal(process)
    monkeypatch.undo()
    assert seal(process).finished
    assert ballots.number(db, process.id) == len(receipts.published(db, process.id)) == 2


def test_a_change_that_comes_late_is_closed_and_the_earlier_vote_stands(db, secret, hand_in, seal, monkeypatch):
    process = insert_vote(db, secret, change_allowed=1)
    hand_in(process, EMRE, "bank")
    original = sealing.new_keys

    def then_emre_changes(db: Database, process_id: int) -> int:
        number = original(db, process_id)
        with pytest.raises(ballots.Closed):
            hand_in(process, EMRE, "tuin", now=JUST_IN_TIME, receipt=CHEN.receipt)
        return number

    monkeypatch.setattr(sealing, "new_keys", then_emre_changes)
    assert seal(process).finished
    (ballot,) = db.query("SELECT key, vote FROM ballots")
    assert ballot["key"] != ballot_key(secret, process, EMRE.code)
    assert ballot["vote"] == ballots.vote_text([process.by_project_id["bank"]])


# ── the site does it by itself ──


def test_a_site_that_starts_seals_what_closed_while_it_was_down(app, db, process, clock, hand_in):
    hand_in(process, AICHA, "bank")
    clock.now = AFTER
    with TestClient(app) as client:
        site: Site = client.app.state.site
        waiting = threading.Event()
        for _ in range(500):
            if reload(db).finished:
                break
            waiting.wait(0.01)
        assert site.process("bezuidenhout").finished
