"""The outbox: what waits, until when, and what is kept of it."""

import sqlite3
from datetime import datetime, timedelta

import pytest

from domain import outbox
from domain.database import Database, writing
from domain.outbox import Mail, Reader, Recipient
from domain.processes import Process
from tests.cast import AICHA, BRAM, NOW
from tests.staff import OLGA, account

OWNER = Reader(everything=True)
AT = {"path": "/bevestig/geheim"}


def put(db: Database, email: str = AICHA.email, **options: object) -> None:
    with writing(db):
        outbox.put(db, "personal_data", Recipient(email), AT, NOW, **options)


def all_mail(db: Database) -> list[Mail]:
    return outbox.page(db, OWNER, 100)[::-1]


def only(db: Database) -> Mail:
    (mail,) = all_mail(db)
    return mail


def test_a_mail_waits_with_all_it_needs(db: Database) -> None:
    put(db, unsubscribe="/afmelden/abc")
    (mail,) = outbox.due(db, NOW)
    assert (mail.recipient, mail.content, mail.unsubscribe, mail.status) == (
        AICHA.email,
        AT,
        "/afmelden/abc",
        "waiting",
    )


def test_a_mail_is_there_only_if_its_reason_is(db: Database) -> None:
    def put_and_fail() -> None:
        with writing(db):
            outbox.put(db, "personal_data", Recipient(AICHA.email), AT, NOW)
            db.execute("INSERT INTO processes (id) VALUES (1)")

    with pytest.raises(sqlite3.IntegrityError):
        put_and_fail()
    assert not outbox.due(db, NOW)


def test_every_mail_has_a_message_id_of_its_own(db: Database) -> None:
    put(db)
    put(db)
    assert len({mail.message_id for mail in all_mail(db)}) == 2


def test_once_means_once_for_each_recipient(db: Database) -> None:
    for email in (AICHA.email, AICHA.email.upper(), BRAM.email, AICHA.email):
        put(db, email, once="verdict 7 1")
    put(db, once="verdict 7 2")
    assert [mail.recipient for mail in all_mail(db)] == [AICHA.email, BRAM.email, AICHA.email]


NO_ADDRESS = [
    "",
    "aicha",
    "aicha@example.org\nBcc: willem@example.org",
    "aicha@example.org\r\n\r\nKoop nu",
    "aicha@example.org, willem@example.org",
    "Aïcha <aicha@example.org>",
    "aicha\x00@example.org",
    "aicha@exam\u2028ple.org",
    "aicha@example.org\x85Bcc:x@example.org",
    "\u202eaicha@example.org",
]


@pytest.mark.parametrize("email", NO_ADDRESS)
def test_what_is_not_one_address_gets_no_mail(db: Database, email: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        put(db, email)
    assert not all_mail(db)


@pytest.mark.parametrize("path", ["afmelden", "//elders.example> ", "/a\nBcc: x@example.org", "/a b", "/a>", "/é"])
def test_what_is_no_path_is_no_way_to_unsubscribe(db: Database, path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        put(db, unsubscribe=path)


def fail(db: Database, at: datetime) -> Mail:
    with writing(db):
        outbox.later(db, only(db).id, "421 try later", at)
    return only(db)


def test_it_waits_longer_each_time_and_gives_up_after_a_day(db: Database) -> None:
    put(db)
    now, waits = NOW, []
    while (mail := fail(db, now)).status == "waiting":
        assert not outbox.due(db, mail.next_try_at - timedelta(seconds=1))
        assert outbox.due(db, mail.next_try_at) == [mail]
        waits.append(mail.next_try_at - now)
        now = mail.next_try_at
    assert waits == [timedelta(minutes=m) for m in (1, 5, 30, 120, 360, 720)]
    assert (mail.status, mail.error, mail.tries, mail.content) == ("failed", "421 try later", 7, AT)
    assert not outbox.due(db, now + timedelta(days=365))


def test_who_was_forgotten_meanwhile_stays_so(db: Database) -> None:
    put(db)
    (mail,) = outbox.due(db, NOW)
    with writing(db):
        db.execute("DELETE FROM outbox")
        outbox.later(db, mail.id, "421 try later", NOW)
        outbox.sent(db, mail.id, NOW)
    assert not all_mail(db)


def test_what_was_said_is_forgotten_once_it_is_sent(db: Database) -> None:
    put(db)
    fail(db, NOW)
    with writing(db):
        outbox.sent(db, only(db).id, NOW)
    mail = only(db)
    assert (mail.status, mail.content, mail.error, mail.tries) == ("sent", {}, "", 2)
    assert not outbox.due(db, NOW + timedelta(days=365))


def test_what_the_server_refuses_has_failed_at_once(db: Database) -> None:
    put(db)
    with writing(db):
        outbox.refused(db, only(db).id, "550 nobody here", NOW)
    assert (only(db).status, only(db).error) == ("failed", "550 nobody here")
    assert outbox.count_failed(db, OWNER) == 1


def test_without_a_server_nothing_has_failed_and_the_words_stay(db: Database) -> None:
    put(db)
    with writing(db):
        outbox.unsent(db, [only(db).id], NOW)
    assert (only(db).status, only(db).content) == ("unsent", AT)
    assert outbox.count_failed(db, OWNER) == 0
    assert outbox.page(db, OWNER, 10, failed=True) == []


def test_a_mail_that_failed_starts_over_and_no_other(db: Database) -> None:
    put(db)
    put(db, BRAM.email)
    failed, waiting = all_mail(db)
    with writing(db):
        olga = account(db, OLGA.name, owner=True)
        outbox.refused(db, failed.id, "550 nobody here", NOW)
        assert outbox.again(db, OWNER, failed.id, olga, NOW)
        assert not outbox.again(db, OWNER, failed.id, olga, NOW)
        assert not outbox.again(db, OWNER, waiting.id, olga, NOW)
        assert not outbox.again(db, OWNER, 999, olga, NOW)
    again = all_mail(db)[0]
    assert (again.status, again.tries, again.error, again.message_id) == ("waiting", 0, "", failed.message_id)
    assert [row["subject"] for row in db.query("SELECT subject FROM audit_log")] == [f"mail {failed.id}"]


def test_staff_see_the_mail_of_their_processes_and_of_none(db: Database, process: Process, elsewhere: Process) -> None:
    """But none that holds a link: who opens it becomes the resident or colleague it was for."""
    with writing(db):
        for process_id in (process.id, elsewhere.id, None):
            outbox.put(db, "plan_received", Recipient(AICHA.email, "nl"), AT, NOW, process_id=process_id)
        for kind in outbox.OWNERS_ONLY:
            outbox.put(db, kind, Recipient(OLGA.email, "nl"), AT, NOW, process_id=process.id)
    here = Reader(everything=False, process_ids={process.id})
    seen = [(mail.kind, mail.process_id) for mail in outbox.page(db, here, 10)]
    assert seen == [("plan_received", None), ("plan_received", process.id)]
    assert [outbox.find(db, here, mail.id) is not None for mail in all_mail(db)][:4] == [True, False, True, False]


def test_the_list_goes_back_from_the_newest(db: Database) -> None:
    for _ in range(5):
        put(db)
    first = outbox.page(db, OWNER, 2)
    second = outbox.page(db, OWNER, 2, before=first[-1].id)
    assert [mail.id for mail in (*first, *second)] == [5, 4, 3, 2]
