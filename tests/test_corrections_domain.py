"""Corrections: what two of the staff may still put right once the vote opened, and what nobody may.

Bea asks, Tessa agrees: both are beheerder here. Nina is beheerder elsewhere and must be refused.
"""

import sqlite3
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from domain import ballots, corrections, mails, news, outbox, rules
from domain.corrections import LAPSES, Correction, Refused
from domain.database import Database, connect, writing
from domain.fields import WrongFields
from domain.outbox import Reader
from domain.processes import Process
from tests.cast import AFTER, AICHA, BRAM, EURO, NOW, OPENS, insert_vote, reload
from tests.conftest import HandIn, Seal
from tests.staff import account, give

REASON = "In de brief stond een ander bedrag."
BUDGET = 20_000 * EURO
MORE = 25_000 * EURO

Ask = Callable[..., int]
Agree = Callable[..., None]


@pytest.fixture
def staff(db: Database, process: Process, elsewhere: Process) -> dict[str, int]:
    """The accounts of who may and may not decide, by name."""
    with writing(db):
        ids = {name: account(db, name) for name in ("Bea", "Tessa", "Nina")}
        give(db, ids["Bea"], process, "beheerder")
        give(db, ids["Tessa"], process, "beheerder")
        give(db, ids["Nina"], elsewhere, "beheerder")
        return ids | {"Olga": account(db, "Olga", owner=True)}


@pytest.fixture
def ask(db: Database, process: Process, staff: dict[str, int]) -> Ask:
    def ask(name: str, value: Any, who: str = "Bea", reason: str = REASON, now: Any = NOW) -> int:
        with writing(db):
            return corrections.ask(db, reload(db), name, value, reason, now, staff[who])

    return ask


@pytest.fixture
def agree(db: Database, process: Process, staff: dict[str, int]) -> Agree:
    def agree(number: int, who: str = "Tessa", now: Any = NOW) -> None:
        with writing(db):
            corrections.agree(db, reload(db), number, now, staff[who])

    return agree


def only(db: Database, process: Process) -> Correction:
    (found,) = corrections.of_process(db, process.id)
    return found


def test_a_budget_is_corrected_by_two_and_by_nobody_alone(
    db: Database, process: Process, ask: Ask, agree: Agree, hand_in: HandIn
) -> None:
    hand_in(process, AICHA, "bank", "tap")
    number = ask("budget", MORE)
    assert reload(db).budget == BUDGET
    agree(number)
    assert (reload(db).budget, reload(db).limits.max_sum_cost) == (MORE, MORE)
    made = only(db, process)
    assert made.changes == {"budget": (BUDGET, MORE), "max_sum_cost": (BUDGET, MORE)}
    assert made.status(NOW) == "applied"
    assert hand_in(reload(db), BRAM, "bank", "tap", "tuin") is ballots.Outcome.COUNTED


def test_who_asked_can_not_agree(db: Database, process: Process, ask: Ask, agree: Agree) -> None:
    number = ask("budget", MORE)
    with pytest.raises(Refused, match="same_person"):
        agree(number, "Bea")
    assert reload(db).budget == BUDGET
    with pytest.raises(sqlite3.IntegrityError), writing(db):
        db.execute("UPDATE corrections SET agreed_by = asked_by, agreed_at = asked_at WHERE id = ?", [number])


def test_nor_can_who_is_no_beheerder_here(ask: Ask, agree: Agree, db: Database) -> None:
    number = ask("budget", MORE)
    with pytest.raises(Refused, match="not_two"):
        agree(number, "Nina")
    assert reload(db).budget == BUDGET
    agree(number, "Olga")
    assert reload(db).budget == MORE


def test_who_asked_must_still_work_here(db: Database, staff: dict[str, int], ask: Ask, agree: Agree) -> None:
    number = ask("budget", MORE)
    with writing(db):
        db.execute("UPDATE accounts SET disabled_at = ? WHERE id = ?", ["2026-05-12T11:00:00Z", staff["Bea"]])
    with pytest.raises(Refused, match="not_two"):
        agree(number)
    assert reload(db).budget == BUDGET


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("budget", 15_000 * EURO, "not_wider_budget"),
        ("max_sum_cost", 10_000 * EURO, "not_wider_max_sum_cost"),
        ("max_sum_cost", 30_000 * EURO, "ballot_above_budget"),
        ("max_length", 3, "not_wider_max_length"),
        ("min_length", 2, "not_wider_min_length"),
        ("vote_age", 16, "not_wider_vote_age"),
        ("budget", BUDGET, "unchanged"),
        ("budget", None, "missing"),
        ("budget", 50, "too_cheap"),
        ("vote_age", 130, "too_high"),
    ],
)
def test_with_ballots_nothing_gets_narrower(
    process: Process, ask: Ask, hand_in: HandIn, db: Database, name: str, value: int, kind: str
) -> None:
    with writing(db):
        db.execute("UPDATE processes SET vote_age = 12 WHERE id = ?", [process.id])
    hand_in(process, AICHA, "bank")
    with pytest.raises(WrongFields) as refused:
        ask(name, value)
    assert [(wrong.field, wrong.kind) for wrong in refused.value.wrong] == [("value", kind)]


