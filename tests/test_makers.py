"""The makers of a plan, in the browser. Willem is no maker of Aïcha's plan, whatever he asks."""

import json
from datetime import timedelta

import pytest
from litestar.testing import TestClient

from domain import makers, outbox, phases
from domain.database import Database, writing
from domain.outbox import Reader
from domain.processes import Process
from routes.mail import letter
from routes.site import Site
from tests.cast import AICHA, BRAM, NOW, WILLEM, reload
from tests.conftest import Clock
from tests.mailbox import ask_mail
from tests.pages import Page
from tests.staff import MO, sign_in_as
from tests.writing import arrives, insert_collecting, insert_plan, mails_of, sign_in, sign_out, swing


@pytest.fixture
def process(db: Database, secret: bytes) -> Process:
    return insert_collecting(db, secret)


@pytest.fixture
def plan_id(db: Database, secret: bytes, process: Process) -> int:
    return insert_plan(db, process, arrives(db, secret, AICHA))


@pytest.fixture
def here(plan_id: int) -> str:
    return f"/benoordenhout/plannen/{plan_id}"


def test_a_maker_finds_on_the_plan_what_they_can_do(
    client: TestClient, db: Database, secret: bytes, process: Process, here: str
) -> None:
    assert "Dit is uw plan" not in Page(client.get(here).text).words
    sign_in(client, db, secret, AICHA)
    page = Page(client.get(here).text)
    assert "Dit is uw plan" in page.words
    links = {a.get("href") for a in page.all("a")}
    assert {f"{here}/wijzigen", f"{here}/makers", f"{here}/intrekken"} <= links
    sign_in(client, db, secret, WILLEM)
    assert "Dit is uw plan" not in Page(client.get(here).text).words


@pytest.mark.parametrize("noun", ["makers", "wijzigen", "intrekken"])
def test_willem_is_refused(client: TestClient, db: Database, secret: bytes, here: str, noun: str) -> None:
    before = list(db.query("SELECT * FROM plans"))
    for who in (None, WILLEM):
        if who:
            sign_in(client, db, secret, who)
        answers = [client.get(f"{here}/{noun}")]
        for data in ({"title": "Gekaapt", "reason": "Weg", "email": WILLEM.email, "invited": "Willem"}, {"weg": "1"}):
            answers.append(client.post(f"{here}/{noun}", data=data))
        assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert list(db.query("SELECT * FROM plans")) == before
    assert db.table("outbox").count == 0


@pytest.mark.parametrize("noun", ["makers", "wijzigen", "intrekken", "versies", "ingediend"])
def test_of_a_plan_that_waits_nobody_else_knows_that_it_exists(
    client: TestClient, db: Database, secret: bytes, process: Process, noun: str
) -> None:
    plan_id = insert_plan(db, process, arrives(db, secret, AICHA), status="submitted")
    sign_in(client, db, secret, WILLEM)
    assert client.get(f"/benoordenhout/plannen/{plan_id}/{noun}").status_code == 404
    sign_in(client, db, secret, AICHA)
    assert client.get(f"/benoordenhout/plannen/{plan_id}/{noun}").status_code == 200


def test_a_plan_has_its_own_process_in_its_address(
    client: TestClient, db: Database, secret: bytes, elsewhere: Process, plan_id: int
) -> None:
    sign_in(client, db, secret, AICHA)
    for noun in ("makers", "wijzigen", "intrekken", "versies", "ingediend"):
        assert client.get(f"/loosduinen/plannen/{plan_id}/{noun}").status_code == 404
        assert client.get(f"/benoordenhout/plannen/{10**15}/{noun}").status_code == 404


