"""Wrong codes: ten a minute from one network, and nobody who has a letter ever waits."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from litestar import Request
from litestar.testing import TestClient
from litestar.types import Receive, Scope, Send

from app import create_app
from config.settings import Settings
from domain import ballots
from domain.database import Database
from domain.processes import Process
from routes.tries import HOUR, MINUTE, Tries
from tests.cast import AICHA, BRAM, WILLEM, YVONNE, crowd
from tests.conftest import Clock
from tests.pages import Page, words

LIMIT = 10
BALLOT = "/bezuidenhout/stemmen"
STRANGERS = crowd(30)  # codes as they should be, of nobody


def asked_by(address: str, **headers: str) -> Request[Any, Any, Any]:
    """A request of that address, as the server sees it."""
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "client": (address, 50_000), "headers": raw})  # type: ignore[typeddict-item,arg-type]


@pytest.fixture
def minutes() -> Callable[[float], None]:
    """Let time pass for `tries`."""

    def pass_by(seconds: float) -> None:
        pass_by.now += seconds  # type: ignore[attr-defined]

    pass_by.now = 0.0  # type: ignore[attr-defined]
    return pass_by


@pytest.fixture
def tries(minutes: Any) -> Tries:
    return Tries(LIMIT, ("10.0.0.0/8", "fd00::/8"), clock=lambda: minutes.now)


def refused(tries: Tries, times: int, address: str, **headers: str) -> int:
    """How many of that many wrong codes were too many."""
    return sum(tries.too_many(asked_by(address, **headers)) for _ in range(times))


def test_ten_a_minute_may_be_wrong(tries: Tries, minutes: Callable[[float], None]) -> None:
    assert refused(tries, LIMIT, "203.0.113.9") == 0
    assert refused(tries, 5, "203.0.113.9") == 5
    minutes(MINUTE - 1)
    assert refused(tries, 1, "203.0.113.9") == 1
    minutes(1)
    assert refused(tries, LIMIT, "203.0.113.9") == 0, "a refused try does not make the wait longer"


def test_a_network_counts_as_one_and_its_neighbour_apart(tries: Tries) -> None:
    assert refused(tries, LIMIT, "203.0.113.1") == 0
    assert refused(tries, 1, "203.0.113.254") == 1
    assert refused(tries, 1, "203.0.114.1") == 0
    assert refused(tries, LIMIT, "2001:db8:1:2::1") == 0
    assert refused(tries, 1, "2001:db8:1:2:ffff:ffff:ffff:ffff") == 1
    assert refused(tries, 1, "2001:db8:1:3::1") == 0


def test_what_somebody_says_to_be_counts_only_from_a_proxy_of_ours(tries: Tries) -> None:
    for n in range(LIMIT):
        assert not tries.too_many(asked_by("203.0.113.9", x_forwarded_for=f"198.51.{n}.1"))
    assert refused(tries, 1, "203.0.113.9", x_forwarded_for="192.0.2.1") == 1, "a stranger can't forge a new address"


def test_behind_our_proxy_everybody_counts_for_themselves(tries: Tries) -> None:
    assert refused(tries, LIMIT, "10.0.0.2", x_forwarded_for="198.51.100.7") == 0
    assert refused(tries, 1, "10.0.0.2", x_forwarded_for="198.51.100.8") == 1
    assert refused(tries, 1, "10.0.0.2", x_forwarded_for="192.0.2.1") == 0
    assert refused(tries, 1, "fd00::2", x_forwarded_for="2001:db8::1") == 0


def test_only_the_nearest_hop_is_believed(tries: Tries) -> None:
    """What stands before it in X-Forwarded-For the visitor wrote there."""
    for n in range(LIMIT):
        assert not tries.too_many(asked_by("10.0.0.2", x_forwarded_for=f"192.0.{n}.1, 198.51.100.7, 10.0.0.3"))
    assert refused(tries, 1, "10.0.0.2", x_forwarded_for="198.51.100.7") == 1


def test_however_a_proxy_writes_an_address_it_is_the_same(tries: Tries) -> None:
    """With a port, in IPv6's clothes, or as garbage: none of them gives a fresh start."""
    assert refused(tries, 10, "10.0.0.1", **{"x-forwarded-for": "7.7.7.7"}) == 0
    for written in ("7.7.7.7:4001", "7.7.7.7:4002", "::ffff:7.7.7.7", "[::ffff:7.7.7.7]:443"):
        assert refused(tries, 1, "10.0.0.1", **{"x-forwarded-for": written}) == 1, written


