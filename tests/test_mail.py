"""Mail as a real mail server gets it, in both languages, whatever is in it, and whatever the server does."""

import asyncio
import inspect
import logging
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from config.locales.update import extracted
from config.settings import Settings, load
from domain import database, mails, news, outbox
from domain.database import Database, writing
from domain.outbox import Mail, Reader, Recipient
from domain.processes import Process
from routes import mail as mailing
from routes.pages import TEMPLATES
from routes.site import Site
from tests import smtp
from tests.cast import AICHA, BRAM, CHEN, DEWI, NOW
from tests.conftest import Clock
from tests.pages import Page, squeezed
from tests.smtp import MailServer, knows, text_of

AWKWARD = '<script>alert(1)</script> & "co" 🌳\r\nBcc: willem@example.org\r\n\r\nשלום'
ON_ONE_LINE = '<script>alert(1)</script> & "co" 🌳 Bcc: willem@example.org שלום'
SITE = "https://stem.bezuidenhout.example"
SETTINGS = {
    "url": SITE,
    "name": "Bezuidenhout beslist",
    "municipality": "Wijkberaad “Bezuidenhout” & co",
    "contact_email": "vragen@bezuidenhout.example",
    "contact_phone": "070 123 45 67",
    "mail_from": "post@bezuidenhout.example",
    "smtp_host": smtp.HOST,
    "smtp_tls": "none",
}
KINDS = [
    name
    for name, function in inspect.getmembers(mails, inspect.isfunction)
    if "to" in inspect.signature(function).parameters and function.__module__ == mails.__name__
]


@pytest.fixture
def server() -> Iterator[MailServer]:
    server = MailServer(smtp.free_port()).start()
    yield server
    server.stop()


@pytest.fixture
def settings(tmp_path: Path, server: MailServer) -> Settings:
    return load({**SETTINGS, "db": str(tmp_path / "wijkbudget.db"), "smtp_port": str(server.port)}, environment={})


Send = Callable[..., None]


@pytest.fixture
def send(db: Database, settings: Settings, clock: Clock) -> Send:
    """The site starts, sends what is due, and stops."""

    def send(**changes: object) -> None:
        async def once() -> None:
            site = Site(type(settings)(**{**vars(settings), **changes}))
            try:
                await mailing.send_due(site)
            finally:
                await site.close()

        asyncio.run(once())

    return send


def put(db: Database, to: str = AICHA.email, language: str = "nl", **changes: Any) -> None:
    with writing(db):
        mails.confirm(db, NOW, Recipient(to, language), **{"path": "/bevestig/abc", "action": "sign_in", **changes})


def states(db: Database) -> list[str]:
    return [mail.status for mail in all_mail(db)]


def all_mail(db: Database) -> list[Mail]:
    return outbox.page(db, Reader(everything=True), 100)[::-1]


def put_every_kind(db: Database, process: Process, language: str, words: str) -> None:
    """One of each, with those words wherever somebody types some."""
    typed = dict.fromkeys(
        ("title", "reason", "question", "answer", "inviter", "into_title", "asked_by", "given_by", "device", "who"),
        words,
    )
    items = [{"kind": kind, "title": words, "text": words, "path": "/bezuidenhout/plannen/1"} for kind in news.KINDS]
    values: dict[str, Any] = {
        **typed,
        "process": process,
        "plan_id": 1,
        "into_id": 2,
        "verdict": "feasible",
        "cost": 150_050,
        "path": "/bevestig/abc",
        "action": "support",
        "doing": "collect",
        "did": "withdrawn",
        "items": items,
        "unsubscribe": "/afmelden/" + 80 * "x",
    }
    to = Recipient(AICHA.email, language)
    with writing(db):
        for kind in KINDS:
            function = getattr(mails, kind)
            wanted = inspect.signature(function).parameters
            function(db, NOW, to, **{name: value for name, value in values.items() if name in wanted})


