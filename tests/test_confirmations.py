"""Confirming an address: the page that asks it, the mail, the link, its button."""

import asyncio
from collections import Counter
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient, TestClient

from domain import links
from domain.database import Database, writing
from domain.processes import Process
from routes.confirmations import ACTIONS, MOST_MAILS
from routes.site import MAILS_ASKED, Site
from routes.visitors import COOKIE
from tests.cast import AICHA, BRAM, NOW
from tests.conftest import Clock
from tests.mailbox import SEND, ask_mail, confirm, link_to, mail_to
from tests.pages import Page, words
from tests.writing import sign_in


def ask_to_sign_in(client: TestClient, email: str, back: str = "") -> str:
    """The page after the address was filled in."""
    page = client.get("/aanmelden", params={"terug": back} if back else {}).text
    answer = ask_mail(client, page, email)
    assert answer.status_code == 200
    html: str = answer.text
    return html


def test_the_way_in_is_a_mail_with_a_link_with_a_button(client: TestClient, process: Process, db: Database) -> None:
    assert "Kijk in uw mail" in words(ask_to_sign_in(client, AICHA.email))
    page = client.get(link_to(db, AICHA))
    assert AICHA.email in words(page.text)
    answer = client.post(Page(page.text).form(link_to(db, AICHA)).action)
    assert (answer.status_code, answer.headers["location"]) == (303, "/mijn")
    assert "Mijn plannen en steun" in words(client.get("/mijn").text)


def test_opening_the_link_does_nothing_yet(client: TestClient, process: Process, db: Database) -> None:
    """Programs that check mail open every link."""
    ask_to_sign_in(client, AICHA.email)
    for method in (client.get, client.head, client.get):
        answer = method(link_to(db, AICHA))
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
    assert db.execute("SELECT count(*) FROM residents").fetchone()[0] == 0
    assert confirm(client, db, AICHA).status_code == 303


def test_whoever_asks_learns_nothing_about_an_address(
    client: TestClient, process: Process, db: Database, secret: bytes
) -> None:
    """The same form, for the same address, before and after it is known: not one byte differs."""
    for purpose_page in ("/aanmelden", "/mijn/gegevens"):
        form = {**Page(client.get(purpose_page).text).form(SEND).fields, "email": AICHA.email}
        unknown = client.post(SEND, data=form)
        sign_in(client, db, secret, AICHA)
        client.cookies.clear()
        known = client.post(SEND, data=form)
        assert (known.content, known.status_code) == (unknown.content, unknown.status_code)
        assert {**known.headers} == {**unknown.headers}
        with writing(db):
            db.execute("DELETE FROM residents")


def test_no_address_is_told_where_it_goes_wrong_and_kept(client: TestClient, process: Process, db: Database) -> None:
    for typed in ("", "aicha", "aicha@", "@example.org", "a b@example.org", "aicha@example", "x" * 250 + "@a.nl"):
        answer = ask_mail(client, client.get("/aanmelden").text, typed)
        page = Page(answer.text)
        assert answer.status_code == 422, typed
        assert "#email" in {a["href"] for a in page.all("a")}
        assert page.form(SEND).fields["email"] == [typed]
    assert mail_to(db, AICHA) == []


@pytest.mark.parametrize(
    "typed",
    [
        "aicha@example.org\r\nBcc: spam@example.com",
        "aicha@example.org\nSubject: gratis",
        "aicha@example.org%0ABcc:x@example.com\x0b",
        "aicha@example.org,bram@example.org",
        "Aïcha <aicha@example.org>",
        "aicha@example.org\x00",
        "aicha\x7f@example.org",
    ],
)
def test_an_address_is_no_way_to_another_header(client: TestClient, process: Process, db: Database, typed: str) -> None:
    assert ask_mail(client, client.get("/aanmelden").text, typed).status_code == 422
    assert db.execute("SELECT count(*) FROM outbox").fetchone()[0] == 0


def test_one_address_gets_no_more_mail_than_it_can_bear(
    client: TestClient, process: Process, db: Database, clock: Clock
) -> None:
    """Who tries isn't told: that would tell what others asked."""
    pages = {ask_to_sign_in(client, AICHA.email).partition('name="sealed"')[0] for _ in range(MOST_MAILS + 2)}
    assert len(mail_to(db, AICHA)) == MOST_MAILS
    assert len(pages) == 1
    ask_to_sign_in(client, AICHA.email.upper())
    assert len(mail_to(db, AICHA)) == MOST_MAILS
    ask_to_sign_in(client, BRAM.email)
    assert len(mail_to(db, BRAM)) == 1
    clock.now = NOW + timedelta(hours=1, seconds=1)
    ask_to_sign_in(client, AICHA.email)
    assert len(mail_to(db, AICHA)) == MOST_MAILS + 1


