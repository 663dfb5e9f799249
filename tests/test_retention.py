"""How long things are kept: one table in code, which the purge and the privacy page both read."""

import json
from datetime import timedelta

import pytest
from litestar.testing import TestClient

from domain import database, phases, residents, retention
from domain.database import Database, writing
from domain.processes import Process
from domain.retention import RULES
from tests.cast import AICHA, BRAM, NOW
from tests.pages import Page, words
from tests.writing import arrives, insert_collecting, insert_plan

DAY = timedelta(days=1)

# What is about no resident and no member of staff: whole tables, and single columns. Whoever adds a column to the
# schema puts it here, or in a rule.
NOT_PERSONAL = {
    *("secret_check", "revision", "areas", "processes", "phases", "themes", "area_budgets", "plan_themes"),
    *("exclusive_pairs", "ballots", "receipts", "roll", "roles", "site_options", "checklist_items"),
    *("assessments", "verdicts", "audit_log", "designs", "logos", "corrections", "area_figures"),
    *("paper_lists", "announcements", "ballot_channels", "voter_answers", "turnout_figures", "turnout_days"),
    "interest_figure",
}
NOT_PERSONAL_COLUMNS = {
    "plans": "id process_id project_id cost revision area_id withdrawn_at status version planned items "
    "lat lon submitted_at published_at staff_edited_at verdict verdict_reason asked_cost merged_into supports "
    "reactions channel account_id unread",
    "news": "id process_id plan_id kind at day",
    "photos": "key width",
    "residents": "id",
    "links": "purpose expires_at used_at",
    "submissions": "id process_id saved_at plan_id",
    "makers": "plan_id since",
    "proposed_edits": "plan_id proposed_at",
    "plan_versions": "plan_id number replaced_at account_id",
    "supports": "id plan_id given_on channel account_id",
    "reactions": "id plan_id parent_id side account_id status status_reason useful created_at channel",
    "useful_marks": "reaction_id",
    "reports": "id plan_id reaction_id reported_at handled_at account_id",
    "interested": "id",
    "follows": "id process_id plan_id frequency last_news",
    "accounts": "id totp_step owner disabled_at created_at may_design",
    "recovery_codes": "account_id",
    "staff_sessions": "id second_factor created_at expires_at",
    "notes": "id plan_id account_id written_at",
    "second_opinions": "id plan_id asked_by asked_of asked_at account_id verdict given_at",
    "questions": "id plan_id account_id asked_at answered_at",
    "outbox": "id message_id kind language process_id created_at next_try_at tries sent_at failed_at",
    "tiles": "z x y fetched_at",
    "outreach": "id process_id area_id age action done_on account_id created_at",
}


def columns(db: Database) -> set[str]:
    tables = [
        name
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        if not name.startswith(("sqlite_", "_sqlite", "plans_fts", "_"))
    ]
    return {f"{table}.{row[1]}" for table in tables for row in db.execute(f"PRAGMA table_info({table})")}


def test_every_column_with_personal_data_has_a_rule(db: Database) -> None:
    ruled = {column for rule in RULES for column in rule.where}
    free = {f"{table}.{name}" for table, names in NOT_PERSONAL_COLUMNS.items() for name in names.split()}
    rest = {column for column in columns(db) if column.partition(".")[0] not in NOT_PERSONAL} - free
    assert rest - ruled == set()
    assert ruled - columns(db) == set()
    assert not ruled & free


def test_the_privacy_page_names_every_rule_and_how_long(client: TestClient, process: Process) -> None:
    text = client.get("/privacy").text
    table = words(text[text.index('id="bewaren"') : text.index("Reservekopieën")])
    for said in ("90 dagen na de laatste keer bewaren", "30 dagen na het sturen", "1 jaar na de laatste fase"):
        assert said in table
    assert "Dan bewaren we ook de tekst, met de links erin 30 dagen na het sturen, of nadat dat niet lukte" in table
    rows = text[text.index('id="bewaren"') : text.index("Reservekopieën")].count('<th scope="row">')
    assert rows == len(RULES)
    for cookie in ("bewoner", "steun", "beheer", "plan_…", "concept"):
        assert cookie in words(text)
    assert {"/mijn/gegevens", "/mijn/verwijdering"} <= {a["href"] for a in Page(text).all("a")}


@pytest.fixture
def collecting(db: Database, secret: bytes) -> Process:
    return insert_collecting(db, secret)


def purge(db: Database, days: float = 0) -> dict[str, int]:
    with writing(db):
        return retention.purge(db, NOW + timedelta(days=days))


def number(db: Database, table: str) -> int:
    return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_what_is_in_use_stays(db: Database, secret: bytes, collecting: Process) -> None:
    aicha = arrives(db, secret, AICHA)
    insert_plan(db, collecting, aicha)
    with writing(db):
        residents.start_session(db, aicha, NOW)
    revision = db.execute("SELECT number FROM revision").fetchone()
    assert sum(purge(db).values()) == 0
    assert db.execute("SELECT email FROM residents").fetchone() == (AICHA.email,)
    assert db.execute("SELECT number FROM revision").fetchone() == revision  # no page is made anew for nothing


def test_who_is_not_seen_for_a_year_is_forgotten_unless_they_make_or_follow_something(
    db: Database, secret: bytes, collecting: Process
) -> None:
    aicha, bram = arrives(db, secret, AICHA), arrives(db, secret, BRAM)
    insert_plan(db, collecting, aicha)
    with writing(db):
        db.execute("DELETE FROM makers WHERE resident_id = ?", [bram])
    assert purge(db, 365)["resident"] == 0
    assert purge(db, 366)["resident"] == 1
    assert [id_ for (id_,) in db.execute("SELECT id FROM residents")] == [aicha]


