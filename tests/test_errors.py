"""An error page per situation: what happened, what to do next, and nothing changed."""

import sqlite3

import pytest
from httpx import Response
from litestar.testing import TestClient

from domain import ballots
from domain.database import Database
from domain.processes import Process
from routes.errors import SITUATIONS
from routes.pages import TEMPLATES
from routes.site import Site
from tests.cast import AICHA
from tests.pages import Page, words
from tests.staff import MO, sign_in_as, sign_out

HAND_IN = "/bezuidenhout/stemmen/inzending"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def assert_page(answer: Response, status: int, title: str) -> None:
    """A whole page of ours that says what happened and offers a way out; nobody keeps it."""
    page = Page(answer.text)
    assert answer.status_code == status
    assert f" {title} " in page.words
    assert {"/hulp"} <= {a["href"] for a in page.all("a") if "button" in a.get("class", "")}
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_every_situation_has_a_page() -> None:
    there = {path.stem for path in (TEMPLATES / "errors").glob("*.html")}
    assert {*SITUATIONS.values(), "disk_full", "try_later", "internal"} <= there


def test_who_is_signed_in_keeps_the_way_about_under_beheer(
    client: TestClient, db: Database, secret: bytes, process: Process
) -> None:
    for path in ("/beheer/bestaat/niet", "/beheer/bezuidenhout/plannen/99999", "/beheer/bezuidenhout/onzin"):
        stranger = client.get(path, follow_redirects=False)
        assert "Uitloggen" not in stranger.text
        sign_in_as(client, db, secret, process, MO)
        page = client.get(path)
        assert page.status_code == 404
        assert "Deze pagina bestaat niet" in words(page.text)
        assert "Uitloggen" in words(page.text)
        assert "/beheer" in {a["href"] for a in Page(page.text).all("a") if "button" in a.get("class", "")}
        sign_out(client)


def test_a_page_that_is_not_there(client: TestClient, process: Process) -> None:
    for path in (
        "/bestaat-niet",
        "/bezuidenhout/x",
        "/bezuidenhout/plannen/0",
        "/static/1/geheim.py",
        "/a/b/c/d",
        "/💚",
    ):
        assert_page(client.get(path), 404, "Deze pagina bestaat niet")
    for path in (
        "/static/x/../../app.py",
        "/static/x/..%2f..%2fapp.py",
        "/static/x//etc/passwd",
        "/foto/..%2f..%2fx-320.webp",
    ):
        assert client.get(path).status_code == 404, path


def test_the_way_out_leads_to_the_process_one_was_in(client: TestClient, process: Process) -> None:
    for path, start in (("/bezuidenhout/x", "/bezuidenhout"), ("/x", "/")):
        links = [a["href"] for a in Page(client.get(path).text).all("a") if a.get("class") == "button"]
        assert start in links


def test_a_page_asked_for_in_the_wrong_way(client: TestClient, process: Process) -> None:
    for method, path in (("POST", "/hulp"), ("PUT", "/bezuidenhout/stemmen"), ("DELETE", "/"), ("GET", "/taal")):
        assert_page(client.request(method, path), 405, "Dat kan hier niet")


def test_a_body_of_ten_megabytes_is_too_much(client: TestClient, process: Process, db: Database) -> None:
    for body in (b"plan=bank&" * 1_000_000, b"code=" + b"x" * 10_000_000):
        for path in (HAND_IN, "/bezuidenhout/stemmen", "/bezuidenhout/controle", "/taal"):
            assert_page(client.post(path, content=body, headers=FORM), 413, "Dit is te veel")
    assert ballots.number(db, process.id) == 0


def test_a_form_of_ten_thousand_fields_is_no_form_of_ours(client: TestClient, process: Process, db: Database) -> None:
    assert_page(client.post(HAND_IN, content=b"a&" * 10_000, headers=FORM), 400, "Dit begrijpen we niet")
    assert_page(client.post(HAND_IN, content=b"plan=bank&" * 100_000, headers=FORM), 413, "Dit is te veel")
    assert ballots.number(db, process.id) == 0


def test_what_is_no_form_is_not_understood(client: TestClient, process: Process, db: Database) -> None:
    for kind, body in (
        ("multipart/form-data; boundary=abc", b"x" * 100),
        ("multipart/form-data", b"x" * 100),
        ("multipart/form-data; boundary=abc", b"--abc\r\n\r\n--abc--"),
        ("application/x-www-form-urlencoded", b"plan=%ff%00&code=%ff"),
        ("application/x-www-form-urlencoded; charset=nonsense", b"plan=bank"),
        ("application/json", b'{"plan": ["bank"]}'),
        ("text/plain", b"plan=bank"),
        ("", b"plan=bank"),
    ):
        answer = client.post(HAND_IN, content=body, headers={"Content-Type": kind})
        assert answer.status_code in (400, 422), kind
        assert "<h1>" in answer.text
    assert ballots.number(db, process.id) == 0


def test_a_file_in_the_place_of_a_text_is_no_text(client: TestClient, process: Process, db: Database) -> None:
    answer = client.post(HAND_IN, data={"receipt": AICHA.receipt}, files={"code": AICHA.letter, "plan": b"bank"})
    assert answer.status_code == 400
    assert ballots.number(db, process.id) == 0


def test_our_own_mistake_says_so_and_shows_no_detail(
    client: TestClient, process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(site: Site) -> None:
        raise RuntimeError("the detail")

    monkeypatch.setattr(Site, "all", broken)
    answer = client.get("/")
    assert_page(answer, 500, "Er ging iets mis bij ons")
    assert "the detail" not in answer.text
    assert "Traceback" not in answer.text


def test_a_database_out_of_reach_still_gives_a_page(
    client: TestClient, process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(site: Site) -> int:
        raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr(Site, "revision", locked)
    answer = client.get("/bezuidenhout")
    assert answer.status_code == 503
    assert "Wacht een minuut en probeer het dan nog een keer" in words(answer.text)


def test_error_pages_speak_both_languages(client: TestClient, process: Process) -> None:
    for path, method in (("/bestaat-niet", "GET"), ("/hulp", "POST")):
        dutch, english = (
            client.request(method, path, headers={"Accept-Language": language}).text for language in ("nl", "en")
        )
        assert '<html lang="en">' in english
        assert words(dutch) != words(english)


def test_a_draft_is_not_forgotten_on_an_error_page(client: TestClient, process: Process) -> None:
    client.post("/bezuidenhout/stemmen", data={"plan": ["bank", "tuin"]})
    for path in ("/bestaat-niet", "/bezuidenhout/bestaat-niet"):
        assert "Nog niet ingediend" in words(client.get(path).text)