def test_one_network_asks_no_more_mail_than_people_do(client: TestClient, process: Process, db: Database) -> None:
    form = Page(client.get("/aanmelden").text).form(SEND).fields
    told = Counter(
        client.post(SEND, data={**form, "email": f"buur{n}@example.org"}).status_code for n in range(MAILS_ASKED + 3)
    )
    assert told == {200: MAILS_ASKED, 429: 3}
    answer = client.post(SEND, data={**form, "email": AICHA.email})
    assert "te veel mails gevraagd" in words(answer.text)
    assert Page(answer.text).form(SEND).fields["email"] == [AICHA.email]


def test_the_same_link_twice_is_friendly(client: TestClient, process: Process, db: Database) -> None:
    ask_to_sign_in(client, AICHA.email, back="/bezuidenhout/plannen")
    assert confirm(client, db, AICHA).headers["location"] == "/bezuidenhout/plannen"
    client.cookies.clear()
    for answer in (client.get(link_to(db, AICHA)), confirm(client, db, AICHA)):
        page = Page(answer.text)
        assert answer.status_code == 200
        assert "U hebt dit al bevestigd" in page.words
        assert "/bezuidenhout/plannen" in {a["href"] for a in page.all("a")}
        assert COOKIE not in answer.cookies  # who finds the mail later can't get in with it


def test_two_clicks_at_once_are_one_confirmation(app: Litestar, process: Process, db: Database) -> None:
    with writing(db):
        token = links.make(db, "sign_in", AICHA.email, {}, NOW)

    async def race() -> list[int]:
        async with AsyncTestClient(app, base_url="http://testserver.local") as client:
            client.follow_redirects = False
            posts = [client.post(f"/bevestig/{token}") for _ in range(20)]
            return [answer.status_code for answer in await asyncio.gather(*posts)]

    assert Counter(asyncio.run(race())) == {303: 1, 200: 19}
    assert db.execute("SELECT count(*) FROM resident_sessions").fetchone()[0] == 1


def test_a_link_that_expired_offers_a_new_one_to_the_same_address(
    client: TestClient, process: Process, db: Database, clock: Clock
) -> None:
    ask_to_sign_in(client, AICHA.email, back="/bezuidenhout")
    first = link_to(db, AICHA)
    clock.now = NOW + timedelta(days=1)
    answer = client.post(first)
    page = Page(answer.text)
    assert answer.status_code == 410
    assert "Deze link is verlopen" in page.words
    assert AICHA.email not in answer.text  # whoever has the old link need not know whose it is
    assert db.execute("SELECT count(*) FROM residents").fetchone()[0] == 0

    again = client.post(SEND, data=page.form(SEND).fields)
    assert "Kijk in uw mail" in words(again.text)
    assert AICHA.email not in again.text
    assert link_to(db, AICHA) != first
    assert confirm(client, db, AICHA).headers["location"] == "/bezuidenhout"


def test_a_link_that_nobody_mailed_says_what_to_do(client: TestClient, process: Process, db: Database) -> None:
    with writing(db):
        staff = links.make(db, "password_reset", "olga@gemeente.example", {"account": 1}, NOW)
    for token in ("verzonnen", "💚", "%00", "a" * 3000, staff):
        for answer in (client.get(f"/bevestig/{token}"), client.post(f"/bevestig/{token}")):
            assert answer.status_code == 404
            assert "Deze link kennen wij niet" in words(answer.text)
            assert SEND in {form.action for form in Page(answer.text).forms}
    assert links.read(db, staff, NOW) is not None  # not used up either


