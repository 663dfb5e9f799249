"""Accounts: how people come to one, what a good password is, codes that count once, and who may give what to whom."""

import json
from datetime import timedelta

import pyotp
import pytest

from domain import accounts, audit, outbox, passwords, second_factors, sessions
from domain.accounts import AddressTaken, Disabled, LastOwner, LinkGone
from domain.database import Database, writing
from domain.processes import Process
from domain.sessions import NotAllowed
from tests.cast import AFTER, NOW
from tests.staff import account, give

HASH = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$aGFzaA"
OLD, NEW = HASH + "b2xk", HASH + "bmV3"
TESSAS = ("Tessa de Vries", "t.devries@gemeente.example")


def token_of(path: str | None) -> str:
    assert path
    return path.rpartition("/")[2]


def mails(db: Database) -> list[tuple[str, str]]:
    return list(db.execute("SELECT kind, recipient FROM outbox ORDER BY id").fetchall())


# Passwords


@pytest.mark.parametrize(
    ("password", "kind"),
    [
        ("", "too_short"),
        ("elf tekens!", "too_short"),
        ("x" * 201, "too_long"),
        ("wachtwoord123", "common"),
        ("qwertyuiop12", "common"),
        ("welkomwelkom1", "common"),
        ("aaaaaaaaaaaaaaaa", "common"),
        ("gemeentebeheer", "common"),
        ("fiets paard Tessa molen", "own_name"),
        ("fiets paard TESSÁ molen", "own_name"),
        ("molen paard devries kast", "own_name"),
        ("ik ben t.devries@gemeente.example", "own_name"),
    ],
)
def test_a_bad_password_is_refused_for_its_reason(password: str, kind: str) -> None:
    assert [wrong.kind for wrong in passwords.problems("password", password, TESSAS)] == [kind]


@pytest.mark.parametrize(
    "password", ["paardenbloem fietst langzaam", "vlonder-kwast-oever-48", "k8#Vq2!mZr0w", "平安是福 molen kast"]
)
def test_a_good_password_is_taken(password: str) -> None:
    assert passwords.problems("password", password, TESSAS) == []


def test_a_password_is_the_same_on_every_keyboard() -> None:
    hash_ = passwords.hash_of("café paard molen")
    assert passwords.verify(hash_, "cafe\u0301 paard molen")
    assert not passwords.verify(hash_, "cafe paard molen")
    assert not passwords.outdated(hash_)
    assert passwords.outdated(HASH)


STRONG = passwords.HASHER  # before the tests make it quick


def test_passwords_cost_what_rfc_9106_recommends() -> None:
    assert (STRONG.memory_cost, STRONG.time_cost, STRONG.parallelism) == (64 * 1024, 3, 4)
    assert STRONG.type.name == "ID"


def test_without_an_account_every_password_is_wrong() -> None:
    for password in ("", "paardenbloem fietst langzaam"):
        assert not passwords.verify("", password)
    assert not passwords.verify("no hash", "x")
    assert passwords.HASHER.check_needs_rehash(passwords.nobodys()) is False  # so it takes as long as a real one


# The first account


def test_a_newer_first_link_voids_the_older(db: Database) -> None:
    with writing(db):
        older = token_of(accounts.first_link(db, NOW))
        newer = token_of(accounts.first_link(db, NOW))
        with pytest.raises(LinkGone):
            accounts.make_first(db, older, "olga@gemeente.example", "Olga", HASH, NOW)
        olga = accounts.make_first(db, newer, "Olga@Gemeente.example ", "Olga", HASH, NOW)
    assert accounts.load(db, olga) == accounts.Account(
        olga, "olga@gemeente.example", "Olga", True, True, False, False, False, {}
    )
    assert accounts.first_link(db, NOW) is None
    with pytest.raises(LinkGone):
        accounts.make_first(db, newer, "kwaad@example.org", "Kwaad", HASH, NOW)


def test_a_first_link_of_before_somebody_else_was_first_makes_nobody(db: Database) -> None:
    with writing(db):
        token = token_of(accounts.first_link(db, NOW))
        account(db, "Olga", owner=True)
        with pytest.raises(LinkGone):
            accounts.make_first(db, token, "kwaad@example.org", "Kwaad", HASH, NOW)


