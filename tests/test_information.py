"""Help, privacy, accessibility and what machines ask: filled in from the settings."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from litestar.testing import TestClient

from app import create_app
from config.settings import Settings
from domain.database import Database
from domain.processes import Process
from tests.cast import NOW
from tests.conftest import Clock
from tests.pages import Page, words


@pytest.fixture
def town(settings: Settings, process: Process, clock: Clock) -> Iterator[TestClient]:
    """The site of a municipality that filled in everything."""
    filled = replace(
        settings,
        name="Den Haag beslist",
        municipality="Gemeente Den Haag",
        contact_email="stemmen@denhaag.example",
        contact_phone="070 - 123 45 67",
        contact_address="Spui 70 <b>hoek</b> 🌳",
        opening="Maandag tot en met vrijdag",
        privacy_email="fg@denhaag.example",
        security_email="lek@denhaag.example",
        accessibility_status="full",
        accessibility_date="1 maart 2026",
    )
    with TestClient(create_app(filled), base_url="http://testserver.local") as client:
        yield client


def test_help_says_whom_to_ask(town: TestClient) -> None:
    page = Page(town.get("/hulp").text)
    for said in ("070 - 123 45 67", "stemmen@denhaag.example", "Spui 70 <b>hoek</b> 🌳", "Maandag tot en met vrijdag"):
        assert said in page.words
    assert {"tel:0701234567", "mailto:stemmen@denhaag.example"} <= {a.get("href") for a in page.all("a")}


def test_every_page_says_whose_site_it_is(town: TestClient) -> None:
    for path in ("/", "/hulp", "/bezuidenhout", "/bestaat-niet"):
        page = words(town.get(path).text)
        assert "Een site van Gemeente Den Haag" in page
        assert "070 - 123 45 67" in page


def test_who_filled_in_nothing_still_gets_whole_sentences(client: TestClient, process: Process) -> None:
    assert "Vraag het aan de organisatie van wie u uw stemcode kreeg." in words(client.get("/hulp").text)
    assert "Wijkbudget is verantwoordelijk voor uw gegevens op deze site." in words(client.get("/privacy").text)
    assert "Neem contact met ons op." in words(client.get("/privacy").text)
    for path in ("/hulp", "/privacy", "/toegankelijkheid"):
        links = {a["href"] for a in Page(client.get(path).text).all("a")}
        assert not links & {"mailto:", "tel:"}
        assert "None" not in words(client.get(path).text)


def test_privacy_names_who_is_responsible_and_every_cookie_we_set(town: TestClient) -> None:
    page = words(town.get("/privacy").text)
    assert "Gemeente Den Haag is verantwoordelijk voor uw gegevens" in page
    assert "fg@denhaag.example" in page
    town.follow_redirects = False
    town.get("/bezuidenhout/plannen")
    town.post("/taal", data={"taal": "nl"})
    town.post("/bezuidenhout/stemmen", data={"plan": "bank"})
    assert {name.partition("_")[0] for name in town.cookies} == {"taal", "volgorde", "concept"}
    for name in town.cookies:
        assert f" {name.partition('_')[0]} " in page


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("full", "Deze site voldoet helemaal aan WCAG 2.2"),
        ("partial", "Deze site voldoet voor een groot deel aan WCAG 2.2"),
        ("none", "Deze site voldoet nog niet aan WCAG 2.2"),
    ],
)
def test_the_accessibility_statement_says_what_the_setting_says(
    settings: Settings, db: Database, clock: Clock, status: str, said: str
) -> None:
    with TestClient(create_app(replace(settings, accessibility_status=status))) as client:
        assert said in words(client.get("/toegankelijkheid").text)


def test_the_accessibility_statement_names_the_last_examination(town: TestClient, client: TestClient) -> None:
    assert "Het laatste onderzoek was op 1 maart 2026." in words(town.get("/toegankelijkheid").text)
    assert "Een onafhankelijk onderzoek is er nog niet geweest." in words(client.get("/toegankelijkheid").text)


def test_security_txt_is_as_rfc_9116_wants_it(town: TestClient, client: TestClient) -> None:
    answer = town.get("/.well-known/security.txt")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    fields = dict(line.split(": ", 1) for line in answer.text.splitlines())
    assert fields["Contact"] == "mailto:lek@denhaag.example"
    assert fields["Canonical"] == "http://testserver.local/.well-known/security.txt"
    expires = datetime.strptime(fields["Expires"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert NOW < expires <= NOW + timedelta(days=365)
    fields = dict(line.split(": ", 1) for line in client.get("/.well-known/security.txt").text.splitlines())
    assert fields["Contact"] == "http://testserver.local/hulp"


def test_robots_may_read_everything_but_the_hand_in(client: TestClient) -> None:
    assert client.get("/robots.txt").text == "User-agent: *\nDisallow: /*/stemmen/\n"


def test_health_is_never_kept(client: TestClient) -> None:
    answer = client.get("/health")
    assert answer.status_code == 200
    assert answer.text.startswith("ok ")
    assert answer.headers["cache-control"] == "no-store"