@pytest.mark.parametrize(
    ("name", "value"),
    [("voting_method", "approval"), ("change_allowed", True), ("lot_seed", "mijn lot"), ("name", "Andere naam")],
)
def test_some_things_are_never_corrected_once_somebody_voted(
    process: Process, ask: Ask, hand_in: HandIn, db: Database, name: str, value: Any
) -> None:
    hand_in(process, AICHA, "bank")
    with pytest.raises(Refused, match="never"):
        ask(name, value)
    assert corrections.of_process(db, process.id) == []


def test_the_seed_isn_t_even_before_the_first_ballot(process: Process, ask: Ask) -> None:
    with pytest.raises(Refused, match="never"):
        ask("lot_seed", "mijn lot")


def test_before_the_first_ballot_even_the_way_of_voting_is(
    db: Database, process: Process, ask: Ask, agree: Agree
) -> None:
    agree(ask("voting_method", "choose-1"))
    assert (reload(db).method, reload(db).limits.max_length) == ("choose-1", 1)
    assert list(corrections.of_process(db, process.id)[0].changes) == ["voting_method", "max_length"]


def test_a_ballot_that_comes_in_between_counts(
    db: Database, process: Process, ask: Ask, agree: Agree, hand_in: HandIn
) -> None:
    number = ask("voting_method", "approval")
    hand_in(process, AICHA, "bank")
    with pytest.raises(Refused, match="never"):
        agree(number)
    assert reload(db).method == "knapsack"


def test_what_changed_meanwhile_is_not_overwritten(db: Database, process: Process, ask: Ask, agree: Agree) -> None:
    number = ask("budget", MORE)
    with writing(db):
        db.execute("UPDATE processes SET budget = ? WHERE id = ?", [22_000 * EURO, process.id])
    with pytest.raises(Refused, match="stale"):
        agree(number)
    assert reload(db).budget == 22_000 * EURO
    assert only(db, process).status(NOW) == "waiting"


def test_one_waits_at_a_time(db: Database, process: Process, ask: Ask, staff: dict[str, int]) -> None:
    ask("budget", MORE)
    with pytest.raises(Refused, match="waiting"):
        ask("blank_allowed", False, "Tessa")
    row = {"reason": "x", "asked_by": staff["Tessa"], "asked_at": "2026-05-12T10:00:00Z", "process": process.id}
    with pytest.raises(sqlite3.IntegrityError), writing(db):
        db.execute(
            "INSERT INTO corrections (process_id, changes, reason, asked_by, asked_at) "
            "VALUES (:process, '{}', :reason, :asked_by, :asked_at)",
            row,
        )


def test_two_who_agree_at_once_make_it_once(
    db: Database, process: Process, staff: dict[str, int], ask: Ask, settings: Any
) -> None:
    """Both read it as it waits; whoever writes second finds it made."""
    number, seen = ask("budget", MORE), reload(db)
    other = connect(settings.db)
    with writing(other):
        corrections.agree(other, seen, number, NOW, staff["Tessa"])
    with pytest.raises(Refused, match="gone"), writing(db):
        corrections.agree(db, seen, number, NOW, staff["Olga"])
    other.close()
    assert len([item for item in news.newest(db, process.id) if item.kind == "correction"]) == 1


def test_withdrawn_refused_and_lapsed_are_over(
    db: Database, process: Process, ask: Ask, agree: Agree, staff: dict[str, int]
) -> None:
    for who, status in (("Bea", "withdrawn"), ("Tessa", "refused")):
        number = ask("budget", MORE)
        with writing(db):
            corrections.drop(db, process, number, NOW, staff[who])
        assert corrections.of_process(db, process.id)[0].status(NOW) == status
        with pytest.raises(Refused, match="gone"):
            agree(number)
        with pytest.raises(Refused, match="gone"), writing(db):
            corrections.drop(db, process, number, NOW, staff[who])
    number, later = ask("budget", MORE), NOW + LAPSES
    assert corrections.of_process(db, process.id)[0].status(later) == "lapsed"
    with pytest.raises(Refused, match="gone"):
        agree(number, now=later)
    again = ask("budget", MORE, "Tessa", now=later)
    agree(again, "Bea", now=later)
    assert reload(db).budget == MORE