def test_who_is_invited_becomes_a_maker_by_the_link_in_the_mail(
    client: TestClient, db: Database, secret: bytes, plan_id: int, here: str
) -> None:
    sign_in(client, db, secret, AICHA)
    answer = client.post(f"{here}/makers", data={"invited": "Bram", "email": BRAM.email})
    assert answer.headers["location"] == f"{here}/makers?gestuurd=1#uitnodigen"
    assert mails_of(db, "maker_invited") == [BRAM.email]
    (path,) = next(iter(db.execute("SELECT json_extract(content, '$.path') FROM outbox")))
    sign_out(client)
    assert client.get(path).status_code == 200
    assert makers.names(db, plan_id) == ["Aïcha"]
    assert client.post(path).headers["location"] == here
    assert makers.names(db, plan_id) == ["Aïcha", "Bram"]
    page = Page(client.get(here).text)
    assert "Aïcha en Bram" in page.words
    assert "Dit is uw plan" in page.words


def test_an_open_invitation_is_listed_for_who_sent_it_and_can_be_taken_back(
    client: TestClient, db: Database, secret: bytes, plan_id: int, here: str
) -> None:
    sign_in(client, db, secret, AICHA)
    for name, email in (("Bram", BRAM.email), ("Willem", WILLEM.email)):
        client.post(f"{here}/makers", data={"invited": name, "email": email})
    paths = dict(db.execute("SELECT recipient, json_extract(content, '$.path') FROM outbox").fetchall())
    page = Page(client.get(f"{here}/makers").text)
    assert BRAM.email in page.words
    keys = [button["value"] for button in page.all("button") if button.get("name") == "trek_terug"]
    assert len(keys) == 2
    client.post(paths[BRAM.email])  # Bram accepts: the browser is his
    assert "Gelukt: u bent nu bedenker van dit plan." in Page(client.get(here).text).words
    assert WILLEM.email not in client.get(f"{here}/makers").text
    for key in keys:
        client.post(f"{here}/makers", data={"trek_terug": key})  # of Aïcha, so nothing happens
        assert "al aangenomen of geldt niet meer" in Page(client.get(f"{here}/makers").text).words

    sign_in(client, db, secret, AICHA)
    (key,) = [
        b["value"] for b in Page(client.get(f"{here}/makers").text).all("button") if b.get("name") == "trek_terug"
    ]
    client.post(f"{here}/makers", data={"trek_terug": key})
    assert "Gelukt: de uitnodiging is ingetrokken" in Page(client.get(f"{here}/makers").text).words
    answer = client.post(paths[WILLEM.email])
    assert answer.status_code == 410
    assert "Deze uitnodiging geldt niet meer" in Page(answer.text).words
    assert makers.names(db, plan_id) == ["Aïcha", "Bram"]


def test_an_invitation_by_who_left_is_refused_with_a_page(
    client: TestClient, db: Database, secret: bytes, process: Process, plan_id: int, here: str
) -> None:
    aicha = sign_in(client, db, secret, AICHA)
    client.post(f"{here}/makers", data={"invited": "Willem", "email": WILLEM.email})
    (path,) = next(iter(db.execute("SELECT json_extract(content, '$.path') FROM outbox")))
    with writing(db):
        makers.add(db, plan_id, arrives_inside(db, secret), "Bram", "", reload(db, "benoordenhout").phases[0].opens_at)
        makers.leave(db, process, plan_id, aicha, NOW)
    answer = client.post(path)
    assert answer.status_code == 409
    assert makers.names(db, plan_id) == ["Bram"]


def arrives_inside(db: Database, secret: bytes) -> int:
    row = {"key": b"b" * 16, "seen_on": "2026-05-12"}
    return int(
        db.execute("INSERT INTO residents (key, seen_on) VALUES (:key, :seen_on) RETURNING id", row).fetchone()[0]
    )


@pytest.mark.parametrize(
    "data", [{"invited": "", "email": BRAM.email}, {"invited": "Bram", "email": "bram"}, {"invited": "B\n" * 50}]
)
def test_an_invitation_needs_a_name_and_an_address(
    client: TestClient, db: Database, secret: bytes, here: str, data: dict[str, str]
) -> None:
    sign_in(client, db, secret, AICHA)
    answer = client.post(f"{here}/makers", data=data)
    assert answer.status_code == 422
    assert db.table("outbox").count == 0


