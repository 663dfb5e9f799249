"""Nothing that was promised gets lost: not by `kill -9` in the middle of a busy evening, not by a full disk.

WIJKBUDGET_KILLS says how many times the server is killed (2 by default, 20 for the full number).
"""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from httpx import Response

from domain import ballots, receipts, roll
from domain.ballots import ballot_key
from domain.database import Database
from domain.processes import Process
from tests.cast import YVONNE, Proposal, Resident, crowd, insert_vote

ROOT = Path(__file__).parents[1]
KILLS = int(os.environ.get("WIJKBUDGET_KILLS", "2"))
VOTERS = 2_000
CONNECTIONS = 32
PLANS = tuple(Proposal(f"p{n}", f"Plan {n}", 1_000, "Groen") for n in range(5))


class Server:
    """The real server, in a process of its own."""

    def __init__(self, path: Path) -> None:
        command = [sys.executable, "-m", "cli", "serve", "--db", str(path), "--port", "0"]
        self.process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr
        told = self.process.stderr.readline()
        address = re.search(r"http://127\.0\.0\.1:(\d+)", told)
        assert address, told + self.process.stderr.read()
        self.port = int(address[1])

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stderr:
            self.process.stderr.close()


@pytest.fixture
def vote(db: Database, secret: bytes) -> Process:
    """A real one: open now. Votes may be changed, so that each ballot can be found by its code."""
    now = datetime.now(UTC)
    return insert_vote(
        db,
        secret,
        plans=PLANS,
        residents=crowd(VOTERS),
        opens_at=now - timedelta(days=1),
        closes_at=now + timedelta(days=1),
        change_allowed=1,
    )


async def post(connection: tuple[asyncio.StreamReader, asyncio.StreamWriter], path: str, form: dict) -> str:
    """Send a form and return the page. Raises OSError or EOFError when the server is gone."""
    reader, writer = connection
    body = urlencode(form, doseq=True)
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
    answer = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = re.search(r"content-length: (\d+)", answer)
    assert length, answer
    page = (await reader.readexactly(int(length[1]))).decode()
    return page if answer.startswith("http/1.1 200") else ""


async def everybody(
    server: Server, path: str, forms: Sequence[tuple[Resident, dict]], stop_after: int
) -> list[Resident]:
    """Post the forms over many connections at once; who got a page of success.

    After `stop_after` of them the server is killed, while the others are in the middle of theirs.
    """
    waiting, succeeded = iter(forms), []

    async def browser() -> None:
        connection = await asyncio.open_connection("127.0.0.1", server.port)
        with closing(connection[1]):
            for who, form in waiting:
                if await post(connection, path, form):
                    succeeded.append(who)
                if len(succeeded) == stop_after:
                    server.kill()

    done = await asyncio.gather(*(browser() for _ in range(CONNECTIONS)), return_exceptions=True)
    broken = [error for error in done if error]
    assert all(isinstance(error, OSError | EOFError) for error in broken), broken
    assert bool(broken) == (stop_after < len(forms)), broken
    return succeeded


def hand_in(server: Server, voters: Sequence[Resident], stop_after: int = VOTERS + 1) -> list[Resident]:
    forms = [(who, who.form(*(plan.project_id for plan in PLANS if place % 7 % 5))) for place, who in enumerate(voters)]
    return asyncio.run(everybody(server, "/bezuidenhout/stemmen/inzending", forms, stop_after))


def check(server: Server, voters: Sequence[Resident]) -> list[Resident]:
    """Whose receipt the site knows."""

    async def ask() -> list[Resident]:
        connection = await asyncio.open_connection("127.0.0.1", server.port)
        with closing(connection[1]):
            path = "/bezuidenhout/controle"
            pages = [(who, await post(connection, path, {"code": who.receipt})) for who in voters]
        return [who for who, page in pages if "Ja, uw stem telt mee" in page]

    return asyncio.run(ask())


@pytest.fixture
def path(settings) -> Path:
    return settings.db


@pytest.fixture
def servers(path: Path) -> Iterator[list[Server]]:
    """Those started by a test; what is left of them is stopped afterwards."""
    started: list[Server] = []
    yield started
    for server in started:
        server.close()


# ── killed ──


@pytest.mark.parametrize("turn", range(KILLS))
def test_a_killed_server_forgets_no_receipt_and_no_ballot(db, secret, path, vote, servers, turn):
    voters = crowd(VOTERS)
    servers.append(Server(path))
    promised = hand_in(servers[-1], voters, stop_after=100 + 1_700 * turn // max(KILLS - 1, 1))
    servers[-1].close()

    servers.append(Server(path))
    assert set(check(servers[-1], promised[-50:])) == set(promised[-50:])
    assert [who for who in promised if not receipts.counted(db, vote.id, who.receipt)] == []
    used = {who for who in voters if roll.used(db, secret, vote.id, who.code)}
    keys = {key for (key,) in db.execute("SELECT key FROM ballots")}
    assert set(promised) <= used
    assert {ballot_key(secret, vote, who.code) for who in used} == keys
    assert len(used) == len(keys) == len(receipts.published(db, vote.id))
    assert len(used) < VOTERS, "nobody was in the middle of it"

    left = [who for who in voters if who not in set(promised)]
    assert len(hand_in(servers[-1], left, stop_after=VOTERS + 1)) == len(left)
    assert ballots.number(db, vote.id) == roll.turnout(db, vote.id).used == VOTERS
    assert len(receipts.published(db, vote.id)) == VOTERS


def test_the_receipt_check_does_not_just_say_yes(path, vote, servers):
    servers.append(Server(path))
    assert check(servers[-1], [crowd(1)[0], YVONNE]) == []


# ── a full disk ──


def test_on_a_full_disk_the_voter_hears_that_the_vote_did_not_count(db, secret, client, site):
    """Until the disk is full everybody hears yes, then no, and both are true. Afterwards the codes still work."""
    voters = crowd(150)
    process = insert_vote(db, secret, residents=voters)

    def hand_in(who: Resident) -> Response:
        return client.post("/bezuidenhout/stemmen/inzending", data=who.form("bank"))

    (pages,) = db.execute("PRAGMA page_count").fetchone()
    site.writer.db.execute(f"PRAGMA max_page_count = {pages}")
    answers = [hand_in(who) for who in voters]
    refused = [answer for answer in answers if answer.status_code != 200]
    assert 0 < len(refused) < len(voters)
    assert {answer.status_code for answer in refused} == {507}
    assert all("Uw stem telt niet mee" in answer.text for answer in refused)
    assert all("Uw stem telt mee" not in answer.text for answer in refused)
    counted = len(voters) - len(refused)
    assert ballots.number(db, process.id) == roll.turnout(db, process.id).used == counted
    assert len(receipts.published(db, process.id)) == counted

    site.writer.db.execute("PRAGMA max_page_count = 100000")
    assert {hand_in(who).status_code for who in voters} == {200}
    assert ballots.number(db, process.id) == len(voters)