@pytest.mark.parametrize(("when", "kind"), [(OPENS - timedelta(seconds=1), "not_open"), (AFTER, "closed")])
def test_nothing_before_the_vote_opens_or_after_it_closed(ask: Ask, agree: Agree, when: Any, kind: str) -> None:
    with pytest.raises(Refused, match=kind):
        ask("budget", MORE, now=when)


def test_nothing_is_made_after_the_vote_closed_or_was_sealed(
    db: Database, process: Process, ask: Ask, agree: Agree, seal: Seal
) -> None:
    number = ask("budget", MORE, now=AFTER - timedelta(days=2))
    with pytest.raises(Refused, match="closed"):
        agree(number, now=AFTER)
    seal(process)
    with pytest.raises(Refused, match="closed"):
        agree(number, now=AFTER - timedelta(days=1))
    assert reload(db).budget == BUDGET


def test_a_reason_is_needed_and_everything_that_is_wrong_is_told_at_once(ask: Ask) -> None:
    with pytest.raises(WrongFields) as refused:
        ask("budget", BUDGET, reason="")
    assert [(wrong.field, wrong.kind) for wrong in refused.value.wrong] == [
        ("value", "unchanged"),
        ("reason", "missing"),
    ]


def test_limits_of_a_theme_are_corrected_too(db: Database, secret: bytes, hand_in: HandIn, elsewhere: Process) -> None:
    process = insert_vote(db, secret, themes={"Groen": {"budget": 5_000 * EURO, "max_length": 1}})
    (theme,) = [theme for theme in process.themes if theme.name == "Groen"]
    hand_in(process, AICHA, "bank")
    with writing(db):
        bea, tessa = account(db, "Bea"), account(db, "Tessa")
        for one in (bea, tessa):
            give(db, one, process, "beheerder")
        number = corrections.ask(db, process, f"theme-{theme.id}-max_length", 2, REASON, NOW, bea)
        corrections.agree(db, process, number, NOW, tessa)
    assert [theme.max_length for theme in reload(db).themes if theme.name == "Groen"] == [2]
    with pytest.raises(WrongFields), writing(db):
        corrections.ask(db, reload(db), f"theme-{theme.id}-budget", 4_000 * EURO, REASON, NOW, bea)
    with pytest.raises(Refused, match="never"), writing(db):
        corrections.ask(db, reload(db), "theme-9999-budget", 4_000 * EURO, REASON, NOW, bea)


def test_it_is_told_to_followers_and_to_colleagues(
    db: Database, process: Process, ask: Ask, agree: Agree, staff: dict[str, int]
) -> None:
    agree(ask("budget", MORE))
    assert [(item.kind, item.text) for item in news.newest(db, process.id)] == [("correction", REASON)]
    sent = [(mail.kind, mail.recipient.partition("@")[0]) for mail in outbox.page(db, Reader(everything=True), 20)]
    assert sorted(sent) == [
        ("correction_asked", "olga"),
        ("correction_asked", "tessa"),
        ("correction_made", "bea"),
        ("correction_made", "olga"),
    ]
    assert mails.correction_made.__doc__
    actions = [action for (action,) in db.execute("SELECT action FROM audit_log ORDER BY id")]
    assert actions == ["correction_asked", "correction_made"]


def test_the_fingerprints_of_before_and_after_are_kept(db: Database, process: Process, ask: Ask, agree: Agree) -> None:
    before = rules.fingerprint(process)
    agree(ask("budget", MORE))
    made = only(db, process)
    assert (made.before, made.after) == (before, rules.fingerprint(reload(db)))
    assert made.before != made.after


def test_the_schema_itself_refuses_a_change_that_nobody_agreed_to(
    db: Database, process: Process, ask: Ask, hand_in: HandIn
) -> None:
    hand_in(process, AICHA, "bank")
    ask("budget", MORE)
    for sql in (
        "UPDATE processes SET budget = 1",
        "UPDATE processes SET lot_seed = 'x'",
        "UPDATE themes SET max_length = 1",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="fixed"), writing(db):
            db.execute(f"{sql} WHERE {'id' if 'processes' in sql else 'process_id'} = ?", [process.id])