@pytest.mark.parametrize("header", ["", ",", "nonsense", "💚", "10.0.0.9", "1.2.3", "a" * 9_000])
def test_a_header_that_makes_no_sense_does_no_harm(tries: Tries, header: str) -> None:
    assert refused(tries, LIMIT + 1, "10.0.0.2", x_forwarded_for=header) == 1


def test_no_address_is_kept_and_the_key_changes(tries: Tries, minutes: Callable[[float], None]) -> None:
    refused(tries, 1, "203.0.113.9")
    kept, key = repr(tries.wrong), tries.key
    assert "203.0.113" not in kept
    minutes(HOUR + 1)
    refused(tries, 1, "203.0.113.9")
    assert tries.key != key
    assert len(tries.wrong) == 1, "what was counted under the old key is forgotten"


# On the site


class From:
    """The site, asked from one address."""

    def __init__(self, app: Any, address: str) -> None:
        self.app, self.address = app, address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["client"] = (self.address, 50_000)
        await self.app(scope, receive, send)


@pytest.fixture
def behind_proxy(settings: Settings, process: Process, clock: Clock) -> Iterator[TestClient]:
    """A site whose settings name 10.0.0.2 as its proxy, asked by that proxy."""
    site = create_app(replace(settings, proxies=("10.0.0.2/32",)))
    with TestClient(From(site, "10.0.0.2"), base_url="http://testserver.local") as client:
        client.follow_redirects = False
        yield client


def type_code(client: TestClient, code: str, **headers: str) -> tuple[int, str]:
    client.cookies.clear()
    answer = client.post(BALLOT, data={"code": code, "bewaar": "1"}, headers=headers)
    return answer.status_code, words(answer.text)


def test_guessing_stops_after_ten_and_says_what_to_do(client: TestClient, process: Process) -> None:
    statuses = [type_code(client, stranger.letter)[0] for stranger in STRANGERS[:LIMIT]]
    assert statuses == [422] * LIMIT
    status, page = type_code(client, YVONNE.letter)
    assert status == 429
    assert "Wacht een minuut" in page
    assert "Deze stemcode kennen wij niet" not in page
    assert type_code(client, WILLEM.letter)[0] == 429, "a code of another process is as wrong"


def test_nobody_can_stop_the_vote_of_a_town(client: TestClient, process: Process, db: Database) -> None:
    """Somebody on the wifi of the library guesses on and on; Aïcha and Bram vote there at once."""
    for stranger in STRANGERS:
        type_code(client, stranger.letter)
    assert type_code(client, AICHA.letter)[0] == 303
    for resident in (AICHA, BRAM):
        assert client.post(f"{BALLOT}/inzending", data=resident.form("bank")).status_code == 200
    assert ballots.number(db, process.id) == 2


def test_typing_errors_and_used_codes_are_no_tries(client: TestClient, process: Process) -> None:
    client.post(f"{BALLOT}/inzending", data=AICHA.form("bank"))
    for _ in range(LIMIT + 2):
        assert "typefout" in type_code(client, AICHA.letter[:-1])[1]
        assert "al gestemd" in type_code(client, AICHA.letter)[1]
    assert type_code(client, YVONNE.letter)[0] == 422


def test_handing_in_with_a_wrong_code_is_a_try_too(client: TestClient, process: Process, db: Database) -> None:
    for stranger in STRANGERS[:LIMIT]:
        assert client.post(f"{BALLOT}/inzending", data=stranger.form("bank")).status_code == 422
    answer = client.post(f"{BALLOT}/inzending", data=YVONNE.form("bank", "tuin"))
    assert answer.status_code == 429
    assert "Wacht een minuut" in words(answer.text)
    assert Page(answer.text).form(f"{BALLOT}/inzending").fields["plan"] == ["bank", "tuin"], "the choice is kept"
    assert ballots.number(db, process.id) == 0


def test_visitors_behind_our_proxy_are_told_apart(behind_proxy: TestClient) -> None:
    for stranger in STRANGERS[: LIMIT + 1]:
        status, _ = type_code(behind_proxy, stranger.letter, **{"X-Forwarded-For": "203.0.113.9"})
    assert status == 429
    assert type_code(behind_proxy, YVONNE.letter, **{"X-Forwarded-For": "198.51.100.7"})[0] == 422


def test_what_may_be_done_so_often_an_hour_may_be_done_again_after_it(minutes: Any) -> None:
    tries = Tries(LIMIT, (), clock=lambda: minutes.now, window=HOUR)
    assert refused(tries, LIMIT + 1, "203.0.113.9") == 1
    minutes(HOUR - 1)
    assert refused(tries, 1, "203.0.113.9") == 1
    minutes(1)
    assert refused(tries, LIMIT, "203.0.113.9") == 0