def test_an_address_has_one_account(db: Database) -> None:
    with writing(db):
        accounts.make(db, "olga@gemeente.example", "Olga", HASH, True, NOW)
        with pytest.raises(AddressTaken):
            accounts.make(db, " OLGA@gemeente.example", "Olga", HASH, False, NOW)


# Invitations and roles


def invited(
    db: Database, by: int, process: Process | None, *roles: str, name: str = "Tessa", owner: bool = False
) -> int:
    return accounts.invite(db, by, f"{name.lower()}@gemeente.example", name, process, roles, owner, NOW)


def test_the_owner_invites_to_a_process(db: Database, process: Process) -> None:
    with writing(db):
        olga = account(db, "Olga", owner=True)
        tessa = invited(db, olga, process, "toetser", "moderator")
    found = accounts.load(db, tessa)
    assert found
    assert found.roles == {process.id: {"toetser", "moderator"}}
    assert not found.accepted
    assert mails(db) == [("invitation", "tessa@gemeente.example")]


def test_an_invitation_counts_once_and_for_a_week(db: Database, process: Process) -> None:
    with writing(db):
        tessa = invited(db, account(db, "Olga", owner=True), process, "toetser")
        path = accounts.new_link(
            db, "invitation", "tessa@gemeente.example", {"account_id": tessa}, accounts.INVITATION_LASTS, NOW
        )
        token = token_of(path)
        with pytest.raises(LinkGone):
            accounts.of_invitation(db, token, NOW + timedelta(days=7))
        assert accounts.of_invitation(db, token, NOW + timedelta(days=6, hours=23)).id == tessa
        accounts.accept(db, token, "Tessa de Vries", HASH, NOW)
        for again in (accounts.of_invitation, accounts.of_reset):
            with pytest.raises(LinkGone):
                again(db, token, NOW)
        with pytest.raises(LinkGone):
            accounts.accept(db, token, "Kwaad", HASH, NOW)
    assert accounts.names(db)[tessa] == "Tessa de Vries"


def test_a_link_of_one_purpose_is_void_for_another(db: Database, process: Process) -> None:
    with writing(db):
        tessa = invited(db, account(db, "Olga", owner=True), process, "toetser")
        reset = accounts.new_link(db, "password_reset", "t", {"account_id": tessa}, accounts.RESET_LASTS, NOW)
        for verb in (accounts.make_first, accounts.accept):
            with pytest.raises(LinkGone):
                verb(db, token_of(reset), *(["x@y.nl"] if verb is accounts.make_first else []), "Kwaad", HASH, NOW)
        assert accounts.of_reset(db, token_of(reset), NOW).id == tessa


def test_who_has_a_password_is_told_of_a_new_role_and_keeps_the_account(
    db: Database, process: Process, elsewhere: Process
) -> None:
    with writing(db):
        olga, tessa = account(db, "Olga", owner=True), account(db, "Tessa", password=HASH)
        give(db, tessa, elsewhere, "toetser")
        assert invited(db, olga, process, "moderator", name="Tessa") == tessa
    assert sessions.roles_of(db, tessa) == {elsewhere.id: {"toetser"}, process.id: {"moderator"}}
    assert db.execute("SELECT count(*) FROM links").fetchone() == (0,)
    assert accounts.password_of(db, tessa) == HASH


def test_no_beheerder_reads_an_invitation_in_the_post(db: Database, process: Process, elsewhere: Process) -> None:
    """Bea would become the colleague she invited, and an owner too if Olga gave that account more later."""
    with writing(db):
        bea, nina = account(db, "Bea"), account(db, "Nina")
        give(db, bea, process, "beheerder")
        give(db, nina, elsewhere, "beheerder")
        invited(db, bea, process, "toetser")
        invited(db, nina, elsewhere, "toetser")
        invited(db, account(db, "Olga", owner=True), process, owner=True, name="Otto")
    seen = [process_id for (process_id,) in db.execute("SELECT process_id FROM outbox ORDER BY id").fetchall()]
    assert seen == [None, None, None]
    assert "invitation" in outbox.OWNERS_ONLY


