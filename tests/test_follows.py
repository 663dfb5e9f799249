"""Following by mail, as a browser and as a mail program do it."""

import json
from datetime import timedelta

import pytest
from litestar.testing import TestClient

from domain import follows, news
from domain.database import Database, writing
from domain.plans import Plan
from domain.processes import Process
from routes.jobs import tell_followers
from routes.site import Site
from tests.cast import AICHA, BRAM, CLOSES, NOW, WILLEM
from tests.conftest import Clock
from tests.mailbox import ask_mail, confirm
from tests.pages import Page, words
from tests.writing import arrives, mails_of, sign_in, sign_out

HERE = "/bezuidenhout/volgen"


@pytest.fixture
def plan(process: Process) -> Plan:
    return process.plans[0]


def followers(db: Database) -> list[tuple[str, int | None, str]]:
    rows = db.execute(
        "SELECT email, plan_id, frequency FROM follows JOIN residents ON residents.id = resident_id ORDER BY follows.id"
    )
    return [tuple(row) for row in rows]


def mailed(client: TestClient, site: Site, db: Database, clock: Clock, process: Process, plan: Plan) -> str:
    """Something happens, the job runs. Returns where the mail unsubscribes."""
    with writing(db):
        news.tell(db, process.id, plan.id, "feasible", "Past in het park", NOW)
    clock.now = NOW + timedelta(days=1)
    client.blocking_portal.call(tell_followers, site)
    return str(db.execute("SELECT unsubscribe FROM outbox WHERE kind = 'news'").fetchone()[0])


def test_nobody_is_mailed_before_they_confirm(client: TestClient, db: Database, plan: Plan) -> None:
    """Willem types Aïcha's address: she gets one mail, and follows nothing until she says so."""
    asked = client.post(f"{plan.url}/volgen", data={"frequency": "at_once"})
    form = Page(asked.text).form("/aanmelden")
    client.post("/aanmelden", data={**form.fields, "email": AICHA.email})
    assert followers(db) == []
    path = json.loads(db.execute("SELECT content FROM outbox").fetchone()[0])["path"]
    client.get(path)
    assert followers(db) == []
    done = client.post(path)
    assert done.headers["location"] == f"{plan.url}#volgen"
    assert followers(db) == [(AICHA.email, plan.id, "at_once")]


def test_a_whole_process_too(client: TestClient, db: Database, process: Process) -> None:
    form = Page(client.get(HERE).text).form(HERE)
    assert form.method == "post"
    asked = client.post(HERE, data={"frequency": "digest"})
    client.post("/aanmelden", data={**Page(asked.text).form("/aanmelden").fields, "email": BRAM.email})
    path = json.loads(db.execute("SELECT content FROM outbox").fetchone()[0])["path"]
    assert client.post(path).headers["location"] == HERE
    assert followers(db) == [(BRAM.email, None, "digest")]
    assert "U krijgt mail als er nieuws is" in words(client.get(HERE).text)


def test_who_gets_mail_already_follows_at_once_and_stops(
    client: TestClient, db: Database, secret: bytes, plan: Plan
) -> None:
    sign_in(client, db, secret, AICHA)
    assert client.post(f"{plan.url}/volgen", data={"frequency": "digest"}).headers["location"] == f"{plan.url}#volgen"
    assert followers(db) == [(AICHA.email, plan.id, "digest")]
    page = Page(client.get(plan.url).text)
    assert "U volgt dit plan" in page.words
    client.post(f"{plan.url}/volgen", data={"frequency": ["digest", "none"]})
    assert followers(db) == []
    assert mails_of(db, "confirm") == []


def test_a_session_without_an_address_is_asked_for_one(
    client: TestClient, db: Database, secret: bytes, plan: Plan
) -> None:
    sign_in(client, db, secret, AICHA)
    with writing(db):
        db.execute("UPDATE residents SET email = NULL")
    answer = client.post(f"{plan.url}/volgen", data={"frequency": "digest"})
    assert answer.status_code == 200
    assert "e-mailadres" in words(answer.text)
    assert followers(db) == []


def test_stopping_without_a_session_stops_nobody(
    client: TestClient, db: Database, secret: bytes, process: Process, plan: Plan
) -> None:
    aicha = arrives(db, secret, AICHA)
    with writing(db):
        follows.follow(db, process.id, plan.id, aicha, "digest", NOW)
    assert client.post(f"{plan.url}/volgen", data={"frequency": "none"}).status_code == 303
    sign_in(client, db, secret, WILLEM)
    assert client.post(f"{plan.url}/volgen", data={"frequency": "none"}).status_code == 303
    assert followers(db) == [(AICHA.email, plan.id, "digest")]


@pytest.mark.parametrize("frequency", ["", "hourly", "<script>"])
def test_a_frequency_that_is_none_gets_the_form_back(client: TestClient, plan: Plan, frequency: str) -> None:
    answer = client.post(f"{plan.url}/volgen", data={"frequency": frequency})
    assert answer.status_code == 422
    assert "Kies een van de mogelijkheden" in words(answer.text)
    assert "<script>" not in answer.text


