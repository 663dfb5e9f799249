"""The page with the mail of the site: who may read it, what it says, and trying again."""

from datetime import timedelta

import pytest
from litestar.testing import TestClient

from domain import mails, outbox
from domain.database import Database, writing
from domain.outbox import Mail, Reader, Recipient
from domain.processes import Process
from routes.site import Site
from tests.cast import AICHA, BRAM, CHEN, NOW
from tests.mailbox import with_server
from tests.pages import Page, words
from tests.staff import BEA, MO, NINA, OLGA, STEF, TESSA, StaffMember, sign_in_as
from tests.test_mail import KINDS, put_every_kind

PAGE = "/beheer/post"
OWNER = Reader(everything=True)


@pytest.fixture
def letters(db: Database, process: Process) -> dict[str, Mail]:
    """One of each state, about a plan; the names say which."""
    with writing(db):
        for who in (AICHA, BRAM, CHEN):
            mails.plan_hidden(
                *(db, NOW, Recipient(who.email)),
                process=process,
                plan_id=1,
                title="<b>Pluktuin</b>",
                reason="Dubbel & <i>dwars</i>",
            )
        unsent, failed, sent = sorted(mail.id for mail in outbox.page(db, OWNER, 10))
        outbox.unsent(db, [unsent], NOW)
        outbox.refused(db, failed, "550 <bram> is unknown", NOW)
        outbox.sent(db, sent, NOW)
    names = {unsent: "unsent", failed: "failed", sent: "sent"}
    return {names[mail.id]: mail for mail in outbox.page(db, OWNER, 10)}


def shown(client: TestClient, query: str = "") -> str:
    answer = client.get(PAGE + query)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    return answer.text


@pytest.mark.parametrize("who", [OLGA, BEA], ids=lambda who: who.name)
def test_the_owner_and_a_beheerder_read_it(
    client: TestClient, db: Database, secret: bytes, process: Process, letters: dict[str, Mail], who: StaffMember
) -> None:
    sign_in_as(client, db, secret, process, who)
    assert AICHA.email in shown(client)


@pytest.mark.parametrize("who", [TESSA, MO, STEF], ids=lambda who: who.name)
def test_colleagues_with_another_role_do_not(
    client: TestClient, db: Database, secret: bytes, process: Process, letters: dict[str, Mail], who: StaffMember
) -> None:
    sign_in_as(client, db, secret, process, who)
    failed = letters["failed"].id
    answers = [
        client.get(PAGE),
        client.post(f"{PAGE}/{failed}/poging"),
        client.post(f"{PAGE}/pogingen"),
    ]
    assert [answer.status_code for answer in answers] == [403] * 3
    assert not any("@example.org" in answer.text for answer in answers)
    assert mail_now(db, failed).status == "failed"


def test_a_beheerder_of_another_process_sees_none_of_it(
    client: TestClient, db: Database, secret: bytes, elsewhere: Process, letters: dict[str, Mail]
) -> None:
    sign_in_as(client, db, secret, elsewhere, NINA)
    assert "@example.org" not in shown(client)
    failed = letters["failed"].id
    assert client.post(f"{PAGE}/{failed}/poging").status_code == 404
    assert client.post(f"{PAGE}/pogingen").status_code == 303
    assert mail_now(db, failed).status == "failed"


def test_who_is_not_signed_in_is_asked_to(client: TestClient, db: Database, letters: dict[str, Mail]) -> None:
    assert client.get(PAGE).headers["location"].startswith("/beheer/inloggen")


def mail_now(db: Database, mail_id: int) -> Mail:
    mail = outbox.find(db, OWNER, mail_id)
    assert mail is not None
    return mail


def test_a_link_into_the_account_of_a_colleague_is_the_owners_to_see(
    client: TestClient, db: Database, secret: bytes, process: Process
) -> None:
    """Without a mail server a beheerder could otherwise ask a new password for the owner, and read it here."""
    with writing(db):
        mails.password_reset(db, NOW, Recipient(OLGA.email), path="/beheer/wachtwoord/geheim")
        mails.invitation(db, NOW, Recipient(BEA.email), inviter="Olga", path="/beheer/uitnodiging/geheim")
        outbox.unsent(db, [mail.id for mail in outbox.page(db, OWNER, 10)], NOW)
    sign_in_as(client, db, secret, process, BEA)
    assert "geheim" not in shown(client)
    sign_in_as(client, db, secret, process, OLGA)
    assert shown(client).count("/geheim") == 2