def test_a_beheerder_gives_roles_in_their_own_process_only(db: Database, process: Process, elsewhere: Process) -> None:
    with writing(db):
        bea, tessa, olga = account(db, "Bea"), account(db, "Tessa"), account(db, "Olga", owner=True)
        give(db, bea, process, "beheerder")
        accounts.set_roles(db, bea, tessa, process.id, ["toetser"], NOW)
        for forbidden in (
            lambda: accounts.set_roles(db, bea, tessa, elsewhere.id, ["toetser"], NOW),
            lambda: accounts.set_roles(db, bea, olga, process.id, [], NOW),
            lambda: accounts.set_roles(db, tessa, tessa, process.id, ["beheerder"], NOW),
            lambda: invited(db, bea, elsewhere, "toetser", name="Kees"),
            lambda: invited(db, bea, None, name="Kees"),
            lambda: invited(db, bea, None, owner=True, name="Kees"),
            lambda: invited(db, bea, process, owner=True, name="Kees"),
            lambda: accounts.disable(db, bea, tessa, NOW),
            lambda: accounts.enable(db, bea, tessa, NOW),
            lambda: accounts.drop_second_factor(db, bea, tessa, NOW),
            lambda: accounts.require_second_factor(db, bea, True, NOW),
        ):
            with pytest.raises(NotAllowed):
                forbidden()
    assert sessions.roles_of(db, tessa) == {process.id: {"toetser"}}
    assert sessions.roles_of(db, olga) == {}


def test_a_role_that_does_not_exist_is_not_given(db: Database, process: Process) -> None:
    with writing(db):
        olga, tessa = account(db, "Olga", owner=True), account(db, "Tessa")
        accounts.set_roles(db, olga, tessa, process.id, ["toetser", "owner", "koning"], NOW)
    assert sessions.roles_of(db, tessa) == {process.id: {"toetser"}}


def test_roles_given_and_taken_are_in_the_log_by_number(db: Database, process: Process) -> None:
    with writing(db):
        olga, tessa = account(db, "Olga", owner=True), account(db, "Tessa")
        accounts.set_roles(db, olga, tessa, process.id, ["toetser"], NOW)
        accounts.set_roles(db, olga, tessa, process.id, ["moderator"], NOW)
        accounts.set_roles(db, olga, tessa, process.id, ["moderator"], NOW)  # nothing changes, nothing is logged
    last, first = audit.page(db, None, 10)
    assert (last.account_id, last.subject, last.process_id) == (olga, f"account {tessa}", process.id)
    assert last.detail == {"given": ["moderator"], "taken": ["toetser"]}
    assert first.detail == {"given": ["toetser"], "taken": []}


def test_the_last_owner_stays(db: Database) -> None:
    with writing(db):
        olga = account(db, "Olga", owner=True, password=HASH)
        account(db, "Otto", owner=True)  # invited, but has no password yet: nobody could sign in
        with pytest.raises(LastOwner):
            accounts.disable(db, olga, olga, NOW)
        otto = account(db, "Ottilie", owner=True, password=HASH)
        accounts.disable(db, otto, olga, NOW)
        with pytest.raises(LastOwner):
            accounts.disable(db, otto, otto, NOW)


def test_disabling_ends_sessions_and_links(db: Database, process: Process) -> None:
    with writing(db):
        olga = account(db, "Olga", owner=True, password=HASH)
        tessa = account(db, "Tessa", password=HASH)
        give(db, tessa, process, "toetser")
        token = sessions.start(db, tessa, "", NOW)
        reset = token_of(accounts.reset_link(db, "tessa@gemeente.example", NOW))
        accounts.disable(db, olga, tessa, NOW)
        assert sessions.find(db, token, NOW) is None
        accounts.enable(db, olga, tessa, NOW)
        assert sessions.find(db, token, NOW) is None
        with pytest.raises(LinkGone):
            accounts.reset(db, reset, HASH, NOW)
    assert sessions.roles_of(db, tessa) == {process.id: {"toetser"}}


# Forgotten passwords


def test_an_address_without_account_gets_a_link_made_and_no_mail(db: Database) -> None:
    with writing(db):
        account(db, "Tessa", password=HASH)
        account(db, "Weg", password=HASH, disabled_at="2026-05-01T00:00:00Z")
        for name in ("tessa", "weg", "niemand"):
            accounts.ask_reset(db, f"{name}@gemeente.example", "en", NOW)
    assert db.execute("SELECT count(*) FROM links").fetchone() == (3,)
    assert mails(db) == [("password_reset", "tessa@gemeente.example")]
    assert db.execute("SELECT language FROM outbox").fetchone() == ("en",)  # in which they asked