class Loads(HTMLParser):
    """What a mail program would fetch or run."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "img", "link", "iframe", "object", "form", "style", "video", "audio"):
            self.found.append(tag)
        for name, value in attrs:
            if name.startswith("on") or name in ("src", "srcset", "background") or "url(" in (value or ""):
                self.found.append(f"{tag} {name}")


def test_every_mail_has_its_two_templates_and_every_template_its_mail() -> None:
    folder = TEMPLATES / "mail"
    for ending in ("txt", "html"):
        assert {path.stem for path in folder.glob(f"*.{ending}")} == {"base", *KINDS}
    assert len(KINDS) > 15


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_mail_is_right_in_both_parts_whatever_somebody_typed(
    db: Database, process: Process, server: MailServer, send: Send, language: str
) -> None:
    put_every_kind(db, process, language, AWKWARD)
    send()
    assert states(db) == ["sent"] * len(KINDS), [mail.error for mail in all_mail(db)]
    assert len(server.letters) == len(KINDS)
    for kind, letter in zip(KINDS, server.letters, strict=True):
        text, html = text_of(letter), text_of(letter, "html")
        assert letter["To"] == AICHA.email, kind
        assert "Bcc" not in letter, kind
        assert letter["Subject"], kind
        assert letter["Subject"].isprintable(), kind
        assert Page(html).all("html") == [{"lang": language}]
        assert not Loads(html).found, kind
        assert f"{SITE}/privacy" in text, kind
        assert {"href": f"{SITE}/privacy"} in Page(html).all("a"), kind
        for part in (text, html):
            assert "Bezuidenhout beslist" in part, kind
            assert "070 123 45 67" in part, kind
            assert re.search(r"U krijgt deze mail omdat|You (get|receive|are getting|are receiving)", part), kind
            assert "\x00" not in part, kind
            assert "{{" not in part, kind


def test_what_somebody_typed_shows_as_they_typed_it(
    db: Database, process: Process, server: MailServer, send: Send
) -> None:
    to = Recipient(AICHA.email)
    about = {"process": process, "plan_id": 1, "title": AWKWARD}
    with writing(db):
        mails.plan_hidden(db, NOW, to, **about, reason=AWKWARD)
        mails.verdict(db, NOW, to, **about, verdict="feasible", cost=150_050, reason=AWKWARD)
        mails.news(db, NOW, to, process=process, items=[item(AWKWARD)], unsubscribe="/afmelden/abc")
    send()
    for letter in server.letters:
        text, html = text_of(letter), text_of(letter, "html")
        assert ON_ONE_LINE in text
        assert ON_ONE_LINE in Page(html).words
        assert ON_ONE_LINE in letter["Subject"]
        assert "> Bcc: willem@example.org\n>\n> שלום" in text
    assert "€\u00a01.500,50" in text_of(server.letters[1])


def item(title: str) -> dict[str, str]:
    return {"kind": "feasible", "title": title, "text": title, "path": "/bezuidenhout/plannen/1"}


def test_links_are_whole_in_both_parts(db: Database, process: Process, server: MailServer, send: Send) -> None:
    put_every_kind(db, process, "nl", "Pluktuin")
    send()
    for kind, letter in zip(KINDS, server.letters, strict=True):
        in_text = set(re.findall(r"https?://\S+", text_of(letter)))
        in_html = {a["href"] for a in Page(text_of(letter, "html")).all("a") if not a["href"].startswith("mailto:")}
        assert in_text == in_html, kind
        assert len(in_text) > 1, kind
        assert all(link.startswith(SITE + "/") for link in in_text), kind


def test_the_headers_say_what_it_is(db: Database, server: MailServer, send: Send, process: Process) -> None:
    put(db)
    with writing(db):
        unsubscribe = "/afmelden/" + 80 * "x"
        mails.news(db, NOW, Recipient(BRAM.email), process=process, items=[item("Tuin")], unsubscribe=unsubscribe)
    send()
    confirm, told = server.letters
    assert confirm["From"] == "Bezuidenhout beslist <post@bezuidenhout.example>"
    assert confirm["Reply-To"] == "vragen@bezuidenhout.example"
    assert confirm["Auto-Submitted"] == "auto-generated"
    assert confirm["Date"].datetime == NOW
    assert re.fullmatch(r"<[0-9a-f]{32}@bezuidenhout\.example>", confirm["Message-ID"])
    assert "List-Unsubscribe" not in confirm
    assert told["List-Unsubscribe"] == f"<{SITE}{unsubscribe}>"
    assert told["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert [envelope.rcpt_tos for envelope in server.envelopes] == [[AICHA.email], [BRAM.email]]
    assert {envelope.mail_from for envelope in server.envelopes} == {"post@bezuidenhout.example"}
    assert told.get_content_type() == "multipart/alternative"


def test_a_name_with_signs_of_its_own_is_still_one_sender(db: Database, server: MailServer, send: Send) -> None:
    put(db)
    send(name='Wijk, "beslist" <x@example.org> 🌳\r\nBcc: willem@example.org')
    (letter,) = server.letters
    (sender,) = letter["From"].addresses
    assert sender.addr_spec == "post@bezuidenhout.example"
    read = squeezed(sender.display_name)  # Python reads a space too many between encoded words
    assert read == 'Wijk, "beslist" <x@example.org> 🌳 Bcc: willem@example.org'
    assert "Bcc" not in letter


SUBJECTS = [
    "=?utf-8?q?x=0D=0ABcc:_willem=40example.org?=",
    "kort",
    "heel lang en zonder bijzondere tekens, zodat het over meer regels gaat dan een en toch heel blijft, ook hier",
    "Bankjes 🌳 onder de bomen van de Theresiastraat – voor iedereen die daar wel eens wil zitten, jong en oud 👩🏽‍🌾",
    "שכונה ביחד " * 9,
    "x" * 150,
]


@pytest.mark.parametrize("title", SUBJECTS)
def test_a_title_arrives_whole_in_the_subject(
    db: Database, server: MailServer, send: Send, process: Process, title: str
) -> None:
    with writing(db):
        mails.plan_restored(db, NOW, Recipient(AICHA.email), process=process, plan_id=1, title=title)
    send(name="=?utf-8?q?x=0D=0ABcc:_willem?= 🌳 " + "Bezuidenhout " * 8)
    (letter,) = server.letters
    assert letter["Subject"] == f"Uw plan staat weer op de site: {title.strip()}"
    assert letter["From"].addresses[0].addr_spec == "post@bezuidenhout.example"
    assert "Bcc" not in letter
    head = (server.envelopes[0].original_content or b"").partition(b"\r\n\r\n")[0]
    assert max(len(line) for line in head.split(b"\r\n")) < 200
    assert head.isascii()


def test_a_device_without_a_name_is_left_out_of_the_sentence(db: Database, server: MailServer, send: Send) -> None:
    with writing(db):
        for device in ("", "Firefox op Linux"):
            mails.signed_in_elsewhere(db, NOW, Recipient(AICHA.email), device=device)
    send()
    unknown, known = [" ".join(text_of(letter).split()) for letter in server.letters]
    assert "op een apparaat dat we nog niet kenden." in unknown
    assert "op een apparaat dat we nog niet kenden: Firefox op Linux." in known


def test_the_domain_of_an_address_may_have_letters_of_its_own(db: Database, server: MailServer, send: Send) -> None:
    put(db, "chen@wijkräte.example")
    send()
    assert server.envelopes[0].rcpt_tos == ["chen@xn--wijkrte-9wa.example"]


def test_many_mails_go_over_one_connection(db: Database, server: MailServer, send: Send) -> None:
    for who in (AICHA, BRAM, CHEN, DEWI):
        put(db, who.email)
    send()
    assert states(db) == ["sent"] * 4
    assert server.connections == 1


def test_nothing_is_lost_while_the_server_is_down(db: Database, server: MailServer, send: Send, clock: Clock) -> None:
    put(db)
    server.stop()
    send()
    (mail,) = all_mail(db)
    assert (mail.status, mail.tries) == ("waiting", 1)
    assert mail.error
    server.start()
    send()
    assert server.letters == []  # it is not time yet
    clock.now += timedelta(minutes=1)
    send()
    send()
    assert [letter["To"] for letter in server.letters] == [AICHA.email]
    assert states(db) == ["sent"]


def test_who_does_not_know_whether_it_arrived_sends_the_same_mail_again(
    db: Database, server: MailServer, send: Send, clock: Clock
) -> None:
    put(db)
    put(db, BRAM.email)
    server.dies = True
    send()
    assert states(db) == ["waiting", "waiting"]
    assert [mail.tries for mail in all_mail(db)] == [1, 0]
    server.dies = False
    clock.now += timedelta(minutes=1)
    send()
    assert states(db) == ["sent", "sent"]
    ids = [letter["Message-ID"] for letter in server.letters if letter["To"] == AICHA.email]
    assert len(ids) == 2
    assert len(set(ids)) == 1


def test_a_crash_after_sending_repeats_one_mail_with_the_same_message_id(
    db: Database, server: MailServer, send: Send, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(db)
    put(db, BRAM.email)

    def crash(*arguments: object) -> None:
        raise SystemError("the power went")

    with monkeypatch.context() as broken:
        broken.setattr(outbox, "sent", crash)
        send()
    assert states(db) == ["waiting", "waiting"]
    send()
    assert states(db) == ["sent", "sent"]
    sent_to = [letter["To"] for letter in server.letters]
    assert sent_to == [AICHA.email, AICHA.email, BRAM.email]
    assert len({letter["Message-ID"] for letter in server.letters}) == 2


def test_who_stops_the_site_waits_for_the_mail_under_way(
    db: Database, server: MailServer, settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(db)
    put(db, BRAM.email)
    under_way, go_on = asyncio.Event(), asyncio.Event()
    really = mailing.send_one

    async def slowly(*arguments: Any) -> None:
        under_way.set()
        await go_on.wait()
        await really(*arguments)

    async def stopped() -> None:
        site = Site(settings)
        job = asyncio.create_task(mailing.send_due(site))
        await under_way.wait()
        job.cancel()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await job
        await site.close()

    monkeypatch.setattr(mailing, "send_one", slowly)
    asyncio.run(stopped())
    assert states(db) == ["sent", "waiting"]
    assert [letter["To"] for letter in server.letters] == [AICHA.email]


def test_what_the_server_never_takes_fails_at_once_and_alone(db: Database, server: MailServer, send: Send) -> None:
    put(db, BRAM.email)
    put(db)
    server.recipient_says[BRAM.email] = "550 5.1.1 No such user here"
    send()
    assert states(db) == ["failed", "sent"]
    assert all_mail(db)[0].error == "550 5.1.1 No such user here"


def test_what_the_server_takes_later_is_tried_later(db: Database, server: MailServer, send: Send, clock: Clock) -> None:
    put(db, BRAM.email)
    put(db)
    server.recipient_says[BRAM.email] = "450 4.2.0 Greylisted"
    send()
    assert states(db) == ["waiting", "sent"]
    server.recipient_says.clear()
    clock.now += timedelta(minutes=1)
    send()
    assert states(db) == ["sent", "sent"]


def test_a_letter_that_is_refused_has_failed(db: Database, server: MailServer, send: Send) -> None:
    put(db)
    server.letter_says = "554 5.7.1 Looks like spam"
    send()
    assert [(mail.status, mail.error) for mail in all_mail(db)] == [("failed", "554 5.7.1 Looks like spam")]


def test_a_mail_that_cannot_be_written_does_not_stop_the_others(db: Database, server: MailServer, send: Send) -> None:
    with writing(db):
        outbox.put(db, "verdict", Recipient(BRAM.email), {"of": "an older version"}, NOW)
        outbox.put(db, "never_heard_of", Recipient(BRAM.email), {}, NOW)
    put(db)
    send()
    assert states(db) == ["failed", "failed", "sent"]
    assert all_mail(db)[0].error.startswith("can't be written: ")


def test_a_language_we_do_not_speak_is_dutch(db: Database, server: MailServer, send: Send) -> None:
    put(db, language="../../etc")
    send()
    assert text_of(server.letters[0]).startswith("Beste bewoner,")


def test_nothing_due_asks_nothing_of_the_server(db: Database, server: MailServer, send: Send) -> None:
    send()
    assert server.connections == 0


# TLS and logging in.


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    return smtp.certificate(tmp_path)


def restart(server: MailServer, **options: Any) -> None:
    server.stop()
    server.options = options
    server.start()


def test_a_certificate_that_nobody_vouches_for_gets_no_mail(
    db: Database, server: MailServer, send: Send, pem: Path
) -> None:
    put(db)
    restart(server, tls_context=smtp.server_context(pem))
    send(smtp_tls="starttls")
    (mail,) = all_mail(db)
    assert mail.status == "waiting"
    assert "certificate verify failed" in mail.error
    assert server.letters == []


def test_a_server_without_tls_gets_no_mail_in_clear(db: Database, server: MailServer, send: Send) -> None:
    put(db)
    send(smtp_tls="starttls")
    assert "STARTTLS" in all_mail(db)[0].error
    assert (states(db), server.letters) == (["waiting"], [])


def test_a_server_with_a_good_certificate_gets_it(
    db: Database, server: MailServer, send: Send, pem: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    put(db)
    options = {"require_starttls": True, "authenticator": knows("wijk", " geheim "), "auth_required": True}
    restart(server, tls_context=smtp.server_context(pem), **options)
    login = {"smtp_user": "wijk", "smtp_password": " geheim "}
    send(smtp_tls="starttls", **login)
    assert states(db) == ["sent"], all_mail(db)[0].error


def test_a_certificate_of_another_host_gets_no_mail(
    db: Database, server: MailServer, send: Send, pem: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    put(db)
    restart(server, tls_context=smtp.server_context(pem))
    send(smtp_tls="starttls", smtp_host="localhost")
    assert "certificate" in all_mail(db)[0].error
    assert server.letters == []


def test_tls_from_the_first_byte(
    db: Database, server: MailServer, send: Send, pem: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.stop()
    server.options = {"ssl_context": smtp.server_context(pem)}
    monkeypatch.setattr("aiosmtpd.controller.Controller._testconn", lambda *_: None, raising=False)
    server.start()
    put(db)
    send(smtp_tls="tls")
    assert "certificate verify failed" in all_mail(db)[0].error
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    put(db)
    send(smtp_tls="tls")
    assert states(db) == ["waiting", "sent"]


def test_it_logs_in_with_the_password_of_the_file_as_it_is_now(
    db: Database, server: MailServer, send: Send, clock: Clock, tmp_path: Path
) -> None:
    restart(server, authenticator=knows("wijk", "nieuw"), auth_require_tls=False)
    password = tmp_path / "smtp_password"
    password.write_text("oud\n")
    put(db)
    send(smtp_user="wijk", smtp_password_file=password)
    assert all_mail(db)[0].error.startswith("535")
    password.write_text("nieuw\n")
    clock.now += timedelta(minutes=1)
    send(smtp_user="wijk", smtp_password_file=password)
    assert states(db) == ["sent"]


def test_a_password_file_that_is_gone_is_a_reason_to_try_later(
    db: Database, server: MailServer, send: Send, tmp_path: Path
) -> None:
    put(db)
    send(smtp_user="wijk", smtp_password_file=tmp_path / "weg")
    assert states(db) == ["waiting"]
    assert "No such file" in all_mail(db)[0].error


# Without a mail server.


def test_without_a_server_mail_stays_to_be_read(
    db: Database, send: Send, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """And no log holds its links: whoever reads logs would get in."""
    put(db)
    caplog.set_level(logging.DEBUG)
    send(smtp_host="")
    assert states(db) == ["unsent"]
    assert all_mail(db)[0].content["path"] == "/bevestig/abc"
    printed = capsys.readouterr()
    assert "/bevestig/abc" not in printed.out + printed.err + caplog.text
    send(smtp_host="")
    assert states(db) == ["unsent"]


def test_a_demo_prints_its_mail_once(db: Database, send: Send, capsys: pytest.CaptureFixture[str]) -> None:
    database.mark(db, database.DEMO)
    put(db)
    send(smtp_host="")
    printed = capsys.readouterr().err
    assert AICHA.email in printed
    assert f"{SITE}/bevestig/abc" in printed
    send(smtp_host="")
    assert capsys.readouterr().err == ""


def test_no_address_gets_into_the_log(
    db: Database, server: MailServer, send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "wijkbudget")
    put(db)
    put(db, BRAM.email)
    server.recipient_says[AICHA.email] = f"550 <{AICHA.email}> is unknown"
    send()
    server.stop()
    put(db)
    send()
    ours = [record.getMessage() for record in caplog.records if record.name == "wijkbudget"]
    assert len(ours) == 1
    assert "@" not in ours[0]


# Settings that don't go together.


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"mail_from": "", "contact_email": ""}, "needs mail_from or contact_email"),
        ({"smtp_host": "mail.example.org", "smtp_user": "wijk"}, "would be sent in clear"),
        ({"smtp_password_file": "/nergens/wachtwoord"}, "can't be read"),
        ({"smtp_tls": "misschien"}, "must be one of"),
    ],
)
def test_settings_that_cannot_be_right_stop_the_start(changes: dict[str, str], told: str) -> None:
    with pytest.raises(Exception, match=told):
        load({**SETTINGS, **changes}, {})


def test_the_password_does_not_stand_in_what_is_printed_of_the_settings() -> None:
    assert "zeer geheim" not in repr(load({"smtp_password": "zeer geheim"}, {}))


def test_the_texts_of_mails_are_asked_for_translation() -> None:
    asked = extracted()
    assert "De link werkt één dag." in asked
    assert "U krijgt deze mail omdat u bedenker bent van dit plan." in asked  # only in a text part
