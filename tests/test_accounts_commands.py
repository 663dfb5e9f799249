"""What who runs the server does for staff: the first link, a password reset, and checking the log."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import app
import cli
from config.settings import Settings, load
from domain import accounts, audit, second_factors
from domain.accounts import LinkGone
from domain.database import Database, connect, writing
from domain.imports import utc_now
from domain.migrations import migrate
from domain.secret import open_secret
from tests.cast import NOW
from tests.staff import TESSA, account

ADDRESS = "http://127.0.0.1:8000"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load({"db": str(tmp_path / "wijkbudget.db")}, environment={})


def run(settings: Settings, *arguments: str) -> Result:
    return CliRunner().invoke(cli.main, [*arguments, "--db", str(settings.db)])


def links_printed(result: Result) -> list[str]:
    return [word for word in result.stderr.split() if word.startswith(f"{ADDRESS}/beheer/start/")]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Callable[[], Result]:
    """`wijkbudget serve` as far as saying that it serves."""

    def serve(chosen: Settings, announce: Callable[[str], None], **_: object) -> None:
        db = connect(chosen.db)
        migrate(db)
        open_secret(db, chosen.db.with_name("wijkbudget.db.secret"))
        db.close()
        announce(ADDRESS)

    monkeypatch.setattr(app, "serve", serve)
    return lambda: run(settings, "serve")


def test_a_start_without_accounts_prints_the_one_link_that_counts(
    started: Callable[[], Result], settings: Settings
) -> None:
    (older,), (newer,) = links_printed(started()), links_printed(started())
    db = connect(settings.db)
    with writing(db):
        with pytest.raises(LinkGone):
            accounts.of_link(db, accounts.FIRST, older.rpartition("/")[2], utc_now())
        accounts.make_first(db, newer.rpartition("/")[2], "olga@gemeente.example", "Olga", "x", utc_now())
    db.close()
    assert links_printed(started()) == []


def test_a_password_reset_prints_a_link(settings: Settings, db: Database, secret: bytes) -> None:
    with writing(db):
        tessa = account(db, "Tessa")
    printed = run(settings, "password-reset", TESSA.email.upper())
    assert printed.exit_code == 0
    token = printed.stdout.strip().removeprefix(f"{ADDRESS}/beheer/wachtwoord/")
    assert accounts.of_reset(db, token, utc_now()).id == tessa
    as_json = json.loads(run(settings, "password-reset", TESSA.email, "--json").stdout)
    assert as_json["link"].startswith(f"{ADDRESS}/beheer/wachtwoord/")
    assert [entry.account_id for entry in audit.page(db, None, 9)] == [audit.COMMAND_LINE] * 2


def test_a_lost_phone_is_left_out_when_asked(settings: Settings, db: Database, secret: bytes) -> None:
    with writing(db):
        tessa = account(db, "Tessa")
        second_factors.turn_on(db, secret, tessa, second_factors.draw(), 0)
    for flags, left in ((), True), (("--drop-second-factor",), False):
        assert run(settings, "password-reset", TESSA.email, *flags).exit_code == 0
        found = accounts.load(db, tessa)
        assert found
        assert found.second_factor is left


def test_without_such_an_account_there_is_no_link(settings: Settings, db: Database, secret: bytes) -> None:
    with writing(db):
        account(db, "Weg", disabled_at="2026-05-01T00:00:00Z")
    for email in ("niemand@gemeente.example", "weg@gemeente.example"):
        refused = run(settings, "password-reset", email)
        assert refused.exit_code == cli.REFUSED
        assert refused.stderr == f"Error: No account that may sign in has the address {email}.\n"


def test_the_log_is_checked(settings: Settings, db: Database, secret: bytes) -> None:
    with writing(db):
        for number in range(1, 4):
            audit.record(db, 1, None, "plan_hidden", f"plan {number}", NOW)
    head = audit.check(db).head_hex
    whole = run(settings, "check-log")
    assert (whole.exit_code, whole.stdout) == (0, f"The audit log is whole. Rows: 3, head: {head}\n")
    facts = json.loads(run(settings, "check-log", "--json", "--head", head).stdout)
    assert facts == {"rows": 3, "head": head, "whole": True}


def test_a_log_that_is_broken_fails_the_check(settings: Settings, db: Database, secret: bytes) -> None:
    with writing(db):
        for number in range(1, 4):
            audit.record(db, 1, None, "plan_hidden", f"plan {number}", NOW)
        head = audit.check(db).head_hex
        db.execute("DROP TRIGGER audit_log_stays_whole")
        db.execute("DELETE FROM audit_log WHERE id = 3")
    assert run(settings, "check-log").exit_code == 0
    cut = run(settings, "check-log", "--head", head)
    assert cut.exit_code == cli.FAILED
    assert "The audit log is NOT whole: that head is not in it." in cut.stderr
    with writing(db):
        db.execute("DELETE FROM audit_log WHERE id = 1")
    broken = run(settings, "check-log")
    assert broken.exit_code == cli.FAILED
    assert "The audit log is NOT whole: it is broken at row 2." in broken.stderr


@pytest.mark.parametrize("head", ["", "xyz", "00", "0" * 63])
def test_a_head_that_can_not_be_one_is_typed_wrong(settings: Settings, db: Database, secret: bytes, head: str) -> None:
    assert run(settings, "check-log", "--head", head).exit_code == 2