def test_a_reset_counts_once_for_an_hour_and_only_the_last(db: Database) -> None:
    with writing(db):
        tessa = account(db, "Tessa", password=OLD)
        older = token_of(accounts.reset_link(db, "tessa@gemeente.example", NOW))
        token = token_of(accounts.reset_link(db, "tessa@gemeente.example", NOW))
        for gone, now in ((older, NOW), (token, NOW + timedelta(hours=1)), ("x", NOW)):
            with pytest.raises(LinkGone):
                accounts.reset(db, gone, NEW, now)
        accounts.reset(db, token, NEW, NOW)
        with pytest.raises(LinkGone):
            accounts.reset(db, token, OLD, NOW)
    assert accounts.password_of(db, tessa) == NEW


def test_a_reset_ends_every_session(db: Database) -> None:
    with writing(db):
        tessa, other = account(db, "Tessa", password=OLD), account(db, "Mo")
        ended = [sessions.start(db, tessa, device, NOW) for device in ("laptop", "telefoon")]
        stays = sessions.start(db, other, "", NOW)
        accounts.reset(db, token_of(accounts.reset_link(db, "tessa@gemeente.example", NOW)), NEW, NOW)
    assert [sessions.find(db, token, NOW) for token in ended] == [None, None]
    assert sessions.find(db, stays, NOW)


# Sessions


def test_a_session_ends_after_eight_idle_hours_and_after_a_week_at_most(db: Database) -> None:
    with writing(db):
        tessa = account(db, "Tessa")
        token = sessions.start(db, tessa, "", NOW)
        found = sessions.find(db, token, NOW + timedelta(hours=7, minutes=59))
        assert found
        assert sessions.find(db, token, NOW + timedelta(hours=8)) is None
        for hours in range(4, 7 * 24 + 4, 4):
            sessions.seen(db, found.session_id, NOW + timedelta(hours=hours))
        assert sessions.find(db, token, NOW + timedelta(days=6, hours=23))
        assert sessions.find(db, token, NOW + timedelta(days=7)) is None
        sessions.purge(db, AFTER)
    assert db.execute("SELECT count(*) FROM staff_sessions").fetchone() == (0,)


def test_the_database_does_not_hold_the_token(db: Database) -> None:
    with writing(db):
        token = sessions.start(db, account(db, "Tessa"), "", NOW)
    assert token not in "\n".join(db.iterdump())


# The second factor


@pytest.fixture
def app_of_tessa(db: Database, secret: bytes) -> tuple[int, pyotp.TOTP, list[str]]:
    """Tessa's account, the app on her phone and her recovery codes."""
    totp = second_factors.draw()
    with writing(db):
        tessa = account(db, "Tessa")
        codes = second_factors.turn_on(db, secret, tessa, totp, 0)
    return tessa, pyotp.TOTP(totp), codes


Phone = tuple[int, pyotp.TOTP, list[str]]


def test_a_code_counts_once(db: Database, secret: bytes, app_of_tessa: Phone) -> None:
    tessa, app, _ = app_of_tessa
    with writing(db):
        assert second_factors.passed(db, secret, tessa, app.at(NOW), NOW)
        assert not second_factors.passed(db, secret, tessa, app.at(NOW), NOW)
        assert not second_factors.passed(db, secret, tessa, app.at(NOW - timedelta(seconds=30)), NOW)
        later = NOW + timedelta(seconds=30)
        assert second_factors.passed(db, secret, tessa, f" {app.at(later)[:3]} {app.at(later)[3:]} ", later)


def test_a_phone_may_be_half_a_minute_off_and_no_more(db: Database, secret: bytes, app_of_tessa: Phone) -> None:
    tessa, app, _ = app_of_tessa
    for off, fine in ((-60, False), (60, False), (-30, True), (30, True)):
        with writing(db):
            assert second_factors.passed(db, secret, tessa, app.at(NOW + timedelta(seconds=off)), NOW) is fine, off