def test_an_address_that_nothing_needs_goes_after_a_day(db: Database, secret: bytes, collecting: Process) -> None:
    bram = arrives(db, secret, BRAM)
    assert purge(db, 0.5)["address"] == 0
    assert purge(db, 2)["address"] == 1
    assert db.execute("SELECT email FROM residents WHERE id = ?", [bram]).fetchone() == (None,)


def test_sessions_links_drafts_and_mail_go_when_their_time_has_come(
    db: Database, secret: bytes, collecting: Process
) -> None:
    at = phases.to_text(NOW)
    aicha = arrives(db, secret, AICHA)
    with writing(db):
        residents.start_session(db, aicha, NOW)
        database.insert(db, "links", {"hash": b"a" * 32, "purpose": "support", "email": "a@b.nl", "expires_at": at})
        draft = {"hash": b"b" * 32, "process_id": collecting.id, "saved_at": at}
        database.insert(db, "submissions", draft)
        for n, times in enumerate(({"sent_at": at}, {"failed_at": at}, {})):
            mail = {"message_id": str(n), "kind": "confirm", "recipient": "a@b.nl", "language": "nl", "content": "{}"}
            database.insert(db, "outbox", {**mail, "created_at": at, "next_try_at": at, **times})
    for days, gone in ((6.9, {}), (7.1, {"link": 1}), (30.1, {"mail": 2}), (90.1, {"session": 1, "draft": 1})):
        done = purge(db, days)
        assert {name: done[name] for name in ("link", "mail", "session", "draft") if done[name]} == gone
    assert number(db, "outbox") == 1  # what still waits is not lost


def test_a_year_after_the_last_phase_nobody_can_be_told_apart(db: Database, secret: bytes, collecting: Process) -> None:
    """The plan, its name, the number of supports and the reaction stay."""
    aicha = arrives(db, secret, AICHA)
    plan = insert_plan(db, collecting, aicha)
    at = phases.to_text(NOW)
    with writing(db):
        database.insert(db, "supports", {"plan_id": plan, "resident_id": aicha, "given_on": "2026-05-12"})
        reaction = {"plan_id": plan, "side": "for", "resident_id": aicha, "name": "Aïcha", "text": "Ja!"}
        database.insert(db, "reactions", {**reaction, "status": "published", "created_at": at})
        follow = {"process_id": collecting.id, "resident_id": aicha, "frequency": "digest"}
        database.insert(db, "follows", follow)
        end = NOW + 300 * DAY
        db.execute("UPDATE phases SET closes_at = ? WHERE kind = 'vote'", [phases.to_text(end)])
    names = ("maker", "follow", "support", "reaction_writer", "resident")
    before = purge(db, 300 + 364)
    assert {name: before[name] for name in names} == dict.fromkeys(names, 0)
    after = purge(db, 300 + 366)
    assert {name: after[name] for name in names[:4]} == dict.fromkeys(names[:4], 1)
    purge(db, 300 + 366)
    assert number(db, "residents") == 0
    assert db.execute("SELECT maker, supports, reactions FROM plans WHERE id = ?", [plan]).fetchone() == ("Aïcha", 1, 1)
    assert db.execute("SELECT name, text, resident_id FROM reactions").fetchone() == ("Aïcha", "Ja!", None)


def test_of_an_account_that_is_long_disabled_only_its_number_stays(db: Database, collecting: Process) -> None:
    at = phases.to_text(NOW)
    with writing(db):
        row = {"email": "olga@gemeente.example", "name": "Olga", "password": "argon", "created_at": at}
        olga = database.insert(db, "accounts", {**row, "disabled_at": at})
        database.insert(db, "accounts", row | {"email": "bea@gemeente.example"})
        database.insert(db, "recovery_codes", {"account_id": olga, "hash": b"r" * 16})
        database.insert(db, "roles", {"account_id": olga, "process_id": collecting.id, "role": "toetser"})
    assert purge(db, 729)["account"] == 0
    assert [purge(db, 731)["account"] for _ in range(2)] == [1, 0]
    rows = list(db.execute("SELECT id, name, email, password FROM accounts ORDER BY id"))
    assert tuple(rows[0]) == (olga, "–", f"{olga}@removed.invalid", "")
    assert rows[1][2] == "bea@gemeente.example"
    assert number(db, "recovery_codes") == number(db, "roles") == 0


def test_a_report_goes_a_year_after_it_was_handled(db: Database, secret: bytes, collecting: Process) -> None:
    plan, at = insert_plan(db, collecting, arrives(db, secret, AICHA)), phases.to_text(NOW)
    with writing(db):
        report = {"plan_id": plan, "reason": "Reclame", "reported_at": at}
        database.insert(db, "reports", report)
        database.insert(db, "reports", report | {"handled_at": at})
    assert purge(db, 366)["report"] == 1
    assert number(db, "reports") == 1


def test_the_audit_log_stays_whole(db: Database, collecting: Process) -> None:
    with writing(db):
        row = {"at": phases.to_text(NOW), "account_id": 1, "action": "plan.hidden", "hash": b"h" * 32}
        database.insert(db, "audit_log", row | {"detail": json.dumps({"plan": 1})})
    purge(db, 5_000)
    assert number(db, "audit_log") == 1
