"""The pages where two of the staff put a rule right. Willem of the staff is Nina: beheerder elsewhere, and refused."""

import asyncio

import pytest
from litestar.testing import TestClient

from domain import corrections
from domain.database import Database
from domain.processes import Process
from routes.site import Site
from tests.cast import AFTER, AICHA, EURO, NOW, reload
from tests.conftest import Clock, HandIn
from tests.pages import Page, words
from tests.staff import NINA, sign_in, sign_in_as

HERE = "/beheer/bezuidenhout/correcties"
REASON = "In de brief stond een ander bedrag."
ASKED = {"keuze": "budget", "value": "25.000", "reason": REASON}


@pytest.fixture
def bea(client: TestClient, db: Database, secret: bytes, process: Process) -> None:
    sign_in(client, db, secret, process, "beheerder", "Bea")


def tessa(client: TestClient, db: Database, secret: bytes, process: Process) -> int:
    return sign_in(client, db, secret, process, "beheerder", "Tessa")


def asked(client: TestClient, **changes: str) -> int:
    answer = client.post(HERE, data=ASKED | changes)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{HERE}?gedaan=gevraagd")
    links = [a["href"] for a in Page(client.get(HERE).text).all("a") if a["href"].startswith(f"{HERE}/")]
    return max(int(link.rpartition("/")[2]) for link in links if link.rpartition("/")[2].isdigit())


def decide(client: TestClient, number: int, what: str = "akkoord") -> int:
    return client.post(f"{HERE}/{number}/besluit", data={"besluit": what}).status_code


def test_one_asks_another_agrees_and_everyone_sees_it(
    client: TestClient, db: Database, secret: bytes, process: Process, bea: None
) -> None:
    number = asked(client)
    page = client.get(f"{HERE}/{number}").text
    assert "Een andere beheerder moet het ermee eens zijn." in words(page)
    assert "akkoord" not in [button.get("value") for button in Page(page).all("button")]
    assert reload(db).budget == 20_000 * EURO
    tessa(client, db, secret, process)
    assert REASON in words(client.get(f"{HERE}/{number}").text)
    assert decide(client, number) == 303
    assert reload(db).budget == 25_000 * EURO
    assert REASON in words(client.get("/bezuidenhout/zo-werkt-het").text)
    feed = client.get("/bezuidenhout/feed.atom").text
    assert REASON in feed
    assert "/bezuidenhout/zo-werkt-het" in feed


def test_nobody_agrees_with_themselves(client: TestClient, db: Database, bea: None) -> None:
    number = asked(client)
    answer = client.post(f"{HERE}/{number}/besluit", data={"besluit": "akkoord"})
    assert answer.status_code == 409
    assert "U vroeg zelf om deze correctie." in words(answer.text)
    assert reload(db).budget == 20_000 * EURO


def test_who_is_no_beheerder_here_is_refused(
    client: TestClient, db: Database, secret: bytes, process: Process, elsewhere: Process, bea: None
) -> None:
    number = asked(client)
    for role, name in (("toetser", "Tom"), ("moderator", "Mo"), ("stemhulp", "Stef")):
        sign_in(client, db, secret, process, role, name)
        assert client.get(HERE).status_code == 403
        assert decide(client, number) == 403
    sign_in_as(client, db, secret, elsewhere, NINA)
    assert client.get(HERE).status_code == 403
    assert decide(client, number) == 403
    assert (
        client.post(f"/beheer/loosduinen/correcties/{number}/besluit", data={"besluit": "akkoord"}).status_code == 404
    )
    assert reload(db).budget == 20_000 * EURO


