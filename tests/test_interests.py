"""“Houd mij op de hoogte van mijn buurt”, as a resident goes through it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from litestar.testing import TestClient

from domain import areas, interests, outbox, phases, sealing
from domain.database import Database, writing
from domain.outbox import Reader
from domain.processes import RESERVED, Process
from routes import jobs
from routes import mail as mailing
from routes.site import Site
from tests import staff
from tests.cast import AFTER, AICHA, BRAM, NOW, WILLEM
from tests.conftest import Clock
from tests.mailbox import confirm, link_to, mail_to
from tests.pages import Page, words
from tests.writing import insert_collecting, insert_plan, mails_of, sign_in, sign_out

HERE = "/op-de-hoogte"


@pytest.fixture
def process(db: Database, secret: bytes) -> Process:
    return insert_collecting(db, secret)


@pytest.fixture
def area(db: Database, process: Process) -> str:
    return str(areas.of_process(db, process.id))


def asked(db: Database, secret: bytes) -> list[tuple[str, int, str]]:
    rows = db.execute("SELECT address, area_id, theme FROM interested JOIN interests ON interested_id = id").fetchall()
    return [(interests.address_in(secret, sealed), area_id, theme) for sealed, area_id, theme in rows]


def checked(html: str, name: str) -> list[str]:
    return [box["value"] for box in Page(html).all("input") if box.get("name") == name and "checked" in box]


def test_asking_takes_a_link_in_a_mail(
    client: TestClient, db: Database, secret: bytes, process: Process, area: str
) -> None:
    answer = client.post(HERE, data={"gebied": area, "thema": "Groen", "email": AICHA.email})
    assert "Kijk in uw mail" in words(answer.text)
    assert asked(db, secret) == []
    page = words(client.get(link_to(db, AICHA)).text)
    assert "als er een traject begint in: Benoordenhout" in page
    arrived = confirm(client, db, AICHA)
    assert arrived.headers["location"] == HERE
    page = words(client.get(HERE).text)
    assert "Gelukt: wij mailen u" in page
    assert AICHA.email in page
    assert asked(db, secret) == [(AICHA.email, int(area), "Groen")]


def test_the_address_that_confirms_is_the_one_that_is_kept(
    client: TestClient, db: Database, secret: bytes, process: Process, area: str
) -> None:
    """On the page that says so another address can be typed: it gets a link of its own."""
    sent = Page(client.post(HERE, data={"gebied": area, "email": AICHA.email}).text)
    sealed = sent.form("/aanmelden").fields["sealed"][0]
    client.post("/aanmelden", data={"sealed": sealed, "email": BRAM.email})
    confirm(client, db, BRAM)
    assert asked(db, secret) == [(BRAM.email, int(area), "")]


def test_the_page_of_a_process_has_its_area_chosen(client: TestClient, process: Process, area: str) -> None:
    assert checked(client.get("/benoordenhout/op-de-hoogte").text, "gebied") == [area]
    assert checked(client.get(HERE).text, "gebied") == []
    assert "Na 3 jaar" in words(client.get(HERE).text)


@pytest.mark.parametrize("path", [HERE, "/benoordenhout/op-de-hoogte"])
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    client: TestClient, db: Database, process: Process, area: str, path: str
) -> None:
    for typed, field in (
        ({"email": AICHA.email}, "gebied"),
        ({"gebied": "99999", "email": AICHA.email}, "gebied"),
        ({"gebied": area}, "email"),
        ({"gebied": area, "email": "geen adres"}, "email"),
    ):
        answer = client.post(path, data=typed)
        assert answer.status_code == 422
        assert f"#{field}" in {a["href"] for a in Page(answer.text).all("a")}
        assert typed.get("email", "") in answer.text
        assert checked(answer.text, "gebied") == ([area] if typed.get("gebied") == area else [])
    assert not mails_of(db, "confirm")


def test_too_many_areas_are_refused(
    client: TestClient, db: Database, process: Process, area: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interests, "MOST_AREAS", 1)
    (above, *_) = areas.path(db, int(area))
    answer = client.post(HERE, data={"gebied": [area, str(above.id)], "email": AICHA.email})
    assert answer.status_code == 422


def test_who_gets_mail_already_changes_and_stops_without_one(
    client: TestClient, db: Database, secret: bytes, process: Process, area: str
) -> None:
    sign_in(client, db, secret, AICHA)
    assert client.post(HERE, data={"gebied": area}).headers["location"] == HERE
    assert asked(db, secret) == [(AICHA.email, int(area), "")]
    assert checked(client.get(HERE).text, "gebied") == [area]
    assert "Benoordenhout" in words(client.get("/mijn").text)
    assert "Op de hoogte van uw buurt" in words(client.get("/mijn/gegevens").text)
    assert client.post(HERE, data={"stop": "1"}).status_code == 303
    assert asked(db, secret) == []
    assert mails_of(db, "confirm") == []


def test_nobody_stops_or_sees_that_of_another(
    client: TestClient, db: Database, secret: bytes, process: Process, area: str
) -> None:
    sign_in(client, db, secret, AICHA)
    client.post(HERE, data={"gebied": area})
    sign_in(client, db, secret, BRAM)
    assert AICHA.email not in client.get(HERE).text + client.get("/mijn").text
    client.post(HERE, data={"stop": "1"})
    sign_out(client)
    client.post(HERE, data={"stop": "1"})
    assert len(asked(db, secret)) == 1


def test_the_shared_page_is_never_that_of_somebody(
    client: TestClient, db: Database, secret: bytes, process: Process, area: str
) -> None:
    sign_in(client, db, secret, AICHA)
    client.post(HERE, data={"gebied": area})
    client.get(HERE)
    client.cookies.clear()
    assert AICHA.email not in client.get(HERE).text


def test_a_process_opens_and_the_mail_goes_out_with_a_way_to_stop(
    client: TestClient, db: Database, secret: bytes, process: Process, area: str, site: Site, clock: Clock
) -> None:
    sign_in(client, db, secret, AICHA)
    client.post(HERE, data={"gebied": area})
    other = insert_collecting(db, secret, slug="statenkwartier")
    with writing(db):
        db.execute("UPDATE processes SET area_id = ? WHERE id = ?", [int(area), other.id])
        db.execute(
            "UPDATE phases SET opens_at = ? WHERE process_id = ? AND kind = 'collect'", [phases.to_text(NOW), other.id]
        )
    for _ in range(2):
        client.blocking_portal.call(jobs.announce, site)
    assert mails_of(db, "new_process") == [AICHA.email]
    content = mail_to(db, AICHA)[-1]
    (mail,) = [one for one in outbox.page(db, Reader(everything=True), 10) if one.kind == "new_process"]
    written = mailing.message(replace(site.settings, mail_from="post@denhaag.example"), mail)
    assert "Er begint een nieuw traject in uw buurt: Statenkwartier beslist" in str(written["Subject"])
    assert written["List-Unsubscribe"] == f"<{site.settings.url}{content['unsubscribe']}>"
    assert written["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = content["unsubscribe"]
    client.cookies.clear()
    assert "Druk op de knop" in words(client.get(path).text)
    assert len(asked(db, secret)) == 1
    answer = client.post(path, data={"List-Unsubscribe": "One-Click"})
    assert "Uw adres staat niet meer op de lijst" in words(answer.text)
    assert asked(db, secret) == []
    assert "Deze link werkt niet (meer)" in words(client.post(path).text)


def test_staff_see_how_many_in_tens_and_nobody_s_name(
    client: TestClient, db: Database, secret: bytes, process: Process, area: str, site: Site, clock: Clock
) -> None:
    with writing(db):
        for number in range(29):
            email = f"buur{number}@example.org"
            address = interests.sealed_address(secret, email)
            interests.ask(db, number.to_bytes(16, "big"), address, "nl", [int(area)], (), NOW)
        later = phases.to_text(NOW.replace(year=2027))
        db.execute("UPDATE phases SET closes_at = '2028-01-01T00:00:00Z', opens_at = ?", [later])
    clock.now = NOW + timedelta(days=1)
    client.blocking_portal.call(jobs.make_figures, site)
    staff.sign_in(client, db, secret, process, "beheerder", now=clock.now)
    page = client.get("/beheer/benoordenhout").text
    assert "Op deze site vroegen minstens 20 bewoners om een mail" in words(page)
    assert "buur1@" not in page


def test_who_took_part_finds_the_way(client: TestClient, db: Database, secret: bytes, process: Process) -> None:
    aicha = sign_in(client, db, secret, AICHA)
    plan_id = insert_plan(db, process, aicha)
    link = "/benoordenhout/op-de-hoogte"
    assert link in client.get(f"/benoordenhout/plannen/{plan_id}/ingediend").text
    client.post(f"/benoordenhout/plannen/{plan_id}/steun")
    assert link in client.get(f"/benoordenhout/plannen/{plan_id}").text


def test_so_does_who_voted_and_who_reads_the_result(
    client: TestClient, db: Database, secret: bytes, elsewhere: Process
) -> None:
    handed_in = client.post("/loosduinen/stemmen/inzending", data=WILLEM.form("strand"))
    assert "/loosduinen/op-de-hoogte" in handed_in.text
    sealing.seal(db, "loosduinen", AFTER)
    assert "/loosduinen/op-de-hoogte" in client.get("/loosduinen/uitslag").text


def test_no_process_can_hide_the_page() -> None:
    assert "op-de-hoogte" in RESERVED