@pytest.mark.parametrize("typed", ["", "12345", "abcdef", "²²²²²²", "٠٠٠٠٠٠", "0" * 400])
def test_what_is_no_code_does_not_pass(db: Database, secret: bytes, app_of_tessa: Phone, typed: str) -> None:
    with writing(db):
        assert not second_factors.passed(db, secret, app_of_tessa[0], typed, NOW)


def test_each_recovery_code_counts_once(db: Database, secret: bytes, app_of_tessa: Phone) -> None:
    tessa, _, codes = app_of_tessa
    assert len(set(codes)) == 10
    with writing(db):
        for code in codes:
            assert second_factors.passed(db, secret, tessa, f" {code.lower()} ", NOW)
            assert not second_factors.passed(db, secret, tessa, code, NOW)
    assert second_factors.recovery_codes_left(db, tessa) == 0


def test_new_recovery_codes_void_the_old(db: Database, secret: bytes, app_of_tessa: Phone) -> None:
    tessa, _, old = app_of_tessa
    with writing(db):
        new = second_factors.renew_recovery_codes(db, secret, tessa)
        assert not second_factors.passed(db, secret, tessa, old[0], NOW)
        assert second_factors.passed(db, secret, tessa, new[0], NOW)


def test_somebody_elses_codes_do_not_pass(db: Database, secret: bytes, app_of_tessa: Phone) -> None:
    _, app, codes = app_of_tessa
    with writing(db):
        mo = account(db, "Mo")
        second_factors.turn_on(db, secret, mo, second_factors.draw(), 0)
        for typed in (codes[0], app.at(NOW)):
            assert not second_factors.passed(db, secret, mo, typed, NOW)


def test_the_database_alone_makes_no_codes(db: Database, secret: bytes, app_of_tessa: Phone) -> None:
    """Neither the secret of the app nor a recovery code can be read without the secret file, or moved to another."""
    tessa, app, codes = app_of_tessa
    dump = "\n".join(db.iterdump())
    assert app.secret not in dump
    assert not [code for code in codes if code in dump or code.replace("-", "") in dump]
    (kept,) = db.execute("SELECT totp FROM accounts WHERE id = ?", [tessa]).fetchone()
    text = second_factors.as_text(kept)
    assert second_factors.from_text(secret, tessa, text) == app.secret
    assert second_factors.from_text(secret, tessa + 1, text) is None
    assert second_factors.from_text(bytes(32), tessa, text) is None
    for broken in ("", "x", text[:-4], "é"):
        assert second_factors.from_text(secret, tessa, broken) is None


# What an invitation says, and who can't be invited


def test_an_invitation_says_by_whom_for_what_and_how_long(db: Database, process: Process) -> None:
    with writing(db):
        olga = account(db, "Olga", owner=True)
        invited(db, olga, process, "moderator", "toetser")
        invited(db, olga, None, name="Otto", owner=True)
    said = [json.loads(content) for (content,) in db.execute("SELECT content FROM outbox ORDER BY id")]
    assert [(one["inviter"], one["roles"], one["where"], one["days"]) for one in said] == [
        ("Olga", ["toetser", "moderator"], process.name, 7),
        ("Olga", [], "", 7),
    ]


def test_who_has_an_account_becomes_an_owner_openly(db: Database, process: Process) -> None:
    with writing(db):
        olga, tessa = account(db, "Olga", owner=True), account(db, "Tessa", password=HASH)
        assert invited(db, olga, None, owner=True) == tessa
        with pytest.raises(NotAllowed):
            invited(db, olga, None, owner=True)  # is one already
        with pytest.raises(NotAllowed):
            invited(db, olga, process, "toetser")
    found = accounts.load(db, tessa)
    assert found
    assert found.owner
    actions = db.execute("SELECT account_id, action, subject FROM audit_log").fetchall()
    assert actions == [(olga, "owner_made", f"account {tessa}")]


def test_a_disabled_account_is_not_invited(db: Database, process: Process) -> None:
    with writing(db):
        olga, tessa = account(db, "Olga", owner=True, password=HASH), account(db, "Tessa", password=HASH)
        accounts.disable(db, olga, tessa, NOW)
        for owner in (True, False):
            with pytest.raises(Disabled):
                invited(db, olga, process, "toetser", owner=owner)
    assert sessions.roles_of(db, tessa) == {}