def test_what_was_typed_is_kept_when_it_is_wrong(
    client: TestClient, process: Process, bea: None, hand_in: HandIn
) -> None:
    hand_in(process, AICHA, "bank")
    answer = client.post(HERE, data=ASKED | {"value": "15.000", "reason": ""})
    assert answer.status_code == 422
    assert "Het bedrag kan alleen hoger worden." in words(answer.text)
    assert "Iedereen kan dat lezen." in words(answer.text)
    assert 'value="15.000"' in answer.text
    for typed, said in (("veel", "Dit is geen bedrag."), ("", "Vul in wat het moet worden.")):
        answer = client.post(HERE, data=ASKED | {"value": typed})
        assert answer.status_code == 422
        assert said in words(answer.text)


def test_with_ballots_the_way_of_voting_is_not_even_offered(
    client: TestClient, process: Process, bea: None, hand_in: HandIn
) -> None:
    assert "Manier van stemmen" in words(client.get(HERE).text)
    hand_in(process, AICHA, "bank")
    said = words(client.get(HERE).text)
    assert "Manier van stemmen" not in said
    assert "Er is al gestemd." in said
    answer = client.post(HERE, data={"keuze": "voting_method", "value": "approval", "reason": REASON})
    assert answer.status_code == 409
    assert "want er is al gestemd" in words(answer.text)


@pytest.mark.parametrize("name", ["lot_seed", "name", "", "theme-1-name", "budget; DROP TABLE ballots"])
def test_what_is_no_rule_can_not_be_asked(client: TestClient, process: Process, bea: None, name: str) -> None:
    assert client.get(f"{HERE}/nieuw", params={"keuze": name}).status_code == 404
    assert client.post(HERE, data=ASKED | {"keuze": name}).status_code == 404


def test_a_second_one_waits_for_the_first(
    client: TestClient, db: Database, secret: bytes, process: Process, bea: None
) -> None:
    asked(client)
    tessa(client, db, secret, process)
    answer = client.post(HERE, data={"keuze": "blank_allowed", "value": "no", "reason": REASON})
    assert answer.status_code == 409
    assert "Er wacht al een andere correctie." in words(answer.text)


def test_it_is_withdrawn_or_refused_and_then_over(
    client: TestClient, db: Database, secret: bytes, process: Process, bea: None
) -> None:
    first = asked(client)
    assert decide(client, first, "weg") == 303
    assert "ingetrokken" in words(client.get(HERE).text)
    second = asked(client)
    tessa(client, db, secret, process)
    assert decide(client, second, "weg") == 303
    assert "niet akkoord" in words(client.get(HERE).text)
    assert decide(client, second) == 409
    assert decide(client, second, "misschien") == 404
    assert decide(client, 10**12) == 404
    assert decide(client, 10**30) == 404
    assert reload(db).budget == 20_000 * EURO


def test_after_the_vote_nothing_is_offered(
    client: TestClient, db: Database, secret: bytes, process: Process, clock: Clock, bea: None
) -> None:
    number = asked(client)
    clock.now = AFTER
    sign_in(client, db, secret, process, "beheerder", "Tessa", AFTER)
    assert decide(client, number) == 409
    page = client.get(HERE).text
    assert "Er kan niets meer gecorrigeerd worden." in words(page)
    assert not [a for a in Page(page).all("a") if "nieuw?" in a["href"]]


def test_two_colleagues_agree_in_the_same_moment(
    client: TestClient, db: Database, secret: bytes, process: Process, site: Site, bea: None
) -> None:
    """In one group commit: one makes it, the other hears that it was made."""
    number = asked(client)
    colleagues = [tessa(client, db, secret, process), sign_in(client, db, secret, None, "owner")]

    async def both() -> list[object]:
        writes = (site.writer.write(corrections.agree, process, number, NOW, who) for who in colleagues)
        return await asyncio.gather(*writes, return_exceptions=True)

    made, refused = sorted(client.blocking_portal.call(both), key=lambda outcome: outcome is not None)
    assert made is None
    assert isinstance(refused, corrections.Refused)
    assert refused.kind == "gone"
    assert reload(db).budget == 25_000 * EURO
    assert len(corrections.applied(db, process.id)) == 1