def test_a_confirmation_ends_the_session_of_before(
    client: TestClient, process: Process, db: Database, secret: bytes
) -> None:
    """No session that somebody planted in this browser lives on."""
    sign_in(client, db, secret, BRAM)
    planted = client.cookies[COOKIE]
    with writing(db):
        token = links.make(db, "sign_in", AICHA.email, {}, NOW)
    client.post(f"/bevestig/{token}")
    assert client.cookies[COOKIE] != planted
    client.cookies.clear()
    client.cookies.set(COOKIE, planted, domain="testserver.local")
    assert "Aanmelden" in words(client.get("/mijn").text)


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "evil",
        "/a\r\nSet-Cookie: x=1",
    ],
)
def test_nobody_is_sent_to_another_site(client: TestClient, process: Process, db: Database, back: str) -> None:
    ask_to_sign_in(client, AICHA.email, back)
    answer = confirm(client, db, AICHA)
    assert answer.headers["location"] == "/mijn"
    answer = client.get("/aanmelden", params={"terug": back})
    assert (answer.status_code, urlsplit(answer.headers["location"]).netloc) == (303, "")
    assert answer.headers["location"] == "/mijn"


def test_what_waits_for_an_address_can_not_be_made_up(
    client: TestClient, process: Process, site: Site, db: Database, clock: Clock
) -> None:
    good = Page(client.get("/aanmelden").text).form(SEND).fields["sealed"][0]
    foreign = links.seal(b"x" * 32, {"purpose": "support", "payload": {"plan": 1}}, NOW)
    for sealed in ("", "verzonnen", good[:-8] + "AAAAAAA=", foreign):
        answer = client.post(SEND, data={"sealed": sealed, "email": AICHA.email})
        assert answer.status_code == 422
        assert "Deze pagina is te oud" in words(answer.text)
    clock.now = NOW + timedelta(days=1)
    assert client.post(SEND, data={"sealed": good, "email": AICHA.email}).status_code == 422
    assert mail_to(db, AICHA) == []


def test_every_purpose_has_words_before_the_mail_and_above_the_button(
    client: TestClient, process: Process, db: Database
) -> None:
    promised, buttons = set(), set()
    for purpose in ACTIONS:
        with writing(db):
            token = links.make(db, purpose, AICHA.email, {"shown": {"title": "Pluktuin", "slug": process.slug}}, NOW)
        page = Page(client.get(f"/bevestig/{token}").text)
        said = page.words.partition("Klopt dit?")[2].partition("Hebt u hier niet om gevraagd?")[0]
        before, address, after = said.partition(AICHA.email)
        assert before.strip().startswith("Met deze knop")
        assert address
        promised.add(before + after.partition(".")[0])
        buttons.add(after.rpartition(".")[2])
    assert len(promised) == len(buttons) == len(ACTIONS)


def test_the_page_of_the_link_says_which_words_it_places(client: TestClient, process: Process, db: Database) -> None:
    bench = process.by_project_id["bank"]
    said = {"process": process.id, "plan": bench.id, "side": "against", "text": "Te duur <b>", "name": "Aïcha"}
    shown = {"title": bench.title, "slug": process.slug}
    with writing(db):
        token = links.make(db, "reaction", AICHA.email, {**said, "parent": None, "shown": shown}, NOW)
    page = client.get(f"/bevestig/{token}").text
    assert "Aïcha Tegen Te duur <b>" in words(page)
    assert "Te duur &lt;b&gt;" in page


def test_the_page_of_the_link_says_how_often_mail_comes(client: TestClient, process: Process, db: Database) -> None:
    for frequency, said in (("at_once", "meteen mail"), ("digest", "hoogstens één mail per dag")):
        with writing(db):
            token = links.make(db, "follow", AICHA.email, {"frequency": frequency, "shown": {"title": "Wip"}}, NOW)
        assert said in words(client.get(f"/bevestig/{token}").text)


def test_text_that_somebody_typed_stays_text(client: TestClient, process: Process, db: Database) -> None:
    evil = "<script>alert(1)</script>"
    with writing(db):
        token = links.make(db, "follow", AICHA.email, {"shown": {"title": evil, "back": "/bezuidenhout"}}, NOW)
    assert evil in words(client.get(f"/bevestig/{token}").text)
    answer = ask_mail(client, client.get("/aanmelden").text, f'"><script>{AICHA.email}')
    assert answer.status_code == 422
    assert "<script>" not in answer.text.replace("<script src", "")


def test_another_site_can_not_press_the_button(client: TestClient, process: Process, db: Database) -> None:
    ask_to_sign_in(client, AICHA.email)
    for path in (SEND, link_to(db, AICHA), "/mijn/afmelding", "/mijn/verwijdering"):
        assert client.post(path, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