def test_a_plan_that_is_not_there_can_not_be_followed(client: TestClient, process: Process, elsewhere: Process) -> None:
    for path in (f"/bezuidenhout/plannen/{elsewhere.plans[0].id}/volgen", "/nergens/volgen"):
        assert client.post(path, data={"frequency": "digest"}).status_code == 404
        assert client.get(path).status_code == 404


def test_the_page_of_the_plan_is_the_same_for_everyone_else(
    client: TestClient, db: Database, secret: bytes, plan: Plan
) -> None:
    before = client.get(plan.url).text
    sign_in(client, db, secret, AICHA)
    client.post(f"{plan.url}/volgen", data={"frequency": "digest"})
    assert client.get(plan.url).text != before
    sign_out(client)
    assert client.get(plan.url).text == before


def test_the_link_in_the_mail_asks_and_its_button_ends_it(
    client: TestClient, site: Site, db: Database, secret: bytes, clock: Clock, process: Process, plan: Plan
) -> None:
    sign_in(client, db, secret, AICHA)
    client.post(f"{plan.url}/volgen", data={"frequency": "digest"})
    sign_out(client)
    path = mailed(client, site, db, clock, process, plan)
    page = client.get(path)
    assert Page(page.text).form(path).method == "post"
    assert page.headers["cache-control"] == "no-store"
    assert AICHA.email not in page.text
    assert plan.title not in page.text
    assert len(followers(db)) == 1
    assert "U bent afgemeld" in words(client.post(path).text)
    assert followers(db) == []
    assert db.execute("SELECT count(*) FROM residents WHERE email IS NOT NULL").fetchone()[0] == 0


def test_a_mail_program_unsubscribes_with_one_click(
    client: TestClient, site: Site, db: Database, secret: bytes, clock: Clock, process: Process, plan: Plan
) -> None:
    """RFC 8058: no cookies, no Origin, a body of either type; years later too, and twice."""
    sign_in(client, db, secret, AICHA)
    client.post(HERE, data={"frequency": "at_once"})
    sign_out(client)
    path = mailed(client, site, db, clock, process, plan)
    clock.now = NOW + timedelta(days=2_000)
    multipart = {"List-Unsubscribe": (None, "One-Click")}
    assert client.post(path, files=multipart).status_code == 200  # type: ignore[arg-type]
    assert followers(db) == []
    again = client.post(path, data={"List-Unsubscribe": "One-Click"})
    assert again.status_code == 200
    assert "Deze link werkt niet (meer)" in words(again.text)


def test_a_made_up_link_says_nothing_and_does_nothing(
    client: TestClient, db: Database, secret: bytes, process: Process, plan: Plan
) -> None:
    aicha = arrives(db, secret, AICHA)
    with writing(db):
        follows.follow(db, process.id, plan.id, aicha, "digest", NOW)
    for token in ("1-" + "0" * 32, "1", "x", "1.2-" + "f" * 32, "%3Cscript%3E"):
        for answer in (client.get(f"/afmelden/{token}"), client.post(f"/afmelden/{token}")):
            assert answer.status_code == 200
            assert "Deze link werkt niet (meer)" in words(answer.text)
            assert "krijgt deze mail niet meer" not in words(answer.text)
            assert "✓" not in answer.text
            assert "<script>" not in answer.text.replace("<script src", "")
    assert len(followers(db)) == 1


@pytest.mark.parametrize("path", [HERE, "/bezuidenhout/plannen/{}/volgen"])
def test_what_is_over_is_not_followed_any_more(
    client: TestClient, db: Database, secret: bytes, clock: Clock, plan: Plan, path: str
) -> None:
    path = path.format(plan.id)
    clock.now = CLOSES - timedelta(hours=1)
    ask_mail(client, client.post(path, data={"frequency": "digest"}).text, BRAM.email)
    clock.now = CLOSES
    assert "Daarom kunt u het niet meer volgen" in words(confirm(client, db, BRAM).text)
    sign_in(client, db, secret, AICHA)
    refused = client.post(path, data={"frequency": "digest"})
    assert refused.status_code == 409
    shown = client.get(HERE if path == HERE else plan.url)
    for answer in (refused, shown):
        assert "Daarom kunt u het niet meer volgen" in words(answer.text)
        assert 'href="/bezuidenhout/op-de-hoogte"' in answer.text
        assert 'name="frequency"' not in answer.text
    assert followers(db) == []


def test_who_follows_what_is_over_can_stop(
    client: TestClient, db: Database, secret: bytes, clock: Clock, process: Process, plan: Plan
) -> None:
    sign_in(client, db, secret, AICHA)
    client.post(f"{plan.url}/volgen", data={"frequency": "digest"})
    clock.now = CLOSES
    form = Page(client.get(plan.url).text).form(f"{plan.url}/volgen")
    assert form.method == "post"
    client.post(f"{plan.url}/volgen", data={"frequency": "none"})
    assert followers(db) == []


def test_the_job_runs_while_the_site_does(
    client: TestClient, site: Site, db: Database, secret: bytes, clock: Clock, process: Process, plan: Plan
) -> None:
    sign_in(client, db, secret, AICHA)
    client.post(HERE, data={"frequency": "at_once"})
    mailed(client, site, db, clock, process, plan)
    assert mails_of(db, "news") == [AICHA.email]
    client.blocking_portal.call(tell_followers, site)
    assert mails_of(db, "news") == [AICHA.email]