def test_each_mail_says_in_words_what_became_of_it(
    client: TestClient,
    db: Database,
    secret: bytes,
    site: Site,
    process: Process,
    letters: dict[str, Mail],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_server(site, monkeypatch)
    with writing(db):
        mails.plan_restored(
            *(db, NOW + timedelta(days=1), Recipient(AICHA.email)), process=process, plan_id=1, title="Pluktuin"
        )
        newest = outbox.page(db, OWNER, 1)[0]
        outbox.later(db, newest.id, "421 busy", NOW + timedelta(days=1))
    sign_in_as(client, db, secret, process, BEA)
    html = shown(client)
    said = words(html)
    assert said.index("Wacht: het lukte nog niet.") < said.index("Verzonden op") < said.index("Mislukt op")
    assert "De mailserver zei: 421 busy" in said
    assert "De mailserver zei: 550 <bram> is unknown" in said
    assert "Niet verzonden: er was geen mailserver." in said


def test_the_text_shows_as_text_and_only_of_what_nobody_could_send(
    client: TestClient, db: Database, secret: bytes, process: Process, letters: dict[str, Mail]
) -> None:
    sign_in_as(client, db, secret, process, BEA)
    page = Page(shown(client))
    assert "> Dubbel & <i>dwars</i>" in page.words
    assert len([tag for tag in page.all("pre") if tag.get("class") == "mail-text"]) == 1
    assert not page.all("i")


def test_only_what_failed(
    client: TestClient, db: Database, secret: bytes, process: Process, letters: dict[str, Mail]
) -> None:
    sign_in_as(client, db, secret, process, BEA)
    said = words(shown(client, "?toon=mislukt"))
    assert BRAM.email in said
    assert AICHA.email not in said
    assert "Mislukt (1)" in said


def test_the_list_goes_on_where_it_is_long(client: TestClient, db: Database, secret: bytes, process: Process) -> None:
    with writing(db):
        for number in range(120):
            mails.personal_data(db, NOW, Recipient(f"nummer{number}@example.org"), path="/mijn/gegevens/abc")
        outbox.unsent(db, range(1, 121), NOW)
    sign_in_as(client, db, secret, process, OLGA)
    seen, query = [], ""
    while True:
        page = Page(shown(client, query))
        seen += [tag["id"] for tag in page.all("li") if tag.get("id", "").startswith("mail-")]
        following = page.link("next")
        if following is None:
            break
        query = following.removeprefix(PAGE)
    assert seen == [f"mail-{number}" for number in range(120, 0, -1)]


@pytest.mark.parametrize("query", ["?voor=abc", "?voor=-1", "?voor=99999999999999999999", "?voor=²", "?toon=<b>"])
def test_a_made_up_query_is_just_the_list(
    client: TestClient, db: Database, secret: bytes, process: Process, query: str
) -> None:
    sign_in_as(client, db, secret, process, BEA)
    assert "Er is nog geen mail." in words(shown(client, query))


def test_without_a_server_there_is_nothing_to_try_again(
    client: TestClient, db: Database, secret: bytes, process: Process, letters: dict[str, Mail]
) -> None:
    sign_in_as(client, db, secret, process, BEA)
    html = shown(client)
    assert "Er is geen mailserver ingesteld" in html
    assert "/poging" not in html


def test_a_mail_that_failed_is_tried_again(
    client: TestClient,
    db: Database,
    secret: bytes,
    site: Site,
    process: Process,
    letters: dict[str, Mail],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_server(site, monkeypatch)
    bea = sign_in_as(client, db, secret, process, BEA)
    page = Page(shown(client))
    action = f"{PAGE}/{letters['failed'].id}/poging"
    assert client.post(action, data=page.form(action).fields).headers["location"] == PAGE
    logged = list(db.query("SELECT account_id, action, subject FROM audit_log WHERE action = 'mail.again'"))
    assert logged == [{"account_id": bea, "action": "mail.again", "subject": f"mail {letters['failed'].id}"}]
    assert not [form for form in Page(shown(client)).forms if form.action == action]
    assert client.post(action).status_code == 303  # somebody's second click
    assert len(list(db.query("SELECT 1 FROM audit_log WHERE action = 'mail.again'"))) == 1


def test_everything_that_failed_is_tried_again(
    client: TestClient,
    db: Database,
    secret: bytes,
    site: Site,
    process: Process,
    letters: dict[str, Mail],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_server(site, monkeypatch)
    sign_in_as(client, db, secret, process, BEA)
    action = f"{PAGE}/pogingen"
    assert Page(shown(client, "?toon=mislukt")).form(action)
    assert client.post(action).status_code == 303
    assert mail_now(db, letters["failed"].id).failed_at is None
    assert mail_now(db, letters["unsent"].id).status == "unsent"  # did not fail


@pytest.mark.parametrize("number", ["999", "99999999999999999999", "0"])
def test_a_mail_that_is_not_there_is_not_found(
    client: TestClient, db: Database, secret: bytes, process: Process, number: str
) -> None:
    sign_in_as(client, db, secret, process, BEA)
    assert client.post(f"{PAGE}/{number}/poging").status_code == 404


def test_a_mail_that_was_sent_is_not_sent_again(
    client: TestClient, db: Database, secret: bytes, process: Process, letters: dict[str, Mail]
) -> None:
    sign_in_as(client, db, secret, process, BEA)
    client.post(f"{PAGE}/{letters['sent'].id}/poging")
    assert mail_now(db, letters["sent"].id) == letters["sent"]


def test_every_kind_has_words(client: TestClient, db: Database, secret: bytes, process: Process) -> None:
    put_every_kind(db, process, "nl", "Pluktuin")
    with writing(db):
        outbox.unsent(db, [mail.id for mail in outbox.page(db, OWNER, 100)], NOW)
    sign_in_as(client, db, secret, process, OLGA)
    html = shown(client)
    assert html.count('class="mail-text"') == len(KINDS)
    assert not [kind for kind in KINDS if f"<h2>{kind}</h2>" in html]