@pytest.mark.parametrize(
    ("field", "button"), [("invited", {"email": BRAM.email}), ("name", {"bewaar": "1", "contact": ""})]
)
def test_an_address_is_no_name(
    client: TestClient, db: Database, secret: bytes, plan_id: int, here: str, field: str, button: dict[str, str]
) -> None:
    sign_in(client, db, secret, AICHA)
    answer = client.post(f"{here}/makers", data={field: "eva@priv.example", **button})
    assert answer.status_code == 422
    page = Page(answer.text)
    assert f"#{field}" in [a.get("href") for a in page.all("a")]
    assert "geen e-mailadres" in page.words
    assert 'value="eva@priv.example"' in answer.text
    assert makers.names(db, plan_id) == ["Aïcha"]
    assert db.table("outbox").count == 0


def test_nobody_mails_their_own_words_to_a_stranger(
    client: TestClient, site: Site, db: Database, secret: bytes, process: Process
) -> None:
    """Anyone may type anybody's address: such a mail says nothing of what they typed."""
    lure = "WIN €500 op http://kwaad.example"
    here = f"/benoordenhout/plannen/{insert_plan(db, process, sign_in(client, db, secret, AICHA), lure, title=lure)}"
    client.post(f"{here}/makers", data={"invited": lure, "email": WILLEM.email})
    sign_out(client)
    reaction = {"side": "for", "reaction": lure, "reaction_name": lure}
    for noun, data in (("volgen", {"frequency": "at_once"}), ("reacties", reaction)):
        ask_mail(client, client.post(f"{here}/{noun}", data=data).text, WILLEM.email)
    mails = outbox.page(db, Reader(everything=True), 100)
    assert [mail.recipient for mail in mails] == [WILLEM.email] * 3
    for mail in mails:
        made = letter(site.settings, mail)
        assert "kwaad" not in f"{made.subject}{made.text}{made.html}", mail.kind
        page = client.get(mail.content["path"]).text
        assert "kwaad" in Page(page).words  # here, where we are the sender


