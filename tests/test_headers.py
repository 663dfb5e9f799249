"""What holds for every answer: its headers, and who may send a form."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest
from litestar.testing import TestClient

from app import create_app
from config.settings import Settings
from domain import ballots
from domain.database import Database
from domain.processes import Process
from tests.cast import AICHA, BEZUIDENHOUT
from tests.conftest import Clock
from tests.pages import SITE_PAGES, pages_of, words

NO_PAGES = ("/bestaat-niet", "/bezuidenhout/plannen/99999", "/health", "/robots.txt", "/static/x/wijkbudget.css")


@pytest.fixture
def behind_tls(settings: Settings, process: Process, clock: Clock) -> Iterator[TestClient]:
    secure = replace(settings, url="https://testserver.local", frame_ancestors="https://gemeente.example")
    with TestClient(create_app(secure), base_url="https://testserver.local") as client:
        client.follow_redirects = False
        yield client


def policy(header: str) -> dict[str, str]:
    return dict(part.strip().partition(" ")[::2] for part in header.split(";"))


def test_every_answer_has_the_security_headers(client: TestClient, process: Process) -> None:
    for path in (*SITE_PAGES, *pages_of(process), *NO_PAGES):
        headers = client.get(path).headers
        assert headers["referrer-policy"] == "same-origin", path
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["x-frame-options"] == "DENY", path
        assert headers["permissions-policy"].startswith("camera=()"), path
        rules = policy(headers["content-security-policy"])
        assert rules["default-src"] == "'none'", path
        assert rules["frame-ancestors"] == "'none'", path
        assert set(rules.values()) <= {"'none'", "'self'"}, path  # nothing inline, nothing of others


def test_https_is_demanded_only_where_residents_have_it(client: TestClient, behind_tls: TestClient) -> None:
    assert "strict-transport-security" not in client.get("/").headers
    assert "max-age=31536000" in behind_tls.get("/").headers["strict-transport-security"]


def test_a_site_that_may_frame_us_is_named(behind_tls: TestClient) -> None:
    headers = behind_tls.get("/").headers
    assert policy(headers["content-security-policy"])["frame-ancestors"] == "https://gemeente.example"
    assert "x-frame-options" not in headers


def test_cookies_are_kept_from_scripts_other_sites_and_plain_http(client: TestClient, behind_tls: TestClient) -> None:
    for visitor, tls in ((client, False), (behind_tls, True)):
        set_ = [
            *visitor.get("/bezuidenhout/plannen").headers.get_list("set-cookie"),
            *visitor.post("/taal", data={"taal": "en"}).headers.get_list("set-cookie"),
            *visitor.post("/bezuidenhout/stemmen", data={"plan": "bank"}).headers.get_list("set-cookie"),
        ]
        assert [cookie.partition("=")[0] for cookie in set_] == ["volgorde", "taal", "concept_2"]
        for cookie in set_:
            parts = {part.strip().lower() for part in cookie.split(";")[1:]}
            assert {"httponly", "samesite=lax", "path=/"} <= parts
            assert ("secure" in parts) is tls


def test_pages_say_once_which_characters_they_use(client: TestClient, process: Process) -> None:
    for path in (*SITE_PAGES, *pages_of(process), "/bestaat-niet"):
        assert client.get(path).headers["content-type"] == "text/html; charset=utf-8", path
    assert client.get("/robots.txt").headers["content-type"] == "text/plain; charset=utf-8"
    assert client.get("/static/x/wijkbudget.css").headers["content-type"] == "text/css; charset=utf-8"
    assert client.get("/static/x/ballot.js").headers["content-type"] == "text/javascript; charset=utf-8"
    assert client.get("/favicon.ico").headers["content-type"] == "image/svg+xml"


def test_head_answers_as_get_does_without_the_page(client: TestClient, process: Process) -> None:
    for path in (*SITE_PAGES, *pages_of(process), "/bestaat-niet"):
        client.get(path)  # from now on the visitor's order is known
        page, head = client.get(path), client.head(path)
        assert (head.status_code, head.content) == (page.status_code, b""), path
        assert head.headers.get("content-length") == page.headers.get("content-length"), path
        assert head.headers.get("etag") == page.headers.get("etag"), path


FORGED = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver.local"},
    {"Origin": "https://evil.example"},
    {"Origin": "http://testserver.local.evil.example"},
    {"Origin": "http://testserver.local:8080"},
    {"Origin": "http://testserver.local@evil.example"},
    {"Origin": "null"},
    {"Origin": ""},
)
OWN = (
    {},  # no browser, so no visitor whose cookies could be abused
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "http://testserver.local"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "http://testserver.local"},
)


def test_a_form_on_another_site_is_refused(client: TestClient, process: Process, db: Database) -> None:
    paths = ("/bezuidenhout/stemmen", "/bezuidenhout/stemmen/inzending", "/bezuidenhout/controle", "/taal")
    for path, headers in product(paths, FORGED):
        answer = client.post(path, data=AICHA.form("bank"), headers=headers)
        assert answer.status_code == 403, (path, headers)
        assert "set-cookie" not in answer.headers
        assert "Uw browser stuurde dit formulier vanaf een andere site" in words(answer.text)
    assert ballots.number(db, process.id) == 0


def test_our_own_form_is_accepted(client: TestClient, process: Process, db: Database) -> None:
    for resident, headers in zip(BEZUIDENHOUT, OWN, strict=False):
        answer = client.post("/bezuidenhout/stemmen/inzending", data=resident.form("bank"), headers=headers)
        assert answer.status_code == 200, headers
    assert ballots.number(db, process.id) == len(OWN)


def test_a_link_on_another_site_just_opens_the_page(client: TestClient, process: Process) -> None:
    assert client.get("/bezuidenhout/stemmen", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


ELSEWHERE = (
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example/",
    "https:evil.example",
    "javascript:alert(1)",
    "evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/\u2028/evil.example",
    "/hulp\r\nSet-Cookie: a=b",
    "/\x00",
    "",
)


def test_no_form_sends_a_visitor_to_somebody_elses_site(client: TestClient, process: Process) -> None:
    for path in ELSEWHERE:
        answer = client.post("/taal", data={"taal": "en", "terug": path})
        assert (answer.status_code, answer.headers["location"]) == (303, "/"), repr(path)
        answer = client.post("/bezuidenhout/stemmen", data={"wissel": "bank", "terug": path})
        assert answer.headers["location"].startswith("/bezuidenhout/stemmen"), repr(path)


def test_what_is_encoded_stays_encoded(client: TestClient) -> None:
    """A browser takes these for paths of the site they come from; decoded they would not be."""
    for path in ("/%2F/evil.example", "/%5Cevil.example", "/%09/evil.example"):
        assert client.post("/taal", data={"taal": "en", "terug": path}).headers["location"] == path


def test_a_visitor_comes_back_where_the_form_was(client: TestClient, process: Process) -> None:
    answer = client.post("/taal", data={"taal": "en", "terug": "/bezuidenhout/plannen?q=שלום&pagina=1"})
    assert answer.headers["location"] == "/bezuidenhout/plannen?q=%D7%A9%D7%9C%D7%95%D7%9D&pagina=1"