def test_one_maker_does_not_mail_half_the_town(
    client: TestClient, db: Database, secret: bytes, plan_id: int, here: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(makers, "MOST_A_DAY", 2)
    sign_in(client, db, secret, AICHA)
    for who in (BRAM, WILLEM):
        client.post(f"{here}/makers", data={"invited": who.name, "email": who.email})
    answer = client.post(f"{here}/makers", data={"invited": "Chen", "email": "chen@example.org"})
    assert answer.status_code == 429
    assert "Morgen kunt u weer iemand uitnodigen" in Page(answer.text).words
    assert 'value="chen@example.org"' in answer.text
    monkeypatch.setattr(makers, "MOST", 3)
    page = Page(client.get(f"{here}/makers").text)
    assert "Wie is uitgenodigd, telt ook mee" in page.words
    assert not [field for field in page.all("input") if field.get("name") == "invited"]
    assert client.post(f"{here}/makers", data={"invited": "Chen", "email": "chen@example.org"}).status_code == 422
    assert len(mails_of(db, "maker_invited")) == 2


def test_the_last_maker_stays(client: TestClient, db: Database, secret: bytes, plan_id: int, here: str) -> None:
    sign_in(client, db, secret, AICHA)
    assert client.post(f"{here}/makers", data={"weg": "1"}).status_code == 422
    assert makers.names(db, plan_id) == ["Aïcha"]


def test_a_maker_changes_their_name_and_phone_number(
    client: TestClient, db: Database, secret: bytes, plan_id: int, here: str
) -> None:
    sign_in(client, db, secret, AICHA)
    client.post(f"{here}/makers", data={"bewaar": "1", "name": "A. <b>", "contact": "06 87654321"})
    assert [(maker.name, maker.contact) for maker in makers.of_plan(db, plan_id)] == [("A. <b>", "06 87654321")]
    html = client.get(here).text
    assert "A. &lt;b&gt;" in html
    assert "06 87654321" not in html


def test_withdrawing_what_is_not_on_the_site_promises_nothing_there(
    client: TestClient, db: Database, secret: bytes, plan_id: int, here: str
) -> None:
    sign_in(client, db, secret, AICHA)
    assert "Het plan blijft op de site staan" in Page(client.get(f"{here}/intrekken").text).words
    with writing(db):
        db.execute("UPDATE plans SET status = 'submitted' WHERE id = ?", [plan_id])
    said = Page(client.get(f"{here}/intrekken").text).words
    assert "Dan komt het er ook niet op" in said
    assert "blijft op de site" not in said
    assert "Iedereen kan" not in said


def test_a_plan_is_withdrawn_with_a_trace(
    client: TestClient, db: Database, secret: bytes, plan_id: int, here: str
) -> None:
    sign_in(client, db, secret, AICHA)
    assert client.post(f"{here}/intrekken", data={"reason": " "}).status_code == 422
    assert client.post(f"{here}/intrekken", data={"reason": "Ik verhuis <b>"}).headers["location"] == here
    sign_out(client)
    html = client.get(here).text
    assert "Ingetrokken" in Page(html).words
    assert "Ik verhuis &lt;b&gt;" in html
    assert reload(db, "benoordenhout").by_id[plan_id].withdrawn


@pytest.fixture
def bram(client: TestClient, db: Database, secret: bytes, plan_id: int) -> int:
    """Bram makes the plan with Aïcha, and the browser is his."""
    bram = sign_in(client, db, secret, BRAM)
    with writing(db):
        makers.add(db, plan_id, bram, "Bram", "", NOW + timedelta(minutes=1))
    return bram


def did(db: Database) -> list[tuple[str, str, str, str]]:
    """What makers were told of each other: to whom, who, what and why."""
    rows = db.execute("SELECT recipient, content FROM outbox WHERE kind = 'maker_did' ORDER BY id").fetchall()
    said = [(recipient, json.loads(content)) for recipient, content in rows]
    return [(recipient, content["who"], content["did"], content["reason"]) for recipient, content in said]


def open_the_vote(db: Database) -> None:
    with writing(db):
        db.execute("UPDATE phases SET opens_at = ? WHERE kind = 'vote'", [phases.to_text(NOW)])


def test_what_one_maker_withdraws_another_takes_back(
    client: TestClient, db: Database, secret: bytes, here: str, bram: int, plan_id: int, clock: Clock
) -> None:
    page = Page(client.get(f"{here}/intrekken").text)
    assert "Tot de stemming begint, kunt u dit ongedaan maken" in page.words
    client.post(f"{here}/intrekken", data={"reason": "Te veel gedoe"})
    assert did(db) == [(AICHA.email, "Bram", "withdrawn", "Te veel gedoe")]
    assert "Dit plan is ingetrokken op 12 mei 2026" in Page(client.get(here).text).words

    clock.now += timedelta(days=1)
    sign_in(client, db, secret, AICHA)
    assert "Laat uw plan weer meedoen" in Page(client.get(here).text).words
    assert "Ja, laat het plan weer meedoen" in Page(client.get(f"{here}/intrekken").text).words
    assert client.post(f"{here}/intrekken", data={"weer_mee": "1"}).headers["location"] == here
    assert "Gelukt: uw plan doet weer mee." in Page(client.get(here).text).words
    assert did(db)[1:] == [(BRAM.email, "Aïcha", "reinstated", "")]
    plan = reload(db, "benoordenhout").by_id[plan_id]
    assert (plan.withdrawn, plan.status_reason) == (False, "")

    sign_out(client)
    assert "Ingetrokken" not in Page(client.get(here).text).words
    trace = Page(client.get(f"{here}/versies").text).words
    assert "12 mei 2026 om 12.00 uur Door de bedenker. De reden: Te veel gedoe Het plan is ingetrokken." in trace
    assert "13 mei 2026 om 12.00 uur Door de bedenker Het plan doet weer mee." in trace
    assert "doet weer mee" in client.get("/benoordenhout/feed.atom").text
    assert client.post(f"{here}/intrekken", data={"weer_mee": "1"}).status_code == 403  # who is no maker


def test_once_the_vote_opened_a_withdrawal_stays(
    client: TestClient, db: Database, here: str, bram: int, plan_id: int
) -> None:
    client.post(f"{here}/intrekken", data={"reason": "Te veel gedoe"})
    open_the_vote(db)
    answer = client.post(f"{here}/intrekken", data={"weer_mee": "1"})
    assert answer.status_code == 409
    assert "De stemming is begonnen. Daarom kan het plan niet meer meedoen." in Page(answer.text).words
    assert "weer meedoen" not in Page(client.get(here).text).words
    assert reload(db, "benoordenhout").by_id[plan_id].withdrawn


def test_who_withdraws_during_the_vote_reads_that_it_is_final(
    client: TestClient, site: Site, db: Database, here: str, bram: int
) -> None:
    open_the_vote(db)
    assert "U kunt dit niet ongedaan maken." in Page(client.get(f"{here}/intrekken").text).words
    client.post(f"{here}/intrekken", data={"reason": "Te veel gedoe"})
    (mail,) = outbox.page(db, Reader(everything=True), 100)
    assert "weer laten meedoen" not in letter(site.settings, mail).text


def test_what_staff_withdrew_only_staff_take_back(
    client: TestClient, db: Database, secret: bytes, process: Process, here: str, bram: int, plan_id: int
) -> None:
    beheer = f"/beheer/benoordenhout/plannen/{plan_id}"
    sign_in_as(client, db, secret, process, MO)
    client.post(f"{beheer}/intrekking", data={"reden": "De boom is om", "zeker": "1"})
    assert client.post(f"{here}/intrekken", data={"weer_mee": "1"}).status_code == 409
    assert "Neem dan contact met ons op" in Page(client.get(f"{here}/intrekken").text).words
    assert reload(db, "benoordenhout").by_id[plan_id].withdrawn

    assert "Laat het plan weer meedoen" in Page(client.get(beheer).text).words
    answer = client.post(f"{beheer}/intrekking", data={"weer_mee": "1"})
    assert answer.headers["location"] == f"{beheer}?gedaan=reinstate"
    assert not reload(db, "benoordenhout").by_id[plan_id].withdrawn
    assert did(db) == [(who.email, "", "reinstated", "") for who in (AICHA, BRAM)]
    assert client.post(f"{beheer}/intrekking", data={"weer_mee": "1"}).status_code == 409
    logged = [row[0] for row in db.execute("SELECT action FROM audit_log ORDER BY id")]
    assert logged == ["plan_withdrawn", "plan_reinstated"]


def test_makers_hear_of_edits_at_most_once_an_hour_and_of_who_leaves(
    client: TestClient, db: Database, process: Process, here: str, bram: int, clock: Clock
) -> None:
    for version, title in enumerate(("Wip", "Wip", "Glijbaan"), start=1):
        typed = swing(process, title=title, version=str(min(version, 2)))
        assert client.post(f"{here}/wijzigen", data=typed | {"bewaar": "1"}).status_code == 303
    assert did(db) == [(AICHA.email, "Bram", "edited", "")]
    clock.now += timedelta(hours=1)
    client.post(f"{here}/wijzigen", data=swing(process, title="Klimrek", version="3") | {"bewaar": "1"})
    client.post(f"{here}/makers", data={"weg": "1"})
    assert did(db)[1:] == [(AICHA.email, "Bram", "edited", ""), (AICHA.email, "Bram", "left", "")]
